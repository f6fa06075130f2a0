package org.conclave.mls.sqlite

import java.io.IOException
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.attribute.PosixFilePermissions
import java.sql.DriverManager
import java.sql.SQLException
import org.conclave.mls.StorageException
import org.sqlite.SQLiteConfig
import org.sqlite.SQLiteException

/** Without a row id, a record is found in one search of one tree. */
private const val SCHEMA =
    "CREATE TABLE IF NOT EXISTS conclave_records (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID"

/**
 * How often a busy database is asked again, in milliseconds. SQLite's own waiting asks ever more rarely, up to ten times a second:
 * beside a process that writes one message after the other, it hardly ever comes to its turn.
 */
internal const val RETRY = 1L

internal const val CLOSED = "the store is closed"

/** A connection that may write, with the table in place. */
internal fun openWriter(path: Path, options: SqliteOptions): SqliteConnection {
    createPrivate(path)
    val writer = connect(path, options)
    try {
        val deadline = System.nanoTime() + options.busyTimeout.toNanos()
        while (!prepared(writer, options, lastTry = System.nanoTime() >= deadline)) Thread.sleep(RETRY)
        if (writer.query("PRAGMA journal_mode") { it.getString(1) } == "wal") return writer
        throw refusal("opening: the place cannot have a write-ahead log; the store needs a file on a local disk")
    } catch (thrown: Throwable) {
        writer.close()
        throw if (thrown is SQLException) unavailable("preparing the file", thrown) else thrown
    }
}

/** A connection that only reads. */
internal fun openReader(path: Path, options: SqliteOptions): SqliteConnection =
    try {
        connect(path, options).also { it.run("PRAGMA query_only = ON") }
    } catch (error: SQLException) {
        throw unavailable("opening a reader", error)
    }

/** Whether another connection held a lock for too long. */
internal fun isBusy(error: Throwable): Boolean {
    val code = (error as? SQLiteException)?.resultCode?.code ?: return false
    return code and 0xff == SQLITE_BUSY || code and 0xff == SQLITE_LOCKED
}

private const val SQLITE_BUSY = 5
private const val SQLITE_LOCKED = 6

/** What SQLite said, and while doing what. */
internal fun unavailable(doing: String, error: SQLException): StorageException = refusal("$doing: ${error.message}")

/** `Unavailable`, in words of our own. */
internal fun refusal(detail: String): StorageException = StorageException.Unavailable(detail)

private fun connect(path: Path, options: SqliteOptions): SqliteConnection {
    val file = path.toAbsolutePath().toString()
    // The driver would take what follows for settings.
    if ('?' in file) throw refusal("opening: there must be no question mark in the path")
    val config = SQLiteConfig().apply {
        busyTimeout = Math.toIntExact(options.busyTimeout.toMillis())
        // Otherwise the driver leaves a statement open after every insertion, and nothing can be scrubbed.
        isGetGeneratedKeys = false
    }
    try {
        return SqliteConnection(DriverManager.getConnection("jdbc:sqlite:$file", config.toProperties()))
    } catch (error: SQLException) {
        throw unavailable("opening", error)
    }
}

/** Settings that outlive no connection, except for the journal mode, and the table; `false` if the database is busy. */
private fun prepared(writer: SqliteConnection, options: SqliteOptions, lastTry: Boolean): Boolean =
    try {
        val durable = if (options.durable) "ON" else "OFF"
        set(writer, "secure_delete = ON")
        set(writer, "synchronous = ${if (options.durable) "FULL" else "OFF"}")
        // Only Apple's systems know the difference: there a plain fsync does not reach the disk.
        set(writer, "fullfsync = $durable")
        set(writer, "checkpoint_fullfsync = $durable")
        set(writer, "journal_mode = WAL")
        writer.run(SCHEMA)
        true
    } catch (error: SQLException) {
        if (lastTry || !isBusy(error)) throw error
        false
    }

private fun set(writer: SqliteConnection, setting: String) {
    writer.jdbc.createStatement().use { it.execute("PRAGMA $setting") }
}

/**
 * Creates the file for its owner alone; SQLite gives the files beside it the same permissions. A file that is there is never opened
 * here: to close it again would drop the locks that SQLite holds on it in this process.
 */
private fun createPrivate(path: Path) {
    if ("posix" !in path.fileSystem.supportedFileAttributeViews()) return
    try {
        Files.createFile(path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))
    } catch (_: IOException) {
        // It is there already, or SQLite's own attempt says why it cannot be.
    }
}
