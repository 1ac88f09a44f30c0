//! The kinds of resource that can be read, by name. Their endpoints are in `route`.

use std::fmt;
use std::str::FromStr;

/// One kind of Lucca resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stream {
    /// Companies. Source: directory.md §11.3.
    LegalUnits,
    /// Places of employment; Lucca's v3 API calls an establishment `legalEntity`. Source: directory.md §11.3.
    Establishments,
    /// The organisation's tree. Source: directory.md §11.1 and §11.2.
    Departments,
    /// Socio-professional categories (`csp`, `spc`). Source: directory.md §11.4.
    OccupationCategories,
    /// A job at a level. Source: directory.md §11.5.
    JobQualifications,
    /// Reasons for hiring. Source: directory.md §8.
    HiringTypes,
    /// Reasons for a contract's end. Source: directory.md §8.
    TerminationReasons,
    /// Grounds for temporary contracts. Source: directory.md §8.
    TemporaryContractGrounds,
    /// Employment contracts. Source: directory.md §8.
    WorkContracts,
    /// People. Source: directory.md §6.
    Users,
    /// Kinds of leave. Source: absences.md §8.
    LeaveAccounts,
    /// Definitions of the tenant's own user fields (`extensionuserdefinitions`). Source: directory.md §7.
    CustomFieldDefinitions,
    /// Half-days of absence. Source: absences.md §2.1 and §3.
    Leaves,
    /// Requests for periods of absence, with their approvals. Source: absences.md §2.4 and §4.
    LeaveRequests,
    /// Changes of users' departments, establishments and managers. Source: directory.md §11.6.
    UserLogs,
    /// Days in users' calendars: worked, rest, public holiday. Source: absences.md §8.
    UserDates,
}

impl Stream {
    /// Every stream, in the order in which a sync reads them: a stream comes before those that refer to it.
    pub const ALL: [Self; 16] = [
        Self::LegalUnits,
        Self::Establishments,
        Self::Departments,
        Self::OccupationCategories,
        Self::JobQualifications,
        Self::HiringTypes,
        Self::TerminationReasons,
        Self::TemporaryContractGrounds,
        Self::WorkContracts,
        Self::Users,
        Self::LeaveAccounts,
        Self::CustomFieldDefinitions,
        Self::Leaves,
        Self::LeaveRequests,
        Self::UserLogs,
        Self::UserDates,
    ];

    /// The stream's name in snake case, stable: files and the database use it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LegalUnits => "legal_units",
            Self::Establishments => "establishments",
            Self::Departments => "departments",
            Self::OccupationCategories => "occupation_categories",
            Self::JobQualifications => "job_qualifications",
            Self::HiringTypes => "hiring_types",
            Self::TerminationReasons => "termination_reasons",
            Self::TemporaryContractGrounds => "temporary_contract_grounds",
            Self::WorkContracts => "work_contracts",
            Self::Users => "users",
            Self::LeaveAccounts => "leave_accounts",
            Self::CustomFieldDefinitions => "custom_field_definitions",
            Self::Leaves => "leaves",
            Self::LeaveRequests => "leave_requests",
            Self::UserLogs => "user_logs",
            Self::UserDates => "user_dates",
        }
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Error: the text names no stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a stream; streams are {list}", list = Stream::ALL.map(Stream::name).join(", "))]
pub struct UnknownStream(pub String);

impl FromStr for Stream {
    type Err = UnknownStream;

    fn from_str(text: &str) -> Result<Self, UnknownStream> {
        Self::ALL
            .into_iter()
            .find(|stream| stream.name() == text)
            .ok_or_else(|| UnknownStream(text.to_owned()))
    }
}
