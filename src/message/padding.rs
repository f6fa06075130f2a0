//! Padding of encrypted content (RFC 9420 §15.1), which hides how long the content is.

/// How an encrypted message is padded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Padding {
    /// To lengths with few significant bits: at most 12 % longer, and O(log log n) bits of the length leak.
    #[default]
    Padme,
    /// Not at all.
    None,
}

impl Padding {
    /// The length to pad content of this length to.
    pub(super) fn length(self, content: usize) -> usize {
        match self {
            Padding::Padme => padded_length(content),
            Padding::None => content,
        }
    }
}

/// The Padmé length: `length` rounded up so that its binary form has no more significant bits after the first than it
/// takes to write the exponent.
pub(crate) fn padded_length(length: usize) -> usize {
    let exponent = length.checked_ilog2().unwrap_or(0);
    let significant = exponent.checked_ilog2().map_or(0, |bits| bits + 1);
    let mask = (1usize << exponent.saturating_sub(significant)) - 1;
    length.checked_add(mask).map_or(length, |rounded| rounded & !mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_rounded_as_padme_says() {
        for (length, padded) in
            [(0, 0), (1, 1), (2, 2), (7, 7), (8, 8), (9, 10), (200, 208), (1000, 1024), (1025, 1088)]
        {
            assert_eq!(padded_length(length), padded, "{length}");
        }
        assert_eq!(padded_length(usize::MAX), usize::MAX);
    }

    #[test]
    fn padding_never_shrinks_and_rarely_grows_much() {
        for length in 0..100_000usize {
            let padded = padded_length(length);
            assert!(padded >= length && (padded - length) * 100 <= length * 12, "{length} became {padded}");
            assert_eq!(padded_length(padded), padded);
        }
    }
}
