// worker DATABASE INBOX SALT: one of several processes that receive for bob, each in an order of its own, on one database.

import Conclave
import ConclaveSQLite
import Foundation
import Support

/// How often a call is run again that another process keeps from its turn.
let attempts = 1000

/// A generator of random numbers that begins anew with the same seed (SplitMix64).
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

/// What became of the messages.
struct Count {
    var received = 0
    var been = 0
}

/// Receives one message. What another process has received, and what it has gone past, has been.
func receive(_ group: Group, _ path: String, _ count: inout Count) throws {
    let message = try Data(contentsOf: URL(fileURLWithPath: path))
    for _ in 0..<attempts {
        do {
            switch try group.receive(message: message) {
            case .duplicate, .ownEcho: count.been += 1
            default: count.received += 1
            }
            return
        } catch let error as ConclaveError where error.code / 100 == 6 || error.code == 501 {
            continue
        } catch let error as ConclaveError where [403, 405].contains(error.code) {
            count.been += 1
            return
        }
    }
    throw Problem("\(path): others were always faster")
}

/// The files of an inbox by step: its messages in order, and its commit.
func steps(_ inbox: String) throws -> [(messages: [String], commit: String?)] {
    let names = try FileManager.default.contentsOfDirectory(atPath: inbox).sorted()
    let byStep = Dictionary(grouping: names) { String($0.prefix(3)) }
    return byStep.sorted { $0.key < $1.key }.map { _, names in
        (names.filter { $0.hasSuffix(".msg") }, names.first { $0.hasSuffix(".commit") })
    }
}

func work(_ database: String, _ inbox: String, _ salt: String) throws -> Count {
    let storage = try SQLiteStorage(path: database) { connection, effect in
        guard case let .received(_, _, .message(_, plaintext, _, _, _)) = effect else { return }
        try connection.run("INSERT INTO received (text) VALUES (?1)", .text(text(plaintext)))
    }
    let bob = try Client(config: basicConfig(name: "bob"), storage: storage, validator: acceptAll())
    guard let found = try bob.groups(after: nil, limit: 1).groups.first else { throw Problem("bob is in no group") }
    let group = try bob.openGroup(groupId: found.groupId)
    var order = Seeded(state: salt.utf8.reduce(0) { $0 &* 31 &+ UInt64($1) })
    var count = Count()
    for step in try steps(inbox) {
        for name in step.messages.shuffled(using: &order) + [step.commit].compactMap({ $0 }) {
            try receive(group, "\(inbox)/\(name)", &count)
        }
    }
    return count
}

run {
    guard CommandLine.arguments.count == 4 else { throw Problem("usage: worker DATABASE INBOX SALT") }
    let count = try work(CommandLine.arguments[1], CommandLine.arguments[2], CommandLine.arguments[3])
    say("\(count.received) received, \(count.been) had been")
}
