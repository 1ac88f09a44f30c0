//! Permission boxes in Lucca: the features that need each, and the form that has it. Their labels are in
//! `permission_texts`.

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

people::names! {
    Permission: "permission" {
        ViewUsers = "view_users",
        SeeFutureEmployees = "see_future_employees",
        SeeFormerEmployees = "see_former_employees",
        ViewContracts = "view_contracts",
        ViewJobs = "view_jobs",
        ViewManagers = "view_managers",
        ViewQualifications = "view_qualifications",
        ConsultLeaves = "consult_leaves",
        MakeAbsenceRequests = "make_absence_requests",
        ConsultHrFiles = "consult_hr_files",
    }
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

/// The form in Lucca that has a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LuccaForm {
    /// On the API key's own form.
    KeyForm,
    /// In the role that carries the key's name, tab *Co-workers*.
    RoleCoworkers,
}

/// A box's label in one of Lucca's languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Label {
    /// The label.
    pub text: &'static str,
    /// Other spellings of the same right in Lucca's pages; in English if the spelling in the reader's
    /// language is unknown (source: recorded-more.md, "Wording and screens").
    pub also: Vec<&'static str>,
    /// False if the label in the reader's language is unknown; the text is then the English label.
    pub is_verified: bool,
}

impl Permission {
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
    pub const fn place(self) -> LuccaForm {
        match self {
            Self::ViewUsers | Self::ConsultLeaves | Self::MakeAbsenceRequests => LuccaForm::KeyForm,
            _ => LuccaForm::RoleCoworkers,
        }
    }
}
