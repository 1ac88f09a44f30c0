//! What a call of the API goes through before and after its handler: whose key it is, how much that key may ask, which
//! parameters there are, whether it was done before. Which calls there are is what the description says.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use url::form_urlencoded;

use crate::api::nul;
use crate::app::App;
use crate::auth::Caller;
use crate::idempotency;
use crate::limits::Sender;
use crate::openapi::{IDEMPOTENCY_KEY, is_keyed};
use crate::problem::Problem;

/// A call that there is.
#[derive(Debug)]
struct Call {
    is_keyed: bool,
    /// The names of its parameters in the address.
    query: Vec<String>,
    /// Whether its handler sees to idempotency keys itself.
    names_requests: bool,
}

/// The calls that there are, by path and method.
#[derive(Clone, Debug)]
pub(crate) struct Calls(Arc<HashMap<(String, Method), Call>>);

impl Calls {
    /// Those of a description.
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
            names_requests: parameters.iter().any(|one| one["name"] == IDEMPOTENCY_KEY),
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

/// Sees a call through.
pub(crate) async fn through(
    calls: Calls,
    State(app): State<App>,
    Sender(from): Sender,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(call) = calls.find(&request) else { return next.run(request).await };
    // No other character has `%00` in its encoding.
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
    let is_named = !call.names_requests
        && request.method() == Method::POST
        && request.headers().contains_key(IDEMPOTENCY_KEY);
    let mut response = match allowed {
        Err(problem) => problem.into_response(),
        Ok(()) if is_named => {
            idempotency::once(&app, caller, request, next).await.unwrap_or_else(IntoResponse::into_response)
        }
        Ok(()) => next.run(request).await,
    };
    if let Some((left, _)) = limit {
        left.tell(response.headers_mut());
    }
    if is_get {
        // What one key sees, in one form, is not what another sees in another.
        response.headers_mut().append(header::VARY, HeaderValue::from_static("accept, authorization"));
    }
    response
}

/// What a framework says of its own is said as the API says no, too.
pub(crate) fn as_problem(response: Response) -> Response {
    let status = response.status();
    let says = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_said = says.is_some_and(|kind| !kind.starts_with("text/plain"));
    if is_said || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let problem = match status {
        StatusCode::SERVICE_UNAVAILABLE => {
            Problem::new(status, "request.took_too_long", "This took too long. Try again, or ask for less.")
                .retry_after(5)
        }
        StatusCode::NOT_FOUND => Problem::not_found("address"),
        StatusCode::METHOD_NOT_ALLOWED => {
            Problem::new(status, "method_not_allowed", "This address does not take that method.")
        }
        _ if status.is_server_error() => Problem::new(status, "internal", "Something failed in the service."),
        _ => Problem::new(
            status,
            "request.invalid",
            "The address or a header can't be read. See /openapi.json.",
        ),
    };
    let mut said = problem.into_response();
    let of_its_body = [header::CONTENT_LENGTH, header::CONTENT_ENCODING, header::TRANSFER_ENCODING];
    for (name, value) in response.headers() {
        if !said.headers().contains_key(name) && !of_its_body.contains(name) {
            said.headers_mut().append(name, value.clone());
        }
    }
    said
}
