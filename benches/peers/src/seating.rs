//! Fully populated groups with two members on another library. Conclave makes the crowd, all at once; two of it are removed, and
//! the others' clients added where they sat. Then each makes a commit of fresh keys, which fills the nodes above it again.

use std::sync::Arc;

use conclave::testing::crowd;
use conclave::{AcceptAll, Client, ClientConfig, CommitResult, Group, Host, MemoryStorage};

use crate::fullness::is_full;
use crate::person::{Change, Person};

/// Seats both in one group of `n`: the sender at the first leaf, the receiver in the middle.
pub(crate) fn seat<P: Person>(n: u32, sender: &mut P, receiver: &mut P) {
    let founder = if n > 2 { Some(invite(n, sender, receiver)) } else { pair(sender, receiver) };
    for speaks in [true, false] {
        let (speaker, listener) = if speaks { (&mut *sender, &mut *receiver) } else { (&mut *receiver, &mut *sender) };
        let commit = speaker.commit(Change::default()).commit;
        speaker.confirm();
        listener.receive(&commit);
        if let Some(founder) = &founder {
            founder.receive(commit, vec![]).unwrap();
        }
    }
    for person in [&mut *sender, &mut *receiver] {
        person.close();
        person.open();
    }
    assert_eq!(sender.tree(), receiver.tree());
    assert!(is_full(&sender.tree(), n), "the tree has gaps");
}

/// A group of two needs nobody else.
fn pair<P: Person>(sender: &mut P, receiver: &mut P) -> Option<Arc<Group>> {
    sender.create();
    let add = [receiver.key_package()];
    let made = sender.commit(Change { add: &add, remove: None, tree_inside: true });
    sender.confirm();
    receiver.join(&made.welcome.unwrap(), None);
    None
}

/// The crowd, both of whom join. Gives the group as its last member sees it, who is on conclave.
fn invite<P: Person>(n: u32, sender: &mut P, receiver: &mut P) -> Arc<Group> {
    let host = Host::new(MemoryStorage::new(), Arc::new(AcceptAll));
    let client = Client::new(ClientConfig::basic("founder"), host).unwrap();
    let group = crowd(n, &[(n - 1, client)], false).unwrap().remove(0);
    let made = make_room(&group, [0, n / 2], [sender.key_package(), receiver.key_package()]);
    group.confirm_commit(Some(made.commit), vec![]).unwrap();
    let (welcome, tree) = (made.welcome.unwrap(), made.tree.unwrap());
    sender.join(&welcome, Some(&tree));
    receiver.join(&welcome, Some(&tree));
    group
}

fn make_room(group: &Arc<Group>, leaves: [u32; 2], key_packages: [Vec<u8>; 2]) -> CommitResult {
    let draft = group.clone().new_commit().tree_beside_welcome().unwrap();
    let draft = leaves.into_iter().fold(draft, |draft, leaf| draft.remove(leaf).unwrap());
    let draft = key_packages.into_iter().fold(draft, |draft, key_package| draft.add(key_package).unwrap());
    draft.build().unwrap()
}
