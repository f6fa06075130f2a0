import Conclave
import Foundation

/// A stretch of keys: the first one inside, and the first one past it, if there is any past it.
struct Stretch {
    let from: Data
    let to: Data?

    /// The keys that begin with `prefix` and come after `after`.
    init(prefix: Data, after: Data) {
        to = Stretch.end(of: prefix)
        // No key lies between `after` and `after` with a zero behind it. An empty key is none.
        from = after.lexicographicallyPrecedes(prefix) ? prefix : after + [0]
    }

    /// The prefix counted up by one, without the bytes that cannot be.
    private static func end(of prefix: Data) -> Data? {
        guard let last = prefix.lastIndex(where: { $0 < 0xff }) else { return nil }
        var end = prefix[...last]
        end[last] += 1
        return Data(end)
    }
}

/// The first records in a stretch, in order, at most `limit`.
func records(_ reader: SQLiteConnection, _ stretch: Stretch, _ limit: UInt32) throws -> [StoredRecord] {
    let (from, limit) = (SQLiteValue.blob(stretch.from), SQLiteValue.integer(Int64(limit)))
    let columns = "SELECT key, value FROM conclave_records WHERE key >= ?1"
    let rows =
        if let to = stretch.to {
            try reader.rows("\(columns) AND key < ?3 ORDER BY key LIMIT ?2", from, limit, .blob(to))
        } else {
            try reader.rows("\(columns) ORDER BY key LIMIT ?2", from, limit)
        }
    return rows.compactMap { row in
        row.first?.blob.flatMap { key in row.last?.blob.map { StoredRecord(key: key, value: $0) } }
    }
}

/// The values of `keys`, in their order: a query for each, inside one transaction, which sees one state.
func values(_ reader: SQLiteConnection, _ keys: [Data]) throws -> [Data?] {
    guard keys.count > 1 else { return try keys.map(reader.value) }
    try reader.run("BEGIN")
    defer { reader.rollBack() }
    return try keys.map(reader.value)
}
