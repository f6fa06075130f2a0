//! Receiving messages.

use super::answer::{Out, Owned, answer, give, hand_over};
use super::bytes::conclave_bytes;
use super::event::conclave_event;
use super::group::{conclave_group, held};
use super::status::conclave_status;

/// Receives any message for this group: what it turned into is the event. A message that is refused changes nothing. The echo of
/// our own waiting commit confirms it.
///
/// What changes nothing (an error, `CONCLAVE_EVENT_OWN_ECHO`, `CONCLAVE_EVENT_DUPLICATE`) is not written, and so has no effect: an
/// app that moves its cursor with the effect steps over such a message by itself.
///
/// Returns: `CONCLAVE_OK`; for what is no message, the 2xx, `CONCLAVE_UNSUPPORTED_VERSION`, `CONCLAVE_UNSUPPORTED_CONTENT`,
/// `CONCLAVE_LIMIT_REACHED`, `CONCLAVE_WRONG_CONTENT`; for what comes at the wrong time, `CONCLAVE_FUTURE_EPOCH`,
/// `CONCLAVE_PAST_EPOCH`, `CONCLAVE_GENERATION_TOO_FAR`, `CONCLAVE_KEY_GONE`, `CONCLAVE_REMOVED`, `CONCLAVE_FROZEN`; for what lacks
/// something, `CONCLAVE_UNKNOWN_PROPOSAL`, `CONCLAVE_UNKNOWN_PSK`; for what is our own, `CONCLAVE_OWN_COMMIT_DISCARDED`,
/// `CONCLAVE_OWN_MESSAGE`, `CONCLAVE_NOT_HEALED`; for what breaks a rule, the app's own among them, the 3xx.
/// In: `group`; `message`; `tag`, which comes back in the effect.
/// Out: `event`, to be freed with `conclave_event_free`.
/// State: a message: reads three records, writes one; some more for the first of a sender in an epoch. A commit: reads and writes
/// the path it touches, O(log n).
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_group_receive(
    group: Option<&conclave_group>,
    message: conclave_bytes,
    tag: conclave_bytes,
    event: Out<'_, Owned<conclave_event>>,
) -> conclave_status {
    hand_over(event, || {
        let received = held(group)?.receive(message.copy("message")?, tag.copy("tag")?)?;
        Ok(conclave_event::new(received))
    })
}

/// Takes the first deferred message whose epoch has begun, and processes it as `conclave_group_receive` would. After every commit,
/// received or confirmed, call this until it gives no event. Only for clients with `max_deferred`.
///
/// Returns: `CONCLAVE_OK`, `CONCLAVE_UNKNOWN_PROPOSAL` and `CONCLAVE_UNKNOWN_PSK` if a commit waits for a proposal that has not come
/// or for a key that was not put, and nothing else can be released: it stays; and those of the app's callbacks, after which it
/// stays as well.
/// In: `group`; `tag`, which comes back in the effect.
/// Out: `event`, NULL if there is none; to be freed with `conclave_event_free`.
/// State: that of the message, and deletes it, in one batch.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_group_next_deferred(
    group: Option<&conclave_group>,
    tag: conclave_bytes,
    event: Out<'_, Owned<conclave_event>>,
) -> conclave_status {
    give(event, || Ok(held(group)?.next_deferred(tag.copy("tag")?)?.map(conclave_event::new)))
}

/// Deletes all deferred messages, of whatever epoch: for a buffer that somebody has filled with what will never come.
///
/// Returns: `CONCLAVE_OK`.
/// In: `group`.
/// Out: nothing.
/// State: deletes their records.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_group_clear_deferred(group: Option<&conclave_group>) -> conclave_status {
    answer(|| held(group)?.clear_deferred())
}

/// Reads an application message and writes nothing: for an extension that shows a notification and must not move the group on.
/// The key is not used up: the message still has to be received, for its key to go.
///
/// Returns: those of `conclave_group_receive`, and `CONCLAVE_WRONG_CONTENT` for a proposal or a commit.
/// In: `group`; `message`.
/// Out: `event`, to be freed with `conclave_event_free`.
/// State: reads what receiving the message would.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_group_preview(
    group: Option<&conclave_group>,
    message: conclave_bytes,
    event: Out<'_, Owned<conclave_event>>,
) -> conclave_status {
    hand_over(event, || Ok(conclave_event::new(held(group)?.preview(message.copy("message")?)?)))
}
