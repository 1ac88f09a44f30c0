//! `/v1/api-keys`: keys for this API, made and revoked by an operator. One endpoint, one file.

pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod revoke;

use serde::Serialize;
use store::ApiKeyEntry;
use utoipa::ToSchema;

use super::time;

/// A key for this API. The key itself is shown once, when it is made.
#[derive(Serialize, ToSchema)]
pub(crate) struct ApiKeyView {
    /// Its id.
    #[schema(example = "key_0193a5b0c2d47b3e9f1a2b3c4d5e6f70")]
    id: String,
    /// What it is for.
    #[schema(example = "people app, production")]
    name: String,
    /// `operator` (everything, keys included), `vendor` (everything about linked accounts) or `read_only` (reading one
    /// linked account).
    #[schema(example = "vendor")]
    role: &'static str,
    /// The linked account that a `read_only` key opens.
    account_id: Option<String>,
    /// When it was made, UTC.
    created_at: String,
    /// Since when it opens nothing any more, UTC.
    revoked_at: Option<String>,
}

impl From<ApiKeyEntry> for ApiKeyView {
    fn from(entry: ApiKeyEntry) -> Self {
        Self {
            id: entry.id.to_string(),
            name: entry.name,
            role: entry.role.name(),
            account_id: entry.account_id.map(|id| id.to_string()),
            created_at: time(entry.created_at),
            revoked_at: entry.revoked_at.map(time),
        }
    }
}
