//! Credentials (RFC 9420 §5.3).

use super::names::CREDENTIAL_TYPES;
use super::page::Page;
use crate::base::Result;

/// Credential (§5.3). The content of an unknown type is taken to be one `opaque<V>`, as everywhere in the library.
pub(super) fn credential(page: &mut Page<'_>) -> Result<()> {
    match page.registered("credential_type", CREDENTIAL_TYPES)? {
        1 => page.words("identity"),
        2 => page.list("certificates", |page, item| page.opaque(item)),
        _ => page.words("content"),
    }
}
