import Conclave
import XCTest

/// A storage whose writes wait until they are let through.
private final class Gate: Storage, @unchecked Sendable {
    private let memory = memoryStorage()
    private let reached = DispatchSemaphore(value: 0)
    private let open = DispatchSemaphore(value: 0)
    private let lock = NSLock()
    private var isShut = false
    private var written: [Effect] = []

    func read(keys: [Data]) throws -> [Data?] { try memory.read(keys: keys) }

    func scan(prefix: Data, after: Data, limit: UInt32) throws -> [StoredRecord] {
        try memory.scan(prefix: prefix, after: after, limit: limit)
    }

    func write(batch: WriteBatch) throws {
        if lock.withLock({ isShut }) {
            reached.signal()
            open.wait()
        }
        try memory.write(batch: batch)
        lock.withLock { written += [batch.effect()].compactMap { $0 } }
    }

    func shut() { lock.withLock { isShut = true } }

    /// Waits until so many writes stand before the gate; tells whether they do.
    func await(_ count: Int = 1) async -> Bool {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                let stand = (0..<count).allSatisfy { _ in self.reached.wait(timeout: .now() + 10) == .success }
                continuation.resume(returning: stand)
            }
        }
    }

    func letThrough(_ count: Int = 1) {
        lock.withLock { isShut = false }
        (0..<count).forEach { _ in open.signal() }
    }

    var effects: [Effect] { lock.withLock { written } }
}

final class ActorTests: XCTestCase {
    private func actors(_ storage: Storage) async throws -> (alice: GroupActor, bob: GroupActor) {
        let alice = try await ClientActor.open { try person("alice") }
        let bob = try await ClientActor.open { try person("bob", storage) }
        let group = try await alice.createGroup()
        let keyPackage = try await bob.createKeyPackages(count: 1)[0].message
        let added = try await group.commit { try $0.add(keyPackage: keyPackage) }
        _ = try await group.confirmCommit()
        return (group, try await bob.join(welcome: XCTUnwrap(added.welcome)))
    }

    func testTwoPeopleUnderstandEachOther() async throws {
        let (alice, bob) = try await actors(memoryStorage())
        let message = try await alice.encrypt(plaintext: bytes("hello bob"))
        let event = try await bob.receive(message: message)
        XCTAssertEqual(text(event), "hello bob")
        let (one, other) = (try await alice.epochAuthenticator(), try await bob.epochAuthenticator())
        XCTAssertEqual(one, other)
        XCTAssertEqual(alice.id, bob.id)
    }

    func testCancellingAStartedCallDiscardsNeitherItsResultNorItsEffect() async throws {
        let gate = Gate()
        let (alice, bob) = try await actors(gate)
        let message = try await alice.encrypt(plaintext: bytes("not to be lost"))
        gate.shut()
        let task = Task { try await bob.receive(message: message) }
        let stands = await gate.await()
        XCTAssertTrue(stands)
        task.cancel()
        gate.letThrough()
        let event = try await task.value
        XCTAssertTrue(task.isCancelled)
        XCTAssertEqual(text(event), "not to be lost")
        guard case let .received(_, _, stored)? = gate.effects.last else { return XCTFail("no effect") }
        XCTAssertEqual(stored, event)
    }

    func testACallThatWasCancelledBeforeItBeganHasDoneNothing() async throws {
        let gate = Gate()
        let (alice, bob) = try await actors(gate)
        let message = try await alice.encrypt(plaintext: bytes("later"))
        let before = gate.effects.count
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await bob.receive(message: message)
        }
        task.cancel()
        do {
            _ = try await task.value
            XCTFail("no error")
        } catch is CancellationError {}
        XCTAssertEqual(gate.effects.count, before)
        let event = try await bob.receive(message: message)
        XCTAssertEqual(text(event), "later")
    }

    /// As many calls wait for the disk as there are threads of Swift's, and more: if they held them, not all would get that far.
    func testCallsThatWaitForTheDiskHoldNoneOfSwiftsThreads() async throws {
        let gate = Gate()
        let client = try await ClientActor.open { try person("alice", gate) }
        var groups: [GroupActor] = []
        for _ in 0..<ProcessInfo.processInfo.activeProcessorCount * 4 {
            groups.append(try await client.createGroup())
        }
        gate.shut()
        let tasks = groups.map { group in Task { try await group.encrypt(plaintext: bytes("x")) } }
        let stand = await gate.await(groups.count)
        XCTAssertTrue(stand)
        gate.letThrough(groups.count)
        for task in tasks {
            let message = try await task.value
            XCTAssertFalse(message.isEmpty)
        }
    }

    func testErrorsAreThoseOfTheMethod() async throws {
        let (alice, _) = try await actors(memoryStorage())
        do {
            _ = try await alice.receive(message: Data())
            XCTFail("no error")
        } catch let error as ConclaveError {
            XCTAssertEqual(error.code / 100, 2)
        }
    }

    func testACallOnAGroupThatStayedInItsQueueKeepsItsPlace() async throws {
        let (alice, bob) = try await actors(memoryStorage())
        for number in 0..<50 {
            let message = try await alice.encrypt(plaintext: bytes("\(number)"))
            guard case let .message(_, _, _, _, generation) = try await bob.receive(message: message) else { continue }
            XCTAssertEqual(generation, UInt32(number))
        }
    }
}
