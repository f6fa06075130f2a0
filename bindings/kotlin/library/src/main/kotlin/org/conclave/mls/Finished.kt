package org.conclave.mls

// What generate/Finish.java writes calls to.

/**
 * What the library is told when a callback of the app fails with an exception that it does not declare: the exception's own words,
 * and never its stack trace. The call comes back with them in `detail`.
 */
internal fun hostWords(thrown: Throwable): String =
    try {
        thrown.message?.takeIf { it.isNotBlank() } ?: thrown.javaClass.name
    } catch (_: Throwable) {
        "a callback failed, and its exception has no words that can be told"
    }

/** The text of a record: numbers and words as they are, and of bytes their number alone. */
internal fun described(name: String, vararg fields: Pair<String, Any?>): String =
    fields.joinToString(", ", "$name(", ")") { (field, value) -> "$field=${shown(value)}" }

private fun shown(value: Any?): String =
    when (value) {
        is ByteArray -> "${value.size} bytes"
        is List<*> -> value.joinToString(", ", "[", "]", transform = ::shown)
        else -> value.toString()
    }

/** Whether two values of a field are equal, bytes by what is in them. */
internal fun same(one: Any?, other: Any?): Boolean =
    when {
        one is ByteArray && other is ByteArray -> one.contentEquals(other)
        one is List<*> && other is List<*> -> one.size == other.size && one.indices.all { same(one[it], other[it]) }
        else -> one == other
    }

/** A hash code that goes with [same]. */
internal fun hashed(vararg values: Any?): Int = values.fold(1) { sum, value -> 31 * sum + hash(value) }

private fun hash(value: Any?): Int =
    when (value) {
        is ByteArray -> value.contentHashCode()
        is List<*> -> hashed(*value.toTypedArray())
        else -> value.hashCode()
    }
