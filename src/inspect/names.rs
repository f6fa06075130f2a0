//! What the numbers of RFC 9420 are called: the registries of §17, and the cases of its structs.

use std::fmt;

/// Numbers that IANA registers (RFC 9420 §17), named from zero on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Registry {
    names: &'static [&'static str],
    /// Whether clients are to mix in random values, which mean nothing (RFC 9420 §13.5).
    grease: bool,
}

impl Registry {
    /// The name of a number, or what is known of it.
    pub(super) fn name(self, number: u16) -> &'static str {
        match self.names.get(usize::from(number)) {
            Some(name) => name,
            None if self.grease && is_grease(number) => "GREASE",
            None if number >= 0xf000 => "private use",
            None => "unknown",
        }
    }
}

/// The values `0x0A0A`, `0x1A1A` and so on to `0xEAEA` (RFC 9420 §13.5).
fn is_grease(number: u16) -> bool {
    let [high, low] = number.to_be_bytes();
    high == low && low & 0x0f == 0x0a && low < 0xf0
}

/// ProtocolVersion (§6).
pub(super) const VERSIONS: Registry = Registry { names: &["reserved", "mls10"], grease: false };

/// MLS Cipher Suites (§17.1).
pub(super) const CIPHER_SUITES: Registry = Registry {
    names: &[
        "reserved",
        "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519",
        "MLS_128_DHKEMP256_AES128GCM_SHA256_P256",
        "MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519",
        "MLS_256_DHKEMX448_AES256GCM_SHA512_Ed448",
        "MLS_256_DHKEMP521_AES256GCM_SHA512_P521",
        "MLS_256_DHKEMX448_CHACHA20POLY1305_SHA512_Ed448",
        "MLS_256_DHKEMP384_AES256GCM_SHA384_P384",
    ],
    grease: true,
};

/// MLS Wire Formats (§17.2).
pub(super) const WIRE_FORMATS: Registry = Registry {
    names: &[
        "reserved",
        "mls_public_message",
        "mls_private_message",
        "mls_welcome",
        "mls_group_info",
        "mls_key_package",
    ],
    grease: false,
};

/// MLS Extension Types (§17.3).
pub(super) const EXTENSION_TYPES: Registry = Registry {
    names: &["reserved", "application_id", "ratchet_tree", "required_capabilities", "external_pub", "external_senders"],
    grease: true,
};

/// MLS Proposal Types (§17.4).
pub(super) const PROPOSAL_TYPES: Registry = Registry {
    names: &["reserved", "add", "update", "remove", "psk", "reinit", "external_init", "group_context_extensions"],
    grease: true,
};

/// MLS Credential Types (§17.5).
pub(super) const CREDENTIAL_TYPES: Registry = Registry { names: &["reserved", "basic", "x509"], grease: true };

/// The cases of a struct, numbered from one on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Choice(&'static [&'static str]);

impl Choice {
    /// The name of a case, if there is one of this number.
    pub(super) fn name(self, number: u8) -> Option<&'static str> {
        let at = usize::from(number).checked_sub(1)?;
        self.0.get(at).copied()
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}

/// ContentType (§6).
pub(super) const CONTENT_TYPES: Choice = Choice(&["application", "proposal", "commit"]);

/// SenderType (§6).
pub(super) const SENDER_TYPES: Choice = Choice(&["member", "external", "new_member_proposal", "new_member_commit"]);

/// LeafNodeSource (§7.2).
pub(super) const LEAF_NODE_SOURCES: Choice = Choice(&["key_package", "update", "commit"]);

/// NodeType (§12.4.3.3).
pub(super) const NODE_TYPES: Choice = Choice(&["leaf", "parent"]);

/// ProposalOrRefType (§12.4).
pub(super) const PROPOSAL_OR_REF_TYPES: Choice = Choice(&["proposal", "reference"]);

/// PSKType (§8.4).
pub(super) const PSK_TYPES: Choice = Choice(&["external", "resumption"]);

/// ResumptionPSKUsage (§8.4).
pub(super) const RESUMPTION_PSK_USAGES: Choice = Choice(&["application", "reinit", "branch"]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_values_are_told_from_unknown_ones() {
        assert_eq!(CIPHER_SUITES.name(1), "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519");
        let names =
            [0x0a0a, 0x7a7a, 0xeaea, 0xfafa, 0x0a1a, 0x0b0b, 0xf001, 8].map(|number| CIPHER_SUITES.name(number));
        let expected = ["GREASE", "GREASE", "GREASE", "private use", "unknown", "unknown", "private use", "unknown"];
        assert_eq!(names, expected);
        assert_eq!(WIRE_FORMATS.name(0x0a0a), "unknown");
    }

    #[test]
    fn cases_are_counted_from_one() {
        assert_eq!(
            [0, 1, 3, 4].map(|number| CONTENT_TYPES.name(number)),
            [None, Some("application"), Some("commit"), None]
        );
    }
}
