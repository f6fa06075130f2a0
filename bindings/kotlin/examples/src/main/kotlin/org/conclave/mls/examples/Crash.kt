package org.conclave.mls.examples

import java.nio.file.Path

/**
 * Processes are killed in the middle of sending and of receiving, and go on from their stores: nothing is lost, nothing comes twice,
 * and what was encrypted is sent as it was encrypted.
 */
fun main() = inScratch { directory ->
    Actor.start("bob", directory).use { bob ->
        Actor.start("alice", directory).use { alice ->
            alice.ask("/create")
            alice.ask("/add bob")
            alice.end()
        }
        bob.ask("")
        sending(directory, bob)
        bob.end()
    }
    receiving(directory)
    building(directory)
    out.println("everything bob ever received:")
    ledger(directory, "bob") { it.inbox() }.forEach { out.println("  $it") }
}

private fun sending(directory: Path, bob: Actor) {
    kill(directory, "alice", Point.BEFORE_SENDING, "one")
    out.println("alice encrypted \"one\" and was killed before it was sent")
    val bytes = ledger(directory, "alice") { it.unsent() }.last().bytes
    out.println("bob sees ${bob.ask("").size} messages")
    startAndEnd(directory, "alice")
    out.println("alice goes on; the same bytes were sent: ${newest(directory).contentEquals(bytes)}")
    out.println("bob sees: ${bob.ask("").joinToString()}")

    kill(directory, "alice", Point.AFTER_SENDING, "two")
    out.println("alice sent \"two\" and was killed before she could note it")
    out.println("bob sees: ${bob.ask("").joinToString()}")
    startAndEnd(directory, "alice")
    out.println("alice goes on and sends it again; bob sees ${bob.ask("").size} messages")
}

private fun receiving(directory: Path) {
    oneLine(directory, "three")
    kill(directory, "bob", Point.INSIDE_RECEIVING, "")
    out.println("bob was killed inside the transaction that receives \"three\"")
    out.println("bob goes on and sees: ${startAndEnd(directory, "bob")}")

    oneLine(directory, "four")
    kill(directory, "bob", Point.AFTER_RECEIVING, "")
    out.println("bob received \"four\" and was killed before he saw it")
    out.println("bob goes on and sees: ${startAndEnd(directory, "bob")}")
}

private fun building(directory: Path) {
    kill(directory, "alice", Point.BEFORE_SENDING, "/refresh")
    out.println("alice built a commit and was killed before it was sent")
    startAndEnd(directory, "alice")
    out.println("alice goes on; bob sees: ${startAndEnd(directory, "bob")}")
    oneLine(directory, "five")
    out.println("bob sees: ${startAndEnd(directory, "bob")}")
}

private fun kill(directory: Path, name: String, point: Point, command: String) =
    Actor.start(name, directory, point).use { it.killAt(point, command) }

/** Starts someone again, who finds out what there is to do; tells what was seen. */
private fun startAndEnd(directory: Path, name: String): String =
    Actor.start(name, directory).use { actor -> actor.ask("").joinToString().also { actor.end() } }

private fun oneLine(directory: Path, text: String) =
    Actor.start("alice", directory).use { alice ->
        alice.ask(text)
        alice.end()
    }

private fun <T> ledger(directory: Path, name: String, read: (Ledger) -> T): T =
    Ledger(directory.resolve("$name/store.db")).use(read)

/** The newest message of the group. */
private fun newest(directory: Path): ByteArray? {
    val spool = Spool(directory.resolve("spool"))
    val groupId = spool.groups().last()
    return generateSequence(1L) { it + 1 }.map { spool.fetch(groupId, it) }.takeWhile { it != null }.last()?.message
}
