//! Sends one webhook once, to an address that somebody else chose. What comes back is a status; the body is not looked at.

use std::time::Duration;

use jiff::Timestamp;
use net::{NetworkPolicy, Reach};
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use secrecy::SecretString;

use super::signature::signatures;
use crate::USER_AGENT;
use crate::target::{Target, TargetRefused};

/// Connecting, sending and the whole answer.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(15);

/// So much of an answer's body is read, so that the connection can be used again; then it is closed.
const LONGEST_BODY: usize = 64 * 1024;

/// What became of one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// The HTTP status, where there was an answer.
    pub(crate) response: Option<u16>,
    /// Why it is no success, as a stable code.
    pub(crate) error: Option<&'static str>,
    /// How long the receiver asks to wait.
    pub(crate) retry_after: Option<Duration>,
}

impl Outcome {
    fn failed(error: &'static str) -> Self {
        Self { response: None, error: Some(error), retry_after: None }
    }
}

/// What is sent.
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

    /// Sends a message, signed at `now`. The address is looked at again: it was taken under the policy of its time.
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
        // The status is the answer, whatever becomes of the body.
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

    /// Sends to a path of a server that misbehaves: the outcome, and how often the server was asked at all.
    async fn sent_to(path: &str) -> (Outcome, usize) {
        let asked = Arc::<AtomicUsize>::default();
        let counter = Arc::clone(&asked);
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
        (sender.send(&url, &[], message, Timestamp::UNIX_EPOCH).await, asked.load(Ordering::Relaxed))
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed() {
        let refused = Outcome { response: Some(307), error: Some("webhook.refused"), retry_after: None };
        assert_eq!(sent_to("/elsewhere").await, (refused, 1));
    }

    #[tokio::test]
    async fn an_answer_without_end_is_cut_and_its_status_holds() {
        let taken = Outcome { response: Some(200), error: None, retry_after: None };
        assert_eq!(sent_to("/endless").await, (taken, 1));
    }

    /// Tokio's clock goes on by itself when nobody has anything to do.
    #[tokio::test(start_paused = true)]
    async fn a_receiver_that_says_nothing_is_given_up() {
        let (outcome, _) = sent_to("/silent").await;
        assert_eq!(outcome, Outcome::failed("webhook.timeout"));
    }

    #[tokio::test]
    async fn nobody_there_is_no_success() {
        let sender = Sender::new(NetworkPolicy::AllowLoopback).unwrap();
        let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        drop(listener);
        let message = Message { id: "msg_1", body: "{}" };
        let outcome = sender.send(&url, &[], message, Timestamp::UNIX_EPOCH).await;
        assert_eq!(outcome, Outcome::failed("webhook.unreachable"));
    }
}
