package org.conclave.mls.examples

import java.nio.file.Files
import java.nio.file.Path
import kotlin.system.exitProcess
import org.conclave.mls.Client
import org.conclave.mls.Host
import org.conclave.mls.JoinOptions
import org.conclave.mls.Storage
import org.conclave.mls.WriteBatch
import org.conclave.mls.acceptAll
import org.conclave.mls.basicConfig
import org.conclave.mls.memoryStorage
import org.conclave.mls.sqlite.SqliteStorage

private const val USAGE = """usage:
  bench                                 what it costs to encrypt 1 KiB
  bench DATABASE WELCOME TREE           the same, and what it costs the client "joiner", in DATABASE, to join
  bench key-package DATABASE FILE       makes DATABASE, with that client, and a key package of it
  bench group SIZE FILE WELCOME TREE    makes a group of that size with it, and what to join by"""

private const val WARM_UP = 5_000
private const val CALLS = 10_000

/** How many members one commit adds. */
private const val AT_ONCE = 500

/** Measures, and prints `name<TAB>value<TAB>unit`. */
fun main(arguments: Array<String>) {
    when {
        arguments.size == 3 && arguments[0] == "key-package" -> makeKeyPackage(Path.of(arguments[1]), Path.of(arguments[2]))
        arguments.size == 5 && arguments[0] == "group" -> {
            makeGroup(arguments[1].toInt(), Path.of(arguments[2]), Path.of(arguments[3]), Path.of(arguments[4]))
        }
        arguments.size == 3 -> {
            join(Path.of(arguments[0]), Path.of(arguments[1]), Path.of(arguments[2]))
            encryption()
        }
        arguments.isEmpty() -> encryption()
        else -> {
            System.err.println(USAGE)
            exitProcess(2)
        }
    }
}

private fun encryption() {
    tell("encrypt 1 KiB, storage of the library", encrypt(memoryStorage()), "us")
    tell("encrypt 1 KiB, storage in Kotlin", encrypt(MapStorage()), "us")
}

/** Microseconds for a call. */
private fun encrypt(storage: Storage): Double {
    val group = Client(basicConfig("alice"), Host(storage, acceptAll())).createGroup()
    val text = ByteArray(1024)
    repeat(WARM_UP) { group.encrypt(text) }
    return micros { repeat(CALLS) { group.encrypt(text) } } / CALLS
}

private fun makeKeyPackage(database: Path, file: Path) {
    SqliteStorage(database).use { storage ->
        Files.write(file, Client(basicConfig("joiner"), Host(storage, acceptAll())).use { it.createKeyPackages(1u).single().message })
    }
}

private fun makeGroup(size: Int, keyPackage: Path, welcome: Path, tree: Path) {
    val group = person("alice").createGroup()
    val others = (1..size - 2).asSequence().map { n -> person("member $n").use { it.createKeyPackages(1u).single().message } }
    for (some in others.chunked(AT_ONCE)) {
        group.newCommit().treeLater().also { builder -> some.forEach { builder.add(it).close() } }.build()
        group.confirmCommit()
    }
    val built = group.newCommit().treeLater().add(Files.readAllBytes(keyPackage)).build()
    group.confirmCommit()
    Files.write(welcome, built.welcome!!)
    Files.write(tree, group.exportTree())
}

private fun join(database: Path, welcome: Path, tree: Path) {
    SqliteStorage(database).use { sqlite ->
        val storage = Timed(sqlite)
        val joiner = Client(basicConfig("joiner"), Host(storage, acceptAll()))
        val options = JoinOptions(tree = Files.readAllBytes(tree))
        val bytes = Files.readAllBytes(welcome)
        storage.spent = 0.0
        val all = micros { joiner.join(bytes, options).use { tell("members", it.status().members.toDouble(), "members") } }
        tell("join", all / 1e6, "s")
        tell("join, the write of it", storage.spent / 1e6, "s")
        tell("join, peak resident set", peak() / 1024.0, "MiB")
    }
}

private class Timed(private val storage: Storage) : Storage by storage {
    var spent = 0.0

    override fun write(batch: WriteBatch) {
        spent += micros { storage.write(batch) }
    }
}

private fun micros(act: () -> Unit): Double {
    val start = System.nanoTime()
    act()
    return (System.nanoTime() - start) / 1e3
}

/** In KiB, where the system tells it. */
private fun peak(): Long {
    val status = Path.of("/proc/self/status").takeIf(Files::exists)?.let(Files::readAllLines).orEmpty()
    return status.firstOrNull { it.startsWith("VmHWM") }?.filter(Char::isDigit)?.toLong() ?: 0
}

private fun tell(name: String, value: Double, unit: String) = out.println("%s\t%.3f\t%s".format(java.util.Locale.ROOT, name, value, unit))
