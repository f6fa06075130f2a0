//! The status that functions return, and the words behind it.

use std::cell::RefCell;
use std::ffi::{CString, c_char};
use std::sync::OnceLock;

use super::answer::answer;
use super::growing::{Growing, fill};
use crate::base::error::{Error, error_table};
use crate::base::{Code, Result};

/// What every function returns: `CONCLAVE_OK`, or one of the other codes. Codes never change and are never used again for
/// something else. `code / 100` is the category, which tells what to do.
pub type conclave_status = i32;

/// All is done, and the outputs are written.
pub const CONCLAVE_OK: conclave_status = 0;

/// Longest detail that is handed out, with the zero byte behind it.
pub const CONCLAVE_DETAIL_SIZE: usize = 512;

thread_local! {
    static LAST: RefCell<Option<Error>> = const { RefCell::new(None) };
    static SAID_BY_HOST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// What the last call of this thread that failed had to say.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct conclave_error {
    /// Set it to `sizeof(conclave_error)` before the call.
    pub struct_size: u32,
    /// The status that the call returned; `CONCLAVE_OK` if no call of this thread has failed yet.
    pub status: conclave_status,
    /// What happened, in words for a developer, as a C string in UTF-8. Cut off if it is longer. It holds no keys, plaintext or
    /// identities, except what the host's own callback said.
    pub detail: [c_char; CONCLAVE_DETAIL_SIZE],
}

impl Growing for conclave_error {
    fn initial() -> Self {
        conclave_error { struct_size: size_of::<Self>() as u32, status: CONCLAVE_OK, detail: [0; CONCLAVE_DETAIL_SIZE] }
    }
}

/// What a status means.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct conclave_error_description {
    /// Set it to `sizeof(conclave_error_description)` before the call.
    pub struct_size: u32,
    /// The status that was asked about.
    pub status: conclave_status,
    /// Its name, such as `BadSignature`. This and the other texts are C strings that live as long as the program.
    pub name: *const c_char,
    /// What happened.
    pub summary: *const c_char,
    /// What to do about it.
    pub remedy: *const c_char,
}

impl Growing for conclave_error_description {
    fn initial() -> Self {
        let nothing = c"".as_ptr();
        let struct_size = size_of::<Self>() as u32;
        conclave_error_description {
            struct_size,
            status: CONCLAVE_OK,
            name: nothing,
            summary: nothing,
            remedy: nothing,
        }
    }
}

/// Keeps the error for `conclave_last_error`, and gives its status.
pub(super) fn remember(error: Error) -> conclave_status {
    let status = error.code().cast_signed();
    // A thread that is ending has nowhere left to keep it; the status has to do.
    let _ = LAST.try_with(|last| last.replace(Some(error)));
    status
}

/// Tells what the last call of this thread that failed had to say. A call that succeeds leaves it as it is.
///
/// Returns: `CONCLAVE_OK`, or `CONCLAVE_BAD_ARGUMENT` for NULL or a wrong `struct_size`.
/// In: `error->struct_size`.
/// Out: `error`, a copy.
/// State: none.
/// Threads: any; each has its own last error.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_last_error(error: *mut conclave_error) -> conclave_status {
    let mut last = conclave_error::initial();
    let _ = LAST.try_with(|kept| {
        if let Some(kept) = kept.borrow().as_ref() {
            last.status = kept.code().cast_signed();
            copy_text(kept.detail(), &mut last.detail);
        }
    });
    // Not through `answer`: asking for the error must not replace it.
    match fill(error, last) {
        Ok(()) => CONCLAVE_OK,
        Err(error) => error.code().cast_signed(),
    }
}

/// Tells what a status means and what to do about it. The same is in docs/errors.md.
///
/// Returns: `CONCLAVE_OK`, or `CONCLAVE_BAD_ARGUMENT` for a status that the library never returns, NULL, or a wrong
/// `struct_size`. `CONCLAVE_OK` itself is described, too.
/// In: `status`; `description->struct_size`.
/// Out: `description`.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_error_info(
    status: conclave_status,
    description: *mut conclave_error_description,
) -> conclave_status {
    answer(|| {
        let found = texts().iter().find(|texts| texts.status == status);
        let texts = found.ok_or_else(|| Code::BadArgument.with("the library never returns that status"))?;
        let mut described = conclave_error_description::initial();
        described.status = status;
        [described.name, described.summary, described.remedy] =
            [&texts.name, &texts.summary, &texts.remedy].map(|text| text.as_ptr());
        fill(description, described)
    })
}

struct Texts {
    status: conclave_status,
    name: CString,
    summary: CString,
    remedy: CString,
}

/// The table of errors as C strings, made once.
fn texts() -> &'static [Texts] {
    static TEXTS: OnceLock<Vec<Texts>> = OnceLock::new();
    TEXTS.get_or_init(|| {
        let text = |text: String| CString::new(text).unwrap_or_default();
        let rows = error_table().into_iter().map(|info| Texts {
            status: info.code.cast_signed(),
            name: text(info.name),
            summary: text(info.summary),
            remedy: text(info.remedy),
        });
        let [name, summary, remedy] = ["Ok", "all is done", "go on"].map(|words| text(words.to_owned()));
        rows.chain([Texts { status: CONCLAVE_OK, name, summary, remedy }]).collect()
    })
}

/// For the host's callbacks: says why one fails, in words that `conclave_last_error` gives to whoever made the call. Made to
/// be returned: `return conclave_host_error(CONCLAVE_STORAGE_FAILED, sqlite3_errmsg(database));`
/// Outside of a callback it has no effect.
///
/// Returns: `status`, as it is.
/// In: `status`, what the callback will return; `detail`, a C string in UTF-8, which is copied, or NULL.
/// Out: nothing.
/// State: none.
/// Threads: the one that the callback runs on.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_host_error(status: conclave_status, detail: *const c_char) -> conclave_status {
    let said = (!detail.is_null()).then(|| {
        // SAFETY: the caller vouches that `detail` is a C string.
        let detail = unsafe { std::ffi::CStr::from_ptr(detail) };
        detail.to_string_lossy().into_owned()
    });
    say(said);
    status
}

/// What the host said in the callback that has just returned.
pub(super) fn said_by_host() -> Option<String> {
    SAID_BY_HOST.try_with(RefCell::take).ok().flatten()
}

/// What the status of a callback means: if it is not `CONCLAVE_OK`, this failure, in the host's own words.
pub(super) fn outcome(status: conclave_status, failure: Code) -> Result<()> {
    match (status, said_by_host()) {
        (CONCLAVE_OK, _) => Ok(()),
        (_, Some(said)) => Err(failure.with(said)),
        (status, None) => Err(failure.with(format_args!("the callback returned {status}"))),
    }
}

/// Forgets what the host said outside of callbacks.
pub(super) fn forget_what_was_said() {
    say(None);
}

fn say(said: Option<String>) {
    let _ = SAID_BY_HOST.try_with(|kept| kept.replace(said));
}

/// Copies text into an array of the caller's, and cuts it between two characters if it is too long.
fn copy_text(text: &str, into: &mut [c_char]) {
    let most = into.len().saturating_sub(1);
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    let bytes = text.bytes().take(end).map(|byte| byte.cast_signed());
    into.iter_mut().zip(bytes.chain(std::iter::repeat(0))).for_each(|(to, from)| *to = from);
}
