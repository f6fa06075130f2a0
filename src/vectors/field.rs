//! Reading the fields of an entry, and comparing what came out with them.

use serde_json::Value;

use crate::base::{CipherSuite, Secret};
use crate::crypto::Suite;

/// A member of an object.
pub(super) fn field<'a>(entry: &'a Value, name: &str) -> Result<&'a Value, String> {
    entry.get(name).ok_or_else(|| format!("{name} is missing"))
}

/// A hex string as bytes.
pub(super) fn bytes(entry: &Value, name: &str) -> Result<Vec<u8>, String> {
    hex::decode(text(entry, name)?).map_err(|error| format!("{name}: {error}"))
}

/// A hex string as a secret.
pub(super) fn secret(entry: &Value, name: &str) -> Result<Secret, String> {
    bytes(entry, name).map(Secret::new)
}

/// A plain string.
pub(super) fn text<'a>(entry: &'a Value, name: &str) -> Result<&'a str, String> {
    field(entry, name)?.as_str().ok_or_else(|| format!("{name} is not a string"))
}

/// A number.
pub(super) fn number<T: TryFrom<u64>>(entry: &Value, name: &str) -> Result<T, String> {
    let number = field(entry, name)?.as_u64().ok_or_else(|| format!("{name} is not a number"))?;
    T::try_from(number).map_err(|_| format!("{name} is out of range"))
}

/// A list.
pub(super) fn list<'a>(entry: &'a Value, name: &str) -> Result<&'a [Value], String> {
    field(entry, name)?.as_array().map(Vec::as_slice).ok_or_else(|| format!("{name} is not a list"))
}

/// The entry's cipher suite.
pub(super) fn suite(entry: &Value) -> Result<&'static Suite, String> {
    Suite::of(CipherSuite(number(entry, "cipher_suite")?)).map_err(words)
}

/// Compares an output with the hex field of its name.
pub(super) fn expect(entry: &Value, name: &str, found: &[u8]) -> Result<(), String> {
    if bytes(entry, name)? == found { Ok(()) } else { Err(format!("{name} differs: found {}", hex::encode(found))) }
}

/// An error of the library in words.
pub(super) fn words(error: crate::base::Error) -> String {
    error.to_string()
}
