package org.conclave.mls.examples

import java.nio.file.Files
import java.nio.file.Path
import java.sql.Connection
import kotlin.random.Random
import kotlin.system.exitProcess
import org.conclave.mls.Client
import org.conclave.mls.ConclaveException
import org.conclave.mls.Effect
import org.conclave.mls.Event
import org.conclave.mls.Group
import org.conclave.mls.Host
import org.conclave.mls.acceptAll
import org.conclave.mls.basicConfig
import org.conclave.mls.code
import org.conclave.mls.sqlite.SqliteStorage

/** What `receive` says when another process of this device was quicker: the epoch is past, or the key is gone. */
private val HAD_BEEN = setOf(403u, 405u)

/** Another process is at work on the same group at the very moment. */
private val AGAIN = setOf(501u, 601u)

/**
 * For tests across languages: `worker DATABASE INBOX SALT` receives what lies in INBOX as bob, whose store DATABASE is, beside other
 * processes that do the same. `EEE-NNNN.msg` are the messages of step EEE, taken in an order that SALT decides, and `EEE.commit` ends
 * the step. What messages say goes into the table `received`, in the transaction that uses their keys up.
 */
fun main(arguments: Array<String>) {
    if (arguments.size != 3) {
        System.err.println("usage: worker DATABASE INBOX SALT")
        exitProcess(2)
    }
    try {
        val (database, inbox) = arguments.take(2).map(Path::of)
        SqliteStorage(database, onEffect = ::keep).use { storage ->
            Client(basicConfig("bob"), Host(storage, acceptAll())).use { bob ->
                bob.openGroup(bob.groups(null, 1u).groups.single().groupId).use { Worker(it, arguments[2]).work(inbox) }
            }
        }
    } catch (thrown: Throwable) {
        System.err.println("worker: $thrown")
        exitProcess(1)
    }
}

private fun keep(connection: Connection, effect: Effect) {
    val message = (effect as? Effect.Received)?.event as? Event.Message ?: return
    connection.prepareStatement("INSERT INTO received (text) VALUES (?)").use {
        it.setString(1, String(message.plaintext))
        it.executeUpdate()
    }
}

private class Worker(private val group: Group, salt: String) {
    private val random = Random(salt.hashCode())
    private var received = 0
    private var hadBeen = 0

    fun work(inbox: Path) {
        val files = Files.newDirectoryStream(inbox).use { it.toList() }
        for ((_, step) in files.groupBy { it.fileName.toString().take(3) }.toSortedMap()) {
            val (commits, messages) = step.sorted().partition { it.toString().endsWith(".commit") }
            (messages.shuffled(random) + commits).forEach { take(Files.readAllBytes(it)) }
        }
        out.println("$received received, $hadBeen had been")
    }

    private tailrec fun take(message: ByteArray) {
        try {
            when (group.receive(message)) {
                is Event.Message, is Event.EpochChanged -> received++
                Event.Duplicate -> hadBeen++
                else -> throw Problem("neither a message nor a commit")
            }
            return
        } catch (error: ConclaveException) {
            when (error.code) {
                in HAD_BEEN -> return run { hadBeen++ }
                !in AGAIN -> throw error
            }
        }
        take(message)
    }
}
