//! Sends the tenant's queued notifications to their receivers. Not included: what they say (`notifications`).

use std::time::Duration;

use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use url::Url;

use crate::{notifications::Notification, tenant::Tenant};

/// Sends notifications in order, without end. A receiver that does not answer gets the next one.
// unverified: whether, and how often, the HTTP synchronisation retries (source: absences.md §9.1): here
// never.
pub(crate) async fn run_notifications(tenant: Tenant) {
    loop {
        for notification in tenant.state().notifications().await {
            let sent = tokio::time::timeout(Duration::from_secs(3), send(&notification)).await;
            let status = sent.ok().and_then(Result::ok).unwrap_or(0);
            tenant.state().record_notified(status);
        }
    }
}

async fn send(notification: &Notification) -> Result<u16, Box<dyn std::error::Error + Send + Sync>> {
    let url: Url = notification.url.parse()?;
    let (host, port) = (url.host_str().unwrap_or("localhost"), url.port_or_known_default().unwrap_or(80));
    let stream = TcpStream::connect((host, port)).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let mut request = hyper::Request::post(url.path())
        .header("host", format!("{host}:{port}"))
        .header("content-type", "application/json");
    for (name, value) in &notification.headers {
        request = request.header(*name, value);
    }
    let answer = sender.send_request(request.body(notification.body.clone())?).await?;
    connection.abort();
    Ok(answer.status().as_u16())
}
