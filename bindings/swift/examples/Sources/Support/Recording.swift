import Conclave
import ConclaveSQLite
import Foundation

/// A letter keeps the cursor of the moment at which it was made: whatever is posted of it comes behind that.
private let outbox = """
    INSERT INTO app_outbox (group_id, tag, recipient, bytes, after) VALUES (?1, ?2, ?3, ?4,
    coalesce((SELECT number FROM app_cursor WHERE group_id = ?1), 0))
    """

/// A number that is there already is refused: no message is received twice.
let inbox = "INSERT INTO app_inbox (group_id, number, line) VALUES (?1, ?2, ?3)"

/// Writes what a call of the library produced, in the transaction of that call: the store's `onEffect`.
func record(_ connection: SQLiteConnection, _ effect: Effect) throws {
    switch effect {
    case let .received(groupId, tag, event):
        try arrived(connection, (groupId, tag), words(event))
    case let .confirmed(groupId, tag, event, welcome):
        try arrived(connection, (groupId, tag), words(event))
        guard case let .epochChanged(change) = event, let welcome else { return }
        for member in change.added {
            try send(connection, (groupId, tag), .text(name(member)), welcome)
        }
    case let .outbound(groupId, tag, message):
        try send(connection, (groupId, tag), nil, message)
    case let .joined(groupId, tag, epoch):
        try arrived(connection, (groupId, tag), epoch == 0 ? "* you made the group" : "* you joined the group")
    case .keyPackages, .imported:
        // The library lists unused key packages itself, so they need no row to be published from; and this app has no archives.
        return
    }
}

private func arrived(_ connection: SQLiteConnection, _ call: (groupId: Data, tag: Data), _ line: String) throws {
    guard case let .cursor(number) = try Tag(call.tag) else { return }
    // SQLite's numbers have a sign.
    let (groupId, place) = (SQLiteValue.blob(call.groupId), SQLiteValue.integer(Int64(bitPattern: number)))
    try connection.run(inbox, groupId, place, .text(line))
    try connection.run("INSERT OR REPLACE INTO app_cursor (group_id, number) VALUES (?1, ?2)", groupId, place)
}

private func send(
    _ connection: SQLiteConnection, _ call: (groupId: Data, tag: Data), _ recipient: SQLiteValue, _ content: Data
) throws {
    try connection.run(outbox, .blob(call.groupId), .text(Tag(call.tag).description), recipient, .blob(content))
}

/// What the user reads.
private func words(_ event: Event) -> String {
    switch event {
    case let .message(sender, plaintext, _, _, _): "\(name(sender)): \(text(plaintext))"
    case let .epochChanged(change): changed(change)
    case .removed: "* you were removed from the group"
    case .reinit: "* the group was closed"
    case .proposal: "* a change was proposed"
    case .ownEcho, .duplicate, .deferred: "*"
    }
}

private func changed(_ change: EpochChange) -> String {
    let names = { (members: [MemberName]) in members.map(name).joined(separator: " and ") }
    let done =
        switch (change.added.isEmpty, change.removed.isEmpty) {
        case (true, true): "refreshed the keys"
        case (false, true): "added \(names(change.added))"
        case (true, false): "removed \(names(change.removed))"
        case (false, false): "added \(names(change.added)) and removed \(names(change.removed))"
        }
    let trivial = [nil, [], [ProposalSummary.update]].contains(change.lostCommit)
    let lost = trivial ? "" : " (your own change came too late: make it again)"
    return "* \(name(change.committer)) \(done)\(lost)"
}

private func name(_ member: MemberName) -> String {
    text(member.clientId)
}
