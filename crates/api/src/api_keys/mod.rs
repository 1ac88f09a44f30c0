//! `/v1/api-keys`: API keys, managed by an operator. One file per endpoint.

pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod revoke;

use serde::Serialize;
use store::ApiKeyEntry;
use utoipa::ToSchema;

use super::time;

/// An API key. Its secret is shown once, when it is created.
#[derive(Serialize, ToSchema)]
pub(crate) struct ApiKeyView {
    /// The key's id.
    #[schema(example = "key_0193a5b0c2d47b3e9f1a2b3c4d5e6f70")]
    id: String,
    /// Its purpose.
    #[schema(example = "people app, production")]
    name: String,
    /// `operator` (everything, including API keys), `vendor` (everything about linked accounts) or
    /// `read_only` (reading one linked account).
    #[schema(example = "vendor")]
    role: &'static str,
    /// The linked account that a `read_only` key may read.
    account_id: Option<String>,
    /// When it was created, UTC.
    created_at: String,
    /// When it was revoked, UTC.
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
