package org.conclave.mls

/**
 * The stretch of keys that a [Storage.scan] asks for, for those who write a storage of their own: from [from], inclusive, to [to],
 * exclusive; `null` for no end. Keys compare as unsigned bytes, as [compare] does, and a column of type BLOB in SQLite.
 */
public class KeyRange private constructor(public val from: ByteArray, public val to: ByteArray?) {
    /** Whether the key lies in the stretch. */
    public operator fun contains(key: ByteArray): Boolean = compare(key, from) >= 0 && (to == null || compare(key, to) < 0)

    public companion object {
        /** The keys that begin with [prefix] and come after [after]. */
        public fun of(prefix: ByteArray, after: ByteArray): KeyRange =
            // No key lies between `after` and `after` with a zero behind it.
            KeyRange(if (compare(after, prefix) < 0) prefix else after + 0, next(prefix))

        /** Negative, zero or positive, as [one] comes before [other], is equal to it, or comes after it. */
        public fun compare(one: ByteArray, other: ByteArray): Int {
            // Android has had Arrays.compareUnsigned since API level 33 only.
            val differs = (0 until minOf(one.size, other.size)).firstOrNull { one[it] != other[it] }
            return if (differs == null) one.size - other.size else one[differs].toUByte().compareTo(other[differs].toUByte())
        }

        /** The first key that comes after all that begin with [prefix]. */
        private fun next(prefix: ByteArray): ByteArray? {
            val last = prefix.indexOfLast { it != 0xff.toByte() }
            return if (last < 0) null else prefix.copyOf(last + 1).also { it[last]++ }
        }
    }
}
