//! The key of one message, as a ratchet gives it (RFC 9420 §9.1).

use crate::base::Secret;

/// Key and nonce of one generation. Whoever encrypts or decrypts with it uses it up.
#[derive(Debug)]
pub(crate) struct MessageKey {
    pub(crate) key: Secret,
    pub(crate) nonce: Secret,
}
