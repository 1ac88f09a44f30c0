//! Checks before and after each API handler, driven by the OpenAPI description: authentication, the key's
//! rate limit, known parameters, idempotency.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use url::form_urlencoded;
use web::app::App;
use web::auth::Caller;
use web::problem::Problem;
use web::sender::Sender;

use crate::idempotency;
use crate::nul;
use crate::openapi::{IDEMPOTENCY_KEY, is_keyed};
use crate::paging::write_link;

/// An operation of the description.
#[derive(Debug)]
struct Call {
    is_keyed: bool,
    /// The names of its query parameters.
    query: Vec<String>,
    /// Whether its handler processes `Idempotency-Key` itself.
    handles_idempotency: bool,
}

/// All operations, by path and method.
#[derive(Clone, Debug)]
pub(crate) struct Calls(Arc<HashMap<(String, Method), Call>>);

impl Calls {
    /// Reads the operations from the description.
    pub(crate) fn of(description: &Value) -> Self {
        let members = |value: &Value| value.as_object().cloned().unwrap_or_default();
        let mut calls = HashMap::new();
        for (path, methods) in members(&description["paths"]) {
            for (method, operation) in members(&methods) {
                let Ok(method) = method.to_ascii_uppercase().parse::<Method>() else { continue };
                calls.insert((path.clone(), method), Call::of(&operation));
            }
        }
        Self(Arc::new(calls))
    }

    fn find(&self, request: &Request) -> Option<&Call> {
        let path = request.extensions().get::<MatchedPath>()?.as_str().to_owned();
        let method = match request.method() {
            &Method::HEAD => Method::GET,
            method => method.clone(),
        };
        self.0.get(&(path, method))
    }
}

impl Call {
    fn of(operation: &Value) -> Self {
        let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
        let named = |parameter: &Value| parameter["name"].as_str().unwrap_or_default().to_owned();
        Self {
            is_keyed: is_keyed(operation),
            query: parameters.iter().filter(|one| one["in"] == "query").map(named).collect(),
            handles_idempotency: parameters.iter().any(|one| one["name"] == IDEMPOTENCY_KEY),
        }
    }

    fn refuse_unknown(&self, query: Option<&str>) -> Result<(), Problem> {
        let is_known = |name: &str| self.query.iter().any(|known| known == name);
        if form_urlencoded::parse(query.unwrap_or_default().as_bytes()).all(|(name, _)| is_known(&name)) {
            return Ok(());
        }
        let detail = if self.query.is_empty() {
            "This call takes no parameters in its address.".to_owned()
        } else {
            format!("A parameter of the address is not known. This call takes: {}.", self.query.join(", "))
        };
        Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "request.invalid", detail))
    }
}

/// Runs the checks around an operation's handler.
pub(crate) async fn run_checks(
    calls: Calls,
    State(app): State<App>,
    Sender(from): Sender,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(call) = calls.find(&request) else { return next.run(request).await };
    // `%00` always encodes NUL and nothing else.
    if request.uri().to_string().contains("%00") {
        return nul().into_response();
    }
    if !call.is_keyed {
        return match call.refuse_unknown(request.uri().query()) {
            Ok(()) => next.run(request).await,
            Err(problem) => problem.into_response(),
        };
    }
    let caller = match Caller::identify(&app, request.headers(), from).await {
        Ok(caller) => caller,
        Err(problem) => return problem.into_response(),
    };
    request.extensions_mut().insert(caller);
    let limit = app.limits.key(caller.key);
    let allowed = match limit {
        Some((_, Err(too_often))) => Err(Problem::from(too_often)),
        _ => call.refuse_unknown(request.uri().query()),
    };
    let is_get = matches!(*request.method(), Method::GET | Method::HEAD);
    let is_named = !call.handles_idempotency
        && request.method() == Method::POST
        && request.headers().contains_key(IDEMPOTENCY_KEY);
    let asked = request.uri().clone();
    let mut response = match allowed {
        Err(problem) => problem.into_response(),
        Ok(()) if is_named => idempotency::run_once(&app, caller, request, next)
            .await
            .unwrap_or_else(IntoResponse::into_response),
        Ok(()) => next.run(request).await,
    };
    if let Some((left, _)) = limit {
        left.write_headers(response.headers_mut());
    }
    if is_get {
        // The response depends on the key and on the requested media type.
        response.headers_mut().append(header::VARY, HeaderValue::from_static("accept, authorization"));
        write_link(&mut response, &app.public_url, &asked);
    }
    response
}
