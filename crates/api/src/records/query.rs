//! Parses the parameters of record lists. No I/O.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jiff::civil::Date;
use people::catalog::Column;
use people::{Kind, RemoteId, search_key};
use serde::{Deserialize, Serialize};
use store::{ListCondition, ListFilter, ListPosition};
use utoipa::IntoParams;
use web::problem::Problem;

use super::view::{FieldSelection, StatusFilter};
use crate::paging::page_size;

const DEFAULT_LIMIT: u32 = 100;
const MAX_LIMIT: u32 = 500;

/// Longer texts are no ids or numbers of Lucca's.
const LONGEST_VALUE: usize = 100;
/// Longer texts are no e-mail addresses.
const LONGEST_EMAIL: usize = 254;
const MOST_IDS: usize = 100;
const LONGEST_IDS: usize = 2_000;

/// Version of the cursor format: after a change of it, older cursors are refused instead of misread.
const VERSION: u8 = 2;

/// Filters that not every kind has.
const CONDITIONS: [(&str, &[Kind]); 12] = [
    ("employee_id", &[Kind::Employment, Kind::Absence, Kind::AbsenceRequest]),
    ("department_id", &[Kind::Employee, Kind::Absence]),
    ("manager_id", &[Kind::Employee]),
    ("employee_number", &[Kind::Employee]),
    ("work_email", &[Kind::Employee]),
    ("leave_type_id", &[Kind::Absence]),
    ("from", &[Kind::Absence]),
    ("to", &[Kind::Absence]),
    ("establishment_id", &[Kind::Employee, Kind::Employment]),
    ("legal_unit_id", &[Kind::Employee, Kind::Employment, Kind::Establishment]),
    ("status", &[Kind::Employee, Kind::Absence]),
    ("search", &[Kind::Employee]),
];

/// Whether the lists of a kind accept a parameter.
pub(crate) fn takes(kind: Kind, parameter: &str) -> bool {
    CONDITIONS.iter().find(|(name, _)| *name == parameter).is_none_or(|(_, kinds)| kinds.contains(&kind))
}

/// Filters and options of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    /// Maximum number of records; 100 by default.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
    /// The `next_cursor` of the previous page.
    cursor: Option<String>,
    /// Only records written here at or after this time, in whole seconds, in the order in which they were
    /// written. An employee counts as written when one of their employments is written, and when one begins
    /// or ends by the calendar.
    #[param(example = "2026-11-25T10:00:00Z", format = DateTime)]
    modified_after: Option<String>,
    /// Whether to include records that are gone in Lucca, or no longer shown to the key; `state`
    /// distinguishes them.
    include_deleted: Option<bool>,
    /// Only these members of each record, separated by commas; `id` is always included.
    #[param(example = "id,name,department_id", pattern = "^[a-z0-9_]+(,[a-z0-9_]+){0,99}$")]
    fields: Option<String>,
    /// Additional members, separated by commas: `raw` (the record as Lucca sent it, if stored), and related records.
    #[param(example = "raw", pattern = "^[a-z_]+(,[a-z_]+)*$")]
    include: Option<String>,
    /// For employees: `active`, `future` or `former`, as of today. For absences: `pending`, `approved`, `denied`, `cancelled`
    /// or `cancellation_pending`. A page may have fewer than `limit`
    /// records, or none, and still have a `next_cursor`, since one page reads a limited number of records.
    #[param(example = "active", pattern = "^[a-z_]+$")]
    status: Option<String>,
    /// For employees and employments: as of this past or future day. For employees this covers status,
    /// contract, department, manager, establishment and job, with the sources in `position`; all other
    /// members are current. For employments it selects those in force. Pages may be short, as with `status`.
    #[param(example = "2026-01-01", format = Date)]
    as_of: Option<String>,
    /// For employments, absences and absence requests: only those of this employee.
    #[param(min_length = 1, max_length = 100, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]+$", example = "7")]
    employee_id: Option<String>,
    /// Only the records with these ids in Lucca, separated by commas, at most 100. The order stays that of the list.
    #[param(min_length = 1, max_length = 2_000, example = "7,12")]
    ids: Option<String>,
    /// For employees: only those of this department. For absences: only those of its employees.
    #[param(min_length = 1, max_length = 100, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]+$", example = "7")]
    department_id: Option<String>,
    /// For employees: only the direct reports of this employee.
    #[param(min_length = 1, max_length = 100, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]+$", example = "7")]
    manager_id: Option<String>,
    /// For employees: only those with this employee number. Case and spaces around it make no difference.
    #[param(min_length = 1, max_length = 100, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]+$", example = "00042")]
    employee_number: Option<String>,
    /// For employees: only those with this work e-mail address. Case, accents and spaces around it make no difference.
    #[param(
        min_length = 1,
        max_length = 254,
        pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]+$",
        example = "zoe.roux@acme.example"
    )]
    work_email: Option<String>,
    /// For absences: only those of which a half-day has this leave type. Pages may be short, as with `status`.
    #[param(min_length = 1, max_length = 100, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]+$", example = "34")]
    leave_type_id: Option<String>,
    /// For absences: only those that end on this day or later.
    #[param(example = "2026-05-01", format = Date)]
    from: Option<String>,
    /// For absences: only those that begin on this day or earlier.
    #[param(example = "2026-05-31", format = Date)]
    to: Option<String>,
    /// For employees and employments: only those of this establishment.
    #[param(min_length = 1, max_length = 100, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]+$", example = "7")]
    establishment_id: Option<String>,
    /// For establishments: only those of this legal unit. For employees and employments: only those of its establishments.
    #[param(min_length = 1, max_length = 100, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]+$", example = "1")]
    legal_unit_id: Option<String>,
    /// For employees: only those with this text in their name, login, work e-mail, employee number or job title. Case,
    /// accents and the form of Unicode make no difference.
    #[param(min_length = 1, max_length = 100, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]+$", example = "lefevre")]
    search: Option<String>,
}

/// A validated list request.
#[derive(Debug)]
pub(crate) struct ListRequest {
    pub(crate) filter: ListFilter,
    pub(crate) limit: u32,
    pub(crate) status: Option<StatusFilter>,
    pub(crate) as_of: Option<Date>,
    /// Filters that apply to the values on the day of `as_of`: the column has one of the values.
    pub(crate) equal_then: Vec<(Column, Vec<RemoteId>)>,
    /// Only absences with this leave type.
    pub(crate) leave_type: Option<RemoteId>,
    /// Only records of this legal unit: see [`Self::narrow_to`].
    pub(crate) legal_unit: Option<RemoteId>,
    /// The parameters of the filters, and the members that they compare: an account that does not deliver a member
    /// refuses the filter.
    pub(crate) compared: Vec<(&'static str, Kind, &'static str)>,
    pub(crate) selection: FieldSelection,
}

impl ListRequest {
    /// Selects only records of these establishments.
    pub(crate) fn narrow_to(&mut self, kind: Kind, establishments: Vec<RemoteId>) {
        let column = Column::EstablishmentId;
        match kind {
            Kind::Establishment => self.filter.conditions.push(ListCondition::Ids(establishments)),
            Kind::Employee if self.as_of.is_some() => self.equal_then.push((column, establishments)),
            _ => self.filter.conditions.push(ListCondition::OneOf(column, establishments)),
        }
    }

    /// Whether records are filtered out after they are read from the store.
    pub(crate) fn is_selective(&self) -> bool {
        self.status.is_some()
            || self.as_of.is_some()
            || self.filter.search.is_some()
            || self.leave_type.is_some()
    }
}

#[derive(Serialize, Deserialize)]
struct Cursor {
    v: u8,
    kind: String,
    after: RemoteId,
    /// When the record was last touched, for lists in that order.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<i64>,
}

/// Encodes the end of a page as a cursor.
pub(crate) fn cursor(kind: Kind, filter: &ListFilter, place: ListPosition) -> String {
    let at = filter.modified_since.map(|_| place.touched_us);
    let cursor = Cursor { v: VERSION, kind: kind.name().to_owned(), after: place.id, at };
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&cursor).unwrap_or_default())
}

fn invalid(field: &'static str, detail: impl Into<String>) -> Problem {
    Problem::field(field, "request.invalid", detail)
}

impl ListQuery {
    /// Parses the parameters for the list of a kind.
    pub(crate) fn read(self, kind: Kind) -> Result<ListRequest, Problem> {
        let limit = page_size(self.limit, DEFAULT_LIMIT, MAX_LIMIT)?;
        let is_by_time = self.modified_after.is_some();
        let after = self.cursor.as_deref().map(|text| read_cursor(kind, is_by_time, text)).transpose()?;
        let modified_since = self.modified_after.map(|text| text.parse::<Timestamp>()).transpose();
        let modified_since = modified_since.map_err(|_| {
            invalid(
                "modified_after",
                "`modified_after` must be a time with a zone, such as 2026-11-25T10:00:00Z.",
            )
        })?;
        let status = self.status.map(|text| read_status(kind, &text)).transpose()?;
        let mut conditions = Vec::new();
        let mut compared = Vec::new();
        let mut equal_then = Vec::new();
        if let Some(ids) = self.ids {
            conditions.push(ListCondition::Ids(read_ids(&ids)?));
        }
        let as_of = self.as_of.map(|text| read_day(kind, &text)).transpose()?;
        let members = [
            (Column::EmployeeId, self.employee_id),
            (Column::DepartmentId, self.department_id),
            (Column::ManagerId, self.manager_id),
            (Column::EstablishmentId, self.establishment_id),
            (Column::EmployeeNumber, self.employee_number),
            (Column::WorkEmail, self.work_email),
        ];
        for (column, value) in members {
            let Some(value) = value else { continue };
            let id = read_value(kind, column.name(), value)?;
            if kind == Kind::Absence && column == Column::DepartmentId {
                conditions.push(ListCondition::EmployeeInDepartment(id));
                continue;
            }
            compared.push((column.name(), kind, column.name()));
            let is_current =
                matches!(column, Column::EmployeeNumber | Column::WorkEmail | Column::EmployeeId);
            if as_of.is_some() && kind == Kind::Employee && !is_current {
                // Today's values must not decide who is selected on another day.
                equal_then.push((column, vec![id]));
            } else {
                conditions.push(ListCondition::Equal(column, column.fold(id.to_string())));
            }
        }
        for (parameter, value, member, condition) in [
            ("from", self.from, "last", ListCondition::EndsFrom as fn(Date) -> _),
            ("to", self.to, "first", ListCondition::BeginsBy),
        ] {
            let Some(day) = value else { continue };
            if !takes(kind, parameter) {
                return Err(no_condition(parameter));
            }
            let day = day.parse::<Date>();
            let day = day.map_err(|_| {
                invalid(parameter, format!("`{parameter}` must be a day, such as 2026-01-01."))
            })?;
            compared.push((parameter, kind, member));
            conditions.push(condition(day));
        }
        let leave_type =
            self.leave_type_id.map(|value| read_value(kind, "leave_type_id", value)).transpose()?;
        compared.extend(leave_type.as_ref().map(|_| ("leave_type_id", kind, "leave_type_ids")));
        let legal_unit =
            self.legal_unit_id.map(|value| read_value(kind, "legal_unit_id", value)).transpose()?;
        if legal_unit.is_some() {
            compared.push(("legal_unit_id", Kind::Establishment, "legal_unit_id"));
            if kind != Kind::Establishment {
                compared.push(("legal_unit_id", kind, "establishment_id"));
            }
        }
        let search = self.search.as_deref().map(|text| read_search(kind, text)).transpose()?;
        let selection = FieldSelection::read(kind, self.fields.as_deref(), self.include.as_deref())?;
        Ok(ListRequest {
            filter: ListFilter {
                after,
                modified_since,
                with_deleted: self.include_deleted.unwrap_or(false),
                with_raw: selection.with_raw,
                conditions,
                search,
            },
            limit,
            status,
            as_of,
            equal_then,
            leave_type,
            legal_unit,
            compared,
            selection,
        })
    }
}

fn no_condition(parameter: &'static str) -> Problem {
    invalid(parameter, "This list has no such filter.")
}

/// Parses the value of a filter.
fn read_value(kind: Kind, parameter: &'static str, value: String) -> Result<RemoteId, Problem> {
    if !takes(kind, parameter) {
        return Err(no_condition(parameter));
    }
    let longest = if parameter == "work_email" { LONGEST_EMAIL } else { LONGEST_VALUE };
    if value.is_empty() || value.len() > longest || value.chars().any(char::is_control) {
        return Err(invalid(
            parameter,
            format!("`{parameter}` must have 1 to {longest} bytes, none of them a control character."),
        ));
    }
    Ok(RemoteId::from(value))
}

/// Parses a list of ids.
fn read_ids(text: &str) -> Result<Vec<RemoteId>, Problem> {
    let ids: Vec<&str> = text.split(',').map(str::trim).collect();
    let is_id = |id: &&str| (1..=LONGEST_VALUE).contains(&id.len()) && !id.chars().any(char::is_control);
    if text.chars().count() > LONGEST_IDS || ids.len() > MOST_IDS || !ids.iter().all(is_id) {
        return Err(invalid(
            "ids",
            "`ids` must be a list of at most 100 ids and 2,000 characters, separated by commas.",
        ));
    }
    Ok(ids.into_iter().map(RemoteId::from).collect())
}

pub(crate) fn read_cursor(kind: Kind, is_by_time: bool, text: &str) -> Result<ListPosition, Problem> {
    let read =
        URL_SAFE_NO_PAD.decode(text).ok().and_then(|json| serde_json::from_slice::<Cursor>(&json).ok());
    // No id contains NUL, and PostgreSQL refuses it.
    let is_ours = |cursor: &Cursor| {
        cursor.v == VERSION
            && cursor.kind == kind.name()
            && cursor.at.is_some() == is_by_time
            && !cursor.after.as_str().contains('\0')
    };
    let place = |cursor: Cursor| ListPosition { id: cursor.after, touched_us: cursor.at.unwrap_or_default() };
    read.filter(is_ours).map(place).ok_or_else(|| {
        invalid("cursor", "`cursor` must be the `next_cursor` of a page of this list, of this version. Start again without it.")
    })
}

/// Parses the day of `as_of`.
pub(crate) fn read_day(kind: Kind, text: &str) -> Result<Date, Problem> {
    if !matches!(kind, Kind::Employee | Kind::Employment) {
        return Err(invalid(
            "as_of",
            "`as_of` applies to employees, employments and the department tree only.",
        ));
    }
    read_date(text)
}

/// Parses a day.
pub(crate) fn read_date(text: &str) -> Result<Date, Problem> {
    text.parse().map_err(|_| invalid("as_of", "`as_of` must be a day, such as 2026-01-01."))
}

fn read_search(kind: Kind, text: &str) -> Result<String, Problem> {
    if !takes(kind, "search") {
        return Err(no_condition("search"));
    }
    if text.trim().is_empty() || text.len() > 100 || text.chars().any(char::is_control) {
        return Err(invalid(
            "search",
            "`search` must have 1 to 100 bytes, none of them a control character.",
        ));
    }
    Ok(search_key(text.trim()))
}

fn read_status(kind: Kind, text: &str) -> Result<StatusFilter, Problem> {
    if !takes(kind, "status") {
        return Err(no_condition("status"));
    }
    let read = match kind {
        Kind::Absence => text.parse().map(StatusFilter::Absence),
        _ => text.parse().map(StatusFilter::Employee),
    };
    read.map_err(|error| invalid("status", format!("`status` must be one of: {}.", error.known.join(", "))))
}
