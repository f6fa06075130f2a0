import Conclave
import ConclaveSQLite
import Foundation
import XCTest

/// A batch as the library would make it, to try a store with.
final class HandMade: WriteBatch, @unchecked Sendable {
    private var expected: [Guard] = []
    private var ops: [WriteOp] = []
    private var told: Effect?
    private var position = 0

    static func of(_ ops: [WriteOp], guards: [Guard] = [], effect: Effect? = nil) -> HandMade {
        let batch = HandMade(noHandle: NoHandle())
        (batch.expected, batch.ops, batch.told) = (guards, ops, effect)
        return batch
    }

    /// With the effect of a join, for the app to store.
    static func joined(_ ops: [WriteOp]) -> HandMade {
        of(ops, effect: .joined(groupId: bytes("group"), tag: bytes("tag"), epoch: 7))
    }

    override func guards() -> [Guard] { expected }
    override func effect() -> Effect? { told }
    override func rewind() { position = 0 }

    override func nextChunk(maxOps: UInt32) -> [WriteOp] {
        let chunk = Array(ops[position...].prefix(Int(maxOps)))
        position += chunk.count
        return chunk
    }
}

/// Some bytes.
func bytes(_ text: String) -> Data {
    Data(text.utf8)
}

func put(_ key: String, _ value: String) -> WriteOp {
    .put(key: bytes(key), value: bytes(value))
}

func clear(_ from: String, _ to: String) -> WriteOp {
    .deleteRange(from: bytes(from), to: bytes(to))
}

/// A test with a folder of its own.
class StoreTestCase: XCTestCase {
    private(set) var folder = URL(fileURLWithPath: "/")

    override func setUpWithError() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    override func tearDownWithError() throws {
        try FileManager.default.removeItem(at: folder)
    }

    /// Where the store of the test lies.
    var path: String { folder.appendingPathComponent("store.db").path }

    /// The words of the error that this must end with.
    func words(_ act: () throws -> Void, line: UInt = #line) -> String {
        do {
            try act()
            XCTFail("no error", line: line)
        } catch let StorageError.Unavailable(detail) {
            return detail
        } catch {
            XCTFail("\(error)", line: line)
        }
        return ""
    }

    /// How often `needle` stands in the database, its log and its index, as bytes.
    func occurrences(_ needle: String) -> Int {
        ["", "-wal", "-shm"].map { suffix in
            var rest = (try? Data(contentsOf: URL(fileURLWithPath: path + suffix))) ?? Data()
            var count = 0
            while let found = rest.range(of: bytes(needle)) {
                rest = rest[found.upperBound...]
                count += 1
            }
            return count
        }.reduce(0, +)
    }
}

extension SQLiteStorage {
    func value(_ key: String) throws -> Data? {
        try read(keys: [bytes(key)])[0]
    }
}
