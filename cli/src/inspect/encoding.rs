//! Bytes as people hand them around: hex, base64, or as they are.

/// The bytes meant by the input: hex if it has hex digits only, or else base64 if it fits, or else itself. White space does
/// not count in hex and base64.
pub(crate) fn decode(input: Vec<u8>) -> Result<Vec<u8>, String> {
    let packed: Vec<u8> = input.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    if packed.is_empty() {
        return Err("there is nothing to inspect".to_owned());
    }
    let digits = packed.strip_prefix(b"0x").or_else(|| packed.strip_prefix(b"0X")).unwrap_or(&packed);
    if digits.iter().all(u8::is_ascii_hexdigit) {
        return hex::decode(digits).map_err(|_| "hex digits come in pairs, and one is missing here".to_owned());
    }
    if let Some(bytes) = base64(&packed) {
        return Ok(bytes);
    }
    match packed.iter().all(u8::is_ascii_graphic) {
        true => Err("this is text, but neither hex nor base64".to_owned()),
        false => Ok(input),
    }
}

/// Base64 of either alphabet, with or without padding (RFC 4648 §4, §5).
fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
    let digits = text.get(..text.len() - padding)?;
    let fits = digits.len() % 4 != 1 && (padding == 0 || padding <= 2 && text.len().is_multiple_of(4));
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3 + 3);
    let (mut bits, mut count) = (0u32, 0);
    for digit in digits {
        (bits, count) = (bits << 6 | sextet(*digit)?, count + 6);
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    (fits && bits == 0).then_some(bytes)
}

fn sextet(digit: u8) -> Option<u32> {
    let value = match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    };
    Some(value.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str) -> Result<Vec<u8>, String> {
        decode(text.as_bytes().to_vec())
    }

    #[test]
    fn base64_is_read_in_both_alphabets() {
        for (text, bytes) in
            [("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg", "foob"), ("Zm9v\nYmE=", "fooba")]
        {
            assert_eq!(decoded(text), Ok(bytes.as_bytes().to_vec()), "{text}");
        }
        assert_eq!(decoded("+/+/"), decoded("-_-_"));
        assert_eq!(decoded("+/+/"), Ok(vec![0xfb, 0xff, 0xbf]));
    }

    #[test]
    fn hex_comes_first_and_bytes_last() {
        assert_eq!(decoded("0x00 01\n0aFF\n"), Ok(vec![0, 1, 10, 255]));
        assert_eq!(decoded("abcd"), Ok(vec![0xab, 0xcd]));
        assert_eq!(decode(vec![0, 1, 32]), Ok(vec![0, 1, 32]));
    }

    #[test]
    fn text_that_is_neither_is_refused() {
        for text in ["", " \n", "abc", "Zg=", "Zh==", "Zm9vY", "{\"a\": 1}", "Zg==Zg=="] {
            assert!(decoded(text).is_err(), "{text:?}");
        }
    }
}
