//! What the endpoints of every kind of destination have in common. Bodies, views and settings are in the module of
//! the kind: `webhooks`, `scim`.

use axum::http::StatusCode;
use delivery::Target;
use secrecy::SecretString;
use serde_json::Value;
use store::{Destination, DestinationChange, DestinationId, DestinationKind, LinkedAccount, NewDestination};
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

/// A destination to create.
pub(crate) struct Creation<'a> {
    pub(crate) kind: DestinationKind,
    pub(crate) account: Option<&'a LinkedAccount>,
    pub(crate) address: &'a str,
    pub(crate) settings: &'a Value,
    pub(crate) credential: &'a SecretString,
}

/// Finds a destination of a kind by the id in the path.
pub(crate) async fn find(app: &App, kind: DestinationKind, id: &str) -> Result<Destination, Problem> {
    let id = id.parse().ok().filter(|id: &DestinationId| id.kind() == kind).ok_or_else(|| missing(kind))?;
    app.services.store.destination(id).await?.ok_or_else(|| missing(kind))
}

pub(crate) fn missing(kind: DestinationKind) -> Problem {
    Problem::not_found(match kind {
        DestinationKind::Webhook => "webhook endpoint",
        DestinationKind::Scim => "SCIM target",
    })
}

/// Checks that records may be sent to the address in member `field`.
pub(crate) fn target(app: &App, field: &'static str, address: &str) -> Result<Target, Problem> {
    Target::parse(address, app.hosts)
        .map_err(|refused| Problem::field(field, refused.code(), format!("Refused: {refused}.")))
}

pub(crate) async fn create(app: &App, vendor: &Vendor, new: Creation<'_>) -> Result<Destination, Problem> {
    let services = &app.services;
    let at = services.clock.now();
    let id = DestinationId::mint(new.kind, at, services.entropy.bytes()?);
    let added = NewDestination {
        id,
        account: new.account,
        address: new.address,
        settings: new.settings,
        credential: new.credential,
        nonce: services.entropy.bytes()?,
        actor: vendor.actor(),
        at,
    };
    services.store.add_destination(&services.vault, added).await?;
    services.store.destination(id).await?.ok_or_else(|| missing(new.kind))
}

/// Changes a destination; returns it as it is then.
pub(crate) async fn change(
    app: &App,
    vendor: &Vendor,
    destination: &Destination,
    change: DestinationChange<'_>,
) -> Result<Destination, Problem> {
    let (services, kind) = (&app.services, destination.id.kind());
    let by = (vendor.actor(), services.clock.now());
    if !services.store.change_destination(&services.vault, destination, change, by).await? {
        return Err(missing(kind));
    }
    services.store.destination(destination.id).await?.ok_or_else(|| missing(kind))
}

pub(crate) async fn remove(
    app: &App,
    vendor: &Vendor,
    kind: DestinationKind,
    id: &str,
) -> Result<StatusCode, Problem> {
    let destination = find(app, kind, id).await?;
    let by = (vendor.actor(), app.services.clock.now());
    if !app.services.store.remove_destination(&destination, by).await? {
        return Err(missing(kind));
    }
    Ok(StatusCode::NO_CONTENT)
}
