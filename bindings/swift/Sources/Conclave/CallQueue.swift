import Dispatch

/// Runs calls of the library off Swift's few cooperative threads, which must not wait for a disk; each to its end.
struct CallQueue: Sendable {
    private let queue: DispatchQueue

    /// One call after another, in the order in which they come.
    static func serial() -> CallQueue {
        CallQueue(queue: DispatchQueue(label: "conclave.group"))
    }

    /// Calls side by side.
    static func concurrent() -> CallQueue {
        CallQueue(queue: DispatchQueue(label: "conclave.client", attributes: .concurrent))
    }

    /// Waits for a call. A task that was cancelled before does not start it; one that is cancelled meanwhile gets the result all
    /// the same: the call has written by then, and to drop what it gave back would lose a message.
    ///
    /// It stays on the actor that called until the call is in the queue, so calls keep their order.
    func run<T: Sendable>(
        isolation: isolated (any Actor)? = #isolation, _ call: @escaping @Sendable () throws -> T
    ) async throws -> T {
        try Task.checkCancellation()
        return try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result(catching: call)) }
        }
    }
}
