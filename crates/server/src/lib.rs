//! HTTP service: the JSON API under `/v1` with its description, the linking flow under `/link`, the widget
//! under `/widget`.
//!
//! Reads neither files nor the environment: the binary passes in settings, the store and the clock. Requests
//! to Lucca and the conclusions from them are in `linking`, `jobs` and `sync`.

mod absence_problem;
mod api;
mod app;
mod assets;
mod auth;
mod caller_key;
mod calls;
mod config;
mod connections;
mod flow;
mod idempotency;
mod limits;
mod noted_views;
mod openapi;
mod operations;
mod page_cache;
mod page_response;
mod pages;
mod problem;
mod running_checks;
mod security;
mod sender;
mod tokens;

use axum::Router;
use axum::http::header;
use axum::middleware;
use axum::response::Redirect;
use axum::routing::get;
use tokio::net::TcpListener;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;

use app::App;
use calls::Calls;

pub use api::inbound_webhooks::OVERLAP as INBOUND_OVERLAP;
pub use app::{Logo, Setup};
pub use config::{
    Api, Config, ConfigError, DEFAULT_FILE, Finding, LONGEST_LINK_DAYS, Linking, Passthrough, Reading,
    SameTenant, Vendor,
};
pub use operations::{MetricsError, measure, tell_how_it_is};
pub use tokens::new_inbound_key;

fn router(app: App) -> Router {
    let (api, description) = openapi::api();
    let calls = Calls::of(&description);
    let json = openapi::to_json(&description);
    let description = move || async move { ([(header::CONTENT_TYPE, "application/json")], json) };
    let api = api.route("/openapi.json", get(description));
    let run_checks =
        move |state, sender, request, next| calls::run_checks(calls.clone(), state, sender, request, next);
    let api = api.route_layer(middleware::from_fn_with_state(app.clone(), run_checks));
    // Fastest: gzip then compresses three and a half times as many responses per second as at its default
    // level, each half as large again (24 KB instead of 15 for a page of 100 employees). Brotli yields 16 KB
    // at either level. The syncs need the processor too. Pages are not compressed, since they hold secrets
    // next to text that a stranger may have pasted (BREACH).
    let api = api.layer(CompressionLayer::new().quality(CompressionLevel::Fastest));
    let router = api
        .merge(flow::router())
        .merge(assets::router())
        .route("/", get(|| async { Redirect::temporary("/openapi.json") }));
    security::guard(router, &app).with_state(app)
}

/// The API's description: OpenAPI 3.1 as JSON.
pub fn openapi() -> String {
    openapi::to_json(&openapi::api().1)
}

/// Serves requests on `listener` until `ended`, then lets running requests finish.
pub async fn serve(setup: Setup, listener: TcpListener, ended: impl Future<Output = ()>) {
    connections::serve(listener, router(App::new(setup)), ended).await;
}
