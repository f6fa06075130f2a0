package org.conclave.mls.sqlite

import java.sql.Connection
import java.sql.PreparedStatement
import java.sql.ResultSet
import org.conclave.mls.KeyRange
import org.conclave.mls.StoredRecord
import org.conclave.mls.WriteOp

private const val VALUE = "SELECT value FROM conclave_records WHERE key = ?"
private const val BOUNDED = "SELECT key, value FROM conclave_records WHERE key >= ? AND key < ? ORDER BY key LIMIT ?"
private const val UNBOUNDED = "SELECT key, value FROM conclave_records WHERE key >= ? ORDER BY key LIMIT ?"
private const val PUT = "INSERT OR REPLACE INTO conclave_records (key, value) VALUES (?, ?)"
private const val DELETE = "DELETE FROM conclave_records WHERE key = ?"
private const val DELETE_RANGE = "DELETE FROM conclave_records WHERE key >= ? AND key < ?"

/** A connection with the statements of the store kept prepared. Used by one thread at a time. */
internal class SqliteConnection(val jdbc: Connection) : AutoCloseable {
    private val prepared = HashMap<String, PreparedStatement>()

    /** The values of [keys], in their order, all of one state of the store. */
    fun values(keys: List<ByteArray>): List<ByteArray?> {
        if (keys.size == 1) return listOf(value(keys[0]))
        run("BEGIN")
        return keys.map(::value).also { run("COMMIT") }
    }

    /** The value of one key. */
    fun value(key: ByteArray): ByteArray? = query(VALUE, key) { if (it.next()) it.bytes(1) else null }

    /** The first records of a stretch, in order, at most [limit]. */
    fun records(range: KeyRange, limit: UInt): List<StoredRecord> =
        when (val to = range.to) {
            null -> query(UNBOUNDED, range.from, limit.toLong(), read = ::records)
            else -> query(BOUNDED, range.from, to, limit.toLong(), read = ::records)
        }

    private fun records(rows: ResultSet): List<StoredRecord> =
        buildList { while (rows.next()) add(StoredRecord(rows.bytes(1), rows.bytes(2))) }

    /** Carries out one operation of a batch. */
    fun apply(op: WriteOp) {
        when (op) {
            is WriteOp.Put -> run(PUT, op.key, op.value)
            is WriteOp.Delete -> run(DELETE, op.key)
            is WriteOp.DeleteRange -> run(DELETE_RANGE, op.from, op.to)
        }
    }

    /** Runs a statement that gives no rows. */
    fun run(sql: String, vararg values: Any) {
        bound(sql, values).executeUpdate()
    }

    /** Runs a statement that may fail, which leaves a prepared one useless. */
    fun once(sql: String) {
        jdbc.createStatement().use { it.execute(sql) }
    }

    /** Runs a statement, and [read]s its rows. */
    fun <T> query(sql: String, vararg values: Any, read: (ResultSet) -> T): T = bound(sql, values).executeQuery().use(read)

    private fun bound(sql: String, values: Array<out Any>): PreparedStatement {
        val statement = prepared.getOrPut(sql) { jdbc.prepareStatement(sql) }
        values.forEachIndexed { n, value ->
            if (value is ByteArray) statement.setBytes(n + 1, value) else statement.setObject(n + 1, value)
        }
        return statement
    }

    override fun close() {
        jdbc.close()
    }
}

/** No column of the table can be NULL, so where JDBC says so, the value is empty. */
private fun ResultSet.bytes(column: Int): ByteArray = getBytes(column) ?: ByteArray(0)
