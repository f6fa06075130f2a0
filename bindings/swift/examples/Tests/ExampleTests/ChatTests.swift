import Foundation
import XCTest

/// A program at its terminal.
private final class Terminal {
    private let process = Process()
    private let keyboard = Pipe()
    private let screen = Pipe()
    private var shown = Data()

    init(_ name: String, _ directory: String) throws {
        process.executableURL = program("chat")
        process.arguments = [name, directory]
        process.standardInput = keyboard
        process.standardOutput = screen
        try process.run()
    }

    deinit {
        if process.isRunning {
            process.terminate()
        }
    }

    func type(_ line: String) throws {
        try keyboard.fileHandleForWriting.write(contentsOf: Data("\(line)\n".utf8))
    }

    /// The next lines are exactly these.
    func shows(_ lines: String..., line: UInt = #line) {
        for expected in lines {
            XCTAssertEqual(next(), expected, line: line)
        }
    }

    func close() throws {
        try type("/quit")
        process.waitUntilExit()
        XCTAssertEqual(process.terminationStatus, 0)
        XCTAssertNil(next(), "something is left on the screen")
    }

    private func next() -> String? {
        while true {
            if let end = shown.firstIndex(of: 10) {
                defer { shown = Data(shown[(end + 1)...]) }
                return String(decoding: shown[..<end], as: UTF8.self)
            }
            let more = screen.fileHandleForReading.availableData
            if more.isEmpty { return nil }
            shown += more
        }
    }
}

private let noGroup = "* you are in no group yet: /create one, or wait until someone adds you"

/// Two people at two terminals: the chat driven through its standard input.
final class ChatTests: XCTestCase {
    func testTwoPeopleChatAndOneComesBack() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }
        let alice = try Terminal("alice", folder.path)
        var bob = try Terminal("bob", folder.path)
        alice.shows("* you are alice; /help tells what you can do", noGroup)
        bob.shows("* you are bob; /help tells what you can do", noGroup)
        try bob.type("anyone?")
        bob.shows("! you are in no group yet")
        try greet(alice, bob)
        try bob.close()

        try alice.type("are you gone?")
        try alice.type("/add nobody")
        alice.shows("! nobody has published no key package: has nobody ever been here?")
        bob = try Terminal("bob", folder.path)
        bob.shows("* you are bob; /help tells what you can do", "alice: are you gone?")
        try alice.type("/remove bob")
        alice.shows("* alice removed bob")
        bob.shows("* you were removed from the group")
        try bob.type("hello?")
        bob.shows("! this client is no longer a member of the group (409): ask to be added again")
        try bob.close()
        try alice.close()
    }

    private func greet(_ alice: Terminal, _ bob: Terminal) throws {
        try alice.type("/create")
        try alice.type("/add bob")
        alice.shows("* you made the group", "* alice added bob")
        bob.shows("* you joined the group")
        try alice.type("hello bob")
        bob.shows("alice: hello bob")
        try bob.type("hello alice")
        alice.shows("bob: hello alice")
        try alice.type("/members")
        alice.shows("members: alice, bob")
    }
}
