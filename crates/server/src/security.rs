//! What every answer carries and every request is held to: headers, sizes, times, and a log without secrets.

use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

use tracing::Instrument;

use crate::app::App;
use crate::calls;
use crate::limits::Sender;
use crate::problem::Problem;

/// No request of ours is larger: the longest is a form with a pasted address.
const LARGEST_BODY: usize = 64 * 1024;
/// A request never waits for Lucca longer than that: what takes longer goes on in the background.
const LONGEST_ANSWER: Duration = Duration::from_secs(30);

/// Who may show a page in a frame; a page puts it into its response, and the guard takes it out.
#[derive(Clone, Debug)]
pub(crate) struct FrameAncestor(pub(crate) String);

pub(crate) fn guard(router: Router<App>, app: &App) -> Router<App> {
    router
        .fallback(|| async { Problem::not_found("address") })
        .method_not_allowed_fallback(|| async {
            Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "This address does not take that method.",
            )
        })
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, LONGEST_ANSWER))
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| {
            // What a panic says may hold what was being worked on.
            tracing::error!("a request met a defect");
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something failed in the service.")
                .into_response()
        }))
        .layer(middleware::from_fn_with_state(app.clone(), every))
}

/// Whether an address is held to a number of requests for this. What shows a key, a link or a webhook's proof is held to the
/// limits of that: wrong ones are few, right ones come as often as they need. Health probes and files that never change cost
/// no more than a refusal would.
fn counts_by_address(request: &Request) -> bool {
    let path = request.uri().path();
    let is_of_api = path.starts_with("/v1/") && request.headers().contains_key(header::AUTHORIZATION);
    let is_other = ["/healthz", "/readyz"].contains(&path)
        || ["/link/", "/v1/inbound/", "/assets/", "/widget/"].iter().any(|prefix| path.starts_with(prefix));
    !is_of_api && !is_other
}

/// Warns, once, where a proxy says who asks and it is passed over.
fn warn_of_forwarded(app: &App, request: &Request) {
    let is_told = ["x-forwarded-for", "forwarded"].iter().any(|name| request.headers().contains_key(*name));
    if is_told && !app.config.trust_forwarded_for {
        app.warned_of_forwarded.call_once(|| {
            tracing::warn!(
                "requests come with X-Forwarded-For or Forwarded, which are passed over: all clients of that proxy share \
                 one limit. If the proxy is yours and sets X-Forwarded-For, set trust_forwarded_for = true"
            );
        });
    }
}

async fn every(State(app): State<App>, Sender(from): Sender, request: Request, next: Next) -> Response {
    warn_of_forwarded(&app, &request);
    if counts_by_address(&request)
        && let Err(too_often) = app.limits.page(from)
    {
        return with_headers(Problem::from(too_often).into_response());
    }
    // The path as it was asked for may hold a link token: only its pattern is logged.
    let path = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("(none)".to_owned(), |path| path.as_str().to_owned());
    let method = request.method().clone();
    let began = app.machinery.clock.now();
    let span = tracing::info_span!("answer", %method, path);
    let response = calls::as_problem(next.run(request).instrument(span).await);
    let took = app.machinery.clock.now().duration_since(began);
    let route = path.clone();
    let status = response.status().as_u16().to_string();
    metrics::counter!("lucca_connector_http_requests_total", "route" => route, "status" => status)
        .increment(1);
    metrics::histogram!("lucca_connector_http_request_seconds").record(took.as_secs_f64());
    tracing::info!(%method, path, status = response.status().as_u16(), ms = took.as_millis(), "answered");
    with_headers(response)
}

fn with_headers(mut response: Response) -> Response {
    let ancestor = response.extensions_mut().remove::<FrameAncestor>();
    let ancestor = ancestor.as_ref().map_or("'none'", |FrameAncestor(origin)| origin);
    // Nothing comes from elsewhere, nothing is inline, and only who was allowed may frame it. A form's answer may lead
    // to the vendor's return address, which browsers hold against form-action: that step is a link.
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; \
         frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors {ancestor}"
    );
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=()",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // What says nothing of caching holds secrets or somebody's state.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
