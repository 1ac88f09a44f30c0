//! Employments: contracts with their dates. `status` selects the one that runs on a given day.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::catalog::model;
use crate::{EmploymentType, NamedRef, Period, RemoteId, SourceTime};

model! {
    /// A contract of an employee with its dates.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Employment {
        /// Lucca's id of the work contract.
        id: RemoteId = lucca(&[wire("id")]);
        /// The employee of the contract.
        employee_id: RemoteId = lucca(&[wire("owner"), wire("ownerId")]).column(Column::EmployeeId);
        /// The id in another system, if it has one; not unique.
        external_id: Option<String> = lucca(&[wire("externalId")]);
        /// First day.
        starts_on: Date = lucca(&[wire("startsOn")]).column(Column::StartsOn);
        /// Last day, inclusive; absent while open.
        ends_on: Option<Date> = lucca(&[wire("endsOn")])
            .note("endsOn; none in the year 9999").column(Column::EndsOn);
        /// Whether Lucca uses this contract for the employee's current data: the ongoing one, else the next, else
        /// the last.
        is_applicable: Option<bool> = lucca(&[wire("isApplicable")]);
        /// The employing establishment.
        establishment_id: Option<RemoteId> = lucca(&[wire("establishment"), wire("establishmentId")])
            .column(Column::EstablishmentId);
        /// The type of employment. Absent if no word of the contract type's name is known.
        #[serde(default)]
        employment_type: Option<EmploymentType> = made("computed from the name of type");
        /// The name of the contract type, from which `employment_type` is computed.
        #[serde(default)]
        employment_type_native: Option<String> = made("the name of type");
        /// The tenant's contract type, such as a permanent contract or an internship.
        contract_type: Option<NamedRef> = lucca(&[wire("type"), wire("typeId")]);
        /// Socio-professional category.
        occupation_category_id: Option<RemoteId> = lucca(&[wire("spc"), wire("spcId")]);
        /// The kind of hiring.
        hiring_type: Option<NamedRef> = lucca(&[wire("hiringType")])
            .note("hiringType, its name from /directory/api/work-contract-hiring-types");
        /// The reason for its end.
        termination_reason: Option<NamedRef> = lucca(&[wire("terminationReason")])
            .note("terminationReason, its name from /directory/api/work-contract-termination-reasons");
        /// The reason for a fixed-term contract.
        temporary_contract_ground: Option<NamedRef> = lucca(&[wire("temporaryContractGround")])
            .note("temporaryContractGround, its name from /directory/api/work-contract-temporary-contract-grounds");
        /// The supervisor of an internship.
        internship_supervisor_id: Option<RemoteId> =
            lucca(&[wire("internshipSupervisor"), wire("internshipSupervisorId")]);
        /// Length of the trial period, in days.
        trial_period_days: Option<i64> = lucca(&[wire("trialPeriodDays")]);
        /// Length of the trial period with its renewal, in days.
        renewed_trial_period_days: Option<i64> = lucca(&[wire("renewedTrialPeriodDays")]);
        /// Last day of the trial period.
        trial_period_ends_on: Option<Date> = lucca(&[wire("trialPeriodEndDate")]);
        /// Last day of the renewed trial period.
        renewed_trial_period_ends_on: Option<Date> = lucca(&[wire("trialPeriodEndDate2")]);
        /// Creation time in Lucca.
        created_at: Option<SourceTime> = lucca(&[wire("createdAt")]);
        /// Time of the last change in Lucca.
        modified_at: Option<SourceTime> = lucca(&[wire("lastModifiedAt")]);
        /// Fields that Lucca sent in an unreadable form; they are absent above.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unread_fields: Vec<String> = UNREAD;
    }
}

impl Employment {
    /// The days it covers.
    pub fn period(&self) -> Period {
        Period::new(Some(self.starts_on), self.ends_on)
    }
}
