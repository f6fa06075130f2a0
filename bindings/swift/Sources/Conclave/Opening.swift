import Foundation

/// What the app lends to a client, by a name that Foundation does not have, too: a file that imports both finds `Host` ambiguous.
public typealias ConclaveHost = Host

extension Client {
    /// Opens the client called `config.name` in `storage`, and makes it if it is not there yet: ``init(config:host:)`` with what the
    /// host lends as arguments. Nothing for `signer`: keys in the storage; for `policy`: the RFC's rules alone; for `clock`: the
    /// time of the operating system; for `observer`: long work runs to its end.
    ///
    /// Fails as ``init(config:host:)`` does: `UnsupportedSuite`, `BadKey`, `BadArgument`, `WrongContent`.
    public convenience init(
        config: ClientConfig, storage: any Storage, validator: any CredentialValidator, signer: (any Signer)? = nil,
        policy: (any Policy)? = nil, clock: (any Clock)? = nil, observer: (any Observer)? = nil
    ) throws {
        let host = Host(
            storage: storage, validator: validator, signer: signer, policy: policy, clock: clock, observer: observer)
        try self.init(config: config, host: host)
    }
}
