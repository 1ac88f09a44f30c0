//! Counts of the data that a key shows: the input of the judgement. No names, no ids.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::diagnosis::Evidence;

/// The outcome of reading a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum ListSight {
    /// Not requested.
    #[default]
    NotAsked,
    /// Lucca refused it to this key.
    Refused {
        /// 401 or 403, where known.
        status: Option<u16>,
    },
    /// Could not be read for another reason.
    Unreadable {
        /// The error's stable code.
        code: String,
    },
    /// Readable.
    Answered {
        /// Records on the first page.
        rows: u64,
        /// Total, if the server counts.
        total: Option<u64>,
    },
}

impl ListSight {
    /// The list's size as evidence: exact, or a lower bound.
    pub(crate) fn shown(&self) -> Evidence {
        match self {
            Self::Answered { rows, total: None } => Evidence::AtLeast { count: *rows },
            _ => Evidence::Shown { count: self.count() },
        }
    }

    /// Records known to exist.
    pub fn count(&self) -> u64 {
        match self {
            Self::Answered { rows, total } => total.unwrap_or(*rows).max(*rows),
            _ => 0,
        }
    }

    /// Whether the list was readable, with or without records.
    pub fn is_answered(&self) -> bool {
        matches!(self, Self::Answered { .. })
    }
}

/// The outcome of reading a field that a permission guards.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum FieldSight {
    /// Not requested.
    #[default]
    NotAsked,
    /// Lucca refused the list of people because of this field.
    Refused {
        /// 401 or 403, where known.
        status: Option<u16>,
    },
    /// The server reports the field as unknown.
    Unknown,
    /// Requested and answered.
    Read {
        /// People with a value.
        with: u64,
        /// People examined.
        among: u64,
        /// Whether all records lack the field itself, although other empty fields are present.
        is_omitted: bool,
    },
    /// People showed it earlier, and a later read found whole pages of people without it.
    Lost {
        /// People whose earlier value is still stored.
        stored: u64,
    },
}

/// People that other records refer to and that are not shown. Each person counts once, in the first category
/// that applies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Unseen {
    /// Owners of a running contract.
    pub running: u64,
    /// Owners of an ended contract.
    pub ended: u64,
    /// Owners among `ended` whose establishment has other people who are shown.
    pub ended_nearby: u64,
    /// Owners of a contract that has not begun.
    pub later: u64,
    /// Owners among `later` whose establishment has other people who are shown.
    pub later_nearby: u64,
    /// Managers, heads of departments and owners of absences without a known contract.
    pub referred: u64,
    /// For comparison: owners of a running contract who are shown.
    pub running_shown: u64,
}

/// References that were followed: managers, heads of departments, and owners of running contracts and of
/// absences. Every reference counts, even several to one person. Excluded are people whose first or last day
/// explains why they are not shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct References {
    /// References followed.
    pub followed: u64,
    /// References among `followed` to people who are not shown.
    pub dangling: u64,
}

/// Records that were stored while the key showed them, and that it hides now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hidden {
    /// People employed today.
    pub active: u64,
    /// Future employees.
    pub future: u64,
    /// Former employees.
    pub former: u64,
}

/// A custom field of the company: its key and its name, without values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundField {
    /// Its key in people's records: `e_…`.
    pub key: String,
    /// Its name in the API key's language; the field's key if it has no name.
    pub name: String,
}

/// All counts of one examination.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Observations {
    /// All people, including former and future ones.
    pub people: ListSight,
    /// How many people the key shows, by status on the day.
    pub counted: PeopleSeen,
    /// The list of former employees.
    pub former_people: ListSight,
    /// The list of future employees.
    pub future_people: ListSight,
    /// People examined who show the first or last day of a contract.
    pub dated: u64,
    /// Former employees whose last day is too long ago for time zones to matter.
    pub former_shown: u64,
    /// Future employees whose first day is too far ahead for time zones to matter.
    pub future_shown: u64,
    /// How many people Lucca counts without former ones, if that was requested.
    pub without_former: Option<u64>,
    /// Contracts.
    pub contracts: ListSight,
    /// People that other records refer to and that are not shown.
    pub unseen: Unseen,
    /// References to people, and how many of these are not shown.
    pub references: References,
    /// People that an earlier read showed and this key hides now.
    pub hidden: Hidden,
    /// Job titles.
    pub job_titles: FieldSight,
    /// Managers.
    pub managers: FieldSight,
    /// Job qualifications.
    pub qualifications: FieldSight,
    /// How many people have a job qualification according to the list of qualifications.
    pub qualified: Option<u64>,
    /// Custom fields of people.
    pub custom_fields: FieldSight,
    /// Definitions of custom fields.
    pub definitions: ListSight,
    /// The tenant's custom fields, from their definitions and from people's records, sorted by name. Empty
    /// unless custom fields are among the features.
    pub found_fields: Vec<FoundField>,
    /// Half-days of absence.
    pub leaves: ListSight,
    /// Absence requests.
    pub requests: ListSight,
}

/// How many people a key shows, as far as the server counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeopleSeen {
    /// All of them.
    pub total: Option<u64>,
    /// Employed on the day.
    pub active: Option<u64>,
    /// Yet to begin.
    pub future: Option<u64>,
    /// Left.
    pub former: Option<u64>,
}

/// An employee's certain status on a day, by the dates of the contract that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Former,
    Future,
    Active,
    /// The contract begins or ends so close to the day that the tenant's clock and ours may disagree.
    Borderline,
}

pub(crate) fn standing(today: Date, start: Option<Date>, end: Option<Date>) -> Standing {
    let yesterday = today.yesterday().unwrap_or(today);
    let tomorrow = today.tomorrow().unwrap_or(today);
    if start.is_some_and(|start| start > tomorrow) {
        Standing::Future
    } else if end.is_some_and(|end| end < yesterday) {
        Standing::Former
    } else if start.is_none_or(|start| start < today) && end.is_none_or(|end| end > today) {
        Standing::Active
    } else {
        Standing::Borderline
    }
}
