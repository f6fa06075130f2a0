//! Secrets: never printed, and gone when their time is over (RFC 9420 §9.2, §16). That they are gone from the raw files of a
//! database, too, is shown in `tests/forward_secrecy.rs`.

use super::people::*;
use crate::base::{Code, Epoch, LeafIndex, Secret};
use crate::client::ClientConfig;
use crate::codec::Opaque;
use crate::crypto::{HpkePrivateKey, Suite};
use crate::group::key_package;
use crate::message::{GroupSecrets, Membership, Padding, Sealing};
use crate::schedule::{EpochSecrets, Exporter, Joiner, MessageKey, psk_secret};
use crate::store::{RatchetKind, Txn};
use crate::{Event, GroupOptions};

const TELLTALE: [u8; 32] = [0xab; 32];

fn telltale() -> Secret {
    Secret::copy_of(&TELLTALE)
}

/// That nothing which is printed of a value holds its bytes, in any notation.
fn is_silent(value: &dyn std::fmt::Debug) {
    for text in [format!("{value:?}"), format!("{value:#?}")] {
        let text = text.to_lowercase();
        for trace in ["abab", "171, 171", "171,\n", "0xab", "253, 253", "fdfd"] {
            assert!(!text.contains(trace), "{text}");
        }
    }
}

/// Rule S1: no type that holds a secret prints it (RFC 9420 §16).
#[test]
fn no_secret_is_printed() {
    let suite = &Suite::ALL[0];
    let secret = telltale();
    is_silent(&secret);
    is_silent(&HpkePrivateKey(telltale()));
    is_silent(&MessageKey { key: telltale(), nonce: telltale() });
    is_silent(&crate::client::Secret::new(telltale()));
    is_silent(&suite.signature_key(telltale()).unwrap());
    is_silent(&Exporter::new(suite, &secret));
    is_silent(&Membership { suite, membership_key: &secret, group_context: &[] });
    let (key, reuse_guard) = (MessageKey { key: telltale(), nonce: telltale() }, [0; 4]);
    let padding = Padding::None;
    is_silent(&Sealing { suite, sender_data_secret: &secret, generation: 0, key, reuse_guard, padding });
    is_silent(&GroupSecrets { joiner_secret: telltale(), path_secret: Some(telltale()), psks: vec![] });
    let joiner = Joiner::from_welcome(suite, telltale()).unwrap();
    is_silent(&joiner);
    let welcomer = joiner.with_psks(&psk_secret(suite, &[]).unwrap());
    let (printed, key) = (format!("{welcomer:?}"), welcomer.welcome_key().unwrap());
    is_redacted(&printed, 1);
    is_redacted(&format!("{key:?}"), 2);
    is_redacted(&format!("{:?}", welcomer.into_epoch(&[]).unwrap()), 9);
    is_redacted(&format!("{:?}", EpochSecrets::create(suite).unwrap()), 9);
    // What users write is not printed either.
    is_silent(&Opaque(TELLTALE.to_vec()));
    is_silent(&Event::Message {
        sender: crate::MemberName { leaf: 0, client_id: vec![], user_id: vec![] },
        plaintext: TELLTALE.to_vec(),
        aad: TELLTALE.to_vec(),
        epoch: 0,
        generation: 0,
    });
}

/// That so many secrets are printed by their lengths, and no other bytes.
fn is_redacted(printed: &str, secrets: usize) {
    assert_eq!(printed.matches("Secret(").count(), secrets, "{printed}");
    assert!(!printed.contains('['), "{printed}");
}

/// Rule S1: no error tells a secret or a plaintext (RFC 9420 §16).
#[test]
fn no_error_tells_what_was_said() {
    let [alice, bob] = members(["alice", "bob"]);
    let mut message = alice.group().encrypt(TELLTALE.to_vec(), TELLTALE.to_vec(), vec![]).unwrap();
    *message.last_mut().unwrap() ^= 1;
    is_silent(&bob.receive(&message).unwrap_err());
}

/// Rule S1: secrets are wiped when they are dropped (RFC 9420 §9.2).
#[test]
fn secrets_are_wiped_when_dropped() {
    fn wipes<T: zeroize::ZeroizeOnDrop>(_: &T) {}
    wipes(&telltale().into_inner());
}

/// Whether these bytes are anywhere in a person's store.
fn holds(one: &Person, secret: &Secret) -> bool {
    let secret = secret.expose();
    let inside = |value: &[u8]| value.windows(secret.len()).any(|window| window == secret);
    one.storage.records().iter().any(|record| inside(&record.value))
}

/// Rule S1: the secrets of an epoch are deleted with it; of the last epochs that is kept which late messages need, for as long as
/// the app asks (RFC 9420 §8, §9.2).
#[test]
fn the_secrets_of_an_epoch_end_with_it() {
    let bob = Person::with(ClientConfig { past_epochs: 1, resumption_epochs: 1, ..ClientConfig::basic("bob") });
    let [alice, bob] = group_of([Person::of("alice"), bob]);
    let over = bob.view().secrets;
    let (sender_data, resumption) =
        bob.inside(|_, state, _| (state.epoch.sender_data_secret.duplicate(), state.epoch.resumption_psk.duplicate()));
    let current = [
        &over.exporter_secret,
        &over.external_secret,
        &over.membership_key,
        &over.init_secret,
        &over.epoch_authenticator,
    ];
    assert!(current.iter().all(|secret| holds(&bob, secret)));
    bob.receive(&alice.refresh()).unwrap();
    assert!(current.iter().all(|secret| !holds(&bob, secret)));
    assert!(holds(&bob, &sender_data) && holds(&bob, &resumption));
    bob.receive(&alice.refresh()).unwrap();
    assert!(!holds(&bob, &sender_data) && !holds(&bob, &resumption));
}

/// Rule S1: the key of a message is deleted when the message was read, and the ratchet moves on (RFC 9420 §9.2).
#[test]
fn the_key_of_a_message_goes_with_it() {
    let [alice, bob] = members(["alice", "bob"]);
    let [first, second] =
        [b"first", b"other"].map(|text| alice.group().encrypt(text.to_vec(), vec![], vec![]).unwrap());
    let root = bob.inside(|txn, state, _| {
        txn.require::<Secret>(&state.keys.frontier(Epoch(1), state.epoch.width.root().0)).unwrap()
    });
    assert!(holds(&bob, &root));
    let before = bob.storage.records().len();
    bob.receive(&second).unwrap();
    assert!(!holds(&bob, &root), "the secret tree still has its root");
    let skipped = |bob: &Person| {
        bob.inside(|txn, state, _| {
            let prefix = state.keys.skipped_all(Epoch(1), LeafIndex(0), RatchetKind::Application);
            txn.scan(&prefix, None, 10).unwrap().len()
        })
    };
    assert!(bob.storage.records().len() > before && skipped(&bob) == 1);
    bob.receive(&first).unwrap();
    assert_eq!(skipped(&bob), 0);
    assert_eq!(bob.refuses(&first), number(Code::KeyGone));
}

/// Rule S1, W2: the private keys of a key package are deleted in the batch that joins (RFC 9420 §10, §16.8).
#[test]
fn the_keys_of_a_key_package_go_with_the_join() {
    let [alice] = members(["alice"]);
    let bob = Person::of("bob");
    let package = bob.key_package();
    let mut txn = Txn::begin(bob.client.shared().store.clone());
    let own = key_package::list(&mut txn, None, 10).unwrap().remove(0);
    let built = alice.group().new_commit().add(package).unwrap().build().unwrap();
    assert!(holds(&bob, &own.init_key.0) && holds(&bob, &own.leaf_key.0));
    bob.join(&built.welcome.unwrap(), None).unwrap();
    assert!(!holds(&bob, &own.init_key.0));
    // The leaf's key is that of a member now.
    assert!(holds(&bob, &own.leaf_key.0));
}

/// Rule S1: the private keys of nodes are deleted when others take their place (RFC 9420 §7.5, §9.2).
#[test]
fn replaced_private_keys_are_gone() {
    let [alice, bob] = members(["alice", "bob"]);
    let keys = |one: &Person, node: u32| {
        one.inside(|txn, state, _| {
            let keys: crate::tree::PathKeys = txn.require(&state.keys.path_keys()).unwrap();
            keys.find(crate::tree::NodeIndex(node)).unwrap().0.duplicate()
        })
    };
    let (leaf, above) = (keys(&bob, 2), keys(&bob, 1));
    let commit = bob.refresh();
    assert!(!holds(&bob, &leaf) && !holds(&bob, &above));
    let above = keys(&alice, 1);
    alice.receive(&commit).unwrap();
    assert!(!holds(&alice, &above) && holds(&alice, &keys(&alice, 1)));
}

/// Rule S1: nothing of a group is left in the store when it is deleted (RFC 9420 §9.2).
#[test]
fn nothing_is_left_of_a_deleted_group() {
    let alice = Person::of("alice");
    let before = alice.storage.records();
    let group = alice.client.create_group(GroupOptions::default()).unwrap();
    group.propose_update(vec![]).unwrap();
    group.clone().new_commit().build().unwrap();
    assert!(alice.storage.records() != before);
    group.delete().unwrap();
    assert!(alice.storage.records() == before);
}
