//! The boxes in Lucca that matter to us, with the labels Lucca gives them.

use serde::Serialize;

/// A permission of an API key or of its role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Read people at all.
    ViewUsers,
    /// See people whose contract has not begun.
    SeeFutureEmployees,
    /// See people whose contract has ended.
    SeeFormerEmployees,
    /// Job titles and positions.
    ViewJobs,
    /// Managers.
    ViewManagers,
    /// Job qualifications.
    ViewQualifications,
    /// Contracts.
    ViewContracts,
}

impl Permission {
    /// Whether a linked account is of use without it.
    pub fn is_required(self) -> bool {
        matches!(self, Self::ViewUsers | Self::SeeFutureEmployees | Self::SeeFormerEmployees)
    }

    /// The label in Lucca's English interface (source: directory.md §4.2).
    pub fn label_en(self) -> &'static str {
        match self {
            Self::ViewUsers => "Consult / create / modify users",
            Self::SeeFutureEmployees => "See future employees",
            Self::SeeFormerEmployees => "See former employees",
            Self::ViewJobs => "View employee jobs",
            Self::ViewManagers => "View employee managers",
            Self::ViewQualifications => "View employee qualifications",
            Self::ViewContracts => "Consult contractual information of employees",
        }
    }

    /// The label in Lucca's French interface (source: directory.md §4.2).
    pub fn label_fr(self) -> &'static str {
        match self {
            Self::ViewUsers => "Consulter / créer / modifier les utilisateurs",
            Self::SeeFutureEmployees => "Voir les futurs employés",
            Self::SeeFormerEmployees => "Voir les employés partis",
            Self::ViewJobs => "Consulter les postes des collaborateurs",
            Self::ViewManagers => "Consulter les managers des collaborateurs",
            Self::ViewQualifications => "Consulter les qualifications des collaborateurs",
            Self::ViewContracts => "Consulter les informations contractuelles des collaborateurs",
        }
    }

    /// Where in Lucca the box is.
    pub fn place(self) -> &'static str {
        match self {
            Self::ViewUsers => "on the API key's form: Settings > Authentication, SSO and API > API keys",
            _ => "in the API key's role (last in the list of roles), tab Co-workers",
        }
    }
}
