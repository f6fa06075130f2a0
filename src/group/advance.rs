//! From a staged commit to the next epoch: transcript, key schedule, confirmation (RFC 9420 §8, §12.4.2).

use super::epoch::EpochRecord;
use super::psk;
use super::stage::Provisional;
use super::state::GroupState;
use crate::base::{Code, Result, Secret};
use crate::codec::encode;
use crate::crypto::{Digest, HpkePrivateKey, Mac, Suite};
use crate::schedule::{
    ConfirmationMatched, Joiner, Welcomer, confirm, confirmation_tag, confirmed_transcript_hash, external_init_from,
    interim_transcript_hash,
};
use crate::store::Txn;
use crate::tree::{PathKeys, ReceivedPath, UpdatePath};

use super::path::Merged;

/// The next epoch, before anything of it is confirmed.
pub(crate) struct Scheduled {
    pub(crate) joiner_secret: Secret,
    pub(crate) welcomer: Welcomer,
    pub(crate) confirmed_transcript_hash: Digest,
    pub(crate) group_context: Vec<u8>,
}

/// The next epoch, complete.
pub(crate) struct Begun {
    pub(crate) epoch: EpochRecord,
    pub(crate) encryption_secret: Secret,
}

/// Decrypts the path meant for us, if the commit has one, and gives the commit secret; our own private keys follow the tree.
pub(crate) fn commit_secret(
    txn: &mut Txn,
    state: &GroupState,
    staged: &mut Provisional,
    path: Option<(&Merged, &UpdatePath)>,
) -> Result<(Secret, PathKeys)> {
    let mut keys: PathKeys = txn.require(&state.keys.path_keys())?;
    keys.forget_outdated(&staged.tree);
    adopt_update_key(txn, state, staged, &mut keys)?;
    let group_context = staged.seal_context(txn)?;
    let Some((merged, path)) = path else {
        return Ok((Secret::zero(state.suite.secret_length()), keys));
    };
    let received = ReceivedPath { steps: &merged.steps, nodes: &path.nodes, added: &staged.added_leaves };
    let derived = staged.tree.open_path(txn, &received, (state.head.own_leaf, &keys, &group_context))?;
    keys.replace(derived.keys);
    Ok((derived.commit_secret, keys))
}

/// Checks what every receiver of a path can see of it, the members that the commit removes included.
pub(crate) fn check_path(txn: &mut Txn, staged: &mut Provisional, merged: &Merged, path: &UpdatePath) -> Result<()> {
    let received = ReceivedPath { steps: &merged.steps, nodes: &path.nodes, added: &staged.added_leaves };
    staged.tree.check_ciphertext_counts(txn, &received)
}

/// If the commit puts an Update of ours into the tree, its private key becomes that of our leaf.
fn adopt_update_key(txn: &mut Txn, state: &GroupState, staged: &mut Provisional, keys: &mut PathKeys) -> Result<()> {
    let own = state.head.own_leaf;
    if !staged.roster.updated.iter().any(|member| member.leaf == own.0) {
        return Ok(());
    }
    let public = staged.tree.public_key(txn, own.into())?;
    let private: Secret = txn.require(&state.keys.update_key(&public.0))?;
    keys.replace(vec![(own.into(), HpkePrivateKey(private))]);
    Ok(())
}

/// What the next epoch grows from, besides the commit itself.
pub(crate) struct Roots<'a> {
    pub(crate) interim_transcript_hash: &'a Digest,
    pub(crate) init_secret: Secret,
    pub(crate) commit_secret: Secret,
}

impl<'a> Roots<'a> {
    /// For a member: its own init secret, or the one that an external commit brings (RFC 9420 §8.3).
    pub(crate) fn of_member(state: &'a GroupState, staged: &Provisional, commit_secret: Secret) -> Result<Self> {
        let current = state.epoch.current()?;
        let init_secret = match &staged.rest.external_init {
            Some(kem_output) => external_init_from(state.suite, &current.external_secret, kem_output)?,
            None => current.init_secret.duplicate(),
        };
        Ok(Roots { interim_transcript_hash: &current.interim_transcript_hash, init_secret, commit_secret })
    }
}

/// Runs the transcript and the key schedule over the signed commit, by what it adds to the transcript (RFC 9420 §8.2, §8).
pub(crate) fn schedule(
    txn: &mut Txn,
    suite: &'static Suite,
    staged: &mut Provisional,
    (transcript_input, roots): (&[u8], Roots<'_>),
) -> Result<Scheduled> {
    let confirmed = confirmed_transcript_hash(suite, roots.interim_transcript_hash, transcript_input);
    staged.seal_context(txn)?;
    staged.context.confirmed_transcript_hash = confirmed.clone();
    let group_context = encode(&staged.context)?;
    let psk_secret = psk::combine(txn, suite, &staged.rest.psks)?;
    let joiner = Joiner::from_commit(suite, roots.init_secret, roots.commit_secret, &group_context)?;
    let joiner_secret = joiner.joiner_secret().duplicate();
    let welcomer = joiner.with_psks(&psk_secret);
    Ok(Scheduled { joiner_secret, welcomer, confirmed_transcript_hash: confirmed, group_context })
}

impl Scheduled {
    /// The epoch of a received commit, if its confirmation tag shows that the committer reached the same one.
    pub(crate) fn confirm(
        self,
        suite: &'static Suite,
        staged: &Provisional,
        confirmation_tag: Option<Mac>,
    ) -> Result<(Begun, ConfirmationMatched)> {
        let received = confirmation_tag.ok_or(Code::BadMac)?;
        let secrets = self.welcomer.into_epoch(&self.group_context)?;
        let proof = confirm(suite, &secrets.confirmation_key, &self.confirmed_transcript_hash, &received)?;
        let interim = interim_transcript_hash(suite, &self.confirmed_transcript_hash, &received)?;
        let width = staged.tree.width();
        let (epoch, encryption_secret) = EpochRecord::begin(secrets, (self.group_context, width), (interim, received));
        Ok((Begun { epoch, encryption_secret }, proof))
    }

    /// The epoch of a commit of our own, and the confirmation tag to send with it.
    pub(crate) fn begin(self, suite: &'static Suite, staged: &Provisional) -> Result<(Begun, Mac)> {
        let secrets = self.welcomer.into_epoch(&self.group_context)?;
        let tag = confirmation_tag(suite, &secrets.confirmation_key, &self.confirmed_transcript_hash);
        let interim = interim_transcript_hash(suite, &self.confirmed_transcript_hash, &tag)?;
        let (epoch, encryption_secret) =
            EpochRecord::begin(secrets, (self.group_context, staged.tree.width()), (interim, tag.clone()));
        Ok((Begun { epoch, encryption_secret }, tag))
    }
}
