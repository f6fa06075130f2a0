import Foundation

/// A process in the role of someone: a program starts itself again, talks to that process line by line, and kills it where it
/// likes.
public final class Role {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private let lines: LineReader

    /// Starts a program, this one if none is named, as the device of `name`, and waits until it is ready. It will stop at `point`.
    public init(_ name: String, _ directory: String, until point: Point? = nil, program: String? = nil) throws {
        lines = LineReader(output.fileHandleForReading.fileDescriptor)
        process.executableURL = program.map { URL(fileURLWithPath: $0) } ?? Bundle.main.executableURL
        process.arguments = ["--as", name, "--dir", directory] + (point.map { ["--stop", $0.rawValue] } ?? [])
        process.standardInput = input
        process.standardOutput = output
        // What a process says to nobody must not end the one that said it.
        signal(SIGPIPE, SIG_IGN)
        try process.run()
        _ = try answer()
    }

    /// No process outlives the program that started it.
    deinit {
        if process.isRunning {
            kill(process.processIdentifier, SIGKILL)
        }
    }

    /// Gives a command, and waits for the whole answer.
    @discardableResult
    public func ask(_ command: String) throws -> [String] {
        try tell(command)
        return try answer()
    }

    /// Gives a command, and does not wait.
    public func tell(_ command: String) throws {
        try input.fileHandleForWriting.write(contentsOf: bytes("\(command)\n"))
    }

    /// Waits for the answer to a command.
    public func answer() throws -> [String] {
        var answer: [String] = []
        while true {
            let line = try line()
            if line == answerEnd {
                return answer
            }
            answer.append(line)
        }
    }

    /// Gives a command, waits until the process stops at the point in the middle of it, and kills it there: SIGKILL, which a process
    /// does not notice and cannot delay.
    public func killAt(_ point: Point, _ command: String) throws {
        try tell(command)
        let line = try line()
        guard line == point.stopped else {
            throw Problem("the process said \"\(line)\" and did not stop \(point.rawValue)")
        }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Lets the process end by itself. Fails if it failed.
    public func end() throws {
        try tell("/quit")
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Problem("a process failed") }
    }

    private func line() throws -> String {
        guard case let .line(line) = lines.next(within: patience) else {
            throw Problem("a process has ended, or does not answer")
        }
        return line
    }
}

/// If the program was started as a ``Role``, plays it, and tells so when done.
public func playedRole() throws -> Bool {
    let arguments = Array(CommandLine.arguments.dropFirst())
    guard [4, 6].contains(arguments.count), arguments[0] == "--as", arguments[2] == "--dir" else { return false }
    var point: Point?
    if arguments.count == 6 {
        point = Point(rawValue: arguments[5])
        guard arguments[4] == "--stop", point != nil else { throw Problem("no such point: \(arguments[5])") }
    }
    try chatByScript(Device(arguments[1], Place(arguments[3], stopAt: point)))
    return true
}
