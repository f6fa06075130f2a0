package org.conclave.mls.coroutines

import org.conclave.mls.Client
import org.conclave.mls.ClientConfig
import org.conclave.mls.ExternalJoin
import org.conclave.mls.ExternalJoinOptions
import org.conclave.mls.ExternalProposer
import org.conclave.mls.ExternalSender
import org.conclave.mls.GroupOptions
import org.conclave.mls.GroupPage
import org.conclave.mls.Host
import org.conclave.mls.Identity
import org.conclave.mls.ImportOptions
import org.conclave.mls.Imported
import org.conclave.mls.JoinOptions
import org.conclave.mls.JoinProposal
import org.conclave.mls.KeyPackageMessage
import org.conclave.mls.KeyPackageOptions
import org.conclave.mls.KeyPackageStatus
import org.conclave.mls.MessagePeek
import org.conclave.mls.PendingEffect
import org.conclave.mls.WelcomePreview

/**
 * A [Client] for coroutines: the same calls, which suspend in the place of blocking. Errors are the same too, and cancelling is as
 * [blocking] says.
 *
 * @property client The client itself.
 */
public class SuspendingClient(public val client: Client) : AutoCloseable by client {
    public companion object {
        /** Opens a client: see [Client]. */
        public suspend fun open(config: ClientConfig, host: Host): SuspendingClient =
            blocking { SuspendingClient(Client(config, host)) }
    }

    /** See [Client.identity]. */
    public suspend fun identity(): Identity = call { identity() }

    /** See [Client.createKeyPackages]. */
    public suspend fun createKeyPackages(count: UInt, options: KeyPackageOptions = KeyPackageOptions()): List<KeyPackageMessage> =
        call { createKeyPackages(count, options) }

    /** See [Client.keyPackages]. */
    public suspend fun keyPackages(after: ByteArray?, limit: UInt): List<KeyPackageMessage> = call { keyPackages(after, limit) }

    /** See [Client.keyPackageStatus]. */
    public suspend fun keyPackageStatus(reference: ByteArray): KeyPackageStatus = call { keyPackageStatus(reference) }

    /** See [Client.deleteKeyPackages]. */
    public suspend fun deleteKeyPackages(references: List<ByteArray>): Unit = call { deleteKeyPackages(references) }

    /** See [Client.createGroup]. */
    public suspend fun createGroup(options: GroupOptions = GroupOptions()): SuspendingGroup =
        call { createGroup(options).suspending() }

    /** See [Client.openGroup]. */
    public suspend fun openGroup(groupId: ByteArray): SuspendingGroup = call { openGroup(groupId).suspending() }

    /** See [Client.groups]. */
    public suspend fun groups(after: ByteArray?, limit: UInt): GroupPage = call { groups(after, limit) }

    /** See [Client.peek]. */
    public suspend fun peek(message: ByteArray): MessagePeek = call { peek(message) }

    /** See [Client.previewWelcome]. */
    public suspend fun previewWelcome(welcome: ByteArray, tree: ByteArray? = null): WelcomePreview =
        call { previewWelcome(welcome, tree) }

    /** See [Client.join]. */
    public suspend fun join(welcome: ByteArray, options: JoinOptions = JoinOptions()): SuspendingGroup =
        call { join(welcome, options).suspending() }

    /** See [Client.joinExternal]. */
    public suspend fun joinExternal(groupInfo: ByteArray, options: ExternalJoinOptions = ExternalJoinOptions()): ExternalJoin =
        call { joinExternal(groupInfo, options) }

    /** See [Client.pendingJoin]. */
    public suspend fun pendingJoin(groupId: ByteArray): ExternalJoin? = call { pendingJoin(groupId) }

    /** See [Client.confirmJoin]. */
    public suspend fun confirmJoin(groupId: ByteArray, commit: ByteArray? = null, tag: ByteArray = byteArrayOf()): SuspendingGroup =
        call { confirmJoin(groupId, commit, tag).suspending() }

    /** See [Client.discardJoin]. */
    public suspend fun discardJoin(groupId: ByteArray, commit: ByteArray? = null): Unit = call { discardJoin(groupId, commit) }

    /** See [Client.proposeJoin]. */
    public suspend fun proposeJoin(groupInfo: ByteArray, tree: ByteArray? = null, tag: ByteArray = byteArrayOf()): JoinProposal =
        call { proposeJoin(groupInfo, tree, tag) }

    /** See [Client.externalSender]. */
    public suspend fun externalSender(cipherSuite: UShort? = null): ExternalSender = call { externalSender(cipherSuite) }

    /** Makes an [ExternalProposer]: its own calls read the storage and sign, so each goes into [blocking]. */
    public suspend fun externalProposer(groupInfo: ByteArray, tree: ByteArray? = null): ExternalProposer =
        call { ExternalProposer(this, groupInfo, tree) }

    /** See [Client.putPsk]. */
    public suspend fun putPsk(pskId: ByteArray, secret: ByteArray): Unit = call { putPsk(pskId, secret) }

    /** See [Client.deletePsk]. */
    public suspend fun deletePsk(pskId: ByteArray): Unit = call { deletePsk(pskId) }

    /** See [Client.exportArchive]. */
    public suspend fun exportArchive(key: ByteArray): ByteArray = call { exportArchive(key) }

    /** See [Client.importArchive]. */
    public suspend fun importArchive(archive: ByteArray, key: ByteArray, options: ImportOptions = ImportOptions()): Imported =
        call { importArchive(archive, key, options) }

    /** See [Client.pendingEffects]. */
    public suspend fun pendingEffects(after: ULong?, limit: UInt): List<PendingEffect> = call { pendingEffects(after, limit) }

    /** See [Client.acknowledge]. */
    public suspend fun acknowledge(id: ULong): Unit = call { acknowledge(id) }

    /** See [Client.prune]. */
    public suspend fun prune(): Unit = call { prune() }

    /** See [Client.wipe]. */
    public suspend fun wipe(): Unit = call { wipe() }

    private suspend fun <T> call(act: Client.() -> T): T = blocking { client.act() }
}

/** This client for coroutines. */
public fun Client.suspending(): SuspendingClient = SuspendingClient(this)
