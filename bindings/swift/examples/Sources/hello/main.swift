// Two people, one group, one message each way: the smallest program.

import Conclave
import Support

func person(_ name: String) throws -> Client {
    try Client(config: basicConfig(name: name), storage: memoryStorage(), validator: acceptAll())
}

func plaintext(_ event: Event) throws -> String {
    guard case let .message(_, plaintext, _, _, _) = event else { throw Problem("not a message") }
    return text(plaintext)
}

run {
    let (alice, bob) = (try person("alice"), try person("bob"))
    let keyPackage = try bob.createKeyPackages(count: 1)[0]
    say("bob published a key package")

    let group = try alice.createGroup()
    let added = try group.newCommit().add(keyPackage: keyPackage.message).build()
    _ = try group.confirmCommit()
    say("alice created a group and added bob")

    guard let welcome = added.welcome else { throw Problem("no Welcome") }
    let joined = try bob.join(welcome: welcome)
    let status = try joined.status()
    say("bob joined: \(status.members) members, epoch \(status.epoch)")

    let hello = try group.encrypt(plaintext: bytes("hello bob"))
    say("bob reads: \(try plaintext(joined.receive(message: hello)))")
    let reply = try joined.encrypt(plaintext: bytes("hello alice"))
    say("alice reads: \(try plaintext(group.receive(message: reply)))")
}
