// Someone is added while away, and catches up later, after a device restart in between, with values sealed in the store.

import Conclave
import Foundation
import Support

/// Switches a device on, and off again afterwards.
func on(_ directory: String, _ name: String, _ act: (Device) throws -> Void) throws {
    try act(Device(name, Place(directory, storageKey: Data(repeating: 7, count: 32))))
}

func sayNews(_ device: Device) throws {
    try device.news().forEach { say("\(device.name) sees: \($0)") }
}

func playAlice(_ alice: Device) throws {
    try alice.createGroup()
    try alice.add(["bob"])
    try alice.say("before carol")
    try alice.add(["carol"])
    say("alice added bob, then carol, who is away: epoch \(try alice.group().status().epoch)")
    try alice.say("welcome, carol")
}

func playBob(_ bob: Device) throws {
    try bob.say("hello carol")
    try bob.refresh()
    try bob.say("still there?")
    try sayNews(bob)
    say("the delivery service keeps \(try bob.spool.invitations("carol").count) invitation for carol")
}

func playCarol(_ carol: Device) throws {
    try carol.sync()
    try sayNews(carol)
    say("carol caught up: epoch \(try carol.group().status().epoch)")
    say("the delivery service keeps \(try carol.spool.invitations("carol").count) invitations for carol")
    try carol.say("I am back")
}

run {
    try withFolder { directory in
        try on(directory, "bob") { _ in }
        try on(directory, "carol") { _ in }
        say("bob and carol were here and left key packages")
        try on(directory, "alice", playAlice)
        try on(directory, "bob", playBob)
        try on(directory, "carol", playCarol)
        try on(directory, "alice") { alice in
            try alice.sync()
            try sayNews(alice)
        }
    }
}
