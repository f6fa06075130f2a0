//! The providers of primitives that OpenMLS comes with.

use openmls::prelude::{OpenMlsCrypto, OpenMlsProvider, OpenMlsRand};
use openmls_libcrux_crypto::CryptoProvider;
use openmls_rust_crypto::RustCrypto;

use super::storage::Storage;

/// Cryptography and random numbers for OpenMLS.
pub trait Primitives: OpenMlsCrypto + OpenMlsRand {
    /// Ready for use.
    fn new() -> Self;
}

impl Primitives for RustCrypto {
    fn new() -> Self {
        RustCrypto::default()
    }
}

impl Primitives for CryptoProvider {
    fn new() -> Self {
        CryptoProvider::new().unwrap()
    }
}

/// What OpenMLS calls a provider: the primitives and the storage.
pub(super) struct Provider<C> {
    primitives: C,
    storage: Storage,
}

impl<C: Primitives> Provider<C> {
    /// With an empty storage.
    pub(super) fn new() -> Self {
        Provider { primitives: C::new(), storage: Storage::default() }
    }
}

impl<C: Primitives> OpenMlsProvider for Provider<C> {
    type CryptoProvider = C;
    type RandProvider = C;
    type StorageProvider = Storage;

    fn storage(&self) -> &Storage {
        &self.storage
    }

    fn crypto(&self) -> &C {
        &self.primitives
    }

    fn rand(&self) -> &C {
        &self.primitives
    }
}
