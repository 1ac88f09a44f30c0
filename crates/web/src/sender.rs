//! The IP address of a request's client, read from the connection or from a trusted proxy's header. The rate
//! limits counted by it are in `limits`.

use std::net::IpAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;

use crate::app::App;

/// The client's IP address.
#[derive(Clone, Copy, Debug)]
pub struct Sender(
    /// `0.0.0.0` if it is not known.
    pub IpAddr,
);

impl FromRequestParts<App> for Sender {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let peer = parts.extensions.get::<ConnectInfo<std::net::SocketAddr>>().map(|info| info.0.ip());
        let forwarded = || {
            // The operator's own proxy added the last address; clients can forge those before it.
            let header = parts.headers.get_all("x-forwarded-for").iter().next_back()?;
            header.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
        };
        let forwarded = if app.config.trust_forwarded_for { forwarded() } else { None };
        let unknown = IpAddr::from([0, 0, 0, 0]);
        Ok(Self(forwarded.or(peer).unwrap_or(unknown)))
    }
}
