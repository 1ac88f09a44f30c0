//! Requests with an `Idempotency-Key`: a successful request is processed once, and its response is stored and
//! replayed. A refused request may be corrected and sent again under the same key.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Response as HttpResponse, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use store::{AccountId, Claim, Named, NamedRequest};
use web::app::App;
use web::auth::Caller;
use web::problem::Problem;

use crate::absences::import::LARGEST_FILE;
use crate::openapi::{IDEMPOTENCY_KEY, REPLAYED};

/// The headers that are stored with a response.
const KEPT_HEADERS: [HeaderName; 3] = [header::CONTENT_TYPE, header::LOCATION, header::ETAG];

/// A response as it is stored.
#[derive(Serialize, Deserialize)]
struct StoredResponse {
    status: u16,
    headers: Vec<(String, String)>,
    /// Base64.
    body: String,
}

/// A request and its idempotency key.
struct IdempotentRequest {
    caller: String,
    key: String,
    asked: Vec<u8>,
    account: Option<AccountId>,
}

impl IdempotentRequest {
    fn named(&self) -> NamedRequest<'_> {
        NamedRequest { caller: &self.caller, key: &self.key, asked: &self.asked, account: self.account }
    }
}

/// Processes a request, or replays its stored response.
pub(crate) async fn run_once(
    app: &App,
    caller: Caller,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let key = read_key(parts.headers.get(IDEMPOTENCY_KEY))?;
    // The largest body that any handler accepts. Handlers apply their own, smaller limits.
    let body = to_bytes(body, LARGEST_FILE).await.map_err(|_| too_large())?;
    let kind = parts.headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let target = parts.uri.path_and_query().map(|target| target.as_str()).unwrap_or_default();
    let idempotent = IdempotentRequest {
        caller: caller.key.to_string(),
        key,
        asked: [parts.method.as_str().as_bytes(), target.as_bytes(), kind, &body].join(&b'\n'),
        account: parts.uri.path().split('/').find_map(|segment| segment.parse().ok()),
    };
    let services = &app.services;
    let claim: Claim = services.entropy.bytes()?;
    let now = services.clock.now();
    match services.store.begin_named(&services.vault, idempotent.named(), claim, now).await? {
        Named::New => {}
        Named::Done(answer) => return replay(&answer),
        Named::UnderWay => return Err(under_way()),
        Named::Other => return Err(reused()),
    }
    let request = Request::from_parts(parts, Body::from(body));
    let app = app.clone();
    // Runs in a task of its own, so that a caller who disconnects finds the response on retry.
    let task = tokio::spawn(async move {
        let done = tokio::spawn(next.run(request)).await;
        let kept = match done {
            Ok(response) => store_response(&app, &idempotent, claim, response).await,
            Err(_) => Err(Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "The service failed. Its log has the reason.",
            )),
        };
        if kept.is_err() {
            app.services.store.give_up_named(idempotent.named(), claim).await?;
        }
        kept
    });
    let failed = |_| {
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "The service failed. Its log has the reason.",
        )
    };
    task.await.map_err(failed)?
}

/// Stores a successful response; releases the key after any other.
async fn store_response(
    app: &App,
    idempotent: &IdempotentRequest,
    claim: Claim,
    response: Response,
) -> Result<Response, Problem> {
    let services = &app.services;
    if !response.status().is_success() {
        services.store.give_up_named(idempotent.named(), claim).await?;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.map_err(|error| Problem::internal("internal", &error))?;
    let headers = KEPT_HEADERS.iter().filter_map(|name| {
        Some((name.as_str().to_owned(), parts.headers.get(name)?.to_str().ok()?.to_owned()))
    });
    let answer = StoredResponse {
        status: parts.status.as_u16(),
        headers: headers.collect(),
        body: STANDARD.encode(&body),
    };
    // Serialising a response to JSON can't fail.
    let answer = SecretString::from(serde_json::to_string(&answer).unwrap_or_default());
    let turn = (claim, services.entropy.bytes()?);
    let now = services.clock.now();
    services.store.finish_named(&services.vault, idempotent.named(), turn, &answer, now).await?;
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn replay(answer: &SecretString) -> Result<Response, Problem> {
    let corrupt = |source| Problem::from(store::Error::Corrupt { what: "answer", source });
    let answer: StoredResponse =
        serde_json::from_str(answer.expose_secret()).map_err(|error| corrupt(Box::new(error)))?;
    let body = STANDARD.decode(&answer.body).map_err(|error| corrupt(Box::new(error)))?;
    let mut response = HttpResponse::builder().status(answer.status).header(REPLAYED, "true");
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(Bytes::from(body))).map_err(|error| corrupt(Box::new(error)))
}

fn read_key(value: Option<&HeaderValue>) -> Result<String, Problem> {
    let is_fine =
        |key: &&str| (1..=200).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    let key = value.and_then(|value| value.to_str().ok()).filter(is_fine);
    key.map(ToOwned::to_owned).ok_or_else(|| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "request.invalid_idempotency_key",
            "An Idempotency-Key is 1 to 200 visible ASCII characters: a UUID that you make for this request will do.",
        )
    })
}

fn too_large() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "request.too_large",
        "The body is larger than any request needs to be.",
    )
}

fn under_way() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "request.in_progress",
        "The first request with this Idempotency-Key is still running. Send the same request again in a moment.",
    )
    .retry_after(1)
}

fn reused() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "request.idempotency_key_reused",
        "This Idempotency-Key was used for another request. Make a new one for each thing that you ask for.",
    )
}
