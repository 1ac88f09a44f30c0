//! Problems and warnings of absence requests, and the errors of this crate.

use linking::Permission;
use people::Language;
use people::{HalfDay, PersonCandidate};
use serde::{Deserialize, Serialize};
use store::SubmissionState;

/// The stable code of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ProblemCode {
    /// The period is empty, too long, or invalid.
    #[serde(rename = "absence.invalid_period")]
    InvalidPeriod,
    /// The duration does not fit the period or the leave type.
    #[serde(rename = "absence.invalid_duration")]
    InvalidDuration,
    /// The comment is too long, or the API supports none.
    #[serde(rename = "absence.invalid_comment")]
    InvalidComment,
    /// The employee may not use the leave type in this period.
    #[serde(rename = "absence.type_not_offered")]
    TypeNotOffered,
    /// The employee works on none of these half-days.
    #[serde(rename = "absence.nothing_to_take")]
    NothingToTake,
    /// The employee is absent already.
    #[serde(rename = "absence.overlap")]
    Overlap,
    /// The leave type is taken in whole days.
    #[serde(rename = "absence.half_day_not_allowed")]
    HalfDayNotAllowed,
    /// The leave type is closed for this period.
    #[serde(rename = "absence.closed")]
    Closed,
    /// The reference fits several employees.
    #[serde(rename = "absence.ambiguous_employee")]
    AmbiguousEmployee,
    /// The store lacks data of the employee that the import needs.
    #[serde(rename = "absence.not_importable")]
    NotImportable,
    /// Lucca refused the request.
    #[serde(rename = "absence.refused")]
    Refused,
    /// A warning must be confirmed first.
    #[serde(rename = "absence.confirmation_needed")]
    ConfirmationNeeded,
    /// The submission was sent, and Lucca has not created it.
    #[serde(rename = "absence.not_created", alias = "absence.not_made")]
    NotCreated,
}

people::names! {
    ProblemCode: "problem code" {
        InvalidPeriod = "absence.invalid_period",
        InvalidDuration = "absence.invalid_duration",
        InvalidComment = "absence.invalid_comment",
        TypeNotOffered = "absence.type_not_offered",
        NothingToTake = "absence.nothing_to_take",
        Overlap = "absence.overlap",
        HalfDayNotAllowed = "absence.half_day_not_allowed",
        Closed = "absence.closed",
        AmbiguousEmployee = "absence.ambiguous_employee",
        NotImportable = "absence.not_importable",
        Refused = "absence.refused",
        ConfirmationNeeded = "absence.confirmation_needed",
        NotCreated = "absence.not_created",
    }
}

/// A problem that prevents an absence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The stable code.
    pub code: ProblemCode,
    /// The field it concerns, by its name in the API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The problem in English, for display.
    pub message: String,
    /// Lucca's own text, in the language of the API key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lucca: Option<String>,
    /// The half-days it concerns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub half_days: Vec<HalfDay>,
    /// The employees that a reference matches, or nearly matches. Their names are here and not in `message`,
    /// which may be logged.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub candidates: Box<[PersonCandidate]>,
}

impl Problem {
    pub(crate) fn new(code: ProblemCode, message: impl Into<String>) -> Self {
        Self {
            code,
            field: None,
            message: message.into(),
            lucca: None,
            half_days: Vec::new(),
            candidates: Box::default(),
        }
    }

    pub(crate) fn on(mut self, field: &str) -> Self {
        self.field = Some(field.to_owned());
        self
    }

    pub(crate) fn in_lucca_s_words(mut self, words: Option<&str>) -> Self {
        self.lucca = words.map(str::to_owned);
        self
    }

    /// The problem of a request that Lucca refused outright.
    pub(crate) fn of_refusal(error: &lucca::Error) -> Self {
        Self::new(ProblemCode::Refused, "Lucca refused the request").in_lucca_s_words(error.lucca_message())
    }
}

/// A message from Lucca about a request that it does not refuse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// The id by which callers acknowledge the warning.
    pub id: String,
    /// Lucca's text, in the language of the API key.
    pub text: String,
    /// Whether the request is only sent once the warning is acknowledged.
    pub must_be_confirmed: bool,
}

/// Errors of absence requests.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The linked account, or its key, lacks a feature or a permission. Nothing was sent.
    #[error("the API key is not permitted to do this: it lacks {}", .0.label())]
    NotPermitted(Lacking),
    /// The tenant offers no API for requests.
    #[error(
        "the tenant offers neither Lucca's leave request factory nor its leave import, so no absence can be \
         requested"
    )]
    NoAbsenceApi,
    /// The linked account has no employee with this id.
    #[error("the linked account has no such employee")]
    UnknownEmployee,
    /// The reference matches several employees, who are listed; no request was sent to Lucca.
    #[error("several employees match this reference")]
    AmbiguousEmployee(Vec<PersonCandidate>),
    /// The linked account has no absence with this id.
    #[error("the linked account has no such absence, absence request or absence submission")]
    UnknownAbsence,
    /// The idempotency key was used for another submission.
    #[error("this idempotency key was used for another absence submission")]
    KeyReused,
    /// The idempotency key is empty, too long, or has characters other than visible ASCII.
    #[error("the idempotency key must have 1 to 200 visible ASCII characters")]
    InvalidKey,
    /// The request has problems. Nothing was sent.
    #[error("the absence can't be requested: {}", first_message(.0))]
    Problems(Vec<Problem>),
    /// Warnings must be confirmed first. Nothing was created.
    #[error("Lucca's warnings must be acknowledged first")]
    ConfirmationNeeded(Vec<Warning>),
    /// The absence's state does not allow this.
    #[error("an absence request in status {0} does not allow this")]
    WrongState(String),
    /// A denial without a comment.
    #[error("the comment is missing: a denial needs one")]
    CommentRequired,
    /// The absence does not have this half-day.
    #[error("the absence does not have this half-day: {0}")]
    NotItsHalfDay(HalfDay),
    /// A request to Lucca failed.
    #[error("a request to Lucca failed")]
    Lucca(#[from] lucca::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

fn first_message(problems: &[Problem]) -> &str {
    problems.first().map_or("the request has an unspecified problem", |problem| &problem.message)
}

/// The missing permission or feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lacking {
    /// The linked account does not include absence requests: the linking flow did not request the feature.
    Feature,
    /// A permission of the key.
    Permission(Permission),
    /// An operation of the role in Lucca Absences.
    // unverified: which operation guards which action; the names are those of Lucca's help (source:
    // absences.md §10).
    Operation(&'static str),
}

impl Lacking {
    fn label(&self) -> &'static str {
        match self {
            Self::Feature => "the feature absence_requests, which this account was linked without",
            Self::Permission(permission) => permission.label(Language::English).text,
            Self::Operation(operation) => operation,
        }
    }
}

impl Error {
    /// The error's stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotPermitted(_) => "absence.not_permitted",
            Self::NoAbsenceApi => "absence.no_api",
            Self::UnknownEmployee => "absence.unknown_employee",
            Self::AmbiguousEmployee(_) => ProblemCode::AmbiguousEmployee.name(),
            Self::UnknownAbsence => "absence.unknown",
            Self::KeyReused => "absence.idempotency_key_reused",
            Self::InvalidKey => "absence.invalid_idempotency_key",
            Self::Problems(problems) => {
                problems.first().map_or(ProblemCode::Refused, |problem| problem.code).name()
            }
            Self::ConfirmationNeeded(_) => ProblemCode::ConfirmationNeeded.name(),
            Self::WrongState(_) => "absence.wrong_state",
            Self::CommentRequired => "absence.comment_required",
            Self::NotItsHalfDay(_) => "absence.unknown_half_day",
            Self::Lucca(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    /// The next step for the caller.
    pub fn advice(&self) -> String {
        match self {
            Self::NotPermitted(Lacking::Feature) => {
                "Link again with the feature absence_requests, or add it with `lucca-connector accounts \
                 configure --accept absence_requests`. Then tick its permission in Lucca: Make absence \
                 requests, on the API key's form."
                    .to_owned()
            }
            Self::NotPermitted(Lacking::Permission(permission)) => format!(
                "In Lucca, on the API key's form, tick \"{}\" and save. Then try again.",
                permission.label(Language::English).text
            ),
            Self::NotPermitted(Lacking::Operation(operation)) => format!(
                "In Lucca, open the role that carries the API key's name, grant \"{operation}\" among the \
                 operations of absences, and save. Then try again."
            ),
            Self::NoAbsenceApi => {
                "Check that the tenant has Lucca's absences module. If it has, report this: its API may have \
                 changed."
                    .to_owned()
            }
            Self::UnknownEmployee => {
                "Search the employees of this linked account for the id. New hires appear after the next \
                 sync."
                    .to_owned()
            }
            Self::AmbiguousEmployee(_) => {
                "Write id:…, number:… or email:… with the value to select one employee.".to_owned()
            }
            Self::UnknownAbsence => "List the employee's absences, absence requests or absence submissions \
                                     to find the id."
                .to_owned(),
            Self::KeyReused => "Use a new key for each new submission. Use the same key only to repeat a \
                                submission unchanged."
                .to_owned(),
            Self::InvalidKey => {
                "Send a UUID generated for this submission. Keep it to repeat the submission.".to_owned()
            }
            Self::Problems(_) => {
                "Correct the fields named in the problems. Nothing was created in Lucca.".to_owned()
            }
            Self::ConfirmationNeeded(_) => {
                "Show Lucca's warnings to the employee. Then send the submission again with the warnings' \
                 ids as acknowledged."
                    .to_owned()
            }
            Self::WrongState(_) => "Read its current status: it may have changed meanwhile.".to_owned(),
            Self::CommentRequired => {
                "Send the reason of the denial as the comment: the employee reads it.".to_owned()
            }
            Self::NotItsHalfDay(_) => {
                "Send half-days that the absence takes, such as 2026-05-04 AM.".to_owned()
            }
            Self::Lucca(error) => error.advice(),
            Self::Store(_) => "Try again. If it fails again, check the database.".to_owned(),
        }
    }

    /// Returns `NotPermitted` if Lucca refused for lack of a permission; returns other errors unchanged.
    pub(crate) fn of(error: lucca::Error, lacking: Lacking) -> Self {
        match error.code() {
            "lucca.permission_missing" => Self::NotPermitted(lacking),
            _ => Self::Lucca(error),
        }
    }

    pub(crate) fn wrong_state(state: SubmissionState) -> Self {
        Self::WrongState(state.name().replace('_', " "))
    }
}
