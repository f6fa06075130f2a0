import Foundation

/// A value that shows nothing of what it holds: not when it is printed, nor by `dump`, nor in a debugger.
///
/// Swift prints a struct with all its fields unless it is told otherwise. The library's values that hold plaintext, keys or stored
/// records are all of this kind. So may be yours: `description` is all that it takes.
public protocol Redacted: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {}

extension Redacted {
    /// As `description`.
    public var debugDescription: String { description }

    /// Nothing.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension Event: Redacted {
    /// The kind and the epoch; what users wrote is never printed.
    public var description: String {
        switch self {
        case let .message(sender, plaintext, _, epoch, generation):
            "Message(leaf: \(sender.leaf), epoch: \(epoch), generation: \(generation), length: \(plaintext.count))"
        case .proposal: "Proposal"
        case let .epochChanged(change): "EpochChanged(\(change.epoch))"
        case let .removed(_, epoch): "Removed(\(epoch))"
        case let .reinit(change, _, _): "Reinit(\(change.epoch))"
        case .ownEcho: "OwnEcho"
        case .duplicate: "Duplicate"
        case let .deferred(epoch): "Deferred(\(epoch))"
        }
    }
}

extension Effect: Redacted {
    /// The kind, and the event if there is one.
    public var description: String {
        switch self {
        case let .received(_, _, event): "Received(\(event))"
        case let .outbound(_, _, message): "Outbound(length: \(message.count))"
        case let .confirmed(_, _, event, welcome): "Confirmed(\(event), welcome: \(welcome != nil))"
        case let .joined(_, _, epoch): "Joined(epoch: \(epoch))"
        case let .imported(groupIds): "Imported(groups: \(groupIds.count))"
        case let .keyPackages(messages): "KeyPackages(\(messages.count))"
        }
    }
}

extension PendingEffect: Redacted {
    /// The number and the kind.
    public var description: String { "PendingEffect(id: \(id), \(effect))" }
}

extension ClientConfig: Redacted {
    /// The suites, and whether stored values are sealed.
    public var description: String { "ClientConfig(cipherSuites: \(cipherSuites), sealed: \(storageKey != nil))" }
}

extension Host: Redacted {
    /// What is lent beside storage and validator. The app's own objects are not looked into.
    public var description: String {
        "Host(signer: \(signer != nil), policy: \(policy != nil), clock: \(clock != nil), observer: \(observer != nil))"
    }
}

extension Secret: Redacted {
    /// Its type.
    public var description: String { "Secret" }
}

extension StoredRecord: Redacted {
    /// The lengths.
    public var description: String { "StoredRecord(key: \(key.count) bytes, value: \(value.count) bytes)" }
}

extension Guard: Redacted {
    /// The length of the key, and what is expected of its record.
    public var description: String { "Guard(key: \(key.count) bytes, expected: \(length(of: expected)))" }

    private func length(of value: Data?) -> String {
        value.map { "\($0.count) bytes" } ?? "absent"
    }
}

extension WriteOp: Redacted {
    /// The kind, and the lengths.
    public var description: String {
        switch self {
        case let .put(key, value): "Put(key: \(key.count) bytes, value: \(value.count) bytes)"
        case let .delete(key): "Delete(key: \(key.count) bytes)"
        case let .deleteRange(from, to): "DeleteRange(from: \(from.count) bytes, to: \(to.count) bytes)"
        }
    }
}
