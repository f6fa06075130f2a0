package org.conclave.mls.examples.readme

import java.io.ByteArrayOutputStream
import java.io.PrintStream
import java.nio.file.Files
import org.conclave.mls.examples.home
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class ReadmeTest {
    @Test
    fun `the program in the README is the one that is compiled here, and runs`() {
        val source = home.resolve("examples/src/test/kotlin/org/conclave/mls/examples/readme/Program.kt")
        val program = Files.readString(source).substringAfter("\n\n")
        assertTrue("```kotlin\n$program```" in Files.readString(home.resolve("README.md")))
        assertEquals("hello bob\n", printed(::main))
    }

    private fun printed(act: () -> Unit): String {
        val before = System.out
        val caught = ByteArrayOutputStream()
        System.setOut(PrintStream(caught))
        try {
            act()
        } finally {
            System.setOut(before)
        }
        return caught.toString()
    }
}
