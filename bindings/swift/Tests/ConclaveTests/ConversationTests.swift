import Conclave
import XCTest

final class ConversationTests: XCTestCase {
    func testTwoPeopleUnderstandEachOther() throws {
        let (alice, bob) = try pair()
        XCTAssertEqual(try text(bob.receive(message: alice.encrypt(plaintext: bytes("hello bob")))), "hello bob")
        XCTAssertEqual(try text(alice.receive(message: bob.encrypt(plaintext: bytes("hello alice")))), "hello alice")
        XCTAssertEqual(try alice.epochAuthenticator(), try bob.epochAuthenticator())
    }

    func testBytesOfEveryValueAndLengthComeBackAsTheyWere() throws {
        let (alice, bob) = try pair()
        for plaintext in [Data(), Data([0]), Data(0...255), Data(repeating: 0xff, count: 100_000)] {
            let message = try alice.encrypt(plaintext: plaintext, aad: Data([0, 255]))
            guard case let .message(_, received, aad, _, _) = try bob.receive(message: message) else {
                return XCTFail("no message")
            }
            XCTAssertEqual(received, plaintext)
            XCTAssertEqual(aad, Data([0, 255]))
        }
    }

    /// Data that is a part of other data does not begin at 0.
    func testAPieceOfDataIsTakenAsWhatItIs() throws {
        let (alice, bob) = try pair()
        let piece = bytes("xxhello")[2...]
        XCTAssertEqual(try text(bob.receive(message: alice.encrypt(plaintext: piece))), "hello")
        let message = bytes("xx") + (try alice.encrypt(plaintext: piece))
        XCTAssertEqual(try text(bob.receive(message: message[2...])), "hello")
    }

    func testTheSameMessageTwiceIsRefusedAndOnesOwnIsAnEcho() throws {
        let (alice, bob) = try pair()
        let message = try alice.encrypt(plaintext: bytes("once"))
        _ = try bob.receive(message: message)
        XCTAssertThrowsError(try bob.receive(message: message)) { XCTAssertEqual(($0 as? ConclaveError)?.code, 405) }
        XCTAssertEqual(try alice.receive(message: message), .ownEcho)
    }

    func testValuesWithTheSameBytesAreEqual() throws {
        XCTAssertEqual(StoredRecord(key: bytes("a"), value: bytes("b")), StoredRecord(key: bytes("a"), value: bytes("b")))
        XCTAssertNotEqual(StoredRecord(key: bytes("a"), value: bytes("b")), StoredRecord(key: bytes("a"), value: bytes("c")))
        XCTAssertEqual(Set([WriteOp.delete(key: bytes("a")), .delete(key: bytes("a"))]).count, 1)
        XCTAssertEqual(basicConfig(name: "alice"), basicConfig(name: "alice"))
    }
}
