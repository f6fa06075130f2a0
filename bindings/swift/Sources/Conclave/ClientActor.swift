import Foundation

/// A client for code with `async` and `await`: the methods of ``Client`` by the same names, on threads of their own.
///
/// The library waits for your storage, and so for a disk, in the middle of a call. Swift has one cooperative thread for each core,
/// which must not wait; so nothing of it runs there. Errors are those of the method that each names.
///
/// A task that was cancelled before a call begins gets `CancellationError`, and nothing has happened. A call that has begun goes
/// on to its end, and gives its result also to a task that was cancelled meanwhile.
public actor ClientActor {
    /// The client itself, for calls that may wait.
    public nonisolated let client: Client
    private let calls = CallQueue.concurrent()

    /// Wraps a client.
    public init(_ client: Client) {
        self.client = client
    }

    /// Opens a client, which reads the storage, and makes it if it is not there yet: `open { try Client(config: …) }`.
    public static func open(_ client: @escaping @Sendable () throws -> Client) async throws -> ClientActor {
        ClientActor(try await CallQueue.concurrent().run(client))
    }

    /// Who the client claims to be in groups. Reads nothing.
    public nonisolated var identity: Identity { client.identity() }

    /// The whole client for another device, sealed under `key`, which must be 32 random bytes. See ``Client/exportArchive(key:)``.
    public func exportArchive(key: Data) async throws -> Data {
        try await calls.run { [client] in try client.exportArchive(key: key) }
    }

    /// Takes in an archive of one group or of a whole client, in one batch. See ``Client/importArchive(archive:key:options:)``.
    public func importArchive(archive: Data, key: Data, options: ImportOptions = ImportOptions()) async throws -> Imported {
        try await calls.run { [client] in try client.importArchive(archive: archive, key: key, options: options) }
    }

    /// Creates a group with this client as its only member. See ``Client/createGroup(options:)``.
    public func createGroup(options: GroupOptions = GroupOptions()) async throws -> GroupActor {
        GroupActor(try await calls.run { [client] in try client.createGroup(options: options) })
    }

    /// Makes key packages, for others to add this client with; each is used once, unless it is one of last resort. See
    /// ``Client/createKeyPackages(count:options:)``.
    public func createKeyPackages(
        count: UInt32, options: KeyPackageOptions = KeyPackageOptions()
    ) async throws -> [KeyPackageMessage] {
        try await calls.run { [client] in try client.createKeyPackages(count: count, options: options) }
    }

    /// Deletes the private keys of these key packages: a Welcome for them can no longer be opened. See
    /// ``Client/deleteKeyPackages(references:)``.
    public func deleteKeyPackages(references: [Data]) async throws {
        try await calls.run { [client] in try client.deleteKeyPackages(references: references) }
    }

    /// Deletes an external pre-shared key. See ``Client/deletePsk(pskId:)``.
    public func deletePsk(pskId: Data) async throws {
        try await calls.run { [client] in try client.deletePsk(pskId: pskId) }
    }

    /// Groups that this client is or was in, a page at a time: pass `next` of the page before as `after`. See
    /// ``Client/groups(after:limit:)``.
    public func groups(after: Data?, limit: UInt32) async throws -> GroupPage {
        try await calls.run { [client] in try client.groups(after: after, limit: limit) }
    }

    /// Joins the group that a Welcome opens, with the key package that it was made for. See ``Client/join(welcome:options:)``.
    public func join(welcome: Data, options: JoinOptions = JoinOptions()) async throws -> GroupActor {
        GroupActor(try await calls.run { [client] in try client.join(welcome: welcome, options: options) })
    }

    /// The key packages that have not been used, after the one with the reference `after`, at most `limit` of them. See
    /// ``Client/keyPackages(after:limit:)``.
    public func keyPackages(after: Data?, limit: UInt32) async throws -> [KeyPackageMessage] {
        try await calls.run { [client] in try client.keyPackages(after: after, limit: limit) }
    }

    /// Opens a group that this client is or was in. See ``Client/openGroup(groupId:)``.
    public func openGroup(groupId: Data) async throws -> GroupActor {
        GroupActor(try await calls.run { [client] in try client.openGroup(groupId: groupId) })
    }

    /// Puts an external pre-shared key into the storage, to be used by its id in commits and Welcomes. See
    /// ``Client/putPsk(pskId:secret:)``.
    public func putPsk(pskId: Data, secret: Data) async throws {
        try await calls.run { [client] in try client.putPsk(pskId: pskId, secret: secret) }
    }

    /// What a group that shall listen to this client from outside puts into its `ExternalSenders` extension. See
    /// ``Client/externalSender(cipherSuite:)``.
    public func externalSender(cipherSuite: UInt16? = nil) async throws -> ExternalSender {
        try await calls.run { [client] in try client.externalSender(cipherSuite: cipherSuite) }
    }

    /// Asks a group to add this client, as its GroupInfo shows it (RFC 9420 §12.1.8): a member has to commit that, and sends
    /// the Welcome, to be opened with `join`. See ``Client/proposeJoin(groupInfo:tree:tag:)``.
    public func proposeJoin(groupInfo: Data, tree: Data? = nil, tag: Data = Data()) async throws -> JoinProposal {
        try await calls.run { [client] in try client.proposeJoin(groupInfo: groupInfo, tree: tree, tag: tag) }
    }

    /// Enters the group, when the delivery service has accepted our commit: `commit` is the message that was accepted, where
    /// several processes share the store. See ``Client/confirmJoin(groupId:commit:tag:)``.
    public func confirmJoin(groupId: Data, commit: Data? = nil, tag: Data = Data()) async throws -> GroupActor {
        GroupActor(try await calls.run { [client] in try client.confirmJoin(groupId: groupId, commit: commit, tag: tag) })
    }

    /// Gives the waiting join up, when the delivery service has refused its commit for good. See
    /// ``Client/discardJoin(groupId:commit:)``.
    public func discardJoin(groupId: Data, commit: Data? = nil) async throws {
        try await calls.run { [client] in try client.discardJoin(groupId: groupId, commit: commit) }
    }

    /// Makes the commit by which this client joins the group that a GroupInfo announces (RFC 9420 §12.4.3.2), and keeps it
    /// until it is confirmed or discarded; nothing else changes until then. See ``Client/joinExternal(groupInfo:options:)``.
    public func joinExternal(groupInfo: Data, options: ExternalJoinOptions = ExternalJoinOptions()) async throws -> ExternalJoin {
        try await calls.run { [client] in try client.joinExternal(groupInfo: groupInfo, options: options) }
    }

    /// The external join of a group that waits, if there is one; it survives restarts. See ``Client/pendingJoin(groupId:)``.
    public func pendingJoin(groupId: Data) async throws -> ExternalJoin? {
        try await calls.run { [client] in try client.pendingJoin(groupId: groupId) }
    }

    /// Deletes this one effect from the journal, for good. See ``Client/acknowledge(id:)``.
    public func acknowledge(id: UInt64) async throws {
        try await calls.run { [client] in try client.acknowledge(id: id) }
    }

    /// The effects of `ClientConfig.journal` that were not acknowledged, oldest first, after the one with the id `after`; at
    /// most `limit` of them. See ``Client/pendingEffects(after:limit:)``.
    public func pendingEffects(after: UInt64?, limit: UInt32) async throws -> [PendingEffect] {
        try await calls.run { [client] in try client.pendingEffects(after: after, limit: limit) }
    }

    /// Deletes everything that this client has in its storage, in one write: groups, key packages, pre-shared keys, signing
    /// keys and the journal. See ``Client/wipe()``.
    public func wipe() async throws {
        try await calls.run { [client] in try client.wipe() }
    }

    /// What has become of one of our key packages, by its reference. See ``Client/keyPackageStatus(reference:)``.
    public func keyPackageStatus(reference: Data) async throws -> KeyPackageStatus {
        try await calls.run { [client] in try client.keyPackageStatus(reference: reference) }
    }

    /// Tells what kind of message this is, which group and epoch it is for, and how it stands to what this client has: for an
    /// inbox that many groups share. See ``Client/peek(message:)``.
    public func peek(message: Data) async throws -> MessagePeek {
        try await calls.run { [client] in try client.peek(message: message) }
    }

    /// Opens a Welcome and verifies what it leads into, just as `join` would, and tells it before the user decides. See
    /// ``Client/previewWelcome(welcome:tree:)``.
    public func previewWelcome(welcome: Data, tree: Data? = nil) async throws -> WelcomePreview {
        try await calls.run { [client] in try client.previewWelcome(welcome: welcome, tree: tree) }
    }

    /// Deletes what is too old in all groups, as ``Group/prune`` does, and key packages whose time is over. See
    /// ``Client/prune()``.
    public func prune() async throws {
        try await calls.run { [client] in try client.prune() }
    }
}
