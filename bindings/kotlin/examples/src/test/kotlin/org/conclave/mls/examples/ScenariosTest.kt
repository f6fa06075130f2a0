package org.conclave.mls.examples

import java.nio.file.Files
import java.nio.file.Path
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.ValueSource

/** Every scenario prints what examples/expected says, which is the same in every language. */
class ScenariosTest {
    @ParameterizedTest
    @ValueSource(strings = ["hello", "add_remove", "offline_join", "two_process", "crash"])
    fun `a scenario prints what it does in every language`(name: String) {
        val program = ProcessBuilder("$home/examples/bin/$name").redirectError(ProcessBuilder.Redirect.INHERIT).start()
        val printed = program.inputStream.bufferedReader().readText()
        assertEquals(0, program.waitFor(), "how $name ended")
        assertEquals(Files.readString(home.resolve("../../examples/expected/$name.txt")), printed)
    }
}

/** The folder bindings/kotlin. */
internal val home: Path = Path.of(System.getProperty("conclave.home"))
