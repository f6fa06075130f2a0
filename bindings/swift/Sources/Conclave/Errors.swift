import Foundation

/// What a call of the library fails with, by a name that does not hide Swift's own `Error`.
///
/// A file that imports Conclave sees two things called `Error`, and Swift takes the imported one. Write `ConclaveError` for
/// the library's, and `Swift.Error` for the protocol.
public typealias ConclaveError = Error

extension Error: CustomStringConvertible, CustomDebugStringConvertible {
    /// The stable number; `code / 100` is the category, and ``errorInfo(code:)`` knows the rest.
    public var code: UInt32 { parts.code }

    /// What happened, in words; where a callback of the app failed, in the app's own words.
    public var detail: String { parts.detail }

    /// Name, category and remedy of the code.
    public var info: ErrorInfo? { errorInfo(code: code) }

    /// Category, number and words, as in `storage (701): the disk is full`.
    public var description: String { "\(parts.category) (\(code)): \(detail)" }

    /// As `description`.
    public var debugDescription: String { description }

    private var parts: (category: String, code: UInt32, detail: String) {
        switch self {
        case let .InvalidArgument(code, detail): ("invalid argument", code, detail)
        case let .Malformed(code, detail): ("malformed", code, detail)
        case let .Rejected(code, detail): ("rejected", code, detail)
        case let .Epoch(code, detail): ("epoch", code, detail)
        case let .Usage(code, detail): ("usage", code, detail)
        case let .Conflict(code, detail): ("conflict", code, detail)
        case let .Storage(code, detail): ("storage", code, detail)
        case let .Signer(code, detail): ("signer", code, detail)
        case let .Validator(code, detail): ("validator", code, detail)
        case let .Unsupported(code, detail): ("unsupported", code, detail)
        case let .Internal(code, detail): ("internal", code, detail)
        }
    }
}

extension StorageError: CustomStringConvertible, CustomDebugStringConvertible {
    /// What happened, in words.
    public var description: String {
        switch self {
        case .Conflict: "a guard did not match"
        case let .Unavailable(detail): "storage unavailable: \(detail)"
        case let .Locked(detail): "storage locked: \(detail)"
        }
    }

    /// As `description`.
    public var debugDescription: String { description }
}
