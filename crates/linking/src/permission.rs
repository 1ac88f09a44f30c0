//! Permission boxes in Lucca: the features that need each, and the form that has it. Their labels are in
//! `texts`.

use std::fmt;
use std::str::FromStr;

use people::{Feature, Features};
use serde::{Deserialize, Serialize};

/// A permission of an API key or of its role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Read people at all.
    ViewUsers,
    /// See people whose contract has not begun.
    SeeFutureEmployees,
    /// See people whose contract has ended.
    SeeFormerEmployees,
    /// Contracts.
    ViewContracts,
    /// Job titles and positions.
    ViewJobs,
    /// Managers.
    ViewManagers,
    /// Job qualifications.
    ViewQualifications,
    /// Absences.
    ConsultLeaves,
    /// Absence requests.
    MakeAbsenceRequests,
    /// Sections of the HR file, including custom fields.
    ConsultHrFiles,
}

/// Whether a linked account is useless without a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// People would be missing.
    Required,
    /// Something about people would be missing.
    Optional,
}

/// The form in Lucca that has a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// On the API key's own form.
    KeyForm,
    /// In the role that carries the key's name, tab *Co-workers*.
    RoleCoworkers,
}

/// A box's label in one of Lucca's languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Label {
    /// The label.
    pub text: &'static str,
    /// Other spellings of the same right in Lucca's pages; in English if the spelling in the reader's
    /// language is unknown (source: recorded-more.md, "Wording and screens").
    pub also: &'static [&'static str],
    /// False if the label in the reader's language is unknown; the text is then the English label.
    pub is_verified: bool,
}

impl Permission {
    /// All permissions, in the order in which they are listed to people.
    pub const ALL: [Self; 10] = [
        Self::ViewUsers,
        Self::SeeFutureEmployees,
        Self::SeeFormerEmployees,
        Self::ViewContracts,
        Self::ViewJobs,
        Self::ViewManagers,
        Self::ViewQualifications,
        Self::ConsultLeaves,
        Self::MakeAbsenceRequests,
        Self::ConsultHrFiles,
    ];

    /// Stable name, used in the API, in issue codes and in settings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ViewUsers => "view_users",
            Self::SeeFutureEmployees => "see_future_employees",
            Self::SeeFormerEmployees => "see_former_employees",
            Self::ViewContracts => "view_contracts",
            Self::ViewJobs => "view_jobs",
            Self::ViewManagers => "view_managers",
            Self::ViewQualifications => "view_qualifications",
            Self::ConsultLeaves => "consult_leaves",
            Self::MakeAbsenceRequests => "make_absence_requests",
            Self::ConsultHrFiles => "consult_hr_files",
        }
    }

    /// The features that need it.
    // unverified: which box opens which endpoint or field; Lucca publishes no matrix (source: directory.md
    // §4.2).
    pub const fn features(self) -> &'static [Feature] {
        match self {
            Self::ViewUsers | Self::SeeFutureEmployees | Self::SeeFormerEmployees | Self::ViewContracts => {
                &[Feature::Employees]
            }
            Self::ViewJobs => &[Feature::Jobs],
            Self::ViewManagers => &[Feature::Managers],
            Self::ViewQualifications => &[Feature::Qualifications],
            Self::ConsultLeaves => &[Feature::Leaves, Feature::AbsenceRequests],
            Self::MakeAbsenceRequests => &[Feature::AbsenceRequests],
            Self::ConsultHrFiles => &[Feature::CustomFields],
        }
    }

    /// Whether one of these features needs it.
    pub fn is_wanted(self, features: &Features) -> bool {
        self.features().iter().any(|feature| features.contains(*feature))
    }

    /// The permissions that these features need, in the order of [`Permission::ALL`].
    pub fn wanted(features: &Features) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|permission| permission.is_wanted(features))
    }

    /// Whether a linked account is useless without it.
    pub const fn need(self) -> Need {
        match self {
            Self::ViewUsers | Self::SeeFutureEmployees | Self::SeeFormerEmployees => Need::Required,
            _ => Need::Optional,
        }
    }

    /// The form in Lucca that has the box (source: directory.md §4.2).
    pub const fn place(self) -> Place {
        match self {
            Self::ViewUsers | Self::ConsultLeaves | Self::MakeAbsenceRequests => Place::KeyForm,
            _ => Place::RoleCoworkers,
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The text is not the name of a permission.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a permission; permissions are {list}", list = Permission::ALL.map(Permission::name).join(", "))]
pub struct UnknownPermission(pub String);

impl FromStr for Permission {
    type Err = UnknownPermission;

    fn from_str(text: &str) -> Result<Self, UnknownPermission> {
        Self::ALL
            .into_iter()
            .find(|permission| permission.name() == text)
            .ok_or_else(|| UnknownPermission(text.to_owned()))
    }
}
