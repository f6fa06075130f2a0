package org.conclave.mls.examples

import java.nio.file.Files
import java.nio.file.Path
import java.sql.DriverManager
import org.conclave.mls.Client
import org.conclave.mls.Group
import org.conclave.mls.Host
import org.conclave.mls.acceptAll
import org.conclave.mls.basicConfig
import org.conclave.mls.sqlite.SqliteStorage
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

private const val STEPS = 4
private const val MESSAGES = 40

/** Several processes receive the same messages, in different orders, into one store. */
class WorkersTest {
    @TempDir lateinit var folder: Path

    @Test
    fun `two processes on one store receive each message once`() {
        val database = folder.resolve("bob.db")
        val inbox = Files.createDirectory(folder.resolve("inbox"))
        val alice = invite(database)
        val sent = (1..STEPS).flatMap { step -> fill(inbox, step, alice) }
        sql(database, "CREATE TABLE received (text TEXT NOT NULL)")

        val workers = listOf("one", "two").map { salt ->
            ProcessBuilder("$home/examples/bin/worker", "$database", "$inbox", salt).redirectError(ProcessBuilder.Redirect.INHERIT).start()
        }
        val told = workers.map { it.inputStream.bufferedReader().readText() }
        assertEquals(listOf(0, 0), workers.map(Process::waitFor))
        assertEquals(sent.sorted(), sql(database, "SELECT text FROM received ORDER BY text"))
        val counts = told.map { line -> Regex("(\\d+) received, (\\d+) had been\n").matchEntire(line)!!.groupValues.drop(1).map(String::toInt) }
        assertEquals(listOf(STEPS * (MESSAGES + 1), STEPS * (MESSAGES + 1)), counts.map { it.sum() })
    }

    private fun invite(database: Path): Group {
        val alice = person("alice").createGroup()
        SqliteStorage(database).use { storage ->
            Client(basicConfig("bob"), Host(storage, acceptAll())).use { bob ->
                val built = alice.newCommit().add(bob.createKeyPackages(1u).single().message).build()
                alice.confirmCommit()
                bob.join(built.welcome!!).close()
            }
        }
        return alice
    }

    /** The messages of a step, and the commit that ends it. */
    private fun fill(inbox: Path, step: Int, alice: Group): List<String> {
        val texts = List(MESSAGES) { "step $step, message $it" }
        texts.forEachIndexed { n, text -> Files.write(inbox.resolve("%03d-%04d.msg".format(step, n)), alice.encrypt(text.toByteArray())) }
        Files.write(inbox.resolve("%03d.commit".format(step)), alice.newCommit().build().commit)
        alice.confirmCommit()
        return texts
    }

    private fun sql(database: Path, sql: String): List<String> =
        DriverManager.getConnection("jdbc:sqlite:$database").use { connection ->
            connection.createStatement().use { statement ->
                if (!statement.execute(sql)) return emptyList()
                statement.resultSet.use { buildList { while (it.next()) add(it.getString(1)) } }
            }
        }
}
