//! What the tests of the languages need from outside. The programs are in `bin/`.

use std::error::Error;

/// What a program of this package ends with.
pub type Outcome<T> = Result<T, Box<dyn Error>>;
