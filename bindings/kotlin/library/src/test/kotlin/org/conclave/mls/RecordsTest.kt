package org.conclave.mls

import java.util.Base64
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** Records print no bytes, and compare them. */
class RecordsTest {
    private val secret = "the bytes of a secret".toByteArray()

    @Test
    fun `printing shows no secret and no plaintext`() {
        val message = Event.Message(MemberName(1u, secret, secret), secret, secret, 1uL, 2u)
        val effects = listOf(
            Effect.Received(secret, secret, message), Effect.Outbound(secret, secret, secret), Effect.KeyPackages(listOf(secret)),
            Effect.Confirmed(secret, secret, message, secret), Effect.Joined(secret, secret, 0uL), Effect.Imported(listOf(secret)),
        )
        val printed = effects + effects.map { PendingEffect(1uL, it) } + listOf(
            basicConfig("alice").copy(storageKey = secret, leafExtensions = secret),
            message, StoredRecord(secret, secret), Guard(secret, secret), CommitResult(secret, secret, secret),
            WriteOp.Put(secret, secret), WriteOp.Delete(secret), WriteOp.DeleteRange(secret, secret),
            Identity.Basic(secret), Candidate(Identity.Basic(secret), secret, 1u), Verdict.Accept(secret, secret),
            KeyPackageMessage(secret, secret, false, 0uL), GroupOptions(secret, tag = secret), JoinOptions(secret, tag = secret),
            person("alice").createGroup().exportSecret("label", secret, 32u),
        )
        printed.forEach { assertHidden(it.toString()) }
    }

    @Test
    fun `a secret of the library shows none of its bytes`() {
        val group = person("alice").createGroup()
        val exported = group.exportSecret("label", byteArrayOf(), 32u)
        assertHidden(exported.toString(), exported.copy())
    }

    @Test
    fun `what is printed says how many bytes there are`() {
        assertEquals("StoredRecord(key=21 bytes, value=0 bytes)", StoredRecord(secret, byteArrayOf()).toString())
        assertEquals("KeyPackages(messages=[21 bytes, 1 bytes])", Effect.KeyPackages(listOf(secret, byteArrayOf(1))).toString())
        assertEquals("Duplicate", Event.Duplicate.toString())
    }

    @Test
    fun `records of the same bytes are equal`() {
        val copy = secret.copyOf()
        assertEqual(StoredRecord(secret, secret), StoredRecord(copy, copy))
        assertEqual(WriteOp.Put(secret, secret), WriteOp.Put(copy, copy))
        assertEqual(Effect.KeyPackages(listOf(secret)), Effect.KeyPackages(listOf(copy)))
        assertEqual(Guard(secret, null), Guard(copy, null))
        assertEqual(Member(secret), Member(copy))
    }

    @Test
    fun `records of other bytes are not`() {
        val other = secret.copyOf().also { it[0]++ }
        assertNotEquals(StoredRecord(secret, secret), StoredRecord(secret, other))
        assertNotEquals(Guard(secret, secret), Guard(secret, null))
        assertNotEquals(Effect.KeyPackages(listOf(secret)), Effect.KeyPackages(listOf(secret, secret)))
        assertNotEquals(WriteOp.Delete(secret) as WriteOp, WriteOp.Put(secret, byteArrayOf()))
    }

    private fun Member(name: ByteArray) =
        Member(MemberName(0u, name, name), Identity.Basic(name), name, Capabilities(listOf(1u), listOf(1u), listOf(), listOf(), listOf()), listOf())

    private fun assertEqual(one: Any, other: Any) {
        assertEquals(one, other)
        assertEquals(one.hashCode(), other.hashCode())
        assertTrue(other in setOf(one))
    }

    private fun assertHidden(printed: String, bytes: ByteArray = secret) {
        val decimal = bytes.joinToString(", ")
        val hex = bytes.joinToString("") { "%02x".format(it) }
        for (shown in listOf(String(bytes), decimal, hex, Base64.getEncoder().encodeToString(bytes), "[B@")) {
            assertFalse(shown in printed, printed)
        }
    }
}
