package org.conclave.mls.examples

import java.nio.file.Path
import java.sql.Connection
import java.sql.DriverManager
import java.sql.ResultSet
import org.conclave.mls.Effect
import org.conclave.mls.Event

private const val TABLES = """
    CREATE TABLE IF NOT EXISTS app_cursor (group_id BLOB PRIMARY KEY, number INTEGER NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS app_inbox (
        id INTEGER PRIMARY KEY, group_id BLOB NOT NULL, number INTEGER NOT NULL, line TEXT NOT NULL,
        shown INTEGER NOT NULL DEFAULT 0, UNIQUE (group_id, number)) STRICT;
    CREATE TABLE IF NOT EXISTS app_outbox (
        id INTEGER PRIMARY KEY, group_id BLOB NOT NULL, tag TEXT NOT NULL, recipient TEXT, bytes BLOB NOT NULL,
        after INTEGER NOT NULL, sent INTEGER NOT NULL DEFAULT 0) STRICT"""

/** A letter keeps the cursor of the moment at which it was made: whatever is posted of it comes behind that. */
private const val OUTBOX =
    "INSERT INTO app_outbox (group_id, tag, recipient, bytes, after) VALUES (?1, ?2, ?3, ?4, " +
        "coalesce((SELECT number FROM app_cursor WHERE group_id = ?1), 0))"

/** A number that is there already is refused: no message is received twice. */
private const val INBOX = "INSERT INTO app_inbox (group_id, number, line) VALUES (?1, ?2, ?3)"

private const val CURSOR = "INSERT OR REPLACE INTO app_cursor (group_id, number) VALUES (?1, ?2)"

/**
 * Something to send.
 *
 * @property tag What the call was about; for a Welcome, the number of the commit that added the recipient.
 * @property recipient Who alone gets it; nothing for the whole group.
 * @property after The last message that this device had handled when it was made.
 * @property bytes Sent as they are, as often as it takes, and never made again.
 */
class Letter(val id: Long, val groupId: ByteArray, val tag: Tag, val recipient: String?, val after: Long, val bytes: ByteArray)

/**
 * The app's own tables, in the same file as the library's records: what was received, how far, and what is to be sent.
 *
 * They are filled by [record], which runs inside the transaction in which the library moves its keys. So a message is in the inbox
 * exactly if its key is used up, the cursor stands behind exactly what has been handled, and nothing was ever encrypted that is not
 * in the outbox. That is all it takes to survive a crash at any line.
 */
class Ledger(path: Path) : AutoCloseable {
    private val connection: Connection = DriverManager.getConnection("jdbc:sqlite:$path")

    init {
        // Another process may hold the file just now.
        connection.createStatement().use { it.execute("PRAGMA busy_timeout = 5000") }
        TABLES.split(";").forEach { connection.change(it) }
    }

    /** The number of the last message that was handled. */
    fun cursor(groupId: ByteArray): Long =
        connection.rows("SELECT number FROM app_cursor WHERE group_id = ?1", groupId) { it.getLong(1) }.singleOrNull() ?: 0

    /**
     * Steps over a message that changed nothing in the library, and so had no effect to write the cursor with; [line] is what the user
     * should know of it. Does nothing if another process of this device did that or received the message.
     */
    fun skip(groupId: ByteArray, number: Long, line: String?) {
        val step = "UPDATE app_cursor SET number = ?2 WHERE group_id = ?1 AND number = ?2 - 1"
        connection.change("BEGIN IMMEDIATE")
        try {
            val stepped = connection.change(step, groupId, number) == 1
            if (stepped && line != null) connection.change(INBOX, groupId, number, line)
            connection.change("COMMIT")
        } catch (error: Exception) {
            connection.change("ROLLBACK")
            throw error
        }
    }

    /** The lines that no process has shown yet, in order. Each is handed out once. */
    fun news(): List<String> =
        connection
            .rows("UPDATE app_inbox SET shown = 1 WHERE shown = 0 RETURNING id, line") { it.getLong(1) to it.getString(2) }
            .sortedBy { it.first }
            .map { it.second }

    /** Everything received, shown or not, in the order in which it came. */
    fun inbox(): List<String> = connection.rows("SELECT line FROM app_inbox ORDER BY id") { it.getString(1) }

    /** What has not been sent, oldest first. */
    fun unsent(): List<Letter> =
        connection.rows("SELECT id, group_id, tag, recipient, bytes, after FROM app_outbox WHERE sent = 0 ORDER BY id") {
            Letter(it.getLong(1), it.getBytes(2), Tag.parse(it.getString(3)), it.getString(4), it.getLong(6), it.getBytes(5))
        }

    /** Notes that the delivery service has it. */
    fun markSent(letter: Letter) {
        connection.change("UPDATE app_outbox SET sent = 1 WHERE id = ?1", letter.id)
    }

    override fun close(): Unit = connection.close()
}

/** Writes what a call of the library produced, in the transaction of that call: the store's `onEffect`. */
fun record(connection: Connection, effect: Effect) {
    when (effect) {
        is Effect.Received -> connection.arrived(effect.groupId, effect.tag, words(effect.event))
        is Effect.Confirmed -> {
            connection.arrived(effect.groupId, effect.tag, words(effect.event))
            val welcome = effect.welcome ?: return
            val change = (effect.event as? Event.EpochChanged)?.change ?: return
            change.added.forEach { connection.send(effect.groupId, effect.tag, name(it), welcome) }
        }
        is Effect.Outbound -> connection.send(effect.groupId, effect.tag, null, effect.message)
        is Effect.Joined -> {
            val first = effect.epoch == 0uL
            connection.arrived(effect.groupId, effect.tag, if (first) "* you made the group" else "* you joined the group")
        }
        // The library lists unused key packages itself, so they need no row to be published from; and this app has no archives.
        is Effect.KeyPackages, is Effect.Imported -> {}
    }
}

private fun Connection.arrived(groupId: ByteArray, tag: ByteArray, line: String) {
    val cursor = Tag.parse(tag) as? Tag.Cursor ?: return
    change(INBOX, groupId, cursor.number, line)
    change(CURSOR, groupId, cursor.number)
}

private fun Connection.send(groupId: ByteArray, tag: ByteArray, recipient: String?, bytes: ByteArray) {
    change(OUTBOX, groupId, Tag.parse(tag).written(), recipient, bytes)
}

private fun Connection.change(sql: String, vararg values: Any?): Int =
    prepareStatement(sql).use { statement ->
        values.forEachIndexed { n, value -> statement.setObject(n + 1, value) }
        statement.executeUpdate()
    }

private fun <T> Connection.rows(sql: String, vararg values: Any?, read: (ResultSet) -> T): List<T> =
    prepareStatement(sql).use { statement ->
        values.forEachIndexed { n, value -> statement.setObject(n + 1, value) }
        statement.executeQuery().use { rows -> buildList { while (rows.next()) add(read(rows)) } }
    }
