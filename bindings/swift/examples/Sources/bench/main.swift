// bench [DATABASE WELCOME TREE]: what calls cost, as lines of name, value and unit with tabs between. With arguments, also what it
// costs the client "joiner", in DATABASE, to join through SQLite. Programs of the same name in the other languages print the same.

import Conclave
import ConclaveSQLite
import Foundation
import Support

let warmUp = 5_000
let calls = 10_000

func client(_ name: String, _ storage: any Storage) throws -> Client {
    try Client(config: basicConfig(name: name), storage: storage, validator: acceptAll())
}

/// The seconds that `act` takes.
func spent(_ act: () throws -> Void) rethrows -> Double {
    let start = DispatchTime.now().uptimeNanoseconds
    try act()
    return Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
}

func tell(_ name: String, _ value: Double, _ unit: String) {
    say("\(name)\t\(String(format: "%.3f", value))\t\(unit)")
}

func encryption(_ name: String, _ storage: any Storage) throws {
    let group = try client("alice", storage).createGroup()
    let content = Data(count: 1024)
    let encrypt = { (times: Int) in
        for _ in 0..<times {
            _ = try group.encrypt(plaintext: content)
        }
    }
    try encrypt(warmUp)
    tell("encrypt 1 KiB, \(name)", try spent { try encrypt(calls) } * 1e6 / Double(calls), "us")
}

func join(_ database: String, _ welcome: String, _ tree: String) throws {
    let storage = Timed(try SQLiteStorage(path: database))
    let joiner = try client("joiner", storage)
    let options = JoinOptions(tree: try Data(contentsOf: URL(fileURLWithPath: tree)))
    let welcome = try Data(contentsOf: URL(fileURLWithPath: welcome))
    storage.writing = 0
    tell("join", try spent { _ = try joiner.join(welcome: welcome, options: options) }, "s")
    tell("join, the write of it", storage.writing, "s")
    tell("join, peak resident set", peak() / 1024, "MiB")
}

/// The most memory that this process ever had, in KiB; Apple's systems count bytes.
func peak() -> Double {
    #if os(Linux)
    let bytes = 1024.0
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    #else
    let bytes = 1.0
    var usage = rusage()
    getrusage(RUSAGE_SELF, &usage)
    #endif
    return Double(usage.ru_maxrss) * bytes / 1024
}

run {
    let arguments = CommandLine.arguments.dropFirst().map { $0 }
    guard [0, 3].contains(arguments.count) else { throw Problem("usage: bench [DATABASE WELCOME TREE]") }
    if arguments.count == 3 {
        try join(arguments[0], arguments[1], arguments[2])
    }
    try encryption("storage of the library", memoryStorage())
    try encryption("storage in Swift", Plain())
}
