import Conclave
import XCTest

/// Collects from several threads.
private final class Collected: @unchecked Sendable {
    private let lock = NSLock()
    private var lines: [String] = []

    func add(_ line: String) {
        lock.withLock { lines.append(line) }
    }

    var sorted: [String] { lock.withLock { lines.sorted() } }
}

final class ThreadTests: XCTestCase {
    /// Runs `act` on so many threads at once, and waits for all.
    private func onThreads(_ count: Int, _ act: @escaping @Sendable (Int) throws -> Void) throws {
        let failures = Collected()
        DispatchQueue.concurrentPerform(iterations: count) { number in
            do {
                try act(number)
            } catch {
                failures.add("\(error)")
            }
        }
        XCTAssertEqual(failures.sorted, [])
    }

    func testEightThreadsOnOneClientAndThirtyTwoGroupsLoseAndDoubleNothing() throws {
        let (alice, bob) = (try person("alice"), try person("bob"))
        let groups = try (0..<32).map { _ -> (Group, Group) in
            let group = try alice.createGroup()
            return (group, try add(bob, to: group))
        }
        let messages = Collected(), received = Collected()
        try onThreads(8) { thread in
            for (number, (group, joined)) in groups.enumerated() {
                let words = "thread \(thread) in group \(number)"
                messages.add(words)
                let message = try group.encrypt(plaintext: bytes(words))
                if let heard = try text(joined.receive(message: message)) {
                    received.add(heard)
                }
            }
        }
        XCTAssertEqual(messages.sorted.count, 256)
        XCTAssertEqual(received.sorted, messages.sorted)
    }

    func testEightThreadsThatReceiveTheSameMessagesReceiveEachOnce() throws {
        let (alice, bob) = try pair()
        let messages = try (0..<50).map { try alice.encrypt(plaintext: bytes("message \($0)")) }
        let received = Collected()
        try onThreads(8) { thread in
            for message in thread % 2 == 0 ? messages : messages.reversed() {
                do {
                    if let heard = try text(bob.receive(message: message)) {
                        received.add(heard)
                    }
                } catch let error as ConclaveError where error.code == 405 {}
            }
        }
        XCTAssertEqual(received.sorted, (0..<50).map { "message \($0)" }.sorted())
    }
}
