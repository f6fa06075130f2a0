import CSQLite
import Conclave
import Foundation

/// A connection to a file of SQLite: as little as the store needs, and an app's own tables beside it.
///
/// It is for one thread at a time. Every method fails with ``SQLiteError``.
public final class SQLiteConnection {
    /// SQLite's own handle, for libraries that take one. It is open as long as this object is.
    public private(set) var handle: OpaquePointer?
    private var statements: [String: SQLiteStatement] = [:]

    /// Opens the file, or creates it.
    ///
    /// Within one process a file may be opened by one copy of SQLite only, so open one that a ``SQLiteStorage`` uses through this
    /// class or the same library.
    public convenience init(path: String, busyTimeout: TimeInterval = 5) throws {
        try self.init(path: path, flags: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, busyTimeout: busyTimeout)
    }

    init(path: String, flags: Int32, busyTimeout: TimeInterval) throws {
        // No mutex of SQLite's: one thread at a time.
        let opened = sqlite3_open_v2(path, &handle, flags | SQLITE_OPEN_NOMUTEX, nil)
        guard opened == SQLITE_OK else { throw lastError }
        waitForOthers(busyTimeout)
    }

    deinit { close() }

    /// Runs a statement to its end, and tells how many rows it changed.
    @discardableResult
    public func run(_ sql: String, _ values: SQLiteValue...) throws -> Int {
        try step(sql, values) { _ in }
        return Int(sqlite3_changes(handle))
    }

    /// All rows that a statement gives.
    public func rows(_ sql: String, _ values: SQLiteValue...) throws -> [[SQLiteValue]] {
        var rows: [[SQLiteValue]] = []
        try step(sql, values) { rows.append($0.row) }
        return rows
    }

    /// Runs several statements, separated by semicolons.
    public func script(_ sql: String) throws {
        guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw lastError }
    }

    /// Runs `act` in a transaction that is the only one to write meanwhile, and takes everything back if it throws. Not for
    /// `onEffect`, which has one already.
    public func transaction<T>(_ act: () throws -> T) throws -> T {
        try run("BEGIN IMMEDIATE")
        do {
            let result = try act()
            try run("COMMIT")
            return result
        } catch {
            rollBack()
            throw error
        }
    }

    /// Takes back what a transaction did. After some errors SQLite has done so itself.
    func rollBack() {
        if isInTransaction {
            sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
        }
    }

    /// Whether a transaction is open.
    var isInTransaction: Bool { handle != nil && sqlite3_get_autocommit(handle) == 0 }

    /// How long to wait for the lock of another connection.
    func waitForOthers(_ patience: TimeInterval) {
        sqlite3_busy_timeout(handle, Int32(min(patience * 1000, 1e9)))
    }

    /// Nothing can be done with it afterwards.
    func close() {
        statements.values.forEach { sqlite3_finalize($0.pointer) }
        statements = [:]
        sqlite3_close_v2(handle)
        handle = nil
    }

    /// The value of one record of the library's, without a detour over rows: it is asked for all the time.
    func value(of key: Data) throws -> Data? {
        var value: Data?
        try step("SELECT value FROM conclave_records WHERE key = ?1", [.blob(key)]) { value = $0.row.first?.blob }
        return value
    }

    private func step(_ sql: String, _ values: [SQLiteValue], _ take: (SQLiteStatement) -> Void) throws {
        let statement = try prepared(sql)
        defer { statement.reset() }
        guard statement.bind(values) else { throw lastError }
        while true {
            switch sqlite3_step(statement.pointer) {
            case SQLITE_ROW: take(statement)
            case SQLITE_DONE: return
            default: throw lastError
            }
        }
    }

    private func prepared(_ sql: String) throws -> SQLiteStatement {
        if let statement = statements[sql] {
            return statement
        }
        var pointer: OpaquePointer?
        let flags = UInt32(SQLITE_PREPARE_PERSISTENT)
        guard handle != nil, sqlite3_prepare_v3(handle, sql, -1, flags, &pointer, nil) == SQLITE_OK, let pointer else {
            throw lastError
        }
        statements[sql] = SQLiteStatement(pointer: pointer)
        return SQLiteStatement(pointer: pointer)
    }

    private var lastError: SQLiteError {
        guard handle != nil else { return SQLiteError(code: SQLITE_MISUSE, message: "the connection is closed") }
        return SQLiteError(code: sqlite3_extended_errcode(handle), message: String(cString: sqlite3_errmsg(handle)))
    }
}
