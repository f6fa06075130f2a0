package org.conclave.mls.examples

import java.util.TreeMap
import org.conclave.mls.KeyRange
import org.conclave.mls.Storage
import org.conclave.mls.StorageException
import org.conclave.mls.StoredRecord
import org.conclave.mls.WriteBatch
import org.conclave.mls.WriteOp

/** A storage in a map of Kotlin's, as small as it can be: gone with the process, so for trying things out and for measuring. */
class MapStorage : Storage {
    private val records = TreeMap<ByteArray, ByteArray>(KeyRange::compare)

    @Synchronized
    override fun read(keys: List<ByteArray>): List<ByteArray?> = keys.map(records::get)

    @Synchronized
    override fun scan(prefix: ByteArray, after: ByteArray, limit: UInt): List<StoredRecord> {
        val range = KeyRange.of(prefix, after)
        val found = records.tailMap(range.from).asSequence().takeWhile { it.key in range }.take(limit.toInt())
        return found.map { StoredRecord(it.key, it.value) }.toList()
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
