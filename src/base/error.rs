//! One error type, sorted by what the caller must do, and one table of every code the library can return.

use std::fmt;

/// The result of every fallible call of the library.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed, sorted by what to do about it.
///
/// `code` is stable across releases, is never reused, and `code / 100` is the category. `detail` is for a developer's eyes:
/// it never holds keys, plaintext or identities, except what the host's own callback said of its failure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
#[non_exhaustive]
pub enum Error {
    /// The call itself is wrong: fix its arguments.
    #[error("invalid argument ({code}): {detail}")]
    InvalidArgument {
        /// Stable number, see [`error_info`].
        code: u32,
        /// What happened, in words.
        detail: String,
    },
    /// The bytes are not what they claim to be: drop them.
    #[error("malformed ({code}): {detail}")]
    Malformed {
        /// Stable number, see [`error_info`].
        code: u32,
        /// What happened, in words.
        detail: String,
    },
    /// The bytes are well formed and break a rule: drop them and report the sender.
    #[error("rejected ({code}): {detail}")]
    Rejected {
        /// Stable number, see [`error_info`].
        code: u32,
        /// What happened, in words.
        detail: String,
    },
    /// The message belongs to another epoch or group: buffer it, fetch what is missing, or rejoin.
    #[error("epoch ({code}): {detail}")]
    Epoch {
        /// Stable number, see [`error_info`].
        code: u32,
        /// What happened, in words.
        detail: String,
    },
    /// The group or the handle is in a state that does not allow the call: finish the other thing first.
    #[error("usage ({code}): {detail}")]
    Usage {
        /// Stable number, see [`error_info`].
        code: u32,
        /// What happened, in words.
        detail: String,
    },
    /// Another process changed the same records first: run the call again.
    #[error("conflict ({code}): {detail}")]
    Conflict {
        /// Stable number, see [`error_info`].
        code: u32,
        /// What happened, in words.
        detail: String,
    },
    /// The host's storage failed; nothing changed.
    #[error("storage ({code}): {detail}")]
    Storage {
        /// Stable number, see [`error_info`].
        code: u32,
        /// The host's own words where it gave any.
        detail: String,
    },
    /// The host's signer failed or refused; nothing changed.
    #[error("signer ({code}): {detail}")]
    Signer {
        /// Stable number, see [`error_info`].
        code: u32,
        /// The host's own words where it gave any.
        detail: String,
    },
    /// The host's credential validator or policy could not answer; nothing changed.
    #[error("validator ({code}): {detail}")]
    Validator {
        /// Stable number, see [`error_info`].
        code: u32,
        /// The host's own words where it gave any.
        detail: String,
    },
    /// The library does not do this: another suite, extension, version or size has to be agreed on.
    #[error("unsupported ({code}): {detail}")]
    Unsupported {
        /// Stable number, see [`error_info`].
        code: u32,
        /// What happened, in words.
        detail: String,
    },
    /// A broken invariant inside the library: please report it.
    #[error("internal ({code}): {detail}")]
    Internal {
        /// Stable number, see [`error_info`].
        code: u32,
        /// What happened, in words.
        detail: String,
    },
}

impl Error {
    /// The stable number of this error.
    pub fn code(&self) -> u32 {
        match self {
            Error::InvalidArgument { code, .. }
            | Error::Malformed { code, .. }
            | Error::Rejected { code, .. }
            | Error::Epoch { code, .. }
            | Error::Usage { code, .. }
            | Error::Conflict { code, .. }
            | Error::Storage { code, .. }
            | Error::Signer { code, .. }
            | Error::Validator { code, .. }
            | Error::Unsupported { code, .. }
            | Error::Internal { code, .. } => *code,
        }
    }

    /// What happened, in words.
    pub fn detail(&self) -> &str {
        match self {
            Error::InvalidArgument { detail, .. }
            | Error::Malformed { detail, .. }
            | Error::Rejected { detail, .. }
            | Error::Epoch { detail, .. }
            | Error::Usage { detail, .. }
            | Error::Conflict { detail, .. }
            | Error::Storage { detail, .. }
            | Error::Signer { detail, .. }
            | Error::Validator { detail, .. }
            | Error::Unsupported { detail, .. }
            | Error::Internal { detail, .. } => detail,
        }
    }

    /// Whether this is the given code.
    pub(crate) fn is(&self, code: Code) -> bool {
        self.code() == code.number()
    }

    /// Whether the error judges the input (2xx to 4xx): such a verdict holds only if the records it rests on still stand.
    pub(crate) fn is_verdict(&self) -> bool {
        matches!(self.code() / 100, 2..=4)
    }
}

impl From<Code> for Error {
    fn from(code: Code) -> Self {
        code.with(code.row().summary)
    }
}

impl From<uniffi::UnexpectedUniFFICallbackError> for Error {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Code::StorageFailed.with(error.reason)
    }
}

/// What [`error_info`] says about a code.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ErrorInfo {
    /// The number asked about.
    pub code: u32,
    /// The stable name, for logs and tests.
    pub name: String,
    /// What happened.
    pub summary: String,
    /// What to do.
    pub remedy: String,
}

struct Row {
    name: &'static str,
    summary: &'static str,
    remedy: &'static str,
}

macro_rules! codes {
    ($($number:literal $name:ident: $summary:literal, $remedy:literal;)*) => {
        /// Every code the library can return. Numbers are part of the ABI: never changed, never reused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Code {
            $(#[doc = $summary] $name = $number,)*
        }

        impl Code {
            const ALL: &'static [Code] = &[$(Code::$name,)*];

            const fn row(self) -> Row {
                match self {
                    $(Code::$name => Row { name: stringify!($name), summary: $summary, remedy: $remedy },)*
                }
            }
        }
    };
}

codes! {
    101 BadArgument: "an argument is out of its range", "read the detail and correct the call";
    102 BadKey: "a key has the wrong form or length for its cipher suite", "pass the key that was made for this suite";
    103 NoSuchMember: "no member has this index or identity", "look the member up again: the roster has changed";
    104 BadArchive: "the archive is none, is damaged, or was sealed under another key", "check the key, and that the whole archive was kept";
    105 TooLong: "an argument is longer than the library stores or sends", "shorten it; the limit is in the detail";
    106 HoldsSecrets: "the object holds secrets, which are never printed", "inspect what travels between clients instead";

    201 Malformed: "the bytes are not a valid MLS object", "drop them; the sender has a fault or is hostile";
    202 TrailingBytes: "bytes are left over after the object", "drop the message";
    203 BadVector: "a vector's length is not minimally encoded or goes past the end", "drop the message";
    204 BadPadding: "the padding is not all zero", "drop the message";
    205 BadTree: "the ratchet tree is malformed", "ask for the tree again, from another source";
    206 Duplicated: "a list holds the same item twice", "drop the message";

    301 BadSignature: "a signature does not verify", "drop the message and report its sender";
    302 BadMac: "a membership or confirmation tag does not match", "drop the message and report its sender";
    303 BadCiphertext: "a ciphertext does not decrypt", "drop the message";
    304 BadSender: "the sender may not send this", "drop the message and report its sender";
    305 BadProposal: "a proposal breaks a rule", "drop the message and report its sender";
    306 BadProposalList: "the proposals of a commit may not stand together", "drop the message and report its sender";
    307 BadPath: "the update path of a commit is missing, misplaced or wrong", "drop the message and report its sender";
    308 BadLeafNode: "a leaf node breaks a rule", "drop the message and report its sender";
    309 BadKeyPackage: "a key package breaks a rule", "fetch another key package of that client";
    310 KeyReused: "a key or client is in the group already", "fetch a fresh key package, or remove the old member first";
    311 Incapable: "a member does not support what the group would need", "remove that member first, or do without the feature";
    312 CredentialRejected: "the app's validator rejected a credential", "drop the message; ask the app's authentication service why";
    313 PolicyRejected: "the app's policy rejected a change", "drop the message; the sender may not do this in this group";
    314 BadWelcome: "the Welcome does not fit what it should open", "ask the sender to add this client again";
    315 BadGroupInfo: "the GroupInfo breaks a rule", "ask for another GroupInfo";
    316 Expired: "a lifetime has not begun or is over", "fetch a fresh key package; check the clock";
    317 WrongContent: "a field of a message does not fit its kind", "drop the message and report its sender";
    318 BadSuccessor: "the Welcome does not open a group that follows from the old one, as its successor or a branch", "report its sender; another member can make the group; deleting the closed group drops its claim to the id";

    401 NoSuchGroup: "this client holds no such group", "join it, or come in with join_external";
    402 FutureEpoch: "the message is of an epoch that has not come yet", "keep it, fetch the missing commits, and try again";
    403 PastEpoch: "the message is of an epoch whose keys are gone", "drop it; a handshake message of a past epoch is always dropped";
    404 GenerationTooFar: "the message skips more generations than allowed", "fetch the messages in between, or raise max_forward";
    405 KeyGone: "the key of this message was used or has expired", "drop it; it was read before or came too late";
    406 UnknownProposal: "the commit names a proposal that was never received", "fetch the missing proposals, then try the commit again";
    407 UnknownPsk: "a pre-shared key is not known here", "put the key with put_psk; a key of an earlier epoch cannot be put: raise resumption_epochs, or ask for a commit without it";
    408 NotForUs: "no key package of this client opens the Welcome", "check the recipient; the key package may have been used or deleted";
    409 Removed: "this client is no longer a member of the group", "ask to be added again";
    410 TreeMissing: "the ratchet tree came neither inside nor beside the message", "fetch the tree and pass it along";
    411 OwnCommitDiscarded: "the group adopted a commit that was discarded here", "call join_external with `rejoin`";
    412 OwnMessage: "a message of our own cannot be decrypted by us", "drop it; keep the plaintext when sending";

    501 Busy: "another call on this group is still running", "wait and call again";
    502 Reentrant: "the library was called from inside a callback", "return from the callback first";
    503 PendingCommit: "a commit of our own is waiting", "confirm or discard it first";
    504 NoPendingCommit: "no commit is waiting", "build one first";
    505 PendingProposals: "proposals are waiting for a commit", "commit them before sending, or drop them with clear_proposals";
    506 Frozen: "the group has been reinitialised and takes no more changes", "make the successor with create_successor, or join by its Welcome";
    507 AlreadyMember: "this client is a member of the group already", "open it with open_group; or pass `rejoin` (join_external) or `replace` (import_archive)";
    508 Consumed: "the object was used up by an earlier call", "make a new one";
    509 NotHealed: "the group comes out of an archive, whose keys may have been used since", "rejoin it with join_external";
    510 PendingJoin: "an external join of this group is waiting", "confirm or discard it first";
    511 NoPendingJoin: "no external join of this group is waiting", "make one with join_external first";
    512 NotClosed: "the group was not closed by a ReInit", "commit a ReInit first, or branch instead";

    601 Conflict: "another process changed the same records first, several times over", "run the call again";

    701 StorageFailed: "the app's storage failed", "see the detail; nothing changed, try again when it works";
    702 StorageCorrupt: "a stored record cannot be read", "the store was altered or restored from a backup; rejoin the group";
    703 StorageNonsense: "the app's storage broke its contract", "run check_storage against it";
    704 StorageLocked: "the app's storage is locked", "try again after the device is unlocked; nothing changed";
    711 SignerFailed: "the app's signer failed or refused", "see the detail; nothing changed";
    721 ValidatorFailed: "the app's validator or policy failed to answer", "see the detail; nothing changed";
    731 Cancelled: "the app's observer asked to stop", "start again when wanted; nothing changed";
    732 ObserverFailed: "the app's observer failed", "see the detail; nothing changed";
    741 ClockFailed: "the app's clock failed to tell the time", "see the detail; nothing changed";

    801 UnsupportedSuite: "the cipher suite is not known", "agree on one of suites 1 to 7";
    802 UnsupportedVersion: "the protocol version is not MLS 1.0", "agree on MLS 1.0";
    803 UnsupportedContent: "the message needs a feature this library does not have", "agree to do without it";
    804 StoreNewer: "the store was written by a newer release", "update the app; nothing was changed";
    805 LimitReached: "a size limit of the library is reached", "the limit is in the detail";
    806 UsageLimit: "a key has been used as often as is safe", "update the group's keys with a commit";
    807 HeaderMismatch: "the program was compiled with the header of another release", "compile with the header that came with the library";

    901 Internal: "an invariant of the library is broken", "please report this with the detail";
}

impl Code {
    /// The number as it crosses every border.
    pub(crate) const fn number(self) -> u32 {
        self as u32
    }

    /// The error of this code, with words of its own.
    pub(crate) fn with(self, detail: impl fmt::Display) -> Error {
        let (code, detail) = (self.number(), detail.to_string());
        match code {
            100..200 => Error::InvalidArgument { code, detail },
            200..300 => Error::Malformed { code, detail },
            300..400 => Error::Rejected { code, detail },
            400..500 => Error::Epoch { code, detail },
            500..600 => Error::Usage { code, detail },
            600..700 => Error::Conflict { code, detail },
            700..710 => Error::Storage { code, detail },
            710..720 => Error::Signer { code, detail },
            720..800 => Error::Validator { code, detail },
            800..900 => Error::Unsupported { code, detail },
            _ => Error::Internal { code, detail },
        }
    }
}

/// Looks up what a code means and what to do about it; nothing for a number the library never returns.
#[uniffi::export]
pub fn error_info(code: u32) -> Option<ErrorInfo> {
    let found = Code::ALL.iter().find(|known| known.number() == code)?;
    let row = found.row();
    Some(ErrorInfo { code, name: row.name.to_owned(), summary: row.summary.to_owned(), remedy: row.remedy.to_owned() })
}

/// Every code with its meaning, in ascending order: the source of `docs/errors.md`.
pub fn error_table() -> Vec<ErrorInfo> {
    Code::ALL.iter().filter_map(|code| error_info(code.number())).collect()
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn codes_ascend_and_find_themselves() {
        let table = error_table();
        assert_eq!(table.len(), Code::ALL.len());
        assert!(table.windows(2).all(|pair| pair[0].code < pair[1].code));
        assert_eq!(error_info(301).map(|info| info.name), Some("BadSignature".to_owned()));
        assert_eq!(error_info(999), None);
    }

    #[test]
    fn the_category_follows_the_number() {
        assert!(matches!(Error::from(Code::BadMac), Error::Rejected { code: 302, .. }));
        assert!(Error::from(Code::PastEpoch).is_verdict());
        assert!(!Error::from(Code::Conflict).is_verdict());
    }
}
