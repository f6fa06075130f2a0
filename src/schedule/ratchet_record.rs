//! A sender ratchet as it is stored: where it stands, and who its sender is (RFC 9420 §9.1).

use super::message_key::MessageKey;
use crate::base::{Code, Result, Secret};
use crate::codec::Short;
use crate::crypto::{SignaturePublicKey, Suite};
use crate::store::{RatchetKind, Reader, Record, Writer};

/// Who sends from a leaf, kept with the leaf's ratchets so that reading a message needs no look at the leaf.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SenderIdentity {
    /// The key that the sender's messages of this epoch are signed with.
    pub(crate) signature_key: SignaturePublicKey,
    /// The canonical name of the client.
    pub(crate) client_id: Vec<u8>,
    /// The canonical name of its user.
    pub(crate) user_id: Vec<u8>,
}

/// One ratchet of a sender in one epoch.
pub(super) struct RatchetRecord {
    /// The first generation that has not been derived.
    pub(super) next: u32,
    /// `ratchet_secret` of that generation.
    secret: Secret,
    /// How many keys of earlier generations lie in chunks.
    pub(super) kept: u32,
    /// How many bytes have been sealed with its keys, if it is our own.
    pub(super) sealed: u64,
    pub(super) sender: SenderIdentity,
}

impl RatchetRecord {
    /// The ratchet at its root, from the secret of the sender's leaf (RFC 9420 §9).
    pub(super) fn root(suite: &Suite, leaf: &Secret, kind: RatchetKind, sender: SenderIdentity) -> Result<Self> {
        let label = match kind {
            RatchetKind::Handshake => "handshake",
            RatchetKind::Application => "application",
        };
        Ok(RatchetRecord { next: 0, secret: suite.derive_secret(leaf, label)?, kept: 0, sealed: 0, sender })
    }

    /// The same ratchet, with the keys of skipped generations left behind.
    pub(super) fn without_skipped(self) -> Self {
        RatchetRecord { kept: 0, ..self }
    }

    /// The key of the next generation; the ratchet moves past it. `UsageLimit` at the last generation there is.
    pub(super) fn take(&mut self, suite: &Suite) -> Result<MessageKey> {
        let key = suite.derive_tree_secret(&self.secret, "key", self.next, suite.key_length())?;
        let nonce = suite.derive_tree_secret(&self.secret, "nonce", self.next, suite.nonce_length())?;
        self.skip(suite)?;
        Ok(MessageKey { key, nonce })
    }

    /// Moves past a generation without deriving its key.
    pub(super) fn skip(&mut self, suite: &Suite) -> Result<()> {
        let next = self.next.checked_add(1).ok_or(Code::UsageLimit)?;
        self.secret = suite.derive_tree_secret(&self.secret, "secret", self.next, suite.secret_length())?;
        self.next = next;
        Ok(())
    }
}

impl Record for RatchetRecord {
    const VERSION: u8 = 2;

    fn size_hint(&self) -> usize {
        192
    }

    fn write(&self, writer: &mut Writer) {
        writer.u32(self.next);
        writer.u32(self.kept);
        writer.secret(&self.secret);
        let SenderIdentity { signature_key, client_id, user_id } = &self.sender;
        writer.bytes(&signature_key.0);
        writer.bytes(client_id);
        // Most clients are named as their users are.
        writer.option((user_id != client_id).then_some(user_id), |writer, name| writer.bytes(name));
        writer.u64(self.sealed);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let (next, kept, secret) = (reader.u32()?, reader.u32()?, reader.secret()?);
        let signature_key = SignaturePublicKey(Short::from(reader.bytes()?.to_vec()));
        let client_id = reader.bytes()?.to_vec();
        let user_id = reader.option(|reader| Ok(reader.bytes()?.to_vec()))?.unwrap_or_else(|| client_id.clone());
        let sealed = if reader.version() >= 2 { reader.u64()? } else { 0 };
        Ok(RatchetRecord { next, secret, kept, sealed, sender: SenderIdentity { signature_key, client_id, user_id } })
    }
}
