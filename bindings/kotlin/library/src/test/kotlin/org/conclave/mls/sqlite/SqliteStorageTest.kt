package org.conclave.mls.sqlite

import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.attribute.PosixFilePermissions
import java.sql.Connection
import java.sql.DriverManager
import java.time.Duration
import org.conclave.mls.Client
import org.conclave.mls.ConclaveException
import org.conclave.mls.Effect
import org.conclave.mls.Event
import org.conclave.mls.StorageException
import org.conclave.mls.add
import org.conclave.mls.assertFails
import org.conclave.mls.checkStorage
import org.conclave.mls.person
import org.conclave.mls.text
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

class SqliteStorageTest {
    @TempDir lateinit var folder: Path

    private val file: Path get() = folder.resolve("store.db")

    @Test
    fun `the store keeps the contract of a storage`() {
        SqliteStorage(file).use { assertEquals(emptyList<Any>(), checkStorage(it)) }
    }

    @Test
    fun `what a call produced is stored in its transaction`() {
        val inbox = mutableListOf<String>()
        val storage = SqliteStorage(file, onEffect = { connection, effect -> note(connection, effect)?.let(inbox::add) })
        person("bob", storage).use { bob ->
            val alice = person("alice").createGroup()
            val joined = add(alice, bob)
            joined.receive(alice.encrypt("hello bob".toByteArray()))
        }
        storage.close()
        assertEquals(listOf("hello bob"), inbox)
        assertEquals(listOf("hello bob"), rows("SELECT text FROM received"))
    }

    @Test
    fun `an exception of the app takes the whole write back, and comes back from the call`() {
        var fails = true
        val storage = SqliteStorage(file, onEffect = { connection, effect ->
            note(connection, effect)
            if (fails && effect is Effect.Received) throw IllegalArgumentException("the app does not want this")
        })
        val alice = person("alice").createGroup()
        val joined = add(alice, person("bob", storage))
        val message = alice.encrypt("hello bob".toByteArray())
        assertFails<ConclaveException.Storage>(701u, "the app does not want this") { joined.receive(message) }
        assertEquals(emptyList<String>(), rows("SELECT text FROM received"))
        fails = false
        assertEquals("hello bob", text(joined.receive(message)))
        assertEquals(listOf("hello bob"), rows("SELECT text FROM received"))
    }

    @Test
    fun `an error of SQLite in the app's own rows comes back in its words`() {
        val storage = SqliteStorage(file, onEffect = { connection, _ ->
            connection.createStatement().use { it.execute("INSERT INTO nowhere VALUES (1)") }
        })
        val error = assertThrows(ConclaveException.Storage::class.java) { person("alice", storage).createGroup() }
        assertTrue("nowhere" in error.detail && "\n" !in error.detail, error.detail)
    }

    @Test
    fun `a transaction that the app ended by means of JDBC is not taken for written`() {
        var spoils = false
        val storage = SqliteStorage(file, onEffect = { connection, _ ->
            if (spoils) {
                try {
                    connection.autoCommit = false
                    connection.commit()
                } catch (_: java.sql.SQLException) {
                    connection.rollback()
                }
            }
        })
        val group = person("alice", storage).createGroup()
        val before = storage.scan(ByteArray(0), ByteArray(0), 9999u)
        spoils = true
        repeat(2) { assertThrows(ConclaveException.Storage::class.java) { group.encrypt(ByteArray(1)) } }
        assertEquals(before, storage.scan(ByteArray(0), ByteArray(0), 9999u))
        spoils = false
        group.encrypt(ByteArray(1))
        assertNotEquals(before, storage.scan(ByteArray(0), ByteArray(0), 9999u))
        storage.close()
    }

    @Test
    fun `a storage error of the app stays what it is`() {
        val storage = SqliteStorage(file, onEffect = { _, _ -> throw StorageException.Locked("the phone is locked") })
        assertFails<ConclaveException.Storage>(704u, "the phone is locked") { person("alice", storage).createGroup() }
    }

    @Test
    fun `the library is not called from inside a transaction`() {
        lateinit var alice: Client
        val words = mutableListOf<String>()
        val storage = SqliteStorage(file, onEffect = { _, effect ->
            if (effect is Effect.Joined) words += assertThrows(ConclaveException.Usage::class.java) { alice.createGroup() }.message
        })
        alice = person("alice", storage)
        alice.createGroup()
        assertTrue("502" in words.single(), words.toString())
    }

    @Test
    fun `two stores on one file see each other's groups, and a message is received once`() {
        val (one, other) = List(2) { SqliteStorage(file) }
        val alice = person("alice").createGroup()
        val joined = add(alice, person("bob", one))
        val again = person("bob", other).openGroup(alice.id())
        val message = alice.encrypt("hello bob".toByteArray())
        assertEquals("hello bob", text(joined.receive(message)))
        assertFails<ConclaveException.Epoch>(405u, "the key of this message was used or has expired") { again.receive(message) }
        listOf(one, other).forEach(SqliteStorage::close)
    }

    @Test
    fun `a writer that keeps the file for too long is an error that names it`() {
        val storage = SqliteStorage(file, SqliteOptions(busyTimeout = Duration.ofMillis(50)))
        val alice = person("alice", storage)
        DriverManager.getConnection("jdbc:sqlite:$file").use { other ->
            other.createStatement().use { it.execute("BEGIN IMMEDIATE") }
            val error = assertThrows(ConclaveException.Storage::class.java) { alice.createGroup() }
            assertTrue("BUSY" in error.detail, error.detail)
        }
        assertEquals(1u, alice.createGroup().status().members)
    }

    @Test
    fun `the file is for its owner alone, has a write-ahead log, and is durable`() {
        SqliteStorage(file).use { person("alice", it).createGroup() }
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        val settings = listOf("journal_mode" to "wal", "synchronous" to "2", "secure_delete" to "1", "busy_timeout" to "5000")
        openWriter(file, SqliteOptions()).use { writer ->
            for ((name, value) in settings) assertEquals(value, writer.query("PRAGMA $name") { it.getString(1) }, name)
        }
    }

    @Test
    fun `what was deleted is neither in the file nor in its log`() {
        val storage = SqliteStorage(file)
        val alice = person("alice", storage)
        val secret = "a pre-shared key that nobody shall find".toByteArray()
        alice.putPsk(byteArrayOf(1), secret)
        assertTrue(onDisk(secret))
        alice.createGroup().delete()
        alice.deletePsk(byteArrayOf(1))
        storage.scrub()
        assertTrue(!onDisk(secret))
        storage.close()
    }

    @Test
    fun `a store that is closed gives errors`() {
        val storage = SqliteStorage(file)
        val alice = person("alice", storage)
        storage.close()
        storage.close()
        assertFails<ConclaveException.Storage>(701u, CLOSED) { alice.createGroup() }
    }

    @Test
    fun `what cannot be opened says why`() {
        Files.writeString(file, "this is not a database, and was never meant to be one: it is a text for human eyes")
        for (path in listOf(file, folder.resolve("no/such/folder/store.db"), folder, folder.resolve("what?"))) {
            val error = assertThrows(StorageException.Unavailable::class.java) { SqliteStorage(path) }
            assertTrue(error.detail.isNotBlank(), "$path: ${error.detail}")
        }
    }

    @Test
    fun `an empty value is not an absent one`() {
        openWriter(file, SqliteOptions()).use { connection ->
            connection.run("INSERT INTO conclave_records VALUES (?, ?)", byteArrayOf(1), byteArrayOf())
            assertArrayEquals(byteArrayOf(), connection.value(byteArrayOf(1)))
            assertNull(connection.value(byteArrayOf(2)))
        }
    }

    private fun note(connection: Connection, effect: Effect): String? {
        val text = ((effect as? Effect.Received)?.event as? Event.Message)?.let { String(it.plaintext) }
        connection.createStatement().use { it.execute("CREATE TABLE IF NOT EXISTS received (text TEXT NOT NULL)") }
        if (text != null) {
            connection.prepareStatement("INSERT INTO received VALUES (?)").use { it.setString(1, text); it.executeUpdate() }
        }
        return text
    }

    private fun rows(sql: String): List<String> =
        DriverManager.getConnection("jdbc:sqlite:$file").use { connection ->
            connection.createStatement().use { statement ->
                statement.executeQuery(sql).use { buildList { while (it.next()) add(it.getString(1)) } }
            }
        }

    private fun onDisk(bytes: ByteArray): Boolean =
        Files.newDirectoryStream(folder).use { files -> files.any { latin(bytes) in latin(Files.readAllBytes(it)) } }

    private fun latin(bytes: ByteArray) = String(bytes, Charsets.ISO_8859_1)
}
