package android.database

import android.database.sqlite.SQLiteDatabase
import java.io.Closeable

open class SQLException(message: String?) : RuntimeException(message)

fun interface DatabaseErrorHandler {
    fun onCorruption(database: SQLiteDatabase)
}

interface Cursor : Closeable {
    fun moveToNext(): Boolean

    fun getBlob(column: Int): ByteArray?

    fun getLong(column: Int): Long
}
