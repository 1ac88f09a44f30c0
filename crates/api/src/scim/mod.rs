//! `/v1/scim-targets`: SCIM services to which people are provisioned. One file per endpoint.

pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod push;
pub(crate) mod remove;
pub(crate) mod show;
pub(crate) mod update;

use delivery::scim::Settings;
use secrecy::SecretString;
use serde_json::Value;
use store::{Destination, DestinationKind};
use web::app::App;
use web::problem::Problem;

use super::destinations;

const LONGEST_TOKEN: usize = 16 * 1024;

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
