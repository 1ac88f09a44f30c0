//! The boxes in Lucca that matter to us: which feature takes which, and where they are. What they are called is in
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
    /// Sections of the HR file, the tenant's own fields among them.
    ConsultHrFiles,
}

/// Whether a linked account is of use without a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// People would be missing.
    Required,
    /// Something about people would be missing.
    Optional,
}

/// Where in Lucca a box is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// On the API key's own form.
    KeyForm,
    /// In the role that carries the key's name, tab *Co-workers*.
    RoleCoworkers,
}

/// What Lucca calls a box, in one of its languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Label {
    /// The label.
    pub text: &'static str,
    /// How other pages of Lucca spell the same right, in English where the spelling in the reader's language is not known
    /// (source: recorded-more.md, "Wording and screens").
    pub also: &'static [&'static str],
    /// False where the label in the reader's language is not known: then it is the English one.
    pub is_verified: bool,
}

impl Permission {
    /// Every permission, in the order a person is told of them.
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

    /// The permission's name, stable: it is used in the API, in issue codes and in settings.
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

    /// The features that take it.
    // unverified: which box opens which endpoint or field; Lucca publishes no matrix (source: directory.md §4.2).
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

    /// Whether one of these features takes it.
    pub fn is_wanted(self, features: &Features) -> bool {
        self.features().iter().any(|feature| features.contains(*feature))
    }

    /// The permissions that these features take, in the order of [`Permission::ALL`].
    pub fn wanted(features: &Features) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|permission| permission.is_wanted(features))
    }

    /// Whether a linked account is of use without it.
    pub const fn need(self) -> Need {
        match self {
            Self::ViewUsers | Self::SeeFutureEmployees | Self::SeeFormerEmployees => Need::Required,
            _ => Need::Optional,
        }
    }

    /// Where in Lucca the box is (source: directory.md §4.2).
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

/// The text names no permission.
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
