//! External pre-shared keys: secrets that members have from elsewhere.

use super::answer::{answer, required};
use super::bytes::conclave_bytes;
use super::client::conclave_client;
use super::status::conclave_status;

/// Puts an external pre-shared key into the storage, to be used by its id in commits and Welcomes.
///
/// Returns: `CONCLAVE_OK`, `CONCLAVE_TOO_LONG` for a key or an id of more than 4096 bytes, `CONCLAVE_CONSUMED` after
/// `conclave_client_wipe`.
/// In: `client`; `psk_id`; `secret`, which the caller wipes.
/// Out: nothing.
/// State: writes one record.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_client_put_psk(
    client: Option<&conclave_client>,
    psk_id: conclave_bytes,
    secret: conclave_bytes,
) -> conclave_status {
    answer(|| required(client, "client")?.client.put_psk(psk_id.copy("psk_id")?, secret.copy("secret")?))
}

/// Deletes an external pre-shared key, if it is there.
///
/// Returns: `CONCLAVE_OK`, `CONCLAVE_CONSUMED` after `conclave_client_wipe`.
/// In: `client`; `psk_id`.
/// Out: nothing.
/// State: writes one record.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_client_delete_psk(
    client: Option<&conclave_client>,
    psk_id: conclave_bytes,
) -> conclave_status {
    answer(|| required(client, "client")?.client.delete_psk(psk_id.copy("psk_id")?))
}
