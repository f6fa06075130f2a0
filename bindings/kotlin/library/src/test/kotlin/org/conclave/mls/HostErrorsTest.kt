package org.conclave.mls

import java.security.KeyPairGenerator
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.MethodSource

/** What a callback of the app fails with comes back from the call, with the app's own words and as the kind that the callback is of. */
class HostErrorsTest {
    @ParameterizedTest
    @MethodSource("failures")
    fun `a storage that fails to read`(thrown: Throwable) {
        val storage = object : MapStorage() {
            override fun read(keys: List<ByteArray>) = throw thrown
        }
        assertFails<ConclaveException.Storage>(701u, WORDS) { person("alice", storage) }
    }

    @ParameterizedTest
    @MethodSource("failures")
    fun `a storage that fails to scan`(thrown: Throwable) {
        val storage = object : MapStorage() {
            override fun scan(prefix: ByteArray, after: ByteArray, limit: UInt) = throw thrown
        }
        assertFails<ConclaveException.Storage>(701u, WORDS) { person("alice", storage).groups(null, 1u) }
    }

    /** The dangerous one: if a Java `Error` were not caught, the library would take the batch for written. */
    @ParameterizedTest
    @MethodSource("failures")
    fun `a storage that fails to write has written nothing`(thrown: Throwable) {
        val storage = Failing()
        val alice = person("alice", storage)
        val group = alice.createGroup()
        storage.failure = thrown
        assertFails<ConclaveException.Storage>(701u, WORDS) { group.encrypt("hello".toByteArray()) }
        storage.failure = null
        assertEquals(1u, group.status().members)
    }

    @Test
    fun `the errors that a storage declares stay what they are`() {
        val storage = Failing()
        val alice = person("alice", storage)
        storage.failure = StorageException.Locked(WORDS)
        assertFails<ConclaveException.Storage>(704u, WORDS) { alice.createGroup() }
        storage.failure = StorageException.Conflict()
        assertEquals(601u, assertThrows(ConclaveException.Conflict::class.java) { alice.createGroup() }.code)
    }

    @ParameterizedTest
    @MethodSource("failures")
    fun `a signer that fails`(thrown: Throwable) {
        val key = KeyPairGenerator.getInstance("Ed25519").generateKeyPair().public.encoded.takeLast(32).toByteArray()
        val config = basicConfig("alice").copy(signingKeys = listOf(SigningKey(byteArrayOf(1), 1u, key)))
        val signer = object : Signer {
            override fun sign(keyId: ByteArray, purpose: SignPurpose, content: ByteArray) = throw thrown
        }
        val alice = Client(config, Host(memoryStorage(), acceptAll(), signer = signer))
        assertFails<ConclaveException.Signer>(711u, WORDS) { alice.createKeyPackages(1u) }
    }

    @ParameterizedTest
    @MethodSource("failures")
    fun `a validator that fails to validate`(thrown: Throwable) {
        val alice = person("alice", host = Host(memoryStorage(), Believing(validate = { throw thrown })))
        assertFails<ConclaveException.Validator>(721u, WORDS) { alice.createGroup() }
    }

    @ParameterizedTest
    @MethodSource("failures")
    fun `a validator that fails to judge a successor`(thrown: Throwable) {
        val storage = memoryStorage()
        val groupId = person("alice", storage).use { it.createGroup().id() }
        val renamed = basicConfig("alice").copy(identity = Identity.Basic("another".toByteArray()))
        val alice = Client(renamed, Host(storage, Believing(isSuccessor = { throw thrown })))
        assertFails<ConclaveException.Validator>(721u, WORDS) { alice.openGroup(groupId).proposeUpdate() }
    }

    @ParameterizedTest
    @MethodSource("failures")
    fun `a policy that fails`(thrown: Throwable) {
        val policy = object : Policy {
            override fun permit(request: ChangeRequest) = throw thrown
        }
        val group = person("alice", host = Host(memoryStorage(), acceptAll(), policy = policy)).createGroup()
        assertFails<ConclaveException.Validator>(721u, WORDS) { group.proposeUpdate() }
    }

    @ParameterizedTest
    @MethodSource("failures")
    fun `a clock that fails`(thrown: Throwable) {
        val clock = object : Clock {
            override fun now() = throw thrown
        }
        val alice = person("alice", host = Host(memoryStorage(), acceptAll(), clock = clock))
        assertFails<ConclaveException>(741u, WORDS) { alice.createKeyPackages(1u) }
    }

    @ParameterizedTest
    @MethodSource("failures")
    fun `an observer that fails`(thrown: Throwable) {
        val observer = object : Observer {
            override fun progress(done: ULong, total: ULong) = throw thrown
        }
        val bob = person("bob", host = Host(memoryStorage(), acceptAll(), observer = observer))
        assertFails<ConclaveException>(732u, WORDS) { add(person("alice").createGroup(), bob) }
    }

    @ParameterizedTest
    @MethodSource("failures")
    fun `a logger that fails disturbs nothing`(thrown: Throwable) {
        var asked = 0
        val logger = object : Logger {
            override fun log(record: LogRecord) {
                asked++
                throw thrown
            }
        }
        val storage = Failing()
        val alice = person("alice", storage)
        // What is logged: that another process was quicker.
        storage.failure = StorageException.Conflict()
        setLogger(logger, LogLevel.DEBUG)
        try {
            assertThrows(ConclaveException.Conflict::class.java) { alice.createGroup() }
            assertTrue(asked > 0)
        } finally {
            setLogger(null, LogLevel.ERROR)
        }
    }

    private class Failing : MapStorage() {
        var failure: Throwable? = null

        override fun write(batch: WriteBatch) {
            failure?.let { throw it }
            super.write(batch)
        }
    }

    private class Believing(
        val validate: () -> Unit = {},
        val isSuccessor: () -> Unit = {},
    ) : CredentialValidator {
        override fun validate(candidates: List<Candidate>): List<Verdict> {
            validate()
            return candidates.map { "x".toByteArray().let { name -> Verdict.Accept(name, name) } }
        }

        override fun isSuccessor(old: Candidate, new: Candidate): Boolean {
            isSuccessor()
            return true
        }
    }

    companion object {
        private const val WORDS = "the cellar is full of eels"

        /** An exception, an `Error`, which Kotlin does not count among the exceptions. */
        @JvmStatic
        fun failures(): List<Throwable> = listOf(IllegalStateException(WORDS), AssertionError(WORDS), StackOverflowError(WORDS))
    }
}
