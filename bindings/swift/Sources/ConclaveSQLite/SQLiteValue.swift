import CSQLite
import Conclave
import Foundation

/// One value of SQLite, as it goes into a statement and comes out of a row.
public enum SQLiteValue: Equatable, Sendable, Redacted {
    /// No value.
    case null
    /// A whole number.
    case integer(Int64)
    /// A number with a fraction.
    case real(Double)
    /// Text.
    case text(String)
    /// Bytes; none is not `null`.
    case blob(Data)

    /// The kind, and the length: what is stored is not printed.
    public var description: String {
        switch self {
        case .null: "null"
        case .integer: "integer"
        case .real: "real"
        case let .text(text): "text(\(text.utf8.count) bytes)"
        case let .blob(data): "blob(\(data.count) bytes)"
        }
    }

    /// The number, if it is one.
    public var integer: Int64? { if case let .integer(value) = self { value } else { nil } }

    /// The text, if it is one.
    public var text: String? { if case let .text(value) = self { value } else { nil } }

    /// The bytes, if it is some.
    public var blob: Data? { if case let .blob(value) = self { value } else { nil } }
}

extension SQLiteValue: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral, ExpressibleByNilLiteral {
    /// A number.
    public init(integerLiteral value: Int64) { self = .integer(value) }
    /// A text.
    public init(stringLiteral value: String) { self = .text(value) }
    /// No value.
    public init(nilLiteral: ()) { self = .null }
}
