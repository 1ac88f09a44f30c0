//! Processing a request: faults, limit, key, route, answer, log. And accepting connections.
//!
//! Not included: the content of answers (`routes`).

use std::{convert::Infallible, net::SocketAddr, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{FromRequest as _, Multipart, Request, State as Extract},
    http::{HeaderValue, Method, Response, StatusCode, header, request::Parts},
    middleware::{self, Next},
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use jiff::fmt::rfc2822::DateTimePrinter;
use tokio::{
    net::TcpListener,
    task::{JoinHandle, JoinSet},
};
use tower::ServiceExt as _;
use tower_http::{CompressionLevel, compression::CompressionLayer};

use crate::{
    absence_apis::{self, EndpointMatch, Reply},
    clock::{self, PARIS},
    drip::Drip,
    errors::Refusal,
    faults::{FaultKind, Loss},
    grammar::query::Query,
    mangle::{fill, mangle, rows_of},
    rights::key_of_header,
    routes::{self, generation, request::ReadRequest},
    switches::{RetryAfter, Switches, TooManyBody},
    tenant::{LoggedRequest, Tenant},
    writes,
};

/// Larger bodies are refused.
const MOST_BYTES: usize = 4 << 20;

const JSON: &str = "application/json; charset=utf-8";

/// A proxy's page for a 429.
const TOO_MANY: &str = "<html><body><h1>429 Too Many Requests</h1>\nYou have sent too many requests in a given amount of \
                        time.\n</body></html>\n";

/// Marks an answer that must not be sent: the connection is closed instead.
#[derive(Debug, Clone, Copy)]
struct Close;

/// Number of rows of the returned list, if they are counted.
#[derive(Debug, Clone, Copy)]
struct Rows(u64);

/// The API as a service, with compressed answers if the client accepts them.
pub(crate) fn api(tenant: Tenant) -> Router {
    let compression = CompressionLayer::new().quality(CompressionLevel::Fastest);
    let dated = middleware::from_fn_with_state(tenant.clone(), dated);
    Router::new().fallback(answer).with_state(tenant).layer(dated).layer(compression)
}

/// Sets the `Date` header from the tenant's clock.
async fn dated(Extract(tenant): Extract<Tenant>, request: Request, next: Next) -> Response<Body> {
    let mut response = next.run(request).await;
    let now = tenant.now().to_zoned(PARIS.clone()).ok();
    let date = now.and_then(|now| DateTimePrinter::new().timestamp_to_rfc9110_string(&now.timestamp()).ok());
    if let Some(date) = date.and_then(|date| date.parse().ok()) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

/// Serves until the handle is aborted; then every connection ends at once.
pub(crate) fn serve(listener: TcpListener, router: Router) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            // Small answers must not wait for each other.
            let _ = stream.set_nodelay(true);
            let router = router.clone();
            let service = service_fn(move |request: hyper::Request<Incoming>| {
                let router = router.clone();
                async move {
                    let response: Result<Response<Body>, Infallible> =
                        router.oneshot(request.map(Body::new)).await;
                    match response {
                        Ok(response) if response.extensions().get::<Close>().is_none() => Ok(response),
                        Ok(_) => Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)),
                        Err(never) => match never {},
                    }
                }
            });
            connections.spawn(async move {
                let io = TokioIo::new(stream);
                // The client of a failed connection has already noticed the failure.
                let _ = http1::Builder::new().timer(TokioTimer::new()).serve_connection(io, service).await;
            });
            while connections.try_join_next().is_some() {}
        }
    })
}

async fn answer(Extract(tenant): Extract<Tenant>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, MOST_BYTES).await.ok();
    let file = match &body {
        Some(body) => file_of(&head, body).await,
        None => None,
    };
    let call = Call { file, ..Call::of(&head, body) };
    let switches = tenant.state().switches().clone();
    if switches.latency_ms > 0 {
        clock::wait(Duration::from_millis(switches.latency_ms)).await;
    }
    let struck = if switches.faults.is_empty() {
        Vec::new()
    } else {
        let query = Query::parse(&call.raw_query);
        let readable = format!("{query:?}").to_lowercase();
        let verb = call.method.as_str().to_lowercase();
        let asked = (verb.as_str(), call.path.as_str(), readable.as_str());
        tenant.state().counters().strike(&switches.faults, asked, tenant.state().seed)
    };
    if struck.contains(&FaultKind::Hang) {
        call.log(&tenant, 0, 0, None);
        std::future::pending::<()>().await;
    }
    let per_row = switches.latency_per_row_us;
    let (response, principal) = respond(&tenant, &call, switches, &struck);
    let lost = struck.iter().find_map(|fault| match fault {
        FaultKind::LoseAnswer { how } => Some(how),
        _ => None,
    });
    let response = match lost {
        None => response,
        Some(Loss::Reset) => closed(),
        Some(Loss::Status { code }) => {
            let status = StatusCode::from_u16(*code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            plain(status, JSON, String::new())
        }
        Some(Loss::Hang) => {
            call.log(&tenant, 0, 0, principal.clone());
            std::future::pending().await
        }
    };
    if let Some(Rows(rows)) = response.extensions().get() {
        clock::wait(Duration::from_micros(per_row.saturating_mul(*rows))).await;
    }
    let length = axum::body::HttpBody::size_hint(response.body()).exact().unwrap_or(0);
    let closed = response.extensions().get::<Close>().is_some();
    call.log(&tenant, if closed { 0 } else { response.status().as_u16() }, length, principal);
    let response = trickle(response, &struck).await;
    for fault in struck {
        if let FaultKind::Then { change } = fault {
            // A change that contradicts existing records is skipped.
            let _ = tenant.make(*change);
        }
    }
    response
}

/// Applies the faults of body transmission. Such an answer is not compressed: pieces would gather.
async fn trickle(response: Response<Body>, struck: &[FaultKind]) -> Response<Body> {
    let slow = |fault: &FaultKind| match fault {
        FaultKind::Drip { bytes, every_ms } => Some(Some((*bytes, Duration::from_millis(*every_ms)))),
        FaultKind::ResetMidBody => Some(None),
        _ => None,
    };
    let Some(how) = struck.iter().find_map(slow) else { return response };
    let (mut head, body) = response.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    head.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("identity"));
    let body = match how {
        Some((piece, every)) => Drip::slow(body, piece, every),
        None => Drip::broken(body),
    };
    Response::from_parts(head, Body::new(body))
}

/// The relevant parts of a request.
struct Call {
    method: Method,
    raw_path: String,
    /// In lower case, without a trailing slash.
    path: String,
    raw_query: String,
    origin: String,
    key: Option<String>,
    /// Label of the body.
    label: Option<String>,
    /// `None` if it is too large, or broke off.
    body: Option<Bytes>,
    /// The file of a multipart form.
    file: Option<Bytes>,
}

/// The first file of a multipart form, if the body is one.
async fn file_of(head: &Parts, body: &Bytes) -> Option<Bytes> {
    let label = head.headers.get(header::CONTENT_TYPE)?;
    if !label.to_str().is_ok_and(|label| label.to_lowercase().starts_with("multipart/form-data")) {
        return None;
    }
    let mut request = Request::new(Body::from(body.clone()));
    request.headers_mut().insert(header::CONTENT_TYPE, label.clone());
    let mut form = Multipart::from_request(request, &()).await.ok()?;
    while let Some(field) = form.next_field().await.ok()? {
        if field.file_name().is_some() {
            return field.bytes().await.ok();
        }
    }
    None
}

impl Call {
    fn of(head: &Parts, body: Option<Bytes>) -> Self {
        let text = |name| head.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let host = text(header::HOST).or(head.uri.host()).unwrap_or("localhost");
        let raw_path = head.uri.path().to_owned();
        Self {
            method: head.method.clone(),
            path: raw_path.trim_end_matches('/').to_lowercase(),
            raw_path,
            raw_query: head.uri.query().unwrap_or("").to_owned(),
            origin: format!("http://{host}"),
            key: text(header::AUTHORIZATION).and_then(key_of_header),
            label: text(header::CONTENT_TYPE).map(str::to_owned),
            body,
            file: None,
        }
    }

    fn log(&self, tenant: &Tenant, status: u16, response_bytes: u64, principal: Option<String>) {
        tenant.state().log(LoggedRequest {
            method: self.method.to_string(),
            path: self.raw_path.clone(),
            query: self.raw_query.clone(),
            status,
            response_bytes,
            principal,
        });
    }
}

fn respond(
    tenant: &Tenant,
    call: &Call,
    mut switches: Switches,
    struck: &[FaultKind],
) -> (Response<Body>, Option<String>) {
    let mut query = Query::parse(&call.raw_query);
    let mut endless = None;
    for fault in struck {
        match fault {
            FaultKind::ResetConnection => return (closed(), None),
            FaultKind::Status { code, body } => {
                let status = StatusCode::from_u16(*code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                return (plain(status, JSON, body.clone()), None);
            }
            FaultKind::Empty200 => return (plain(StatusCode::OK, JSON, String::new()), None),
            FaultKind::Html200 => {
                let page = "<!DOCTYPE html><html><head><title>Lucca</title></head><body><h1>Connexion</h1></body></html>";
                return (plain(StatusCode::OK, "text/html; charset=utf-8", page.to_owned()), None);
            }
            FaultKind::NoCount => switches.no_count = true,
            FaultKind::TooMany { retry_after_s, http_date } => {
                switches.retry_after = match (retry_after_s, http_date) {
                    (None, _) => RetryAfter::Absent,
                    (Some(_), false) => RetryAfter::Seconds,
                    (Some(_), true) => RetryAfter::HttpDate,
                };
                let wait = Duration::from_secs(retry_after_s.unwrap_or(0));
                return (too_many(call, &switches, wait), None);
            }
            FaultKind::PageAbove { rows, code } if query.page_size().is_some_and(|asked| asked > *rows) => {
                let status = StatusCode::from_u16(*code).unwrap_or(StatusCode::BAD_REQUEST);
                let refusal = Refusal::of(status, format!("Paging limit should be between 1 and {rows}"));
                return (refusal.answer(generation(&call.path), &switches), None);
            }
            FaultKind::RepeatedPage => query = query.page_before(),
            FaultKind::Endless => {
                endless = query.paging();
                query = query.first_page();
            }
            FaultKind::PageAbove { .. }
            | FaultKind::ShortPage
            | FaultKind::Drip { .. }
            | FaultKind::ResetMidBody
            | FaultKind::LoseAnswer { .. }
            | FaultKind::Then { .. }
            | FaultKind::Hang
            | FaultKind::TruncatedJson
            | FaultKind::WrongEnvelope
            | FaultKind::CorruptRecord { .. } => {}
        }
    }
    if let Some(limit) = switches.rate_limit
        && let Err(wait) = tenant.state().admit(limit, &switches)
    {
        return (too_many(call, &switches, wait), None);
    }
    let generation = generation(&call.path);
    let Some(key) = call.key.as_deref().and_then(|digits| tenant.state().key(digits)) else {
        return (Refusal::unauthorized().answer(generation, &switches), None);
    };
    let principal = Some(key.name.clone());
    match absence_apis::match_endpoint(&call.method, &call.path) {
        EndpointMatch::OtherApi => {}
        EndpointMatch::WrongVerb(verbs) => {
            return (Refusal::wrong_verb(verbs).answer(generation, &switches), principal);
        }
        EndpointMatch::Operation(operation) => {
            let request = absence_apis::Request {
                tenant,
                key: &key,
                switches: &switches,
                query: &query,
                label: call.label.as_deref(),
                body: call.body.as_deref(),
                file: call.file.as_ref(),
            };
            let response = match request.answer(operation) {
                Ok(Reply { status, label, body }) => plain(status, label, mangle(body, struck)),
                Err(refusal) => refusal.answer(generation, &switches),
            };
            return (response, principal);
        }
    }
    let read = |path: &str| {
        let company = tenant.state().company();
        let view = tenant.state().view(&company, &switches, &key, &call.origin);
        let read = ReadRequest { view: &view, query: &query, list_cache: &tenant.state().list_cache };
        routes::read(path, &read)
    };
    // The path is read first, for any method: an unknown one is 404, and an unreadable query is refused
    // before anything changes.
    let answered = read(&call.path).and_then(|body| {
        if call.method == Method::GET {
            return Ok((StatusCode::OK, body));
        }
        let write = routes::write(&call.method, &call.path)
            .ok_or_else(|| Refusal::wrong_verb(routes::verbs(&call.path)))?;
        let request = writes::Request {
            tenant,
            key: &key,
            switches: &switches,
            label: call.label.as_deref(),
            body: call.body.as_deref().ok_or_else(Refusal::too_large)?,
        };
        let (status, path) = request.perform(write)?;
        // unverified: the answer when the change has put the record out of the key's sight; here the change
        // was made, and the record can't be found.
        Ok((status, read(&path)?))
    });
    match answered {
        Ok((status, body)) => {
            let body = mangle(body, struck);
            let body = match endless {
                Some(page) => fill(&body, page),
                None => body,
            };
            let rows = (switches.latency_per_row_us > 0).then(|| Rows(rows_of(&body)));
            let mut response = plain(status, JSON, body);
            if let Some(rows) = rows {
                response.extensions_mut().insert(rows);
            }
            (response, principal)
        }
        Err(refusal) => (refusal.answer(generation, &switches), principal),
    }
}

/// The connection closed without an answer.
fn closed() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(Close);
    response
}

fn plain(status: StatusCode, label: &'static str, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(label));
    response
}

fn too_many(call: &Call, switches: &Switches, wait: Duration) -> Response<Body> {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let value = match switches.retry_after {
        RetryAfter::Absent => None,
        RetryAfter::Seconds => Some(seconds.max(1).to_string()),
        RetryAfter::HttpDate => {
            let at = clock::wall() + Duration::from_secs(seconds.max(1));
            let at = jiff::Timestamp::try_from(at).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
            Some(at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
        }
    };
    let mut response = match switches.too_many_body {
        TooManyBody::Html => plain(StatusCode::TOO_MANY_REQUESTS, "text/html", TOO_MANY.to_owned()),
        TooManyBody::Api => Refusal::too_many().answer(generation(&call.path), switches),
    };
    if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}

/// Opens a listener on loopback or the configured address.
pub(crate) async fn listen(address: SocketAddr) -> std::io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await?;
    let bound = listener.local_addr()?;
    Ok((listener, bound))
}
