//! Proposals of types that RFC 9420 does not define (RFC 9420 §12.2, §13.2).

use super::people::*;
use super::plot::Plot;
use super::proposals::refuses_list;
use crate::Event;
use crate::base::Code;
use crate::codec::Opaque;
use crate::message::Proposal;
use crate::tree::ProposalType;

pub(super) fn custom(number: u16) -> Proposal {
    Proposal::Custom(ProposalType(number), Opaque(vec![1, 2, 3]))
}

/// A client that understands these types of proposals.
pub(super) fn versed(name: &str, proposals: &[u16]) -> Person {
    Person::with(crate::ClientConfig { proposals: proposals.to_vec(), ..crate::ClientConfig::basic(name) })
}

/// Rule P8: a type that the RFC does not define is supported by every member that processes the commit (RFC 9420 §12.2).
#[test]
fn all_who_process_a_type_support_it() {
    let [mallory, bob, _] =
        group_of([versed("mallory", &[0xf00d]), versed("bob", &[0xf00d]), versed("carol", &[0xf00e])]);
    assert_eq!(bob.refuses(&Plot::of(&mallory, vec![custom(0xf00d)]).send()), number(Code::Incapable));
    // Carol does not process the commit that removes her, and dave not the one that adds him.
    let removing = Plot::of(&mallory, vec![custom(0xf00d), remove(2), Person::of("dave").add()]).send();
    let Event::EpochChanged { change } = bob.receive(&removing).unwrap() else { panic!() };
    assert_eq!(change.custom.len(), 1);
}

/// Rule P8: who is added does not make up for who lacks a type (RFC 9420 §12.2).
#[test]
fn newcomers_do_not_count_for_a_type() {
    let [mallory, bob, _] = group_of([versed("mallory", &[0xf00d]), versed("bob", &[0xf00d]), versed("carol", &[])]);
    let adds = vec![custom(0xf00d), versed("dave", &[0xf00d]).add()];
    assert_eq!(bob.refuses(&Plot::of(&mallory, adds).send()), number(Code::Incapable));
    bob.receive(&Plot::of(&mallory, vec![versed("dave", &[0xf00d]).add()]).send()).unwrap();
}

/// Rule P8: a type listed twice by one member does not make up for a member that lacks it (RFC 9420 §12.2, §7.2).
#[test]
fn a_type_listed_twice_counts_once() {
    let [mallory, bob] = group_of([versed("mallory", &[0xf00d, 0xf00d]), versed("bob", &[])]);
    assert_eq!(bob.refuses(&Plot::of(&mallory, vec![custom(0xf00d)]).send()), number(Code::Incapable));
    bob.receive(&Plot::of(&mallory, vec![]).send()).unwrap();
}

/// Rule P8: the random values of §13.5 are no proposal types (RFC 9420 §13.5).
#[test]
fn a_random_value_is_no_proposal() {
    for grease in [0x0a0a, 0x1a1a, 0xeaea] {
        refuses_list(Code::Incapable, vec![custom(grease)]);
    }
}

/// Rule P9: AppDataUpdate (8), AppEphemeral (9) and SelfRemove (10) are types like any other that the RFC does not define:
/// refused unless all support them, and never given a meaning (draft-ietf-mls-extensions).
#[test]
fn proposals_of_drafts_are_not_special() {
    for number_of_type in [8, 9, 10] {
        refuses_list(Code::Incapable, vec![custom(number_of_type)]);
    }
    let all = [8, 9, 10];
    let [mallory, bob, _] = group_of([versed("mallory", &all), versed("bob", &all), versed("carol", &all)]);
    // Needs a path like every type of unknown effect, and takes nobody out.
    let pathless = Plot::of(&mallory, vec![custom(10)]).pathless().send();
    assert_eq!(bob.refuses(&pathless), number(Code::BadPath));
    let Event::EpochChanged { change } = bob.receive(&Plot::of(&mallory, vec![custom(10), custom(8)]).send()).unwrap()
    else {
        panic!()
    };
    assert_eq!((change.custom.len(), change.removed.len()), (2, 0));
}
