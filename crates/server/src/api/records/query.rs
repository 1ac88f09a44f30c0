//! Which records are asked for, and how much of them. No I/O.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jiff::civil::Date;
use people::{EmployeeStatus, Kind, RemoteId};
use serde::{Deserialize, Serialize};
use store::{ListFilter, ListPlace};
use utoipa::IntoParams;

use super::view::Shape;
use crate::api::page_size;
use crate::problem::Problem;

const USUAL: u32 = 100;
const MOST: u32 = 500;

/// The form of cursors: a change of it makes those given before unreadable rather than wrong.
const VERSION: u8 = 2;

/// Conditions that not every kind has.
const CONDITIONS: [(&str, &[Kind]); 4] = [
    ("employee_id", &[Kind::Employment, Kind::Absence, Kind::AbsenceRequest]),
    ("department_id", &[Kind::Employee]),
    ("establishment_id", &[Kind::Employee, Kind::Employment]),
    ("status", &[Kind::Employee]),
];

/// Whether the lists of a kind take a parameter.
pub(crate) fn takes(kind: Kind, parameter: &str) -> bool {
    CONDITIONS.iter().find(|(name, _)| *name == parameter).is_none_or(|(_, kinds)| kinds.contains(&kind))
}

/// Which records, and how much of them.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    /// So many at most; 100 by default.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
    /// Where the page before ended: its `next_cursor`.
    cursor: Option<String>,
    /// Only what was written here at this time or later, in whole seconds, in the order in which it was. An employee
    /// counts as written when one of their employments is, and when one begins or ended by the calendar.
    #[param(example = "2026-11-25T10:00:00Z", format = DateTime)]
    modified_after: Option<String>,
    /// Also what is gone in Lucca, or not shown to the key any more; `state` says which.
    include_deleted: Option<bool>,
    /// Only these members of each record, separated by commas; `id` is always there.
    #[param(example = "id,name,department_id", pattern = "^[a-z0-9_]+(,[a-z0-9_]+){0,99}$")]
    fields: Option<String>,
    /// More of each record, separated by commas: `raw` (as Lucca sent it, where that is kept); of employees `manager`,
    /// `department`.
    #[param(example = "raw", pattern = "^(raw|manager|department)(,(raw|manager|department))*$")]
    include: Option<String>,
    /// Of employees: `active`, `future` or `former`, by the date of today. A page may hold fewer than `limit`, or none,
    /// and still have a `next_cursor`: so many people were looked through for it.
    #[param(example = "active", pattern = "^(active|future|former)$")]
    status: Option<String>,
    /// Of employees and employments: as they stood on this day, or will. Of people that is their status, contract,
    /// department, manager, establishment and job, with `position` telling how each is known; all else is as it is now. Of
    /// employments those in force. Pages may be short, as with `status`.
    #[param(example = "2026-01-01", format = Date)]
    as_of: Option<String>,
    /// Of employments, absences and absence requests: of this employee only.
    #[param(min_length = 1, max_length = 100, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]+$", example = "7")]
    employee_id: Option<String>,
    /// Of employees: of this department only.
    #[param(min_length = 1, max_length = 100, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]+$", example = "7")]
    department_id: Option<String>,
    /// Of employees and employments: of this establishment only.
    #[param(min_length = 1, max_length = 100, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]+$", example = "7")]
    establishment_id: Option<String>,
}

/// A list that is asked for, read.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) filter: ListFilter,
    pub(crate) limit: u32,
    pub(crate) status: Option<EmployeeStatus>,
    pub(crate) as_of: Option<Date>,
    /// Conditions that are to hold on that day.
    pub(crate) equal_then: Vec<(&'static str, RemoteId)>,
    pub(crate) shape: Shape,
}

impl Wanted {
    /// Whether records are left out of what is read.
    pub(crate) fn is_selective(&self) -> bool {
        self.status.is_some() || self.as_of.is_some()
    }
}

#[derive(Serialize, Deserialize)]
struct Cursor {
    v: u8,
    kind: String,
    after: RemoteId,
    /// When it was touched, where the list is in that order.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<i64>,
}

/// Where a page ends.
pub(crate) fn cursor(kind: Kind, filter: &ListFilter, place: ListPlace) -> String {
    let at = filter.modified_since.map(|_| place.touched_us);
    let cursor = Cursor { v: VERSION, kind: kind.name().to_owned(), after: place.id, at };
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&cursor).unwrap_or_default())
}

fn invalid(field: &'static str, detail: impl Into<String>) -> Problem {
    Problem::field(field, "request.invalid", detail)
}

impl ListQuery {
    /// What is asked for of a kind.
    pub(crate) fn read(self, kind: Kind) -> Result<Wanted, Problem> {
        let limit = page_size(self.limit, USUAL, MOST)?;
        let is_by_time = self.modified_after.is_some();
        let after = self.cursor.as_deref().map(|text| read_cursor(kind, is_by_time, text)).transpose()?;
        let modified_since = self.modified_after.map(|text| text.parse::<Timestamp>()).transpose();
        let modified_since = modified_since.map_err(|_| {
            invalid("modified_after", "It is a time with a zone, such as 2026-11-25T10:00:00Z.")
        })?;
        let status = self.status.map(|text| read_status(kind, &text)).transpose()?;
        let members = [
            ("employee_id", self.employee_id),
            ("department_id", self.department_id),
            ("establishment_id", self.establishment_id),
        ];
        let mut equal = Vec::new();
        for (member, value) in members {
            let Some(value) = value else { continue };
            if !takes(kind, member) {
                return Err(invalid(member, "This list has no such condition."));
            }
            if value.is_empty() || value.len() > 100 || value.chars().any(char::is_control) {
                return Err(invalid(member, "It is an id of Lucca's."));
            }
            equal.push((member, RemoteId::from(value)));
        }
        let as_of = self.as_of.map(|text| read_day(kind, &text)).transpose()?;
        // What people are found by today says nothing of another day.
        let equal_then =
            if as_of.is_some() && kind == Kind::Employee { std::mem::take(&mut equal) } else { Vec::new() };
        let shape = Shape::read(kind, self.fields.as_deref(), self.include.as_deref())?;
        Ok(Wanted {
            filter: ListFilter {
                after,
                modified_since,
                with_deleted: self.include_deleted.unwrap_or(false),
                with_raw: shape.with_raw,
                equal,
            },
            limit,
            status,
            as_of,
            equal_then,
            shape,
        })
    }
}

pub(crate) fn read_cursor(kind: Kind, is_by_time: bool, text: &str) -> Result<ListPlace, Problem> {
    let read =
        URL_SAFE_NO_PAD.decode(text).ok().and_then(|json| serde_json::from_slice::<Cursor>(&json).ok());
    // NUL is no part of any id, and PostgreSQL refuses it.
    let is_ours = |cursor: &Cursor| {
        cursor.v == VERSION
            && cursor.kind == kind.name()
            && cursor.at.is_some() == is_by_time
            && !cursor.after.as_str().contains('\0')
    };
    let place = |cursor: Cursor| ListPlace { id: cursor.after, touched_us: cursor.at.unwrap_or_default() };
    read.filter(is_ours).map(place).ok_or_else(|| {
        invalid("cursor", "It is not one of this list, or one of an earlier version: begin without it.")
    })
}

/// The day of `as_of`.
pub(crate) fn read_day(kind: Kind, text: &str) -> Result<Date, Problem> {
    if !matches!(kind, Kind::Employee | Kind::Employment) {
        return Err(invalid(
            "as_of",
            "Only people, employments and the tree of departments are known of other days.",
        ));
    }
    read_date(text)
}

/// A day.
pub(crate) fn read_date(text: &str) -> Result<Date, Problem> {
    text.parse().map_err(|_| invalid("as_of", "It is a day, such as 2026-01-01."))
}

fn read_status(kind: Kind, text: &str) -> Result<EmployeeStatus, Problem> {
    if !takes(kind, "status") {
        return Err(invalid("status", "This list has no such condition."));
    }
    let all = [EmployeeStatus::Active, EmployeeStatus::Future, EmployeeStatus::Former];
    let found = all.into_iter().find(|status| status.to_string() == text);
    found.ok_or_else(|| invalid("status", "It is active, future or former."))
}
