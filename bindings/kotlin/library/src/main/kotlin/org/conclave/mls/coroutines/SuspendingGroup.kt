package org.conclave.mls.coroutines

import org.conclave.mls.BranchOptions
import org.conclave.mls.CommitBuilder
import org.conclave.mls.CommitResult
import org.conclave.mls.Event
import org.conclave.mls.Extension
import org.conclave.mls.Group
import org.conclave.mls.GroupStatus
import org.conclave.mls.Member
import org.conclave.mls.PendingCommit
import org.conclave.mls.PendingProposal
import org.conclave.mls.ReinitOptions
import org.conclave.mls.ResumptionPsk
import org.conclave.mls.Secret
import org.conclave.mls.Successor
import org.conclave.mls.SuccessorOptions

/**
 * A [Group] for coroutines: the same calls, which suspend in the place of blocking. Errors are the same too, and cancelling is as
 * [blocking] says.
 *
 * @property group The group itself.
 */
public class SuspendingGroup(public val group: Group) : AutoCloseable by group {
    /** See [Group.id]: it is known, and so does not suspend. */
    public fun id(): ByteArray = group.id()

    /** See [Group.status]. */
    public suspend fun status(): GroupStatus = call { status() }

    /** See [Group.encrypt]. */
    public suspend fun encrypt(plaintext: ByteArray, aad: ByteArray = byteArrayOf(), tag: ByteArray = byteArrayOf()): ByteArray =
        call { encrypt(plaintext, aad, tag) }

    /** See [Group.receive]. */
    public suspend fun receive(message: ByteArray, tag: ByteArray = byteArrayOf()): Event = call { receive(message, tag) }

    /** See [Group.preview]. */
    public suspend fun preview(message: ByteArray): Event = call { preview(message) }

    /** See [Group.nextDeferred]. */
    public suspend fun nextDeferred(tag: ByteArray = byteArrayOf()): Event? = call { nextDeferred(tag) }

    /** See [Group.clearDeferred]. */
    public suspend fun clearDeferred(): Unit = call { clearDeferred() }

    /** Builds a commit of what [change] says: see [Group.newCommit] and [CommitBuilder.build]. */
    public suspend fun commit(change: CommitBuilder.() -> Unit): CommitResult =
        call { newCommit().use { it.apply(change).build() } }

    /** See [Group.confirmCommit]. */
    public suspend fun confirmCommit(commit: ByteArray? = null, tag: ByteArray = byteArrayOf()): Event =
        call { confirmCommit(commit, tag) }

    /** See [Group.discardCommit]. */
    public suspend fun discardCommit(commit: ByteArray? = null): Unit = call { discardCommit(commit) }

    /** See [Group.pendingCommit]. */
    public suspend fun pendingCommit(): PendingCommit? = call { pendingCommit() }

    /** See [Group.proposeAdd]. */
    public suspend fun proposeAdd(keyPackage: ByteArray, tag: ByteArray = byteArrayOf()): ByteArray =
        call { proposeAdd(keyPackage, tag) }

    /** See [Group.proposeRemove]. */
    public suspend fun proposeRemove(leaf: UInt, tag: ByteArray = byteArrayOf()): ByteArray = call { proposeRemove(leaf, tag) }

    /** See [Group.proposeUpdate]. */
    public suspend fun proposeUpdate(tag: ByteArray = byteArrayOf()): ByteArray = call { proposeUpdate(tag) }

    /** See [Group.proposeLeave]. */
    public suspend fun proposeLeave(tag: ByteArray = byteArrayOf()): ByteArray = call { proposeLeave(tag) }

    /** See [Group.proposePsk]. */
    public suspend fun proposePsk(pskId: ByteArray, tag: ByteArray = byteArrayOf()): ByteArray = call { proposePsk(pskId, tag) }

    /** See [Group.proposeResumptionPsk]. */
    public suspend fun proposeResumptionPsk(psk: ResumptionPsk, tag: ByteArray = byteArrayOf()): ByteArray =
        call { proposeResumptionPsk(psk, tag) }

    /** See [Group.proposeExtensions]. */
    public suspend fun proposeExtensions(extensions: ByteArray, tag: ByteArray = byteArrayOf()): ByteArray =
        call { proposeExtensions(extensions, tag) }

    /** See [Group.proposeCustom]. */
    public suspend fun proposeCustom(proposalType: UShort, content: ByteArray, tag: ByteArray = byteArrayOf()): ByteArray =
        call { proposeCustom(proposalType, content, tag) }

    /** See [Group.proposeReinit]. */
    public suspend fun proposeReinit(options: ReinitOptions = ReinitOptions(), tag: ByteArray = byteArrayOf()): ByteArray =
        call { proposeReinit(options, tag) }

    /** See [Group.pendingProposals]. */
    public suspend fun pendingProposals(): List<PendingProposal> = call { pendingProposals() }

    /** See [Group.clearProposals]. */
    public suspend fun clearProposals(): Unit = call { clearProposals() }

    /** See [Group.members]. */
    public suspend fun members(after: UInt?, limit: UInt): List<Member> = call { members(after, limit) }

    /** See [Group.findMember]. */
    public suspend fun findMember(clientId: ByteArray): Member? = call { findMember(clientId) }

    /** See [Group.findMembers]. */
    public suspend fun findMembers(userId: ByteArray, after: UInt?, limit: UInt): List<Member> =
        call { findMembers(userId, after, limit) }

    /** See [Group.extensions]. */
    public suspend fun extensions(): List<Extension> = call { extensions() }

    /** See [Group.epochAuthenticator]. */
    public suspend fun epochAuthenticator(): ByteArray = call { epochAuthenticator() }

    /** See [Group.exportSecret]. */
    public suspend fun exportSecret(label: String, context: ByteArray, length: UInt): Secret =
        call { exportSecret(label, context, length) }

    /** See [Group.exportTree]. */
    public suspend fun exportTree(): ByteArray = call { exportTree() }

    /** See [Group.groupInfo]. */
    public suspend fun groupInfo(withTree: Boolean): ByteArray = call { groupInfo(withTree) }

    /** See [Group.exportArchive]. */
    public suspend fun exportArchive(key: ByteArray): ByteArray = call { exportArchive(key) }

    /** See [Group.branch]. */
    public suspend fun branch(options: BranchOptions = BranchOptions()): Successor = call { branch(options) }

    /** See [Group.createSuccessor]. */
    public suspend fun createSuccessor(options: SuccessorOptions = SuccessorOptions()): Successor =
        call { createSuccessor(options) }

    /** See [Group.prune]. */
    public suspend fun prune(keepEpochs: UInt? = null): Unit = call { prune(keepEpochs) }

    /** See [Group.delete]. */
    public suspend fun delete(): Unit = call { delete() }

    private suspend fun <T> call(act: Group.() -> T): T = blocking { group.act() }
}

/** This group for coroutines. */
public fun Group.suspending(): SuspendingGroup = SuspendingGroup(this)
