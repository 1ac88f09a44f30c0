//! The scope of a linked account, from its settings.

use std::collections::HashSet;

use lucca::SharedScope;
use normalise::{Scope, ScopeError};
use people::RemoteId;
use store::AccountSettings;

/// The part of a tenant that the connector reads and stores for a linked account.
pub(crate) fn scope_of(settings: &AccountSettings) -> Result<Scope, ScopeError> {
    Scope::new(&settings.field_groups, &settings.declined_features, &settings.excluded_custom_fields)
}

/// The part of a tenant's API that its customer shared, by the linked account's settings, for passthrough
/// requests.
///
/// # Errors
///
/// Names in the settings that this version does not know.
pub fn shared_scope(
    settings: &AccountSettings,
    erased: HashSet<RemoteId>,
) -> Result<SharedScope, ScopeError> {
    let scope = scope_of(settings)?;
    Ok(SharedScope {
        streams: scope.streams().collect(),
        groups: scope.groups,
        excluded_custom_fields: scope.excluded().clone(),
        erased,
    })
}
