package org.conclave.mls.coroutines

import java.util.concurrent.CompletableFuture
import java.util.concurrent.TimeUnit
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.yield
import org.conclave.mls.Client
import org.conclave.mls.ConclaveException
import org.conclave.mls.Event
import org.conclave.mls.Group
import org.conclave.mls.Host
import org.conclave.mls.MapStorage
import org.conclave.mls.WriteBatch
import org.conclave.mls.acceptAll
import org.conclave.mls.add
import org.conclave.mls.assertFails
import org.conclave.mls.basicConfig
import org.conclave.mls.code
import org.conclave.mls.memoryStorage
import org.conclave.mls.person
import org.conclave.mls.text
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class CoroutinesTest {
    @Test
    fun `two people talk without blocking`() = runBlocking {
        val alice = SuspendingClient.open(basicConfig("alice"), Host(memoryStorage(), acceptAll()))
        val bob = SuspendingClient.open(basicConfig("bob"), Host(memoryStorage(), acceptAll()))
        val group = alice.createGroup()
        val keyPackage = bob.createKeyPackages(1u).single().message
        val built = group.commit { add(keyPackage) }
        group.confirmCommit(built.commit)
        val joined = bob.join(built.welcome!!)
        val messages = List(10) { async { group.encrypt("$it".toByteArray()) } }.awaitAll()
        val read = messages.map { async { text(joined.receive(it)) } }.awaitAll()
        assertEquals(List(10) { "$it" }.toSet(), read.toSet())
    }

    /** The message has used its key up when the write ends: a result that were dropped then could never be had again. */
    @Test
    fun `a call that was cancelled after it began returns what it did`() {
        val storage = Held()
        val alice = person("alice").createGroup()
        val joined = add(alice, person("bob", storage)).suspending()
        val message = alice.encrypt("hello bob".toByteArray())
        val cancelled = CompletableFuture<Event>()
        runBlocking(Dispatchers.Default) {
            storage.hold()
            val reader = launch {
                cancelled.complete(joined.receive(message))
                yield()
                cancelled.completeExceptionally(IllegalStateException("the coroutine went on after its next suspension"))
            }
            storage.reached()
            reader.cancel()
            storage.release()
            reader.join()
            assertTrue(reader.isCancelled)
        }
        assertEquals("hello bob", text(cancelled.get(10, TimeUnit.SECONDS)))
        assertFails<ConclaveException.Epoch>(405u, "the key of this message was used or has expired") { joined.group.receive(message) }
    }

    @Test
    fun `a call that was cancelled before it began is not made`() {
        val group = person("alice").createGroup().suspending()
        var made: ByteArray? = null
        runBlocking {
            val writer = launch {
                coroutineContext[Job]?.cancel()
                made = group.encrypt("never".toByteArray())
            }
            writer.join()
        }
        assertNull(made)
        val first = group.group.encrypt("first".toByteArray())
        assertTrue(first.isNotEmpty())
    }

    @Test
    fun `errors are the same as without coroutines`() = runBlocking {
        val alice = person("alice").suspending()
        val error = runCatching { alice.openGroup(byteArrayOf(1)) }.exceptionOrNull()
        assertEquals(401u, (error as ConclaveException.Epoch).code)
        assertTrue(runCatching { alice.apply { close() }.identity() }.exceptionOrNull() is IllegalStateException)
    }

    @Test
    fun `every call of a client and a group is there for coroutines`() {
        assertEquals(calls(Client::class.java.interfaces.single { it.simpleName == "ClientInterface" }), calls(SuspendingClient::class.java))
        // A commit is built by `commit`, in one call.
        val group = calls(Group::class.java.interfaces.single { it.simpleName == "GroupInterface" })
        assertEquals(group - "newCommit" + "commit", calls(SuspendingGroup::class.java))
    }

    /** The names of its methods, without what Kotlin adds to those that take unsigned numbers. */
    private fun calls(type: Class<*>): Set<String> =
        type.declaredMethods.filter { it.modifiers and java.lang.reflect.Modifier.PUBLIC != 0 && !it.isSynthetic }
            .map { it.name.substringBefore('-').substringBefore('$') }.toSet() - setOf("close", "getClient", "getGroup", "externalProposer")

    /** A storage that waits in the middle of a write. */
    private class Held : MapStorage() {
        private var reached = CompletableFuture<Unit>()
        private var released = CompletableFuture.completedFuture(Unit)

        fun hold() {
            released = CompletableFuture()
        }

        fun reached(): Unit = reached.get(10, TimeUnit.SECONDS)

        fun release() {
            released.complete(Unit)
        }

        override fun write(batch: WriteBatch) {
            if (!released.isDone) reached.complete(Unit)
            released.get(10, TimeUnit.SECONDS)
            super.write(batch)
        }
    }
}
