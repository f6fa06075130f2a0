package org.conclave.mls.examples

import java.nio.file.Path
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit
import kotlin.concurrent.thread
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** Two people at two terminals: the chat driven through its standard input. */
class ChatTest {
    @TempDir lateinit var folder: Path

    @Test
    fun `two people chat, and one comes back`() {
        val alice = Terminal("alice", folder)
        var bob = Terminal("bob", folder)
        alice.shows("* you are alice; /help tells what you can do", NO_GROUP)
        bob.shows("* you are bob; /help tells what you can do", NO_GROUP)
        bob.type("anyone?")
        bob.shows("! you are in no group yet")

        alice.type("/create", "/add bob")
        alice.shows("* you made the group", "* alice added bob")
        bob.shows("* you joined the group")
        alice.type("hello bob")
        bob.shows("alice: hello bob")
        bob.type("grüß dich, alice ♥")
        alice.shows("bob: grüß dich, alice ♥")
        alice.type("/members")
        alice.shows("members: alice, bob")
        bob.close()

        alice.type("are you gone?", "/add nobody")
        alice.shows("! nobody has published no key package: has nobody ever been here?")
        bob = Terminal("bob", folder)
        bob.shows("* you are bob; /help tells what you can do", "alice: are you gone?")
        alice.type("/remove bob")
        alice.shows("* alice removed bob")
        bob.shows("* you were removed from the group")
        bob.type("hello?")
        bob.shows("! this client is no longer a member of the group (409): ask to be added again")
        bob.close()
        alice.close()
    }

    private class Terminal(name: String, directory: Path) {
        private val program = ProcessBuilder("$home/examples/bin/chat", name, "$directory").start()
        private val keyboard = program.outputStream.bufferedWriter()
        private val screen = LinkedBlockingQueue<String>()

        init {
            thread(isDaemon = true) { program.inputStream.bufferedReader().forEachLine(screen::put) }
        }

        fun type(vararg lines: String) {
            lines.forEach { keyboard.write("$it\n") }
            keyboard.flush()
        }

        /** The next lines are exactly these. */
        fun shows(vararg lines: String) {
            for (line in lines) assertEquals(line, screen.poll(60, TimeUnit.SECONDS))
        }

        fun close() {
            type("/quit")
            assertEquals(0, program.waitFor())
            assertEquals(emptyList<String>(), screen.toList())
        }
    }

    private companion object {
        const val NO_GROUP = "* you are in no group yet: /create one, or wait until someone adds you"
    }
}
