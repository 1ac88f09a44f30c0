//! Sends one webhook request, to an address that the vendor chose. Returns the status; the response body is
//! ignored.

use std::time::Duration;

use jiff::Timestamp;
use net::{NetworkPolicy, Reach};
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use secrecy::SecretString;

use super::signature::signatures;
use crate::USER_AGENT;
use crate::target::{Target, TargetRefused};

/// Timeout of connecting, sending and reading the whole response.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(15);

/// Read up to this much of a response body so that the connection can be reused; close it beyond.
const LONGEST_BODY: usize = 64 * 1024;

/// The outcome of one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// The HTTP status; `None` without a response.
    pub(crate) response: Option<u16>,
    /// Why it failed, as a stable code; `None` on success.
    pub(crate) error: Option<&'static str>,
    /// The receiver's `Retry-After`.
    pub(crate) retry_after: Option<Duration>,
}

impl Outcome {
    fn failed(error: &'static str) -> Self {
        Self { response: None, error: Some(error), retry_after: None }
    }
}

/// A webhook to send.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message<'a> {
    pub(crate) id: &'a str,
    pub(crate) body: &'a str,
}

#[derive(Debug)]
pub(crate) struct Sender {
    public: reqwest::Client,
    loopback: Option<reqwest::Client>,
    policy: NetworkPolicy,
}

impl Sender {
    pub(crate) fn new(policy: NetworkPolicy) -> Result<Self, net::SetupError> {
        let client = |reach| net::guarded_client(reach, USER_AGENT, HeaderMap::new(), TIMEOUT);
        let loopback =
            (policy == NetworkPolicy::AllowLoopback).then(|| client(Reach::Loopback)).transpose()?;
        Ok(Self { public: client(Reach::Public)?, loopback, policy })
    }

    /// Sends a message, signed at `now`. The address is checked again, because the policy may have changed
    /// since it was saved.
    pub(crate) async fn send(
        &self,
        url: &str,
        secrets: &[SecretString],
        message: Message<'_>,
        now: Timestamp,
    ) -> Outcome {
        let target = match Target::parse(url, self.policy) {
            Ok(target) => target,
            Err(refused) => return Outcome::failed(refused.code()),
        };
        let client = match (target.reach, &self.loopback) {
            (Reach::Public, _) => &self.public,
            (Reach::Loopback, Some(client)) => client,
            (Reach::Loopback, None) => return Outcome::failed(TargetRefused::NotPublic.code()),
        };
        let timestamp = now.as_second();
        let signature = signatures(secrets, message.id, timestamp, message.body.as_bytes());
        let request = client
            .post(target.url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", message.id)
            .header("webhook-timestamp", timestamp.to_string())
            .header("webhook-signature", signature)
            .body(message.body.to_owned());
        let mut response = match request.send().await {
            Ok(response) => response,
            Err(error) => return Outcome::failed(code_of(&error)),
        };
        let status = response.status();
        let header = net::header_text(&response, RETRY_AFTER);
        let retry_after = header.and_then(|header| net::retry_after(header, now));
        let mut read = 0;
        // The status alone decides; an error in the body does not matter.
        while let Ok(Some(chunk)) = response.chunk().await {
            read += chunk.len();
            if read > LONGEST_BODY {
                break;
            }
        }
        let error = (!status.is_success()).then_some("webhook.refused");
        Outcome { response: Some(status.as_u16()), error, retry_after }
    }
}

fn code_of(error: &reqwest::Error) -> &'static str {
    match net::Failure::of(error) {
        net::Failure::AddressRefused => TargetRefused::NotPublic.code(),
        net::Failure::Timeout => "webhook.timeout",
        net::Failure::Tls | net::Failure::Unreachable => "webhook.unreachable",
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::Router;
    use axum::body::Body;
    use axum::http::StatusCode;
    use axum::http::header::LOCATION;
    use axum::routing::post;
    use futures::stream;

    use super::*;

    /// Sends to a path of a misbehaving server; returns the outcome and the number of requests that it
    /// received.
    async fn sent_to(path: &str) -> (Outcome, usize) {
        let requests = Arc::<AtomicUsize>::default();
        let counter = Arc::clone(&requests);
        let endless = || async {
            let parts = stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b'x'; 16 * 1024]));
            Body::from_stream(parts)
        };
        let elsewhere = || async { (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, "/taken")]) };
        let router = Router::new()
            .route("/taken", post(async || StatusCode::NO_CONTENT))
            .route("/elsewhere", post(elsewhere))
            .route("/endless", post(endless))
            .route("/silent", post(std::future::pending::<StatusCode>))
            .layer(axum::middleware::from_fn(move |request, next: axum::middleware::Next| {
                counter.fetch_add(1, Ordering::Relaxed);
                next.run(request)
            }));
        let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let sender = Sender::new(NetworkPolicy::AllowLoopback).unwrap();
        let message = Message { id: "msg_1", body: "{}" };
        let url = format!("http://{address}{path}");
        (sender.send(&url, &[], message, Timestamp::UNIX_EPOCH).await, requests.load(Ordering::Relaxed))
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed() {
        let refused = Outcome { response: Some(307), error: Some("webhook.refused"), retry_after: None };
        assert_eq!(sent_to("/elsewhere").await, (refused, 1));
    }

    #[tokio::test]
    async fn endless_response_is_cut_and_status_counts() {
        let taken = Outcome { response: Some(200), error: None, retry_after: None };
        assert_eq!(sent_to("/endless").await, (taken, 1));
    }

    /// Tokio's paused clock advances when every task is idle.
    #[tokio::test(start_paused = true)]
    async fn silent_receiver_times_out() {
        let (outcome, _) = sent_to("/silent").await;
        assert_eq!(outcome, Outcome::failed("webhook.timeout"));
    }

    #[tokio::test]
    async fn closed_port_is_unreachable() {
        let sender = Sender::new(NetworkPolicy::AllowLoopback).unwrap();
        let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        drop(listener);
        let message = Message { id: "msg_1", body: "{}" };
        let outcome = sender.send(&url, &[], message, Timestamp::UNIX_EPOCH).await;
        assert_eq!(outcome, Outcome::failed("webhook.unreachable"));
    }
}
