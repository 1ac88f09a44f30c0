//! SCIM targets.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use store::Destination;
use utoipa::ToSchema;

use crate::time;

/// A SCIM service to which people of a linked account are provisioned. Its token is never shown.
#[derive(Serialize, ToSchema)]
pub struct ScimTarget {
    /// The service's id.
    #[schema(example = "scim_0193a5b0c2d47b3e9f1a2b3c4d5e6f70")]
    id: String,
    /// The linked account.
    linked_account_id: String,
    /// The base address of the service's `/Users` and `/Groups`.
    #[schema(example = "https://id.example/scim/v2", format = "uri")]
    base_url: String,
    /// The settings that differ from the defaults.
    #[schema(value_type = ScimSettings)]
    settings: Value,
    /// Whether changes are pushed.
    enabled: bool,
    /// The result of the last push; null before it.
    #[schema(value_type = Option<ScimPushReport>)]
    last_push: Option<Value>,
    /// Failed pushes since the last success.
    failed_attempts: u32,
    /// When the next attempt is due, UTC, while pushes fail.
    #[schema(format = DateTime)]
    next_attempt_at: Option<String>,
    /// When it was added, UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was last changed, UTC.
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<Destination> for ScimTarget {
    fn from(target: Destination) -> Self {
        Self {
            id: target.id.to_string(),
            linked_account_id: target.account_id.map(|id| id.to_string()).unwrap_or_default(),
            base_url: target.address,
            settings: target.settings,
            enabled: target.disabled.is_none(),
            last_push: target.report,
            failed_attempts: target.attempts,
            next_attempt_at: target.next_attempt_at.filter(|_| target.attempts > 0).map(time),
            created_at: time(target.created_at),
            updated_at: time(target.updated_at),
        }
    }
}

/// The settings of a SCIM target. Each has a default.
#[derive(ToSchema)]
#[schema(example = json!({ "hire_lead_days": 7 }))]
#[expect(dead_code, reason = "describes `delivery::scim::Settings`")]
pub struct ScimSettings {
    /// How many days before their first day employees become users; 0 by default.
    #[schema(required = false, maximum = 65535)]
    hire_lead_days: u16,
    /// Whether these users are active before the first day; false by default.
    #[schema(required = false)]
    active_before_first_day: bool,
    /// Whether departments are not provisioned as groups; false by default.
    #[schema(required = false)]
    without_groups: bool,
    /// Whether to delete the users of employees who are gone from Lucca, excluded or erased, and the groups of removed
    /// departments; false by default: users are deactivated and groups emptied.
    #[schema(required = false)]
    delete: bool,
    /// The source of each SCIM attribute by its name; null omits the attribute. Attributes that are absent have their
    /// default sources.
    #[schema(required = false)]
    attributes: BTreeMap<String, Option<String>>,
}

/// The result of a push to a SCIM target: counts, without personal data.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the summary of `delivery::scim::Report`")]
pub struct ScimPushReport {
    /// Users and groups that were created.
    created: u64,
    /// Existing users and groups that were found and taken over.
    adopted: u64,
    /// Users and groups that were updated.
    updated: u64,
    /// Users that were deactivated.
    deactivated: u64,
    /// Users that were reactivated.
    reactivated: u64,
    /// Users and groups that were deleted.
    deleted: u64,
    /// Users and groups that the service refused.
    failed: u64,
    /// Users and groups that were as they should be.
    unchanged: u64,
    /// Employees without a user name, who can't be provisioned.
    without_user_name: u64,
    /// Number of deactivations that wait for a confirmation; null if none does.
    held: Option<u64>,
    /// Number of active users who would be in no group any more; null unless that waits for a confirmation.
    held_memberships: Option<u64>,
    /// The code of the error that ended the push early; null if none did.
    stopped: Option<String>,
}
