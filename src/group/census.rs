//! Whether the members of the resulting group support what it needs and each other (RFC 9420 §7.3, §11.1), by counts and
//! never by a look at every member.

use crate::base::{Code, Result};
use crate::store::Txn;
use crate::tree::{Capabilities, CredentialType, ExtensionType, Extensions, LeafNode, RequiredCapabilities, Tree};

/// Checks leaves that are new in the group against its extensions and the credentials in use, once all of them are entered.
pub(crate) fn check_leaves(txn: &mut Txn, tree: &Tree, extensions: &Extensions, leaves: &[&LeafNode]) -> Result<()> {
    let required = extensions.required_capabilities()?;
    let in_use = if leaves.is_empty() { Vec::new() } else { tree.census.credentials_in_use(txn)? };
    for leaf in leaves {
        supports(&leaf.capabilities, (extensions, required.as_ref()))?;
        if let Some(CredentialType(number)) = in_use.iter().find(|used| !leaf.capabilities.supports_credential(**used))
        {
            let why = format_args!("a new leaf does not support credential type {number}, which members have");
            return Err(Code::Incapable.with(why));
        }
    }
    Ok(())
}

/// Checks what a client that is no member yet supports against a group's extensions.
pub(crate) fn check_newcomer(capabilities: &Capabilities, extensions: &Extensions) -> Result<()> {
    supports(capabilities, (extensions, extensions.required_capabilities()?.as_ref()))
}

fn supports(
    capabilities: &Capabilities,
    (extensions, required): (&Extensions, Option<&RequiredCapabilities>),
) -> Result<()> {
    if let Some(ExtensionType(number)) = capabilities.lacking_extension(extensions.types()) {
        return Err(Code::Incapable.with(format_args!("a new leaf does not support the group's extension {number}")));
    }
    required.map_or(Ok(()), |required| capabilities.check_required(required))
}

/// Checks that all `members` support each credential type that one of the new leaves has.
pub(crate) fn check_credentials(txn: &mut Txn, tree: &Tree, (types, members): (&[CredentialType], u32)) -> Result<()> {
    for credential_type in types {
        if tree.census.supporting_credential(txn, *credential_type)? != members {
            let CredentialType(number) = credential_type;
            return Err(Code::Incapable.with(format_args!("not every member supports credential type {number}")));
        }
    }
    Ok(())
}

/// Checks that all `members` support what the group's extensions are and ask for; asked when they are replaced, and of a
/// whole tree at a join.
pub(crate) fn check_extensions(txn: &mut Txn, tree: &Tree, (extensions, members): (&Extensions, u32)) -> Result<()> {
    let required = extensions.required_capabilities()?;
    let (extension_types, proposal_types, credential_types) = match required {
        Some(required) => (required.extension_types, required.proposal_types, required.credential_types),
        None => Default::default(),
    };
    for extension in extensions.types().chain(extension_types).filter(|extension| !extension.is_default()) {
        if tree.census.supporting_extension(txn, extension)? != members {
            let ExtensionType(number) = extension;
            return Err(Code::Incapable.with(format_args!("not every member supports extension type {number}")));
        }
    }
    for proposal in proposal_types.into_iter().filter(|proposal| !proposal.is_default()) {
        if tree.census.supporting_proposal(txn, proposal)? != members {
            return Err(Code::Incapable.with(format_args!("not every member supports proposal type {}", proposal.0)));
        }
    }
    check_credentials(txn, tree, (&credential_types, members))
}
