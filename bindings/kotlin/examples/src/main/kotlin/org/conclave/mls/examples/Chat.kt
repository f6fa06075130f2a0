package org.conclave.mls.examples

import java.io.BufferedReader
import java.io.PrintStream
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit
import kotlin.concurrent.thread
import org.conclave.mls.ConclaveException
import org.conclave.mls.info

private const val COMMANDS = """Anything that does not begin with a slash is sent to the group. Commands:
  /create          make a group with you alone in it
  /add NAME...     add people; they must have been here once, and may be away now
  /remove NAME     remove someone, who can then read nothing that is said afterwards
  /members         tell who is in the group
  /epoch           tell the epoch and its authenticator: equal for all members, and for nobody else
  /refresh         take fresh keys, which shuts out whoever may have stolen the old ones
  /help            show this
  /quit            leave the program; the group stays"""

/** How often the delivery service is asked for news, in milliseconds. */
private const val LOOK = 100L

/** Ends the answer to one command. */
const val END = "."

/** The chat: a line is a message, a line that begins with a slash is a command. */
class Chat(private val device: Device, private val input: BufferedReader, private val out: PrintStream) {
    /** A chat on the terminal, until `/quit` or the end of the input. What others say appears as it comes. */
    fun onTerminal() {
        out.println("* you are ${device.name}; /help tells what you can do")
        device.sync()
        if (device.findGroup() == null) {
            out.println("* you are in no group yet: /create one, or wait until someone adds you")
        }
        val lines = typed()
        while (obey(lines.poll(LOOK, TimeUnit.MILLISECONDS)?.trim() ?: "")) out.flush()
    }

    /** A chat with a program: a line with a dot says that it is ready, and each command is answered by some lines and a dot. */
    fun byScript() {
        do {
            out.println(END)
            out.flush()
            val line = input.readLine() ?: return
        } while (obey(line.trim()))
    }

    /** Reads the terminal on a thread of its own, since nothing else can be done while waiting for it. */
    private fun typed(): LinkedBlockingQueue<String> {
        val lines = LinkedBlockingQueue<String>()
        thread(isDaemon = true) {
            generateSequence(input::readLine).forEach(lines::put)
            lines.put("/quit")
        }
        return lines
    }

    /** Does what the line says, and tells the news. A command that fails is told of, and ends nothing. */
    private fun obey(line: String): Boolean {
        if (line == "/quit") return false
        try {
            act(line)
        } catch (error: Exception) {
            out.println("! ${plain(error)}")
        }
        device.news().forEach(out::println)
        return true
    }

    private fun act(line: String) {
        val words = line.split(Regex("\\s+"))
        val command = words[0]
        when {
            line.isEmpty() -> device.sync()
            line == "/create" -> device.createGroup()
            command == "/add" && words.size > 1 -> device.add(words.drop(1))
            command == "/remove" && words.size == 2 -> device.remove(words[1])
            line == "/members" -> members()
            line == "/epoch" -> epoch()
            line == "/refresh" -> device.refresh()
            line == "/help" -> out.println(COMMANDS)
            line.startsWith("/") -> throw Problem("$command is not understood; /help tells more")
            else -> device.say(line)
        }
    }

    private fun members() {
        device.sync()
        out.println("members: " + device.group().members(null, 1000u).joinToString { name(it.name) })
    }

    private fun epoch() {
        device.sync()
        val group = device.group()
        out.println("epoch ${group.status().epoch}: ${hex(group.epochAuthenticator())}")
    }
}

/** An error of the library in the words of its table, with what to do about it; any other as it is. */
private fun plain(error: Exception): String {
    val known = (error as? ConclaveException)?.info ?: return error.message ?: error.toString()
    return "${known.summary} (${known.code}): ${known.remedy}"
}
