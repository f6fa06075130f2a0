import CSQLite
import Conclave
import ConclaveSQLite
import XCTest

/// What the store promises beyond the conformance kit: durability, busy and broken files, deletion to the bytes.
final class StoreTests: StoreTestCase {
    func testTheConformanceKitFindsNothing() throws {
        let findings = try checkStorage(storage: SQLiteStorage(path: path))
        XCTAssertEqual(findings, [])
    }

    func testWhatIsWrittenIsThereAfterReopening() throws {
        let storage = try SQLiteStorage(path: path)
        try storage.write(batch: HandMade.of([put("a", "1"), put("b", ""), put("c", "3")]))
        let still = Guard(key: bytes("a"), expected: bytes("1"))
        try storage.write(batch: HandMade.of([put("a", "2"), clear("c", "d")], guards: [still]))
        let absent = Guard(key: bytes("a"), expected: nil)
        XCTAssertThrowsError(try storage.write(batch: HandMade.of([put("a", "lost")], guards: [absent]))) {
            XCTAssertEqual($0 as? StorageError, .Conflict)
        }
        try storage.close()
        XCTAssertFalse(FileManager.default.fileExists(atPath: path + "-wal"))
        let found = try SQLiteStorage(path: path).scan(prefix: Data(), after: Data(), limit: 9)
        XCTAssertEqual(found, [StoredRecord(key: bytes("a"), value: bytes("2")), StoredRecord(key: bytes("b"), value: Data())])
    }

    func testTheFileIsClosedWhenNobodyHasTheStorageAnyMore() throws {
        try SQLiteStorage(path: path).write(batch: HandMade.of([put("a", "1")]))
        XCTAssertFalse(FileManager.default.fileExists(atPath: path + "-wal"))
    }

    func testAStorageIsUsedAfterCloseAndSaysSo() throws {
        let storage = try SQLiteStorage(path: path)
        let client = try Client(config: basicConfig(name: "alice"), storage: storage, validator: acceptAll())
        try storage.close()
        try storage.close()
        XCTAssertEqual(words { _ = try storage.value("a") }, "the store was closed")
        XCTAssertEqual(words { try storage.write(batch: HandMade.of([])) }, "the store was closed")
        XCTAssertEqual(words { try storage.scrub() }, "the store was closed")
        XCTAssertThrowsError(try client.createGroup()) {
            XCTAssertEqual($0 as? ConclaveError, .Storage(code: 701, detail: "the store was closed"))
        }
    }

    func testTheFilesAreTheOwnersAlone() throws {
        let storage = try SQLiteStorage(path: path)
        try storage.write(batch: HandMade.of([put("a", "1")]))
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        XCTAssertEqual(files.sorted(), ["store.db", "store.db-shm", "store.db-wal"])
        for file in files {
            let attributes = try FileManager.default.attributesOfItem(atPath: folder.appendingPathComponent(file).path)
            XCTAssertEqual(attributes[.posixPermissions] as? Int, 0o600, file)
        }
        try storage.close()
    }

    func testTheSettingsAreThoseOfADurableStore() throws {
        let storage = try SQLiteStorage(path: path) { connection, _ in
            XCTAssertEqual(try connection.rows("PRAGMA journal_mode"), [["wal"]])
            XCTAssertEqual(try connection.rows("PRAGMA synchronous"), [[2]])
            XCTAssertEqual(try connection.rows("PRAGMA secure_delete"), [[1]])
        }
        try storage.write(batch: HandMade.joined([put("a", "1")]))
    }

    func testABusyWriterElsewhereIsWaitedForAndThenReported() throws {
        let storage = try SQLiteStorage(path: path, options: .init(busyTimeout: 0.15))
        let other = try SQLiteConnection(path: path)
        try other.run("BEGIN IMMEDIATE")
        XCTAssertTrue(words { try storage.write(batch: HandMade.of([put("a", "1")])) }.contains("locked"))
        XCTAssertNil(try storage.value("a"))
        let written = expectation(description: "written")
        Thread.detachNewThread {
            // What fails here is seen by the assertion at the end.
            try? storage.write(batch: HandMade.of([put("a", "1")]))
            written.fulfill()
        }
        Thread.sleep(forTimeInterval: 0.05)
        try other.run("COMMIT")
        wait(for: [written], timeout: 10)
        XCTAssertNotNil(try storage.value("a"))
    }

    func testAFullDiskIsUnavailableAndChangesNothing() throws {
        let storage = try SQLiteStorage(path: path) { connection, _ in
            _ = try connection.rows("PRAGMA max_page_count = 8")
        }
        try storage.write(batch: HandMade.joined([put("a", "1")]))
        let much = (0..<64).map { put("\($0)", String(repeating: "x", count: 4096)) }
        XCTAssertTrue(words { try storage.write(batch: HandMade.of(much)) }.contains("full"))
        XCTAssertEqual(try storage.scan(prefix: Data(), after: Data(), limit: 9).count, 1)
        try storage.write(batch: HandMade.of([put("a", "2")]))
    }

    func testPlacesThatCannotHoldAStoreAreRefused() throws {
        let text = folder.appendingPathComponent("text")
        try Data(repeating: 120, count: 4096).write(to: text)
        XCTAssertFalse(words { _ = try SQLiteStorage(path: text.path) }.isEmpty)
        XCTAssertFalse(words { _ = try SQLiteStorage(path: folder.path) }.isEmpty)
        for place in [":memory:", ""] {
            XCTAssertTrue(words { _ = try SQLiteStorage(path: place) }.contains("local disk"))
            XCTAssertFalse(FileManager.default.fileExists(atPath: place))
        }
    }

    func testDeletedSecretsLeaveTheRawFiles() throws {
        let secret = "the key that nobody shall read again"
        let storage = try SQLiteStorage(path: path)
        try storage.write(batch: HandMade.of([put("epoch 1", secret), put("kept", "x")]))
        XCTAssertNotNil(try storage.value("epoch 1"))
        XCTAssertGreaterThan(occurrences(secret), 0)
        try storage.write(batch: HandMade.of([put("epoch 2", "y"), clear("epoch 1", "epoch 2")]))
        XCTAssertEqual(occurrences(secret), 0)
        XCTAssertEqual(try Data(contentsOf: URL(fileURLWithPath: path + "-wal")).count, 0)
    }

    func testAReaderElsewhereDelaysTheEmptyingOfTheLogAndNoMore() throws {
        let secret = "the key that nobody shall read again"
        let storage = try SQLiteStorage(path: path)
        try storage.write(batch: HandMade.of([put("epoch 1", secret)]))
        let reader = try SQLiteConnection(path: path)
        try reader.run("BEGIN")
        XCTAssertEqual(try reader.rows("SELECT count(*) FROM conclave_records"), [[1]])
        try storage.write(batch: HandMade.of([clear("epoch 1", "epoch 2")]))
        XCTAssertGreaterThan(occurrences(secret), 0)
        try reader.run("COMMIT")
        try storage.write(batch: HandMade.of([put("later", "x")]))
        XCTAssertEqual(occurrences(secret), 0)
    }

    func testScrubbingKeepsWhatIsThereAndEmptiesTheLog() throws {
        let storage = try SQLiteStorage(path: path)
        try storage.write(batch: HandMade.of((0..<500).map { put("key \($0)", String(repeating: "value", count: 20)) }))
        try storage.write(batch: HandMade.of([.delete(key: bytes("key 7"))]))
        let before = try storage.scan(prefix: Data(), after: Data(), limit: 9999)
        try storage.scrub()
        XCTAssertEqual(try storage.scan(prefix: Data(), after: Data(), limit: 9999), before)
        XCTAssertEqual(try Data(contentsOf: URL(fileURLWithPath: path + "-wal")).count, 0)
    }

    func testAScanEndsWithThePrefixAlsoAtTheLastByte() throws {
        let storage = try SQLiteStorage(path: path)
        let keys = [Data([1]), Data([1, 255]), Data([1, 255, 255]), Data([2]), Data([255]), Data([255, 255]), Data([255, 255, 1])]
        try storage.write(batch: HandMade.of(keys.map { .put(key: $0, value: Data([0])) }))
        func found(_ prefix: [UInt8], _ after: [UInt8] = []) throws -> [Data] {
            try storage.scan(prefix: Data(prefix), after: Data(after), limit: 9).map(\.key)
        }
        XCTAssertEqual(try found([1]), Array(keys[0..<3]))
        XCTAssertEqual(try found([1, 255]), Array(keys[1..<3]))
        XCTAssertEqual(try found([255, 255]), Array(keys[5...]))
        XCTAssertEqual(try found([], [1, 255]), Array(keys[2...]))
        XCTAssertEqual(try found([255], [255]), Array(keys[5...]))
    }

    func testTwoStoragesOnOneFileSeeEachOther() throws {
        let (one, other) = (try SQLiteStorage(path: path), try SQLiteStorage(path: path))
        try one.write(batch: HandMade.of([put("a", "1")]))
        XCTAssertEqual(try other.value("a"), bytes("1"))
        try other.write(batch: HandMade.of([put("a", "2")]))
        let old = Guard(key: bytes("a"), expected: bytes("1"))
        XCTAssertThrowsError(try one.write(batch: HandMade.of([put("a", "3")], guards: [old]))) {
            XCTAssertEqual($0 as? StorageError, .Conflict)
        }
    }
}
