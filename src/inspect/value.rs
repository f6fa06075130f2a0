//! Byte strings in a line: cut to a length that can be looked at, and as text only if they can only be read as text.

use std::fmt;

/// Most bytes of one value that are shown.
pub(super) const SHOWN: usize = 32;

/// Most bytes of a text that are shown.
pub(super) const SHOWN_TEXT: usize = 128;

/// The bytes as hex digits.
pub(super) fn hex(bytes: &[u8]) -> impl fmt::Display {
    Hex(bytes)
}

/// The bytes as text in quotation marks, if they are printable and short; or else as hex digits.
pub(super) fn words(bytes: &[u8]) -> impl fmt::Display {
    match std::str::from_utf8(bytes) {
        Ok(text) if is_printable(text) => Words::Text(text),
        _ => Words::Hex(Hex(bytes)),
    }
}

/// Nothing that would steer a terminal, or turn the direction of what follows.
fn is_printable(text: &str) -> bool {
    let fits = (1..=SHOWN_TEXT).contains(&text.len());
    fits && text.chars().all(|c| c == ' ' || c.is_ascii_graphic() || c.is_alphanumeric())
}

/// How long something is.
pub(super) struct Length(pub(super) usize);

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("(empty)"),
            1 => f.write_str("(1 byte)"),
            length => write!(f, "({length} bytes)"),
        }
    }
}

struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Hex(bytes) = self;
        bytes.iter().take(SHOWN).try_for_each(|byte| write!(f, "{byte:02x}"))?;
        let after = match bytes.len() {
            0 => "",
            1..=SHOWN => " ",
            _ => "... ",
        };
        write!(f, "{after}{}", Length(bytes.len()))
    }
}

enum Words<'a> {
    Text(&'a str),
    Hex(Hex<'a>),
}

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Words::Text(text) => write!(f, "{text:?} {}", Length(text.len())),
            Words::Hex(hex) => hex.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_cut_and_say_how_long_they_are() {
        assert_eq!(hex(&[]).to_string(), "(empty)");
        assert_eq!(hex(&[7]).to_string(), "07 (1 byte)");
        assert_eq!(hex(&[7; 32]).to_string(), format!("{} (32 bytes)", "07".repeat(32)));
        assert_eq!(hex(&[7; 33]).to_string(), format!("{}... (33 bytes)", "07".repeat(32)));
    }

    #[test]
    fn only_what_is_harmless_is_shown_as_text() {
        assert_eq!(words(b"alice").to_string(), "\"alice\" (5 bytes)");
        assert_eq!(words("Z\u{fc}rich \"1\"".as_bytes()).to_string(), "\"Z\u{fc}rich \\\"1\\\"\" (11 bytes)");
        assert_eq!(words(b"").to_string(), "(empty)");
        assert_eq!(words(b"\x1b[2J").to_string(), "1b5b324a (4 bytes)");
        assert_eq!(words("a\u{202e}b".as_bytes()).to_string(), "61e280ae62 (5 bytes)");
        assert_eq!(words(&[0xff, 0xfe]).to_string(), "fffe (2 bytes)");
        assert!(words(&[b'a'; 129]).to_string().starts_with("6161"));
    }
}
