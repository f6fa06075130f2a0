package org.conclave.mls.examples.readme

import org.conclave.mls.*

fun client(name: String) = Client(basicConfig(name), Host(memoryStorage(), acceptAll()))

fun main() {
    val alice = client("alice")
    val bob = client("bob")
    // Bob leaves a key package with the server: with it, others can add him, even while he is away.
    val keyPackage = bob.createKeyPackages(1u).single()

    // Alice makes a group and adds bob. The change takes effect when the server has accepted it.
    val group = alice.createGroup()
    val change = group.newCommit().add(keyPackage.message).build()
    group.confirmCommit(change.commit)

    // Bob gets the Welcome, and is in.
    val joined = bob.join(change.welcome!!)

    // What alice encrypts, bob can read, and nobody in between.
    val message = group.encrypt("hello bob".toByteArray())
    val event = joined.receive(message) as Event.Message
    println(String(event.plaintext))
}
