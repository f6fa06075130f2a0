//! OpenMLS's storage on a shelf: values as postcard writes them, the smallest and quickest format of serde that we know. But for
//! the configuration of a group, which only a format that describes itself can hold.

use std::error::Error;
use std::fmt;

use openmls_traits::storage::{CURRENT_VERSION, StorageProvider, traits};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::shelf::Shelf;

/// A value that serde could not write or read.
#[derive(Debug)]
pub(super) struct Unreadable(Box<dyn Error>);

impl fmt::Display for Unreadable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a record could not be written or read: {}", self.0)
    }
}

impl Error for Unreadable {}

impl From<postcard::Error> for Unreadable {
    fn from(error: postcard::Error) -> Self {
        Unreadable(error.into())
    }
}

impl From<serde_json::Error> for Unreadable {
    fn from(error: serde_json::Error) -> Self {
        Unreadable(error.into())
    }
}

type Outcome<T> = Result<T, Unreadable>;

/// The storage.
#[derive(Clone, Default)]
pub(super) struct Storage(pub Shelf);

/// The key of a kind of record about something.
fn key_of(kind: &str, about: &impl Serialize) -> Outcome<Vec<u8>> {
    let mut key = kind.as_bytes().to_vec();
    key.extend(postcard::to_stdvec(about)?);
    Ok(key)
}

impl Storage {
    fn put<T: Serialize + ?Sized>(&self, kind: &str, about: &impl Serialize, value: &T) -> Outcome<()> {
        self.0.write(vec![(key_of(kind, about)?, Some(postcard::to_stdvec(value)?))]);
        Ok(())
    }

    fn take<T: DeserializeOwned>(&self, kind: &str, about: &impl Serialize) -> Outcome<Option<T>> {
        let record = self.0.read(&key_of(kind, about)?);
        Ok(record.map(|record| postcard::from_bytes(&record)).transpose()?)
    }

    fn list<T: DeserializeOwned>(&self, kind: &str, about: &impl Serialize) -> Outcome<Vec<T>> {
        Ok(self.take(kind, about)?.unwrap_or_default())
    }

    fn drop(&self, kind: &str, about: &impl Serialize) -> Outcome<()> {
        self.0.write(vec![(key_of(kind, about)?, None)]);
        Ok(())
    }
}

/// Methods that put one value; the parameters in the order of OpenMLS's trait.
macro_rules! puts {
    ($($method:ident<$first:ident, $second:ident>($key:ident, $value:ident) $kind:literal;)*) => {$(
        fn $method<$first: traits::$first<CURRENT_VERSION>, $second: traits::$second<CURRENT_VERSION>>(
            &self,
            about: &$key,
            value: &$value,
        ) -> Outcome<()> {
            self.put($kind, about, value)
        }
    )*};
}

/// Methods that take one value.
macro_rules! takes {
    ($($method:ident<$first:ident, $second:ident>($key:ident) -> $value:ident $kind:literal;)*) => {$(
        fn $method<$first: traits::$first<CURRENT_VERSION>, $second: traits::$second<CURRENT_VERSION>>(
            &self,
            about: &$key,
        ) -> Outcome<Option<$value>> {
            self.take($kind, about)
        }
    )*};
}

/// Methods that delete one value.
macro_rules! drops {
    ($($method:ident($key:ident) $kind:literal;)*) => {$(
        fn $method<$key: traits::$key<CURRENT_VERSION>>(&self, about: &$key) -> Outcome<()> {
            self.drop($kind, about)
        }
    )*};
}

impl StorageProvider<CURRENT_VERSION> for Storage {
    type Error = Unreadable;

    puts! {
        write_tree<GroupId, TreeSync>(GroupId, TreeSync) "tree";
        write_interim_transcript_hash<GroupId, InterimTranscriptHash>(GroupId, InterimTranscriptHash) "interim";
        write_context<GroupId, GroupContext>(GroupId, GroupContext) "context";
        write_confirmation_tag<GroupId, ConfirmationTag>(GroupId, ConfirmationTag) "tag";
        write_group_state<GroupState, GroupId>(GroupId, GroupState) "state";
        write_message_secrets<GroupId, MessageSecrets>(GroupId, MessageSecrets) "message";
        write_resumption_psk_store<GroupId, ResumptionPskStore>(GroupId, ResumptionPskStore) "resumption";
        write_own_leaf_index<GroupId, LeafNodeIndex>(GroupId, LeafNodeIndex) "leaf";
        write_group_epoch_secrets<GroupId, GroupEpochSecrets>(GroupId, GroupEpochSecrets) "epoch";
        write_signature_key_pair<SignaturePublicKey, SignatureKeyPair>(SignaturePublicKey, SignatureKeyPair) "signature";
        write_encryption_key_pair<EncryptionKey, HpkeKeyPair>(EncryptionKey, HpkeKeyPair) "encryption";
        write_key_package<HashReference, KeyPackage>(HashReference, KeyPackage) "package";
        write_psk<PskId, PskBundle>(PskId, PskBundle) "psk";
    }

    takes! {
        tree<GroupId, TreeSync>(GroupId) -> TreeSync "tree";
        interim_transcript_hash<GroupId, InterimTranscriptHash>(GroupId) -> InterimTranscriptHash "interim";
        group_context<GroupId, GroupContext>(GroupId) -> GroupContext "context";
        confirmation_tag<GroupId, ConfirmationTag>(GroupId) -> ConfirmationTag "tag";
        group_state<GroupState, GroupId>(GroupId) -> GroupState "state";
        message_secrets<GroupId, MessageSecrets>(GroupId) -> MessageSecrets "message";
        resumption_psk_store<GroupId, ResumptionPskStore>(GroupId) -> ResumptionPskStore "resumption";
        own_leaf_index<GroupId, LeafNodeIndex>(GroupId) -> LeafNodeIndex "leaf";
        group_epoch_secrets<GroupId, GroupEpochSecrets>(GroupId) -> GroupEpochSecrets "epoch";
        signature_key_pair<SignaturePublicKey, SignatureKeyPair>(SignaturePublicKey) -> SignatureKeyPair "signature";
        encryption_key_pair<HpkeKeyPair, EncryptionKey>(EncryptionKey) -> HpkeKeyPair "encryption";
        key_package<HashReference, KeyPackage>(HashReference) -> KeyPackage "package";
        psk<PskBundle, PskId>(PskId) -> PskBundle "psk";
    }

    drops! {
        delete_own_leaf_nodes(GroupId) "leaves";
        delete_group_config(GroupId) "config";
        delete_tree(GroupId) "tree";
        delete_confirmation_tag(GroupId) "tag";
        delete_group_state(GroupId) "state";
        delete_context(GroupId) "context";
        delete_interim_transcript_hash(GroupId) "interim";
        delete_message_secrets(GroupId) "message";
        delete_all_resumption_psk_secrets(GroupId) "resumption";
        delete_own_leaf_index(GroupId) "leaf";
        delete_group_epoch_secrets(GroupId) "epoch";
        delete_signature_key_pair(SignaturePublicKey) "signature";
        delete_encryption_key_pair(EncryptionKey) "encryption";
        delete_key_package(HashReference) "package";
        delete_psk(PskId) "psk";
    }

    fn write_mls_join_config<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        MlsGroupJoinConfig: traits::MlsGroupJoinConfig<CURRENT_VERSION>,
    >(
        &self,
        about: &GroupId,
        config: &MlsGroupJoinConfig,
    ) -> Outcome<()> {
        self.0.write(vec![(key_of("config", about)?, Some(serde_json::to_vec(config)?))]);
        Ok(())
    }

    fn mls_group_join_config<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        MlsGroupJoinConfig: traits::MlsGroupJoinConfig<CURRENT_VERSION>,
    >(
        &self,
        about: &GroupId,
    ) -> Outcome<Option<MlsGroupJoinConfig>> {
        let record = self.0.read(&key_of("config", about)?);
        Ok(record.map(|record| serde_json::from_slice(&record)).transpose()?)
    }

    fn append_own_leaf_node<GroupId: traits::GroupId<CURRENT_VERSION>, LeafNode: traits::LeafNode<CURRENT_VERSION>>(
        &self,
        about: &GroupId,
        leaf: &LeafNode,
    ) -> Outcome<()> {
        let mut leaves: Vec<Vec<u8>> = self.list("leaves", about)?;
        leaves.push(postcard::to_stdvec(leaf)?);
        self.put("leaves", about, &leaves)
    }

    fn own_leaf_nodes<GroupId: traits::GroupId<CURRENT_VERSION>, LeafNode: traits::LeafNode<CURRENT_VERSION>>(
        &self,
        about: &GroupId,
    ) -> Outcome<Vec<LeafNode>> {
        let leaves: Vec<Vec<u8>> = self.list("leaves", about)?;
        leaves.iter().map(|leaf| Ok(postcard::from_bytes(leaf)?)).collect()
    }

    fn write_encryption_epoch_key_pairs<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        EpochKey: traits::EpochKey<CURRENT_VERSION>,
        HpkeKeyPair: traits::HpkeKeyPair<CURRENT_VERSION>,
    >(
        &self,
        group_id: &GroupId,
        epoch: &EpochKey,
        leaf: u32,
        pairs: &[HpkeKeyPair],
    ) -> Outcome<()> {
        self.put("pairs", &(group_id, epoch, leaf), pairs)
    }

    fn encryption_epoch_key_pairs<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        EpochKey: traits::EpochKey<CURRENT_VERSION>,
        HpkeKeyPair: traits::HpkeKeyPair<CURRENT_VERSION>,
    >(
        &self,
        group_id: &GroupId,
        epoch: &EpochKey,
        leaf: u32,
    ) -> Outcome<Vec<HpkeKeyPair>> {
        self.list("pairs", &(group_id, epoch, leaf))
    }

    fn delete_encryption_epoch_key_pairs<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        EpochKey: traits::EpochKey<CURRENT_VERSION>,
    >(
        &self,
        group_id: &GroupId,
        epoch: &EpochKey,
        leaf: u32,
    ) -> Outcome<()> {
        self.drop("pairs", &(group_id, epoch, leaf))
    }

    fn queue_proposal<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        ProposalRef: traits::ProposalRef<CURRENT_VERSION>,
        QueuedProposal: traits::QueuedProposal<CURRENT_VERSION>,
    >(
        &self,
        group_id: &GroupId,
        reference: &ProposalRef,
        proposal: &QueuedProposal,
    ) -> Outcome<()> {
        self.put("proposal", &(group_id, reference), proposal)?;
        let mut queue: Vec<Vec<u8>> = self.list("queue", group_id)?;
        queue.push(postcard::to_stdvec(reference)?);
        self.put("queue", group_id, &queue)
    }

    fn queued_proposal_refs<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        ProposalRef: traits::ProposalRef<CURRENT_VERSION>,
    >(
        &self,
        group_id: &GroupId,
    ) -> Outcome<Vec<ProposalRef>> {
        let queue: Vec<Vec<u8>> = self.list("queue", group_id)?;
        queue.iter().map(|reference| Ok(postcard::from_bytes(reference)?)).collect()
    }

    fn queued_proposals<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        ProposalRef: traits::ProposalRef<CURRENT_VERSION>,
        QueuedProposal: traits::QueuedProposal<CURRENT_VERSION>,
    >(
        &self,
        group_id: &GroupId,
    ) -> Outcome<Vec<(ProposalRef, QueuedProposal)>> {
        let mut proposals = Vec::new();
        for reference in self.queued_proposal_refs::<GroupId, ProposalRef>(group_id)? {
            if let Some(proposal) = self.take("proposal", &(group_id, &reference))? {
                proposals.push((reference, proposal));
            }
        }
        Ok(proposals)
    }

    fn remove_proposal<GroupId: traits::GroupId<CURRENT_VERSION>, ProposalRef: traits::ProposalRef<CURRENT_VERSION>>(
        &self,
        group_id: &GroupId,
        reference: &ProposalRef,
    ) -> Outcome<()> {
        let gone = postcard::to_stdvec(reference)?;
        let mut queue: Vec<Vec<u8>> = self.list("queue", group_id)?;
        queue.retain(|reference| *reference != gone);
        self.put("queue", group_id, &queue)?;
        self.drop("proposal", &(group_id, reference))
    }

    fn clear_proposal_queue<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        ProposalRef: traits::ProposalRef<CURRENT_VERSION>,
    >(
        &self,
        group_id: &GroupId,
    ) -> Outcome<()> {
        for reference in self.queued_proposal_refs::<GroupId, ProposalRef>(group_id)? {
            self.drop("proposal", &(group_id, &reference))?;
        }
        self.drop("queue", group_id)
    }
}
