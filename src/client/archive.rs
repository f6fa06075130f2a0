//! Taking a group, or the whole client, to another device: an archive sealed under a key of the app's.

use std::sync::Arc;

use super::call::run;
use super::client::Client;
use super::group::Group;
use super::lease::Inside;
use crate::base::event::Effect;
use crate::base::{Code, GroupId, Result, Secret, constant_time_eq};
use crate::crypto::RecordKey;
use crate::group::archive::GroupArchive;
use crate::group::head::Head;
use crate::group::key_package;
use crate::group::pending_join;
use crate::group::psk::{self, StoredPsk};
use crate::group::state::GroupState;
use crate::store::{Reader, Record, Txn, Writer, decode_record, encode_record};

use crate::group::foresight::Foresight;

/// How an archive is taken in.
#[derive(Clone, Copy, Debug, Default, uniffi::Record)]
pub struct ImportOptions {
    /// Whether what is here already is replaced by what is in the archive, which may be older: groups, pre-shared keys of the same
    /// id, and signing keys, with the key packages that they signed. Without it, the import is refused if something would be.
    /// A group that is here and not in the archive has to be rejoined if its signing key was replaced: others refuse what the
    /// new key signs.
    #[uniffi(default)]
    pub replace: bool,
}

/// What came out of an archive.
#[derive(Clone, Debug, Default, PartialEq, Eq, uniffi::Record)]
pub struct Imported {
    /// The ids of the groups. They can be read from, and send nothing until each was rejoined with `join_external`. Those that
    /// were closed by a ReInit go on with `create_successor`.
    pub group_ids: Vec<Vec<u8>>,
    /// Whether the client's own signing keys were in it: open the client again before it goes on, so that it signs with them.
    pub signing_keys: bool,
}

#[uniffi::export]
impl Group {
    /// This group for another device, sealed under `key`, which must be 32 random bytes. What past epochs, skipped messages
    /// and our own sending need stays behind, and so does a pending commit. O(n).
    ///
    /// An archive opens what the group says until its keys have changed: keep it as well as the device, and no longer than
    /// needed.
    ///
    /// # Errors
    /// `BadKey`, `Removed`.
    pub fn export_archive(&self, key: Vec<u8>) -> Result<Vec<u8>> {
        let key = sealing_key(key)?;
        self.act(Foresight::to_load, |txn, state| {
            let group = GroupArchive::of(txn, state, &*self.shared.services.observer)?;
            let archive = Archive { signing_keys: vec![], psks: vec![], groups: vec![group] };
            Ok((archive.seal(&key)?, None))
        })
    }
}

#[uniffi::export]
impl Client {
    /// The whole client for another device: its groups as with `Group.export_archive`, its pre-shared keys, and the signing keys
    /// that the library keeps for it. Key packages stay behind: two devices must not use one. O(n).
    ///
    /// # Errors
    /// `BadKey`.
    pub fn export_archive(&self, key: Vec<u8>) -> Result<Vec<u8>> {
        let _inside = Inside::enter()?;
        let key = sealing_key(key)?;
        run(&self.shared.store, |txn| Ok((self.archive(txn)?.seal(&key)?, None)))
    }

    /// Takes in an archive of one group or of a whole client, in one batch. An older copy would use keys again that were used
    /// since, so its groups send nothing until they have healed: they follow what the others do, and `join_external` brings each
    /// back. O(n) for each group.
    ///
    /// # Errors
    /// `BadKey` for a key that is not 32 bytes, `BadArchive` for bytes that are none or were sealed under another key,
    /// `AlreadyMember` if something is here already that [`ImportOptions::replace`] is about, `StoreNewer` for an archive of a
    /// newer release.
    #[uniffi::method(default(options))]
    pub fn import_archive(&self, archive: Vec<u8>, key: Vec<u8>, options: ImportOptions) -> Result<Imported> {
        let _inside = Inside::enter()?;
        let key = sealing_key(key)?;
        run(&self.shared.store, |txn| {
            let imported = self.take_in(txn, Archive::open(&archive, &key)?, options)?;
            let group_ids = imported.group_ids.clone();
            Ok((imported, Some(Effect::Imported { group_ids })))
        })
    }
}

impl Client {
    fn archive(&self, txn: &mut Txn) -> Result<Archive> {
        let mut groups = Vec::new();
        for head in stored_heads(txn)? {
            let state = GroupState::load(txn, &head.group_id);
            match state.and_then(|state| GroupArchive::of(txn, &state, &*self.shared.services.observer)) {
                // It was left, or another process has deleted it since the heads were read.
                Err(error) if error.is(Code::Removed) || error.is(Code::NoSuchGroup) => continue,
                group => groups.push(group?),
            }
        }
        let mut signing_keys = Vec::new();
        for identity in &self.shared.services.identities {
            let record = txn.keyspace().signature_key(&identity.key_id);
            signing_keys.extend(txn.load::<Secret>(&record)?.map(|secret| (identity.key_id.clone(), secret)));
        }
        Ok(Archive { signing_keys, psks: psk::list(txn)?, groups })
    }

    fn take_in(&self, txn: &mut Txn, archive: Archive, options: ImportOptions) -> Result<Imported> {
        let mut imported = Imported { signing_keys: !archive.signing_keys.is_empty(), ..Imported::default() };
        archive.psks.iter().try_for_each(|key| psk::take_in(txn, key, options.replace))?;
        for (key_id, secret) in &archive.signing_keys {
            take_signing_key(txn, (key_id, secret), options.replace)?;
        }
        for group in archive.groups {
            let group_id: GroupId = group.group_id()?;
            group.stage(txn, options.replace, &self.shared.services.observer)?;
            imported.group_ids.push(group_id.0);
        }
        Ok(imported)
    }
}

/// Takes a signing key in. Another one that is here goes only if that was asked for, or if nothing was signed with it yet: groups
/// and key packages know the client by it.
fn take_signing_key(txn: &mut Txn, (key_id, secret): (&[u8], &Secret), replace: bool) -> Result<()> {
    let record = txn.keyspace().signature_key(key_id);
    txn.guard(&record)?;
    let differs = txn.load::<Secret>(&record)?.is_some_and(|known| !constant_time_eq(known.expose(), secret.expose()));
    if differs && !replace && is_in_use(txn, key_id)? {
        return Err(Code::AlreadyMember
            .with("this client has a signing key of its own, which groups, joins that wait or key packages use"));
    }
    if differs {
        key_package::delete_of(txn, key_id)?;
    }
    txn.store(record, secret);
    Ok(())
}

fn is_in_use(txn: &mut Txn, key_id: &[u8]) -> Result<bool> {
    let by_group = stored_heads(txn)?.iter().any(|head| head.signing_key == key_id);
    let by_join = pending_join::any_signed_by(txn, key_id)?;
    Ok(by_group || by_join || key_package::list(txn, None, usize::MAX)?.iter().any(|own| own.signing_key == key_id))
}

fn stored_heads(txn: &mut Txn) -> Result<Vec<Head>> {
    let (prefix, mut heads) = (txn.keyspace().heads(), Vec::new());
    txn.each(&prefix, |_, value| {
        heads.push(decode_record(value)?);
        Ok(())
    })?;
    Ok(heads)
}

/// What an archive holds.
struct Archive {
    signing_keys: Vec<(Vec<u8>, Secret)>,
    psks: Vec<StoredPsk>,
    groups: Vec<GroupArchive>,
}

/// What every archive begins with; the seal covers it.
const MAGIC: &[u8] = b"conclave archive\0";

fn sealing_key(key: Vec<u8>) -> Result<Arc<RecordKey>> {
    RecordKey::new(&Secret::new(key))
        .map(Arc::new)
        .map_err(|_| Code::BadKey.with("an archive is sealed under 32 bytes"))
}

impl Archive {
    fn seal(&self, key: &RecordKey) -> Result<Vec<u8>> {
        let plain = Secret::new(encode_record(self));
        Ok([MAGIC, &key.seal_record(MAGIC, plain.expose())?].concat())
    }

    fn open(bytes: &[u8], key: &RecordKey) -> Result<Self> {
        let sealed = bytes.strip_prefix(MAGIC).ok_or(Code::BadArchive)?;
        let plain = key.open_record(MAGIC, sealed).map_err(|_| Code::BadArchive)?;
        match decode_record(plain.expose()) {
            Err(error) if error.is(Code::StorageCorrupt) => Err(Code::BadArchive.into()),
            outcome => outcome,
        }
    }
}

impl Record for Archive {
    fn write(&self, writer: &mut Writer) {
        writer.list(&self.signing_keys, |writer, (key_id, secret)| {
            writer.bytes(key_id);
            writer.secret(secret);
        });
        writer.list(&self.psks, |writer, key| writer.secret(&Secret::new(encode_record(key))));
        writer.list(&self.groups, |writer, group| writer.secret(&Secret::new(encode_record(group))));
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        Ok(Archive {
            signing_keys: reader.list(|reader| Ok((reader.bytes()?.to_vec(), reader.secret()?)))?,
            psks: reader.list(|reader| decode_record(reader.bytes()?))?,
            groups: reader.list(|reader| decode_record(reader.bytes()?))?,
        })
    }
}
