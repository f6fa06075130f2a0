import Conclave
import XCTest

final class ErrorTests: XCTestCase {
    private func caught(_ act: () throws -> Void) throws -> ConclaveError {
        var found: ConclaveError?
        XCTAssertThrowsError(try act()) { found = $0 as? ConclaveError }
        return try XCTUnwrap(found)
    }

    func testAnErrorTellsItsCodeItsWordsAndItsRemedy() throws {
        let (alice, _) = try pair()
        let error = try caught { _ = try alice.receive(message: Data()) }
        guard case .Malformed = error else { return XCTFail("\(error)") }
        XCTAssertEqual(error.code / 100, 2)
        XCTAssertFalse(error.detail.isEmpty)
        XCTAssertEqual(error.description, "malformed (\(error.code)): \(error.detail)")
        XCTAssertEqual(error.localizedDescription, error.description)
        XCTAssertEqual(error.info?.code, error.code)
        XCTAssertNil(errorInfo(code: 99))
    }

    func testEachCategoryHasItsNumberAndItsName() {
        let all: [(ConclaveError, String)] = [
            (.InvalidArgument(code: 101, detail: "x"), "invalid argument (101): x"),
            (.Malformed(code: 201, detail: "x"), "malformed (201): x"),
            (.Rejected(code: 301, detail: "x"), "rejected (301): x"),
            (.Epoch(code: 401, detail: "x"), "epoch (401): x"),
            (.Usage(code: 501, detail: "x"), "usage (501): x"),
            (.Conflict(code: 601, detail: "x"), "conflict (601): x"),
            (.Storage(code: 701, detail: "x"), "storage (701): x"),
            (.Signer(code: 711, detail: "x"), "signer (711): x"),
            (.Validator(code: 721, detail: "x"), "validator (721): x"),
            (.Unsupported(code: 801, detail: "x"), "unsupported (801): x"),
            (.Internal(code: 901, detail: "x"), "internal (901): x"),
        ]
        for (error, words) in all {
            XCTAssertEqual("\(error)", words)
            XCTAssertEqual("\([error])", "[\(words)]")
            XCTAssertNotNil(error.info)
        }
    }

    func testAnErrorOfTheStorageHasWords() {
        XCTAssertEqual("\(StorageError.Conflict)", "a guard did not match")
        XCTAssertEqual(StorageError.Locked(detail: "x").localizedDescription, "storage locked: x")
        XCTAssertEqual("\(StorageError.Unavailable(detail: "x"))", "storage unavailable: x")
    }
}
