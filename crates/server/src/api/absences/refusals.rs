//! What goes wrong with absences, as the API says it: a status, the stable code, what a program needs to go on, and
//! what a person can do. Never Lucca's addresses, which hold ids of people.

use absences::{Error, Lacking};
use axum::http::StatusCode;
use linking::Permission;
use lucca::Action;

use super::views::all;
use crate::problem::{More, Problem};

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let status = match &error {
            Error::InvalidKey => StatusCode::BAD_REQUEST,
            Error::NotPermitted(_) => StatusCode::FORBIDDEN,
            Error::UnknownEmployee | Error::UnknownAbsence => StatusCode::NOT_FOUND,
            Error::NoDoor | Error::KeyReused | Error::ConfirmationNeeded(_) | Error::WrongState(_) => {
                StatusCode::CONFLICT
            }
            Error::Problems(_) | Error::CommentRequired | Error::NotItsHalfDay(_) => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Error::Lucca(error) => return of_lucca(error),
            Error::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let (code, detail) = (error.code(), sentences(&error.to_string(), &error.advice()));
        let more = match error {
            Error::Store(error) => return error.into(),
            Error::Problems(problems) => More { problems: all(problems), ..More::default() },
            Error::ConfirmationNeeded(warnings) => More { warnings: all(warnings), ..More::default() },
            Error::NotPermitted(Lacking::Permission(permission)) => {
                More { permission: Some(permission.name()), ..More::default() }
            }
            Error::NotPermitted(Lacking::Feature) => {
                More { permission: Some(Permission::MakeAbsenceRequests.name()), ..More::default() }
            }
            _ => return Self::new(status, code, detail),
        };
        Self::new(status, code, detail).with(more)
    }
}

/// Lucca could not be asked, or answered something else than was needed.
fn of_lucca(error: &lucca::Error) -> Problem {
    tracing::info!(code = error.code(), status = error.status(), "Lucca could not be asked");
    let status = match (error.action(), error.code()) {
        (Action::Relink, _) => StatusCode::CONFLICT,
        (Action::MissingPermission, _) => StatusCode::FORBIDDEN,
        (Action::Wait(_), _) => StatusCode::SERVICE_UNAVAILABLE,
        (_, "lucca.timeout") => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::BAD_GATEWAY,
    };
    let problem = Problem::new(status, error.code(), sentences("Lucca could not be asked", &error.advice()));
    match error.action() {
        Action::Wait(wait) => problem.retry_after(wait.as_secs().max(1)),
        _ => problem,
    }
}

/// What is wrong, and what to do about it.
fn sentences(what: &str, advice: &str) -> String {
    let mut letters = what.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}. {advice}", letters.as_str())
}
