import Foundation

/// What an error of the app says of itself.
///
/// A `LocalizedError` has words for it. Any other error is printed: a `CustomStringConvertible` in its own words, and the rest as
/// Swift shows it, with the values that it carries. So what an error of a callback must not tell belongs in none of its fields.
package func hostWords(of error: any Swift.Error) -> String {
    (error as? any LocalizedError)?.errorDescription ?? "\(error)"
}

extension String {
    /// The generated code calls `String(describing:)` for what a callback of the app threw, and hands the text to the library,
    /// which gives it back in the detail of the error. This is the overload that Swift takes there, so that a `LocalizedError`
    /// is heard in its own words. (`HostErrorTests` fail without it.)
    init(describing error: any Swift.Error) {
        self = hostWords(of: error)
    }
}
