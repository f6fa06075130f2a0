import CSQLite
import Conclave
import ConclaveSQLite
import XCTest

/// Counts, from several threads.
private final class Counter: @unchecked Sendable {
    private let lock = NSLock()
    private var count = 0

    func next() -> Int {
        lock.withLock {
            count += 1
            return count
        }
    }
}

/// Holds a storage that does not exist yet.
private final class Later: @unchecked Sendable {
    weak var storage: SQLiteStorage?
    var told: [String] = []
}

private struct Refusal: LocalizedError {
    var errorDescription: String? { "the app does not want it" }
}

/// What the app stores in the transaction of the library.
final class EffectTests: StoreTestCase {
    private func app(_ sql: String) throws -> [[SQLiteValue]] {
        try SQLiteConnection(path: path).rows(sql)
    }

    func testTheRowsOfTheAppJoinTheTransaction() throws {
        try SQLiteConnection(path: path).script("CREATE TABLE app (epoch INTEGER UNIQUE)")
        let storage = try SQLiteStorage(path: path) { connection, effect in
            guard case let .joined(_, _, epoch) = effect else { return }
            try connection.run("INSERT INTO app VALUES (?1)", .integer(Int64(epoch)))
        }
        try storage.write(batch: HandMade.of([put("a", "1")]))
        try storage.write(batch: HandMade.joined([put("b", "2")]))
        XCTAssertTrue(words { try storage.write(batch: HandMade.joined([put("b", "3")])) }.contains("UNIQUE"))
        XCTAssertEqual(try storage.value("b"), bytes("2"))
        XCTAssertEqual(try app("SELECT count(*) FROM app"), [[1]])
    }

    func testAnErrorOfTheAppTakesTheCallBackAndIsHeardInItsOwnWords() throws {
        let storage = try SQLiteStorage(path: path) { connection, _ in
            try connection.script("CREATE TABLE app (id INTEGER)")
            throw Refusal()
        }
        let client = try Client(config: basicConfig(name: "alice"), storage: storage, validator: acceptAll())
        let before = try storage.scan(prefix: Data(), after: Data(), limit: 9999)
        XCTAssertThrowsError(try client.createGroup()) {
            XCTAssertEqual($0 as? ConclaveError, .Storage(code: 701, detail: "the app does not want it"))
        }
        XCTAssertEqual(try storage.scan(prefix: Data(), after: Data(), limit: 9999), before)
        XCTAssertEqual(try app("SELECT count(*) FROM sqlite_schema WHERE name = 'app'"), [[0]])
    }

    func testATransactionThatTheAppEndedIsNotTakenForWritten() throws {
        let storage = try SQLiteStorage(path: path) { connection, _ in
            try connection.script("ROLLBACK; BEGIN IMMEDIATE")
        }
        XCTAssertTrue(words { try storage.write(batch: HandMade.joined([put("b", "3")])) }.contains("no such savepoint"))
        XCTAssertNil(try storage.value("b"))
    }

    func testALockedStorageIsSaidToBeLocked() throws {
        let storage = try SQLiteStorage(path: path) { _, _ in throw StorageError.Locked(detail: "until unlocked") }
        let client = try Client(config: basicConfig(name: "alice"), storage: storage, validator: acceptAll())
        XCTAssertThrowsError(try client.createGroup()) {
            XCTAssertEqual($0 as? ConclaveError, .Storage(code: 704, detail: "until unlocked"))
        }
    }

    func testABusyAttemptStartsOverWithTheWholeBatch() throws {
        let attempts = Counter()
        let storage = try SQLiteStorage(path: path) { _, _ in
            if attempts.next() < 3 {
                throw SQLiteError(code: SQLITE_BUSY, message: "busy")
            }
        }
        try storage.write(batch: HandMade.joined((0..<3000).map { put("\($0)", "x") }))
        XCTAssertEqual(attempts.next(), 4)
        XCTAssertEqual(try storage.scan(prefix: Data(), after: Data(), limit: 9999).count, 3000)
    }

    func testFromInsideAnOpenTransactionNothingElseIsWritten() throws {
        let later = Later()
        let storage = try SQLiteStorage(path: path) { _, _ in
            for act in [
                { try later.storage?.write(batch: HandMade.of([put("inner", "1")])) }, { try later.storage?.close() },
                { try later.storage?.scrub() },
            ] as [() throws -> Void?] {
                do {
                    _ = try act()
                } catch let StorageError.Unavailable(detail) {
                    later.told.append(detail)
                }
            }
        }
        later.storage = storage
        try storage.write(batch: HandMade.joined([put("outer", "1")]))
        XCTAssertEqual(later.told.filter { $0.contains("transaction is open") }.count, 3)
        XCTAssertNil(try storage.value("inner"))
        XCTAssertNotNil(try storage.value("outer"))
    }

    func testAMessageAndItsRowAreOne() throws {
        try SQLiteConnection(path: path).script("CREATE TABLE inbox (text TEXT NOT NULL)")
        let storage = try SQLiteStorage(path: path) { connection, effect in
            guard case let .received(_, _, .message(_, plaintext, _, _, _)) = effect else { return }
            try connection.run("INSERT INTO inbox VALUES (?1)", .text(String(decoding: plaintext, as: UTF8.self)))
        }
        let bob = try Client(config: basicConfig(name: "bob"), storage: storage, validator: acceptAll())
        let alice = try Client(config: basicConfig(name: "alice"), storage: memoryStorage(), validator: acceptAll())
        let group = try alice.createGroup()
        let added = try group.newCommit().add(keyPackage: bob.createKeyPackages(count: 1)[0].message).build()
        _ = try group.confirmCommit()
        let joined = try bob.join(welcome: XCTUnwrap(added.welcome))
        let message = try group.encrypt(plaintext: bytes("hello"))
        _ = try joined.receive(message: message)
        XCTAssertThrowsError(try joined.receive(message: message))
        XCTAssertEqual(try app("SELECT text FROM inbox"), [["hello"]])
    }

    func testWhatIsInARowIsNotPrinted() {
        var dumped = ""
        dump([SQLiteValue.text("swordfish"), .blob(bytes("swordfish"))], to: &dumped)
        XCTAssertFalse(dumped.contains("swordfish") || dumped.contains("115"), dumped)
    }

    func testEveryKindOfValueComesBack() throws {
        let connection = try SQLiteConnection(path: path)
        let values: [SQLiteValue] = [nil, -7, .real(1.5), "a\0b", "", .blob(Data()), .blob(Data([0, 255]))]
        let row = try connection.rows(
            "SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7", values[0], values[1], values[2], values[3], values[4], values[5], values[6])
        XCTAssertEqual(row, [values])
        XCTAssertThrowsError(try connection.run("nonsense")) { XCTAssertTrue("\($0)".contains("nonsense"), "\($0)") }
    }
}
