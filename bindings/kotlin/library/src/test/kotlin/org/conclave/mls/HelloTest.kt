package org.conclave.mls

import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Test

class HelloTest {
    @Test
    fun `two people talk`() {
        val alice = Client(basicConfig("alice"), Host(memoryStorage(), acceptAll()))
        val bob = Client(basicConfig("bob"), Host(memoryStorage(), acceptAll()))
        val group = alice.createGroup()
        val change = group.newCommit().add(bob.createKeyPackages(1u).single().message).build()
        group.confirmCommit()
        val joined = bob.join(change.welcome!!)
        val event = joined.receive(group.encrypt("hello bob".toByteArray())) as Event.Message
        println(event)
        println(basicConfig("x"))
        assertArrayEquals("hello bob".toByteArray(), event.plaintext)
    }
}
