//! The journal of effects, and the end of a client.

use super::answer::{Out, Owned, answer, hand_over, required};
use super::client::conclave_client;
use super::effect::conclave_effect;
use super::memory::conclave_memory;
use super::status::conclave_status;

/// An effect that the app has not acknowledged yet.
#[repr(C)]
pub struct conclave_pending_effect {
    /// By what it is acknowledged; never 0.
    pub id: u64,
    /// What came of a call.
    pub effect: *const conclave_effect,
}

/// Effects that the app has not acknowledged yet. Free them with `conclave_pending_effects_free`.
#[repr(C)]
pub struct conclave_pending_effects {
    /// The library's own; leave it alone.
    pub owner: Box<conclave_memory>,
    /// The effects, oldest first.
    pub items: *const *const conclave_pending_effect,
    /// How many there are.
    pub count: usize,
}

/// Lists the effects of a client with `journal` that were not acknowledged, oldest first. Each was stored in the same batch as
/// what it tells of: nothing is lost by a crash and nothing is there twice. Acknowledge an effect once the app has stored it; an
/// app that crashes in between sees it again, under the same id. Effects of calls that ran at the same time may come in any order,
/// and one of them may appear before an `after` that was passed already: begin again with 0 when all was acknowledged.
///
/// Returns: `CONCLAVE_OK`.
/// In: `client`; `after`, the id after which to begin, or 0 to begin at the start; `limit`, the most that are wanted.
/// Out: `effects`, to be freed with `conclave_pending_effects_free`.
/// State: reads the journal.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_client_pending_effects(
    client: Option<&conclave_client>,
    after: u64,
    limit: u32,
    effects: Out<'_, Owned<conclave_pending_effects>>,
) -> conclave_status {
    hand_over(effects, || {
        let found = required(client, "client")?.client.pending_effects((after != 0).then_some(after), limit)?;
        let mut owner = conclave_memory::new();
        let found = found.into_iter().map(|pending| conclave_pending_effect {
            id: pending.id,
            effect: owner.item(conclave_effect::of(pending.effect)),
        });
        let found = found.collect();
        let (items, count) = owner.pointers(found);
        Ok(Box::new(conclave_pending_effects { owner, items, count }))
    })
}

/// Wipes and frees a list of effects. (Those in the journal stay.)
///
/// Returns: nothing.
/// In: `effects`; NULL is allowed and does nothing.
/// Out: nothing.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_pending_effects_free(effects: Option<Box<conclave_pending_effects>>) {
    drop(effects);
}

/// Deletes this one effect from the journal, for good. One that is not there was acknowledged before.
///
/// Returns: `CONCLAVE_OK`.
/// In: `client`; `id`.
/// Out: nothing.
/// State: deletes its record.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_client_acknowledge(client: Option<&conclave_client>, id: u64) -> conclave_status {
    answer(|| required(client, "client")?.client.acknowledge(id))
}

/// Deletes everything that this client has in its storage, in one write: groups, key packages, pre-shared keys, signing keys and
/// the journal. For signing a user out. Other clients in the storage are untouched, and so are keys that the host's signer holds.
///
/// The groups are not told; leave or be removed first. Afterwards this handle and its groups see nothing and write nothing, and
/// what would write or sign returns `CONCLAVE_CONSUMED`: free them. Other handles of the same client, in any process, get
/// `CONCLAVE_STORAGE_CORRUPT` when they write, also beside a client of the name that is made anew.
///
/// Returns: `CONCLAVE_OK`, `CONCLAVE_CONSUMED` if it was called before.
/// In: `client`; it has to be freed as ever.
/// Out: nothing.
/// State: deletes all records of the client.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_client_wipe(client: Option<&conclave_client>) -> conclave_status {
    answer(|| required(client, "client")?.client.wipe())
}
