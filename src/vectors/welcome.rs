//! `welcome.json`: a Welcome is opened and its GroupInfo verified (RFC 9420 §12.4.3.1).

use serde_json::Value;

use super::NewStorage;
use super::field::{bytes, secret, suite, words};
use crate::codec::{decode_exact, encode};
use crate::crypto::{Digest, HpkePrivateKey, SignaturePublicKey, Suite};
use crate::message::{GroupInfo, GroupSecrets, Message, Welcome};
use crate::schedule::{Joiner, Welcomer, confirm, psk_secret};
use crate::tree::Signed;

pub(super) fn run(entry: &Value, _: NewStorage<'_>) -> Result<(), String> {
    let suite = suite(entry)?;
    let Message::Welcome(welcome) = Message::decode(&bytes(entry, "welcome")?).map_err(words)? else {
        return Err("welcome is another kind of message".into());
    };
    let init_priv = HpkePrivateKey(secret(entry, "init_priv")?);
    let welcomer = open(suite, &welcome, &key_package_ref(suite, entry)?, &init_priv)?;
    let opened = welcomer.welcome_key().and_then(|key| key.open(&welcome.encrypted_group_info)).map_err(words)?;
    let group_info: GroupInfo = decode_exact(opened.expose()).map_err(words)?;
    let signer = SignaturePublicKey(bytes(entry, "signer_pub")?.into());
    verify(suite, &group_info, &signer, welcomer)
}

fn key_package_ref(suite: &Suite, entry: &Value) -> Result<Digest, String> {
    let Message::KeyPackage(key_package) = Message::decode(&bytes(entry, "key_package")?).map_err(words)? else {
        return Err("key_package is another kind of message".into());
    };
    encode(&*key_package).and_then(|bytes| suite.key_package_ref(&bytes)).map_err(words)
}

fn open(
    suite: &'static Suite,
    welcome: &Welcome,
    reference: &Digest,
    init_priv: &HpkePrivateKey,
) -> Result<Welcomer, String> {
    let secrets = welcome.secrets.iter().find(|secrets| secrets.new_member == *reference);
    let sealed = &secrets.ok_or("no entry is for the key package")?.encrypted_group_secrets;
    let opened =
        suite.decrypt_with_label(init_priv, "Welcome", &welcome.encrypted_group_info, sealed).map_err(words)?;
    let group_secrets = GroupSecrets::decode(opened.expose()).map_err(words)?;
    let joiner = Joiner::from_welcome(suite, group_secrets.joiner_secret).map_err(words)?;
    Ok(joiner.with_psks(&psk_secret(suite, &[]).map_err(words)?))
}

fn verify(
    suite: &Suite,
    group_info: &GroupInfo,
    signer: &SignaturePublicKey,
    welcomer: Welcomer,
) -> Result<(), String> {
    let signed = group_info.signed_fields().map_err(words)?;
    suite.verify_with_label(signer, GroupInfo::LABEL, &signed, &group_info.signature).map_err(words)?;
    let group_context = encode(&group_info.group_context).map_err(words)?;
    let secrets = welcomer.into_epoch(&group_context).map_err(words)?;
    let confirmed = &group_info.group_context.confirmed_transcript_hash;
    confirm(suite, &secrets.confirmation_key, confirmed, &group_info.confirmation_tag).map_err(words)?;
    Ok(())
}
