//! Randomness of the operating system.

use crate::base::{Code, Error, Result, Secret};

/// `N` random bytes.
pub(crate) fn random_bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(exhausted)?;
    Ok(bytes)
}

/// A random secret.
pub(crate) fn random_secret(length: usize) -> Result<Secret> {
    let mut bytes = vec![0; length];
    aws_lc_rs::rand::fill(&mut bytes).map_err(exhausted)?;
    Ok(Secret::new(bytes))
}

fn exhausted(_: aws_lc_rs::error::Unspecified) -> Error {
    Code::Internal.with("the operating system gives no randomness")
}
