package org.conclave.mls.examples

import java.nio.file.Path

/** Someone is added while away, and catches up later, after a device restart in between, with values sealed in the store. */
fun main() = inScratch { directory ->
    on(directory, "bob") {}
    on(directory, "carol") {}
    out.println("bob and carol were here and left key packages")

    on(directory, "alice") { alice ->
        alice.createGroup()
        alice.add(listOf("bob"))
        alice.say("before carol")
        alice.add(listOf("carol"))
        out.println("alice added bob, then carol, who is away: epoch ${alice.group().status().epoch}")
        alice.say("welcome, carol")
    }
    on(directory, "bob") { bob ->
        bob.say("hello carol")
        bob.refresh()
        bob.say("still there?")
        tellNews(bob)
    }
    val waiting = Spool(directory.resolve("spool")).invitations("carol").size
    out.println("the delivery service keeps $waiting invitation for carol")

    on(directory, "carol") { carol ->
        carol.sync()
        tellNews(carol)
        out.println("carol caught up: epoch ${carol.group().status().epoch}")
        out.println("the delivery service keeps ${carol.spool.invitations("carol").size} invitations for carol")
        carol.say("I am back")
    }
    on(directory, "alice") { alice ->
        alice.sync()
        tellNews(alice)
    }
}

/** Switches a device on, and off again afterwards. */
private fun on(directory: Path, name: String, act: (Device) -> Unit) {
    Device(name, Place(directory, storageKey = ByteArray(32) { 7 })).use(act)
}

private fun tellNews(device: Device) = device.news().forEach { out.println("${device.name} sees: $it") }
