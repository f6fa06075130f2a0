//! GREASE (RFC 9420 §13.5): random values in the lists of what we send, so that nobody comes to depend on knowing them all.
//!
//! They are drawn when a leaf is made. On receipt they are unknown values like any other, and nothing here is asked.

use super::capabilities::{Capabilities, ProposalType};
use super::credential::CredentialType;
use super::extension::{ExtensionType, Extensions};
use super::leaf_node::LeafNode;
use crate::base::{CipherSuite, Result};
use crate::crypto::random_bytes;

/// How many values are reserved in each registry: 0x0A0A, 0x1A1A and so on up to 0xEAEA.
const RESERVED: u8 = 15;

/// Whether a value is reserved for GREASE. Asked only of what this client is about to send.
pub(crate) fn is_reserved(value: u16) -> bool {
    (0..RESERVED).any(|number| reserved(number) == value)
}

fn reserved(number: u8) -> u16 {
    u16::from_be_bytes([0x10 * number + 0x0a; 2])
}

/// What a leaf of ours says of us without the selection in it: that is not what we support.
pub(crate) fn own_capabilities(node: &LeafNode) -> Capabilities {
    let mut capabilities = node.capabilities.clone();
    capabilities.cipher_suites.retain(|listed| !is_reserved(listed.0));
    capabilities.extensions.retain(|listed| !is_reserved(listed.0));
    capabilities.proposals.retain(|listed| !is_reserved(listed.0));
    capabilities.credentials.retain(|listed| !is_reserved(listed.0));
    capabilities
}

/// Puts a fresh selection into a leaf of ours that is not signed yet: into its lists, and an extension if wanted.
pub(crate) fn add_to_leaf(node: &mut LeafNode, with_extension: bool) -> Result<()> {
    let capabilities = &mut node.capabilities;
    mix(&mut capabilities.cipher_suites, CipherSuite)?;
    mix(&mut capabilities.proposals, ProposalType)?;
    mix(&mut capabilities.credentials, CredentialType)?;
    mix(&mut capabilities.extensions, ExtensionType)?;
    match with_extension {
        true => add_to_extensions(&mut node.extensions, &node.capabilities.extensions),
        false => Ok(()),
    }
}

/// Puts the selection of our old leaf into the one that takes its place: other lists would have to be counted anew, by
/// everybody and with each commit. A leaf that had none gets a fresh one.
pub(crate) fn keep_in_leaf(node: &mut LeafNode, old: &LeafNode, with_extension: bool) -> Result<()> {
    if !old.capabilities.extensions.iter().any(|listed| is_reserved(listed.0)) {
        return add_to_leaf(node, with_extension);
    }
    let (new, old_lists) = (&mut node.capabilities, &old.capabilities);
    new.cipher_suites.extend(old_lists.cipher_suites.iter().filter(|listed| is_reserved(listed.0)));
    new.proposals.extend(old_lists.proposals.iter().filter(|listed| is_reserved(listed.0)));
    new.credentials.extend(old_lists.credentials.iter().filter(|listed| is_reserved(listed.0)));
    new.extensions.extend(old_lists.extensions.iter().filter(|listed| is_reserved(listed.0)));
    let kept = old.extensions.iter().filter(|(listed, _)| with_extension && is_reserved(listed.0));
    kept.for_each(|(listed, payload)| node.extensions.put(listed, payload.to_vec()));
    Ok(())
}

/// Adds an extension of a reserved type to a list, with random contents: one of those that `listed` has (what stands in a key
/// package must be listed in its leaf, RFC 9420 §10), or any if it has none.
pub(crate) fn add_to_extensions(extensions: &mut Extensions, listed: &[ExtensionType]) -> Result<()> {
    let listed = listed.iter().copied().find(|listed| is_reserved(listed.0));
    let [number, length] = random_bytes()?;
    let payload: [u8; 16] = random_bytes()?;
    let payload = payload.into_iter().take(usize::from(length % 16)).collect();
    extensions.put(listed.unwrap_or(ExtensionType(reserved(number % RESERVED))), payload);
    Ok(())
}

/// Puts one or two reserved values anywhere into a list.
fn mix<T>(list: &mut Vec<T>, of: impl Fn(u16) -> T) -> Result<()> {
    let [number, step, more, first, second] = random_bytes::<5>()?.map(usize::from);
    let values = [number, number + 1 + step % (usize::from(RESERVED) - 1)];
    for (value, place) in values.into_iter().zip([first, second]).take(1 + more % 2) {
        let value = u8::try_from(value % usize::from(RESERVED)).unwrap_or_default();
        list.insert(place % (list.len() + 1), of(reserved(value)));
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::crypto::Suite;
    use crate::tree::sample;

    fn greased() -> LeafNode {
        let (mut leaf, _) = sample::leaf(Suite::of(CipherSuite(1)).unwrap());
        add_to_leaf(&mut leaf, true).unwrap();
        leaf
    }

    #[test]
    fn the_values_are_those_of_the_rfc() {
        let values: Vec<u16> = (0..RESERVED).map(reserved).collect();
        assert_eq!(values.get(..2).zip(values.last()), Some((&[0x0a0a, 0x1a1a][..], &0xeaea)));
        assert!(!is_reserved(0xfafa) && !is_reserved(0x0a1a) && is_reserved(0x8a8a));
    }

    #[test]
    fn every_list_of_a_leaf_has_some_and_they_differ() {
        let mut seen = BTreeSet::new();
        for _ in 0..200 {
            let LeafNode { capabilities, extensions, .. } = greased();
            let lists = [
                capabilities.cipher_suites.iter().map(|listed| listed.0).collect::<Vec<_>>(),
                capabilities.proposals.iter().map(|listed| listed.0).collect(),
                capabilities.credentials.iter().map(|listed| listed.0).collect(),
                capabilities.extensions.iter().map(|listed| listed.0).collect(),
            ];
            for list in &lists {
                let found: Vec<u16> = list.iter().copied().filter(|value| is_reserved(*value)).collect();
                let distinct: BTreeSet<u16> = found.iter().copied().collect();
                assert!((1..=2).contains(&found.len()) && distinct.len() == found.len());
                seen.extend(distinct);
            }
            assert!(capabilities.lacking_extension(extensions.types()).is_none());
            assert_eq!(extensions.types().filter(|listed| is_reserved(listed.0)).count(), 1);
        }
        assert_eq!(seen.len(), usize::from(RESERVED));
    }

    #[test]
    fn they_are_not_what_we_support() {
        let (plain, _) = sample::leaf(Suite::of(CipherSuite(1)).unwrap());
        let mut greased = plain.clone();
        add_to_leaf(&mut greased, true).unwrap();
        assert_ne!(greased.capabilities, plain.capabilities);
        assert_eq!(own_capabilities(&greased), plain.capabilities);
    }

    #[test]
    fn a_leaf_that_follows_keeps_them() {
        let (plain, _) = sample::leaf(Suite::of(CipherSuite(1)).unwrap());
        let old = greased();
        let mut new = plain.clone();
        keep_in_leaf(&mut new, &old, true).unwrap();
        let sorted = |leaf: &LeafNode| leaf.capabilities.extensions.iter().copied().collect::<BTreeSet<_>>();
        assert_eq!(sorted(&new), sorted(&old));
        assert_eq!(new.extensions, old.extensions);
        keep_in_leaf(&mut new, &plain, true).unwrap();
    }
}
