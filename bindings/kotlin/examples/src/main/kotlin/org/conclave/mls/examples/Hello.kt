package org.conclave.mls.examples

import org.conclave.mls.Client
import org.conclave.mls.Event
import org.conclave.mls.Host
import org.conclave.mls.acceptAll
import org.conclave.mls.basicConfig
import org.conclave.mls.memoryStorage

/** Two people, one group, one message each way: the smallest program. */
fun main() {
    val alice = person("alice")
    val bob = person("bob")
    val keyPackage = bob.createKeyPackages(1u).single()
    out.println("bob published a key package")

    val group = alice.createGroup()
    val added = group.newCommit().add(keyPackage.message).build()
    group.confirmCommit()
    out.println("alice created a group and added bob")

    val joined = bob.join(added.welcome!!)
    out.println("bob joined: ${joined.status().members} members, epoch ${joined.status().epoch}")

    val hello = group.encrypt("hello bob".toByteArray())
    out.println("bob reads: ${text(joined.receive(hello))}")
    val reply = joined.encrypt("hello alice".toByteArray())
    out.println("alice reads: ${text(group.receive(reply))}")
}

/** Someone with a store in memory, who believes everyone: for trying things out only. */
fun person(name: String): Client = Client(basicConfig(name), Host(memoryStorage(), acceptAll()))

/** What a message says. */
fun text(event: Event): String = String((event as Event.Message).plaintext)
