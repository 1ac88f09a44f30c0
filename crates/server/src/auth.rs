//! Who may use the API: today the operator, by the key in the data directory.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};

use crate::app::App;
use crate::limits::Sender;
use crate::problem::Problem;

/// Proof that the request carries the operator's key. A handler that takes it can't forget to ask.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operator;

impl FromRequestParts<App> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = header.and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
        });
        match token {
            Some(token) if app.is_operator(token) => Ok(Self),
            shown => {
                if shown.is_some() {
                    let Ok(Sender(from)) = Sender::from_request_parts(parts, app).await;
                    app.limits.refused_key(from)?;
                }
                Err(Problem::new(
                    StatusCode::UNAUTHORIZED,
                    "unauthorized",
                    "Send the operator's key, from the file operator-token in the data directory, as \
                     Authorization: Bearer KEY.",
                ))
            }
        }
    }
}
