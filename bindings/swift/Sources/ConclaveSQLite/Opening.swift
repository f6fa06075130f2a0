import CSQLite
import Conclave
import Foundation

/// Without a row id, a record is found in one search of one tree.
private let schema = """
    CREATE TABLE IF NOT EXISTS conclave_records
    (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID
    """

/// How often a busy database is asked again. SQLite's own waiting asks ever more rarely, up to ten times a second: beside a process
/// that writes one message after the other, it hardly ever comes to its turn.
let retryInterval: TimeInterval = 0.001

/// A connection that may write, with the table in place.
func openWriter(_ path: String, _ options: SQLiteStorage.Options) throws -> SQLiteConnection {
    guard !path.isEmpty, path != ":memory:" else { throw refusal("opening: the store needs a file on a local disk") }
    createPrivate(path)
    let writer = try connect(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, options)
    try persistently(for: options.busyTimeout, "preparing the file") { try prepare(writer, options) }
    // SQLite does not fail where it cannot have a log, but stays in another mode.
    guard try writer.rows("PRAGMA journal_mode").first?.first?.text?.lowercased() == "wal" else {
        throw refusal("opening: the place cannot have a write-ahead log; the store needs a file on a local disk")
    }
    return writer
}

/// A connection that only reads.
func openReader(_ path: String, _ options: SQLiteStorage.Options) throws -> SQLiteConnection {
    let reader = try connect(path, SQLITE_OPEN_READWRITE, options)
    try reader.script("PRAGMA query_only = ON")
    return reader
}

/// Tries again while the database is busy and time is left.
func persistently(for patience: TimeInterval, _ doing: String, _ act: () throws -> Void) throws {
    let deadline = DispatchTime.now() + patience
    while true {
        do {
            return try act()
        } catch let error as SQLiteError where error.isBusy && DispatchTime.now() < deadline {
            Thread.sleep(forTimeInterval: retryInterval)
        } catch {
            throw storageError(doing, error)
        }
    }
}

private func connect(_ path: String, _ flags: Int32, _ options: SQLiteStorage.Options) throws -> SQLiteConnection {
    do {
        return try SQLiteConnection(path: path, flags: flags, busyTimeout: options.busyTimeout)
    } catch {
        throw storageError("opening", error)
    }
}

/// Settings that outlive no connection, except for the journal mode, and the table.
private func prepare(_ writer: SQLiteConnection, _ options: SQLiteStorage.Options) throws {
    let durable = options.durable ? "ON" : "OFF"
    try writer.script("PRAGMA secure_delete = ON; PRAGMA synchronous = \(options.durable ? "FULL" : "OFF")")
    // Only Apple's systems know the difference: there a plain fsync does not reach the disk.
    try writer.script("PRAGMA fullfsync = \(durable); PRAGMA checkpoint_fullfsync = \(durable)")
    try writer.script("PRAGMA journal_mode = WAL; \(schema)")
}

/// Creates the file for its owner alone; SQLite gives the files beside it the same permissions. A file that is there is never
/// opened here: to close it again would drop the locks that SQLite holds on it in this process.
private func createPrivate(_ path: String) {
    let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    // Where this fails, SQLite's own attempt says why.
    if file >= 0 {
        close(file)
    }
}
