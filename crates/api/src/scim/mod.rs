//! `/v1/scim-targets`: SCIM services to which people are provisioned. One file per endpoint.

pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod push;
pub(crate) mod remove;
pub(crate) mod show;
pub(crate) mod update;

use delivery::scim::Settings;
use secrecy::SecretString;
use serde::Serialize;
use serde_json::Value;
use store::{Destination, DestinationKind};
use utoipa::ToSchema;
use web::app::App;
use web::problem::Problem;

use super::{destinations, time};

const LONGEST_TOKEN: usize = 16 * 1024;

/// A SCIM service to which people of a linked account are provisioned. Its token is never shown.
#[derive(Serialize, ToSchema)]
pub(crate) struct ScimTargetView {
    /// The service's id.
    #[schema(example = "scim_0193a5b0c2d47b3e9f1a2b3c4d5e6f70")]
    id: String,
    /// The linked account.
    linked_account_id: String,
    /// The base address of the service's `/Users` and `/Groups`.
    #[schema(example = "https://id.example/scim/v2")]
    base_url: String,
    /// What is provisioned, and the source of each attribute: docs/scim.md. Absent settings have their
    /// defaults.
    #[schema(value_type = Object, example = json!({ "hire_lead_days": 7 }))]
    settings: Value,
    /// Whether changes are pushed.
    enabled: bool,
    /// The result of the last push: counts by operation, `held`, and the code of the error that stopped it;
    /// null before the first push.
    #[schema(value_type = Option<Object>)]
    last_push: Option<Value>,
    /// Failed pushes since the last success.
    failed_attempts: u32,
    /// When the next attempt is due, UTC, while pushes fail.
    next_attempt_at: Option<String>,
    /// When it was added, UTC.
    created_at: String,
    /// When it was last changed, UTC.
    updated_at: String,
}

impl From<Destination> for ScimTargetView {
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

/// Finds a service by the id in the path.
async fn find(app: &App, id: &str) -> Result<Destination, Problem> {
    destinations::find(app, DestinationKind::Scim, id).await
}

fn checked_settings(settings: Value) -> Result<Value, Problem> {
    match Settings::parse(&settings) {
        Ok(_) => Ok(settings),
        // The error names settings, attributes and sources. It contains values only if they are unknown
        // names.
        Err(error) => Err(Problem::field("settings", error.code(), format!("Refused: {error}."))),
    }
}

fn checked_token(token: String) -> Result<SecretString, Problem> {
    let is_fine =
        (1..=LONGEST_TOKEN).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic());
    if is_fine {
        return Ok(SecretString::from(token));
    }
    let detail = "A bearer token has visible ASCII characters only, 16,384 at most.";
    Err(Problem::field("token", "request.invalid", detail))
}
