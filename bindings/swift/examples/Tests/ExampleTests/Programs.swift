import Foundation

/// Where the project lies.
let root = (0..<6).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent() }

/// A program of this package: they lie beside the tests.
func program(_ name: String) -> URL {
    #if os(Linux)
    let tests = Bundle.main.executableURL ?? root
    #else
    let tests = Bundle(for: ScenarioTests.self).bundleURL
    #endif
    return tests.deletingLastPathComponent().appendingPathComponent(name)
}

/// Runs a program to its end.
func output(of name: String, _ arguments: [String] = []) throws -> (status: Int32, printed: String) {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = program(name)
    process.arguments = arguments
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    let printed = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, printed)
}
