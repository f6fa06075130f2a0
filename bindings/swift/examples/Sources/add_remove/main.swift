// Three people: one adds, another removes, and everyone agrees on who is there.

import Conclave
import Foundation
import Support

func person(_ name: String) throws -> Client {
    try Client(config: basicConfig(name: name), storage: memoryStorage(), validator: acceptAll())
}

/// Adds someone, and takes the commit to the other members.
func add(_ newcomer: Client, to group: Group, with others: [Group]) throws -> Group {
    let keyPackage = try newcomer.createKeyPackages(count: 1)[0]
    let added = try group.newCommit().add(keyPackage: keyPackage.message).build()
    _ = try group.confirmCommit()
    try receive(others, added.commit)
    guard let welcome = added.welcome else { throw Problem("no Welcome") }
    return try newcomer.join(welcome: welcome)
}

func receive(_ groups: [Group], _ message: Data) throws {
    for group in groups {
        _ = try group.receive(message: message)
    }
}

/// Tells how everyone sees the group; the epoch authenticator is equal only if all of it is.
func tell(_ what: String, _ groups: [Group]) throws {
    let seen = Set(try groups.map { try $0.epochAuthenticator() })
    let status = try groups[0].status()
    let verdict = seen.count == 1 ? "everyone agrees" : "they disagree"
    say("\(what): epoch \(status.epoch), \(status.members) members, \(verdict)")
}

/// The code of the error that this must end with.
func refused(_ act: () throws -> Void) throws -> UInt32 {
    do {
        try act()
    } catch let error as ConclaveError {
        return error.code
    }
    throw Problem("bob still could")
}

run {
    let (alice, bob, carol) = (try person("alice"), try person("bob"), try person("carol"))
    let a = try alice.createGroup()
    let b = try add(bob, to: a, with: [])
    try tell("alice added bob", [a, b])
    let c = try add(carol, to: a, with: [b])
    try tell("alice added carol", [a, b, c])

    let refreshed = try c.newCommit().build().commit
    _ = try c.confirmCommit()
    try receive([a, b], refreshed)
    try tell("carol refreshed her keys", [a, b, c])

    guard let member = try c.findMember(clientId: bytes("bob")) else { throw Problem("bob is not there") }
    let removed = try c.newCommit().remove(leaf: member.name.leaf).build().commit
    _ = try c.confirmCommit()
    try receive([a, b], removed)
    try tell("carol removed bob", [a, c])

    let message = try a.encrypt(plaintext: bytes("bob is gone"))
    guard case let .message(_, plaintext, _, _, _) = try c.receive(message: message) else { throw Problem("no message") }
    say("carol reads: \(text(plaintext))")
    say("bob cannot read it: error \(try refused { _ = try b.receive(message: message) })")
    say("bob cannot write: error \(try refused { _ = try b.encrypt(plaintext: bytes("hello?")) })")
}
