package org.conclave.mls

import java.util.TreeMap
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertThrows

/** A client with what a test wants to be special about it. */
internal fun person(name: String, storage: Storage = memoryStorage(), host: Host = Host(storage, acceptAll())): Client =
    Client(basicConfig(name), host)

/** Adds [newcomer] to the group. */
internal fun add(group: Group, newcomer: Client, joinOptions: JoinOptions = JoinOptions()): Group {
    val keyPackage = newcomer.createKeyPackages(1u).single()
    val built = group.newCommit().add(keyPackage.message).build()
    group.confirmCommit()
    return newcomer.join(built.welcome!!, joinOptions)
}

internal fun text(event: Event): String = String((event as Event.Message).plaintext)

/** The call fails as the library's error of this code, with these words in it and no stack trace. */
internal inline fun <reified E : ConclaveException> assertFails(code: UInt, words: String, noinline act: () -> Unit) {
    val error = assertThrows(E::class.java, act)
    assertEquals(code, error.code)
    assertEquals(words, error.detail)
    assertFalse("\n" in error.toString(), "a stack trace in the text")
}

/** A storage in Kotlin, as small as it can be, in the order of unsigned bytes. */
internal open class MapStorage : Storage {
    private val records = TreeMap<ByteArray, ByteArray>(KeyRange::compare)

    @Synchronized
    override fun read(keys: List<ByteArray>): List<ByteArray?> = keys.map(records::get)

    @Synchronized
    override fun scan(prefix: ByteArray, after: ByteArray, limit: UInt): List<StoredRecord> {
        val range = KeyRange.of(prefix, after)
        return records.tailMap(range.from).asSequence().takeWhile { it.key in range }.take(limit.toInt())
            .map { StoredRecord(it.key, it.value) }.toList()
    }

    @Synchronized
    override fun write(batch: WriteBatch) {
        for (guard in batch.guards()) {
            if (!records[guard.key].contentEquals(guard.expected)) throw StorageException.Conflict()
        }
        generateSequence { batch.nextChunk(1024u).ifEmpty { null } }.flatten().forEach(::apply)
    }

    private fun apply(op: WriteOp) {
        when (op) {
            is WriteOp.Put -> records[op.key] = op.value
            is WriteOp.Delete -> records.remove(op.key)
            is WriteOp.DeleteRange -> records.subMap(op.from, op.to).clear()
        }
    }
}

/** How many objects of the app the library holds on to. */
internal fun lent(): Int = listOf(FfiConverterTypeStorage.handleMap.size, FfiConverterTypeCredentialValidator.handleMap.size).sum()
