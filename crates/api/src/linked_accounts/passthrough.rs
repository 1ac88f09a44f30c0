//! `POST`, `PUT /v1/linked-accounts/{linked_account_id}/passthrough`: passthrough requests to Lucca, and whether the
//! operator allows them.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use lucca::{ApiPath, Method, NotShared, SharedScope};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{AccountSettings, Actor, LinkedAccount, NewAuditEntry, SettingsChange};
use utoipa::ToSchema;
use web::app::App;
use web::auth::{Operator, Vendor};
use web::problem::Problem;

use super::{client, find};
use crate::Body;
use crate::answers::{Conflict, Forbidden, LuccaErrors, NotFound, Unauthorized, Unprocessable};

/// Shorter than the service's own timeout of 30 seconds.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(25);

/// A request to Lucca.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PassthroughRequest {
    /// `GET`, the default; others only if the operator allows them.
    #[schema(example = "GET")]
    method: Option<String>,
    /// The path with its query, percent-encoded where needed. It has to belong to one of Lucca's APIs.
    #[schema(example = "/api/v3/users?fields=id,name&paging=0,10")]
    path: String,
    /// The JSON body; only with `POST`, `PUT` and `PATCH`.
    #[schema(value_type = Option<std::collections::BTreeMap<String, Value>>)]
    body: Option<Value>,
}

/// Whether passthrough requests are allowed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PassthroughUpdate {
    /// Whether this account's API key may be used for passthrough requests.
    #[schema(example = true)]
    allowed: bool,
}

/// Lucca's response, without the data that the customer did not share.
#[derive(Serialize, ToSchema)]
pub(crate) struct PassthroughResponse {
    /// Lucca's HTTP status.
    #[schema(example = 200, minimum = 100, maximum = 599)]
    status: u16,
    /// The media type of Lucca's response, if it has one.
    #[schema(example = "application/json; charset=utf-8")]
    content_type: Option<String>,
    /// Seconds to wait before a retry, if Lucca requests it.
    retry_after: Option<u64>,
    /// Lucca's response, if it is JSON; in case of success only the members that the customer shared.
    #[schema(value_type = Option<Value>)]
    body: Option<Value>,
    /// Lucca's response, if it is not JSON and not a success.
    text: Option<String>,
}

impl PassthroughResponse {
    fn new(passed: lucca::PassthroughResponse, filter: impl FnOnce(Value) -> Value) -> Self {
        let is_success = (200..300).contains(&passed.status);
        let (body, text) = match passed.body {
            lucca::Body::Json(body) if is_success => (Some(filter(body)), None),
            lucca::Body::Json(body) => (Some(body), None),
            // Plain text can't be filtered by what the customer shared.
            lucca::Body::Text(text) if !is_success => (None, Some(text)),
            lucca::Body::Text(_) | lucca::Body::Empty => (None, None),
        };
        Self {
            status: passed.status,
            content_type: passed.content_type,
            retry_after: passed.retry_after.map(|wait| wait.as_secs()),
            body,
            text,
        }
    }
}

/// Allows or forbids passthrough requests to a linked account's tenant; forbidden by default. Only for
/// operators.
#[utoipa::path(
    put, path = "/v1/linked-accounts/{linked_account_id}/passthrough", tag = "Linked accounts", security(("key" = [])),
    params(("linked_account_id" = String, Path, description = "The linked account's id.")), request_body = PassthroughUpdate,
    responses(
        (status = 200, body = api_types::LinkedAccount),
        Unauthorized,
        Forbidden,
        NotFound,
        Conflict,
        Unprocessable,
    )
)]
pub(crate) async fn update_passthrough(
    State(app): State<App>,
    _: Operator,
    Path(linked_account_id): Path<String>,
    Body(wanted): Body<PassthroughUpdate>,
) -> Result<Json<api_types::LinkedAccount>, Problem> {
    let account = find(&app, &linked_account_id).await?;
    let settings = AccountSettings { passthrough: wanted.allowed, ..account.settings.clone() };
    let change = SettingsChange { settings: &settings, gives_delivery: false };
    let by = (Actor::Operator, app.services.clock.now());
    app.services.store.set_account_settings(&account, change, by).await?;
    let account = find(&app, &linked_account_id).await?;
    Ok(Json(api_types::LinkedAccount::of(&app.services.store, &account).await?))
}

/// Sends a request to Lucca with the account's API key, and returns Lucca's response.
///
/// It is sent once, within the tenant's request budget. Lucca's status is a member of the body; the HTTP
/// status is 200. Passthrough is off until the operator allows it for the account. Paths, query parameters
/// and fields are limited to the features that the customer shared: others are refused by name, and removed
/// from the response. Erased people are left out. Nothing is mapped or stored. The account's audit log
/// records the actor and the path.
#[utoipa::path(
    post, path = "/v1/linked-accounts/{linked_account_id}/passthrough", tag = "Linked accounts", security(("key" = [])),
    params(("linked_account_id" = String, Path, description = "The linked account's id.")), request_body = PassthroughRequest,
    responses(
        (status = 200, body = PassthroughResponse),
        Unauthorized,
        Forbidden,
        NotFound,
        Conflict,
        Unprocessable,
        LuccaErrors,
    )
)]
pub(crate) async fn send_passthrough_request(
    State(app): State<App>,
    vendor: Vendor,
    Path(linked_account_id): Path<String>,
    Body(wanted): Body<PassthroughRequest>,
) -> Result<Json<PassthroughResponse>, Problem> {
    let account = find(&app, &linked_account_id).await?;
    if !account.settings.delivery.is_everything() {
        let detail =
            "People or fields of this account are left out of what is delivered: this would go round that.";
        return Err(Problem::new(StatusCode::FORBIDDEN, "passthrough.filtered", detail));
    }
    if !account.settings.passthrough {
        let detail = "The operator has not allowed passthrough requests for this account: PUT to this address, or \
                      lucca-connector accounts configure --passthrough true.";
        return Err(Problem::new(StatusCode::FORBIDDEN, "passthrough.disabled", detail));
    }
    let (method, path, body) = wanted.read(&app.config.passthrough.methods)?;
    let erased = app.services.store.erased_ids(account.no).await?;
    let scope = sync::shared_scope(&account.settings, erased)
        .map_err(|error| Problem::internal("internal", &error))?;
    scope.target(method, &path, body.as_ref()).map_err(|refusal| not_shared(&refusal))?;
    let client = client(&app, &account).await?;
    audit_request(&app, vendor, &account, method, &path).await?;
    // The request runs to its end even if the caller disconnects.
    let task = tokio::spawn(async move { send(&client, &scope, method, &path, body).await });
    match tokio::time::timeout(RESPONSE_TIMEOUT, task).await {
        Ok(Ok(Ok(passed))) => Ok(Json(passed)),
        Ok(Ok(Err(error))) if method != Method::Get && error.may_have_happened() => Err(in_doubt()),
        Ok(Ok(Err(error))) => Err((&error).into()),
        Ok(Err(panic)) => Err(Problem::internal("internal", &panic)),
        Err(_) if method == Method::Get => {
            let detail = "The tenant's request budget is used up, or Lucca is slow. Send the request again.";
            Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "passthrough.busy", detail).retry_after(30))
        }
        Err(_) => Err(in_doubt()),
    }
}

impl PassthroughRequest {
    /// Parses the request, if passthrough may send it.
    fn read(self, allowed: &[String]) -> Result<(Method, ApiPath, Option<Value>), Problem> {
        let method = self.method.as_deref().map_or(Ok(Method::Get), str::parse);
        let method: Method = method
            .map_err(|error| Problem::field("method", "request.invalid", format!("This is {error}.")))?;
        if !allowed.iter().any(|name| name == method.name()) {
            let detail = if allowed.is_empty() {
                "The operator has switched this off: passthrough.methods in the configuration.".to_owned()
            } else {
                format!("The operator lets only {} through: see passthrough.methods.", allowed.join(", "))
            };
            return Err(Problem::new(StatusCode::FORBIDDEN, "passthrough.method_refused", detail));
        }
        let path = ApiPath::parse(&self.path).map_err(|error| {
            Problem::field("path", "passthrough.path_refused", format!("This is {error}."))
        })?;
        if self.body.is_some() && matches!(method, Method::Get | Method::Delete) {
            let detail = "GET and DELETE have no body.";
            return Err(Problem::field("body", "request.invalid", detail));
        }
        Ok((method, path, self.body))
    }
}

async fn send(
    client: &lucca::Client,
    scope: &SharedScope,
    method: Method,
    path: &ApiPath,
    body: Option<Value>,
) -> Result<PassthroughResponse, lucca::Error> {
    let bytes = body.as_ref().map(|body| body.to_string().into_bytes());
    let passed = client.pass_on(method, path, bytes.as_deref()).await?;
    // The target was checked before, so there is one.
    let target = scope.target(method, path, body.as_ref());
    Ok(PassthroughResponse::new(passed, |body| target.map_or(Value::Null, |target| target.filter(body))))
}

fn not_shared(refusal: &NotShared) -> Problem {
    let code = match refusal {
        NotShared::Path(_) | NotShared::Field(_) => "passthrough.not_shared",
        NotShared::Parameter(_) => "passthrough.parameter_refused",
        NotShared::Method(_) => "passthrough.method_refused",
        NotShared::Erased => "passthrough.erased",
    };
    Problem::new(StatusCode::FORBIDDEN, code, format!("The request was not sent to Lucca: {refusal}."))
}

fn in_doubt() -> Problem {
    Problem::new(
        StatusCode::GATEWAY_TIMEOUT,
        "passthrough.in_doubt",
        "Lucca did not respond, and may have processed the request. Check before you send it again.",
    )
}

/// Records the request in the audit log, without the query, which may name people.
async fn audit_request(
    app: &App,
    vendor: Vendor,
    account: &LinkedAccount,
    method: Method,
    path: &ApiPath,
) -> Result<(), Problem> {
    let by = (vendor.actor(), app.services.clock.now());
    let detail = json!({ "method": method.name(), "path": path.without_query() });
    let entry = NewAuditEntry::new(by, "passthrough.requested", Some(account.id), detail);
    Ok(app.services.store.audit(entry).await?)
}
