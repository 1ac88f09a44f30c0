//! Results of a diagnosis: findings, rights beyond what is needed, and their evidence. Types only: `judge`
//! computes them, `permission_texts` has their texts.

use jiff::civil::Date;
use people::Features;
use serde::{Deserialize, Serialize};

use crate::observations::{Observations, PeopleSeen};
use crate::{Need, Permission};

/// Whether a key has a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The key shows data that only this permission opens.
    Granted,
    /// Lucca refused, or evidently holds records that it does not show.
    Missing,
    /// The evidence fits both.
    CannotTell,
}

people::names! {
    Verdict: "verdict" {
        Granted = "granted",
        Missing = "missing",
        CannotTell = "cannot_tell",
    }
}

/// The likelier of two possible explanations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Likelier {
    /// The key has the permission, or loses nothing without it.
    Granted,
    /// The permission is missing.
    Missing,
}

/// The evidence behind a verdict. Counts only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Evidence {
    /// The key shows data that only this permission opens.
    Shown {
        /// Number of records or people.
        count: u64,
    },
    /// Data that only this permission opens is on the first page; the server gives no total.
    AtLeast {
        /// Number on that page.
        count: u64,
    },
    /// Data that only this permission opens shows for some of the people.
    ShownAmong {
        /// Number of people who show it.
        count: u64,
        /// Number of people examined.
        among: u64,
    },
    /// Lucca counts more people when former ones are included.
    CountsDiffer {
        /// Count with former ones.
        with: u64,
        /// Count without them.
        without: u64,
    },
    /// Lucca refused.
    Refused {
        /// 401 or 403, where known.
        status: Option<u16>,
    },
    /// Contracts whose owners the key does not show.
    ContractsOfUnseen {
        /// Number of owners.
        people: u64,
    },
    /// References from other records to people that the key does not show.
    ReferredUnseen {
        /// Number of people referred to.
        people: u64,
    },
    /// People who were shown earlier no longer are.
    WereShown {
        /// Number of people.
        people: u64,
    },
    /// The list is empty.
    NobodyShown,
    /// The key shows people, but none with this status.
    NoneAmong {
        /// Number of people shown.
        people: u64,
    },
    /// No person shows a contract date, so their statuses are unknown.
    NoDates {
        /// Number of people examined.
        people: u64,
    },
    /// The field is empty for all people.
    FieldEmpty {
        /// Number of people.
        people: u64,
    },
    /// The records lack the field altogether.
    FieldOmitted {
        /// Number of people.
        people: u64,
    },
    /// Lucca reports the field as unknown.
    FieldUnknown,
    /// The field was shown earlier and no longer is.
    FieldLost {
        /// Number of earlier values that are still stored.
        stored: u64,
    },
    /// The list of qualifications counts people, but no person shows a qualification.
    QualificationsInUse {
        /// Number of people counted.
        people: u64,
    },
    /// The tenant has defined no custom fields.
    NoneDefined,
    /// The list is readable and empty.
    ListEmpty,
    /// The list could not be read, for a reason other than a permission.
    ListUnreadable {
        /// The error's stable code.
        code: String,
    },
    /// Absence requests can be read. Only creating one would prove that they can be created.
    RequestsReadable {
        /// Number of requests on the page.
        rows: u64,
    },
    /// People could not be read, so the permission can't be judged on its own.
    PeopleRefused,
    /// Not read.
    NotRead,
}

/// The verdict on one permission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The permission.
    pub permission: Permission,
    /// Whether the linked account is useless without it.
    pub need: Need,
    /// Whether the key has it.
    pub verdict: Verdict,
    /// The likelier explanation, if there is one; set only for [`Verdict::CannotTell`].
    pub likelier: Option<Likelier>,
    /// Evidence for the verdict.
    pub evidence: Evidence,
}

impl Finding {
    /// Whether no action is needed: the key has the permission, a person confirmed it, or nothing is lost
    /// without it.
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

/// A right that the chosen features don't need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Excess {
    /// Lucca's box for reading people also allows creating and modifying them, and the key's form offers no
    /// smaller one. The role can be reduced to reading afterwards.
    // unverified: that the role's own boxes (*Modify …*) can be taken away without losing the right to read.
    WritePreset,
    /// Absences can be read, but no feature needs them.
    Leaves,
    /// Custom field definitions can be read, but no feature needs them.
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

/// Evidence that the key is narrowed to a part of the company.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Narrowed {
    /// References to people who are not shown, except those explained by a future first or a past last day.
    pub unseen: u64,
    /// All references that were followed.
    pub of: u64,
}

/// The diagnosis of a key. Stored as JSON with a linking flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// The day of the examination.
    pub today: Date,
    /// The chosen features.
    pub features: Features,
    /// How many people the key shows.
    pub people: PeopleSeen,
    /// One finding per permission that the features need, in the order of [`Permission::ALL`].
    pub findings: Vec<Finding>,
    /// Set if the key seems narrowed to a part of the company.
    pub narrowed: Option<Narrowed>,
    /// Rights beyond those that the features need.
    pub excess: Vec<Excess>,
    /// The counts behind all findings.
    pub observations: Observations,
}

impl Diagnosis {
    /// The finding on a permission; `None` if no feature needs it.
    pub fn finding(&self, permission: Permission) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.permission == permission)
    }

    /// The verdict on a permission; `None` if no feature needs it.
    pub fn verdict(&self, permission: Permission) -> Option<Verdict> {
        self.finding(permission).map(|finding| finding.verdict)
    }

    /// Findings with the verdict [`Verdict::Missing`].
    pub fn missing(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.verdict == Verdict::Missing)
    }

    /// Findings that a person has to act on: missing permissions, and undecided ones that are not confirmed.
    pub fn unsettled(&self, confirmed: &[Permission]) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| !finding.is_settled(confirmed))
    }

    /// The unsettled findings whose permission is required.
    pub fn required_unsettled(&self, confirmed: &[Permission]) -> impl Iterator<Item = &Finding> {
        self.unsettled(confirmed).filter(|finding| finding.need == Need::Required)
    }
}
