//! What was seen with a key, as counts: the input of the judgement. No names, no ids.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::diagnosis::Evidence;

/// What came of asking for a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum ListSight {
    /// It was not asked for.
    #[default]
    NotAsked,
    /// Lucca refused it to this key.
    Refused {
        /// 401 or 403, where it is known which.
        status: Option<u16>,
    },
    /// It could not be read for another reason.
    Unreadable {
        /// The error's stable code.
        code: String,
    },
    /// It was answered.
    Answered {
        /// Records seen; of a long list, those on its first page.
        rows: u64,
        /// How many there are, where the server counts.
        total: Option<u64>,
    },
}

impl ListSight {
    /// What is seen of its records: all of them, or so many at least.
    pub(crate) fn shown(&self) -> Evidence {
        match self {
            Self::Answered { rows, total: None } => Evidence::AtLeast { count: *rows },
            _ => Evidence::Shown { count: self.count() },
        }
    }

    /// Records that are known to be there.
    pub fn count(&self) -> u64 {
        match self {
            Self::Answered { rows, total } => total.unwrap_or(*rows).max(*rows),
            _ => 0,
        }
    }

    /// Whether the list was answered, with records or without.
    pub fn is_answered(&self) -> bool {
        matches!(self, Self::Answered { .. })
    }
}

/// What people show of a field that a permission guards.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum FieldSight {
    /// It was not asked for.
    #[default]
    NotAsked,
    /// Lucca refused the list of people because of it.
    Refused {
        /// 401 or 403, where it is known which.
        status: Option<u16>,
    },
    /// The server says it knows no such field.
    Unknown,
    /// It was asked for.
    Read {
        /// People who have a value in it.
        with: u64,
        /// People looked at.
        among: u64,
        /// Whether nobody's record even has the field, although records have others that are empty.
        is_omitted: bool,
    },
    /// People showed it, and a later reading found whole pages of people without it.
    Lost {
        /// People whose earlier value is kept.
        stored: u64,
    },
}

/// People that others refer to and that are not shown. Each is counted once, under the first that applies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Unseen {
    /// Owners of a contract that runs.
    pub running: u64,
    /// Owners whose contract has ended.
    pub ended: u64,
    /// Those of them whose contract was in an establishment of which others are shown.
    pub ended_nearby: u64,
    /// Owners whose contract has yet to begin.
    pub later: u64,
    /// Those of them whose contract is in an establishment of which others are shown.
    pub later_nearby: u64,
    /// Managers, heads of departments and owners of absences of whom no contract was seen.
    pub referred: u64,
    /// For comparison: owners of a running contract who are shown.
    pub running_shown: u64,
}

/// References that were followed: managers, heads of departments, and owners of running contracts and of absences. Each
/// counts, also those to the same person. Left out are those whose last or first day explains that they are not shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct References {
    /// Those that were followed.
    pub followed: u64,
    /// Those of them to people who are not shown.
    pub dangling: u64,
}

/// Records that were stored when the key showed them, and are hidden now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hidden {
    /// People employed today.
    pub active: u64,
    /// People yet to begin.
    pub future: u64,
    /// People who have left.
    pub former: u64,
}

/// A field that a company has added to people's records: its key and its name, and no value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundField {
    /// The key under which people carry it: `e_…`.
    pub key: String,
    /// Its name in the language of the key, or else its key.
    pub name: String,
}

/// Everything that was seen with a key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Observations {
    /// The list of people, former and future ones asked for too.
    pub people: ListSight,
    /// How many people the key shows, by what they are on the day.
    pub counted: PeopleSeen,
    /// The list of people who have left.
    pub former_people: ListSight,
    /// The list of people yet to begin.
    pub future_people: ListSight,
    /// People looked at who show the first or the last day of a contract.
    pub dated: u64,
    /// People who have left for certain: their last day is not so near that time zones could matter.
    pub former_shown: u64,
    /// People yet to begin for certain, likewise.
    pub future_shown: u64,
    /// How many people Lucca counts when former ones are not asked for, where that was asked.
    pub without_former: Option<u64>,
    /// Contracts.
    pub contracts: ListSight,
    /// People that others refer to and that are not shown.
    pub unseen: Unseen,
    /// References to people, and whether they lead to a person who is shown.
    pub references: References,
    /// People whom an earlier reading showed.
    pub hidden: Hidden,
    /// Job titles.
    pub job_titles: FieldSight,
    /// Managers.
    pub managers: FieldSight,
    /// Job qualifications.
    pub qualifications: FieldSight,
    /// How many people have a job qualification, as the list of these counts them.
    pub qualified: Option<u64>,
    /// The tenant's own fields.
    pub custom_fields: FieldSight,
    /// Definitions of the tenant's own fields.
    pub definitions: ListSight,
    /// The tenant's own fields that were found, by their definitions and by what people carry, in the order of their
    /// names. Empty where custom fields are not wanted.
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

/// What somebody is for certain on a day by the dates of the contract that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Former,
    Future,
    Active,
    /// Begins or ends so near the day that the tenant's clock and ours may disagree.
    Brink,
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
        Standing::Brink
    }
}
