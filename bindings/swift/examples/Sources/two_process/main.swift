// A messenger and its notification extension: two processes, one SQLite file, one member of the group. Whoever is quicker
// receives a message; nothing is received twice, nothing is lost, and no key is used twice.

import Support

let race = 20

func sayAll(_ role: Role, _ commands: [String]) throws {
    try commands.forEach { try role.ask($0) }
}

func show(_ lines: [String]) {
    lines.forEach { say("  \($0)") }
}

/// What two processes show when told at the same moment: each a part of it, so sorted.
func merged(_ both: [(Role, String)]) throws -> [String] {
    try both.forEach { try $0.tell($1) }
    return try both.flatMap { try $0.0.answer() }.sorted()
}

func sayReceived(_ directory: String, _ shown: [String]) throws {
    let received = Array(try Ledger(path: "\(directory)/bob/store.db").inboxLines().suffix(race))
    show(received)
    say("\(received.count) received, \(shown.count) shown, by one of the two each: \(shown == received)")
}

func play(_ directory: String) throws {
    let (alice, app) = (try Role("alice", directory), try Role("bob", directory))
    let notifier = try Role("bob", directory)
    try sayAll(alice, ["/create", "/add bob"])
    say("the extension is awake, the app is not:")
    try sayAll(alice, ["one", "two", "three"])
    show(try notifier.ask(""))
    say("the app is awake, the extension is not:")
    try sayAll(alice, ["four", "/refresh", "five"])
    show(try app.ask(""))
    say("both look at the same moment:")
    try sayAll(alice, (1...race).map { $0 < 10 ? "message 0\($0)" : "message \($0)" })
    try sayReceived(directory, merged([(app, ""), (notifier, "")]))
    say("both write at the same moment:")
    _ = try merged([(app, "from the app"), (notifier, "from the extension")])
    show(try alice.ask("").sorted())
    try [alice, app, notifier].forEach { try $0.end() }
}

run {
    if try !playedRole() {
        try withFolder(play)
    }
}
