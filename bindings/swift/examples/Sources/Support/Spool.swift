import Foundation

/// A message as it lies in the group's directory.
public struct Entry: Equatable {
    /// What the delivery service may know of it.
    public enum Kind: Equatable {
        /// An application message.
        case message
        /// A commit, which ends this epoch: one only is accepted for each.
        case commit(UInt64)
    }

    /// What it is.
    public let kind: Kind
    /// What the library made.
    public let message: Data

    /// Makes one.
    public init(kind: Kind, message: Data) {
        (self.kind, self.message) = (kind, message)
    }

    /// One line that tells the kind, then the bytes.
    var encoded: Data {
        switch kind {
        case .message: bytes("message\n") + message
        case let .commit(epoch): bytes("commit \(epoch)\n") + message
        }
    }

    init(encoded: Data) throws {
        guard let end = encoded.firstIndex(of: 10) else { throw damaged }
        switch try Tag(encoded[..<end]) {
        case .message: kind = .message
        case let .commit(epoch): kind = .commit(epoch)
        case .cursor: throw damaged
        }
        message = Data(encoded[(end + 1)...])
    }
}

private let damaged = Problem("a message in the delivery service is damaged")

/// What lets a new member in.
public struct Invitation {
    /// The group.
    let groupId: Data
    /// The number of the commit that added the member, who reads on from there.
    let number: UInt64
    /// The Welcome.
    let welcome: Data

    var fileName: String { "\(groupId.hex)-\(number)" }
}

/// The delivery service: a directory that several processes share. It orders the messages of a group, keeps what offline members
/// have not fetched, and hands out key packages. It is trusted with nothing: it holds only ciphertext and public keys.
///
///     groups/<group>/<number>     messages and commits, numbered without gaps; a file that exists never changes
///     trees/<group>/<number>      the public tree after the commit of that number, for those whom it added
///     welcomes/<name>/…           what lets a new member in
///     keys/<name>/fresh, used     key packages; moving one from the first to the second hands it out, to one taker only
///     keys/<name>/last-resort     handed out when no fresh one is left, as often as needed
///
/// A draft becomes a message by a hard link to the next free number, which succeeds for one writer only; and nothing is locked, so
/// a process that is killed leaves nothing locked behind. A real service would also look at who is asking.
public struct Spool: Sendable {
    private let files: Files

    /// Opens the directory, or makes it.
    public init(root: String) throws {
        files = try Files(root: root)
    }

    /// Posts a message to a group, behind all that are there. The sender has read everything up to `after`, so a commit is compared
    /// with what came since: if the epoch it wants to end has been ended, it is too late, and comes to nothing. Bytes that are there
    /// already are not added again, so a sender in doubt simply posts once more.
    public func post(_ groupId: Data, after: UInt64, _ entry: Entry) throws {
        let draft = try files.draft(entry.encoded)
        defer { unlink(draft) }
        var number = after
        while true {
            number += 1
            if try files.link(draft, place("groups", groupId, number)) {
                return
            }
            let there = try fetch(groupId, number)
            if there == entry || (there?.kind == entry.kind && entry.kind != .message) {
                return
            }
        }
    }

    /// The message of this number, if it is there yet.
    public func fetch(_ groupId: Data, _ number: UInt64) throws -> Entry? {
        try files.read(place("groups", groupId, number)).map(Entry.init(encoded:))
    }

    /// The groups that anyone has posted to.
    public func groups() throws -> [Data] {
        try files.names(in: files.directory("groups")).compactMap { Data(hex: $0) }
    }

    /// Publishes the tree that goes with the invitations of this number.
    func putTree(_ groupId: Data, _ number: UInt64, _ tree: Data) throws {
        try files.put(tree, at: place("trees", groupId, number))
    }

    /// The tree that goes with an invitation.
    func tree(_ invitation: Invitation) throws -> Data? {
        try files.read(place("trees", invitation.groupId, invitation.number))
    }

    /// Leaves an invitation for someone, online or not.
    func invite(_ name: String, _ invitation: Invitation) throws {
        try files.put(invitation.welcome, at: files.directory("welcomes", name) + "/" + invitation.fileName)
    }

    /// The invitations for someone, oldest first.
    public func invitations(_ name: String) throws -> [Invitation] {
        let directory = try files.directory("welcomes", name)
        let found = try files.names(in: directory).compactMap { file -> Invitation? in
            let parts = file.split(separator: "-").map(String.init)
            guard parts.count == 2, let groupId = Data(hex: parts[0]), let number = UInt64(parts[1]) else { throw damaged }
            // It may have been taken away meanwhile.
            return try files.read(directory + "/" + file).map { Invitation(groupId: groupId, number: number, welcome: $0) }
        }
        return found.sorted { $0.number < $1.number }
    }

    /// Takes an invitation away once it has been dealt with.
    func forget(_ name: String, _ invitation: Invitation) throws {
        try files.remove(files.directory("welcomes", name) + "/" + invitation.fileName)
    }

    /// Publishes a key package under its reference, unless it has been published before.
    func publish(_ name: String, _ reference: Data, _ keyPackage: Data) throws {
        let places = try ["fresh", "used"].map { try files.directory("keys", name, $0) + "/" + reference.hex }
        if !places.contains(where: FileManager.default.fileExists(atPath:)) {
            try files.put(keyPackage, at: places[0])
        }
    }

    /// Publishes the key package that is handed out when no other is left.
    func publishLastResort(_ name: String, _ keyPackage: Data) throws {
        try files.put(keyPackage, at: files.directory("keys", name) + "/last-resort")
    }

    /// Hands out a key package of someone: a fresh one, which nobody else gets, or the one of last resort.
    func takeKeyPackage(_ name: String) throws -> Data? {
        let (fresh, used) = (try files.directory("keys", name, "fresh"), try files.directory("keys", name, "used"))
        for file in try files.names(in: fresh) where try files.move(fresh + "/" + file, to: used + "/" + file) {
            // Of several takers, one finds the file to move.
            return try files.read(used + "/" + file)
        }
        return try files.read(files.directory("keys", name) + "/last-resort")
    }

    private func place(_ kind: String, _ groupId: Data, _ number: UInt64) throws -> String {
        try files.directory(kind, groupId.hex) + "/" + String(format: "%08llu", number)
    }
}
