package org.conclave.mls.sqlite

import java.nio.file.Path
import org.conclave.mls.checkStorage
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

class SqliteStorageTest {
    @TempDir lateinit var folder: Path

    @Test
    fun `the store keeps the contract of a storage`() {
        SqliteStorage(folder.resolve("store.db")).use { assertEquals(emptyList<Any>(), checkStorage(it)) }
    }
}
