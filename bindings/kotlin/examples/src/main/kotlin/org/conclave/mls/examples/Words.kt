package org.conclave.mls.examples

import org.conclave.mls.EpochChange
import org.conclave.mls.Event
import org.conclave.mls.MemberName
import org.conclave.mls.ProposalSummary

/** What the user reads. */
fun words(event: Event): String =
    when (event) {
        is Event.Message -> "${name(event.sender)}: ${String(event.plaintext)}"
        is Event.EpochChanged -> changed(event.change)
        is Event.Removed -> "* you were removed from the group"
        is Event.Reinit -> "* the group was closed"
        is Event.Proposal -> "* a change was proposed"
        Event.OwnEcho, Event.Duplicate, is Event.Deferred -> "*"
    }

/** What a member is called. */
fun name(member: MemberName): String = String(member.clientId)

private fun changed(change: EpochChange): String {
    val added = change.added.joinToString(" and ", transform = ::name)
    val removed = change.removed.joinToString(" and ", transform = ::name)
    val done =
        when {
            added.isEmpty() && removed.isEmpty() -> "refreshed the keys"
            removed.isEmpty() -> "added $added"
            added.isEmpty() -> "removed $removed"
            else -> "added $added and removed $removed"
        }
    return "* ${name(change.committer)} $done${lost(change)}"
}

private fun lost(change: EpochChange): String {
    val lost = change.lostCommit ?: return ""
    return if (lost.all { it == ProposalSummary.Update } && lost.size < 2) "" else " (your own change came too late: make it again)"
}
