//! How the structs that may grow are laid out: a program that was compiled with the header of any release can go on calling.
//!
//! A field that is added makes a test fail here, until `LEAST` keeps the size of the first release. Nothing new may come to stand
//! where there was a hole: an older program has put nothing there, so whatever is in its memory would be read.

use std::fs;
use std::mem::offset_of;
use std::path::Path;

use super::Growing;
use crate::capi::client::{conclave_group_options, conclave_join_options};
use crate::capi::config::{conclave_client_config, conclave_host};
use crate::capi::group::conclave_group_standing;
use crate::capi::joining::conclave_external_join_options;
use crate::capi::key_packages::{conclave_key_package_options, conclave_key_package_status};
use crate::capi::policy::conclave_policy;
use crate::capi::signer::conclave_signer;
use crate::capi::status::{conclave_error, conclave_error_description};
use crate::capi::storage::conclave_storage;
use crate::capi::successor::{conclave_reinit_options, conclave_successor_options};
use crate::capi::validator::conclave_validator;
use crate::capi::version::conclave_version_info;
use crate::capi::watching::{conclave_clock, conclave_logger, conclave_observer};

/// A struct: its name, the least size that is taken, and where its fields begin and how long they are.
struct Layout {
    name: &'static str,
    least: usize,
    size: usize,
    fields: Vec<(usize, usize)>,
}

/// Lays a struct out; it does not compile if a field is left out.
macro_rules! laid_out {
    ($kind:ident { $($field:ident),* }) => {{
        let _ = |all: $kind| { let $kind { $($field: _),* } = all; };
        let fields = vec![$((offset_of!($kind, $field), size_of_field(|all: &$kind| &all.$field))),*];
        Layout { name: stringify!($kind), least: $kind::LEAST, size: size_of::<$kind>(), fields }
    }};
}

fn size_of_field<T, F>(_: for<'a> fn(&'a T) -> &'a F) -> usize {
    size_of::<F>()
}

impl Layout {
    /// Where nothing is: from where, and how many bytes.
    fn holes(&self) -> Vec<(usize, usize)> {
        let ends = std::iter::once(0).chain(self.fields.iter().map(|(at, size)| at + size));
        let begins = self.fields.iter().map(|(at, _)| *at).chain(std::iter::once(self.size));
        ends.zip(begins).filter(|(end, begin)| begin > end).map(|(end, begin)| (end, begin - end)).collect()
    }
}

fn layouts() -> Vec<Layout> {
    vec![
        laid_out!(conclave_group_options {
            struct_size,
            cipher_suite,
            public_handshakes,
            without_padding,
            group_id,
            extensions,
            tag
        }),
        laid_out!(conclave_join_options { struct_size, public_handshakes, without_padding, tree, tag }),
        laid_out!(conclave_client_config {
            struct_size,
            grease,
            grease_extensions,
            journal,
            name,
            identity,
            cipher_suites,
            cipher_suite_count,
            signing_keys,
            signing_key_count,
            storage_key,
            extensions,
            extension_count,
            proposals,
            proposal_count,
            credentials,
            credential_count,
            leaf_extensions,
            past_epochs,
            resumption_epochs,
            max_forward,
            max_skipped,
            max_deferred,
            max_deferred_bytes,
            max_past_age,
            max_skipped_age,
            max_epoch_messages,
            max_epoch_bytes,
            reserve,
            threads,
            max_lifetime,
            lease_timeout
        }),
        laid_out!(conclave_host { struct_size, storage, memory_storage, validator, signer, policy, clock, observer }),
        laid_out!(conclave_group_standing {
            struct_size,
            cipher_suite,
            active,
            frozen,
            imported,
            pending_commit,
            epoch,
            oldest_epoch,
            own_leaf,
            members,
            pending_proposals,
            deferred
        }),
        laid_out!(conclave_external_join_options {
            struct_size,
            rejoin,
            public_handshakes,
            without_padding,
            tree,
            psks,
            psk_count,
            resumption_psks,
            resumption_psk_count,
            aad,
            tag
        }),
        laid_out!(conclave_key_package_options { struct_size, cipher_suite, last_resort, extensions }),
        laid_out!(conclave_key_package_status { struct_size, standing, last_resort, not_after }),
        laid_out!(conclave_policy { struct_size, context, release, permit }),
        laid_out!(conclave_signer { struct_size, context, release, sign }),
        laid_out!(conclave_error { struct_size, status, detail }),
        laid_out!(conclave_error_description { struct_size, status, name, summary, remedy }),
        laid_out!(conclave_storage { struct_size, context, release, read, scan, write }),
        laid_out!(conclave_reinit_options { struct_size, cipher_suite, group_id, extensions }),
        laid_out!(conclave_successor_options {
            struct_size,
            tree_beside_welcome,
            public_handshakes,
            without_padding,
            key_packages,
            key_package_count,
            tag,
            group_id,
            extensions
        }),
        laid_out!(conclave_validator { struct_size, context, release, validate, is_successor }),
        laid_out!(conclave_version_info { struct_size, number, release, protocol }),
        laid_out!(conclave_clock { struct_size, context, release, now }),
        laid_out!(conclave_observer { struct_size, context, release, progress }),
        laid_out!(conclave_logger { struct_size, context, release, log }),
    ]
}

/// From where, and how many bytes.
type Holes = &'static [(usize, usize)];

/// For each struct its size in the first release, and its holes, where pointers have 64 bits.
const FIRST: &[(&str, usize, Holes)] = &[
    ("conclave_group_options", 56, &[]),
    ("conclave_join_options", 40, &[(6, 2)]),
    ("conclave_client_config", 256, &[(7, 1)]),
    ("conclave_host", 64, &[(4, 4)]),
    ("conclave_group_standing", 48, &[(10, 6)]),
    ("conclave_external_join_options", 88, &[(7, 1)]),
    ("conclave_key_package_options", 24, &[(7, 1)]),
    ("conclave_key_package_status", 24, &[(9, 7)]),
    ("conclave_policy", 32, &[(4, 4)]),
    ("conclave_signer", 32, &[(4, 4)]),
    ("conclave_error", 520, &[]),
    ("conclave_error_description", 32, &[]),
    ("conclave_storage", 48, &[(4, 4)]),
    ("conclave_reinit_options", 40, &[(6, 2)]),
    ("conclave_successor_options", 72, &[(7, 1)]),
    ("conclave_validator", 40, &[(4, 4)]),
    ("conclave_version_info", 24, &[]),
    ("conclave_clock", 32, &[(4, 4)]),
    ("conclave_observer", 32, &[(4, 4)]),
    ("conclave_logger", 32, &[(4, 4)]),
];

#[test]
#[cfg(target_pointer_width = "64")]
fn structs_are_taken_as_they_were_in_the_first_release() {
    for Layout { name, least, .. } in layouts() {
        let (_, first, _) = FIRST.iter().find(|(first, ..)| *first == name).unwrap();
        assert_eq!(
            least, *first,
            "{name} has grown: `const LEAST: usize = offset_of!(Self, …)` of its first new field"
        );
    }
}

#[test]
#[cfg(target_pointer_width = "64")]
fn nothing_new_stands_in_a_hole() {
    for layout in layouts() {
        let (name, _, holes) = FIRST.iter().find(|(first, ..)| *first == layout.name).unwrap();
        assert_eq!(
            layout.holes(),
            *holes,
            "the holes of {name}: a new one is to be a field `reserved`, an old one stays"
        );
    }
}

#[test]
fn every_struct_that_may_grow_is_looked_at() {
    let room = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/capi");
    let sources = fs::read_dir(room).unwrap().filter_map(|entry| fs::read_to_string(entry.unwrap().path()).ok());
    let count = |source: String| source.matches("impl Growing for conclave_").count();
    assert_eq!(sources.map(count).sum::<usize>(), layouts().len());
}
