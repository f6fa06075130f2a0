import Foundation
import XCTest

@testable import Support

final class SpoolTests: XCTestCase {
    private let group = Data("g".utf8)

    private func commit(_ epoch: UInt64, _ message: String) -> Entry {
        Entry(kind: .commit(epoch), message: Data(message.utf8))
    }

    func testTheFirstCommitOfAnEpochWinsAndARepetitionIsNoSecond() throws {
        try withFolder { folder in
            let spool = try Spool(root: folder)
            let hello = Entry(kind: .message, message: Data("a\nb".utf8))
            try spool.post(group, after: 0, hello)
            try spool.post(group, after: 0, commit(0, "first"))
            try spool.post(group, after: 0, commit(0, "second"))
            try spool.post(group, after: 1, commit(0, "first"))
            try spool.post(group, after: 2, commit(1, "next"))
            let found = try (1...4).map { try spool.fetch(group, $0) }
            XCTAssertEqual(found, [hello, commit(0, "first"), commit(1, "next"), nil])
        }
    }

    func testManyWritersGetANumberEach() throws {
        try withFolder { folder in
            let (spool, group) = (try Spool(root: folder), group)
            DispatchQueue.concurrentPerform(iterations: 4) { writer in
                for number in 0..<10 {
                    try? spool.post(group, after: 0, Entry(kind: .message, message: Data([UInt8(writer), UInt8(number)])))
                }
            }
            let all = try (1...40).map { try spool.fetch(group, $0)?.message }
            XCTAssertEqual(Set(all).count, 40)
            XCTAssertFalse(all.contains(nil))
            XCTAssertNil(try spool.fetch(group, 41))
        }
    }

    func testAKeyPackageIsHandedOutOnceAndTheLastResortForEver() throws {
        try withFolder { folder in
            let spool = try Spool(root: folder)
            let (one, last) = (Data("one".utf8), Data("last".utf8))
            XCTAssertNil(try spool.takeKeyPackage("bob"))
            try spool.publish("bob", Data([1]), one)
            try spool.publishLastResort("bob", last)
            XCTAssertEqual(try spool.takeKeyPackage("bob"), one)
            try spool.publish("bob", Data([1]), one)
            XCTAssertEqual(try spool.takeKeyPackage("bob"), last)
            XCTAssertEqual(try spool.takeKeyPackage("bob"), last)
        }
    }

    func testATagComesBackAndAnythingElseIsNone() throws {
        for tag in [Tag.cursor(7), .message, .commit(0)] {
            XCTAssertEqual(try Tag(tag.bytes), tag)
        }
        for text in ["", "cursor", "cursor x", "message 1", "commit 1 2", "commit  1"] {
            XCTAssertThrowsError(try Tag(text), text)
        }
    }
}
