// Processes are killed in the middle of sending and of receiving, and go on from their stores: nothing is lost, nothing comes
// twice, and what was encrypted is sent as it was encrypted.

import Foundation
import Support

/// Starts someone again, who finds out what there is to do; tells what was seen.
func startAndEnd(_ name: String, _ directory: String) throws -> String {
    let role = try Role(name, directory)
    let seen = try role.ask("").joined(separator: ", ")
    try role.end()
    return seen
}

func aliceSays(_ text: String, _ directory: String) throws {
    let alice = try Role("alice", directory)
    try alice.ask(text)
    try alice.end()
}

func killed(_ name: String, _ directory: String, at point: Point, _ command: String) throws {
    try Role(name, directory, until: point).killAt(point, command)
}

/// The last message in alice's outbox.
func waiting(_ directory: String) throws -> Data {
    guard let letter = try Ledger(path: "\(directory)/alice/store.db").unsent().last else {
        throw Problem("the outbox is empty")
    }
    return letter.bytes
}

/// Whether the newest message of the group is these bytes.
func isSent(_ directory: String, _ message: Data) throws -> Bool {
    let spool = try Spool(root: "\(directory)/spool")
    guard let group = try spool.groups().last else { throw Problem("there is no group") }
    var newest: Entry?
    var number: UInt64 = 1
    while let entry = try spool.fetch(group, number) {
        newest = entry
        number += 1
    }
    return newest?.message == message
}

func sending(_ directory: String, _ bob: Role) throws {
    try killed("alice", directory, at: .beforeSending, "one")
    say("alice encrypted \"one\" and was killed before it was sent")
    let message = try waiting(directory)
    say("bob sees \(try bob.ask("").count) messages")
    _ = try startAndEnd("alice", directory)
    say("alice goes on; the same bytes were sent: \(try isSent(directory, message))")
    say("bob sees: \(try bob.ask("").joined(separator: ", "))")

    try killed("alice", directory, at: .afterSending, "two")
    say("alice sent \"two\" and was killed before she could note it")
    say("bob sees: \(try bob.ask("").joined(separator: ", "))")
    _ = try startAndEnd("alice", directory)
    say("alice goes on and sends it again; bob sees \(try bob.ask("").count) messages")
}

func receiving(_ directory: String) throws {
    try aliceSays("three", directory)
    try killed("bob", directory, at: .insideReceiving, "")
    say("bob was killed inside the transaction that receives \"three\"")
    say("bob goes on and sees: \(try startAndEnd("bob", directory))")

    try aliceSays("four", directory)
    try killed("bob", directory, at: .afterReceiving, "")
    say("bob received \"four\" and was killed before he saw it")
    say("bob goes on and sees: \(try startAndEnd("bob", directory))")
}

func building(_ directory: String) throws {
    try killed("alice", directory, at: .beforeSending, "/refresh")
    say("alice built a commit and was killed before it was sent")
    _ = try startAndEnd("alice", directory)
    say("alice goes on; bob sees: \(try startAndEnd("bob", directory))")
    try aliceSays("five", directory)
    say("bob sees: \(try startAndEnd("bob", directory))")
}

func play(_ directory: String) throws {
    let (bob, alice) = (try Role("bob", directory), try Role("alice", directory))
    try alice.ask("/create")
    try alice.ask("/add bob")
    try alice.end()
    try bob.ask("")
    try sending(directory, bob)
    try bob.end()
    try receiving(directory)
    try building(directory)
    say("everything bob ever received:")
    try Ledger(path: "\(directory)/bob/store.db").inboxLines().forEach { say("  \($0)") }
}

run {
    if try !playedRole() {
        try withFolder(play)
    }
}
