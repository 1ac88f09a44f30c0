//! The steps of an examination, so that a page can show its progress.

use people::{Feature, Features};
use serde::{Deserialize, Serialize};

use crate::{Finding, Permission};

/// One step of an examination. The order is the one in which a page lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Probe {
    /// Does the tenant exist?
    Tenant,
    /// Does the tenant accept the key?
    Key,
    /// Does the key show people?
    People,
    /// Does it show future employees?
    Future,
    /// Does it show former employees?
    Former,
    /// Contracts.
    Contracts,
    /// Job titles.
    Jobs,
    /// Managers.
    Managers,
    /// Job qualifications.
    Qualifications,
    /// Absences.
    Leaves,
    /// Absence requests.
    AbsenceRequests,
    /// Custom fields.
    CustomFields,
    /// Rights that the features don't need.
    Excess,
}

people::names! {
    Probe: "probe" {
        Tenant = "tenant",
        Key = "key",
        People = "people",
        Future = "future",
        Former = "former",
        Contracts = "contracts",
        Jobs = "jobs",
        Managers = "managers",
        Qualifications = "qualifications",
        Leaves = "leaves",
        AbsenceRequests = "absence_requests",
        CustomFields = "custom_fields",
        Excess = "excess",
    }
}

impl Probe {
    /// The permission it finds out about, if that is what it does.
    pub const fn permission(self) -> Option<Permission> {
        match self {
            Self::Tenant | Self::Key | Self::Excess => None,
            Self::People => Some(Permission::ViewUsers),
            Self::Future => Some(Permission::SeeFutureEmployees),
            Self::Former => Some(Permission::SeeFormerEmployees),
            Self::Contracts => Some(Permission::ViewContracts),
            Self::Jobs => Some(Permission::ViewJobs),
            Self::Managers => Some(Permission::ViewManagers),
            Self::Qualifications => Some(Permission::ViewQualifications),
            Self::Leaves => Some(Permission::ConsultLeaves),
            Self::AbsenceRequests => Some(Permission::MakeAbsenceRequests),
            Self::CustomFields => Some(Permission::ConsultHrFiles),
        }
    }

    /// The steps for these features, in order.
    pub fn wanted(features: &Features) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|probe| match probe {
            Self::Leaves => features.contains(Feature::Leaves) || features.contains(Feature::AbsenceRequests),
            probe => probe.permission().is_none_or(|permission| permission.is_wanted(features)),
        })
    }
}

/// The result of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeOutcome {
    /// The step.
    pub probe: Probe,
    /// The finding on the step's permission. Later steps never revise it.
    pub finding: Option<Finding>,
    /// Stable error code, if the tenant is unreachable or does not accept the key. This step is then the last
    /// one.
    pub failed: Option<String>,
}

/// Receives the progress of an examination.
pub trait Watcher: Send + Sync {
    /// A step begins.
    fn started(&self, probe: Probe);

    /// A step is done.
    fn finished(&self, outcome: &ProbeOutcome);
}

/// Ignores the progress.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Watcher for Silent {
    fn started(&self, _: Probe) {}

    fn finished(&self, _: &ProbeOutcome) {}
}
