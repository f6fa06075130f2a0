//! Which release this is, and whether the header that the app was compiled with fits it.

use std::ffi::c_char;

use super::answer::answer;
use super::growing::{Growing, fill};
use super::status::conclave_status;
use crate::base::{Code, Result};

/// Which release of the library this is.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct conclave_version_info {
    /// Set it to `sizeof(conclave_version_info)` before the call.
    pub struct_size: u32,
    /// As `CONCLAVE_VERSION_NUMBER` of the header that came with this library.
    pub number: u32,
    /// The release, such as `0.1.0`. This and the other text are C strings that live as long as the program.
    pub release: *const c_char,
    /// The protocol it speaks.
    pub protocol: *const c_char,
}

/// The number of a release: major, minor and patch, two decimal digits each for the last two.
const NUMBER: u32 = number(env!("CARGO_PKG_VERSION_MAJOR")) * 10_000
    + number(env!("CARGO_PKG_VERSION_MINOR")) * 100
    + number(env!("CARGO_PKG_VERSION_PATCH"));

impl Growing for conclave_version_info {
    fn initial() -> Self {
        conclave_version_info {
            struct_size: size_of::<Self>() as u32,
            number: NUMBER,
            release: concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast(),
            protocol: c"MLS 1.0 (RFC 9420)".as_ptr(),
        }
    }
}

/// Tells which release of the library this is.
///
/// Returns: `CONCLAVE_OK`, or `CONCLAVE_BAD_ARGUMENT` for NULL or a wrong `struct_size`.
/// In: `version->struct_size`.
/// Out: `version`.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_version(version: *mut conclave_version_info) -> conclave_status {
    answer(|| fill(version, conclave_version_info::initial()))
}

/// Refuses a program that was compiled with the header of a release that this library does not stand in for: another major
/// number, another minor number before 1.0, or a newer one.
pub(super) fn check_header(header: u32) -> Result<()> {
    let compatible = |number: u32| if NUMBER < 10_000 { number / 100 } else { number / 10_000 };
    match compatible(header) == compatible(NUMBER) && header <= NUMBER {
        true => Ok(()),
        false => Err(Code::HeaderMismatch.with(format_args!("the header is {header}, the library {NUMBER}"))),
    }
}

const fn number(digits: &str) -> u32 {
    let (mut number, mut rest) = (0, digits.as_bytes());
    while let [digit, more @ ..] = rest {
        number = number * 10 + (*digit - b'0') as u32;
        rest = more;
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_headers_that_the_library_can_stand_in_for_are_taken() {
        assert!(check_header(NUMBER).is_ok());
        for other in [0, NUMBER + 1, NUMBER + 100, NUMBER + 10_000] {
            assert!(check_header(other).is_err(), "{other}");
        }
        assert_eq!([number("0"), number("12"), number("105")], [0, 12, 105]);
    }
}
