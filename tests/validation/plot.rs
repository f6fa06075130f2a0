//! Commits that no honest client makes. A malicious committer runs every step of RFC 9420 §12.4.1 by itself, over a plain tree
//! in memory and without a single check; a test alters what it likes in between, and all the rest is right: hashes,
//! signatures, ciphertexts and tags are those of the altered commit.

use std::collections::BTreeSet;

use super::frame::Frame;
use super::people::{Person, View};
use crate::base::{LeafIndex, Secret};
use crate::codec::{Short, encode};
use crate::crypto::{Digest, HpkeInfo, HpkePublicKey, Mac};
use crate::message::{
    AuthenticatedContent, Commit, Content, GroupContext, KeyPackage, Proposal, ProposalOrRef, Sender, WireFormat,
};
use crate::schedule::{
    Joiner, PreSharedKeyId, WelcomeKey, confirmation_tag, confirmed_transcript_hash, external_init_to, external_keys,
    psk_secret,
};
use crate::tree::tests::model::{Model, index};
use crate::tree::{LeafNode, LeafNodeSource, NewPath, NodeIndex, PathStep, UpdatePath, UpdatePathNode};

/// Alters one thing on its way.
type Hook<'a, T> = Box<dyn Fn(&mut T) + 'a>;

/// A commit in the making.
pub(super) struct Plot<'a> {
    signer: &'a Person,
    view: View,
    sender: Sender,
    proposals: Vec<ProposalOrRef>,
    path: bool,
    /// The key package-less leaf that an outsider brings.
    outsider: Option<LeafNode>,
    init_secret: Secret,
    psks: Vec<(PreSharedKeyId, Secret)>,
    hooks: Hooks<'a>,
}

/// Where a test can step in, in the order in which they are called.
struct Hooks<'a> {
    keys: Hook<'a, Vec<HpkePublicKey>>,
    leaf: Hook<'a, LeafNode>,
    signed_leaf: Hook<'a, LeafNode>,
    tree: Hook<'a, Model>,
    context: Hook<'a, GroupContext>,
    sealed_under: Hook<'a, GroupContext>,
    path: Hook<'a, UpdatePath>,
    commit: Hook<'a, Commit>,
    frame: Hook<'a, Frame<'a>>,
    commit_secret: Hook<'a, Secret>,
    tag: Hook<'a, Mac>,
}

fn untouched<T>() -> Hook<'static, T> {
    Box::new(|_| ())
}

macro_rules! hooks {
    ($($(#[$doc:meta])* $name:ident: $type:ty;)*) => {
        impl<'a> Plot<'a> {
            $($(#[$doc])* pub(super) fn $name(mut self, alter: impl Fn(&mut $type) + 'a) -> Self {
                self.hooks.$name = Box::new(alter);
                self
            })*
        }
    };
}

hooks! {
    /// The new public keys of the path, lowest node first, before they are put into the tree.
    keys: Vec<HpkePublicKey>;
    /// The committer's leaf, before it is signed.
    leaf: LeafNode;
    /// The committer's leaf, with its signature.
    signed_leaf: LeafNode;
    /// The tree with everything in it, before it is hashed.
    tree: Model;
    /// The new group context, before anything rests on it.
    context: GroupContext;
    /// The provisional group context that path secrets are sealed under, and nothing else.
    sealed_under: GroupContext;
    /// The path as it goes over the wire.
    path: UpdatePath;
    /// The commit as it goes over the wire.
    commit: Commit;
    /// The frame, before it is signed.
    frame: Frame<'a>;
    /// The commit secret that enters the key schedule.
    commit_secret: Secret;
    /// The confirmation tag.
    tag: Mac;
}

impl<'a> Plot<'a> {
    /// A commit of a member with these proposals, by value.
    pub(super) fn of(signer: &'a Person, proposals: Vec<Proposal>) -> Self {
        Plot::naming(signer, proposals.into_iter().map(ProposalOrRef::Proposal).collect())
    }

    /// A commit of a member with these proposals and references.
    pub(super) fn naming(signer: &'a Person, proposals: Vec<ProposalOrRef>) -> Self {
        Plot::signed_by(signer, signer.view(), proposals)
    }

    /// A commit of the member whose view this is, with another's signature.
    pub(super) fn signed_by(signer: &'a Person, view: View, proposals: Vec<ProposalOrRef>) -> Self {
        let sender = Sender::Member(view.own_leaf);
        let init_secret = view.secrets.init_secret.duplicate();
        Plot::new(signer, view, (sender, init_secret), proposals)
    }

    /// The external commit of a client, made with what a member knows; its ExternalInit comes first.
    pub(super) fn joining(signer: &'a Person, inside: &Person, mut proposals: Vec<Proposal>) -> Self {
        let view = inside.view();
        let (_, external_pub) = external_keys(view.suite, &view.secrets.external_secret).unwrap();
        let (kem_output, init_secret) = external_init_to(view.suite, &external_pub).unwrap();
        proposals.insert(0, Proposal::ExternalInit(kem_output));
        let proposals = proposals.into_iter().map(ProposalOrRef::Proposal).collect();
        let mut plot = Plot::new(signer, view, (Sender::NewMemberCommit, init_secret), proposals);
        plot.outsider = Some(signer.package().leaf_node);
        plot
    }

    fn new(
        signer: &'a Person,
        view: View,
        (sender, init_secret): (Sender, Secret),
        proposals: Vec<ProposalOrRef>,
    ) -> Self {
        let hooks = Hooks {
            keys: untouched(),
            leaf: untouched(),
            signed_leaf: untouched(),
            tree: untouched(),
            context: untouched(),
            sealed_under: untouched(),
            path: untouched(),
            commit: untouched(),
            frame: untouched(),
            commit_secret: untouched(),
            tag: untouched(),
        };
        Plot { signer, view, sender, proposals, path: true, outsider: None, init_secret, psks: vec![], hooks }
    }

    /// Without a path.
    pub(super) fn pathless(mut self) -> Self {
        self.path = false;
        self
    }

    /// With these pre-shared keys in the key schedule.
    pub(super) fn psks(mut self, psks: Vec<(PreSharedKeyId, Secret)>) -> Self {
        self.psks = psks;
        self
    }

    /// The message.
    pub(super) fn send(self) -> Vec<u8> {
        self.carry_out().message
    }

    /// Makes the commit, and all that follows from it.
    pub(super) fn carry_out(mut self) -> Outcome<'a> {
        let mut tree = self.view.tree.clone();
        let mut context = self.view.context.clone();
        context.epoch = context.epoch.next().unwrap();
        let added = self.apply(&mut tree, &mut context);
        let made = self.path.then(|| self.make_path(&mut tree));
        (self.hooks.tree)(&mut tree);
        context.tree_hash = tree.hash(&tree.root());
        (self.hooks.context)(&mut context);
        let path = made.as_ref().map(|made| self.seal_path(&tree, made, (&context, &added)));
        let mut commit = Commit { proposals: std::mem::take(&mut self.proposals), path };
        (self.hooks.commit)(&mut commit);
        self.finish((tree, context, added, made), commit)
    }

    /// Every proposal with its sender, references replaced by what they name.
    fn resolved(&self) -> Vec<(Sender, Proposal)> {
        let known = |reference: &Digest| self.view.waiting.get(reference).map(|one| (one.sender, one.proposal.clone()));
        let resolve = |listed: &ProposalOrRef| match listed {
            ProposalOrRef::Proposal(proposal) => Some((self.sender, proposal.clone())),
            ProposalOrRef::Reference(reference) => known(reference),
        };
        self.proposals.iter().filter_map(resolve).collect()
    }

    /// Applies the proposals in the order of RFC 9420 §12.3, and overlooks those that cannot be applied.
    fn apply(&self, tree: &mut Model, context: &mut GroupContext) -> Vec<(LeafIndex, KeyPackage)> {
        let resolved = self.resolved();
        let is_member = |tree: &Model, leaf: u32| tree.leaves.get(leaf as usize).is_some_and(Option::is_some);
        for (sender, proposal) in &resolved {
            match (sender, proposal) {
                (_, Proposal::GroupContextExtensions(extensions)) => context.extensions = extensions.clone(),
                (Sender::Member(leaf), Proposal::Update(node)) if is_member(tree, leaf.0) => {
                    tree.update(leaf.0, node.peek().clone());
                }
                _ => {}
            }
        }
        for (_, proposal) in &resolved {
            if let Proposal::Remove(leaf) = proposal
                && is_member(tree, leaf.0)
            {
                tree.remove(leaf.0);
            }
        }
        tree.shrink();
        let adds = resolved.into_iter().filter_map(|(_, proposal)| match proposal {
            Proposal::Add(key_package) => Some(KeyPackage::clone(key_package.peek())),
            _ => None,
        });
        adds.map(|add| (LeafIndex(tree.add(add.leaf_node.clone())), add)).collect()
    }

    /// The committer's place in the new tree. An outsider takes the leftmost free leaf.
    fn place(&self, tree: &mut Model) -> (LeafIndex, LeafNode) {
        match (&self.outsider, self.sender) {
            (Some(leaf), _) => (LeafIndex(tree.add(leaf.clone())), leaf.clone()),
            (None, Sender::Member(leaf)) => (leaf, self.view.leaf(leaf)),
            _ => panic!("nobody commits"),
        }
    }

    fn make_path(&self, tree: &mut Model) -> Made {
        let suite = self.view.suite;
        let (leaf, mut node) = self.place(tree);
        let steps = tree.filtered_path(leaf.0).into_iter();
        let steps =
            steps.map(|(node, copath)| PathStep { node: NodeIndex(index(&node)), copath: NodeIndex(index(&copath)) });
        let mut path = NewPath::generate(suite, steps.collect()).unwrap();
        (self.hooks.keys)(&mut path.derived.public_keys);
        let parent_hash = tree.merge_path(leaf.0, &path.derived.public_keys);
        node.encryption_key = suite.generate_hpke_keys().unwrap().1;
        node.leaf_node_source = LeafNodeSource::Commit(parent_hash);
        (self.hooks.leaf)(&mut node);
        self.signer.sign_leaf(&mut node, Some((&self.view.context.group_id, leaf)));
        (self.hooks.signed_leaf)(&mut node);
        tree.leaves[leaf.0 as usize] = Some(node.clone());
        Made { leaf, node, path }
    }

    fn seal_path(
        &self,
        tree: &Model,
        made: &Made,
        (context, added): (&GroupContext, &[(LeafIndex, KeyPackage)]),
    ) -> UpdatePath {
        let mut context = context.clone();
        (self.hooks.sealed_under)(&mut context);
        let info = HpkeInfo::new(self.view.suite, "UpdatePathNode", &encode(&context).unwrap()).unwrap();
        let new: BTreeSet<u32> = added.iter().map(|(leaf, _)| 2 * leaf.0).collect();
        let derived = &made.path.derived;
        let keys = derived.public_keys.iter().zip(&derived.secrets).zip(&made.path.steps);
        let nodes = keys.map(|((key, secret), step)| {
            let resolution = tree.resolution(&step.copath.leaves()).into_iter().filter(|node| !new.contains(node));
            let sealed = resolution.map(|node| info.seal_to(&key_at(tree, node), secret.0.expose()).unwrap());
            UpdatePathNode { encryption_key: key.clone(), encrypted_path_secret: sealed.collect() }
        });
        let mut path = UpdatePath { leaf_node: made.node.clone().into(), nodes: nodes.collect() };
        (self.hooks.path)(&mut path);
        path
    }

    /// Signs the commit under the old context, and reaches the new epoch (RFC 9420 §8, §8.2).
    fn finish(
        self,
        (tree, mut context, added, made): (Model, GroupContext, Vec<(LeafIndex, KeyPackage)>, Option<Made>),
        commit: Commit,
    ) -> Outcome<'a> {
        let Plot { signer, view, sender, init_secret, psks, hooks, .. } = self;
        let suite = view.suite;
        let mut frame = Frame::in_view(signer, view, (sender, Content::Commit(Box::new(commit))));
        (hooks.frame)(&mut frame);
        let content = AuthenticatedContent {
            wire_format: WireFormat::PUBLIC_MESSAGE,
            content: frame.content.clone(),
            auth: frame.auth(),
        };
        let input = content.confirmed_transcript_input().unwrap();
        let confirmed = confirmed_transcript_hash(suite, &frame.view.secrets.interim_transcript_hash, &input);
        context.confirmed_transcript_hash = confirmed.clone();
        let mut commit_secret = match &made {
            Some(made) => made.path.derived.commit_secret.duplicate(),
            None => Secret::zero(suite.secret_length()),
        };
        (hooks.commit_secret)(&mut commit_secret);
        let encoded = encode(&context).unwrap();
        let joiner = Joiner::from_commit(suite, init_secret, commit_secret, &encoded).unwrap();
        let joiner_secret = joiner.joiner_secret().duplicate();
        let welcomer = joiner.with_psks(&psk_secret(suite, &psks).unwrap());
        let welcome_key = welcomer.welcome_key().unwrap();
        let secrets = welcomer.into_epoch(&encoded).unwrap();
        let mut tag = confirmation_tag(suite, &secrets.confirmation_key, &confirmed);
        (hooks.tag)(&mut tag);
        frame.confirmation_tag = Some(tag.clone());
        // An ECDSA signature would differ each time; the one in the transcript is the one that is sent.
        let auth = crate::message::FramedContentAuthData { confirmation_tag: Some(tag.clone()), ..content.auth };
        let membership = matches!(frame.content.sender, Sender::Member(_)).then(|| frame.membership_tag(&auth));
        let message = frame.public_with(&auth, membership.as_ref());
        let psks = psks.into_iter().map(|(id, _)| id).collect();
        Outcome { signer, message, tree, context, joiner_secret, welcome_key, tag, added, made, psks }
    }
}

/// A path that was made, with the keys to all of it.
pub(super) struct Made {
    pub(super) leaf: LeafIndex,
    node: LeafNode,
    pub(super) path: NewPath,
}

/// A commit that was made, and the epoch that it begins.
pub(super) struct Outcome<'a> {
    pub(super) signer: &'a Person,
    pub(super) message: Vec<u8>,
    pub(super) tree: Model,
    pub(super) context: GroupContext,
    pub(super) joiner_secret: Secret,
    pub(super) welcome_key: WelcomeKey,
    pub(super) tag: Mac,
    pub(super) added: Vec<(LeafIndex, KeyPackage)>,
    pub(super) made: Option<Made>,
    pub(super) psks: Vec<PreSharedKeyId>,
}

fn key_at(tree: &Model, node: u32) -> HpkePublicKey {
    match node % 2 {
        0 => tree.leaves[node as usize / 2].as_ref().unwrap().encryption_key.clone(),
        _ => tree.parents[&node].encryption_key.clone(),
    }
}

/// An encoded tag cut to a length.
pub(super) fn cut(tag: &Mac, length: usize) -> Mac {
    Mac(Short::from(&tag.0[..length]))
}
