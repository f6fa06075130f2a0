//! The app's word on a call: the library hands it back in the effect, so that the ledger knows what to write beside it.

use std::fmt;
use std::str::FromStr;

use conclave_sqlite::rusqlite;

/// What an effect is to the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// The call handled the message of this number, and all before it: where to go on after a restart.
    Cursor(u64),
    /// The call encrypted a message.
    Message,
    /// The call built a commit that ends this epoch.
    Commit(u64),
}

impl Tag {
    /// As the library takes it.
    pub fn bytes(self) -> Vec<u8> {
        self.to_string().into_bytes()
    }

    /// As the library gives it back.
    ///
    /// # Errors
    /// A tag that this app never wrote.
    pub fn parse(bytes: &[u8]) -> rusqlite::Result<Tag> {
        let found = std::str::from_utf8(bytes).ok().and_then(|text| text.parse().ok());
        found.ok_or_else(|| rusqlite::Error::ToSqlConversionFailure("a tag that this app never wrote".into()))
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Tag::Cursor(number) => write!(f, "cursor {number}"),
            Tag::Message => write!(f, "message"),
            Tag::Commit(epoch) => write!(f, "commit {epoch}"),
        }
    }
}

impl FromStr for Tag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |digits: &str| digits.parse().map_err(|_| format!("not a number: {digits}"));
        match text.split_once(' ') {
            Some(("cursor", digits)) => Ok(Tag::Cursor(number(digits)?)),
            Some(("commit", digits)) => Ok(Tag::Commit(number(digits)?)),
            None if text == "message" => Ok(Tag::Message),
            _ => Err(format!("not a tag: {text}")),
        }
    }
}
