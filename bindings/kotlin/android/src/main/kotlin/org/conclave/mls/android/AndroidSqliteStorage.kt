package org.conclave.mls.android

import android.content.Context
import android.database.DatabaseErrorHandler
import android.database.SQLException
import android.database.sqlite.SQLiteDatabase
import android.database.sqlite.SQLiteDatabaseLockedException
import android.database.sqlite.SQLiteTransactionListener
import java.io.File
import org.conclave.mls.Effect
import org.conclave.mls.KeyRange
import org.conclave.mls.Storage
import org.conclave.mls.StorageException
import org.conclave.mls.StoredRecord
import org.conclave.mls.WriteBatch
import org.conclave.mls.WriteOp

/** Stores what a call of the library produced, in the transaction that makes it so. */
public fun interface OnEffect {
    /**
     * Writes the app's own rows. Runs after the library's records are written and before the transaction ends, so that both are there or
     * neither. It must not end the transaction, nor call the library, and may run again if the database was busy.
     *
     * An exception takes the whole write back, and the call of the library fails as a `ConclaveException.Storage` with the
     * exception's message in `detail`.
     */
    public fun store(database: SQLiteDatabase, effect: Effect)
}

/**
 * A file of SQLite as the storage of one or more clients, on Android.
 *
 * **Keep the file out of every backup**: [open] puts it where Android makes none. An old copy in the place of a live store encrypts under
 * keys that were used since. An app that keeps rows of its own in the file does so through [database].
 *
 * @property database The database itself, for the app's own tables.
 */
public class AndroidSqliteStorage(file: File, private val onEffect: OnEffect? = null) : Storage, AutoCloseable {
    public val database: SQLiteDatabase = opened(file)
    private val records = Records(database)

    /** Whether the log may hold what was deleted. An earlier run may have left some. */
    @Volatile private var logIsFull = true

    init {
        if (!database.isWriteAheadLoggingEnabled) throw StorageException.Unavailable("opening: the place cannot have a write-ahead log")
        emptyLog()
    }

    /** The values of [keys], all of one state of the store. */
    override fun read(keys: List<ByteArray>): List<ByteArray?> =
        reading(oneWindow = keys.size == 1) { keys.map(records::value) }

    /** The records of one stretch, in order. */
    override fun scan(prefix: ByteArray, after: ByteArray, limit: UInt): List<StoredRecord> =
        reading(oneWindow = limit <= WINDOW) { records.stretch(KeyRange.of(prefix, after), limit) }

    /** Guards, operations and the app's rows in one transaction. */
    override fun write(batch: WriteBatch) {
        if (database.inTransaction()) throw refusal("a transaction is open: the library was called from inside one")
        val deadline = System.nanoTime() + PATIENCE
        var cleared: Boolean? = null
        while (cleared == null) cleared = attempt(batch, lastTry = System.nanoTime() >= deadline)
        if (cleared) logIsFull = true
        emptyLog()
    }

    /** Closes the file. Calls of the library that need it fail afterwards. */
    override fun close(): Unit = database.close()

    /**
     * What takes more than one query, or more than one window of a cursor, sees one state in a transaction only. Android has no
     * transaction for reading alone before API level 35, so it is one that keeps writers waiting.
     */
    private fun <T> reading(oneWindow: Boolean, act: () -> T): T =
        try {
            if (oneWindow) act() else inTransaction(act)
        } catch (error: SQLException) {
            throw unavailable("reading", error)
        } catch (error: IllegalStateException) {
            // What a database says that was closed.
            throw refusal("reading: ${error.message}")
        }

    /** One try. Tells whether a range was cleared; nothing if the database was busy. */
    private fun attempt(batch: WriteBatch, lastTry: Boolean): Boolean? =
        try {
            inTransaction { apply(batch) }
        } catch (thrown: Throwable) {
            when {
                thrown is StorageException -> throw thrown
                thrown is SQLiteDatabaseLockedException && !lastTry -> null.also { batch.rewind() }
                thrown is SQLException -> throw unavailable("writing", thrown)
                else -> throw refusal(thrown.message ?: thrown.javaClass.name)
            }
        }

    /** Begins as a writer at once: what is read inside is still so when it is written. */
    private fun <T> inTransaction(act: () -> T): T {
        val ending = Ending()
        database.beginTransactionWithListenerNonExclusive(ending)
        val done =
            try {
                act().also { database.setTransactionSuccessful() }
            } finally {
                database.endTransaction()
            }
        // Android takes all back, and says nothing, where a transaction inside this one was not successful.
        if (!ending.committed) throw refusal("on_effect: a transaction of the app inside this one was taken back, and this one with it")
        return done
    }

    /** How a transaction ended. */
    private class Ending : SQLiteTransactionListener {
        var committed = false

        override fun onBegin() = Unit

        override fun onCommit() {
            committed = true
        }

        override fun onRollback() = Unit
    }

    private fun apply(batch: WriteBatch): Boolean {
        // On whichever connection this transaction has.
        records.pragma("secure_delete = ON")
        for (guard in batch.guards()) {
            if (!records.value(guard.key).contentEquals(guard.expected)) throw StorageException.Conflict()
        }
        var cleared = false
        for (op in generateSequence { batch.nextChunk(CHUNK).ifEmpty { null } }.flatten()) {
            records.apply(op)
            cleared = cleared || op is WriteOp.DeleteRange
        }
        batch.effect()?.let(::tell)
        return cleared
    }

    private fun tell(effect: Effect) {
        try {
            onEffect?.store(database, effect)
        } catch (_: StorageException.Conflict) {
            throw refusal("on_effect: a conflict, which only guards have")
        }
    }

    /**
     * Moves the log into the file and cuts it to nothing. Best effort: as long as another process reads from the log it cannot be
     * done, and is tried again after the next write.
     */
    private fun emptyLog() {
        if (!logIsFull) return
        logIsFull =
            try {
                records.pragma("wal_checkpoint(TRUNCATE)") != 0L
            } catch (_: SQLException) {
                true
            }
    }

    public companion object {
        /** Operations pulled from a batch at a time. */
        private const val CHUNK = 1024u

        /** So many records of the greatest length fit into the smallest window that a cursor has, 1 MiB. */
        private const val WINDOW = 15u

        /** How long to wait for a writer in another process, in nanoseconds. */
        private const val PATIENCE = 5_000_000_000L

        /** Opens the file of this name where Android makes no backups of it, or creates it. */
        public fun open(context: Context, name: String, onEffect: OnEffect? = null): AndroidSqliteStorage =
            AndroidSqliteStorage(File(context.noBackupFilesDir, name), onEffect)
    }
}

private fun opened(file: File): SQLiteDatabase {
    val parameters = SQLiteDatabase.OpenParams.Builder()
        .addOpenFlags(SQLiteDatabase.CREATE_IF_NECESSARY or SQLiteDatabase.ENABLE_WRITE_AHEAD_LOGGING)
        .setSynchronousMode("FULL")
        // Android's own handler deletes the file.
        .setErrorHandler(DatabaseErrorHandler { })
        .build()
    try {
        return SQLiteDatabase.openDatabase(file, parameters).also { it.execSQL(SCHEMA) }
    } catch (error: SQLException) {
        throw unavailable("opening", error)
    }
}

/** What SQLite said, and while doing what. */
private fun unavailable(doing: String, error: SQLException): StorageException = refusal("$doing: ${error.message}")

private fun refusal(detail: String): StorageException = StorageException.Unavailable(detail)
