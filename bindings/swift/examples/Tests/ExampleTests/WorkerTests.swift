import Conclave
import ConclaveSQLite
import Foundation
import XCTest

private let steps = 4
private let messages = 60

/// Several processes that receive for one client from one database.
final class WorkerTests: XCTestCase {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    private var database: String { folder.path + "/bob.db" }
    private var inbox: String { folder.path + "/inbox" }

    override func setUpWithError() throws {
        try FileManager.default.createDirectory(atPath: inbox, withIntermediateDirectories: true)
    }

    override func tearDownWithError() throws {
        try FileManager.default.removeItem(at: folder)
    }

    func testThreeProcessesOnOneDatabaseReceiveEachMessageOnce() throws {
        let sent = try prepare()
        let outputs = try (1...3).map { try started("salt \($0)") }.map { try ended($0) }
        let received = outputs.compactMap { $0.split(separator: " ").first.flatMap { Int($0) } }.reduce(0, +)
        XCTAssertEqual(received, sent.count + steps, outputs.joined())
        let rows = try SQLiteConnection(path: database).rows("SELECT text FROM received").compactMap { $0[0].text }
        XCTAssertEqual(rows.sorted(), sent.sorted())
    }

    func testAMessageThatIsNoneFailsTheWorker() throws {
        _ = try prepare()
        try write("000-0000.msg", Data())
        let (status, _) = try output(of: "worker", [database, inbox, "1"])
        XCTAssertEqual(status, 1)
    }

    /// Bob in alice's group, in the database, and what alice sends him in the inbox. Gives the words.
    private func prepare() throws -> [String] {
        let alice = try Client(config: basicConfig(name: "alice"), storage: memoryStorage(), validator: acceptAll())
        let bob = try Client(config: basicConfig(name: "bob"), storage: SQLiteStorage(path: database), validator: acceptAll())
        let group = try alice.createGroup()
        let added = try group.newCommit().add(keyPackage: bob.createKeyPackages(count: 1)[0].message).build()
        _ = try group.confirmCommit()
        _ = try bob.join(welcome: XCTUnwrap(added.welcome))
        try SQLiteConnection(path: database).script("CREATE TABLE received (text TEXT NOT NULL)")
        return try (0..<steps).flatMap { try send($0, group) }
    }

    private func send(_ step: Int, _ group: Group) throws -> [String] {
        let words = try (0..<messages).map { number in
            let words = "step \(step) message \(number)"
            let message = try group.encrypt(plaintext: Data(words.utf8))
            try write(String(format: "%03d-%04d.msg", step, number), message)
            return words
        }
        try write(String(format: "%03d.commit", step), group.newCommit().build().commit)
        _ = try group.confirmCommit()
        return words
    }

    private func write(_ name: String, _ content: Data) throws {
        try content.write(to: URL(fileURLWithPath: "\(inbox)/\(name)"))
    }

    private func started(_ salt: String) throws -> (Process, Pipe) {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = program("worker")
        process.arguments = [database, inbox, salt]
        process.standardOutput = pipe
        try process.run()
        return (process, pipe)
    }

    private func ended(_ worker: (process: Process, pipe: Pipe)) throws -> String {
        let printed = String(decoding: worker.pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        worker.process.waitUntilExit()
        XCTAssertEqual(worker.process.terminationStatus, 0)
        return printed
    }
}
