package org.conclave.mls

import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class KeyRangeTest {
    @Test
    fun `a stretch begins after the key and ends with the prefix`() {
        val range = KeyRange.of(bytes(1, 0xff), bytes())
        assertArrayEquals(bytes(1, 0xff), range.from)
        assertArrayEquals(bytes(2), range.to)
        val later = KeyRange.of(bytes(1, 0x7f), bytes(1, 0x7f, 9))
        assertArrayEquals(bytes(1, 0x7f, 9, 0), later.from)
        assertArrayEquals(bytes(1, 0x80), later.to)
        assertTrue(bytes(1, 0x7f, 0x80) in later)
        assertFalse(bytes(1, 0x7f, 9) in later)
        assertFalse(bytes(1, 0x80) in later)
    }

    @Test
    fun `nothing comes after keys of the greatest bytes`() {
        assertNull(KeyRange.of(bytes(0xff, 0xff), bytes()).to)
        assertNull(KeyRange.of(bytes(), bytes()).to)
        assertTrue(bytes(0xff, 0xff, 0xff) in KeyRange.of(bytes(0xff, 0xff), bytes()))
    }

    @Test
    fun `bytes compare without a sign, and the shorter key comes first`() {
        val ordered = listOf(bytes(), bytes(0), bytes(0, 0), bytes(1), bytes(0x7f), bytes(0x80), bytes(0xff), bytes(0xff, 0))
        assertTrue(ordered.shuffled().sortedWith(KeyRange::compare).zip(ordered).all { (one, other) -> one.contentEquals(other) })
    }

    private fun bytes(vararg values: Int) = values.map(Int::toByte).toByteArray()
}
