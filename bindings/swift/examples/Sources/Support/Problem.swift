import Conclave
import Foundation

/// What went wrong, in words.
public struct Problem: LocalizedError {
    let words: String

    /// Says it.
    public init(_ words: String) {
        self.words = words
    }

    /// The words.
    public var errorDescription: String? { words }
}

/// Runs a program; what it fails with is told on standard error, and is its status.
public func run(_ program: () throws -> Void) -> Never {
    do {
        try program()
        exit(0)
    } catch {
        FileHandle.standardError.write(Data("\(error.localizedDescription)\n".utf8))
        exit(1)
    }
}

/// Prints a line, at once: another program may be waiting for it.
public func say(_ line: String) {
    FileHandle.standardOutput.write(Data("\(line)\n".utf8))
}

/// The bytes of a text.
public func bytes(_ text: String) -> Data {
    Data(text.utf8)
}

/// The text of some bytes.
public func text(_ bytes: Data) -> String {
    String(decoding: bytes, as: UTF8.self)
}

extension Data {
    /// Two digits for each byte.
    public var hex: String { map { String(format: "%02x", $0) }.joined() }

    /// What the digits stand for; nothing if they are none.
    public init?(hex: String) {
        let digits = Array(hex.utf8)
        guard digits.count % 2 == 0 else { return nil }
        let pairs = stride(from: 0, to: digits.count, by: 2).map { String(decoding: digits[$0..<$0 + 2], as: UTF8.self) }
        let bytes = pairs.compactMap { UInt8($0, radix: 16) }
        guard bytes.count == pairs.count else { return nil }
        self.init(bytes)
    }
}

/// A folder that is deleted when `act` has ended.
public func withFolder<T>(_ act: (String) throws -> T) throws -> T {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try act(folder.path)
}
