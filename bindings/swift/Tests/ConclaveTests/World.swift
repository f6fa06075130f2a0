import Conclave
import Foundation

/// Some bytes.
func bytes(_ text: String) -> Data {
    Data(text.utf8)
}

/// A client that calls itself `name`, in a storage of its own unless one is given.
func person(_ name: String, _ storage: Storage = memoryStorage()) throws -> Client {
    try Client(config: basicConfig(name: name), storage: storage, validator: acceptAll())
}

/// A key package of someone.
func keyPackage(of client: Client) throws -> Data {
    try client.createKeyPackages(count: 1)[0].message
}

/// Adds someone to a group, whose other members are not told.
func add(_ newcomer: Client, to group: Group) throws -> Group {
    let added = try group.newCommit().add(keyPackage: keyPackage(of: newcomer)).build()
    _ = try group.confirmCommit()
    return try newcomer.join(welcome: added.welcome ?? Data())
}

/// Alice and bob in a group.
func pair() throws -> (alice: Group, bob: Group) {
    let alice = try person("alice").createGroup()
    return (alice, try add(person("bob"), to: alice))
}

/// What a message says; nothing if the event is none.
func text(_ event: Event) -> String? {
    guard case let .message(_, plaintext, _, _, _) = event else { return nil }
    return String(decoding: plaintext, as: UTF8.self)
}

/// What the generated code looks like.
func generatedSource() throws -> String {
    try source("Sources/Conclave/Conclave.swift")
}

/// A file of the package.
func source(_ path: String) throws -> String {
    let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return try String(contentsOf: package.deletingLastPathComponent().appendingPathComponent(path), encoding: .utf8)
}

/// All that the first group of a pattern finds, in order.
func matches(_ pattern: String, in text: String) throws -> [String] {
    let expression = try NSRegularExpression(pattern: pattern, options: [.anchorsMatchLines, .dotMatchesLineSeparators])
    let found = expression.matches(in: text, range: NSRange(text.startIndex..., in: text))
    return found.compactMap { Range($0.range(at: 1), in: text).map { String(text[$0]) } }
}
