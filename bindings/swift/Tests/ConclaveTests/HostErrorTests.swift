import Conclave
import XCTest

/// Has words of its own, and a field that it does not tell.
private struct Spoken: LocalizedError {
    let hidden = "hidden"
    var errorDescription: String? { "the host said so" }
}

/// Has words as most errors do.
private enum Plain: Swift.Error, CustomStringConvertible {
    case failed
    var description: String { "the host said so" }
}

/// What every callback of the app does here, once it is told to.
private final class Failing: Storage, Signer, CredentialValidator, Policy, Clock, Observer, @unchecked Sendable {
    var error: (any Swift.Error)?
    private let memory = memoryStorage()

    private func fail() throws {
        if let error { throw error }
    }

    func read(keys: [Data]) throws -> [Data?] {
        try fail()
        return try memory.read(keys: keys)
    }

    func scan(prefix: Data, after: Data, limit: UInt32) throws -> [StoredRecord] {
        try fail()
        return try memory.scan(prefix: prefix, after: after, limit: limit)
    }

    func write(batch: WriteBatch) throws {
        try fail()
        try memory.write(batch: batch)
    }

    func sign(keyId: Data, purpose: SignPurpose, content: Data) throws -> Data {
        try fail()
        return Data(repeating: 0, count: 64)
    }

    func validate(candidates: [Candidate]) throws -> [Verdict] {
        try fail()
        return candidates.map { _ in .accept(clientId: bytes("alice"), userId: bytes("alice")) }
    }

    func isSuccessor(old: Candidate, new: Candidate) throws -> Bool {
        try fail()
        return true
    }

    func permit(request: ChangeRequest) throws -> Bool {
        try fail()
        return true
    }

    func now() throws -> UInt64 {
        try fail()
        return UInt64(Date().timeIntervalSince1970)
    }

    func progress(done: UInt64, total: UInt64) throws -> Bool {
        try fail()
        return true
    }
}

final class HostErrorTests: XCTestCase {
    private let failing = Failing()

    private func client(
        policy: (any Policy)? = nil, clock: (any Clock)? = nil, observer: (any Observer)? = nil
    ) throws -> Client {
        let config = basicConfig(name: "alice")
        return try Client(
            config: config, storage: memoryStorage(), validator: acceptAll(), policy: policy, clock: clock,
            observer: observer)
    }

    /// The call fails with the code, and with the words of the host and no others, whatever kind of error the host throws.
    private func expect(_ code: UInt32, _ act: () throws -> Void, line: UInt = #line) {
        for error in [Spoken(), Plain.failed] as [any Swift.Error] {
            failing.error = error
            XCTAssertThrowsError(try act(), line: line) {
                let found = $0 as? ConclaveError
                XCTAssertEqual(found?.code, code, "\($0)", line: line)
                XCTAssertEqual(found?.detail, "the host said so", line: line)
            }
            failing.error = nil
        }
    }

    func testAnErrorOfTheStorageComesBackInTheHostsWords() throws {
        let client = try person("alice", failing)
        expect(701) { _ = try client.createGroup() }
        expect(701) { _ = try client.groups(after: nil, limit: 1) }
        _ = try client.createGroup()
    }

    func testADeclaredErrorOfTheStorageKeepsItsKind() throws {
        let client = try person("alice", failing)
        failing.error = StorageError.Locked(detail: "until the phone is unlocked")
        XCTAssertThrowsError(try client.createGroup()) {
            XCTAssertEqual($0 as? ConclaveError, .Storage(code: 704, detail: "until the phone is unlocked"))
        }
        // Nothing was guarded, so there is nothing to conflict with.
        failing.error = StorageError.Conflict
        XCTAssertThrowsError(try client.createKeyPackages(count: 1)) {
            XCTAssertEqual(($0 as? ConclaveError)?.code, 703, "\($0)")
        }
    }

    func testAnErrorOfTheSignerComesBackInTheHostsWords() throws {
        var config = basicConfig(name: "alice")
        config.signingKeys = [SigningKey(keyId: bytes("k"), cipherSuite: 1, publicKey: bytes(String(repeating: "k", count: 32)))]
        let client = try Client(config: config, storage: memoryStorage(), validator: acceptAll(), signer: failing)
        expect(711) { _ = try client.createKeyPackages(count: 1) }
    }

    func testAnErrorOfTheValidatorComesBackInTheHostsWords() throws {
        let client = try Client(config: basicConfig(name: "alice"), storage: memoryStorage(), validator: failing)
        expect(721) { _ = try client.createGroup() }
    }

    func testAnErrorOfThePolicyComesBackInTheHostsWords() throws {
        let group = try client(policy: failing).createGroup()
        expect(721) { _ = try group.newCommit().build() }
        _ = try group.newCommit().build()
    }

    func testAnErrorOfTheClockComesBackInTheHostsWords() throws {
        let client = try client(clock: failing)
        expect(741) { _ = try client.createKeyPackages(count: 1) }
    }

    func testAnErrorOfTheObserverComesBackInTheHostsWords() throws {
        let bob = try client(observer: failing)
        let alice = try person("carol").createGroup()
        let added = try alice.newCommit().add(keyPackage: keyPackage(of: bob)).build()
        let welcome = try XCTUnwrap(added.welcome)
        expect(732) { _ = try bob.join(welcome: welcome) }
        _ = try bob.join(welcome: welcome)
    }

    func testTheLibraryCalledFromACallbackRefuses() throws {
        final class CallsBack: Clock, @unchecked Sendable {
            var client: Client?
            var seen: ConclaveError?
            func now() throws -> UInt64 {
                do {
                    _ = try client?.createGroup()
                } catch {
                    seen = error as? ConclaveError
                }
                return 1
            }
        }
        let clock = CallsBack()
        let client = try client(clock: clock)
        clock.client = client
        _ = try? client.createKeyPackages(count: 1)
        XCTAssertEqual(clock.seen?.code, 502)
        clock.client = nil
    }
}
