import Foundation
import Support
import XCTest

/// Every scenario prints what `examples/expected` says, which is the same in every language.
final class ScenarioTests: XCTestCase {
    private func compare(_ name: String) throws {
        let expected = root.appendingPathComponent("examples/expected/\(name).txt")
        let (status, printed) = try output(of: name)
        XCTAssertEqual(status, 0)
        XCTAssertEqual(printed, try String(contentsOf: expected, encoding: .utf8))
    }

    func testHello() throws { try compare("hello") }
    func testAddRemove() throws { try compare("add_remove") }
    func testOfflineJoin() throws { try compare("offline_join") }
    func testTwoProcess() throws { try compare("two_process") }
    func testCrash() throws { try compare("crash") }

    func testAProgramThatFailsSaysWhyAndHasAStatus() throws {
        XCTAssertEqual(try output(of: "chat").status, 1)
        XCTAssertEqual(try output(of: "worker", ["one"]).status, 1)
    }
}
