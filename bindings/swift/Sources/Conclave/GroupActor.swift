import Foundation

/// A group for code with `async` and `await`: the methods of ``Group`` by the same names, one after another, on threads of their
/// own.
///
/// What ``ClientActor`` says of threads, errors and cancelled tasks holds here. Calls are made in the order in which they come;
/// those on different groups run side by side.
public actor GroupActor {
    /// The group itself, for calls that may wait.
    public nonisolated let group: Group
    private let calls = CallQueue.serial()

    /// Wraps a group.
    public init(_ group: Group) {
        self.group = group
    }

    /// The id of the group. Reads nothing.
    public nonisolated var id: Data { group.id() }

    /// Builds a commit: `change` says what it is to change, such as `{ try $0.add(keyPackage: bytes) }`; a commit without a change
    /// takes fresh keys. See ``Group/newCommit()`` and ``CommitBuilder/build()``.
    public func commit(
        _ change: @escaping @Sendable (CommitBuilder) throws -> CommitBuilder = { $0 }
    ) async throws -> CommitResult {
        try await calls.run { [group] in try change(group.newCommit()).build() }
    }

    /// This group for another device, sealed under `key`, which must be 32 random bytes. See ``Group/exportArchive(key:)``.
    public func exportArchive(key: Data) async throws -> Data {
        try await calls.run { [group] in try group.exportArchive(key: key) }
    }

    /// The group's own extensions, on which all members agree. See ``Group/extensions()``.
    public func extensions() async throws -> [Extension] {
        try await calls.run { [group] in try group.extensions() }
    }

    /// Proposes a change of a type that the app defines; a commit takes it in if every member supports the type. See
    /// ``Group/proposeCustom(proposalType:content:tag:)``.
    public func proposeCustom(proposalType: UInt16, content: Data, tag: Data = Data()) async throws -> Data {
        try await calls.run { [group] in try group.proposeCustom(proposalType: proposalType, content: content, tag: tag) }
    }

    /// Forgets the proposals that wait. See ``Group/clearProposals()``.
    public func clearProposals() async throws {
        try await calls.run { [group] in try group.clearProposals() }
    }

    /// Makes our waiting commit take effect, when the delivery service has accepted it. See
    /// ``Group/confirmCommit(commit:tag:)``.
    public func confirmCommit(commit: Data? = nil, tag: Data = Data()) async throws -> Event {
        try await calls.run { [group] in try group.confirmCommit(commit: commit, tag: tag) }
    }

    /// Deletes everything this client has of the group, in one batch. See ``Group/delete()``.
    public func delete() async throws {
        try await calls.run { [group] in try group.delete() }
    }

    /// Gives our waiting commit up. See ``Group/discardCommit(commit:)``.
    public func discardCommit(commit: Data? = nil) async throws {
        try await calls.run { [group] in try group.discardCommit(commit: commit) }
    }

    /// Encrypts an application message. See ``Group/encrypt(plaintext:aad:tag:)``.
    public func encrypt(plaintext: Data, aad: Data = Data(), tag: Data = Data()) async throws -> Data {
        try await calls.run { [group] in try group.encrypt(plaintext: plaintext, aad: aad, tag: tag) }
    }

    /// A value that is equal for all members of an epoch and for nobody else: compare it out of band (RFC 9420 §8.7). See
    /// ``Group/epochAuthenticator()``.
    public func epochAuthenticator() async throws -> Data {
        try await calls.run { [group] in try group.epochAuthenticator() }
    }

    /// Derives a secret from the current epoch that all members can derive (RFC 9420 §8.5), of `length` bytes. See
    /// ``Group/exportSecret(label:context:length:)``.
    public func exportSecret(label: String, context: Data, length: UInt32) async throws -> Secret {
        try await calls.run { [group] in try group.exportSecret(label: label, context: context, length: length) }
    }

    /// The whole ratchet tree, to be passed beside a Welcome or GroupInfo that does not hold it. See ``Group/exportTree()``.
    public func exportTree() async throws -> Data {
        try await calls.run { [group] in try group.exportTree() }
    }

    /// The member with this client id, as the app's validator named it. See ``Group/findMember(clientId:)``.
    public func findMember(clientId: Data) async throws -> Member? {
        try await calls.run { [group] in try group.findMember(clientId: clientId) }
    }

    /// The GroupInfo of the current epoch, signed by us, for clients that join by themselves. See
    /// ``Group/groupInfo(withTree:)``.
    public func groupInfo(withTree: Bool) async throws -> Data {
        try await calls.run { [group] in try group.groupInfo(withTree: withTree) }
    }

    /// Members in the order of the tree, after the leaf `after`, at most `limit` of them. See ``Group/members(after:limit:)``.
    public func members(after: UInt32?, limit: UInt32) async throws -> [Member] {
        try await calls.run { [group] in try group.members(after: after, limit: limit) }
    }

    /// Our waiting commit, if there is one, as it was made; it survives restarts. See ``Group/pendingCommit()``.
    public func pendingCommit() async throws -> PendingCommit? {
        try await calls.run { [group] in try group.pendingCommit() }
    }

    /// The proposals that wait for a commit, in the order they came. See ``Group/pendingProposals()``.
    public func pendingProposals() async throws -> [PendingProposal] {
        try await calls.run { [group] in try group.pendingProposals() }
    }

    /// How the group stands. See ``Group/status()``.
    public func status() async throws -> GroupStatus {
        try await calls.run { [group] in try group.status() }
    }

    /// The members with this user id, as the app's validator named it: a user's devices. See
    /// ``Group/findMembers(userId:after:limit:)``.
    public func findMembers(userId: Data, after: UInt32?, limit: UInt32) async throws -> [Member] {
        try await calls.run { [group] in try group.findMembers(userId: userId, after: after, limit: limit) }
    }

    /// Reads an application message of the current epoch, or of a past one that is kept, and writes nothing: for an extension
    /// that shows a notification and must not move the group on. See ``Group/preview(message:)``.
    public func preview(message: Data) async throws -> Event {
        try await calls.run { [group] in try group.preview(message: message) }
    }

    /// Proposes to add the client of this key package. See ``Group/proposeAdd(keyPackage:tag:)``.
    public func proposeAdd(keyPackage: Data, tag: Data = Data()) async throws -> Data {
        try await calls.run { [group] in try group.proposeAdd(keyPackage: keyPackage, tag: tag) }
    }

    /// Proposes to replace the group's extensions by this encoded list (`Extension extensions<V>` of RFC 9420). See
    /// ``Group/proposeExtensions(extensions:tag:)``.
    public func proposeExtensions(extensions: Data, tag: Data = Data()) async throws -> Data {
        try await calls.run { [group] in try group.proposeExtensions(extensions: extensions, tag: tag) }
    }

    /// Proposes our own removal; another member has to commit it. See ``Group/proposeLeave(tag:)``.
    public func proposeLeave(tag: Data = Data()) async throws -> Data {
        try await calls.run { [group] in try group.proposeLeave(tag: tag) }
    }

    /// Proposes to mix an external pre-shared key in. See ``Group/proposePsk(pskId:tag:)``.
    public func proposePsk(pskId: Data, tag: Data = Data()) async throws -> Data {
        try await calls.run { [group] in try group.proposePsk(pskId: pskId, tag: tag) }
    }

    /// Proposes to remove the member at this leaf. See ``Group/proposeRemove(leaf:tag:)``.
    public func proposeRemove(leaf: UInt32, tag: Data = Data()) async throws -> Data {
        try await calls.run { [group] in try group.proposeRemove(leaf: leaf, tag: tag) }
    }

    /// Proposes to mix in the secret that an earlier epoch of this or another group left. See
    /// ``Group/proposeResumptionPsk(psk:tag:)``.
    public func proposeResumptionPsk(psk: ResumptionPsk, tag: Data = Data()) async throws -> Data {
        try await calls.run { [group] in try group.proposeResumptionPsk(psk: psk, tag: tag) }
    }

    /// Proposes fresh keys for our own leaf; another member has to commit it. See ``Group/proposeUpdate(tag:)``.
    public func proposeUpdate(tag: Data = Data()) async throws -> Data {
        try await calls.run { [group] in try group.proposeUpdate(tag: tag) }
    }

    /// Deletes all deferred messages, of whatever epoch: for a buffer that somebody has filled with what will never come. See
    /// ``Group/clearDeferred()``.
    public func clearDeferred() async throws {
        try await calls.run { [group] in try group.clearDeferred() }
    }

    /// Takes the first deferred message whose epoch has begun, and processes it as `receive` would; nothing if there is none.
    /// See ``Group/nextDeferred(tag:)``.
    public func nextDeferred(tag: Data = Data()) async throws -> Event? {
        try await calls.run { [group] in try group.nextDeferred(tag: tag) }
    }

    /// Receives any message for this group: what it turned into is the event. See ``Group/receive(message:tag:)``.
    public func receive(message: Data, tag: Data = Data()) async throws -> Event {
        try await calls.run { [group] in try group.receive(message: message, tag: tag) }
    }

    /// Deletes keys of past epochs and of skipped messages that the configuration says are too old, and of all past epochs but
    /// the last `keepEpochs`, where that is given: messages of theirs that come later can not be read. See
    /// ``Group/prune(keepEpochs:)``.
    public func prune(keepEpochs: UInt32? = nil) async throws {
        try await calls.run { [group] in try group.prune(keepEpochs: keepEpochs) }
    }

    /// Makes a group of some of the members, with the parameters of this one (RFC 9420 §11.3); this group goes on as it is. See
    /// ``Group/branch(options:)``.
    public func branch(options: BranchOptions = BranchOptions()) async throws -> Successor {
        try await calls.run { [group] in try group.branch(options: options) }
    }

    /// Makes the group that takes the place of this one, after a commit with a ReInit has closed it (RFC 9420 §11.2): every
    /// other member must come along. See ``Group/createSuccessor(options:)``.
    public func createSuccessor(options: SuccessorOptions = SuccessorOptions()) async throws -> Successor {
        try await calls.run { [group] in try group.createSuccessor(options: options) }
    }

    /// Proposes to close the group and begin it anew with other parameters. See ``Group/proposeReinit(options:tag:)``.
    public func proposeReinit(options: ReinitOptions = ReinitOptions(), tag: Data = Data()) async throws -> Data {
        try await calls.run { [group] in try group.proposeReinit(options: options, tag: tag) }
    }
}
