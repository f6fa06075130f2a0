package org.conclave.mls.examples

import java.nio.file.Path
import kotlin.concurrent.thread
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

class SpoolTest {
    @TempDir lateinit var folder: Path
    private lateinit var spool: Spool
    private val group = byteArrayOf(7)

    @BeforeEach
    fun open() {
        spool = Spool(folder)
    }

    @Test
    fun `the first commit of an epoch wins, and a repetition is no second`() {
        assertEquals(1, spool.post(group, 0, Entry(Kind.Message, "a\nb".toByteArray())))
        assertEquals(2, spool.post(group, 0, commit(0, "first")))
        assertNull(spool.post(group, 0, commit(0, "second")))
        assertEquals(2, spool.post(group, 1, commit(0, "first")))
        assertEquals(3, spool.post(group, 2, commit(1, "next")))
        assertArrayEquals("a\nb".toByteArray(), spool.fetch(group, 1)?.message)
        assertNull(spool.fetch(group, 4))
    }

    @Test
    fun `many writers get a number each`() {
        // A draft is named after the process, so the writers here race for drafts as well.
        val writers = List(4) { writer ->
            thread { repeat(10) { spool.post(group, 0, Entry(Kind.Message, "$writer $it".toByteArray())) } }
        }
        writers.forEach(Thread::join)
        assertEquals(40, (1L..40L).map { String(spool.fetch(group, it)!!.message) }.toSet().size)
        assertNull(spool.fetch(group, 41))
    }

    @Test
    fun `a key package is handed out once, and the last resort for ever`() {
        assertNull(spool.takeKeyPackage("bob"))
        spool.publish("bob", byteArrayOf(1), "one".toByteArray())
        spool.publishLastResort("bob", "last".toByteArray())
        assertArrayEquals("one".toByteArray(), spool.takeKeyPackage("bob"))
        spool.publish("bob", byteArrayOf(1), "one".toByteArray())
        repeat(2) { assertArrayEquals("last".toByteArray(), spool.takeKeyPackage("bob")) }
    }

    private fun commit(epoch: Long, text: String) = Entry(Kind.Commit(epoch), text.toByteArray())
}
