//! Sends one request until it has a final answer: budget, retries, status codes. A read is repeated if that
//! can help; a change only if Lucca certainly did not accept it.
//!
//! `envelope` parses the body, `retry` decides when to send again. This is the only module that uses the key.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_recursion::async_recursion as boxed;
use net::clock::{Clock, between, later};
use net::{Jitter, Reach, header_text, retry_after};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use tracing::Instrument;

use crate::api_key::ApiKey;
use crate::budget::RequestBudget;
use crate::envelope::{Undecodable, error_message};
use crate::error::{Error, Kind};
use crate::observer::Observer;
use crate::passthrough::{Body, PassthroughResponse};
use crate::request_tally::THROTTLED_WAIT;
use crate::retry::{Effort, LONGEST_WAIT, wait_before_retry};
use crate::stats::Counters;
use crate::stream::Stream;
use crate::tenant_url::TenantUrl;

/// How long [`reach`] waits for an answer.
const REACH_TIMEOUT: Duration = Duration::from_secs(10);
/// The default user agent.
pub(crate) const USER_AGENT: &str = concat!("lucca/", env!("CARGO_PKG_VERSION"));

/// Length of the server's message in an error, in characters.
const LONGEST_MESSAGE: usize = 500;

/// Number of bytes of a failed answer's body that are read, for its message.
const LONGEST_ERROR_BODY: u64 = 64 * 1024;

#[derive(Debug)]
pub(crate) struct Transport {
    pub(crate) http: reqwest::Client,
    pub(crate) tenant: TenantUrl,
    pub(crate) key: ApiKey,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) budget: Arc<RequestBudget>,
    pub(crate) jitter: Jitter,
    pub(crate) limits: Limits,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) counters: Counters,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) request_timeout: Duration,
    pub(crate) max_attempts: u32,
    pub(crate) max_body_bytes: u64,
}

/// A request, without the tenant and the key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    /// The stream for counters and errors.
    pub(crate) stream: Stream,
    pub(crate) verb: Verb<'a>,
    pub(crate) path: &'a str,
    /// Without the question mark; may be empty.
    pub(crate) query: &'a str,
}

/// The method of a request, and its body.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Verb<'a> {
    Get,
    Delete,
    Post { content_type: &'a str, body: &'a [u8] },
    Put { content_type: &'a str, body: &'a [u8] },
    Patch { content_type: &'a str, body: &'a [u8] },
}

impl Verb<'_> {
    const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Delete => "DELETE",
            Self::Post { .. } => "POST",
            Self::Put { .. } => "PUT",
            Self::Patch { .. } => "PATCH",
        }
    }
}

/// One failed attempt, and the pause of all requests to the tenant after it.
struct Failure {
    error: Error,
    pause: Option<Pause>,
}

/// The reason for a pause of all requests to the tenant.
#[derive(Clone, Copy)]
enum Pause {
    /// A 429, with the wait of its `Retry-After` or none.
    Throttled(Option<Duration>),
    /// A 503 with `Retry-After`.
    Unavailable(Duration),
}

/// Decodes the body of an answer.
type Decode<'a> = dyn FnMut(&[u8]) -> Result<(), Undecodable> + Send + 'a;

/// The decoded body of an answer. An answer counts only with one.
fn of_answer<D>(decoded: Option<D>) -> Result<D, Error> {
    decoded.ok_or_else(|| Error::new(Kind::Malformed))
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, pause: None }
    }
}

impl Transport {
    pub(crate) fn now(&self) -> jiff::Timestamp {
        self.clock.now()
    }

    pub(crate) fn tenant(&self) -> &TenantUrl {
        &self.tenant
    }

    /// Sends a GET request and decodes its answer, with retries that can help; returns also the response
    /// time, without waits and decoding.
    pub(crate) async fn get<D: Send>(
        &self,
        stream: Stream,
        path: &str,
        query: &str,
        effort: Effort,
        decode: impl Fn(&[u8]) -> Result<D, Undecodable> + Send + Sync,
    ) -> Result<(D, Duration), Error> {
        let call = Call { stream, verb: Verb::Get, path, query };
        let mut decoded = None;
        let mut decode = |body: &[u8]| decode(body).map(|value| decoded = Some(value));
        let wait_before = |error: &Error, attempt| {
            wait_before_retry(error, attempt, self.limits.max_attempts, effort, &self.jitter)
        };
        let took = self.until_answered(call, &mut decode, &wait_before).await?;
        Ok((of_answer(decoded)?, took))
    }

    /// Sends a request that changes data. It is repeated only if Lucca certainly did not accept it: the
    /// connection failed, or the server answered that too many requests were sent. For any other failure,
    /// [`Error::may_have_happened`] returns whether the change may have been made.
    pub(crate) async fn send<D: Send>(
        &self,
        call: Call<'_>,
        decode: impl Fn(&[u8]) -> Result<D, Undecodable> + Send + Sync,
    ) -> Result<D, Error> {
        let mut decoded = None;
        let mut decode = |body: &[u8]| decode(body).map(|value| decoded = Some(value));
        let wait_before = |error: &Error, attempt| {
            if error.may_have_happened() {
                return None;
            }
            wait_before_retry(error, attempt, self.limits.max_attempts, Effort::Change, &self.jitter)
        };
        self.until_answered(call, &mut decode, &wait_before).await?;
        of_answer(decoded)
    }

    /// Sends a request until `decode` accepts its answer; returns that answer's response time. Neither
    /// generic nor unboxed: if it were, the instances of `get` and `send` would be most of the code that
    /// dependent crates compile.
    fn until_answered<'a>(
        &'a self,
        call: Call<'a>,
        decode: &'a mut Decode<'_>,
        wait_before: &'a (dyn Fn(&Error, u32) -> Option<Duration> + Send + Sync),
    ) -> Pin<Box<dyn Future<Output = Result<Duration, Error>> + Send + 'a>> {
        Box::pin(self.attempts(call, decode, wait_before))
    }

    async fn attempts(
        &self,
        call: Call<'_>,
        decode: &mut Decode<'_>,
        wait_before: &(dyn Fn(&Error, u32) -> Option<Duration> + Send + Sync),
    ) -> Result<Duration, Error> {
        let (method, path, stream) = (call.verb.name(), call.path, call.stream);
        let mut attempt = 1;
        loop {
            self.acquire().await;
            let began = self.clock.now();
            let span = tracing::info_span!("request to Lucca", method, path, %stream, attempt);
            let outcome = self.attempt(call, decode).instrument(span).await;
            self.observer.request_ended(match &outcome {
                Ok(_) => Some(200),
                Err(Failure { error, .. }) => error.status(),
            });
            let ms = u64::try_from(between(began, self.clock.now()).as_millis()).unwrap_or(u64::MAX);
            let Failure { error, pause } = match outcome {
                Ok(took) => {
                    tracing::debug!(method, path, %stream, attempt, ms, "Lucca answered");
                    return Ok(took);
                }
                Err(failure) => failure,
            };
            let (code, status) = (error.code(), error.status());
            tracing::debug!(method, path, %stream, attempt, ms, code, status, "a request to Lucca failed");
            self.pause(pause).await;
            let Some(wait) = wait_before(&error, attempt) else { return Err(error) };
            self.counters.record(stream, |stats| stats.retries += 1);
            self.clock.sleep(wait).await;
            attempt += 1;
        }
    }

    async fn attempt(&self, call: Call<'_>, decode: &mut Decode<'_>) -> Result<Duration, Failure> {
        let Call { stream, verb, path, query } = call;
        let on = |error: Error| error.on(stream, verb.name(), path);
        let request = self.request(verb, path, query);
        self.counters.record(stream, |stats| stats.requests += 1);
        let began = self.clock.stopwatch();
        let mut response = request.send().await.map_err(|error| on(not_answered(error)))?;
        self.counters.note_date(response.headers(), self.clock.now());
        let status = response.status();
        if !status.is_success() {
            // The body may be unreadable: the status is the more important part.
            let body = self.body(&mut response, LONGEST_ERROR_BODY).await.unwrap_or_default();
            self.counters.record(stream, |stats| {
                stats.bytes += body.len() as u64;
                stats.throttled += u64::from(status == StatusCode::TOO_MANY_REQUESTS);
            });
            let Failure { error, pause } = self.refusal(&response, &body);
            return Err(Failure { error: on(error).having_happened(is_in_doubt(status)), pause });
        }
        let body = self.body(&mut response, self.limits.max_body_bytes).await;
        let body = body.map_err(|error| on(error).with_status(status.as_u16()).having_happened(true))?;
        self.counters.record(stream, |stats| stats.bytes += body.len() as u64);
        let took = between(began, self.clock.stopwatch());
        decode(&body).map_err(|undecodable| {
            // A refusal that was sent as a success is still a refusal.
            let is_refusal = matches!(undecodable, Undecodable::Failed { status: Some(400..500), .. });
            let error = self.undecodable(undecodable, status);
            let is_throttled = matches!(error.kind(), Kind::RateLimited(_));
            let pause = is_throttled.then_some(Pause::Throttled(None));
            Failure { error: on(error).having_happened(!is_refusal), pause }
        })?;
        Ok(took)
    }

    /// Waits until the budget allows a request.
    async fn acquire(&self) {
        let began = self.clock.now();
        self.budget.acquire(&*self.clock).await;
        self.observer.budget_waited(between(began, self.clock.now()));
    }

    /// Pauses all requests to the tenant, not only the failed one.
    async fn pause(&self, pause: Option<Pause>) {
        match pause {
            None => {}
            Some(Pause::Throttled(retry_after)) => {
                self.budget.throttle(retry_after.map(|wait| wait.min(LONGEST_WAIT)), &*self.clock).await;
            }
            Some(Pause::Unavailable(wait)) => {
                self.budget.hold_until(later(self.clock.now(), wait.min(LONGEST_WAIT))).await;
            }
        }
    }

    /// Sends a request once, when the budget allows it, and returns the response unchanged.
    pub(crate) async fn pass_on(
        &self,
        verb: Verb<'_>,
        path: &str,
        query: &str,
    ) -> Result<PassthroughResponse, Error> {
        self.acquire().await;
        let sent = self.request(verb, path, query).send().await;
        self.observer.request_ended(sent.as_ref().ok().map(|response| response.status().as_u16()));
        let mut response = sent.map_err(not_answered)?;
        let retry_after = header_text(&response, RETRY_AFTER);
        let retry_after = retry_after.and_then(|header| net::retry_after(header, self.clock.now()));
        let content_type = header_text(&response, CONTENT_TYPE).map(|header| self.key.scrub(header));
        let status = response.status();
        if status == StatusCode::TOO_MANY_REQUESTS {
            self.pause(Some(Pause::Throttled(retry_after))).await;
        }
        let body = self.body(&mut response, self.limits.max_body_bytes).await;
        let body = body.map_err(|error| error.with_status(status.as_u16()).having_happened(true))?;
        tracing::debug!(method = verb.name(), path, status = status.as_u16(), "sent a passthrough request");
        let body = Body::read(&body, &self.key);
        Ok(PassthroughResponse { status: status.as_u16(), content_type, retry_after, body })
    }

    fn request(&self, verb: Verb<'_>, path: &str, query: &str) -> reqwest::RequestBuilder {
        let mark = if query.is_empty() { "" } else { "?" };
        let url = format!("{}{path}{mark}{query}", self.tenant.origin());
        let (request, content) = match verb {
            Verb::Get => (self.http.get(url), None),
            Verb::Delete => (self.http.delete(url), None),
            Verb::Post { content_type, body } => (self.http.post(url), Some((content_type, body))),
            Verb::Put { content_type, body } => (self.http.put(url), Some((content_type, body))),
            Verb::Patch { content_type, body } => (self.http.patch(url), Some((content_type, body))),
        };
        match content {
            None => request,
            Some((content_type, body)) => request.header(CONTENT_TYPE, content_type).body(body.to_vec()),
        }
    }

    async fn body(&self, response: &mut Response, limit: u64) -> Result<Vec<u8>, Error> {
        let announced = response.content_length().unwrap_or(0);
        if announced > limit {
            return Err(Error::new(Kind::BodyTooLarge));
        }
        // Regardless of the announced length, at most the size of a usual page is allocated at once.
        let mut body = Vec::with_capacity(usize::try_from(announced.min(1 << 20)).unwrap_or(0));
        while let Some(chunk) = response.chunk().await.map_err(body_error)? {
            if (body.len() + chunk.len()) as u64 > limit {
                return Err(Error::new(Kind::BodyTooLarge));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn refusal(&self, response: &Response, body: &[u8]) -> Failure {
        let status = response.status();
        let header = header_text(response, RETRY_AFTER);
        let asked = header.and_then(|header| retry_after(header, self.clock.now()));
        let pause = match status {
            StatusCode::TOO_MANY_REQUESTS => Some(Pause::Throttled(asked)),
            StatusCode::SERVICE_UNAVAILABLE => asked.map(Pause::Unavailable),
            _ => None,
        };
        let error = Error::new(kind_of(status, asked))
            .with_message(self.message(error_message(body)))
            .with_status(status.as_u16());
        Failure { error, pause }
    }

    fn undecodable(&self, undecodable: Undecodable, status: StatusCode) -> Error {
        match undecodable {
            Undecodable::Malformed(source) => {
                let error = Error::new(Kind::Malformed).with_status(status.as_u16());
                match source {
                    // Only category and position: serde's message may quote the text.
                    Some(source) => error.with_source(format!(
                        "JSON {:?} error at line {} column {}",
                        source.classify(),
                        source.line(),
                        source.column()
                    )),
                    None => error.with_source("the body is empty"),
                }
            }
            Undecodable::TooMany => Error::new(Kind::BodyTooLarge).with_status(status.as_u16()),
            Undecodable::NotLucca => Error::new(Kind::NotLucca).with_status(status.as_u16()),
            Undecodable::Failed { status: said, message } => {
                let kind = match said.and_then(|said| StatusCode::from_u16(said).ok()) {
                    Some(said) => kind_of(said, None),
                    None => Kind::BadRequest,
                };
                let error = Error::new(kind).with_message(self.message(message));
                error.with_status(said.unwrap_or_else(|| status.as_u16()))
            }
        }
    }

    /// Makes a message fit for display: one line, not too long, without the key.
    fn message(&self, message: Option<String>) -> Option<String> {
        let message = self.key.scrub(&message?);
        let line: String = message.split_whitespace().collect::<Vec<_>>().join(" ");
        let short: String = line.chars().filter(|c| !c.is_control()).take(LONGEST_MESSAGE).collect();
        (!short.is_empty()).then_some(short)
    }
}

/// The one HTTP client of a tenant and a key.
pub(crate) fn http_client(
    tenant: &TenantUrl,
    key: &ApiKey,
    user_agent: &str,
    timeout: Duration,
) -> Result<reqwest::Client, Error> {
    let mut authorization = HeaderValue::from_str(&format!("lucca application={}", key.expose()))
        .map_err(|_| Error::new(Kind::Setup))?;
    authorization.set_sensitive(true);
    let headers = HeaderMap::from_iter([
        (AUTHORIZATION, authorization),
        (reqwest::header::ACCEPT, HeaderValue::from_static("application/json")),
    ]);
    tenant_client(tenant, user_agent, headers, timeout)
}

/// A client that connects to the tenant's addresses only.
fn tenant_client(
    tenant: &TenantUrl,
    user_agent: &str,
    headers: HeaderMap,
    timeout: Duration,
) -> Result<reqwest::Client, Error> {
    let reach = if tenant.is_loopback() { Reach::Loopback } else { Reach::Public };
    net::guarded_client(reach, user_agent, headers, timeout)
        .map_err(|error| Error::new(Kind::Setup).with_source(error))
}

/// Checks that a server answers at a tenant's host, with any answer. Sends one request, without a key.
///
/// # Errors
///
/// `lucca.unreachable`, `lucca.tls`, `lucca.timeout` or `lucca.address_refused`.
#[boxed]
pub async fn reach(tenant: &TenantUrl) -> Result<(), Error> {
    let client = tenant_client(tenant, USER_AGENT, HeaderMap::new(), REACH_TIMEOUT)?;
    client.head(tenant.origin()).send().await.map(drop).map_err(network_error)
}

/// Whether a change may have been accepted despite this status: the server failed during the change, or a
/// proxy answered in its place.
fn is_in_doubt(status: StatusCode) -> bool {
    status == StatusCode::REQUEST_TIMEOUT || !(status.is_client_error())
}

/// The meaning of a status. Source: directory.md §9, wire-grammar.md §1.7 and §1.8.
fn kind_of(status: StatusCode, retry_after: Option<Duration>) -> Kind {
    match status.as_u16() {
        300..=399 => Kind::NotLucca,
        // unverified: whether the older framework also answers 401 if a key lacks the right for a method. One
        // request can't distinguish a key that is refused for all requests from one that is refused for this
        // request.
        401 => Kind::KeyRefused,
        403 => Kind::PermissionMissing,
        404 | 410 => Kind::NotFound,
        408 => Kind::Timeout,
        413 => Kind::BodyTooLarge,
        429 => Kind::RateLimited(retry_after.unwrap_or(THROTTLED_WAIT)),
        425 | 500..=599 => Kind::Unavailable,
        _ => Kind::BadRequest,
    }
}

/// Classifies a failure to send. Removes the URL from the stored error: its query may contain personal data.
fn network_error(error: reqwest::Error) -> Error {
    let error = error.without_url();
    let kind = match net::Failure::of(&error) {
        net::Failure::AddressRefused => Kind::AddressRefused,
        net::Failure::Timeout => Kind::Timeout,
        net::Failure::Tls => Kind::Tls,
        net::Failure::Unreachable => Kind::Unreachable,
    };
    Error::new(kind).with_source(error)
}

/// Classifies a failure to send a request that may change data.
fn not_answered(error: reqwest::Error) -> Error {
    // Without a connection nothing was sent. A refused address was never connected to either.
    let is_sent = !error.is_connect();
    network_error(error).having_happened(is_sent)
}

/// Classifies a failure to receive a body: truncated, or not decompressible.
fn body_error(error: reqwest::Error) -> Error {
    let error = error.without_url();
    let kind = if error.is_timeout() { Kind::Timeout } else { Kind::Malformed };
    Error::new(kind).with_source(error)
}
