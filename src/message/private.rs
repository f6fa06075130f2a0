//! Messages that are signed and encrypted (RFC 9420 §6.3).

use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};

use super::content::ContentType;
use crate::base::{Epoch, GroupId};
use crate::codec::Opaque;

/// A signed message that only members can read; who sent it stands in the encrypted sender data.
#[derive(Debug, Clone, PartialEq, Eq, TlsSize, TlsSerialize, TlsDeserializeBytes)]
pub(crate) struct PrivateMessage {
    pub(crate) group_id: GroupId,
    pub(crate) epoch: Epoch,
    pub(crate) content_type: ContentType,
    pub(crate) authenticated_data: Opaque,
    encrypted_sender_data: Opaque,
    ciphertext: Opaque,
}
