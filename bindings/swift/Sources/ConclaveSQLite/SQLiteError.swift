import CSQLite
import Conclave
import Foundation

/// What SQLite says went wrong, with the number by which it is looked up.
public struct SQLiteError: Swift.Error, Equatable, LocalizedError, CustomStringConvertible {
    /// SQLite's extended result code.
    public let code: Int32
    /// SQLite's words.
    public let message: String

    /// Makes one, such as to ask for another attempt from inside `onEffect` with `SQLITE_BUSY`.
    public init(code: Int32, message: String) {
        self.code = code
        self.message = message
    }

    /// The words and the number.
    public var description: String { "\(message) (SQLite code \(code))" }

    /// As `description`.
    public var errorDescription: String? { description }

    /// Whether another connection held a lock for too long.
    var isBusy: Bool { code & 0xff == SQLITE_BUSY || code & 0xff == SQLITE_LOCKED }
}

/// What the library is told: an error of a storage as it is, any other in words.
func storageError(_ doing: String, _ error: any Swift.Error) -> StorageError {
    switch error {
    case let error as StorageError: error
    case let error as SQLiteError: refusal("\(doing): \(error)")
    default: refusal(hostWords(of: error))
    }
}

/// `Unavailable`, in words of our own.
func refusal(_ detail: String) -> StorageError {
    .Unavailable(detail: detail)
}
