package org.conclave.mls.examples

import java.nio.file.Path

private const val RACE = 20

/**
 * A messenger and its notification extension: two processes, one SQLite file, one member of the group. Whoever is quicker receives a
 * message; nothing is received twice, nothing is lost, and no key is used twice.
 */
fun main() = inScratch { directory ->
    Actor.start("alice", directory).use { alice ->
        Actor.start("bob", directory).use { app ->
            Actor.start("bob", directory).use { extension ->
                play(directory, alice, app, extension)
                listOf(alice, app, extension).forEach(Actor::end)
            }
        }
    }
}

private fun play(directory: Path, alice: Actor, app: Actor, extension: Actor) {
    sayAll(alice, "/create", "/add bob")
    out.println("the extension is awake, the app is not:")
    sayAll(alice, "one", "two", "three")
    tellAll(extension.ask(""))
    out.println("the app is awake, the extension is not:")
    sayAll(alice, "four", "/refresh", "five")
    tellAll(app.ask(""))
    out.println("both look at the same moment:")
    for (n in 1..RACE) sayAll(alice, "message %02d".format(n))
    val shown = merged(app to "", extension to "")
    val received = Ledger(directory.resolve("bob/store.db")).use { it.inbox() }.takeLast(RACE)
    tellAll(received)
    out.println("${received.size} received, ${shown.size} shown, by one of the two each: ${shown == received}")
    out.println("both write at the same moment:")
    merged(app to "from the app", extension to "from the extension")
    tellAll(alice.ask("").sorted())
}

/** What two processes show when told at the same moment: each a part of it, so sorted. */
private fun merged(vararg told: Pair<Actor, String>): List<String> {
    told.forEach { (actor, command) -> actor.tell(command) }
    return told.flatMap { (actor, _) -> actor.answer() }.sorted()
}

private fun sayAll(actor: Actor, vararg commands: String) = commands.forEach { actor.ask(it) }

private fun tellAll(lines: List<String>) = lines.forEach { out.println("  $it") }
