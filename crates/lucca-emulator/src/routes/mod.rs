//! The paths of the API, and the envelope of each generation.
//!
//! Included: routing by lower-cased path. Each module answers one family. Not included: keys and limits
//! (`server`), the query language (`grammar`).

mod absences;
mod contracts;
mod departments;
mod organization;
pub(crate) mod request;
pub(crate) mod users;
mod v3;
mod v4;

use axum::http::Method;

use self::request::ReadRequest;
pub(crate) use self::v3::generated;
use crate::{
    errors::{Generation, Refusal},
    writes::Write,
};

/// The generation of a path: it decides the shape of errors (source: directory.md §5).
pub(crate) fn generation(path: &str) -> Generation {
    if ["/organization/", "/directory/", "/timmi-absences/"].iter().any(|start| path.starts_with(start)) {
        Generation::V4
    } else {
        Generation::V3
    }
}

/// Answers a GET; `path` is in lower case without a trailing slash.
pub(crate) fn read(path: &str, call: &ReadRequest<'_>) -> Result<String, Refusal> {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    match segments.as_slice() {
        ["api", "v3", "users", rest @ ..] => users::read(call, rest),
        ["api", "v3", "departments", rest @ ..] => departments::read(call, rest),
        ["api", "v3", "leaveperiods", "leavetypes"] => v3::read(call, "leaveaccounts", &[]),
        ["api", "v3", resource @ ("leaves" | "leaverequests" | "leaveperiods" | "userdates"), rest @ ..] => {
            absences::read(call, resource, rest)
        }
        ["api", "v3", resource, rest @ ..] => v3::read(call, resource, rest),
        ["organization", "structure", "api", rest @ ..] => organization::read(call, rest),
        ["directory", "api", "4.0", "work-contracts", rest @ ..] => contracts::read(call, rest),
        ["directory", "api", lookup] => contracts::read_lookup(call, lookup),
        _ => Err(Refusal::no_route()),
    }
}

/// The change for a method on a path, if there is one; `path` is in lower case.
pub(crate) fn write(method: &Method, path: &str) -> Option<Write> {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    match (segments.as_slice(), method.as_str()) {
        (["api", "v3", "users", id], "PUT") => id.parse().ok().map(Write::User),
        (["directory", "api", "4.0", "work-contracts"], "POST") => Some(Write::NewContract),
        (["directory", "api", "4.0", "work-contracts", id], "PATCH") => id.parse().ok().map(Write::Contract),
        _ => None,
    }
}

/// The methods of a path, in the form of `Allow`. unverified: that the tenant sends this header.
pub(crate) fn verbs(path: &str) -> &'static str {
    let answers = |method| write(&method, path).is_some();
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    if matches!(segments.as_slice(), ["api", "v3", "leaves" | "leaverequests", _]) {
        "GET, DELETE"
    } else if answers(Method::PUT) {
        "GET, PUT"
    } else if answers(Method::POST) {
        "GET, POST"
    } else if answers(Method::PATCH) {
        "GET, PATCH"
    } else {
        "GET"
    }
}
