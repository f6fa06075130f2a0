//! Random values in what is published (RFC 9420 §13.5), as they stand on the wire.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::client::{Client, ClientConfig, GroupOptions, Host, KeyPackageOptions};
use crate::message::Message;
use crate::store::MemoryStorage;
use crate::tree::{Extensions, is_reserved};
use crate::{AcceptAll, encode_extensions};

fn client(grease: bool) -> Arc<Client> {
    let config = ClientConfig { grease, grease_extensions: true, ..ClientConfig::basic("alice") };
    Client::new(config, Host::new(MemoryStorage::new(), Arc::new(AcceptAll))).unwrap()
}

fn random(extensions: &Extensions) -> Vec<u16> {
    extensions.types().map(|listed| listed.0).filter(|value| is_reserved(*value)).collect()
}

#[test]
fn key_packages_and_group_infos_have_random_extensions() {
    let client = client(true);
    let (mut in_packages, mut in_infos) = (BTreeSet::new(), BTreeSet::new());
    for made in client.create_key_packages(60, KeyPackageOptions::default()).unwrap() {
        let Message::KeyPackage(key_package) = Message::decode(&made.message).unwrap() else { panic!() };
        let key_package = key_package.peek();
        let found = random(&key_package.extensions);
        assert_eq!(found.len(), 1);
        // RFC 9420 §10: what stands in a key package, its leaf lists.
        assert!(key_package.leaf_node.capabilities.lacking_extension(key_package.extensions.types()).is_none());
        in_packages.extend(found);
    }
    let group = client.create_group(GroupOptions::default()).unwrap();
    for _ in 0..60 {
        let Message::GroupInfo(info) = Message::decode(&group.group_info(true).unwrap()).unwrap() else { panic!() };
        assert!(random(&info.peek().group_context.extensions).is_empty());
        in_infos.extend(random(&info.peek().extensions));
    }
    assert!(in_packages.len() > 3 && in_infos.len() > 3);
}

#[test]
fn what_the_client_says_it_supports_has_none() {
    let client = client(true);
    client.create_group(GroupOptions::default()).unwrap();
    for identity in &client.shared().services.identities {
        identity.capabilities.check_own().unwrap();
        assert!(identity.capabilities.cipher_suites.iter().all(|suite| !is_reserved(suite.0)));
    }
}

#[test]
fn a_client_can_do_without() {
    let client = client(false);
    let made = client.create_key_packages(1, KeyPackageOptions::default()).unwrap().remove(0);
    let Message::KeyPackage(key_package) = Message::decode(&made.message).unwrap() else { panic!() };
    assert_eq!(key_package.peek().extensions, Extensions::default());
    let group = client.create_group(GroupOptions::default()).unwrap();
    let Message::GroupInfo(info) = Message::decode(&group.group_info(false).unwrap()).unwrap() else { panic!() };
    assert!(random(&info.peek().extensions).is_empty());
    assert_eq!(group.extensions().unwrap(), []);
    assert_eq!(encode_extensions(group.extensions().unwrap()).unwrap(), [0]);
}
