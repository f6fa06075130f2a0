//! What RFC 9420 promises against someone who has recorded every byte that was ever sent, and takes a full copy of a
//! client's store at some moment. Each test first shows what the copy does open, so that it could fail.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;
#[path = "adversary/future.rs"]
mod future;
#[path = "adversary/members.rs"]
mod members;
#[path = "adversary/past.rs"]
mod past;
#[path = "adversary/thief.rs"]
mod thief;

use common::*;
use conclave::*;
use thief::Thief;

/// A key that everybody has, thieves too, so that a commit has something to do without a path.
const KNOWN_PSK: &str = "known to all";

/// A group, and everything that was sent.
struct Scene {
    world: World,
    wire: Vec<Vec<u8>>,
}

impl Scene {
    fn of(everybody: &[&str], members: &[&str]) -> Self {
        let mut world = World::of(everybody);
        world.silent = true;
        world.found(members);
        everybody.iter().for_each(|name| world.client(name).put_psk(KNOWN_PSK.into(), vec![0]).unwrap());
        Scene { world, wire: Vec::new() }
    }

    fn group_of(members: &[&str]) -> Self {
        Self::of(members, members)
    }

    /// A message that is on its way, and arrives nowhere yet.
    fn send(&mut self, from: &str, text: &str) -> Vec<u8> {
        let message = self.world.encrypt(from, text);
        self.wire.push(message.clone());
        message
    }

    /// A message that all members read.
    fn say(&mut self, from: &str, text: &str) {
        let message = self.send(from, text);
        self.world.deliver(from, &message);
    }

    fn propose(&mut self, by: &str, make: impl FnOnce(&Group) -> Result<Vec<u8>>) {
        self.wire.push(self.world.propose(by, make));
    }

    fn commit(&mut self, by: &str, draft: impl FnOnce(Draft) -> Draft) {
        let built = self.world.commit(by, draft).built;
        self.wire.push(built.commit);
        self.wire.extend(built.welcome);
    }

    /// Fresh keys for a member.
    fn update(&mut self, by: &str) {
        self.commit(by, |draft| draft);
    }

    /// An epoch more, with fresh keys for nobody.
    fn turn(&mut self, by: &str) {
        self.commit(by, |draft| draft.psk(KNOWN_PSK.into()).unwrap().without_path().unwrap());
    }

    fn add(&mut self, by: &str, name: &str) {
        let package = self.world.key_package(name);
        self.commit(by, |draft| draft.add(package).unwrap());
    }

    fn remove(&mut self, by: &str, name: &str) {
        let leaf = self.world.leaf(name);
        self.commit(by, |draft| draft.remove(leaf).unwrap());
    }

    /// Someone makes the commit by which it joins, with what `by` hands out.
    fn knock(&self, name: &str, by: &str) -> ExternalJoin {
        let group_info = self.world.group(by).group_info(true).unwrap();
        let options = ExternalJoinOptions { rejoin: true, ..ExternalJoinOptions::default() };
        self.world.client(name).join_external(group_info, options).unwrap()
    }

    /// The group takes the commit in, and the joiner is there.
    fn let_in(&mut self, name: &str, join: ExternalJoin) {
        self.world.deliver(name, &join.commit);
        let group = self.world.client(name).confirm_join(join.group_id, None, vec![]).unwrap();
        self.world.person_mut(name).group = Some(group);
        self.world.settle();
        self.wire.push(join.commit);
    }

    fn steal(&self, name: &str) -> Thief {
        Thief::of(&self.world, name)
    }

    /// The copy opens these texts of all that was ever sent, and no others.
    fn assert_opens(&self, thief: &Thief, texts: &[&str]) {
        let opened: Vec<String> = thief.opens(&self.wire).into_iter().collect();
        let mut texts = texts.to_vec();
        texts.sort_unstable();
        assert_eq!(opened, texts);
    }
}
