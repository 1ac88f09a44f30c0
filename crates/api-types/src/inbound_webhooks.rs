//! The settings and counts of a linked account's inbound webhooks.

use serde::Serialize;
use utoipa::ToSchema;

/// The state of an account's inbound webhooks. The key is shown once, when it is created.
#[derive(Serialize, ToSchema)]
pub struct InboundWebhooks {
    /// The address to enter in Lucca.
    #[schema(
        example = "https://lucca.example.com/v1/inbound/inw_0193a5b0c2d47b3e9f1a2b3c4d5e6f70",
        format = "uri"
    )]
    pub url: String,
    /// Until when the previous key stays valid, UTC.
    #[schema(format = DateTime)]
    pub previous_key_until: Option<String>,
    /// Whether Lucca's own secret is stored, which signed webhooks need.
    pub signed: bool,
    /// Number of webhooks received.
    #[schema(example = 128)]
    pub received: u64,
    /// Number of these whose topic the connector does not read by webhooks.
    #[schema(example = 0)]
    pub passed_over: u64,
    /// Number of these that could not be parsed. No data is lost: the next sync reads it.
    #[schema(example = 0)]
    pub malformed: u64,
    /// Number of notifications whose data is not read yet.
    #[schema(example = 0)]
    pub waiting: u64,
    /// When the last webhook arrived, UTC.
    #[schema(format = DateTime)]
    pub last_received_at: Option<String>,
    /// When the last unparsable webhook arrived, UTC.
    #[schema(format = DateTime)]
    pub last_malformed_at: Option<String>,
    /// When inbound webhooks were enabled, UTC.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When a key or secret last changed, UTC.
    #[schema(format = DateTime)]
    pub updated_at: String,
}
