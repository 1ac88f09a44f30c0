//! Sends one webhook once, to an address that somebody else chose. What comes back is a status; the body is not looked at.

use std::time::Duration;

use jiff::Timestamp;
use lucca::{HostPolicy, Reach};
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use secrecy::SecretString;

use super::signature::signatures;
use super::target::{Target, TargetRefused};

/// Connecting, sending and the whole answer.
const TIMEOUT: Duration = Duration::from_secs(15);

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
    policy: HostPolicy,
}

impl Sender {
    pub(crate) fn new(policy: HostPolicy) -> Result<Self, lucca::Error> {
        let client = |reach| lucca::guarded_client(reach, HeaderMap::new(), TIMEOUT);
        let loopback = (policy == HostPolicy::AllowLoopback).then(|| client(Reach::Loopback)).transpose()?;
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
        let header = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = header.and_then(|header| lucca::retry_after(header, now));
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
    if lucca::is_address_refused(error) {
        TargetRefused::NotPublic.code()
    } else if error.is_timeout() {
        "webhook.timeout"
    } else {
        "webhook.unreachable"
    }
}
