import Conclave
import Foundation

/// Operations pulled from a batch at a time.
private let chunk: UInt32 = 1024

/// How long a write that deleted secrets waits for readers, so as to empty the log.
private let readersLeave: TimeInterval = 0.1

/// The connection that writes.
final class Writer {
    private let connection: SQLiteConnection
    private let options: SQLiteStorage.Options
    private let onEffect: SQLiteStorage.OnEffect?
    /// Whether the log may hold what was deleted.
    private var logIsFull = true

    /// Takes the connection, and empties what an earlier run may have left in the log.
    init(_ connection: SQLiteConnection, _ options: SQLiteStorage.Options, _ onEffect: SQLiteStorage.OnEffect?) {
        self.connection = connection
        self.options = options
        self.onEffect = onEffect
        // This also ends SQLite's own waiting, see `retryInterval`.
        emptyLog(waiting: 0)
    }

    /// Writes a batch, again from its start while the database is busy and time is left.
    func write(_ batch: WriteBatch) throws {
        try refuseInsideTransaction()
        var cleared = false
        try persistently(for: options.busyTimeout, "writing") {
            batch.rewind()
            cleared = try attempt(batch)
        }
        logIsFull = logIsFull || cleared
        emptyLog(waiting: cleared ? readersLeave : 0)
    }

    /// Rewrites the file and empties the log.
    func scrub() throws {
        try refuseInsideTransaction()
        do {
            try waiting(options.busyTimeout) { try connection.script("VACUUM") }
        } catch {
            throw storageError("scrubbing", error)
        }
        logIsFull = true
        emptyLog(waiting: options.busyTimeout)
        if logIsFull {
            throw refusal("scrubbing: another process is reading, and the log could not be emptied")
        }
    }

    /// Lets go of the file.
    func close() {
        connection.close()
    }

    /// A transaction that is open already is not ours.
    func refuseInsideTransaction() throws {
        if connection.isInTransaction {
            throw refusal("a transaction is open: the library was called from inside one, or one was left behind")
        }
    }

    /// The whole transaction. Tells whether a range was cleared.
    private func attempt(_ batch: WriteBatch) throws -> Bool {
        try connection.transaction {
            for expected in batch.guards() where try connection.value(of: expected.key) != expected.expected {
                throw StorageError.Conflict
            }
            let cleared = try applyAll(batch)
            if let onEffect, let effect = batch.effect() {
                try tell(effect, onEffect)
            }
            return cleared
        }
    }

    /// Fails where the app has ended the transaction: then nothing of the batch is stored.
    private func tell(_ effect: Effect, _ onEffect: SQLiteStorage.OnEffect) throws {
        // Released only in the transaction that it was set in.
        try connection.run("SAVEPOINT conclave_effect")
        do {
            try onEffect(connection, effect)
        } catch StorageError.Conflict {
            throw refusal("onEffect: a conflict, which only guards have")
        }
        try connection.run("RELEASE conclave_effect")
    }

    private func applyAll(_ batch: WriteBatch) throws -> Bool {
        var cleared = false
        while true {
            let ops = batch.nextChunk(maxOps: chunk)
            if ops.isEmpty {
                return cleared
            }
            for op in ops {
                cleared = try apply(op) || cleared
            }
        }
    }

    /// Applies one operation. Tells whether it cleared a range.
    private func apply(_ op: WriteOp) throws -> Bool {
        switch op {
        case let .put(key, value):
            let sql = "INSERT OR REPLACE INTO conclave_records (key, value) VALUES (?1, ?2)"
            try connection.run(sql, .blob(key), .blob(value))
            return false
        case let .delete(key):
            try connection.run("DELETE FROM conclave_records WHERE key = ?1", .blob(key))
            return false
        case let .deleteRange(from, to):
            try connection.run("DELETE FROM conclave_records WHERE key >= ?1 AND key < ?2", .blob(from), .blob(to))
            return true
        }
    }

    /// Moves the log into the file and cuts it to nothing. Best effort: as long as another process reads from the log it cannot
    /// be done, and is tried again after the next write.
    private func emptyLog(waiting patience: TimeInterval) {
        guard logIsFull else { return }
        let answer = try? waiting(patience) { try connection.rows("PRAGMA wal_checkpoint(TRUNCATE)") }
        logIsFull = answer?.first?.first?.integer != 0
    }

    /// Runs `act` with SQLite waiting for others; after it, it does not.
    private func waiting<T>(_ patience: TimeInterval, _ act: () throws -> T) throws -> T {
        connection.waitForOthers(patience)
        defer { connection.waitForOthers(0) }
        return try act()
    }
}
