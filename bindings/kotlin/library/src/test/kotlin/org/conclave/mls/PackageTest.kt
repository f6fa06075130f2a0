package org.conclave.mls

import com.sun.jna.Platform
import java.nio.file.Files
import java.nio.file.Path
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** What is in the package, and that every key for Kotlin in /uniffi.toml took effect, since UniFFI takes unknown ones in silence. */
class PackageTest {
    private val home = Path.of(System.getProperty("conclave.home"))

    @Test
    fun `each key for Kotlin in uniffi_toml took effect`() {
        val checks = mapOf(
            "package_name" to { assertEquals("org.conclave.mls", Client::class.java.packageName) },
            "cdylib_name" to { assertEquals("conclave", libraryName()) },
        )
        for (key in kotlinKeys()) {
            assertTrue(key in checks, "$key is new in uniffi.toml: say here how to see that it took effect")
            checks.getValue(key)()
        }
    }

    @Test
    fun `the library lies where JNA looks for it`() {
        val name = System.mapLibraryName("conclave")
        assertNotNull(Client::class.java.classLoader.getResource("${Platform.RESOURCE_PREFIX}/$name"))
    }

    @Test
    fun `the package has the version of the library`() {
        val pom = Files.readString(home.resolve("pom.xml"))
        assertEquals(Regex("<version>(.*?)</version>").find(pom)!!.groupValues[1], version().release)
    }

    @Test
    fun `an error knows its words and the remedy`() {
        val error = assertThrows(ConclaveException.Epoch::class.java) {
            person("alice").openGroup(byteArrayOf(1))
        }
        assertEquals(401u, error.code)
        assertEquals("NoSuchGroup", error.info?.name)
        assertTrue("401" in error.message, error.message)
    }

    private fun kotlinKeys(): List<String> {
        val lines = Files.readAllLines(home.resolve("../../uniffi.toml"))
        val section = lines.dropWhile { it != "[bindings.kotlin]" }.drop(1).takeWhile { !it.startsWith("[") }
        return section.filter { '=' in it && !it.startsWith("#") }.map { it.substringBefore('=').trim() }
    }

    private fun libraryName(): Any? {
        val name = Class.forName("org.conclave.mls.ConclaveKt").getDeclaredMethod("findLibraryName", String::class.java)
        name.isAccessible = true
        return name.invoke(null, "conclave")
    }
}
