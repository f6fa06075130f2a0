//! The storage that a host lends through C: three callbacks, and the sinks that values come back through.

use std::ffi::c_void;
use std::sync::Arc;

use super::answer::{Out, Owned, answer, hand_over, required};
use super::batch::conclave_batch;
use super::bytes::conclave_bytes;
use super::context::{Context, conclave_release};
use super::growing::{Growing, read};
use super::status::{CONCLAVE_OK, conclave_status, said_by_host};
use zeroize::Zeroize;

use crate::base::{Code, Error, Result};
use crate::store::{MemoryStorage, Storage, StorageError, StoredRecord, WriteBatch};

/// Where the library keeps everything: an ordered map from keys (1 to 96 bytes, compared as unsigned bytes) to values (up to
/// 64 KiB; empty is not absent), which the host implements over its database.
///
/// What a host must keep:
///
/// - `write` is one transaction, the outermost one, durable when it returns, all or nothing. Its guards are checked inside that
///   transaction, a guard of absence also against a concurrent insert.
/// - One call of `read` or `scan` sees one state of the store, never half of a batch.
/// - Deleted values are really gone: they hold keys of messages that nobody shall read again.
/// - A BACKUP IS NEVER RESTORED OVER A LIVE STORE, and the store is in no backup: an old copy would encrypt under the same
///   keys twice, which gives messages away.
///
/// `conclave_check_storage` tells whether it does: run it in the tests of your store. examples/c/sqlite_store.c is one.
///
/// Each callback returns `CONCLAVE_OK`, or `CONCLAVE_STORAGE_FAILED` (best with words, through `conclave_host_error`), or
/// `CONCLAVE_STORAGE_LOCKED` if it works again once the device is unlocked; `write` also `CONCLAVE_CONFLICT`. They run on the
/// thread of the call that needs them, on several threads at once if the app calls from several, and in `conclave_check_storage` in
/// any case: lock what they share. They must not call the library,
/// but for the `conclave_batch_` functions inside `write` and the sinks. What they are lent is gone when they return.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct conclave_storage {
    /// `sizeof(conclave_storage)`.
    pub struct_size: u32,
    /// Passed to each callback.
    pub context: *mut c_void,
    /// Called once, when nothing uses the storage any more; may be NULL.
    pub release: conclave_release,
    /// Gives the values of `count` keys: calls `conclave_values_put` for each that is there. (`found` begins empty.)
    pub read: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            keys: *const conclave_bytes,
            count: usize,
            found: *mut conclave_values,
        ) -> conclave_status,
    >,
    /// Gives the records whose keys begin with `prefix`, in ascending order, strictly after `after` (empty: from the start):
    /// `limit` of them, or as many as there are; fewer means that there are no more. Calls `conclave_records_put` for each.
    pub scan: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            prefix: conclave_bytes,
            after: conclave_bytes,
            limit: u32,
            found: *mut conclave_records,
        ) -> conclave_status,
    >,
    /// In one durable transaction: checks every guard of the batch, and returns `CONCLAVE_CONFLICT` without a change if one does
    /// not match; applies every operation; stores the effect in tables of the app's own, if it wants to.
    pub write: Option<unsafe extern "C" fn(context: *mut c_void, batch: *const conclave_batch) -> conclave_status>,
}

impl Growing for conclave_storage {
    fn initial() -> Self {
        let (struct_size, context) = (size_of::<Self>() as u32, std::ptr::null_mut());
        conclave_storage { struct_size, context, release: None, read: None, scan: None, write: None }
    }
}

/// Where `conclave_storage.read` puts what it finds.
pub struct conclave_values {
    found: Vec<Option<Vec<u8>>>,
    refused: Option<Error>,
}

/// Where `conclave_storage.scan` puts what it finds.
pub struct conclave_records {
    found: Vec<StoredRecord>,
    refused: Option<Error>,
}

impl conclave_values {
    /// What the tests answer.
    #[cfg(all(test, feature = "test-util"))]
    pub(super) fn fill(&mut self, found: Vec<Option<Vec<u8>>>) {
        self.found = found;
    }

    fn put(&mut self, index: usize, value: conclave_bytes) -> Result<()> {
        let slot = self.found.get_mut(index).ok_or_else(|| Code::BadArgument.with("no key has that index"))?;
        slot.zeroize();
        *slot = Some(value.copy("value")?);
        Ok(())
    }

    fn take(mut self) -> Result<Vec<Option<Vec<u8>>>, StorageError> {
        complete(self.refused.take()).map(|()| std::mem::take(&mut self.found))
    }
}

impl conclave_records {
    /// What the tests answer.
    #[cfg(all(test, feature = "test-util"))]
    pub(super) fn fill(&mut self, found: Vec<StoredRecord>) {
        self.found = found;
    }

    fn put(&mut self, key: conclave_bytes, value: conclave_bytes) -> Result<()> {
        let key = key.copy("key")?;
        self.found.push(StoredRecord { key, value: value.copy("value")? });
        Ok(())
    }

    fn take(mut self) -> Result<Vec<StoredRecord>, StorageError> {
        complete(self.refused.take()).map(|()| std::mem::take(&mut self.found))
    }
}

impl Drop for conclave_values {
    fn drop(&mut self) {
        self.found.iter_mut().for_each(Zeroize::zeroize);
    }
}

impl Drop for conclave_records {
    fn drop(&mut self) {
        self.found.iter_mut().for_each(|record| record.value.zeroize());
    }
}

/// What could not be taken is not absent: the answer as a whole fails, whatever the callback makes of it.
fn complete(refused: Option<Error>) -> Result<(), StorageError> {
    let unavailable = |error: Error| StorageError::Unavailable { detail: error.detail().to_owned() };
    refused.map_or(Ok(()), |error| Err(unavailable(error)))
}

/// For `conclave_storage.read`: gives the value of the key at `index`.
///
/// Returns: `CONCLAVE_OK`, or `CONCLAVE_BAD_ARGUMENT` for NULL, an index that no key has, or a value that cannot be read. The call
/// that reads fails then, whatever the callback returns.
/// In: `found`, as it was passed to the callback; `value`, which is copied.
/// Out: nothing.
/// State: none.
/// Threads: the one that the callback runs on.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_values_put(
    found: Option<&mut conclave_values>,
    index: usize,
    value: conclave_bytes,
) -> conclave_status {
    answer(|| {
        let found = required(found, "found")?;
        found.put(index, value).inspect_err(|error| found.refused = Some(error.clone()))
    })
}

/// For `conclave_storage.scan`: gives the next record.
///
/// Returns: `CONCLAVE_OK`, or `CONCLAVE_BAD_ARGUMENT` for NULL or a record that cannot be read. The call that scans fails then,
/// whatever the callback returns.
/// In: `found`, as it was passed to the callback; `key` and `value`, which are copied.
/// Out: nothing.
/// State: none.
/// Threads: the one that the callback runs on.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_records_put(
    found: Option<&mut conclave_records>,
    key: conclave_bytes,
    value: conclave_bytes,
) -> conclave_status {
    answer(|| {
        let found = required(found, "found")?;
        found.put(key, value).inspect_err(|error| found.refused = Some(error.clone()))
    })
}

/// A storage in memory, for tests and demonstrations: it is gone with the program.
pub struct conclave_memory_storage(pub(super) Arc<MemoryStorage>);

/// Makes a storage in memory, for tests and demonstrations. Several clients may use it.
///
/// Returns: `CONCLAVE_OK`, or `CONCLAVE_BAD_ARGUMENT` for NULL.
/// In: nothing.
/// Out: `storage`, to be freed with `conclave_memory_storage_free`.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_memory_storage_new(storage: Out<'_, Owned<conclave_memory_storage>>) -> conclave_status {
    hand_over(storage, || Ok(Box::new(conclave_memory_storage(MemoryStorage::new()))))
}

/// Lets a storage in memory go. Clients that use it keep it alive.
///
/// Returns: nothing.
/// In: `storage`; NULL is allowed and does nothing.
/// Out: nothing.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_memory_storage_free(storage: Option<Box<conclave_memory_storage>>) {
    drop(storage);
}

/// The host's storage, as the library sees it.
pub(super) struct HostStorage {
    context: Context,
    read: Read,
    scan: Scan,
    write: Write,
}

type Read = unsafe extern "C" fn(*mut c_void, *const conclave_bytes, usize, *mut conclave_values) -> conclave_status;

type Scan =
    unsafe extern "C" fn(*mut c_void, conclave_bytes, conclave_bytes, u32, *mut conclave_records) -> conclave_status;

type Write = unsafe extern "C" fn(*mut c_void, *const conclave_batch) -> conclave_status;

impl HostStorage {
    pub(super) fn new(given: *const conclave_storage) -> Result<Arc<Self>> {
        let callbacks = read(given, "storage")?;
        let context = Context::new(callbacks.context, callbacks.release);
        let read = required(callbacks.read, "storage.read")?;
        let scan = required(callbacks.scan, "storage.scan")?;
        let write = required(callbacks.write, "storage.write")?;
        Ok(Arc::new(HostStorage { context, read, scan, write }))
    }
}

// SAFETY: the host vouches that its callbacks may run on several threads at once.
unsafe impl Send for HostStorage {}
// SAFETY: as above.
unsafe impl Sync for HostStorage {}

impl Storage for HostStorage {
    fn read(&self, keys: Vec<Vec<u8>>) -> Result<Vec<Option<Vec<u8>>>, StorageError> {
        super::panic_hook::here();
        let lent: Vec<conclave_bytes> = keys.iter().map(|key| conclave_bytes::lend(key)).collect();
        let mut found = conclave_values { found: vec![None; keys.len()], refused: None };
        // SAFETY: the host's function, called as the header says; what is lent outlives the call.
        verdict(unsafe { (self.read)(self.context.enter(), lent.as_ptr(), lent.len(), &raw mut found) })?;
        found.take()
    }

    fn scan(&self, prefix: Vec<u8>, after: Vec<u8>, limit: u32) -> Result<Vec<StoredRecord>, StorageError> {
        super::panic_hook::here();
        let (prefix, after) = (conclave_bytes::lend(&prefix), conclave_bytes::lend(&after));
        let mut found = conclave_records { found: Vec::new(), refused: None };
        // SAFETY: as for `read`.
        verdict(unsafe { (self.scan)(self.context.enter(), prefix, after, limit, &raw mut found) })?;
        found.take()
    }

    fn write(&self, batch: Arc<WriteBatch>) -> Result<(), StorageError> {
        super::panic_hook::here();
        let batch = conclave_batch::new(batch);
        // SAFETY: as for `read`.
        verdict(unsafe { (self.write)(self.context.enter(), &raw const batch) })
    }
}

/// What the host's status means. A callback that fails with a status it should not have is told so.
fn verdict(status: conclave_status) -> Result<(), StorageError> {
    let said = said_by_host();
    if status == CONCLAVE_OK {
        return Ok(());
    }
    let detail = said.unwrap_or_else(|| format!("the callback returned {status}"));
    Err(match u32::try_from(status) {
        Ok(status) if status == Code::Conflict.number() => StorageError::Conflict,
        Ok(status) if status == Code::StorageLocked.number() => StorageError::Locked { detail },
        _ => StorageError::Unavailable { detail },
    })
}
