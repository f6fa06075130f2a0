package org.conclave.mls.examples

import java.io.FileDescriptor
import java.io.FileOutputStream
import java.io.IOException
import java.io.PrintStream
import java.lang.management.ManagementFactory
import java.nio.file.Path
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit
import kotlin.concurrent.thread
import kotlin.system.exitProcess

/** Longest wait for a line, or for a kill, in seconds. */
private const val PATIENCE = 60L

/** Follows the last line of a process: no line has a zero in it. */
private const val GONE = "\u0000"

/** Where what is printed goes, whatever the machine's own encoding is. */
val out: PrintStream = PrintStream(FileOutputStream(FileDescriptor.out), true, Charsets.UTF_8)

/** Where a process can be made to stop and wait for its end. */
enum class Point {
    /** A message is encrypted, and its key used up; nothing has been sent. */
    BEFORE_SENDING,

    /** A message is sent; nothing says so. */
    AFTER_SENDING,

    /** In the transaction of a message received: all is written, nothing is committed. */
    INSIDE_RECEIVING,

    /** The transaction is committed; nobody has seen the message. */
    AFTER_RECEIVING;

    /** Its name on the command line. */
    val word: String get() = name.lowercase().replace('_', '-')

    /** What a process says that has stopped there. */
    val stopped: String get() = "stopped $word"

    /** Says that the point is reached, and waits to be killed. */
    fun stop(): Nothing {
        out.println(stopped)
        // If nobody listens any more, nobody will kill us either: then the wait ends by itself.
        Thread.sleep(TimeUnit.SECONDS.toMillis(PATIENCE))
        exitProcess(1)
    }

    companion object {
        fun parse(word: String): Point = entries.firstOrNull { it.word == word } ?: throw Problem("no such point: $word")
    }
}

/** A process in the role of someone: this program, started again. It is talked to line by line, and killed where one likes. */
class Actor private constructor(private val process: Process) : AutoCloseable {
    private val input = process.outputStream.bufferedWriter()
    private val lines = LinkedBlockingQueue<String>()

    init {
        thread(isDaemon = true) {
            try {
                process.inputStream.bufferedReader().forEachLine(lines::put)
            } catch (_: IOException) {
                // It was killed.
            }
            lines.put(GONE)
        }
    }

    /** Gives a command, and waits for the whole answer. */
    fun ask(command: String): List<String> {
        tell(command)
        return answer()
    }

    /** Gives a command, and does not wait. */
    fun tell(command: String) {
        input.write("$command\n")
        input.flush()
    }

    /** Waits for the answer to a command. */
    fun answer(): List<String> = generateSequence(::line).takeWhile { it != END }.toList()

    /**
     * Gives a command, waits until the process stops at the point in the middle of it, and kills it there: SIGKILL, which a process
     * does not notice and cannot delay.
     */
    fun killAt(point: Point, command: String) {
        tell(command)
        val line = line()
        if (line != point.stopped) throw Problem("the process said \"$line\" and did not stop ${point.word}")
        process.destroyForcibly().waitFor()
    }

    /** Lets the process end by itself. */
    fun end() {
        tell("/quit")
        if (process.waitFor() != 0) throw Problem("a process failed")
    }

    private fun line(): String {
        val line = lines.poll(PATIENCE, TimeUnit.SECONDS)
        return if (line == null || line == GONE) throw Problem("a process has ended, or does not answer") else line
    }

    /** No process outlives the program that started it. */
    override fun close() {
        process.destroyForcibly()
    }

    companion object {
        /** Starts this program again as the device of [name], and waits until it is ready. With a point, it will stop there. */
        fun start(name: String, directory: Path, stopAt: Point? = null): Actor {
            val role = listOf("--as", name, "--dir", "$directory") + (stopAt?.let { listOf("--stop", it.word) } ?: emptyList())
            val process = ProcessBuilder(thisProgram() + role).redirectError(ProcessBuilder.Redirect.INHERIT).start()
            return Actor(process).also { it.answer() }
        }

        private fun thisProgram(): List<String> {
            val runtime = ManagementFactory.getRuntimeMXBean()
            val java = Path.of(System.getProperty("java.home"), "bin", "java").toString()
            return listOf(java) + runtime.inputArguments + listOf("-cp", runtime.classPath, "org.conclave.mls.examples.RoleKt")
        }
    }
}

/** If the arguments are those of [Actor.start], plays that role, and tells so when done. */
fun playedARole(arguments: Array<String>): Boolean {
    if (arguments.size !in setOf(4, 6) || arguments[0] != "--as" || arguments[2] != "--dir") return false
    val stopAt = if (arguments.size == 6 && arguments[4] == "--stop") Point.parse(arguments[5]) else null
    Device(arguments[1], Place(Path.of(arguments[3]), stopAt = stopAt)).use { Chat(it, System.`in`.bufferedReader(), out).byScript() }
    return true
}
