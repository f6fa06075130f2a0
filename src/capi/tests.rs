//! A panic inside comes back as a status, and the handles go on working: seen from the C side of the border.

#![allow(clippy::unwrap_used)]

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::ptr::null;
use std::sync::Arc;

use super::answer::Owned;
use super::batch::conclave_batch;
use super::bytes::{conclave_buf, conclave_bytes, copy_list};
use super::client::{conclave_client, conclave_client_create_group, conclave_client_new};
use super::config::{conclave_client_config, conclave_host};
use super::group::{conclave_group, conclave_group_encrypt, conclave_group_standing, conclave_group_status};
use super::growing::Growing;
use super::panic_hook::conclave_test_panic_at;
use super::status::{CONCLAVE_OK, conclave_error, conclave_last_error, conclave_status};
use super::storage::{conclave_records, conclave_storage, conclave_values};
use super::validator::conclave_accept_all;
use crate::base::Code;
use crate::store::{MemoryStorage, Storage};

/// A storage of Rust lent as a host lends one. The caller keeps it alive.
fn lend_storage(storage: &Arc<MemoryStorage>) -> conclave_storage {
    conclave_storage {
        context: Arc::as_ptr(storage).cast_mut().cast(),
        read: Some(read),
        scan: Some(scan),
        write: Some(write),
        ..conclave_storage::initial()
    }
}

fn lent<'call>(context: *mut c_void) -> &'call MemoryStorage {
    // SAFETY: the context is the storage that `lend_storage` was given.
    unsafe { &*context.cast::<MemoryStorage>() }
}

unsafe extern "C" fn read(
    context: *mut c_void,
    keys: *const conclave_bytes,
    count: usize,
    found: *mut conclave_values,
) -> conclave_status {
    let values = lent(context).read(copy_list(keys, count, "keys").unwrap()).unwrap();
    // SAFETY: the library lends it for the call.
    unsafe { (*found).fill(values) };
    CONCLAVE_OK
}

unsafe extern "C" fn scan(
    context: *mut c_void,
    prefix: conclave_bytes,
    after: conclave_bytes,
    limit: u32,
    found: *mut conclave_records,
) -> conclave_status {
    let records = lent(context).scan(prefix.copy("prefix").unwrap(), after.copy("after").unwrap(), limit).unwrap();
    // SAFETY: as for `read`.
    unsafe { (*found).fill(records) };
    CONCLAVE_OK
}

unsafe extern "C" fn write(context: *mut c_void, batch: *const conclave_batch) -> conclave_status {
    // SAFETY: as for `read`.
    let batch = unsafe { (*batch).batch.clone() };
    lent(context).write(batch).unwrap();
    CONCLAVE_OK
}

/// What a function with one output gives.
fn output<T>(call: impl FnOnce(Option<&mut MaybeUninit<T>>) -> conclave_status) -> Result<T, conclave_status> {
    let mut out = MaybeUninit::uninit();
    match call(Some(&mut out)) {
        // SAFETY: an output is written if the call succeeds.
        CONCLAVE_OK => Ok(unsafe { out.assume_init() }),
        status => Err(status),
    }
}

fn person(storage: &conclave_storage) -> Owned<conclave_client> {
    let config = conclave_client_config { name: conclave_bytes::lend(b"alice"), ..conclave_client_config::initial() };
    let host = conclave_host { storage, validator: conclave_accept_all(), ..conclave_host::initial() };
    output(|out| conclave_client_new(100, &raw const config, &raw const host, out)).unwrap()
}

fn encrypt(group: &Owned<conclave_group>) -> Result<Owned<conclave_buf>, conclave_status> {
    let none = conclave_bytes::NONE;
    output(|out| conclave_group_encrypt(group.as_deref(), conclave_bytes::lend(b"hello"), none, none, out))
}

fn epoch(group: &Owned<conclave_group>) -> Result<u64, conclave_status> {
    let mut standing = conclave_group_standing::initial();
    match conclave_group_status(group.as_deref(), &raw mut standing) {
        CONCLAVE_OK => Ok(standing.epoch),
        status => Err(status),
    }
}

#[test]
fn a_panic_comes_back_as_a_status_and_the_handle_can_be_used() {
    let kept = MemoryStorage::new();
    let storage = lend_storage(&kept);
    let client = person(&storage);
    let group = output(|out| conclave_client_create_group(client.as_deref(), null(), out)).unwrap();
    let internal = Code::Internal.number().cast_signed();
    for callback in 1..=2 {
        conclave_test_panic_at(callback);
        assert_eq!(encrypt(&group).err(), Some(internal), "at callback {callback}");
        let mut error = conclave_error::initial();
        assert_eq!(conclave_last_error(&raw mut error), CONCLAVE_OK);
        assert_eq!(error.status, internal);
        // Neither the group nor the thread is left marked as busy.
        assert_eq!(epoch(&group), Ok(0));
        assert!(encrypt(&group).is_ok());
    }
}

#[test]
fn a_panic_while_a_client_is_made_leaves_no_client() {
    let kept = MemoryStorage::new();
    let storage = lend_storage(&kept);
    let config = conclave_client_config { name: conclave_bytes::lend(b"alice"), ..conclave_client_config::initial() };
    let host =
        conclave_host { storage: &raw const storage, validator: conclave_accept_all(), ..conclave_host::initial() };
    conclave_test_panic_at(1);
    let made = output(|out| conclave_client_new(100, &raw const config, &raw const host, out));
    assert!(made.is_err());
    assert!(output(|out| conclave_client_new(100, &raw const config, &raw const host, out)).is_ok());
}
