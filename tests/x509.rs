//! Certificates as credentials (RFC 9420 §5.3), with a validator that reads as much of them as it must. The certificates were
//! made with OpenSSL, for keys that are used nowhere else.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair, UnparsedPublicKey,
};
use common::*;
use conclave::*;

const AUTHORITY: &[u8] = include_bytes!("x509/ca.der");

/// Someone's certificate and key: `(certificate, PKCS #8)`.
type Papers = (&'static [u8], &'static [u8]);

const ALICE_ED25519: Papers = (include_bytes!("x509/alice-ed.der"), include_bytes!("x509/alice-ed.p8"));
const BOB_ED25519: Papers = (include_bytes!("x509/bob-ed.der"), include_bytes!("x509/bob-ed.p8"));
const ALICE_P256: Papers = (include_bytes!("x509/alice-p256.der"), include_bytes!("x509/alice-p256.p8"));
const BOB_P256: Papers = (include_bytes!("x509/bob-p256.der"), include_bytes!("x509/bob-p256.p8"));
const BOB_RENEWED: &[u8] = include_bytes!("x509/bob-ed-renewed.der");

/// A key in hardware.
enum Slot {
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
}

impl Slot {
    fn of(suite: u16, pkcs8: &[u8]) -> Self {
        match suite {
            1 => Slot::Ed25519(Ed25519KeyPair::from_pkcs8(pkcs8).unwrap()),
            _ => Slot::P256(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8).unwrap()),
        }
    }

    fn public_key(&self) -> Vec<u8> {
        match self {
            Slot::Ed25519(key) => key.public_key().as_ref().to_vec(),
            Slot::P256(key) => key.public_key().as_ref().to_vec(),
        }
    }
}

impl Signer for Slot {
    fn sign(&self, _key_id: Vec<u8>, _purpose: SignPurpose, content: Vec<u8>) -> Result<Vec<u8>> {
        Ok(match self {
            Slot::Ed25519(key) => key.sign(&content).as_ref().to_vec(),
            Slot::P256(key) => key.sign(&SystemRandom::new(), &content).unwrap().as_ref().to_vec(),
        })
    }
}

/// One element of DER, whole and without its header.
struct Element<'a> {
    whole: &'a [u8],
    content: &'a [u8],
}

/// The elements that follow each other in `bytes`.
fn elements(mut bytes: &[u8]) -> Vec<Element<'_>> {
    let mut found = Vec::new();
    while bytes.len() >= 2 {
        let (header, length) = match bytes[1] {
            short @ 0..=127 => (2, usize::from(short)),
            0x81 => (3, usize::from(bytes[2])),
            0x82 => (4, usize::from(u16::from_be_bytes([bytes[2], bytes[3]]))),
            other => panic!("a length of {other:x}"),
        };
        let (whole, rest) = bytes.split_at(header + length);
        found.push(Element { whole, content: &whole[header..] });
        bytes = rest;
    }
    found
}

/// What the validator reads in a certificate.
struct Certificate<'a> {
    signed: &'a [u8],
    signature: &'a [u8],
    common_name: &'a [u8],
    key: &'a [u8],
}

fn read(certificate: &[u8]) -> Certificate<'_> {
    let parts = elements(elements(certificate)[0].content);
    // With and without a version in front.
    let mut fields = elements(parts[0].content);
    if fields[0].whole[0] == 0xa0 {
        fields.remove(0);
    }
    let (subject, key) = (&fields[4], &fields[5]);
    let name = elements(elements(elements(subject.content)[0].content)[0].content);
    Certificate {
        signed: parts[0].whole,
        signature: &parts[2].content[1..],
        common_name: name[1].content,
        key: &elements(key.content)[1].content[1..],
    }
}

/// Believes chains that end in the one authority and begin with the member's own key.
struct Directory;

impl Directory {
    fn judge(candidate: &Candidate) -> Option<Verdict> {
        let Identity::X509 { certificates } = &candidate.identity else { return None };
        let [own, authority] = certificates.as_slice() else { return None };
        let (own, trusted) = (read(own), read(AUTHORITY));
        let vouched = UnparsedPublicKey::new(&ED25519, trusted.key).verify(own.signed, own.signature).is_ok();
        let name = own.common_name.to_vec();
        (authority == AUTHORITY && vouched && own.key == candidate.signature_key)
            .then(|| Verdict::Accept { client_id: name.clone(), user_id: name })
    }
}

impl CredentialValidator for Directory {
    fn validate(&self, candidates: Vec<Candidate>) -> Result<Vec<Verdict>> {
        let rejected = || Verdict::Reject { reason: "the chain does not vouch for the key".into() };
        Ok(candidates.iter().map(|candidate| Self::judge(candidate).unwrap_or_else(rejected)).collect())
    }

    fn is_successor(&self, old: Candidate, new: Candidate) -> Result<bool> {
        let name = |candidate: &Candidate| match &candidate.identity {
            Identity::X509 { certificates } => read(&certificates[0]).common_name.to_vec(),
            _ => Vec::new(),
        };
        Ok(name(&old) == name(&new))
    }
}

fn chain(certificate: &[u8]) -> Identity {
    Identity::X509 { certificates: vec![certificate.to_vec(), AUTHORITY.to_vec()] }
}

fn enlist(world: &mut World, name: &str, (suite, (certificate, pkcs8)): (u16, Papers)) {
    let signer = Slot::of(suite, pkcs8);
    let key = SigningKey { key_id: b"slot".to_vec(), cipher_suite: suite, public_key: signer.public_key() };
    let config = ClientConfig {
        identity: chain(certificate),
        cipher_suites: vec![suite],
        signing_keys: vec![key],
        ..ClientConfig::basic(name)
    };
    world.enlist(config, |host| {
        host.signer = Some(Arc::new(signer));
        host.validator = Arc::new(Directory);
    });
}

#[test]
fn certificates_vouch_for_members_in_suites_of_both_kinds_of_keys() {
    for (suite, alice, bob) in [(1, ALICE_ED25519, BOB_ED25519), (2, ALICE_P256, BOB_P256)] {
        let mut world = World::of(&[]);
        enlist(&mut world, "alice", (suite, alice));
        enlist(&mut world, "bob", (suite, bob));
        world.found(&["alice", "bob"]);
        world.propose("bob", |group| group.propose_update(vec![]));
        world.update("alice");
        world.update("bob");
        let member = world.group("alice").find_member(b"bob".to_vec()).unwrap().unwrap();
        assert_eq!((member.identity, member.signature_key.as_slice()), (chain(bob.0), read(bob.0).key));
        world.say("bob", "certified");
    }
}

#[test]
fn a_certificate_for_another_key_is_not_believed() {
    let mut world = World::of(&[]);
    enlist(&mut world, "alice", (1, ALICE_ED25519));
    enlist(&mut world, "mallory", (1, (ALICE_ED25519.0, BOB_ED25519.1)));
    assert_eq!(code(world.client("mallory").create_group(GroupOptions::default())), 312);
    world.found(&["alice"]);
    let package = world.key_package("mallory");
    assert_eq!(code(world.group("alice").propose_add(package, vec![])), 312);
}

#[test]
fn a_renewed_certificate_takes_the_place_of_the_old_one() {
    let mut world = World::of(&[]);
    enlist(&mut world, "alice", (1, ALICE_ED25519));
    enlist(&mut world, "bob", (1, BOB_ED25519));
    world.found(&["alice", "bob"]);
    world.person_mut("bob").config.identity = chain(BOB_RENEWED);
    world.reopen("bob");
    world.update("bob");
    let found = world.group("alice").find_member(b"bob".to_vec()).unwrap().unwrap();
    assert_eq!(found.identity, chain(BOB_RENEWED));
    // A certificate of somebody else does not.
    world.person_mut("bob").config.identity = chain(ALICE_ED25519.0);
    world.reopen("bob");
    assert_eq!(code(world.group("bob").new_commit().build()), 312);
}

#[test]
fn a_group_listens_to_a_certified_sender_outside() {
    let mut world = World::of(&[]);
    enlist(&mut world, "alice", (1, ALICE_ED25519));
    enlist(&mut world, "bob", (1, BOB_ED25519));
    let mut sender = world.client("bob").external_sender(None).unwrap();
    assert_eq!(sender.identity, chain(BOB_ED25519.0));
    let listening = |sender: &ExternalSender| GroupOptions {
        extensions: encode_extensions(vec![Extension::ExternalSenders { senders: vec![sender.clone()] }]).unwrap(),
        ..GroupOptions::default()
    };
    world.create("alice", listening(&sender));
    let info = world.group("alice").group_info(true).unwrap();
    let bob = ExternalProposer::new(world.client("bob"), info, None).unwrap();
    world.receive("alice", &bob.propose_psk(b"key".to_vec()).unwrap()).unwrap();
    sender.signature_key[0] ^= 1;
    assert_eq!(code(world.client("alice").create_group(listening(&sender))), 312);
}

#[test]
fn members_with_certificates_and_with_names_must_know_of_each_other() {
    let mut world = World::of(&["alice"]);
    enlist(&mut world, "bob", (1, BOB_ED25519));
    world.found(&["alice"]);
    let package = world.key_package("bob");
    assert_eq!(code(world.group("alice").propose_add(package.clone(), vec![])), 312);
    world.person_mut("alice").host.validator = Arc::new(Everybody);
    world.reopen("alice");
    // Neither lists the other's type of credential.
    assert_eq!(code(world.group("alice").new_commit().add(package).unwrap().build()), 311);
}

/// Believes everyone, as who they say they are.
struct Everybody;

impl CredentialValidator for Everybody {
    fn validate(&self, candidates: Vec<Candidate>) -> Result<Vec<Verdict>> {
        let name = |candidate: Candidate| match candidate.identity {
            Identity::Basic { identity } => identity,
            Identity::X509 { mut certificates } => certificates.remove(0),
            Identity::Other { content, .. } => content,
        };
        Ok(candidates.into_iter().map(name).map(|id| Verdict::Accept { client_id: id.clone(), user_id: id }).collect())
    }

    fn is_successor(&self, _old: Candidate, _new: Candidate) -> Result<bool> {
        Ok(true)
    }
}
