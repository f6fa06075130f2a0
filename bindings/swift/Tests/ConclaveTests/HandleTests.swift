import Conclave
import XCTest

/// Notes when it goes.
private final class Watched: Clock, @unchecked Sendable {
    let gone: XCTestExpectation

    init(_ gone: XCTestExpectation) { self.gone = gone }
    deinit { gone.fulfill() }
    func now() throws -> UInt64 { UInt64(Date().timeIntervalSince1970) }
}

final class HandleTests: XCTestCase {
    /// The memory of this process, in MiB.
    private func resident() throws -> Double {
        let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")[1]
        return (Double(pages) ?? 0) * 4096 / 1_048_576
    }

    #if os(Linux)
    func testAHundredThousandGroupsOpenedAndDroppedLeaveMemoryFlat() throws {
        let client = try person("alice")
        let id = try client.createGroup().id()
        func openMany() throws {
            for _ in 0..<50_000 {
                let group = try client.openGroup(groupId: id)
                XCTAssertEqual(group.id().count, 16)
            }
        }
        try openMany()
        let half = try resident()
        try openMany()
        XCTAssertLessThan(try resident() - half, 8)
    }
    #endif

    func testWhatTheHostLentIsLetGoWithTheLastHandle() throws {
        let gone = expectation(description: "gone")
        var group: Group?
        do {
            let client = try Client(
                config: basicConfig(name: "alice"), storage: memoryStorage(), validator: acceptAll(), clock: Watched(gone))
            group = try client.createGroup()
        }
        // A group keeps its client, and that its host.
        XCTAssertEqual(try group?.status().members, 1)
        group = nil
        wait(for: [gone], timeout: 5)
    }

    func testABuilderThatWasUsedUpSaysSo() throws {
        let builder = try person("alice").createGroup().newCommit()
        _ = try builder.build()
        XCTAssertThrowsError(try builder.build()) { XCTAssertEqual(($0 as? ConclaveError)?.code, 508) }
        XCTAssertThrowsError(try builder.remove(leaf: 0)) { XCTAssertEqual(($0 as? ConclaveError)?.code, 508) }
    }

    func testAGroupThatWasDeletedSaysSo() throws {
        let group = try person("alice").createGroup()
        try group.delete()
        XCTAssertThrowsError(try group.status()) { XCTAssertEqual(($0 as? ConclaveError)?.code, 401) }
        XCTAssertThrowsError(try group.encrypt(plaintext: bytes("x"))) { XCTAssertEqual(($0 as? ConclaveError)?.code, 401) }
        XCTAssertEqual(group.id().count, 16)
    }

    func testABatchThatIsKeptAfterTheWriteIsHarmless() throws {
        final class Keeps: Storage, @unchecked Sendable {
            var kept: [WriteBatch] = []
            private let memory = memoryStorage()
            func read(keys: [Data]) throws -> [Data?] { try memory.read(keys: keys) }
            func scan(prefix: Data, after: Data, limit: UInt32) throws -> [StoredRecord] {
                try memory.scan(prefix: prefix, after: after, limit: limit)
            }
            func write(batch: WriteBatch) throws {
                kept.append(batch)
                try memory.write(batch: batch)
            }
        }
        let storage = Keeps()
        _ = try person("alice", storage).createGroup()
        let batch = try XCTUnwrap(storage.kept.last)
        XCTAssertEqual(batch.nextChunk(maxOps: 10), [])
        batch.rewind()
        XCTAssertGreaterThan(batch.nextChunk(maxOps: 10).count, 0)
        guard case .joined = batch.effect() else { return XCTFail("no effect") }
    }

    func testManyClientsOpenedAndDroppedLeaveNoHostObjectBehind() throws {
        for _ in 0..<1000 {
            let gone = expectation(description: "gone")
            _ = try Client(
                config: basicConfig(name: "alice"), storage: memoryStorage(), validator: acceptAll(), clock: Watched(gone))
            wait(for: [gone], timeout: 5)
        }
    }
}
