//! Proposing changes (RFC 9420 §12.1): the proposal is kept here as the others will keep it, until a commit names it.

use super::host::Host;
use super::identities;
use super::own_leaf::{handshake_format, protect, renewed_leaf, sign_content, sign_leaf};
use super::proposals::{self, KnownProposal};
use super::state::GroupState;
use crate::base::{Code, Result};
use crate::message::{Content, Proposal, Sender};
use crate::store::Txn;
use crate::tree::{LeafNodeSource, ProposalType, is_reserved};

/// Signs a proposal, keeps it, and gives the message to send.
pub(crate) fn send(
    txn: &mut Txn,
    (state, host): (&mut GroupState, &Host),
    (proposal, aad): (Proposal, &[u8]),
) -> Result<Vec<u8>> {
    state.head.require_active()?;
    let sender = Sender::Member(state.head.own_leaf);
    if let Proposal::Remove(leaf) = &proposal {
        proposals::name_of(state, txn, *leaf)?;
    }
    let names = proposals::examine(state, txn, host, (sender, &proposal))?;
    if let Proposal::Add(key_package) = &proposal {
        check_lifetime(host, &key_package.peek().leaf_node)?;
    }
    let mut known = KnownProposal { number: 0, sender, proposal, names };
    identities::request(state, host, &known, None)?;
    let content = Content::Proposal(known.proposal.clone());
    let authenticated = sign_content(state, host, (handshake_format(state), content), aad)?;
    let reference = authenticated.proposal_ref(state.suite)?;
    let keys = state.keys.clone();
    let (message, advance) = protect(txn, (state, host, &keys), authenticated)?;
    advance.map_or(Ok(()), |advance| advance.stage_sealed(txn))?;
    proposals::keep(state, txn, &reference, &mut known)?;
    Ok(message)
}

/// An Update of our own leaf with a fresh key, whose private half waits for the commit.
pub(crate) fn own_update(txn: &mut Txn, state: &GroupState, host: &Host) -> Result<Proposal> {
    let identity = host.identity(&state.head.signing_key)?;
    let (private, public) = state.suite.generate_hpke_keys()?;
    let old = proposals::current_leaf(state, txn, state.head.own_leaf)?;
    let template = renewed_leaf(identity, &old, public.clone(), LeafNodeSource::Update)?;
    let node = sign_leaf(host, (&state.head.signing_key, template), Some((state, state.head.own_leaf)))?;
    txn.store(state.keys.update_key(&public.0), &private.0);
    Ok(Proposal::Update(Box::new(node.into())))
}

/// A proposal of a type that the app defines. Types of RFC 9420 are proposed by what they do, and those reserved for GREASE
/// never (§13.5).
pub(crate) fn custom(proposal_type: u16, content: Vec<u8>) -> Result<Proposal> {
    if ProposalType(proposal_type).is_default() || is_reserved(proposal_type) {
        return Err(Code::BadArgument.with("this proposal type is one of RFC 9420's own"));
    }
    Ok(Proposal::Custom(ProposalType(proposal_type), content.into()))
}

/// A leaf that we bring in must be valid now (RFC 9420 §7.3).
pub(crate) fn check_lifetime(host: &Host, node: &crate::tree::LeafNode) -> Result<()> {
    node.lifetime().map_or(Ok(()), |lifetime| lifetime.check_now(host.now()?))
}
