//! Linking flow under `/link`: the pages that an administrator goes through, one file per step. Every page works
//! with plain forms and links. `visit` authenticates the link token, `web::flow_progress` holds the answers so
//! far, `pages` renders.

mod access;
mod cancel;
mod checking;
mod checks;
mod done;
mod enter_key;
mod first_sync;
mod guide;
mod hand_over;
mod language;
mod page_response;
mod pages;
mod refusal;
mod shell;
mod summary;
mod sync_page;
mod tenant;
#[expect(clippy::result_large_err, reason = "what is not let in is answered with a page, once a request")]
mod visit;
mod welcome;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use web::app::App;
use web::flow_progress::Step;

use visit::Visit;

/// The flow's routes, all below `/link/{token}`.
pub fn router() -> Router<App> {
    Router::new()
        .route("/link/{token}", get(open))
        .route("/link/{token}/linked", get(linked))
        .route("/link/{token}/language", post(language::choose))
        .route("/link/{token}/cancel", post(cancel::cancel))
        .route("/link/{token}/welcome", get(welcome::show).post(welcome::start))
        .route("/link/{token}/access", get(access::show).post(access::answer))
        .route("/link/{token}/hand-over", get(hand_over::show).post(hand_over::make))
        .route("/link/{token}/tenant", get(tenant::show).post(tenant::name))
        .route("/link/{token}/tenant/preview", post(tenant::preview))
        .route("/link/{token}/key", get(guide::show_key).post(guide::key_made))
        .route("/link/{token}/role", get(guide::show_role).post(guide::role_saved))
        .route("/link/{token}/enter-key", get(enter_key::show).post(enter_key::enter))
        .route("/link/{token}/checks", get(checks::show))
        .route("/link/{token}/checks/progress", get(checks::progress))
        .route("/link/{token}/checks/again", post(checks::restart))
        .route("/link/{token}/checks/confirm", post(checks::confirm))
        .route("/link/{token}/checks/link", post(checks::link))
        .route("/link/{token}/sync", get(sync_page::show))
        .route("/link/{token}/sync/progress", get(sync_page::progress))
        .route("/link/{token}/summary", get(summary::show))
        .route("/link/{token}/done", post(done::finish).get(done::show))
}

/// The link itself: redirects to the furthest step. Up to the question whether the person may create API
/// keys, it leads to the welcome page, since a new recipient of the link has to read it first.
async fn open(visit: Visit) -> Response {
    if visit.is_finished() {
        return done::show_already(visit).await;
    }
    match visit.progress.furthest {
        Step::Welcome | Step::Access => visit.redirect(Step::Welcome),
        step => visit.redirect(step),
    }
}

/// Whether the account is linked, for pages that stay open while the flow is finished on another device: 200
/// if it is, 204 before.
async fn linked(visit: Visit) -> Response {
    if visit.is_finished() { StatusCode::OK } else { StatusCode::NO_CONTENT }.into_response()
}
