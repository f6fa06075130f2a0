//! From what the app configures and lends to what the acts of groups need.

use std::sync::Arc;

use tls_codec::Size;

use super::config::{ClientConfig, Host, SigningKey};
use super::extensions::of_the_app;
use super::software_signer::SoftwareSigner;
use crate::base::host::{PermitAll, Signer, SystemClock, Unobserved};
use crate::base::{CipherSuite, Code, ProtocolVersion, Result, limits};
use crate::crypto::{SignaturePublicKey, Suite};
use crate::group::host::{DeferLimits, GroupLimits, Host as Services, OwnIdentity};
use crate::schedule::{RatchetLimits, SealLimits};
use crate::store::Store;
use crate::tree::{Capabilities, Credential, CredentialType, ExtensionPlace, ExtensionType, Extensions, ProposalType};

/// The cipher suites of a client.
pub(crate) fn suites(config: &ClientConfig) -> Result<Vec<&'static Suite>> {
    config.cipher_suites.iter().map(|number| Suite::of(CipherSuite(*number))).collect()
}

/// Puts together the callbacks, the identities and the limits of a client.
pub(crate) fn services(
    store: &Arc<Store>,
    config: ClientConfig,
    host: Host,
    suites: &[&'static Suite],
) -> Result<Services> {
    let holds_keys = host.signer.is_none();
    let (signer, keys) = match host.signer {
        Some(signer) => (signer, foreign_keys(&config.signing_keys)?),
        None => software_keys(store, suites)?,
    };
    let credential = Credential::from(config.identity.clone());
    let extensions = of_the_app(&config.leaf_extensions)?;
    extensions.check(ExtensionPlace::LeafNode)?;
    let capabilities = capabilities(&config, (&credential, &extensions))?;
    let content = [credential.tls_serialized_len(), extensions.tls_serialized_len(), capabilities.tls_serialized_len()];
    if content.iter().sum::<usize>() > limits::MAX_LEAF_CONTENT {
        let most = limits::MAX_LEAF_CONTENT;
        return Err(
            Code::LimitReached.with(format_args!("credential and leaf extensions are longer than {most} bytes"))
        );
    }
    let identities = keys.into_iter().map(|(suite, key_id, public_key)| OwnIdentity {
        key_id,
        suite: suite.id(),
        public_key,
        credential: credential.clone(),
        capabilities: capabilities.clone(),
        extensions: extensions.clone(),
        grease: config.grease,
        grease_extensions: config.grease && config.grease_extensions,
    });
    Ok(Services {
        signer,
        holds_keys,
        validator: host.validator,
        policy: host.policy.unwrap_or_else(|| Arc::new(PermitAll)),
        clock: host.clock.unwrap_or_else(|| Arc::new(SystemClock)),
        observer: host.observer.unwrap_or_else(|| Arc::new(Unobserved)),
        identities: identities.collect(),
        limits: group_limits(&config),
    })
}

fn group_limits(config: &ClientConfig) -> GroupLimits {
    GroupLimits {
        past_epochs: config.past_epochs,
        resumption_epochs: config.resumption_epochs,
        past_age: config.max_past_age,
        ratchet: RatchetLimits {
            forward: config.max_forward,
            kept: config.max_skipped,
            kept_for: config.max_skipped_age,
        },
        sealing: SealLimits {
            messages: config.max_epoch_messages.unwrap_or(SealLimits::NONE.messages),
            bytes: config.max_epoch_bytes.unwrap_or(SealLimits::NONE.bytes),
        },
        reserve: config.reserve.min(limits::MAX_RESERVED),
        longest_lifetime: config.max_lifetime,
        threads: config.threads,
        deferred: DeferLimits { messages: config.max_deferred, bytes: config.max_deferred_bytes },
    }
}

/// A signing key: its suite, its name, and its public half.
type NamedKey = (&'static Suite, Vec<u8>, SignaturePublicKey);

/// The keys that the host's signer holds.
fn foreign_keys(keys: &[SigningKey]) -> Result<Vec<NamedKey>> {
    let named = keys.iter().map(|key| {
        let suite = Suite::of(CipherSuite(key.cipher_suite))?;
        let public_key = SignaturePublicKey(key.public_key.as_slice().into());
        suite.check_signature_key(&public_key).map_err(|error| Code::BadKey.with(error.detail()))?;
        Ok((suite, key.key_id.clone(), public_key))
    });
    named.collect()
}

/// Keys of the library's own, for a client without a signer.
fn software_keys(store: &Arc<Store>, suites: &[&'static Suite]) -> Result<(Arc<dyn Signer>, Vec<NamedKey>)> {
    let software = SoftwareSigner::open(store, suites)?;
    let named = suites.iter().map(|suite| {
        let (key_id, public_key) = software.public_key(suite)?;
        Ok((*suite, key_id, public_key))
    });
    let named = named.collect::<Result<_>>()?;
    Ok((Arc::new(software), named))
}

fn capabilities(config: &ClientConfig, (credential, carried): (&Credential, &Extensions)) -> Result<Capabilities> {
    let mut credentials = vec![credential.credential_type()];
    credentials.extend(config.credentials.iter().map(|number| CredentialType(*number)));
    credentials.sort_unstable();
    credentials.dedup();
    let mut extensions: Vec<_> = config.extensions.iter().map(|number| ExtensionType(*number)).collect();
    let more = carried.types().filter(|carried| !carried.is_default() && !config.extensions.contains(&carried.0));
    extensions.extend(more);
    let capabilities = Capabilities {
        versions: vec![ProtocolVersion::MLS10],
        cipher_suites: config.cipher_suites.iter().map(|number| CipherSuite(*number)).collect(),
        extensions,
        proposals: config.proposals.iter().map(|number| ProposalType(*number)).collect(),
        credentials,
    };
    capabilities.check_own()?;
    Ok(capabilities)
}
