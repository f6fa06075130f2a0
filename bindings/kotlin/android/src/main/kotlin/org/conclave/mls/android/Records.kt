package org.conclave.mls.android

import android.database.Cursor
import android.database.sqlite.SQLiteCursor
import android.database.sqlite.SQLiteDatabase
import org.conclave.mls.KeyRange
import org.conclave.mls.StoredRecord
import org.conclave.mls.WriteOp

/** The table of the other stores, without STRICT, which SQLite has had since 3.37 and Android since API level 34. */
internal const val SCHEMA =
    "CREATE TABLE IF NOT EXISTS conclave_records (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID"

private const val VALUE = "SELECT value FROM conclave_records WHERE key = ?"
private const val BOUNDED = "SELECT key, value FROM conclave_records WHERE key >= ? AND key < ? ORDER BY key LIMIT ?"
private const val UNBOUNDED = "SELECT key, value FROM conclave_records WHERE key >= ? ORDER BY key LIMIT ?"

/** The records in the database. */
internal class Records(private val database: SQLiteDatabase) {
    /** The value of one key. */
    fun value(key: ByteArray): ByteArray? = query(VALUE, key) { if (it.moveToNext()) it.bytes(0) else null }

    /** The first records of a stretch, in order, at most [limit]. */
    fun stretch(range: KeyRange, limit: UInt): List<StoredRecord> =
        when (val to = range.to) {
            null -> query(UNBOUNDED, range.from, limit.toLong(), read = ::all)
            else -> query(BOUNDED, range.from, to, limit.toLong(), read = ::all)
        }

    private fun all(rows: Cursor): List<StoredRecord> =
        buildList { while (rows.moveToNext()) add(StoredRecord(rows.bytes(0), rows.bytes(1))) }

    /** Carries out one operation of a batch. */
    fun apply(op: WriteOp) {
        when (op) {
            is WriteOp.Put -> run("INSERT OR REPLACE INTO conclave_records (key, value) VALUES (?, ?)", op.key, op.value)
            is WriteOp.Delete -> run("DELETE FROM conclave_records WHERE key = ?", op.key)
            is WriteOp.DeleteRange -> run("DELETE FROM conclave_records WHERE key >= ? AND key < ?", op.from, op.to)
        }
    }

    /** Sets or calls a pragma, and gives the first number that it answers. */
    fun pragma(pragma: String): Long? = query("PRAGMA $pragma") { if (it.moveToNext()) it.getLong(0) else null }

    private fun run(sql: String, vararg values: ByteArray) {
        database.compileStatement(sql).use { statement ->
            values.forEachIndexed { n, value -> statement.bindBlob(n + 1, value) }
            statement.executeUpdateDelete()
        }
    }

    /** Android takes texts only as arguments of a query, so bytes are bound where it makes the cursor. */
    private fun <T> query(sql: String, vararg values: Any, read: (Cursor) -> T): T {
        val bound = SQLiteDatabase.CursorFactory { _, driver, table, query ->
            values.forEachIndexed { n, value -> if (value is ByteArray) query.bindBlob(n + 1, value) else query.bindLong(n + 1, value as Long) }
            SQLiteCursor(driver, table, query)
        }
        return database.rawQueryWithFactory(bound, sql, null, "").use(read)
    }
}

/** No column of the table can be NULL, so where Android says so, the value is empty. */
private fun Cursor.bytes(column: Int): ByteArray = getBlob(column) ?: ByteArray(0)
