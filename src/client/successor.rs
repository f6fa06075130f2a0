//! Groups that follow from another: closing a group to begin it anew, and branching off.

use std::sync::Arc;

use super::client::foreign_key_package;
use super::extensions::for_group;
use super::group::Group;
use crate::base::event::Effect;
use crate::base::{CipherSuite, Code, GroupId, Result, limits};
use crate::crypto::{Suite, random_bytes};
use crate::group::commit::{Founded, TreePlace};
use crate::group::foresight::Foresight;
use crate::group::head::Settings;
use crate::group::state::GroupState;
use crate::group::successor::{self, Branching, Move};
use crate::message::{Proposal, ReInit};
use crate::store::Txn;
use crate::tree::Extensions;

/// With what a group is to be begun anew.
#[derive(Clone, Default, uniffi::Record)]
pub struct ReinitOptions {
    /// The id of the successor; nothing for 16 random bytes.
    #[uniffi(default)]
    pub group_id: Option<Vec<u8>>,
    /// Its cipher suite; nothing for that of the old group.
    #[uniffi(default)]
    pub cipher_suite: Option<u16>,
    /// Its encoded extensions (`Extension extensions<V>` of RFC 9420); nothing for those of the old group.
    #[uniffi(default)]
    pub extensions: Option<Vec<u8>>,
}

/// Who comes along into a new group, and how they are told.
#[derive(Clone, Default, uniffi::Record)]
pub struct SuccessorOptions {
    /// A key package of each member that comes along, for the cipher suite of the new group.
    #[uniffi(default)]
    pub key_packages: Vec<Vec<u8>>,
    /// Whether the ratchet tree is handed out beside the Welcome instead of inside.
    #[uniffi(default)]
    pub tree_beside_welcome: bool,
    /// Whether proposals and commits of this client go out unencrypted.
    #[uniffi(default)]
    pub public_handshakes: bool,
    /// Whether messages keep their exact length.
    #[uniffi(default)]
    pub without_padding: bool,
    /// A tag of the app, which comes back in the effect.
    #[uniffi(default)]
    pub tag: Vec<u8>,
}

/// A group that branches off another.
#[derive(Clone, Default, uniffi::Record)]
pub struct BranchOptions {
    /// Its id; nothing for 16 random bytes.
    #[uniffi(default)]
    pub group_id: Option<Vec<u8>>,
    /// Its encoded extensions (`Extension extensions<V>` of RFC 9420); nothing for those of the old group.
    #[uniffi(default)]
    pub extensions: Option<Vec<u8>>,
    /// Its members.
    #[uniffi(default)]
    pub members: SuccessorOptions,
}

/// A new group that follows from another.
#[derive(Clone, uniffi::Record)]
pub struct Successor {
    /// The group, in its epoch 1.
    pub group: Arc<Group>,
    /// The Welcome for the others; nothing if nobody comes along.
    pub welcome: Option<Vec<u8>>,
    /// The ratchet tree that goes with the Welcome, when it is not inside.
    pub tree: Option<Vec<u8>>,
}

#[uniffi::export]
impl Group {
    /// Proposes to close the group and begin it anew with other parameters. Gives the message to send.
    ///
    /// # Errors
    /// Those of [`Group::propose_leave`], `TooLong` for an id of more than 1 024 bytes, `BadProposal` for that of the group
    /// itself, `UnsupportedSuite`, `BadArgument` for a list of extensions that is malformed, empty or has types reserved for
    /// GREASE, `WrongContent` for an extension that does not belong in a group, the 2xx for one of RFC 9420's that is
    /// malformed, `LimitReached` for a list that is too long.
    #[uniffi::method(default(options), default(tag))]
    pub fn propose_reinit(&self, options: ReinitOptions, tag: Vec<u8>) -> Result<Vec<u8>> {
        self.propose(&tag, |_, state| Ok(Proposal::ReInit(reinit(state, &options)?)))
    }

    /// Makes the group that takes the place of this one, after a commit with a ReInit has closed it (RFC 9420 §11.2): every other
    /// member must come along. One member does this for all; the effect holds the Welcome, to be sent at once. O(n).
    ///
    /// # Errors
    /// `NotClosed`, `BadArgument` if the key package of a member is missing, `AlreadyMember` if the successor is here already,
    /// `UnsupportedSuite` if this client has no key for the suite of the successor, `Incapable` if it or a key package does not
    /// support what the successor asks for, `PolicyRejected`, and for key packages, what [`Group::propose_add`] says of them.
    #[uniffi::method(default(options))]
    pub fn create_successor(&self, options: SuccessorOptions) -> Result<Successor> {
        self.follow(&options, |txn, old, moving| successor::reinitialized(txn, (old, &self.shared.services), moving))
    }

    /// Makes a group of some of the members, with the parameters of this one (RFC 9420 §11.3); this group goes on as it is. The
    /// effect holds the Welcome, to be sent at once. O(n) in the size of the new group.
    ///
    /// # Errors
    /// `NoSuchMember` if a key package is of a client that is not in this group, `AlreadyMember` if the id is taken,
    /// `TooLong` for an id of more than 1 024 bytes, `Removed`, `Frozen`, `NotHealed`, `BadArgument`, `WrongContent` and
    /// `LimitReached` for the list of extensions, `Incapable` if this client or a key package does not support what the group
    /// asks for, `PolicyRejected`, and for key packages, what [`Group::propose_add`] says of them.
    #[uniffi::method(default(options))]
    pub fn branch(&self, options: BranchOptions) -> Result<Successor> {
        let group_id = chosen_id(options.group_id.as_deref())?;
        self.follow(&options.members, |txn, old, moving| {
            let extensions = chosen_extensions(old, options.extensions.as_deref())?;
            let branching = Branching { group_id: group_id.clone(), extensions };
            successor::branch(txn, (old, &self.shared.services), (branching, moving))
        })
    }
}

impl Group {
    fn follow(
        &self,
        options: &SuccessorOptions,
        mut make: impl FnMut(&mut Txn, &GroupState, Move) -> Result<(GroupState, Founded)>,
    ) -> Result<Successor> {
        let (new, welcome, tree) = self.act(Foresight::to_load, |txn, old| {
            let (state, founded) = make(txn, old, moving(options)?)?;
            let Founded { welcome, tree, event } = founded;
            let (group_id, tag) = (state.head.group_id.as_slice().to_vec(), options.tag.clone());
            let effect = Effect::Confirmed { group_id, tag, event, welcome: welcome.clone() };
            Ok(((state.head.group_id, welcome, tree), Some(effect)))
        })?;
        Ok(Successor { group: Group::open(self.shared.clone(), new), welcome, tree })
    }
}

fn moving(options: &SuccessorOptions) -> Result<Move> {
    let key_packages = options.key_packages.iter().map(|bytes| foreign_key_package(bytes));
    Ok(Move {
        key_packages: key_packages.collect::<Result<_>>()?,
        tree: if options.tree_beside_welcome { TreePlace::Beside } else { TreePlace::Inside },
        settings: Settings { encrypt_handshakes: !options.public_handshakes, pad: !options.without_padding },
    })
}

/// The ReInit that asks for these parameters.
pub(super) fn reinit(state: &GroupState, options: &ReinitOptions) -> Result<ReInit> {
    let suite = options.cipher_suite.map_or(Ok(state.suite), |number| Suite::of(CipherSuite(number)))?;
    Ok(ReInit {
        group_id: chosen_id(options.group_id.as_deref())?,
        version: state.context.version,
        cipher_suite: suite.id(),
        extensions: chosen_extensions(state, options.extensions.as_deref())?,
    })
}

/// The id that the app chose for a group, or a random one.
pub(super) fn chosen_id(chosen: Option<&[u8]>) -> Result<GroupId> {
    match chosen {
        Some(id) if id.len() <= limits::MAX_GROUP_ID => Ok(GroupId(id.to_vec())),
        Some(_) => Err(Code::TooLong.with(format_args!("a group id is at most {} bytes", limits::MAX_GROUP_ID))),
        None => Ok(GroupId(random_bytes::<16>()?.to_vec())),
    }
}

fn chosen_extensions(state: &GroupState, chosen: Option<&[u8]>) -> Result<Extensions> {
    match chosen {
        Some(encoded) => for_group(encoded),
        None => Ok(state.context.extensions.clone()),
    }
}
