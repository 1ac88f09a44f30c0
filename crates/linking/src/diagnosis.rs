//! What the doctor says: findings, rights beyond what is needed, and what they rest on. Shapes only; how it is judged
//! is in `judge`, how it is said in `texts`.

use jiff::civil::Date;
use people::Features;
use serde::{Deserialize, Serialize};

use crate::observations::{Observations, PeopleSeen};
use crate::{Need, Permission};

/// Whether a key has a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// What it opens was seen.
    Granted,
    /// Lucca refused, or holds what it does not show.
    Missing,
    /// Both are possible.
    CannotTell,
}

people::names! {
    Verdict: "verdict" {
        Granted = "granted",
        Missing = "missing",
        CannotTell = "cannot_tell",
    }
}

/// Which of two possible explanations is the likelier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Likelier {
    /// The permission is there, or nothing is lost without it.
    Granted,
    /// The permission is missing.
    Missing,
}

/// What a verdict rests on. Counts only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Evidence {
    /// What the permission opens was seen.
    Shown {
        /// So many times.
        count: u64,
    },
    /// What the permission opens was seen on the first page, and the server does not say how many there are.
    AtLeast {
        /// So many times.
        count: u64,
    },
    /// What the permission opens was seen of some of the people.
    ShownAmong {
        /// So many times.
        count: u64,
        /// Of so many people who were looked at.
        among: u64,
    },
    /// Lucca counts more people when former ones are asked for.
    CountsDiffer {
        /// People counted with former ones.
        with: u64,
        /// People counted without.
        without: u64,
    },
    /// Lucca refused.
    Refused {
        /// 401 or 403, where it is known which.
        status: Option<u16>,
    },
    /// Contracts were seen whose owners are not shown.
    ContractsOfUnseen {
        /// So many owners.
        people: u64,
    },
    /// Others refer to people who are not shown.
    ReferredUnseen {
        /// So many people.
        people: u64,
    },
    /// People who were shown earlier no longer are.
    WereShown {
        /// So many people.
        people: u64,
    },
    /// The list is empty.
    NobodyShown,
    /// There is nobody of the kind.
    NoneAmong {
        /// Among so many people shown.
        people: u64,
    },
    /// Nobody shows a contract's dates, so nobody's status is known.
    NoDates {
        /// People looked at.
        people: u64,
    },
    /// The field is empty.
    FieldEmpty {
        /// For so many people.
        people: u64,
    },
    /// The field is not even in the records.
    FieldOmitted {
        /// Of so many people.
        people: u64,
    },
    /// Lucca says it knows no such field.
    FieldUnknown,
    /// The field was shown earlier and no longer is.
    FieldLost {
        /// Earlier values that are kept.
        stored: u64,
    },
    /// The list of qualifications counts people, and nobody shows one.
    QualificationsInUse {
        /// So many people.
        people: u64,
    },
    /// The tenant has no fields of its own.
    NoneDefined,
    /// The list was answered without a record.
    ListEmpty,
    /// The list could not be read for another reason than a permission.
    ListUnreadable {
        /// The error's stable code.
        code: String,
    },
    /// Absence requests can be read; whether they could be made is found out by making one only.
    RequestsReadable {
        /// Requests seen.
        rows: u64,
    },
    /// People could not be read, which comes first.
    PeopleRefused,
    /// It was not read.
    NotRead,
}

/// What is known of one permission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The permission.
    pub permission: Permission,
    /// Whether the linked account is of use without it.
    pub need: Need,
    /// Whether the key has it.
    pub verdict: Verdict,
    /// Where the verdict is [`Verdict::CannotTell`]: the likelier explanation, if one is.
    pub likelier: Option<Likelier>,
    /// What the verdict rests on.
    pub evidence: Evidence,
}

impl Finding {
    /// Whether the permission is there, or a person said so, or nothing is lost should it not be.
    pub fn is_settled(&self, confirmed: &[Permission]) -> bool {
        match self.verdict {
            Verdict::Granted => true,
            Verdict::Missing => false,
            Verdict::CannotTell => {
                self.likelier == Some(Likelier::Granted) || confirmed.contains(&self.permission)
            }
        }
    }
}

/// A right that the features wanted don't need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Excess {
    /// The box that lets a key read people lets it create and modify them too: Lucca offers no smaller one on the
    /// key's form. The role can be cut down to reading afterwards.
    // unverified: that the role's own boxes (*Modify …*) can be taken away without losing the right to read.
    WritePreset,
    /// Absences can be read, and no feature wants them.
    Leaves,
    /// The definitions of the tenant's own fields can be read, and no feature wants them.
    CustomFields,
}

people::names! {
    Excess: "excess" {
        WritePreset = "write_preset",
        Leaves = "leaves",
        CustomFields = "custom_fields",
    }
}

impl Excess {
    /// Whether it was seen with this key; else it follows from what Lucca's box says, and can't be seen by reading.
    pub const fn is_seen(self) -> bool {
        matches!(self, Self::Leaves | Self::CustomFields)
    }
}

/// The key seems to be narrowed to a part of the company.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Narrowed {
    /// References to people who are not shown although neither a first nor a last day explains it.
    pub unseen: u64,
    /// All references that were followed.
    pub of: u64,
}

/// What a key is good for. Kept as JSON with a linking flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// The day it was made.
    pub today: Date,
    /// What is wanted.
    pub features: Features,
    /// How many people the key shows.
    pub people: PeopleSeen,
    /// What is known of each permission that is wanted, in the order of [`Permission::ALL`].
    pub findings: Vec<Finding>,
    /// Whether the key seems narrowed to a part of the company.
    pub narrowed: Option<Narrowed>,
    /// Rights beyond what is wanted.
    pub excess: Vec<Excess>,
    /// What all this rests on.
    pub observations: Observations,
}

impl Diagnosis {
    /// What is known of a permission; nothing if no feature wants it.
    pub fn finding(&self, permission: Permission) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.permission == permission)
    }

    /// The verdict on a permission; none if no feature wants it.
    pub fn verdict(&self, permission: Permission) -> Option<Verdict> {
        self.finding(permission).map(|finding| finding.verdict)
    }

    /// Permissions that are missing.
    pub fn missing(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.verdict == Verdict::Missing)
    }

    /// Findings that a person has to look at: what is missing, and what can't be told and was not confirmed.
    pub fn unsettled(&self, confirmed: &[Permission]) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| !finding.is_settled(confirmed))
    }

    /// Those of them whose permission is required.
    pub fn required_unsettled(&self, confirmed: &[Permission]) -> impl Iterator<Item = &Finding> {
        self.unsettled(confirmed).filter(|finding| finding.need == Need::Required)
    }
}
