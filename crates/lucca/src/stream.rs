//! The kinds of resource that can be read, by name. Their endpoints are in `route`.

use people::Kind;

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
    /// Employees. Source: directory.md §6.
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

people::names! {
    Stream: "stream" {
        LegalUnits = "legal_units",
        Establishments = "establishments",
        Departments = "departments",
        OccupationCategories = "occupation_categories",
        JobQualifications = "job_qualifications",
        HiringTypes = "hiring_types",
        TerminationReasons = "termination_reasons",
        TemporaryContractGrounds = "temporary_contract_grounds",
        WorkContracts = "work_contracts",
        Users = "users",
        LeaveAccounts = "leave_accounts",
        CustomFieldDefinitions = "custom_field_definitions",
        Leaves = "leaves",
        LeaveRequests = "leave_requests",
        UserLogs = "user_logs",
        UserDates = "user_dates",
    }
}

impl Stream {
    /// The stream from which a kind of record is read.
    pub const fn of(kind: Kind) -> Self {
        match kind {
            Kind::LegalUnit => Self::LegalUnits,
            Kind::Establishment => Self::Establishments,
            Kind::Department => Self::Departments,
            Kind::OccupationCategory => Self::OccupationCategories,
            Kind::JobQualification => Self::JobQualifications,
            Kind::LeaveType => Self::LeaveAccounts,
            Kind::CustomFieldDefinition => Self::CustomFieldDefinitions,
            Kind::Employment => Self::WorkContracts,
            Kind::Employee => Self::Users,
            Kind::WorkingDay => Self::UserDates,
            Kind::UserLogEntry => Self::UserLogs,
            Kind::Absence => Self::Leaves,
            Kind::AbsenceRequest => Self::LeaveRequests,
        }
    }
}
