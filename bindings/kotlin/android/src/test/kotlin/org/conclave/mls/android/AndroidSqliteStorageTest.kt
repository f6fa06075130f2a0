package org.conclave.mls.android

import android.content.Context
import java.io.File
import java.nio.file.Path
import org.conclave.mls.Client
import org.conclave.mls.ConclaveException
import org.conclave.mls.Effect
import org.conclave.mls.Event
import org.conclave.mls.Group
import org.conclave.mls.Host
import org.conclave.mls.Storage
import org.conclave.mls.acceptAll
import org.conclave.mls.basicConfig
import org.conclave.mls.checkStorage
import org.conclave.mls.memoryStorage
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** On an imitation of Android: the statements and their order, not what Android makes of them. */
class AndroidSqliteStorageTest {
    @TempDir lateinit var folder: Path

    private val context = object : Context() {
        override val noBackupFilesDir: File get() = folder.toFile()
    }

    @Test
    fun `the store keeps the contract of a storage`() {
        AndroidSqliteStorage.open(context, "store.db").use { assertEquals(emptyList<Any>(), checkStorage(it)) }
    }

    @Test
    fun `an exception of the app takes the whole write back, and comes back from the call`() {
        var fails = true
        val storage = AndroidSqliteStorage.open(context, "store.db") { database, effect ->
            val event = (effect as? Effect.Received)?.event as? Event.Message
            if (event != null) database.execSQL("INSERT INTO received VALUES ('${String(event.plaintext)}')")
            if (fails && event != null) throw IllegalArgumentException("the app does not want this")
        }
        storage.database.execSQL("CREATE TABLE received (text TEXT NOT NULL)")
        val alice = client("alice", memoryStorage()).createGroup()
        val joined = add(alice, client("bob", storage))
        val message = alice.encrypt("hello bob".toByteArray())
        val error = assertThrows(ConclaveException.Storage::class.java) { joined.receive(message) }
        assertEquals("the app does not want this", error.detail)
        fails = false
        assertEquals("hello bob", String((joined.receive(message) as Event.Message).plaintext))
    }

    @Test
    fun `a transaction inside ours that failed is not taken for written`() {
        var spoils = false
        val storage = AndroidSqliteStorage.open(context, "store.db") { database, _ ->
            if (spoils) {
                database.beginTransactionNonExclusive()
                // Not successful, and the app does not mind.
                database.endTransaction()
            }
        }
        val group = client("alice", storage).createGroup()
        val before = storage.scan(ByteArray(0), ByteArray(0), 9999u)
        spoils = true
        assertThrows(ConclaveException.Storage::class.java) { group.encrypt(ByteArray(1)) }
        assertEquals(before, storage.scan(ByteArray(0), ByteArray(0), 9999u))
        spoils = false
        group.encrypt(ByteArray(1))
    }

    @Test
    fun `two stores on one file read a message once`() {
        val (one, other) = List(2) { AndroidSqliteStorage.open(context, "store.db") }
        val alice = client("alice", memoryStorage()).createGroup()
        val joined = add(alice, client("bob", one))
        val message = alice.encrypt("hello bob".toByteArray())
        joined.receive(message)
        val again = client("bob", other).openGroup(alice.id())
        assertEquals(405u, assertThrows(ConclaveException.Epoch::class.java) { again.receive(message) }.code)
    }

    @Test
    fun `a store that is closed gives errors`() {
        val storage = AndroidSqliteStorage.open(context, "store.db")
        val alice = client("alice", storage)
        storage.close()
        assertThrows(ConclaveException.Storage::class.java) { alice.createGroup() }
    }

    private fun client(name: String, storage: Storage): Client = Client(basicConfig(name), Host(storage, acceptAll()))

    private fun add(group: Group, newcomer: Client): Group {
        val built = group.newCommit().add(newcomer.createKeyPackages(1u).single().message).build()
        group.confirmCommit()
        return newcomer.join(built.welcome!!)
    }
}
