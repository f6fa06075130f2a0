package android.database.sqlite

import android.database.Cursor
import android.database.DatabaseErrorHandler
import android.database.SQLException
import java.io.Closeable
import java.io.File
import java.sql.Connection
import java.sql.DriverManager
import java.sql.PreparedStatement
import java.util.concurrent.locks.ReentrantLock
import org.sqlite.SQLiteConfig

open class SQLiteException(message: String?) : SQLException(message)

class SQLiteDatabaseLockedException(message: String?) : SQLiteException(message)

/** One connection, which a thread has to itself for a statement or for a whole transaction. */
class SQLiteDatabase private constructor(private val jdbc: Connection) : Closeable {
    private val session = ReentrantLock()
    private val transactions = ArrayDeque<Transaction>()

    val isWriteAheadLoggingEnabled: Boolean get() = true

    fun inTransaction(): Boolean = session.isHeldByCurrentThread && transactions.isNotEmpty()

    fun beginTransactionNonExclusive(): Unit = beginTransactionWithListenerNonExclusive(null)

    fun beginTransactionWithListenerNonExclusive(listener: SQLiteTransactionListener?) {
        session.lock()
        try {
            if (transactions.isEmpty()) execSQL("BEGIN IMMEDIATE")
        } catch (thrown: Throwable) {
            session.unlock()
            throw thrown
        }
        transactions.addLast(Transaction(listener))
    }

    fun setTransactionSuccessful() {
        transactions.last().successful = true
    }

    /** Like Android's: the end of the outermost one decides, and one inside that failed decides it, without a word. */
    fun endTransaction() {
        val ended = transactions.removeLast()
        val successful = ended.successful && !ended.childFailed
        try {
            if (successful) ended.listener?.onCommit() else ended.listener?.onRollback()
            when (val outer = transactions.lastOrNull()) {
                null -> execSQL(if (successful) "COMMIT" else "ROLLBACK")
                else -> outer.childFailed = outer.childFailed || !successful
            }
        } finally {
            session.unlock()
        }
    }

    private class Transaction(val listener: SQLiteTransactionListener?) {
        var successful = false
        var childFailed = false
    }

    fun execSQL(sql: String): Unit = compileStatement(sql).use { it.execute() }

    fun compileStatement(sql: String): SQLiteStatement = alone { SQLiteStatement(this, jdbc.prepareStatement(sql)) }

    fun rawQueryWithFactory(factory: CursorFactory, sql: String, arguments: Array<String>?, table: String): Cursor =
        alone { factory.newCursor(this, object : SQLiteCursorDriver {}, table, SQLiteQuery(this, jdbc.prepareStatement(sql))) }

    override fun close(): Unit = jdbc.close()

    internal fun <T> alone(act: () -> T): T {
        session.lock()
        try {
            if (jdbc.isClosed) throw IllegalStateException("attempt to re-open an already-closed object")
            return act()
        } catch (error: java.sql.SQLException) {
            throw if ("BUSY" in error.message!!) SQLiteDatabaseLockedException(error.message) else SQLiteException(error.message)
        } finally {
            session.unlock()
        }
    }

    fun interface CursorFactory {
        fun newCursor(database: SQLiteDatabase, driver: SQLiteCursorDriver, table: String, query: SQLiteQuery): Cursor
    }

    class OpenParams private constructor() {
        class Builder {
            fun addOpenFlags(flags: Int): Builder = this

            fun setSynchronousMode(mode: String): Builder = this

            fun setErrorHandler(handler: DatabaseErrorHandler): Builder = this

            fun build(): OpenParams = OpenParams()
        }
    }

    companion object {
        const val CREATE_IF_NECESSARY: Int = 0x10000000
        const val ENABLE_WRITE_AHEAD_LOGGING: Int = 0x20000000

        fun openDatabase(file: File, parameters: OpenParams): SQLiteDatabase {
            val config = SQLiteConfig().apply {
                setJournalMode(SQLiteConfig.JournalMode.WAL)
                busyTimeout = 2500
                isGetGeneratedKeys = false
            }
            try {
                return SQLiteDatabase(DriverManager.getConnection("jdbc:sqlite:$file", config.toProperties()))
            } catch (error: java.sql.SQLException) {
                throw SQLiteException(error.message)
            }
        }
    }
}

interface SQLiteTransactionListener {
    fun onBegin()

    fun onCommit()

    fun onRollback()
}

interface SQLiteCursorDriver

abstract class SQLiteProgram(internal val database: SQLiteDatabase, internal val prepared: PreparedStatement) : Closeable {
    fun bindBlob(index: Int, value: ByteArray): Unit = prepared.setBytes(index, value)

    fun bindLong(index: Int, value: Long): Unit = prepared.setLong(index, value)

    override fun close(): Unit = prepared.close()
}

class SQLiteQuery(database: SQLiteDatabase, prepared: PreparedStatement) : SQLiteProgram(database, prepared)

class SQLiteStatement(database: SQLiteDatabase, prepared: PreparedStatement) : SQLiteProgram(database, prepared) {
    fun execute(): Unit = database.alone { prepared.execute() }

    fun executeUpdateDelete(): Int = database.alone { prepared.executeUpdate() }
}

/** Like Android's, it is filled when it is first moved. */
class SQLiteCursor(driver: SQLiteCursorDriver, table: String, private val query: SQLiteQuery) : Cursor {
    private val rows: List<List<Any?>> by lazy {
        query.database.alone {
            query.prepared.executeQuery().use { found ->
                buildList { while (found.next()) add(List(found.metaData.columnCount) { found.getObject(it + 1) }) }
            }
        }
    }
    private var at = -1

    override fun moveToNext(): Boolean = ++at < rows.size

    override fun getBlob(column: Int): ByteArray? = rows[at][column] as ByteArray?

    override fun getLong(column: Int): Long = (rows[at][column] as Number).toLong()

    override fun close(): Unit = query.close()
}
