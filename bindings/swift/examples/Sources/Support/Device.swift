import Conclave
import ConclaveSQLite
import Foundation

/// Key packages kept in stock at the delivery service.
private let stock = 5

/// How often a change is built again because someone else's came first.
private let attempts = 10

/// Where a device lives, and how.
public struct Place {
    /// A directory that everyone shares: the delivery service is in `spool`, each device's file in a directory of its name.
    let directory: String
    /// 32 bytes under which the library seals what it stores; nothing to store it as it is.
    let storageKey: Data?
    /// Where to stop and wait to be killed, for demonstrations.
    let stopAt: Point?

    /// Names it.
    public init(_ directory: String, storageKey: Data? = nil, stopAt: Point? = nil) {
        (self.directory, self.storageKey, self.stopAt) = (directory, storageKey, stopAt)
    }
}

/// One user's device: a client of the library, the app's ledger in the same file, and the delivery service.
///
/// It is in one group at most, which is all the examples need. Every act is built so that it can be cut off anywhere: first goes
/// out what lies in the outbox, then comes in what the delivery service has, and only then something new is made.
public final class Device {
    /// What the device is called.
    public let name: String
    /// The delivery service.
    public let spool: Spool
    let client: Client
    let ledger: Ledger
    let stopAt: Point?

    /// Opens the device, makes it if it is new, and keeps key packages in stock, so that others can add it while it is off.
    public init(_ name: String, _ place: Place) throws {
        try checkName(name)
        self.name = name
        stopAt = place.stopAt
        let home = "\(place.directory)/\(name)"
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
        spool = try Spool(root: "\(place.directory)/spool")
        (client, ledger) = try openStore(name, "\(home)/store.db", place)
        try publish()
    }

    /// The group, if the device is or was in one.
    public func findGroup() throws -> Group? {
        try client.groups(after: nil, limit: 1).groups.first.map { try client.openGroup(groupId: $0.groupId) }
    }

    /// The group. Fails if there is none.
    public func group() throws -> Group {
        guard let group = try findGroup() else { throw Problem("you are in no group yet") }
        return group
    }

    /// Makes a group with this device alone in it. Fails if there is one.
    public func createGroup() throws {
        guard try findGroup() == nil else { throw Problem("you are in a group already") }
        _ = try client.createGroup(options: GroupOptions(tag: Tag.cursor(0).bytes))
    }

    /// Adds others by name, whether they are running or not. Fails if someone has no key package.
    public func add(_ names: [String]) throws {
        let group = try group()
        for name in names {
            try checkName(name)
            if try group.findMember(clientId: bytes(name)) != nil { throw Problem("\(name) is in the group already") }
        }
        let keyPackages = try names.map(keyPackage)
        // The tree grows with the group: once beside the Welcomes is less than once inside each of them.
        try commit { try keyPackages.reduce($0.treeBesideWelcome()) { try $0.add(keyPackage: $1) } }
    }

    /// Removes a member. Fails if there is no such member.
    public func remove(_ name: String) throws {
        try sync()
        let group = try group()
        try commit { builder in
            guard let member = try group.findMember(clientId: bytes(name)) else { throw Problem("\(name) is not in the group") }
            return try builder.remove(leaf: member.name.leaf)
        }
    }

    /// Gives this device fresh keys, which shuts out whoever may have stolen the old ones.
    public func refresh() throws {
        try commit { $0 }
    }

    /// Writes to the group: as it is now, not as it was when this device last looked.
    public func say(_ text: String) throws {
        try sync()
        _ = try group().encrypt(plaintext: bytes(text), tag: Tag.message.bytes)
        // Nothing has left the device yet, but the bytes are in the outbox: from here on a crash loses nothing.
        try flush()
    }

    /// What has happened since anyone looked.
    public func news() throws -> [String] {
        try ledger.news()
    }

    /// Keeps key packages at the delivery service. What is there already is not put there again.
    func publish() throws {
        var known = try client.keyPackages(after: nil, limit: UInt32(stock + 1))
        if !known.contains(where: \.lastResort) {
            known += try client.createKeyPackages(count: 1, options: KeyPackageOptions(lastResort: true))
        }
        if known.count < stock + 1 {
            known += try client.createKeyPackages(count: UInt32(stock + 1 - known.count))
        }
        for package in known {
            if package.lastResort {
                try spool.publishLastResort(name, package.message)
            } else {
                try spool.publish(name, package.reference, package.message)
            }
        }
    }

    private func keyPackage(_ name: String) throws -> Data {
        guard let found = try spool.takeKeyPackage(name) else {
            throw Problem("\(name) has published no key package: has \(name) ever been here?")
        }
        return found
    }

    /// Builds a commit, posts it, and waits for it to come back: only then has it taken effect. If someone else's came first, that
    /// one is received instead, and ours is built anew on top of it.
    private func commit(_ change: (CommitBuilder) throws -> CommitBuilder) throws {
        for _ in 0..<attempts {
            try sync()
            let group = try group()
            let epoch = try group.status().epoch
            let built = try change(group.newCommit().tag(tag: Tag.commit(epoch).bytes)).build()
            try sync()
            if try cameBack(group, built.commit) {
                return
            }
        }
        throw Problem("others change the group all the time; try again later")
    }

    /// Whether a commit of ours is among the messages of the group.
    private func cameBack(_ group: Group, _ commit: Data) throws -> Bool {
        let last = try ledger.cursor(group.id())
        return try stride(from: last, to: 0, by: -1).contains { try spool.fetch(group.id(), $0)?.message == commit }
    }
}

private func openStore(_ name: String, _ path: String, _ place: Place) throws -> (Client, Ledger) {
    let stopAt = place.stopAt
    let storage = try SQLiteStorage(path: path) { connection, effect in
        if case .received = effect, stopAt == .insideReceiving {
            Point.insideReceiving.stop()
        }
        try record(connection, effect)
    }
    let ledger = try Ledger(path: path)
    var config = basicConfig(name: name)
    config.storageKey = place.storageKey
    return (try Client(config: config, storage: storage, validator: acceptAll()), ledger)
}

/// A name becomes a part of paths.
private func checkName(_ name: String) throws {
    let plain = name.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
    guard plain, (1...32).contains(name.utf8.count) else {
        throw Problem("not a name: \"\(name)\"; take 1 to 32 small letters, digits and hyphens")
    }
}
