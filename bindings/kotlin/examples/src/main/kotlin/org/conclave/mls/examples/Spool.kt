package org.conclave.mls.examples

import java.nio.file.FileAlreadyExistsException
import java.nio.file.Files
import java.nio.file.NoSuchFileException
import java.nio.file.Path
import java.nio.file.StandardCopyOption.ATOMIC_MOVE
import java.nio.file.StandardOpenOption.CREATE_NEW
import java.nio.file.StandardOpenOption.WRITE

/** What the delivery service may know of a message. */
sealed class Kind(val line: String) {
    /** An application message. */
    data object Message : Kind("message")

    /** A commit, which ends this epoch: one only is accepted for each. */
    data class Commit(val epoch: Long) : Kind("commit $epoch")
}

/** A message as it lies in the group's directory: its kind, and the bytes from the library. */
class Entry(val kind: Kind, val message: ByteArray) {
    /** One line that tells the kind, then the bytes. */
    fun encoded(): ByteArray = "${kind.line}\n".toByteArray() + message

    companion object {
        fun decode(bytes: ByteArray): Entry {
            val end = bytes.indexOf('\n'.code.toByte())
            require(end >= 0) { "not a message of the delivery service" }
            val words = String(bytes, 0, end).split(' ')
            val kind = if (words.size == 2) Kind.Commit(words[1].toLong()) else Kind.Message
            require(kind.line == words.joinToString(" ")) { "not a message of the delivery service" }
            return Entry(kind, bytes.copyOfRange(end + 1, bytes.size))
        }
    }
}

/** What lets a new member in: the Welcome, and the number of the commit that added the member, who reads on from there. */
class Invitation(val groupId: ByteArray, val number: Long, val welcome: ByteArray) {
    val fileName: String get() = "${hex(groupId)}-$number"
}

/**
 * The delivery service: a directory that several processes share. It orders the messages of a group, keeps what offline members
 * have not fetched, and hands out key packages. It is trusted with nothing: it holds only ciphertext and public keys.
 *
 * ```text
 * groups/<group>/<number>     messages and commits, numbered without gaps; a file that exists never changes
 * trees/<group>/<number>      the public tree after the commit of that number, for those whom it added
 * welcomes/<name>/…           what lets a new member in
 * keys/<name>/fresh, used     key packages; moving one from the first to the second hands it out, to one taker only
 * keys/<name>/last-resort     handed out when no fresh one is left, as often as needed
 * ```
 *
 * A draft becomes a message by a hard link to the next free number, which succeeds for one writer only; and nothing is locked, so a
 * process that is killed leaves nothing locked behind. A real service would also look at who is asking.
 */
class Spool(private val root: Path) {
    init {
        Files.createDirectories(root.resolve("drafts"))
    }

    /**
     * Posts a message to a group, behind all that are there. The sender has read everything up to [after], so a commit is compared
     * with what came since: if the epoch it wants to end has been ended, it is too late, and the answer is `null`. Bytes that are
     * there already are not added again, so a sender in doubt simply posts once more.
     */
    fun post(groupId: ByteArray, after: Long, entry: Entry): Long? {
        val draft = draft(entry.encoded())
        return append(groupId, after, entry, draft).also { Files.delete(draft) }
    }

    private fun append(groupId: ByteArray, after: Long, entry: Entry, draft: Path): Long? {
        for (number in generateSequence(after + 1) { it + 1 }) {
            if (ifFree { Files.createLink(numbered("groups", groupId, number), draft) }) return number
            val there = fetch(groupId, number) ?: continue
            if (there.kind == entry.kind && there.message.contentEquals(entry.message)) return number
            if (there.kind == entry.kind && entry.kind is Kind.Commit) return null
        }
        return null
    }

    /** The message of this number, if it is there yet. */
    fun fetch(groupId: ByteArray, number: Long): Entry? =
        ifThere { Files.readAllBytes(numbered("groups", groupId, number)) }?.let(Entry::decode)

    /** The groups that anyone has posted to. */
    fun groups(): List<ByteArray> = names(directory("groups")).map(::unhex)

    /** Publishes the tree that goes with the invitations of this number. */
    fun putTree(groupId: ByteArray, number: Long, tree: ByteArray): Unit = put(tree, numbered("trees", groupId, number))

    /** The tree that goes with an invitation. */
    fun tree(invitation: Invitation): ByteArray =
        Files.readAllBytes(numbered("trees", invitation.groupId, invitation.number))

    /** Leaves an invitation for someone, online or not. */
    fun invite(name: String, invitation: Invitation): Unit =
        put(invitation.welcome, directory("welcomes", name).resolve(invitation.fileName))

    /** The invitations for someone, oldest first. */
    fun invitations(name: String): List<Invitation> {
        val directory = directory("welcomes", name)
        return names(directory).mapNotNull { invitation(directory, it) }.sortedBy { it.number }
    }

    /** Nothing if it has been taken away meanwhile. */
    private fun invitation(directory: Path, file: String): Invitation? {
        val (group, number) = file.split('-')
        return ifThere { Files.readAllBytes(directory.resolve(file)) }?.let { Invitation(unhex(group), number.toLong(), it) }
    }

    /** Takes an invitation away once it has been dealt with. */
    fun forget(name: String, invitation: Invitation) {
        Files.deleteIfExists(directory("welcomes", name).resolve(invitation.fileName))
    }

    /** Publishes a key package under its reference, unless it has been published before. */
    fun publish(name: String, reference: ByteArray, keyPackage: ByteArray) {
        val fresh = directory("keys", name, "fresh").resolve(hex(reference))
        val used = directory("keys", name, "used").resolve(hex(reference))
        if (!Files.exists(fresh) && !Files.exists(used)) put(keyPackage, fresh)
    }

    /** Publishes the key package that is handed out when no other is left. */
    fun publishLastResort(name: String, keyPackage: ByteArray): Unit =
        put(keyPackage, directory("keys", name).resolve("last-resort"))

    /** Hands out a key package of someone: a fresh one, which nobody else gets, or the one of last resort. */
    fun takeKeyPackage(name: String): ByteArray? {
        val (fresh, used) = listOf("fresh", "used").map { directory("keys", name, it) }
        for (file in names(fresh)) {
            // Of several takers, one finds the file to move.
            ifThere { Files.move(fresh.resolve(file), used.resolve(file), ATOMIC_MOVE) } ?: continue
            return Files.readAllBytes(used.resolve(file))
        }
        return ifThere { Files.readAllBytes(root.resolve("keys/$name/last-resort")) }
    }

    private fun numbered(kind: String, groupId: ByteArray, number: Long): Path =
        directory(kind, hex(groupId)).resolve("%08d".format(number))

    private fun directory(vararg parts: String): Path = Files.createDirectories(parts.fold(root, Path::resolve))

    /** Puts a whole file in place at once: a reader sees all of it or nothing. */
    private fun put(bytes: ByteArray, place: Path) {
        Files.move(draft(bytes), place, ATOMIC_MOVE)
    }

    /** A file of our own. A name is never used twice: what a killed process left may be linked to a message. */
    private fun draft(bytes: ByteArray): Path {
        val own = ProcessHandle.current().pid()
        val paths = generateSequence(0L) { it + 1 }.map { root.resolve("drafts/$own-$it") }
        return paths.first { ifFree { Files.write(it, bytes, CREATE_NEW, WRITE) } }
    }
}

/** Bytes as the names of files have them. */
fun hex(bytes: ByteArray): String = bytes.joinToString("") { "%02x".format(it) }

private fun unhex(text: String): ByteArray = text.chunked(2).map { it.toInt(16).toByte() }.toByteArray()

/** Absence is an answer. */
private fun <T> ifThere(act: () -> T): T? =
    try {
        act()
    } catch (_: NoSuchFileException) {
        null
    }

/** Whether the place was free. */
private fun ifFree(act: () -> Unit): Boolean =
    try {
        act()
        true
    } catch (_: FileAlreadyExistsException) {
        false
    }

/** The files in a directory, in order. */
private fun names(directory: Path): List<String> =
    Files.newDirectoryStream(directory).use { files -> files.map { it.fileName.toString() }.sorted() }
