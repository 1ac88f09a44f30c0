//! Converts errors about absences into problems: status, stable code, data for programs, and advice for the
//! caller. Never includes Lucca's URLs, which contain employees' ids.

use absences::{Error, Lacking};
use axum::http::StatusCode;
use linking::Permission;

use crate::problem::{More, Problem, sentences};

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let status = match &error {
            Error::InvalidKey => StatusCode::BAD_REQUEST,
            Error::NotPermitted(_) => StatusCode::FORBIDDEN,
            Error::UnknownEmployee | Error::UnknownAbsence => StatusCode::NOT_FOUND,
            Error::NoAbsenceApi | Error::KeyReused | Error::ConfirmationNeeded(_) | Error::WrongState(_) => {
                StatusCode::CONFLICT
            }
            Error::AmbiguousEmployee(_)
            | Error::Problems(_)
            | Error::CommentRequired
            | Error::NotItsHalfDay(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Error::Lucca(error) => return error.into(),
            Error::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let (code, detail) = (error.code(), sentences(&error.to_string(), &error.advice()));
        let more = match error {
            Error::Store(error) => return error.into(),
            Error::Problems(problems) => {
                More { problems: problems.into_iter().map(Into::into).collect(), ..More::default() }
            }
            Error::AmbiguousEmployee(candidates) => {
                More { candidates: candidates.into_iter().map(Into::into).collect(), ..More::default() }
            }
            Error::ConfirmationNeeded(warnings) => {
                More { warnings: warnings.into_iter().map(Into::into).collect(), ..More::default() }
            }
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
