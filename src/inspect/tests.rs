//! The official `messages` vectors in words, spoiled ones, and a few objects made by hand.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::path::Path;

use serde_json::Value;
use tls_codec::DeserializeBytes;

use super::page::MAX_LINES;
use super::*;
use crate::message::{Commit, GroupContext, KeyPackage, PrivateMessage, Proposal, PublicMessage, Welcome};
use crate::tree::{Capabilities, Extensions, LeafNode, TreeNodes, UpdatePath};

/// The fields of a vector, what they are, and what is missing in front of them.
const FIELDS: &[(&str, ObjectKind, &[u8])] = &[
    ("mls_welcome", ObjectKind::MlsMessage, &[]),
    ("mls_group_info", ObjectKind::MlsMessage, &[]),
    ("mls_key_package", ObjectKind::MlsMessage, &[]),
    ("public_message_application", ObjectKind::MlsMessage, &[]),
    ("public_message_proposal", ObjectKind::MlsMessage, &[]),
    ("public_message_commit", ObjectKind::MlsMessage, &[]),
    ("private_message", ObjectKind::MlsMessage, &[]),
    ("ratchet_tree", ObjectKind::RatchetTree, &[]),
    ("add_proposal", ObjectKind::KeyPackage, &[]),
    ("add_proposal", ObjectKind::Proposal, &[0, 1]),
    ("update_proposal", ObjectKind::LeafNode, &[]),
    ("update_proposal", ObjectKind::Proposal, &[0, 2]),
    ("remove_proposal", ObjectKind::Proposal, &[0, 3]),
    ("pre_shared_key_proposal", ObjectKind::PreSharedKeyId, &[]),
    ("pre_shared_key_proposal", ObjectKind::Proposal, &[0, 4]),
    ("re_init_proposal", ObjectKind::Proposal, &[0, 5]),
    ("external_init_proposal", ObjectKind::Proposal, &[0, 6]),
    ("group_context_extensions_proposal", ObjectKind::Extensions, &[]),
    ("group_context_extensions_proposal", ObjectKind::Proposal, &[0, 7]),
    ("commit", ObjectKind::Commit, &[]),
];

/// The entries of `messages.json`, as many as asked for; none if the vectors are not here, of which `tests/vectors.rs` tells.
fn entries(most: usize) -> Vec<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let beside = [root.join("../shared/mls-vectors"), root.join(".cache/mls-vectors")];
    let named = std::env::var_os("MLS_VECTORS_DIR").map(Into::into);
    let text = named.into_iter().chain(beside).find_map(|place| std::fs::read(place.join("messages.json")).ok());
    let mut entries: Vec<Value> = text.map(|text| serde_json::from_slice(&text).unwrap()).unwrap_or_default();
    entries.truncate(most);
    entries
}

fn bytes(entry: &Value, field: &str) -> Vec<u8> {
    hex::decode(entry[field].as_str().unwrap()).unwrap()
}

/// Every object of an entry.
fn objects(entry: &Value) -> impl Iterator<Item = (&'static str, ObjectKind, Vec<u8>)> {
    FIELDS.iter().map(|&(field, kind, front)| (field, kind, [front, &bytes(entry, field)].concat()))
}

/// Whether the library itself can read the object.
fn decodes(kind: ObjectKind, bytes: &[u8]) -> bool {
    fn exact<T: DeserializeBytes>(bytes: &[u8]) -> bool {
        decode_exact::<T>(bytes).is_ok()
    }
    match kind {
        ObjectKind::MlsMessage => Message::decode(bytes).is_ok(),
        ObjectKind::PublicMessage => exact::<PublicMessage>(bytes),
        ObjectKind::PrivateMessage => exact::<PrivateMessage>(bytes),
        ObjectKind::Welcome => exact::<Welcome>(bytes),
        ObjectKind::GroupInfo => exact::<GroupInfo>(bytes),
        ObjectKind::KeyPackage => exact::<KeyPackage>(bytes),
        ObjectKind::GroupContext => exact::<GroupContext>(bytes),
        ObjectKind::LeafNode => exact::<LeafNode>(bytes),
        ObjectKind::RatchetTree => TreeNodes::new(bytes).is_ok_and(|mut nodes| nodes.all(|node| node.is_ok())),
        ObjectKind::Commit => exact::<Commit>(bytes),
        ObjectKind::Proposal => exact::<Proposal>(bytes),
        ObjectKind::UpdatePath => exact::<UpdatePath>(bytes),
        ObjectKind::PreSharedKeyId => exact::<PreSharedKeyId>(bytes),
        ObjectKind::Capabilities => exact::<Capabilities>(bytes),
        ObjectKind::Extensions => exact::<Extensions>(bytes),
    }
}

#[test]
fn every_object_of_the_vectors_is_described_and_found_out() {
    for entry in entries(usize::MAX) {
        for (field, kind, bytes) in objects(&entry) {
            let text = inspect_as(kind, bytes.clone()).unwrap_or_else(|error| unreachable!("{field}: {error}"));
            // Others can be taken for one another: a Proposal has no mark of its own.
            let sure = [ObjectKind::MlsMessage, ObjectKind::RatchetTree, ObjectKind::KeyPackage, ObjectKind::LeafNode];
            let guessed = inspect(bytes).unwrap();
            assert!(!sure.contains(&kind) || guessed == text, "{field}:\n{text}\n{guessed}");
        }
    }
}

#[test]
fn what_is_shown_is_what_the_library_reads() {
    for entry in entries(50) {
        let Message::GroupInfo(read) = Message::decode(&bytes(&entry, "mls_group_info")).unwrap() else {
            unreachable!()
        };
        let text = inspect(bytes(&entry, "mls_group_info")).unwrap();
        let GroupInfo { group_context, signer, signature, .. } = read.peek();
        let tree_hash = hex::encode(&group_context.tree_hash.0[..group_context.tree_hash.0.len().min(32)]);
        for line in [
            format!("      epoch: {}\n", group_context.epoch.0),
            format!("      group_id: {}\n", value::words(group_context.group_id.as_slice())),
            format!("      tree_hash: {tree_hash}"),
            format!("    signer: {}\n", signer.0),
            format!("    signature: {}\n", value::hex(&signature.0)),
        ] {
            assert!(text.contains(&line), "{line}{text}");
        }
    }
}

#[test]
fn group_secrets_are_refused_whatever_they_are_called() {
    for entry in entries(usize::MAX) {
        let secrets = bytes(&entry, "group_secrets");
        let kinds = GUESSES.iter().map(|&kind| inspect_as(kind, secrets.clone()));
        for refused in kinds.chain([inspect(secrets.clone()), inspect_tree(secrets.clone())]) {
            let error = refused.unwrap_err();
            assert!(error.is(Code::HoldsSecrets) && !error.to_string().contains(&hex::encode(&secrets[1..9])));
        }
    }
}

#[test]
fn spoiled_objects_are_read_exactly_as_far_as_the_library_reads_them() {
    for (number, entry) in entries(4).iter().enumerate() {
        for (field, kind, whole) in objects(entry) {
            for at in 0..whole.len() {
                let mut flipped = whole.clone();
                flipped[at] ^= 1 << ((at + number) % 8);
                for spoiled in [&whole[..at], &flipped] {
                    let described = kind.describe(spoiled);
                    assert_eq!(described.is_ok(), decodes(kind, spoiled), "{field} at {at}: {described:?}");
                }
            }
        }
    }
}

#[test]
fn noise_of_every_kind_is_answered() {
    let noise: Vec<u8> = (0..600u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8 & 0x3f).collect();
    for start in 0..noise.len() {
        for kind in GUESSES.into_iter().chain([ObjectKind::PublicMessage, ObjectKind::PrivateMessage]) {
            let bytes = &noise[start..];
            assert_eq!(kind.describe(bytes).is_ok(), decodes(kind, bytes), "{kind:?} from {start}");
        }
        let _answered = inspect_tree(noise[start..].to_vec());
    }
}

#[test]
fn a_proposal_has_a_line_for_each_field() {
    let remove = "Proposal (6 bytes)\n  proposal_type: 0x0003 (remove)\n  remove.removed: 258\n";
    assert_eq!(inspect_as(ObjectKind::Proposal, vec![0, 3, 0, 0, 1, 2]).unwrap(), remove);
    let custom = "Proposal (4 bytes)\n  proposal_type: 0xf001 (private use)\n  content: 07 (1 byte)\n";
    assert_eq!(inspect_as(ObjectKind::Proposal, vec![0xf0, 1, 1, 7]).unwrap(), custom);
}

#[test]
fn payloads_of_known_extensions_are_read_too() {
    let bytes =
        [&[27, 0, 1, 6, 5][..], b"phone", &[0, 3, 7, 2, 0x0a, 0x0a, 0, 2, 0, 1], &[0, 4, 2, 9, 9], &[0x1a, 0x1a, 0]];
    let text = inspect_as(ObjectKind::Extensions, bytes.concat()).unwrap();
    let expected = "\
Extensions (28 bytes)
  extensions: (27 bytes)
    [0]: 0x0001 (application_id)
      extension_data: (6 bytes)
        application_id: \"phone\" (5 bytes)
    [1]: 0x0003 (required_capabilities)
      extension_data: (7 bytes)
        extension_types: (2 bytes)
          [0]: 0x0a0a (GREASE)
        proposal_types: (empty)
        credential_types: (2 bytes)
          [0]: 0x0001 (basic)
    [2]: 0x0004 (external_pub)
      extension_data: 0909 (2 bytes)
      extension_data: malformed: Extensions.extensions[2].extension_data.external_pub before byte 23: a vector of 9 bytes where 1 are left
    [3]: 0x1a1a (GREASE)
      extension_data: (empty)
";
    assert_eq!(text, expected);
}

#[test]
fn a_fault_is_named_with_its_field_and_place() {
    let fault = |bytes: &[u8]| inspect_as(ObjectKind::Commit, bytes.to_vec()).unwrap_err();
    let cut = fault(&[3, 1, 0, 3]);
    assert!(cut.is(Code::Malformed), "{cut}");
    assert_eq!(cut.detail(), "Commit.proposals[0].proposal.remove.removed before byte 4: 4 bytes are wanted");
    let left = fault(&[0, 0, 9]);
    assert!(left.is(Code::TrailingBytes));
    assert_eq!(left.detail(), "Commit ends at byte 2, and 1 are left");
    let twice = inspect_as(ObjectKind::Extensions, vec![6, 0xf0, 1, 0, 0xf0, 1, 0]).unwrap_err();
    assert!(twice.is(Code::Duplicated));
    let version = inspect(vec![0, 2, 0, 5]).unwrap_err();
    assert!(version.is(Code::UnsupportedVersion));
}

/// A leaf that the name fits, without keys.
fn leaf(name: &[u8]) -> Vec<u8> {
    let front = [&[1, 1, 0, 0, 0, 1, name.len() as u8][..], name];
    [&front.concat()[..], &[0, 0, 0, 0, 0], &[2], &[0, 0]].concat()
}

fn tree(nodes: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    crate::codec::write_opaque(&nodes.concat(), &mut bytes).unwrap();
    bytes
}

const PARENT: &[u8] = &[1, 2, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 4, 0, 0, 0, 2];

#[test]
fn a_tree_is_drawn_from_its_root() {
    let nodes = [leaf(b"alice"), vec![0], vec![0], PARENT.to_vec(), leaf(&[0x1b]), vec![0], leaf(b"carol")];
    let picture = inspect_tree(tree(&nodes)).unwrap();
    let expected = "\
ratchet tree (members: 3, leaves: 4)
3 parent 0102030405060708, unmerged leaves 2
|- 1 blank
|  |- 0 leaf 0: \"alice\" (5 bytes)
|  `- 2 blank
`- 5 blank
   |- 4 leaf 2: 1b (1 byte)
   `- 6 leaf 3: \"carol\" (5 bytes)
";
    assert_eq!(picture, expected);
    let misplaced = inspect_tree(tree(&[PARENT.to_vec()])).unwrap_err();
    assert!(misplaced.is(Code::BadTree) && misplaced.detail().contains("node 0"));
}

#[test]
fn the_trees_of_the_vectors_are_drawn() {
    for entry in entries(usize::MAX) {
        let picture = inspect_tree(bytes(&entry, "ratchet_tree")).unwrap();
        assert!(picture.starts_with("ratchet tree (members: "), "{picture}");
        assert!(inspect_tree(bytes(&entry, "mls_key_package")).is_err());
    }
}

#[test]
fn a_huge_tree_takes_no_more_room_than_a_large_one() {
    let nodes: Vec<Vec<u8>> =
        (0..39_999).map(|n| if n % 2 == 0 { leaf(b"somebody") } else { PARENT.to_vec() }).collect();
    let bytes = tree(&nodes);
    let text = inspect_as(ObjectKind::RatchetTree, bytes.clone()).unwrap();
    assert_eq!(text.lines().count(), MAX_LINES + 1);
    assert!(text.ends_with(" lines more\n") && text.len() < 1 << 20);
    let picture = inspect_tree(bytes).unwrap();
    assert!(picture.starts_with("ratchet tree (members: 20000, leaves: 32768)\n"), "{picture}");
    assert!(picture.lines().count() <= 128 && picture.contains("below (members: 512, leaves: 512)"), "{picture}");
}
