import Conclave
import ConclaveSQLite
import Foundation
import Support

/// The plainest storage there is: a dictionary. For one thread, and to measure only: it forgets everything.
final class Plain: Storage, @unchecked Sendable {
    private var records: [Data: Data] = [:]

    func read(keys: [Data]) throws -> [Data?] {
        keys.map { records[$0] }
    }

    func scan(prefix: Data, after: Data, limit: UInt32) throws -> [StoredRecord] {
        let found = records.keys.filter { $0.starts(with: prefix) && after.lexicographicallyPrecedes($0) }
        let inOrder = found.sorted { $0.lexicographicallyPrecedes($1) }.prefix(Int(limit))
        return inOrder.map { StoredRecord(key: $0, value: records[$0] ?? Data()) }
    }

    func write(batch: WriteBatch) throws {
        guard batch.guards().allSatisfy({ records[$0.key] == $0.expected }) else { throw StorageError.Conflict }
        while case let chunk = batch.nextChunk(maxOps: 1024), !chunk.isEmpty {
            chunk.forEach(apply)
        }
    }

    private func apply(_ op: WriteOp) {
        switch op {
        case let .put(key, value): records[key] = value
        case let .delete(key): records[key] = nil
        case let .deleteRange(from, to):
            records = records.filter { $0.key.lexicographicallyPrecedes(from) || !$0.key.lexicographicallyPrecedes(to) }
        }
    }
}

/// A store, and how long its writes took, in seconds.
final class Timed: Storage, @unchecked Sendable {
    private let store: SQLiteStorage
    var writing = 0.0

    init(_ store: SQLiteStorage) {
        self.store = store
    }

    func read(keys: [Data]) throws -> [Data?] {
        try store.read(keys: keys)
    }

    func scan(prefix: Data, after: Data, limit: UInt32) throws -> [StoredRecord] {
        try store.scan(prefix: prefix, after: after, limit: limit)
    }

    func write(batch: WriteBatch) throws {
        writing += try spent { try store.write(batch: batch) }
    }
}
