//! `key-schedule.json`: a chain of epochs (RFC 9420 §8).

use serde_json::Value;

use super::NewStorage;
use super::field::{bytes, expect, field, list, number, secret, suite, text, words};
use crate::base::{Epoch, GroupId, ProtocolVersion, Secret};
use crate::codec::encode;
use crate::crypto::{Digest, Suite};
use crate::message::GroupContext;
use crate::schedule::{EpochSecrets, Exporter, Joiner, external_keys};
use crate::tree::Extensions;

pub(super) fn run(entry: &Value, _: NewStorage<'_>) -> Result<(), String> {
    let suite = suite(entry)?;
    let mut init_secret = secret(entry, "initial_init_secret")?;
    for (number, epoch) in (0..).zip(list(entry, "epochs")?) {
        let group_context = group_context(suite, GroupId(bytes(entry, "group_id")?), Epoch(number), epoch)?;
        init_secret = run_epoch(suite, init_secret, epoch, &group_context)?;
    }
    Ok(())
}

fn group_context(suite: &Suite, group_id: GroupId, number: Epoch, epoch: &Value) -> Result<Vec<u8>, String> {
    let group_context = encode(&GroupContext {
        version: ProtocolVersion::MLS10,
        cipher_suite: suite.id(),
        group_id,
        epoch: number,
        tree_hash: Digest(bytes(epoch, "tree_hash")?.into()),
        confirmed_transcript_hash: Digest(bytes(epoch, "confirmed_transcript_hash")?.into()),
        extensions: Extensions::default(),
    });
    let group_context = group_context.map_err(words)?;
    expect(epoch, "group_context", &group_context)?;
    Ok(group_context)
}

fn run_epoch(
    suite: &'static Suite,
    init_secret: Secret,
    epoch: &Value,
    group_context: &[u8],
) -> Result<Secret, String> {
    let joiner = Joiner::from_commit(suite, init_secret, secret(epoch, "commit_secret")?, group_context);
    let joiner = joiner.map_err(words)?;
    expect(epoch, "joiner_secret", joiner.joiner_secret().expose())?;
    let welcomer = joiner.with_psks(&secret(epoch, "psk_secret")?);
    expect(epoch, "welcome_secret", welcomer.welcome_secret().map_err(words)?.expose())?;
    let secrets = welcomer.into_epoch(group_context).map_err(words)?;
    compare(epoch, &secrets)?;
    let (_, external_pub) = external_keys(suite, &secrets.external_secret).map_err(words)?;
    expect(epoch, "external_pub", &external_pub.0)?;
    export(suite, &secrets, field(epoch, "exporter")?)?;
    Ok(secrets.init_secret)
}

fn compare(epoch: &Value, secrets: &EpochSecrets) -> Result<(), String> {
    expect(epoch, "sender_data_secret", secrets.sender_data_secret.expose())?;
    expect(epoch, "encryption_secret", secrets.encryption_secret.expose())?;
    expect(epoch, "exporter_secret", secrets.exporter_secret.expose())?;
    expect(epoch, "external_secret", secrets.external_secret.expose())?;
    expect(epoch, "confirmation_key", secrets.confirmation_key.expose())?;
    expect(epoch, "membership_key", secrets.membership_key.expose())?;
    expect(epoch, "resumption_psk", secrets.resumption_psk.expose())?;
    expect(epoch, "epoch_authenticator", secrets.epoch_authenticator.expose())?;
    expect(epoch, "init_secret", secrets.init_secret.expose())
}

fn export(suite: &'static Suite, secrets: &EpochSecrets, case: &Value) -> Result<(), String> {
    let exporter = Exporter::new(suite, &secrets.exporter_secret);
    let found = exporter.export(text(case, "label")?, &bytes(case, "context")?, number(case, "length")?);
    expect(case, "secret", found.map_err(words)?.expose())
}
