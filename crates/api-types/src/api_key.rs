//! API keys.

use serde::Serialize;
use store::ApiKeyEntry;
use utoipa::ToSchema;

use crate::{ApiKeyRole, time};

/// An API key. Its secret is shown once, when it is created.
#[derive(Serialize, ToSchema)]
pub struct ApiKey {
    /// The key's id.
    #[schema(example = "key_0193a5b0c2d47b3e9f1a2b3c4d5e6f70")]
    id: String,
    /// Its purpose.
    #[schema(example = "people app, production")]
    name: String,
    /// What the key may do.
    role: ApiKeyRole,
    /// The linked account that a `read_only` key may read; null for other roles.
    linked_account_id: Option<String>,
    /// When it was created, UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was revoked, UTC; null while it is valid.
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
}

impl From<ApiKeyEntry> for ApiKey {
    fn from(entry: ApiKeyEntry) -> Self {
        Self {
            id: entry.id.to_string(),
            name: entry.name,
            role: entry.role.into(),
            linked_account_id: entry.account_id.map(|id| id.to_string()),
            created_at: time(entry.created_at),
            revoked_at: entry.revoked_at.map(time),
        }
    }
}
