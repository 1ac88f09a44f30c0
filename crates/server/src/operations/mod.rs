//! Health and metrics for monitoring: `/healthz`, `/readyz`, and `/metrics` in Prometheus' text format. No
//! metric is labelled by tenant, account or employee.

mod metrics;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jobs::Services;
use tokio::net::TcpListener;
use web::connections;
use web::problem::chain;
use web::readiness::is_ready;

pub use metrics::{MetricsError, measure};

/// Serves health and metrics on `listener` until `ended`, to every client that can reach it: there is no
/// authentication.
pub async fn serve_operations(services: Services, listener: TcpListener, ended: impl Future<Output = ()>) {
    let router = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics_text))
        .with_state(services);
    connections::serve(listener, router, ended).await;
}

async fn ready(State(services): State<Services>) -> Response {
    if is_ready(&services).await {
        return "ok\n".into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response()
}

async fn metrics_text(State(services): State<Services>) -> Response {
    const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
    match services.store.vitals(services.clock.now()).await {
        Ok(vitals) => {
            ([(header::CONTENT_TYPE, TEXT)], metrics::text(&vitals, services.clock.now())).into_response()
        }
        Err(error) => {
            tracing::error!(
                code = error.code(), error = %chain(&error), "could not read the metrics from the store"
            );
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response()
        }
    }
}
