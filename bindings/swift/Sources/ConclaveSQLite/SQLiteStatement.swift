import CSQLite
import Conclave
import Foundation

/// SQLite copies what it is given.
private let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

/// A prepared statement.
struct SQLiteStatement {
    let pointer: OpaquePointer

    /// Binds `values` to the parameters ?1, ?2 and so on.
    func bind(_ values: [SQLiteValue]) -> Bool {
        zip(Int32(1)..., values).allSatisfy { bind($1, at: $0) == SQLITE_OK }
    }

    private func bind(_ value: SQLiteValue, at place: Int32) -> Int32 {
        switch value {
        case .null: sqlite3_bind_null(pointer, place)
        case let .integer(number): sqlite3_bind_int64(pointer, place, number)
        case let .real(number): sqlite3_bind_double(pointer, place, number)
        case let .text(text): sqlite3_bind_text(pointer, place, text, Int32(text.utf8.count), transient)
        case let .blob(data): bind(data, at: place)
        }
    }

    private func bind(_ data: Data, at place: Int32) -> Int32 {
        data.withUnsafeBytes { bytes in
            // No address would be no value.
            bytes.isEmpty
                ? sqlite3_bind_zeroblob(pointer, place, 0)
                : sqlite3_bind_blob64(pointer, place, bytes.baseAddress, UInt64(bytes.count), transient)
        }
    }

    /// The values of the row that it stands on.
    var row: [SQLiteValue] { (0..<sqlite3_column_count(pointer)).map(column) }

    private func column(_ place: Int32) -> SQLiteValue {
        switch sqlite3_column_type(pointer, place) {
        case SQLITE_INTEGER: .integer(sqlite3_column_int64(pointer, place))
        case SQLITE_FLOAT: .real(sqlite3_column_double(pointer, place))
        case SQLITE_TEXT: .text(String(decoding: bytes(place), as: UTF8.self))
        case SQLITE_BLOB: .blob(bytes(place))
        default: .null
        }
    }

    private func bytes(_ place: Int32) -> Data {
        let count = Int(sqlite3_column_bytes(pointer, place))
        return sqlite3_column_blob(pointer, place).map { Data(bytes: $0, count: count) } ?? Data()
    }

    /// Makes it ready for the next time, and lets go of what was bound.
    func reset() {
        sqlite3_reset(pointer)
        sqlite3_clear_bindings(pointer)
    }
}
