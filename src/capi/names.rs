//! Small values that stand in many results: members, identities, references to epochs.

use super::bytes::{conclave_bytes, copy_list};
use super::memory::conclave_memory;
use crate::base::event::{MemberName, ResumptionPsk};
use crate::base::host::Identity;
use crate::base::{Code, Result};

/// A flag in a struct that the host fills: 0 is no, anything else is yes.
pub type conclave_flag = u8;

/// A member of a group, as far as its leaf tells. This struct never grows.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct conclave_member_name {
    /// Its position in the tree; it keeps it until it is removed.
    pub leaf: u32,
    /// The canonical name of the client, as the app's validator gave it.
    pub client_id: conclave_bytes,
    /// The canonical name of the user behind it.
    pub user_id: conclave_bytes,
}

/// The secret of an epoch, as proof of having been a member then (RFC 9420 section 8.6). This struct never grows.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct conclave_resumption_psk {
    /// The group that it comes from.
    pub group_id: conclave_bytes,
    /// The epoch that it comes from.
    pub epoch: u64,
}

/// The type of a bare name (RFC 9420 section 5.3).
pub const CONCLAVE_CREDENTIAL_BASIC: u16 = 1;
/// The type of a chain of certificates.
pub const CONCLAVE_CREDENTIAL_X509: u16 = 2;

/// What a credential says (RFC 9420 section 5.3). This struct never grows.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct conclave_identity {
    /// `CONCLAVE_CREDENTIAL_BASIC`, `CONCLAVE_CREDENTIAL_X509`, or another registered number.
    pub credential_type: u16,
    /// Of a basic credential the name, as the member wrote it; of another type but X.509 the content, undecoded.
    pub content: conclave_bytes,
    /// Of an X.509 credential the DER certificates, the member's own first; else NULL.
    pub certificates: *const conclave_bytes,
    /// How many certificates there are.
    pub certificate_count: usize,
}

impl conclave_member_name {
    pub(super) fn of(memory: &mut conclave_memory, name: MemberName) -> Self {
        let (client_id, user_id) = (memory.bytes(name.client_id), memory.bytes(name.user_id));
        conclave_member_name { leaf: name.leaf, client_id, user_id }
    }

    /// Keeps a list of names.
    pub(super) fn list(memory: &mut conclave_memory, names: Vec<MemberName>) -> (*const Self, usize) {
        let names = names.into_iter().map(|name| Self::of(memory, name)).collect();
        memory.list(names)
    }

    /// A name that may be absent: then NULL.
    pub(super) fn optional(memory: &mut conclave_memory, name: Option<MemberName>) -> *const Self {
        match name {
            Some(name) => {
                let name = Self::of(memory, name);
                memory.item(name)
            }
            None => std::ptr::null(),
        }
    }
}

impl conclave_resumption_psk {
    pub(super) const NONE: Self = conclave_resumption_psk { group_id: conclave_bytes::NONE, epoch: 0 };

    pub(super) fn of(memory: &mut conclave_memory, psk: ResumptionPsk) -> Self {
        conclave_resumption_psk { group_id: memory.bytes(psk.group_id), epoch: psk.epoch }
    }

    /// Keeps a list of them.
    pub(super) fn list(memory: &mut conclave_memory, psks: Vec<ResumptionPsk>) -> (*const Self, usize) {
        let psks = psks.into_iter().map(|psk| Self::of(memory, psk)).collect();
        memory.list(psks)
    }

    pub(super) fn copy(&self) -> Result<ResumptionPsk> {
        Ok(ResumptionPsk { group_id: self.group_id.copy("psk.group_id")?, epoch: self.epoch })
    }
}

impl conclave_identity {
    pub(super) const NONE: Self = conclave_identity {
        credential_type: 0,
        content: conclave_bytes::NONE,
        certificates: std::ptr::null(),
        certificate_count: 0,
    };

    /// A bare name, which is lent.
    pub(super) fn basic(name: conclave_bytes) -> Self {
        Self { credential_type: CONCLAVE_CREDENTIAL_BASIC, content: name, ..Self::NONE }
    }

    pub(super) fn of(memory: &mut conclave_memory, identity: Identity) -> Self {
        match identity {
            Identity::Basic { identity } => Self::basic(memory.bytes(identity)),
            Identity::X509 { certificates } => {
                let (certificates, certificate_count) = memory.byte_list(certificates);
                Self { credential_type: CONCLAVE_CREDENTIAL_X509, certificates, certificate_count, ..Self::NONE }
            }
            Identity::Other { credential_type, content } => {
                Self { credential_type, content: memory.bytes(content), ..Self::NONE }
            }
        }
    }

    pub(super) fn copy(&self) -> Result<Identity> {
        let content = || self.content.copy("identity.content");
        Ok(match self.credential_type {
            0 => return Err(Code::BadArgument.with("identity.credential_type is 0, which is no type")),
            CONCLAVE_CREDENTIAL_BASIC => Identity::Basic { identity: content()? },
            CONCLAVE_CREDENTIAL_X509 => Identity::X509 {
                certificates: copy_list(self.certificates, self.certificate_count, "identity.certificates")?,
            },
            credential_type => Identity::Other { credential_type, content: content()? },
        })
    }
}
