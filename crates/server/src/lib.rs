//! HTTP service: the crate `api` under `/v1`, the crate `linking-flow` under `/link`, the widget under
//! `/widget`, and health and metrics for operators.
//!
//! Reads neither files nor the environment: the binary passes in settings, the store and the clock. Requests
//! to Lucca and their evaluation are in `linking`, `jobs` and `sync`.

mod assets;
mod brand;
mod operations;
mod problems;
mod widget;

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use tokio::net::TcpListener;
use web::app::{App, Setup};
use web::{connections, security};

pub use operations::{MetricsError, measure, serve_operations};

fn router(app: App) -> Router {
    let router = api::router(&app)
        .merge(linking_flow::router())
        .merge(assets::router())
        .merge(problems::router())
        .route("/", get(|| async { Redirect::temporary("/openapi.json") }));
    security::guard(router, &app).with_state(app)
}

/// Serves requests on `listener` until `ended`, then lets running requests finish.
pub async fn serve(setup: Setup, listener: TcpListener, ended: impl Future<Output = ()>) {
    connections::serve(listener, router(App::new(setup)), ended).await;
}
