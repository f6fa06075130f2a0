import Foundation

/// Longest wait for a line, or for a kill, in seconds.
let patience: TimeInterval = 30

/// Where a process can be made to stop and wait for its end.
public enum Point: String, Sendable {
    /// A message is encrypted, and its key used up; nothing has been sent.
    case beforeSending = "before-sending"
    /// A message is sent; nothing says so.
    case afterSending = "after-sending"
    /// In the transaction of a message received: all is written, nothing is committed.
    case insideReceiving = "inside-receiving"
    /// The transaction is committed; nobody has seen the message.
    case afterReceiving = "after-receiving"

    /// What a process says when it stops here.
    var stopped: String { "stopped \(rawValue)" }

    /// Says that the point is reached, and waits to be killed.
    func stop() -> Never {
        say(stopped)
        Thread.sleep(forTimeInterval: patience)
        exit(1)
    }
}
