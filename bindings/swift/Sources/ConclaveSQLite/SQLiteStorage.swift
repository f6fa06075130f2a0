import Conclave
import Foundation

/// A file of SQLite as the storage of one or more clients: one connection that writes, and as many that read as there are threads
/// reading.
///
///     let storage = try SQLiteStorage(path: path) { connection, effect in
///         guard case let .received(groupId, _, .message(sender, plaintext, _, _, _)) = effect else { return }
///         try connection.run("INSERT INTO inbox VALUES (?1, ?2, ?3)", .blob(groupId), .blob(sender.clientId), .blob(plaintext))
///     }
///
/// One table of keys and values, `conclave_records`, in WAL mode. Writers, also of other processes, take turns. A write is on the disk
/// when it returns.
///
/// **Keep the file, and the `-wal` and `-shm` files beside it, out of every backup** (`isExcludedFromBackup`) and of file
/// synchronisation. A store that is moved back in time encrypts under keys that it has used before, which gives both messages away.
///
/// What is deleted is overwritten in the file, and the log, which holds older pages, is emptied after every write that clears a
/// range, which is how an epoch is forgotten. Where SQLite packs a page anew, old copies can stay in its unused part: ``scrub()``
/// removes them.
public final class SQLiteStorage: Storage, @unchecked Sendable, CustomStringConvertible {
    /// Stores what a call of the library produced, in the transaction that makes it so.
    ///
    /// It runs on the thread of that call, after the library's own records are in the transaction. If it throws, the whole write is
    /// taken back, and the call fails with the code 701 and the words of the error. It must not end the transaction nor call the
    /// library, and may run again if the database was busy.
    public typealias OnEffect = @Sendable (SQLiteConnection, Effect) throws -> Void

    /// How a store is opened.
    public struct Options: Sendable {
        /// Whether a write waits until it is on the disk. Without that, a crash of the machine can bring back old keys: for tests
        /// and measurements only.
        public var durable: Bool
        /// How long to wait for a writer in another process, in seconds.
        public var busyTimeout: TimeInterval

        /// Durable, five seconds.
        public init(durable: Bool = true, busyTimeout: TimeInterval = 5) {
            self.durable = durable
            self.busyTimeout = busyTimeout
        }
    }

    /// Where the file lies.
    public let path: String
    private let options: Options
    // Recursive, so that a call from inside `onEffect` finds its own open transaction and is refused, not stuck.
    private let writing = NSRecursiveLock()
    private let writer: Writer
    private let reading = NSLock()
    private var idle: [SQLiteConnection] = []
    private var closed = false

    /// Opens the file, or creates it, readable by its owner only.
    ///
    /// Fails with `StorageError.Unavailable` if SQLite cannot open it or it lies in a place that cannot have a write-ahead log.
    public init(path: String, options: Options = Options(), onEffect: OnEffect? = nil) throws {
        self.path = path
        self.options = options
        writer = Writer(try openWriter(path, options), options, onEffect)
    }

    deinit { try? close() }

    /// The path.
    public var description: String { "SQLiteStorage(\(path))" }

    /// The values of `keys`, in their order. Fails with `StorageError.Unavailable`.
    public func read(keys: [Data]) throws -> [Data?] {
        try withReader { try values($0, keys) }
    }

    /// Records whose keys begin with `prefix`, strictly after `after`, in order. Fails with `StorageError.Unavailable`.
    public func scan(prefix: Data, after: Data, limit: UInt32) throws -> [StoredRecord] {
        try withReader { try records($0, Stretch(prefix: prefix, after: after), limit) }
    }

    /// Checks the guards, applies the operations and runs `onEffect`, in one transaction that is durable when this returns. Fails
    /// with `StorageError.Conflict` if a guard does not match, and with `Unavailable`; then nothing has changed.
    public func write(batch: WriteBatch) throws {
        try withWriter { try $0.write(batch) }
    }

    /// Rewrites the whole file, so that no trace of a deleted record is left in it. Takes as long as copying the file, and keeps
    /// writers waiting meanwhile: for now and then, such as after a group is deleted or while the device is idle.
    ///
    /// Fails with `StorageError.Unavailable` if another process was using the file; traces may be left, and nothing else has
    /// changed.
    public func scrub() throws {
        try withWriter { try $0.scrub() }
    }

    /// Lets go of the file: for an app that is about to be suspended and must hold none. Every later call on the storage, and on
    /// clients that have it, fails with `StorageError.Unavailable`. Without this, the file is closed when nobody has the storage any
    /// more. To close twice does nothing; from inside `onEffect` it fails.
    public func close() throws {
        try writing.withLock {
            try writer.refuseInsideTransaction()
            let readers = reading.withLock {
                closed = true
                defer { idle = [] }
                return idle
            }
            // Before the writer, which as the last to close empties and removes the write-ahead log.
            readers.forEach { $0.close() }
            writer.close()
        }
    }

    private func withWriter(_ act: (Writer) throws -> Void) throws {
        try writing.withLock {
            try refuseIfClosed()
            try act(writer)
        }
    }

    /// Runs `act` on a connection of its own, which serves others afterwards unless it failed.
    private func withReader<T>(_ act: (SQLiteConnection) throws -> T) throws -> T {
        try refuseIfClosed()
        let reader = try reading.withLock { idle.popLast() } ?? openReader(path, options)
        do {
            let found = try act(reader)
            giveBack(reader)
            return found
        } catch {
            throw storageError("reading", error)
        }
    }

    private func giveBack(_ reader: SQLiteConnection) {
        // Idle connections that are kept for the next reader.
        let mostIdle = 4
        reading.withLock {
            if !closed, idle.count < mostIdle {
                idle.append(reader)
            }
        }
    }

    private func refuseIfClosed() throws {
        if reading.withLock({ closed }) {
            throw refusal("the store was closed")
        }
    }
}
