import Foundation

/// The app's word on a call: the library hands it back in the effect, so that the ledger knows what to write beside it.
public enum Tag: Equatable, CustomStringConvertible {
    /// The call handled the message of this number, and all before it: where to go on after a restart.
    case cursor(UInt64)
    /// The call encrypted a message.
    case message
    /// The call built a commit that ends this epoch.
    case commit(UInt64)

    /// Reads what `description` has written.
    public init(_ text: String) throws {
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        switch (words.first, words.last.flatMap { UInt64($0) }, words.count) {
        case ("cursor", let number?, 2): self = .cursor(number)
        case ("commit", let epoch?, 2): self = .commit(epoch)
        case ("message", _, 1): self = .message
        default: throw Problem("a tag that this app never wrote")
        }
    }

    /// Reads what the library gives back.
    public init(_ bytes: Data) throws {
        try self.init(text(bytes))
    }

    /// The word, and the number.
    public var description: String {
        switch self {
        case let .cursor(number): "cursor \(number)"
        case .message: "message"
        case let .commit(epoch): "commit \(epoch)"
        }
    }

    /// As the library takes it.
    public var bytes: Data { Data(description.utf8) }
}
