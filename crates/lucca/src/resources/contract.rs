//! Work contracts and their lookups. Source: directory.md §8.

use jiff::civil::Date;
use people::{RemoteId, SourceTime};

use super::private::FromRecord;
use super::{Ref, Resource};
use crate::item::Unreadable;
use crate::reader::Record;

/// An employment contract (`/directory/api/4.0/work-contracts`). Contracts of one employee don't overlap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkContract {
    /// Its id.
    pub id: RemoteId,
    /// The employed user.
    pub owner_id: RemoteId,
    /// An id from another system; not necessarily unique.
    pub external_id: Option<String>,
    /// The contract's type: in Lucca a template, which decides the other required fields.
    pub type_: Option<Ref>,
    /// First day.
    pub starts_on: Date,
    /// Last day, included; `None` while it is open.
    pub ends_on: Option<Date>,
    /// Whether it counts today: the ongoing one, else the next, else the last.
    pub is_applicable: Option<bool>,
    /// Whether it is archived.
    pub is_archived: Option<bool>,
    /// The employing establishment.
    pub establishment: Option<Ref>,
    /// Socio-professional category; `0` is a real one.
    pub spc: Option<Ref>,
    /// The reason for hiring.
    pub hiring_type: Option<Ref>,
    /// The reason for its end.
    pub termination_reason: Option<Ref>,
    /// The reason for a temporary contract.
    pub temporary_contract_ground: Option<Ref>,
    /// The user who supervises the internship.
    pub internship_supervisor: Option<Ref>,
    /// The user who created it.
    pub author: Option<Ref>,
    /// The last user who changed it.
    pub last_modifier: Option<Ref>,
    /// Length of the trial period, in days.
    pub trial_period_days: Option<i64>,
    /// Length of the trial period with its renewal, in days.
    pub renewed_trial_period_days: Option<i64>,
    /// Last day of the trial period.
    pub trial_period_end_date: Option<Date>,
    /// Last day of the renewed trial period.
    pub trial_period_end_date2: Option<Date>,
    /// Creation time; without a zone.
    pub created_at: Option<SourceTime>,
    /// Time of the last change; without a zone.
    pub last_modified_at: Option<SourceTime>,
    /// The working-time arrangement. Only public code shows this field.
    pub working_time_arrangement: Option<Ref>,
}

impl Resource for WorkContract {}

impl FromRecord for WorkContract {
    fn read(id: RemoteId, record: &mut Record<'_>) -> Result<Self, Unreadable> {
        let owner = record.reference("owner", "ownerId");
        let owner_id = owner.ok_or_else(|| unreadable("ownerId", "not an id"))?.id;
        let starts_on = record.vital_date("startsOn")?.ok_or_else(|| unreadable("startsOn", "missing"))?;
        Ok(Self {
            id,
            owner_id,
            external_id: record.text("externalId"),
            type_: record.reference("type", "typeId"),
            starts_on,
            ends_on: record.vital_date("endsOn")?,
            is_applicable: record.flag("isApplicable"),
            is_archived: record.flag("isArchived"),
            establishment: record.reference("establishment", "establishmentId"),
            spc: record.reference("spc", "spcId"),
            hiring_type: record.reference("hiringType", "hiringTypeId"),
            termination_reason: record.reference("terminationReason", "terminationReasonId"),
            temporary_contract_ground: record
                .reference("temporaryContractGround", "temporaryContractGroundId"),
            internship_supervisor: record.reference("internshipSupervisor", "internshipSupervisorId"),
            author: record.reference("author", "authorId"),
            last_modifier: record.reference("lastModifier", "lastModifierId"),
            trial_period_days: record.integer("trialPeriodDays"),
            renewed_trial_period_days: record.integer("renewedTrialPeriodDays"),
            trial_period_end_date: record.date("trialPeriodEndDate"),
            trial_period_end_date2: record.date("trialPeriodEndDate2"),
            created_at: record.time(&["createdAt"]),
            last_modified_at: record.time(&["lastModifiedAt"]),
            working_time_arrangement: record.reference("workingTimeArrangement", "workingTimeArrangementId"),
        })
    }
}

fn unreadable(field: &'static str, reason: &str) -> Unreadable {
    Unreadable { field: field.into(), reason: reason.to_owned() }
}

/// A named value that contracts refer to: a reason for hiring (`/directory/api/work-contract-hiring-types`),
/// for a contract's end (`…-termination-reasons`), for a temporary contract (`…-temporary-contract-grounds`).
// unverified: the shapes of the three lookups; references to them have `id` and `name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// Its id.
    pub id: RemoteId,
    /// Its name, in the language of the key.
    pub name: Option<String>,
    /// Its code, if it has one.
    pub code: Option<String>,
}

impl Resource for Lookup {}

impl FromRecord for Lookup {
    fn read(id: RemoteId, record: &mut Record<'_>) -> Result<Self, Unreadable> {
        Ok(Self { id, name: record.text_of(&["name", "label"]), code: record.text("code") })
    }
}
