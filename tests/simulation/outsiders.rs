//! Proposals from outside a group: by a sender that the group names, and by whoever asks to be added.

use conclave::*;

use crate::model::{By, Proposed};
use crate::steps::PEOPLE;
use crate::world::{PRIVATE_TYPE, PSKS, World};

/// The number of the outsider, who comes after all the people.
pub(crate) const OUTSIDER: usize = PEOPLE;

impl World {
    /// Extensions for a group: none, one of the app's own, the demand for it, or an outsider who may propose.
    pub(crate) fn some_extensions(&mut self) -> Vec<u8> {
        let required = RequiredCapabilities { extensions: vec![PRIVATE_TYPE], ..RequiredCapabilities::default() };
        let chosen = match self.dice.below(6) {
            0 => vec![],
            1 => vec![Extension::Other { extension_type: PRIVATE_TYPE, data: vec![7] }],
            2 => vec![Extension::RequiredCapabilities { required }],
            _ => vec![Extension::ExternalSenders { senders: vec![self.outsider.external_sender(None).unwrap()] }],
        };
        encode_extensions(chosen).unwrap()
    }

    /// Somebody asks a group to be added.
    pub(crate) fn ask_to_join(&mut self, who: usize) {
        let Some((room, invitation)) = self.some_invitation() else { return };
        let asked = self.people[who].client.propose_join(invitation.group_info, invitation.tree, vec![]);
        match asked {
            Ok(asked) => {
                assert_eq!(asked.epoch, invitation.epoch);
                self.propose_from_outside(room, (who, invitation.epoch, asked.message), (By::NewMember, None));
            }
            Err(error) => assert!(!self.people[who].capable && error.code() == 311, "p{who:02} asks: {error}"),
        }
    }

    /// The outsider proposes something, if the group listens to it.
    pub(crate) fn propose_as_outsider(&mut self) {
        let Some((room, invitation)) = self.some_invitation() else { return };
        let (info, tree, epoch) = (invitation.group_info, invitation.tree, invitation.epoch);
        let proposer = match ExternalProposer::new(self.outsider.clone(), info, tree) {
            Ok(proposer) => proposer,
            Err(error) => return assert_eq!(error.code(), 101, "the outsider looks for its place: {error}"),
        };
        let whom = self.dice.below(PEOPLE);
        let leaf = self.people[whom].seats.get(&room).filter(|seat| seat.epoch() == epoch).map(|seat| seat.stay.leaf);
        let (what, message) = match (self.dice.below(4), leaf) {
            (0, _) => (None, proposer.propose_psk(self.dice.pick(&PSKS).unwrap().into())),
            (1, _) => {
                let list = self.some_extensions();
                (Some(list.clone()), proposer.propose_extensions(list))
            }
            (2, Some(leaf)) => (Some(format!("remove {leaf}").into_bytes()), proposer.propose_remove(leaf)),
            _ => {
                let package = self.people[whom].key_package(&mut self.dice);
                (Some(package.clone()), proposer.propose_add(package))
            }
        };
        self.propose_from_outside(room, (OUTSIDER, epoch, message.unwrap()), (By::Outsider, what));
    }

    fn propose_from_outside(
        &mut self,
        room: usize,
        sent: (usize, u64, Vec<u8>),
        (author, what): (By, Option<Vec<u8>>),
    ) {
        let proposed = Proposed { what, first: 0, author, public: true, dropped: false };
        self.publish_proposal(room, sent, proposed);
    }
}
