package org.conclave.mls

import java.nio.file.Files
import java.nio.file.Path
import kotlin.concurrent.thread
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** Handles are closed by hand or collected, and one that is closed gives errors, not crashes. */
class HandlesTest {
    @Test
    fun `a handle that is closed gives an error, and may be closed twice`() {
        val alice = person("alice")
        val listened = encodeExtensions(listOf(Extension.ExternalSenders(listOf(alice.externalSender()))))
        val group = alice.createGroup(GroupOptions(extensions = listened))
        val commit = group.newCommit()
        val secret = group.exportSecret("label", byteArrayOf(), 32u)
        val proposer = ExternalProposer(alice, group.groupInfo(true))
        listOf(commit, secret, proposer, group, alice).forEach { repeat(2) { _ -> it.close() } }
        val calls = listOf<() -> Any>(
            { commit.build() }, { secret.copy() }, { proposer.place() }, { group.encrypt(byteArrayOf(1)) }, { alice.createGroup() },
        )
        calls.forEach { assertThrows(IllegalStateException::class.java) { it() } }
    }

    @Test
    fun `what is closed in the middle of a call ends after it`() {
        val storage = Watched()
        val group = person("alice", storage).createGroup()
        storage.onWrite = { group.close() }
        assertTrue(group.encrypt("hello".toByteArray()).isNotEmpty())
        assertThrows(IllegalStateException::class.java) { group.status() }
    }

    @Test
    fun `a group outlives the handle of its client`() {
        val alice = person("alice")
        val group = alice.createGroup()
        alice.close()
        assertEquals(1u, group.status().members)
    }

    @Test
    fun `a batch ends with its write`() {
        val storage = Watched()
        val kept = mutableListOf<WriteBatch>()
        storage.onBatch = { kept += it }
        person("alice", storage).createGroup()
        assertTrue(kept.isNotEmpty())
        kept.forEach { assertThrows(IllegalStateException::class.java) { it.effect() } }
    }

    @Test
    fun `objects of the app are let go with the client that they were lent to`() {
        val before = lent()
        repeat(50) { person("alice", host = Host(MapStorage(), Everyone())).use { it.createGroup().close() } }
        repeat(50) { person("alice", host = Host(MapStorage(), Everyone())).createGroup() }
        assertTrue(eventually { lent() <= before }, "${lent()} are held, and before there were $before")
    }

    /** 100 000 groups, half of them closed, half left to the collector: the second half finds memory as the first left it. */
    @Test
    fun `groups that are dropped leave no memory behind`() {
        val alice = person("alice")
        val groupId = alice.createGroup().use { it.id() }
        val open: (Int) -> Unit = { n -> alice.openGroup(groupId).let { if (n % 2 == 0) it.close() } }
        repeat(HALF, open)
        // What is left to the collector is freed by a thread of its own, after a while.
        repeat(20) { collect() }
        val first = memory()
        repeat(HALF, open)
        val flat = eventually { memory().zip(first).all { (after, before) -> after - before < LEEWAY } }
        assertTrue(flat, "resident and heap: $first KiB after one half, ${memory()} KiB after the other")
    }

    /** The resident set, where the system tells it, and the heap, in KiB. The heap has a fixed size, see pom.xml. */
    private fun memory(): List<Long> {
        val status = Path.of("/proc/self/status").takeIf(Files::exists)?.let(Files::readAllLines).orEmpty()
        val resident = status.filter { it.startsWith("VmRSS") }.map { it.filter(Char::isDigit).toLong() }
        return resident + Runtime.getRuntime().run { totalMemory() - freeMemory() } / 1024
    }

    private fun eventually(holds: () -> Boolean): Boolean {
        repeat(100) {
            if (holds()) return true
            collect()
        }
        return holds()
    }

    private fun collect() {
        System.gc()
        Thread.sleep(50)
    }

    private class Watched : MapStorage() {
        var onWrite: () -> Unit = {}
        var onBatch: (WriteBatch) -> Unit = {}

        override fun write(batch: WriteBatch) {
            // On another thread, as an app that closes a screen would.
            thread(block = onWrite).join()
            onBatch(batch)
            super.write(batch)
        }
    }

    private class Everyone : CredentialValidator {
        override fun validate(candidates: List<Candidate>): List<Verdict> =
            candidates.map { "x".toByteArray().let { name -> Verdict.Accept(name, name) } }

        override fun isSuccessor(old: Candidate, new: Candidate): Boolean = true
    }

    private companion object {
        const val HALF = 50_000

        /** A handle that is never freed is more than 1 KiB with what it holds on to: 50 000 would be far above this. */
        const val LEEWAY = 16L * 1024
    }
}
