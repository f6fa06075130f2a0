package org.conclave.mls.sqlite

import java.sql.SQLException
import java.time.Duration
import java.util.concurrent.locks.ReentrantLock
import kotlin.concurrent.withLock
import org.conclave.mls.Effect
import org.conclave.mls.StorageException
import org.conclave.mls.WriteBatch
import org.conclave.mls.WriteOp
import org.conclave.mls.hostWords

/** Operations pulled from a batch at a time. */
private const val CHUNK = 1024u

/** How long a write that deleted secrets waits for readers, so as to empty the log. */
private val READERS_LEAVE: Duration = Duration.ofMillis(100)

/** The connection that writes: one transaction for the guards, the operations and the app's rows. */
internal class Writer(
    private val connection: SqliteConnection,
    private val options: SqliteOptions,
    private val onEffect: OnEffect?,
) : AutoCloseable {
    // Reentrant, so that a call from inside `onEffect` is refused, and not stuck.
    private val lock = ReentrantLock()
    private var closed = false

    /** Whether the log may hold what was deleted. An earlier run may have left some. */
    private var logIsFull = true

    init {
        // This also ends SQLite's own waiting, see `RETRY`.
        emptyLog(Duration.ZERO)
    }

    /** Writes a batch, again from its start while the database is busy and time is left. */
    fun write(batch: WriteBatch): Unit =
        alone {
            val deadline = System.nanoTime() + options.busyTimeout.toNanos()
            var cleared: Boolean? = null
            while (cleared == null) {
                cleared = attempt(batch, lastTry = System.nanoTime() >= deadline)
            }
            if (cleared) logIsFull = true
            emptyLog(if (cleared) READERS_LEAVE else Duration.ZERO)
        }

    /** Rewrites the file and empties the log. */
    fun scrub(): Unit =
        alone {
            try {
                waiting(options.busyTimeout) { connection.run("VACUUM") }
            } catch (error: SQLException) {
                throw unavailable("scrubbing", error)
            }
            logIsFull = true
            emptyLog(options.busyTimeout)
            if (logIsFull) throw refusal("scrubbing: another process is reading, and the log could not be emptied")
        }

    override fun close(): Unit =
        lock.withLock {
            closed = true
            connection.close()
        }

    private fun alone(act: () -> Unit) {
        if (lock.isHeldByCurrentThread) throw refusal("a transaction is open: the library was called from inside one")
        lock.withLock {
            if (closed) throw refusal(CLOSED)
            act()
        }
    }

    /** One try. Tells whether a range was cleared; nothing if the database was busy. */
    private fun attempt(batch: WriteBatch, lastTry: Boolean): Boolean? =
        try {
            transaction(batch)
        } catch (thrown: Throwable) {
            when {
                thrown is StorageException -> throw thrown
                isBusy(thrown) && !lastTry -> null.also { waitAndRewind(batch) }
                thrown is SQLException -> throw unavailable("writing", thrown)
                else -> throw refusal(hostWords(thrown))
            }
        }

    private fun waitAndRewind(batch: WriteBatch) {
        Thread.sleep(RETRY)
        batch.rewind()
    }

    private fun transaction(batch: WriteBatch): Boolean {
        connection.run("BEGIN IMMEDIATE")
        try {
            checkGuards(batch)
            val cleared = applyAll(batch)
            batch.effect()?.let(::tell)
            connection.run("COMMIT")
            return cleared
        } catch (thrown: Throwable) {
            rollBack(thrown)
            throw thrown
        }
    }

    /** Fails where the app has ended the transaction, by JDBC's own means for instance: then nothing of the batch is stored. */
    private fun tell(effect: Effect) {
        val tellApp = onEffect ?: return
        // Released only in the transaction that it was set in.
        connection.once("SAVEPOINT conclave_effect")
        try {
            tellApp.store(connection.jdbc, effect)
        } catch (_: StorageException.Conflict) {
            throw refusal("on_effect: a conflict, which only guards have")
        } finally {
            // What JDBC then does by itself at each statement.
            if (!connection.jdbc.autoCommit) {
                connection.jdbc.rollback()
                connection.jdbc.autoCommit = true
            }
        }
        connection.once("RELEASE conclave_effect")
    }

    private fun checkGuards(batch: WriteBatch) {
        for (guard in batch.guards()) {
            if (!connection.value(guard.key).contentEquals(guard.expected)) throw StorageException.Conflict()
        }
    }

    private fun applyAll(batch: WriteBatch): Boolean {
        var cleared = false
        while (true) {
            val chunk = batch.nextChunk(CHUNK).ifEmpty { return cleared }
            chunk.forEach(connection::apply)
            cleared = cleared || chunk.any { it is WriteOp.DeleteRange }
        }
    }

    /** SQLite may have rolled back by itself, which then is no error. */
    private fun rollBack(cause: Throwable) {
        try {
            connection.run("ROLLBACK")
        } catch (error: SQLException) {
            cause.addSuppressed(error)
        }
    }

    /**
     * Moves the log into the file and cuts it to nothing. Best effort: as long as another process reads from the log it cannot be
     * done, and is tried again after the next write.
     */
    private fun emptyLog(patience: Duration) {
        if (!logIsFull) return
        try {
            logIsFull = waiting(patience) { connection.query("PRAGMA wal_checkpoint(TRUNCATE)") { it.getBoolean(1) } }
        } catch (_: SQLException) {
            logIsFull = true
        }
    }

    /** Runs [act] with SQLite waiting for others; after it, it does not. */
    private fun <T> waiting(patience: Duration, act: () -> T): T =
        try {
            connection.query("PRAGMA busy_timeout = ${patience.toMillis()}") { }
            act()
        } finally {
            connection.query("PRAGMA busy_timeout = 0") { }
        }
}
