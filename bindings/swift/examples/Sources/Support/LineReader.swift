import Foundation

/// Reads lines from a file that others write into, and waits for them no longer than told.
final class LineReader {
    /// What came of waiting.
    enum Reading: Equatable {
        case line(String)
        case nothingYet
        case ended
    }

    private let file: Int32
    private var buffer = Data()

    init(_ file: Int32) {
        self.file = file
    }

    /// The next line, which may take so many seconds; without a number, as long as it takes.
    func next(within seconds: TimeInterval?) -> Reading {
        let deadline = seconds.map { ProcessInfo.processInfo.systemUptime + $0 }
        while true {
            if let end = buffer.firstIndex(of: 10) {
                return .line(text(takeOut(upTo: end)))
            }
            let left = deadline.map { max(0, $0 - ProcessInfo.processInfo.systemUptime) }
            if !isReady(within: left) {
                return .nothingYet
            }
            if !fill() {
                return buffer.isEmpty ? .ended : .line(text(takeOut(upTo: buffer.endIndex)))
            }
        }
    }

    private func takeOut(upTo end: Data.Index) -> Data {
        let line = Data(buffer[..<end])
        buffer = Data(buffer[end...].dropFirst())
        return line
    }

    private func isReady(within seconds: TimeInterval?) -> Bool {
        var polled = pollfd(fd: file, events: Int16(POLLIN), revents: 0)
        return poll(&polled, 1, seconds.map { Int32($0 * 1000) } ?? -1) > 0
    }

    private func fill() -> Bool {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(file, &bytes, bytes.count)
        buffer.append(contentsOf: bytes.prefix(max(0, count)))
        return count > 0
    }
}
