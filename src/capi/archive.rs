//! Taking a group, or the whole client, to another device.

use super::answer::{Out, Owned, hand_over, required};
use super::bytes::{conclave_buf, conclave_bytes};
use super::client::conclave_client;
use super::group::{conclave_group, held};
use super::memory::conclave_memory;
use super::names::conclave_flag;
use super::status::conclave_status;
use crate::client::ImportOptions;

/// What came out of an archive. Free it with `conclave_imported_free`.
#[repr(C)]
pub struct conclave_imported {
    /// The library's own; leave it alone.
    pub owner: Box<conclave_memory>,
    /// The ids of the groups. They can be read from, and send nothing until each was rejoined with
    /// `conclave_client_join_external`. Those that were closed by a ReInit go on with `conclave_group_create_successor`.
    pub group_ids: *const conclave_bytes,
    /// How many groups there are.
    pub group_count: usize,
    /// Whether the client's own signing keys were in it: open the client again before it goes on, so that it signs with them.
    pub signing_keys: bool,
}

/// Gives this group for another device, sealed under `key`. What past epochs, skipped messages and our own sending need stays
/// behind, and so does a waiting commit. An archive opens what the group says until its keys have changed: keep it as well as the
/// device, and no longer than needed.
///
/// Returns: `CONCLAVE_OK`, `CONCLAVE_BAD_KEY`, `CONCLAVE_REMOVED`, `CONCLAVE_CANCELLED`.
/// In: `group`; `key`, 32 random bytes.
/// Out: `archive`, to be freed with `conclave_buf_free`.
/// State: reads the group: O(n).
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_group_export_archive(
    group: Option<&conclave_group>,
    key: conclave_bytes,
    archive: Out<'_, Owned<conclave_buf>>,
) -> conclave_status {
    hand_over(archive, || Ok(conclave_buf::new(held(group)?.export_archive(key.copy("key")?)?)))
}

/// Gives the whole client for another device: its groups as with `conclave_group_export_archive`, its pre-shared keys, and the
/// signing keys that the library keeps for it. Key packages stay behind: two devices must not use one.
///
/// Returns: `CONCLAVE_OK`, `CONCLAVE_BAD_KEY`, `CONCLAVE_CANCELLED`.
/// In: `client`; `key`, 32 random bytes.
/// Out: `archive`, to be freed with `conclave_buf_free`.
/// State: reads all groups: O(n).
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_client_export_archive(
    client: Option<&conclave_client>,
    key: conclave_bytes,
    archive: Out<'_, Owned<conclave_buf>>,
) -> conclave_status {
    hand_over(archive, || Ok(conclave_buf::new(required(client, "client")?.client.export_archive(key.copy("key")?)?)))
}

/// Takes in an archive of one group or of a whole client, in one batch. An older copy would use keys again that were used since,
/// so its groups send nothing until they have healed: they follow what the others do, and `conclave_client_join_external` brings
/// each back.
///
/// Returns: `CONCLAVE_OK`, `CONCLAVE_BAD_KEY` for a key that is not 32 bytes, `CONCLAVE_BAD_ARCHIVE` for bytes that are none or were
/// sealed under another key, `CONCLAVE_ALREADY_MEMBER` if something is here already that would be replaced,
/// `CONCLAVE_STORE_NEWER` for an archive of a newer release.
/// In: `client`; `archive`; `key`; `replace`, whether what is here already is replaced by what is in the archive, which may be
/// older: groups, pre-shared keys of the same id, and signing keys with the key packages that they signed.
/// Out: `imported`, to be freed with `conclave_imported_free`.
/// State: writes all that is in the archive: O(n) for each group.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_client_import_archive(
    client: Option<&conclave_client>,
    archive: conclave_bytes,
    key: conclave_bytes,
    replace: conclave_flag,
    imported: Out<'_, Owned<conclave_imported>>,
) -> conclave_status {
    hand_over(imported, || {
        let (archive, key) = (archive.copy("archive")?, key.copy("key")?);
        let options = ImportOptions { replace: replace != 0 };
        let imported = required(client, "client")?.client.import_archive(archive, key, options)?;
        let mut owner = conclave_memory::new();
        let (group_ids, group_count) = owner.byte_list(imported.group_ids);
        Ok(Box::new(conclave_imported { owner, group_ids, group_count, signing_keys: imported.signing_keys }))
    })
}

/// Frees what tells of an archive.
///
/// Returns: nothing.
/// In: `imported`; NULL is allowed and does nothing.
/// Out: nothing.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_imported_free(imported: Option<Box<conclave_imported>>) {
    drop(imported);
}
