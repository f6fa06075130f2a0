//! Every kind of message, damaged.

use std::sync::Arc;

use conclave::*;

use super::attack::Target;
use super::people::*;

fn receiver<'a>(group: &'a Arc<Group>) -> impl Fn(Vec<u8>) -> Result<()> + 'a {
    |bytes| group.receive(bytes, vec![]).map(drop)
}

#[test]
fn application_messages() {
    for length in [0, 5000] {
        let Pair { bob, a, b, .. } = pair(false);
        let take = receiver(&b);
        let target = Target { name: "application", storage: &bob.storage, take: &take };
        let message = a.encrypt(vec![7; length], b"seen by all".to_vec(), vec![]).unwrap();
        target.attack(&message);
        assert_eq!(target.refuse(message, "a replay"), 405);
        in_touch(&a, &b);
    }
}

#[test]
fn proposals() {
    for public in [false, true] {
        let Pair { bob, a, b, .. } = pair(public);
        let carol = person("carol");
        let take = receiver(&b);
        let target = Target {
            name: if public { "public proposal" } else { "private proposal" },
            storage: &bob.storage,
            take: &take,
        };
        let extensions = vec![];
        let made = [
            a.propose_add(carol.key_package(), vec![]),
            a.propose_remove(1, vec![]),
            a.propose_update(vec![]),
            a.propose_leave(vec![]),
            a.propose_psk(b"psk".to_vec(), vec![]),
            a.propose_extensions([&[0][..], &extensions].concat(), vec![]),
        ];
        for message in made.into_iter().map(Result::unwrap) {
            target.attack(&message);
            if public {
                // The reference tells that the proposal is known, so that its second coming is no fault of anyone.
                let before = bob.storage.records();
                assert_eq!(b.receive(message, vec![]).unwrap(), Event::Duplicate);
                assert!(bob.storage.records() == before);
            } else {
                assert_eq!(target.refuse(message, "a replay"), 405);
            }
        }
        b.clear_proposals().unwrap();
        a.clear_proposals().unwrap();
        let commit = refresh(&a);
        b.receive(commit, vec![]).unwrap();
        in_touch(&a, &b);
    }
}

#[test]
fn commits() {
    for public in [false, true] {
        let Pair { bob, a, b, .. } = pair(public);
        let (carol, dave) = (person("carol"), person("dave"));
        let take = receiver(&b);
        let target = Target {
            name: if public { "public commit" } else { "private commit" },
            storage: &bob.storage,
            take: &take,
        };
        bob.client.put_psk(b"psk".to_vec(), vec![3; 32]).unwrap();
        // A path alone, an Add by value, an Add by reference, a key mixed in, no path, a Remove.
        let alone = refresh(&a);
        target.attack(&alone);
        let added = a.clone().new_commit().add(carol.key_package()).unwrap().build().unwrap();
        a.confirm_commit(None, vec![]).unwrap();
        target.attack(&added.commit);
        assert_eq!(target.refuse(alone, "a replay"), 403);
        let proposal = a.propose_add(dave.key_package(), vec![]).unwrap();
        let commit = refresh(&a);
        assert_eq!(target.refuse(commit.clone(), "a commit before its proposal"), 406);
        b.receive(proposal, vec![]).unwrap();
        target.attack(&commit);
        let removal = a.clone().new_commit().remove(3).unwrap().build().unwrap().commit;
        a.confirm_commit(None, vec![]).unwrap();
        target.attack(&removal);
        in_touch(&a, &b);
    }
}

#[test]
fn commits_with_psks() {
    let Pair { alice, bob, a, b } = pair(true);
    let take = receiver(&b);
    let target = Target { name: "psk commit", storage: &bob.storage, take: &take };
    alice.client.put_psk(b"psk".to_vec(), vec![3; 32]).unwrap();
    let commit = a.clone().new_commit().psk(b"psk".to_vec()).unwrap().without_path().unwrap().build().unwrap().commit;
    a.confirm_commit(None, vec![]).unwrap();
    assert_eq!(target.refuse(commit.clone(), "a commit with a key unknown here"), 407);
    bob.client.put_psk(b"psk".to_vec(), vec![4; 32]).unwrap();
    assert_eq!(target.refuse(commit.clone(), "a commit with another key"), 302);
    bob.client.put_psk(b"psk".to_vec(), vec![3; 32]).unwrap();
    target.attack(&commit);
    in_touch(&a, &b);
}

#[test]
fn welcomes_and_trees() {
    for beside in [false, true] {
        let Pair { a, .. } = pair(false);
        let carol = person("carol");
        let builder = a.clone().new_commit().add(carol.key_package()).unwrap();
        let builder = if beside { builder.tree_beside_welcome().unwrap() } else { builder };
        let built = builder.build().unwrap();
        a.confirm_commit(None, vec![]).unwrap();
        let (welcome, tree) = (built.welcome.unwrap(), built.tree);
        let join = |welcome: Vec<u8>, tree: Option<Vec<u8>>| {
            carol.client.join(welcome, JoinOptions { tree, ..JoinOptions::default() }).map(drop)
        };
        let take = |bytes: Vec<u8>| join(bytes, tree.clone());
        let target = Target { name: "welcome", storage: &carol.storage, take: &take };
        target.damage(&welcome);
        if let Some(tree) = tree.clone() {
            assert_eq!(join(welcome.clone(), None).unwrap_err().code(), 410);
            let take = |bytes: Vec<u8>| join(welcome.clone(), Some(bytes));
            Target { name: "tree", storage: &carol.storage, take: &take }.damage(&tree);
        }
        take(welcome.clone()).unwrap();
        assert_eq!(target.refuse(welcome, "a replay"), 408);
        let c = carol.client.open_group(a.id()).unwrap();
        in_touch(&a, &c);
    }
}

#[test]
fn key_packages() {
    let Pair { alice, a, b, .. } = pair(false);
    let (carol, dave) = (person("carol"), person("dave"));
    let add = |bytes: Vec<u8>| a.clone().new_commit().add(bytes)?.build().map(drop);
    let propose = |bytes: Vec<u8>| a.propose_add(bytes, vec![]).map(drop);
    Target { name: "proposed key package", storage: &alice.storage, take: &propose }.attack(&dave.key_package());
    a.clear_proposals().unwrap();
    Target { name: "key package", storage: &alice.storage, take: &add }.attack(&carol.key_package());
    let pending = a.pending_commit().unwrap().unwrap();
    b.receive(pending.commit, vec![]).unwrap();
    a.confirm_commit(None, vec![]).unwrap();
    let c = carol.client.join(pending.welcome.unwrap(), JoinOptions::default()).unwrap();
    assert_eq!(hear(&c, say(&b, "welcome")), "welcome");
    in_touch(&a, &c);
}

/// Each kind where another one belongs.
#[test]
fn kinds_in_the_wrong_place() {
    let Pair { alice, bob, a, b } = pair(true);
    let carol = person("carol");
    let key_package = carol.key_package();
    let built = a.clone().new_commit().add(key_package.clone()).unwrap().build().unwrap();
    let (info, info_with_tree) = (a.group_info(false).unwrap(), a.group_info(true).unwrap());
    let proposal = b.propose_update(vec![]).unwrap();
    b.clear_proposals().unwrap();
    let application = say(&b, "hello");
    let welcome = built.welcome.unwrap();
    let take = receiver(&b);
    let receive = Target { name: "receive", storage: &bob.storage, take: &take };
    for other in [&key_package, &info, &info_with_tree, &welcome] {
        assert_eq!(receive.refuse(other.clone(), "another kind"), 317);
        receive.damage(other);
    }
    let take = |bytes| carol.client.join(bytes, JoinOptions::default()).map(drop);
    let join = Target { name: "join", storage: &carol.storage, take: &take };
    let take = |bytes| a.propose_add(bytes, vec![]).map(drop);
    let add = Target { name: "add", storage: &alice.storage, take: &take };
    for other in [&proposal, &application, &info, &info_with_tree, &built.commit] {
        assert_eq!(join.refuse(other.clone(), "another kind"), 317);
        join.damage(other);
        assert_eq!(add.refuse(other.clone(), "another kind"), 317);
    }
    join.refuse(key_package, "another kind");
    add.refuse(welcome.clone(), "another kind");
    b.receive(built.commit, vec![]).unwrap();
    a.confirm_commit(None, vec![]).unwrap();
    let c = carol.client.join(welcome, JoinOptions::default()).unwrap();
    in_touch(&b, &c);
}
