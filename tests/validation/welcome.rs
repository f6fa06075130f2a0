//! Welcome and GroupInfo (RFC 9420 §12.4.3, §12.4.3.1).

use super::letter::{Letter, made_up};
use super::people::*;
use super::plot::Plot;
use crate::base::{CipherSuite, Code, Epoch, GroupId, LeafIndex, ProtocolVersion, Secret};
use crate::client::KeyPackageOptions;
use crate::codec::{Opaque, Short};
use crate::crypto::Mac;
use crate::message::GroupInfo;
use crate::schedule::{PreSharedKeyId, Psk, ResumptionPskUsage};
use crate::tree::{ExtensionType, Extensions};

/// The honest Welcome that brings carol in.
fn letter<'a>(mallory: &'a Person, carol: &Person) -> Letter<'a> {
    Letter::of(Plot::of(mallory, vec![carol.add()]).carry_out())
}

/// That a Welcome is refused, and the same without what was done to it is not.
fn refuses(code: Code, twist: impl for<'a> Fn(Letter<'a>) -> Letter<'a>) {
    let [mallory, _] = members(["mallory", "bob"]);
    let carol = Person::of("carol");
    let forged = twist(letter(&mallory, &carol)).send();
    assert_eq!(carol.refuses_welcome(&forged, None), number(code));
    carol.join(&letter(&mallory, &carol).send(), None).unwrap();
}

fn refuses_info(code: Code, alter: impl Fn(&mut GroupInfo) + Clone + 'static) {
    refuses(code, |letter| letter.group_info(alter.clone()));
}

/// Rule W1: a GroupInfo is signed by the member that it names (RFC 9420 §12.4.3, §12.4.3.1).
#[test]
fn a_group_info_is_signed_by_its_signer() {
    let [mallory, bob] = members(["mallory", "bob"]);
    let carol = Person::of("carol");
    let by_bob = letter(&mallory, &carol).signed_by(&bob).send();
    assert_eq!(carol.refuses_welcome(&by_bob, None), number(Code::BadSignature));
    let named = letter(&mallory, &carol).group_info(|info| info.signer = LeafIndex(1)).send();
    assert_eq!(carol.refuses_welcome(&named, None), number(Code::BadSignature));
    let by_stranger = letter(&mallory, &carol).signed_by(&carol).send();
    assert_eq!(carol.refuses_welcome(&by_stranger, None), number(Code::BadSignature));
    carol.join(&letter(&mallory, &carol).send(), None).unwrap();
}

/// Rule W1: the signer's leaf is not blank (RFC 9420 §12.4.3.1).
#[test]
fn the_signer_of_a_group_info_is_a_member() {
    for leaf in [3, 4, 1000, 1 << 31, u32::MAX] {
        refuses_info(Code::BadGroupInfo, move |info| info.signer = LeafIndex(leaf));
    }
}

/// Rule W1: the signer is not the new member itself (RFC 9420 §12.4.3.1).
#[test]
fn nobody_welcomes_itself() {
    let [mallory, _] = members(["mallory", "bob"]);
    let carol = Person::of("carol");
    let forged = letter(&mallory, &carol).signed_by(&carol).group_info(|info| info.signer = LeafIndex(2)).send();
    assert_eq!(carol.refuses_welcome(&forged, None), number(Code::BadGroupInfo));
    carol.join(&letter(&mallory, &carol).send(), None).unwrap();
}

/// Rule W1: the signature covers all of the GroupInfo (RFC 9420 §12.4.3).
#[test]
fn the_signature_of_a_group_info_covers_it() {
    refuses(Code::BadSignature, |letter| letter.signed(|info| info.extensions.put(ExtensionType(0x0a0a), vec![1])));
    refuses(Code::BadSignature, |letter| letter.signed(|info| info.confirmation_tag.0.0[0] ^= 1));
    refuses(Code::BadSignature, |letter| letter.signed(|info| info.signature.0.0[0] ^= 1));
    refuses(Code::BadSignature, |letter| letter.signed(|info| info.signature.0.0.clear()));
}

/// Rule W1, F1: the confirmation tag of a GroupInfo matches, whole (RFC 9420 §12.4.3.1).
#[test]
fn a_group_info_is_confirmed() {
    for length in [0, 1, 31] {
        refuses_info(Code::BadMac, move |info| info.confirmation_tag.0.0.truncate(length));
    }
    refuses_info(Code::BadMac, |info| info.confirmation_tag.0.0.push(0));
    refuses_info(Code::BadMac, |info| info.confirmation_tag.0.0[31] ^= 0x80);
    refuses_info(Code::BadMac, |info| info.confirmation_tag = Mac(Short::from(vec![0; 32])));
    refuses_info(Code::BadMac, |info| info.group_context.confirmed_transcript_hash.0.0[0] ^= 1);
    refuses_info(Code::BadMac, |info| info.group_context.epoch = Epoch(info.group_context.epoch.0 + 1));
}

/// Rule W1: the cipher suite of a Welcome is that of the key package (RFC 9420 §12.4.3.1).
#[test]
fn a_welcome_has_the_suite_of_the_key_package() {
    refuses(Code::BadWelcome, |letter| letter.welcome(|welcome| welcome.cipher_suite = CipherSuite(3)));
    refuses(Code::UnsupportedSuite, |letter| letter.welcome(|welcome| welcome.cipher_suite = CipherSuite(0x0a0a)));
}

/// Rule W1: the cipher suite of the group is that of the Welcome (RFC 9420 §12.4.3.1).
#[test]
fn a_group_has_the_suite_of_the_welcome() {
    refuses_info(Code::BadWelcome, |info| info.group_context.cipher_suite = CipherSuite(3));
    refuses_info(Code::BadWelcome, |info| info.group_context.cipher_suite = CipherSuite(0));
}

/// Rule W1, F7: the group is of a protocol version that the client speaks (RFC 9420 §12.4.3.1).
#[test]
fn a_group_is_of_a_version_that_is_known() {
    for version in [0, 2, 0x100] {
        refuses_info(Code::UnsupportedVersion, move |info| info.group_context.version = ProtocolVersion(version));
    }
}

/// Rule W1: the hashes of a group context have the length of the suite's (RFC 9420 §8.1).
#[test]
fn hashes_have_their_length() {
    refuses_info(Code::BadGroupInfo, |info| info.group_context.tree_hash.0.0.truncate(31));
    refuses_info(Code::BadGroupInfo, |info| info.group_context.tree_hash.0.0.clear());
    refuses_info(Code::BadGroupInfo, |info| info.group_context.confirmed_transcript_hash.0.0.push(0));
}

/// Rule W1: nobody joins a group that it is in (RFC 9420 §12.4.3.1).
#[test]
fn nobody_joins_a_group_twice() {
    let [mallory, _, carol] = members(["mallory", "bob", "carol"]);
    let again = vec![crate::message::Proposal::Remove(LeafIndex(2)), carol.add()];
    let welcome = Letter::of(Plot::of(&mallory, again).carry_out()).send();
    assert_eq!(carol.refuses_welcome(&welcome, None), number(Code::AlreadyMember));
    let of_the_same_name = GroupId(carol.group().id());
    let plot =
        Plot::of(&mallory, vec![carol.add()]).context(move |context| context.group_id = of_the_same_name.clone());
    assert_eq!(carol.refuses_welcome(&Letter::of(plot.carry_out()).send(), None), number(Code::AlreadyMember));
}

/// Rule W1: our leaf in the tree is that of our key package, in every field (RFC 9420 §12.4.3.1).
#[test]
fn our_leaf_is_that_of_our_key_package() {
    let [mallory, _] = members(["mallory", "bob"]);
    let carol = Person::of("carol");
    let altered = Plot::of(&mallory, vec![carol.add()]).pathless().tree(|tree| {
        let leaf = tree.leaves[2].as_mut().unwrap();
        leaf.capabilities.proposals.push(crate::tree::ProposalType(0xf00d));
        carol.sign_leaf(leaf, None);
    });
    let welcome = Letter::of(altered.carry_out()).send();
    assert_eq!(carol.refuses_welcome(&welcome, None), number(Code::BadWelcome));
    carol.join(&letter(&mallory, &carol).send(), None).unwrap();
}

/// Rule W1, L7: who joins supports every extension of the group (RFC 9420 §12.4.3.1, §13.4).
#[test]
fn who_joins_supports_the_groups_extensions() {
    let [mallory, _] = members(["mallory", "bob"]);
    let carol = Person::of("carol");
    let extended = |number: u16, payload: Vec<u8>| {
        let plot = Plot::of(&mallory, vec![carol.add()]);
        let plot = plot.context(move |context| context.extensions.put(ExtensionType(number), payload.clone()));
        Letter::of(plot.carry_out()).send()
    };
    assert_eq!(carol.refuses_welcome(&extended(0xf00d, vec![]), None), number(Code::Incapable));
    // Required: an extension, a proposal and a credential that carol does not know.
    for required in [vec![2, 0xf0, 0x0d, 0, 0], vec![0, 2, 0xf0, 0x0d, 0], vec![0, 0, 2, 0xf0, 0x0d]] {
        assert_eq!(carol.refuses_welcome(&extended(3, required), None), number(Code::Incapable));
    }
    carol.join(&extended(3, vec![0, 0, 2, 0, 1]), None).unwrap();
}

/// Rule W1: extensions of the RFC stand in the GroupInfo and in the group context where they belong, and decode (RFC 9420
/// §13.4, §17.3).
#[test]
fn extensions_stand_where_they_belong() {
    refuses_info(Code::WrongContent, |info| info.extensions.put(ExtensionType::EXTERNAL_SENDERS, vec![0]));
    refuses_info(Code::WrongContent, |info| info.extensions.put(ExtensionType::APPLICATION_ID, vec![0]));
    refuses_info(Code::TrailingBytes, |info| info.extensions.put(ExtensionType::EXTERNAL_PUB, vec![1, 7, 7]));
    refuses_info(Code::WrongContent, |info| info.group_context.extensions.put(ExtensionType::RATCHET_TREE, vec![0]));
}

/// Rule W1: the path secret gives the keys that the tree shows (RFC 9420 §12.4.3.1).
#[test]
fn a_path_secret_gives_the_keys_of_the_tree() {
    refuses(Code::BadWelcome, |letter| letter.secrets(|secrets| secrets.path_secret = Some(made_up())));
    refuses(Code::BadPath, |letter| letter.secrets(|secrets| secrets.path_secret = Some(Secret::zero(31))));
    refuses(Code::BadPath, |letter| letter.secrets(|secrets| secrets.path_secret = Some(Secret::zero(0))));
}

/// Rule W1: a new member is told the path secret of a node that the tree says it knows (RFC 9420 §12.4.3.1).
#[test]
fn a_path_secret_is_not_missing() {
    refuses(Code::BadWelcome, |letter| letter.secrets(|secrets| secrets.path_secret = None));
}

/// Rule W1: a path secret is for a node with a key (RFC 9420 §12.4.3.1).
#[test]
fn a_path_secret_is_for_a_keyed_node() {
    let [mallory, _] = members(["mallory", "bob"]);
    let carol = Person::of("carol");
    let pathless = || Letter::of(Plot::of(&mallory, vec![carol.add()]).pathless().carry_out());
    let told = pathless().secrets(|secrets| secrets.path_secret = Some(made_up())).send();
    assert_eq!(carol.refuses_welcome(&told, None), number(Code::BadWelcome));
    carol.join(&pathless().send(), None).unwrap();
}

/// Rule W1: the joiner secret is that of the epoch, and as long as the suite's secrets (RFC 9420 §8, §12.4.3.1).
#[test]
fn the_joiner_secret_opens_the_group_info() {
    for length in [0, 31, 33] {
        refuses(Code::BadWelcome, |letter| letter.secrets(move |secrets| secrets.joiner_secret = Secret::zero(length)));
    }
    refuses(Code::BadCiphertext, |letter| letter.secrets(|secrets| secrets.joiner_secret = made_up()));
}

fn external(name: u8, nonce: usize) -> PreSharedKeyId {
    PreSharedKeyId { psk: Psk::External(Opaque(vec![name])), psk_nonce: Opaque(vec![7; nonce]) }
}

/// Rule P4: the pre-shared keys of a Welcome have nonces of the right length, are named once, and are known (RFC 9420 §8.4,
/// §12.4.3.1).
#[test]
fn the_psks_of_a_welcome_are_held_to_the_rules() {
    let psks = |code, ids: Vec<PreSharedKeyId>| {
        refuses(code, move |letter| {
            let ids = ids.clone();
            letter.secrets(move |secrets| secrets.psks = ids.clone())
        });
    };
    psks(Code::UnknownPsk, vec![external(1, 32)]);
    psks(Code::BadWelcome, vec![external(1, 31)]);
    psks(Code::BadWelcome, vec![external(1, 0)]);
    psks(Code::BadWelcome, vec![external(1, 32), external(1, 32)]);
}

/// Rule P4, W1: a Welcome links its group to none that is not known here (RFC 9420 §12.4.3.1, §11.2, §11.3).
#[test]
fn a_welcome_follows_from_no_unknown_group() {
    for usage in [ResumptionPskUsage::ReInit, ResumptionPskUsage::Branch] {
        let psk = Psk::Resumption { usage, psk_group_id: GroupId(vec![1]), psk_epoch: Epoch(1) };
        let id = PreSharedKeyId { psk, psk_nonce: Opaque(vec![7; 32]) };
        refuses(Code::UnknownPsk, |letter| {
            let id = id.clone();
            letter.secrets(move |secrets| secrets.psks = vec![id.clone()])
        });
    }
}

/// Rule W1: a Welcome is for a key package of ours (RFC 9420 §12.4.3.1).
#[test]
fn a_welcome_is_for_one_of_our_key_packages() {
    let [mallory, _] = members(["mallory", "bob"]);
    let (carol, dave) = (Person::of("carol"), Person::of("dave"));
    dave.key_package();
    let welcome = letter(&mallory, &carol).send();
    assert_eq!(dave.refuses_welcome(&welcome, None), number(Code::NotForUs));
    let reference = dave.client.key_packages(None, 1).unwrap()[0].reference.clone();
    let redirected = letter(&mallory, &carol);
    let redirected =
        redirected.welcome(move |welcome| welcome.secrets[0].new_member.0 = Short::from(reference.clone()));
    assert_eq!(dave.refuses_welcome(&redirected.send(), None), number(Code::BadCiphertext));
    carol.join(&welcome, None).unwrap();
}

/// Rule W1: what is sealed in a Welcome is what was sealed, and bound to its GroupInfo (RFC 9420 §12.4.3.1).
#[test]
fn a_welcome_is_sealed() {
    refuses(Code::BadCiphertext, |letter| {
        letter.welcome(|welcome| *welcome.encrypted_group_info.0.last_mut().unwrap() ^= 1)
    });
    refuses(Code::BadCiphertext, |letter| {
        letter.welcome(|welcome| welcome.secrets[0].encrypted_group_secrets.ciphertext.0[0] ^= 1)
    });
    refuses(Code::BadCiphertext, |letter| {
        letter.welcome(|welcome| welcome.secrets[0].encrypted_group_secrets.kem_output.0.truncate(31))
    });
}

/// Rule F4: nothing follows the GroupInfo and the GroupSecrets inside a Welcome (RFC 9420 §12.4.3.1).
#[test]
fn nothing_follows_what_is_sealed_in_a_welcome() {
    refuses(Code::TrailingBytes, |letter| letter.tails(&[0], &[]));
    refuses(Code::TrailingBytes, |letter| letter.tails(&[], &[0]));
}

/// Rule W1: the tree comes inside the GroupInfo or beside it (RFC 9420 §12.4.3.3).
#[test]
fn a_welcome_has_a_tree() {
    refuses_info(Code::TreeMissing, |info| info.extensions = Extensions::default());
    let [mallory, _] = members(["mallory", "bob"]);
    let carol = Person::of("carol");
    let outcome = Plot::of(&mallory, vec![carol.add()]).carry_out();
    let tree = outcome.tree.export();
    let welcome = Letter::of(outcome).group_info(|info| info.extensions = Extensions::default()).send();
    carol.join(&welcome, Some(tree)).unwrap();
}

/// Rule W2: a key package is used once, and its private keys are gone with the join (RFC 9420 §10, §16.8).
#[test]
fn a_key_package_is_used_once() {
    let [mallory, _] = members(["mallory", "bob"]);
    let carol = Person::of("carol");
    let welcome = letter(&mallory, &carol).send();
    let forged = letter(&mallory, &carol).group_info(|info| info.confirmation_tag.0.0[0] ^= 1).send();
    assert_eq!(carol.refuses_welcome(&forged, None), number(Code::BadMac));
    assert_eq!(carol.client.key_packages(None, 10).unwrap().len(), 2, "a refused Welcome used a key package up");
    carol.join(&welcome, None).unwrap();
    assert_eq!(carol.client.key_packages(None, 10).unwrap().len(), 1);
    carol.client.open_group(mallory.group().id()).unwrap().delete().unwrap();
    assert_eq!(carol.refuses_welcome(&welcome, None), number(Code::NotForUs));
}

/// Rule W2: a key package of last resort is kept, and opens no epoch that was lived through before (RFC 9420 §16.8).
#[test]
fn a_key_package_of_last_resort_is_kept() {
    let [mallory, bob] = members(["mallory", "bob"]);
    let mut carol = Person::of("carol");
    let options = KeyPackageOptions { last_resort: true, ..KeyPackageOptions::default() };
    let package = carol.client.create_key_packages(1, options).unwrap().remove(0).message;
    let invite = || {
        let built = mallory.group().new_commit().add(package.clone()).unwrap().build().unwrap();
        mallory.group().confirm_commit(None, vec![]).unwrap();
        bob.receive(&built.commit).unwrap();
        built.welcome.unwrap()
    };
    let first = invite();
    carol.group = Some(carol.join(&first, None).unwrap());
    assert_eq!(carol.client.key_packages(None, 10).unwrap().len(), 1);
    let removal = mallory.group().new_commit().remove(2).unwrap().build().unwrap().commit;
    mallory.group().confirm_commit(None, vec![]).unwrap();
    bob.receive(&removal).unwrap();
    carol.receive(&removal).unwrap();
    assert_eq!(carol.refuses_welcome(&first, None), number(Code::BadWelcome));
    carol.join(&invite(), None).unwrap();
}
