package org.conclave.mls

import java.nio.file.Path
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.Executors
import java.util.concurrent.TimeUnit
import kotlin.random.Random
import org.conclave.mls.sqlite.SqliteOptions
import org.conclave.mls.sqlite.SqliteStorage
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

private const val THREADS = 8
private const val GROUPS = 32
private const val EACH = 2

class ThreadsTest {
    @TempDir lateinit var folder: Path

    @Test
    fun `8 threads on one client and 32 groups lose no message and read none twice`() {
        val store = SqliteStorage(folder.resolve("bob.db"), SqliteOptions(durable = false))
        val alice = person("alice")
        val bob = person("bob", store)
        val groups = List(GROUPS) { alice.createGroup().let { group -> group to add(group, bob) } }
        val sent = ConcurrentLinkedQueue<Pair<Int, ByteArray>>()
        together { thread ->
            for (n in groups.indices.shuffled(Random(thread))) {
                repeat(EACH) { sent += n to groups[n].first.encrypt("$n $thread $it".toByteArray()) }
            }
        }
        val waiting = ConcurrentLinkedQueue(sent.shuffled(Random(0)))
        val read = ConcurrentLinkedQueue<String>()
        together {
            generateSequence(waiting::poll).forEach { (n, message) -> read += text(groups[n].second.receive(message)) }
        }
        val wanted = groups.indices.flatMap { n -> (0 until THREADS).flatMap { t -> (0 until EACH).map { "$n $t $it" } } }
        assertEquals(wanted.sorted(), read.sorted())
        store.close()
    }

    private fun together(act: (Int) -> Unit) {
        val pool = Executors.newFixedThreadPool(THREADS)
        val done = List(THREADS) { thread -> pool.submit { act(thread) } }
        pool.shutdown()
        assertTrue(pool.awaitTermination(3, TimeUnit.MINUTES))
        done.forEach { it.get() }
    }
}
