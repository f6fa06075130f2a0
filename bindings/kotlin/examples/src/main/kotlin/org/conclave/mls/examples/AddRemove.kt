package org.conclave.mls.examples

import org.conclave.mls.Client
import org.conclave.mls.ConclaveException
import org.conclave.mls.Group
import org.conclave.mls.code

/** Three people: one adds, another removes, and everyone agrees on who is there. */
fun main() {
    val (alice, bob, carol) = listOf("alice", "bob", "carol").map(::person)
    val a = alice.createGroup()
    val b = add(a, emptyList(), bob)
    tell("alice added bob", a, b)
    val c = add(a, listOf(b), carol)
    tell("alice added carol", a, b, c)

    val refreshed = c.newCommit().build().commit
    c.confirmCommit()
    listOf(a, b).forEach { it.receive(refreshed) }
    tell("carol refreshed her keys", a, b, c)

    val leaf = c.findMember("bob".toByteArray())!!.name.leaf
    val removed = c.newCommit().remove(leaf).build().commit
    c.confirmCommit()
    listOf(a, b).forEach { it.receive(removed) }
    tell("carol removed bob", a, c)

    val message = a.encrypt("bob is gone".toByteArray())
    out.println("carol reads: ${text(c.receive(message))}")
    out.println("bob cannot read it: error ${refused { b.receive(message) }}")
    out.println("bob cannot write: error ${refused { b.encrypt("hello?".toByteArray()) }}")
}

/** Adds someone, and takes the commit to the other members. */
private fun add(group: Group, others: List<Group>, newcomer: Client): Group {
    val keyPackage = newcomer.createKeyPackages(1u).single()
    val added = group.newCommit().add(keyPackage.message).build()
    group.confirmCommit()
    others.forEach { it.receive(added.commit) }
    return newcomer.join(added.welcome!!)
}

/** Tells how everyone sees the group; the epoch authenticator is equal only if all of it is. */
private fun tell(what: String, vararg groups: Group) {
    val authenticators = groups.map { it.epochAuthenticator() }
    val agreed = authenticators.all { it.contentEquals(authenticators[0]) }
    val status = groups[0].status()
    out.println("$what: epoch ${status.epoch}, ${status.members} members, ${if (agreed) "everyone agrees" else "they disagree"}")
}

private fun refused(act: () -> Unit): UInt =
    try {
        act()
        throw Problem("it was not refused")
    } catch (error: ConclaveException) {
        error.code
    }
