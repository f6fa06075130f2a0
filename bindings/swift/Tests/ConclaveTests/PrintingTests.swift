import Conclave
import XCTest

/// What must not be seen anywhere.
private let secret = "swordfish"

final class PrintingTests: XCTestCase {
    /// Everything that Swift can make of a value on its way to a log, a console or a debugger.
    private func seen(_ value: Any) -> String {
        var dumped = "", printed = ""
        dump(value, to: &dumped)
        dump([value], to: &dumped)
        debugPrint(value, [value], ["key": value], Optional(value) as Any, to: &printed)
        print(value, [value], to: &printed)
        return "\(value) \([value]) \(String(reflecting: value)) \(dumped) \(printed)"
    }

    private func expectNothing(in value: Any, line: UInt = #line) {
        let shown = seen(value).lowercased()
        let numbers = bytes(secret).map { "\($0)" }
        // `dump` shows one byte on a line, a list some with commas between.
        for form in [secret, "\(numbers[0]), \(numbers[1])", "- \(numbers[0])\n", "73776f7264", "c3dvcmrmaxno"] {
            XCTAssertFalse(shown.contains(form), "\(form) in \(shown)", line: line)
        }
    }

    func testTheTestSeesWhatIsNotHidden() {
        struct Open { let content = bytes(secret) }
        XCTAssertTrue(seen(Open()).contains("- 115\n"))
        XCTAssertTrue(seen(secret).contains(secret))
    }

    private var message: Event {
        let alice = MemberName(leaf: 7, clientId: bytes("alice"), userId: bytes("alice"))
        return .message(sender: alice, plaintext: bytes(secret), aad: bytes(secret), epoch: 3, generation: 5)
    }

    func testAMessageIsNotShown() throws {
        expectNothing(in: message)
        XCTAssertEqual("\(message)", "Message(leaf: 7, epoch: 3, generation: 5, length: 9)")
        let (alice, bob) = try pair()
        expectNothing(in: try bob.receive(message: alice.encrypt(plaintext: bytes(secret))))
    }

    func testAnEffectIsNotShown() {
        let received = Effect.received(groupId: bytes("g"), tag: bytes(secret), event: message)
        let all: [Effect] = [
            received, .outbound(groupId: bytes("g"), tag: bytes(secret), message: bytes(secret)),
            .confirmed(groupId: bytes("g"), tag: bytes(secret), event: message, welcome: bytes(secret)),
            .joined(groupId: bytes("g"), tag: bytes(secret), epoch: 1), .imported(groupIds: [bytes("g")]),
            .keyPackages(messages: [bytes(secret)]),
        ]
        all.forEach { expectNothing(in: $0) }
        expectNothing(in: PendingEffect(id: 1, effect: received))
        XCTAssertEqual("\(received)", "Received(Message(leaf: 7, epoch: 3, generation: 5, length: 9))")
    }

    func testTheKeyOfTheStorageIsNotShown() {
        var config = basicConfig(name: "alice")
        config.storageKey = bytes(secret)
        expectNothing(in: config)
        XCTAssertEqual("\(config)", "ClientConfig(cipherSuites: [1], sealed: true)")
    }

    func testWhatIsStoredIsNotShown() {
        expectNothing(in: StoredRecord(key: bytes(secret), value: bytes(secret)))
        expectNothing(in: Guard(key: bytes("k"), expected: bytes(secret)))
        expectNothing(in: WriteOp.put(key: bytes("k"), value: bytes(secret)))
        expectNothing(in: WriteOp.deleteRange(from: bytes(secret), to: bytes(secret)))
        XCTAssertEqual("\(Guard(key: bytes("k"), expected: nil))", "Guard(key: 1 bytes, expected: absent)")
    }

    func testASecretIsNotShown() throws {
        let (alice, _) = try pair()
        let secret = try alice.exportSecret(label: "test", context: Data(), length: 32)
        XCTAssertEqual("\(secret)", "Secret")
        XCTAssertEqual(try secret.copy().count, 32)
        var dumped = ""
        dump(secret, to: &dumped)
        XCTAssertEqual(dumped, "- Secret #0\n")
    }

    func testTheObjectsOfTheHostAreNotLookedInto() {
        final class Keeps: Clock, @unchecked Sendable {
            let content = bytes(secret)
            func now() throws -> UInt64 { 1 }
        }
        expectNothing(in: ConclaveHost(storage: memoryStorage(), validator: acceptAll(), clock: Keeps()))
    }

    func testOtherEventsTellWhatHappened() {
        let kinds: [Event] = [.ownEcho, .duplicate, .deferred(epoch: 3), .removed(by: .newMember, epoch: 4)]
        XCTAssertEqual(kinds.map { "\($0)" }, ["OwnEcho", "Duplicate", "Deferred(3)", "Removed(4)"])
    }
}
