package org.conclave.mls.examples

import java.nio.file.Files
import java.nio.file.Path
import org.conclave.mls.Client
import org.conclave.mls.CommitBuilder
import org.conclave.mls.ConclaveException
import org.conclave.mls.Effect
import org.conclave.mls.Group
import org.conclave.mls.GroupOptions
import org.conclave.mls.Host
import org.conclave.mls.JoinOptions
import org.conclave.mls.KeyPackageMessage
import org.conclave.mls.KeyPackageOptions
import org.conclave.mls.acceptAll
import org.conclave.mls.basicConfig
import org.conclave.mls.code
import org.conclave.mls.sqlite.SqliteStorage

/** Key packages kept in stock at the delivery service. */
private const val STOCK = 5

/** How often a change is built again because someone else's came first. */
private const val ATTEMPTS = 10

/** What a user, or another device, has done wrong, in words for the user. */
class Problem(text: String) : Exception(text)

/**
 * Where a device lives, and how.
 *
 * @property directory Everyone shares it: the delivery service is in `spool`, each device's file in a directory of its name.
 * @property storageKey 32 bytes under which the library seals what it stores; nothing to store it as it is.
 * @property stopAt Where to stop and wait to be killed, for demonstrations.
 */
class Place(val directory: Path, val storageKey: ByteArray? = null, val stopAt: Point? = null)

/**
 * One user's device: a client of the library, the app's ledger in the same file, and the delivery service.
 *
 * It is in one group at most, which is all the examples need. Every act is built so that it can be cut off anywhere: first goes out
 * what lies in the outbox, then comes in what the delivery service has, and only then something new is made.
 */
class Device(val name: String, private val place: Place) : AutoCloseable {
    /** The delivery service. */
    val spool: Spool

    private val storage: SqliteStorage
    private val ledger: Ledger
    private val client: Client
    private var opened: Group? = null

    /** Opens the device, makes it if it is new, and keeps key packages in stock, so that others can add it while it is off. */
    init {
        checkName(name)
        val home = Files.createDirectories(place.directory.resolve(name))
        spool = Spool(place.directory.resolve("spool"))
        storage = SqliteStorage(home.resolve("store.db"), onEffect = { connection, effect ->
            if (effect is Effect.Received) stop(Point.INSIDE_RECEIVING)
            record(connection, effect)
        })
        ledger = Ledger(home.resolve("store.db"))
        client = Client(basicConfig(name).copy(storageKey = place.storageKey), Host(storage, acceptAll()))
        publish()
    }

    /** The group, if the device is or was in one. */
    fun findGroup(): Group? {
        if (opened == null) opened = client.groups(null, 1u).groups.firstOrNull()?.let { client.openGroup(it.groupId) }
        return opened
    }

    /** The group. */
    fun group(): Group = findGroup() ?: throw Problem("you are in no group yet")

    /** Makes a group with this device alone in it. */
    fun createGroup() {
        if (findGroup() != null) throw Problem("you are in a group already")
        opened = client.createGroup(GroupOptions(tag = Tag.Cursor(0).bytes()))
    }

    /** Adds others by name, whether they are running or not. */
    fun add(names: List<String>) {
        val group = group()
        for (name in names) {
            checkName(name)
            if (group.findMember(name.toByteArray()) != null) throw Problem("$name is in the group already")
        }
        val keyPackages = names.map(::keyPackage)
        commit { builder ->
            // The tree grows with the group: once beside the Welcomes is less than once inside each of them.
            builder.treeBesideWelcome()
            keyPackages.forEach(builder::add)
        }
    }

    /** Removes a member. */
    fun remove(name: String) {
        sync()
        val group = group()
        commit { builder ->
            val member = group.findMember(name.toByteArray()) ?: throw Problem("$name is not in the group")
            builder.remove(member.name.leaf)
        }
    }

    /** Gives this device fresh keys, which shuts out whoever may have stolen the old ones. */
    fun refresh(): Unit = commit {}

    /** Writes to the group: as it is now, not as it was when this device last looked. */
    fun say(text: String) {
        sync()
        group().encrypt(text.toByteArray(), tag = Tag.Message.bytes())
        // Nothing has left the device yet, but the bytes are in the outbox: from here on a crash loses nothing.
        flush()
    }

    /** Sends what is in the outbox and receives what the delivery service has. */
    fun sync() {
        flush()
        answerInvitations()
        val group = findGroup() ?: return
        while (receiveNext(group)) flush()
    }

    /** What has happened since anyone looked. */
    fun news(): List<String> = ledger.news()

    override fun close() {
        opened?.close()
        client.close()
        ledger.close()
        storage.close()
    }

    /** Keeps key packages at the delivery service. What is there already is not put there again. */
    private fun publish() {
        val known = client.keyPackages(null, STOCK.toUInt() + 1u).toMutableList()
        if (known.none { it.lastResort }) known += client.createKeyPackages(1u, KeyPackageOptions(lastResort = true))
        val missing = STOCK + 1 - known.size
        if (missing > 0) known += client.createKeyPackages(missing.toUInt())
        known.forEach(::publish)
    }

    private fun publish(made: KeyPackageMessage) {
        if (made.lastResort) spool.publishLastResort(name, made.message) else spool.publish(name, made.reference, made.message)
    }

    private fun keyPackage(name: String): ByteArray =
        spool.takeKeyPackage(name) ?: throw Problem("$name has published no key package: has $name ever been here?")

    /**
     * Builds a commit, posts it, and waits for it to come back: only then has it taken effect. If someone else's came first, that one
     * is received instead, and ours is built anew on top of it.
     */
    private fun commit(change: (CommitBuilder) -> Unit) {
        repeat(ATTEMPTS) {
            sync()
            val group = group()
            val tag = Tag.Commit(group.status().epoch.toLong())
            val built = group.newCommit().use { it.tag(tag.bytes()).also(change).build() }
            sync()
            if (cameBack(group, built.commit)) return
        }
        throw Problem("others change the group all the time; try again later")
    }

    /** Whether a commit of ours is among the messages of the group. */
    private fun cameBack(group: Group, commit: ByteArray): Boolean =
        (ledger.cursor(group.id()) downTo 1).any { spool.fetch(group.id(), it)?.message.contentEquals(commit) }

    /** Sends what is in the outbox, oldest first: bytes that exist, never new ones. */
    private fun flush() {
        for (letter in ledger.unsent()) {
            stop(Point.BEFORE_SENDING)
            send(letter)
            stop(Point.AFTER_SENDING)
            ledger.markSent(letter)
        }
    }

    private fun send(letter: Letter) {
        val kind =
            when (val tag = letter.tag) {
                is Tag.Cursor -> return welcome(letter, tag.number)
                is Tag.Message -> Kind.Message
                is Tag.Commit -> Kind.Commit(tag.epoch)
            }
        // Another process of this device may have sent it already, and handled it since: so from where it was when it was made.
        // If another commit was quicker, it comes in with the next messages, and takes the place of ours.
        spool.post(letter.groupId, letter.after, Entry(kind, letter.bytes))
    }

    /**
     * Sends a Welcome, and the tree that it goes with: nothing is received before, so the group is still in that epoch. (If a second
     * process of the device has moved on meanwhile, the tree does not fit, and the member has to be added again.)
     */
    private fun welcome(letter: Letter, number: Long) {
        val recipient = letter.recipient ?: throw Problem("a Welcome for nobody")
        spool.putTree(letter.groupId, number, client.openGroup(letter.groupId).use { it.exportTree() })
        spool.invite(recipient, Invitation(letter.groupId, number, letter.bytes))
    }

    /** Joins the group that a Welcome leads into. */
    private fun answerInvitations() {
        for (invitation in spool.invitations(name)) {
            val options = JoinOptions(tree = spool.tree(invitation), tag = Tag.Cursor(invitation.number).bytes())
            try {
                client.join(invitation.welcome, options).close()
                publish()
            } catch (error: ConclaveException) {
                // Answered before, by this device or by another process of it.
                if (error.code != 408u && error.code != 507u) throw error
            }
            spool.forget(name, invitation)
        }
    }

    /** Receives the message after the cursor. The cursor goes along in the tag, and moves in the transaction of the call. */
    private fun receiveNext(group: Group): Boolean {
        val number = ledger.cursor(group.id()) + 1
        val entry = spool.fetch(group.id(), number) ?: return false
        var line: String? = null
        try {
            group.receive(entry.message, Tag.Cursor(number).bytes())
        } catch (error: ConclaveException) {
            // The bytes are of no use here and never will be: hostile, or for the members of a group that we are no longer in. (Or
            // another process of ours has read them; then the cursor has moved, and nothing is written here.)
            if (error.code / 100u !in 2u..4u) throw error
            line = "! a message that cannot be read here (error ${error.code})"
        }
        stop(Point.AFTER_RECEIVING)
        ledger.skip(group.id(), number, line)
        return true
    }

    private fun stop(point: Point) {
        if (place.stopAt == point) point.stop()
    }
}

/** A name becomes a part of paths. */
private fun checkName(name: String) {
    if (!Regex("[a-z0-9-]{1,32}").matches(name)) {
        throw Problem("not a name: \"$name\"; take 1 to 32 small letters, digits and hyphens")
    }
}
