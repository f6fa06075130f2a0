import Foundation

/// The files under a directory, as the delivery service wants them: each appears whole, and absence is an answer.
struct Files: Sendable {
    private let root: String

    /// Opens the directory, or makes it.
    init(root: String) throws {
        self.root = root
        _ = try directory("drafts")
    }

    /// A directory below, which is made if it is not there.
    func directory(_ parts: String...) throws -> String {
        let path = ([root] + parts).joined(separator: "/")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    /// The names in a directory, in order.
    func names(in directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
    }

    /// What is in a file, if there is one.
    func read(_ path: String) throws -> Data? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw systemError(path)
        }
        return FileHandle(fileDescriptor: file, closeOnDealloc: true).readDataToEndOfFile()
    }

    /// Puts a whole file in place at once: a reader sees all of it or nothing.
    func put(_ content: Data, at path: String) throws {
        _ = try move(draft(content), to: path)
    }

    /// Moves a file; tells whether it was there.
    func move(_ from: String, to path: String) throws -> Bool {
        if rename(from, path) == 0 { return true }
        if errno == ENOENT { return false }
        throw systemError(path)
    }

    /// Gives a file a second name; tells whether the name was free.
    func link(_ file: String, _ path: String) throws -> Bool {
        if Foundation.link(file, path) == 0 { return true }
        if errno == EEXIST { return false }
        throw systemError(path)
    }

    /// Deletes a file, if it is there.
    func remove(_ path: String) throws {
        if unlink(path) != 0, errno != ENOENT {
            throw systemError(path)
        }
    }

    /// A file of our own. A name is never used twice: what a killed process left may be linked to a message.
    func draft(_ content: Data) throws -> String {
        var attempt = 0
        while true {
            let path = try directory("drafts") + "/\(getpid())-\(attempt)"
            let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
            if file >= 0 {
                FileHandle(fileDescriptor: file, closeOnDealloc: true).write(content)
                return path
            }
            if errno != EEXIST { throw systemError(path) }
            attempt += 1
        }
    }
}

private func systemError(_ path: String) -> Problem {
    Problem("\(path): \(String(cString: strerror(errno)))")
}
