package org.conclave.mls.sqlite

import java.nio.file.Path
import java.sql.Connection
import java.sql.SQLException
import java.time.Duration
import java.util.ArrayDeque
import org.conclave.mls.Effect
import org.conclave.mls.KeyRange
import org.conclave.mls.Storage
import org.conclave.mls.StorageException
import org.conclave.mls.StoredRecord
import org.conclave.mls.WriteBatch

/** Stores what a call of the library produced, in the transaction that makes it so. */
public fun interface OnEffect {
    /**
     * Writes the app's own rows. Runs after the library's records are written and before the transaction ends, so that both are there or
     * neither. It must not end the transaction, nor call the library, and may run again if the database was busy.
     *
     * An exception takes the whole write back, and the call of the library fails as a `ConclaveException.Storage` with the
     * exception's message in `detail`.
     */
    public fun store(connection: Connection, effect: Effect)
}

/**
 * How a store is opened.
 *
 * @property durable Whether a write waits until it is on the disk. Without that, a crash of the machine can bring back old keys: for
 * tests and measurements only.
 * @property busyTimeout How long to wait for a writer in another process.
 */
public data class SqliteOptions(val durable: Boolean = true, val busyTimeout: Duration = Duration.ofSeconds(5))

/**
 * A file of SQLite as the storage of one or more clients, over JDBC (`org.xerial:sqlite-jdbc`).
 *
 * Threads read in parallel; writers, also of other processes, take turns. A write is on the disk when it returns, and the
 * write-ahead log is emptied after every write that forgets an epoch.
 *
 * **Keep the file out of every backup**, and the `-wal` and `-shm` files beside it: an old copy in the place of a live store encrypts
 * under keys that were used since. Within one process, only one copy of the SQLite library may open the file: an app that reads it
 * does so through JDBC too.
 */
public class SqliteStorage private constructor(
    private val path: Path,
    private val options: SqliteOptions,
    private val writer: Writer,
) : Storage, AutoCloseable {
    private val readers = ArrayDeque<SqliteConnection>()

    @Volatile private var closed = false

    /**
     * Opens the file, or creates it, readable by its owner only.
     *
     * @throws StorageException.Unavailable if SQLite cannot open it, or it lies where there can be no write-ahead log.
     */
    @JvmOverloads
    public constructor(path: Path, options: SqliteOptions = SqliteOptions(), onEffect: OnEffect? = null) :
        this(path, options, Writer(openWriter(path, options), options, onEffect))

    /** The values of [keys], all of one state of the store. */
    override fun read(keys: List<ByteArray>): List<ByteArray?> = withReader { it.values(keys) }

    /** The records of one stretch, in order. */
    override fun scan(prefix: ByteArray, after: ByteArray, limit: UInt): List<StoredRecord> =
        withReader { it.records(KeyRange.of(prefix, after), limit) }

    /** Guards, operations and the app's rows in one transaction. */
    override fun write(batch: WriteBatch): Unit = writer.write(batch)

    /**
     * Rewrites the whole file, so that no trace of a deleted record is left in it: SQLite itself leaves a few behind when it packs a
     * page anew. Takes as long as copying the file, and keeps writers waiting meanwhile: for when the device is idle.
     *
     * @throws StorageException.Unavailable if another process was using the file; traces may be left, and nothing else has changed.
     */
    public fun scrub(): Unit = writer.scrub()

    /** Closes the file. Calls of the library that need it fail afterwards. */
    override fun close() {
        synchronized(readers) {
            closed = true
            generateSequence(readers::poll).forEach(SqliteConnection::close)
        }
        // Last, since the last to close empties and removes the write-ahead log.
        writer.close()
    }

    /** Runs [act] on a connection of its own, which serves others afterwards unless it failed. */
    private fun <T> withReader(act: (SqliteConnection) -> T): T {
        if (closed) throw refusal(CLOSED)
        val reader = synchronized(readers) { readers.poll() } ?: openReader(path, options)
        try {
            return act(reader).also { keep(reader) }
        } catch (thrown: Throwable) {
            reader.close()
            throw if (thrown is SQLException) unavailable("reading", thrown) else thrown
        }
    }

    private fun keep(reader: SqliteConnection) {
        val kept = synchronized(readers) { !closed && readers.size < IDLE_READERS && readers.add(reader) }
        if (!kept) reader.close()
    }

    override fun toString(): String = "SqliteStorage(path=$path, options=$options)"

    private companion object {
        /** Idle connections that are kept for the next reader. */
        const val IDLE_READERS = 4
    }
}
