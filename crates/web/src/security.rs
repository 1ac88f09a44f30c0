//! Applies to all requests and responses: headers, size limits, timeouts, a log without secrets, and errors in
//! one form, those of the framework included.

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
use crate::problem::Problem;
use crate::sender::Sender;

/// Default limit on request bodies. The longest is a form with a pasted address.
const LARGEST_BODY: usize = 64 * 1024;
/// Maximum duration of a request. Longer operations in Lucca continue in the background.
const LONGEST_ANSWER: Duration = Duration::from_secs(30);

/// The origin that may frame a page. A page adds it to its response's extensions, and [`guard`] replaces it by
/// a header. Without it, no origin may frame the page.
#[derive(Clone, Debug)]
pub struct FrameAncestor(pub String);

/// Adds what all routes of the service share: fallbacks, limits, timeouts, headers, the log and metrics.
pub fn guard(router: Router<App>, app: &App) -> Router<App> {
    router
        .fallback(|| async { Problem::not_found("path") })
        .method_not_allowed_fallback(|| async {
            Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "This path does not support the request's method. See /openapi.json.",
            )
        })
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, LONGEST_ANSWER))
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| {
            // A panic's message may contain request data.
            tracing::error!("a request handler panicked");
            Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "The service failed to process the request. Try again; if it fails again, the service's log \
                 has the cause.",
            )
            .into_response()
        }))
        .layer(middleware::from_fn_with_state(app.clone(), handle))
}

/// Whether a request counts towards its IP address's limit. Requests with an API key, a link token or a
/// webhook's proof have limits of their own: a few invalid ones are allowed, and any number of valid ones
/// within their limit. Health probes and static files cost no more than a refusal would.
fn has_address_limit(request: &Request) -> bool {
    let path = request.uri().path();
    let is_of_api = path.starts_with("/v1/") && request.headers().contains_key(header::AUTHORIZATION);
    let is_other = ["/healthz", "/readyz"].contains(&path)
        || ["/link/", "/v1/inbound/", "/assets/", "/widget/"].iter().any(|prefix| path.starts_with(prefix));
    !is_of_api && !is_other
}

/// Warns once if a proxy sends the client's address in a header that the service ignores.
fn warn_of_forwarded(app: &App, request: &Request) {
    let is_forwarded =
        ["x-forwarded-for", "forwarded"].iter().any(|name| request.headers().contains_key(*name));
    if is_forwarded && !app.config.trust_forwarded_for {
        app.warned_of_forwarded.call_once(|| {
            tracing::warn!(
                "the service ignores X-Forwarded-For and Forwarded headers, so all clients of that proxy \
                 share one limit. If the proxy is yours and sets X-Forwarded-For, set trust_forwarded_for = \
                 true"
            );
        });
    }
}

async fn handle(State(app): State<App>, Sender(from): Sender, request: Request, next: Next) -> Response {
    warn_of_forwarded(&app, &request);
    if has_address_limit(&request)
        && let Err(too_often) = app.limits.page(from)
    {
        return with_headers(Problem::from(too_often).into_response());
    }
    // The path may contain a link token, so only its route pattern is logged.
    let path = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("(none)".to_owned(), |path| path.as_str().to_owned());
    let method = request.method().clone();
    let began = app.services.clock.now();
    let span = tracing::info_span!("answer", %method, path);
    let response = as_problem(next.run(request).instrument(span).await);
    let took = app.services.clock.now().duration_since(began);
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
    // No third-party and no inline resources, and only the allowed origin may frame the page. A form's
    // response may lead to the vendor's return address, which browsers check against form-action: that step
    // is a link for this reason.
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
    // Responses without a cache policy hold secrets or personal state.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Converts the framework's own plain-text errors into problems, like all other errors.
fn as_problem(response: Response) -> Response {
    let status = response.status();
    let content_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_own = content_type.is_some_and(|kind| !kind.starts_with("text/plain"));
    if is_own || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let problem = match status {
        StatusCode::SERVICE_UNAVAILABLE => Problem::new(
            status,
            "request.timeout",
            "The request exceeded its time limit. Try again, or request less data.",
        )
        .retry_after(5),
        StatusCode::NOT_FOUND => Problem::not_found("path"),
        StatusCode::METHOD_NOT_ALLOWED => Problem::new(
            status,
            "method_not_allowed",
            "This path does not support the request's method. See /openapi.json.",
        ),
        _ if status.is_server_error() => Problem::new(
            status,
            "internal",
            "The service failed to process the request. Try again; if it fails again, the service's log has \
             the cause.",
        ),
        _ => Problem::new(
            status,
            "request.invalid",
            "The path, the query or a header can't be parsed. See /openapi.json.",
        ),
    };
    let mut converted = problem.into_response();
    let of_its_body = [header::CONTENT_LENGTH, header::CONTENT_ENCODING, header::TRANSFER_ENCODING];
    for (name, value) in response.headers() {
        if !converted.headers().contains_key(name) && !of_its_body.contains(name) {
            converted.headers_mut().append(name, value.clone());
        }
    }
    converted
}
