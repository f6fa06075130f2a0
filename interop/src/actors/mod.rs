//! The libraries as actors.

mod conclave;
mod mls_rs;
mod openmls;

use crate::Outcome;
use crate::actor::{Actor, Library, Persona};

/// A person on this library.
pub fn enter(library: Library, persona: &Persona) -> Outcome<Box<dyn Actor>> {
    match library {
        Library::Conclave => conclave::enter(persona),
        Library::OpenMls => openmls::enter(persona),
        Library::MlsRs => mls_rs::enter(persona),
    }
}
