//! Key packages of this client.

use super::answer::{Out, Owned, answer, hand_over, required};
use super::bytes::{conclave_bytes, copy_list};
use super::client::{conclave_client, suite};
use super::growing::{Growing, fill, read_or_initial};
use super::memory::conclave_memory;
use super::names::conclave_flag;
use super::status::conclave_status;
use crate::base::lookup::KeyPackageStatus;
use crate::client::{KeyPackageMessage, KeyPackageOptions};

/// How key packages are made. Begin with `CONCLAVE_INIT(conclave_key_package_options)`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct conclave_key_package_options {
    /// `sizeof(conclave_key_package_options)`.
    pub struct_size: u32,
    /// The cipher suite; 0 for the client's preferred one.
    pub cipher_suite: u16,
    /// Whether the private keys are kept after use, for when all other key packages are used up.
    pub last_resort: conclave_flag,
    /// Extensions of the key package itself, as `conclave_encode_extensions` encodes them.
    pub extensions: conclave_bytes,
}

/// A key package to publish.
#[repr(C)]
pub struct conclave_key_package {
    /// Its KeyPackageRef, by which it can be deleted.
    pub reference: conclave_bytes,
    /// The MLSMessage to hand to whoever wants to add this client.
    pub message: conclave_bytes,
    /// Whether its private keys are kept after use.
    pub last_resort: bool,
    /// When it expires, in seconds since 1970.
    pub not_after: u64,
}

/// Key packages. Free them with `conclave_key_packages_free`.
#[repr(C)]
pub struct conclave_key_packages {
    /// The library's own; leave it alone.
    pub owner: Box<conclave_memory>,
    /// The key packages.
    pub items: *const *const conclave_key_package,
    /// How many there are.
    pub count: usize,
}

/// One of `CONCLAVE_KEY_PACKAGE_*`.
pub type conclave_key_package_standing = i32;

/// It waits for a Welcome.
pub const CONCLAVE_KEY_PACKAGE_AVAILABLE: conclave_key_package_standing = 1;
/// Its time is over. A Welcome that is on its way can still be opened, for 30 days at the most.
pub const CONCLAVE_KEY_PACKAGE_EXPIRED: conclave_key_package_standing = 2;
/// It was used or deleted, or never made here.
pub const CONCLAVE_KEY_PACKAGE_UNKNOWN: conclave_key_package_standing = 3;

/// What has become of a key package.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct conclave_key_package_status {
    /// Set it to `sizeof(conclave_key_package_status)` before the call.
    pub struct_size: u32,
    /// One of `CONCLAVE_KEY_PACKAGE_*`.
    pub standing: conclave_key_package_standing,
    /// If available, whether its private keys are kept after use: it may have been used already.
    pub last_resort: bool,
    /// If available, when it expires, in seconds since 1970.
    pub not_after: u64,
}

impl Growing for conclave_key_package_options {
    fn initial() -> Self {
        let struct_size = size_of::<Self>() as u32;
        conclave_key_package_options { struct_size, cipher_suite: 0, last_resort: 0, extensions: conclave_bytes::NONE }
    }
}

impl Growing for conclave_key_package_status {
    fn initial() -> Self {
        let (struct_size, standing) = (size_of::<Self>() as u32, CONCLAVE_KEY_PACKAGE_UNKNOWN);
        conclave_key_package_status { struct_size, standing, last_resort: false, not_after: 0 }
    }
}

impl conclave_key_packages {
    fn new(made: Vec<KeyPackageMessage>) -> Box<Self> {
        let mut owner = conclave_memory::new();
        let made = made.into_iter().map(|made| conclave_key_package {
            reference: owner.bytes(made.reference),
            message: owner.bytes(made.message),
            last_resort: made.last_resort,
            not_after: made.not_after,
        });
        let made = made.collect();
        let (items, count) = owner.pointers(made);
        Box::new(conclave_key_packages { owner, items, count })
    }
}

/// Makes key packages, for others to add this client with; each is used once, unless it is one of last resort.
///
/// Returns: `CONCLAVE_OK`, `CONCLAVE_BAD_ARGUMENT` for a `count` that is 0 or over 1000, and for extensions that are malformed or
/// of types that the client was opened without, `CONCLAVE_WRONG_CONTENT` for an extension that does not belong in a key package,
/// `CONCLAVE_UNSUPPORTED_SUITE` if the client has no key for it.
/// In: `client`; `count`; `options`, or NULL for the defaults.
/// Out: `made`, to be freed with `conclave_key_packages_free`.
/// State: writes one record for each, deletes those whose time is over, and hands the messages out in the effect too.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_client_create_key_packages(
    client: Option<&conclave_client>,
    count: u32,
    options: *const conclave_key_package_options,
    made: Out<'_, Owned<conclave_key_packages>>,
) -> conclave_status {
    hand_over(made, || {
        let given = read_or_initial(options, "options")?;
        let options = KeyPackageOptions {
            cipher_suite: suite(given.cipher_suite),
            last_resort: given.last_resort != 0,
            extensions: given.extensions.copy("extensions")?,
        };
        Ok(conclave_key_packages::new(required(client, "client")?.client.create_key_packages(count, options)?))
    })
}

/// Lists the key packages that have not been used, with their bytes, for when an upload has failed half way.
///
/// Returns: `CONCLAVE_OK`.
/// In: `client`; `after`, the reference of the last one of the page before, absent for the first page; `limit`, the most that
/// are wanted.
/// Out: `found`, to be freed with `conclave_key_packages_free`.
/// State: reads the key packages.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_client_key_packages(
    client: Option<&conclave_client>,
    after: conclave_bytes,
    limit: u32,
    found: Out<'_, Owned<conclave_key_packages>>,
) -> conclave_status {
    hand_over(found, || {
        let client = &required(client, "client")?.client;
        Ok(conclave_key_packages::new(client.key_packages(after.copy_optional("after")?, limit)?))
    })
}

/// Frees key packages. (Their private keys are in the storage, and stay there.)
///
/// Returns: nothing.
/// In: `key_packages`; NULL is allowed and does nothing.
/// Out: nothing.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_key_packages_free(key_packages: Option<Box<conclave_key_packages>>) {
    drop(key_packages);
}

/// Deletes the private keys of these key packages: a Welcome for them can no longer be opened.
///
/// Returns: `CONCLAVE_OK`.
/// In: `client`; `references`, the first of `count` references.
/// Out: nothing.
/// State: deletes one record for each.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_client_delete_key_packages(
    client: Option<&conclave_client>,
    references: *const conclave_bytes,
    count: usize,
) -> conclave_status {
    answer(|| {
        let references = copy_list(references, count, "references")?;
        required(client, "client")?.client.delete_key_packages(references)
    })
}

/// Tells what has become of one of our key packages.
///
/// Returns: `CONCLAVE_OK`.
/// In: `client`; `reference`; `found->struct_size`.
/// Out: `found`.
/// State: reads one record.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_client_key_package_status(
    client: Option<&conclave_client>,
    reference: conclave_bytes,
    found: *mut conclave_key_package_status,
) -> conclave_status {
    answer(|| {
        let status = required(client, "client")?.client.key_package_status(reference.copy("reference")?)?;
        let unknown = conclave_key_package_status::initial();
        fill(
            found,
            match status {
                KeyPackageStatus::Available { last_resort, not_after } => conclave_key_package_status {
                    standing: CONCLAVE_KEY_PACKAGE_AVAILABLE,
                    last_resort,
                    not_after,
                    ..unknown
                },
                KeyPackageStatus::Expired => {
                    conclave_key_package_status { standing: CONCLAVE_KEY_PACKAGE_EXPIRED, ..unknown }
                }
                KeyPackageStatus::Unknown => unknown,
            },
        )
    })
}
