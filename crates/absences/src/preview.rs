//! Previews absences with their problems, and lists an employee's leave types. Creates nothing.

use std::collections::BTreeSet;

use async_recursion::async_recursion as boxed;
use people::{Absence, Employee, Establishment, HalfDay, LeaveType, LeaveUnit, PersonLabel, Plan, RemoteId};
use serde::Serialize;

use crate::Absences;
use crate::draft::AbsenceDraft;
use crate::lucca_api::{AbsenceApi, AbsenceApiClient, Amount, Assessment, Balance, Person};
use crate::problem::{Error, Problem, ProblemCode, Warning};

/// The preview of an absence.
#[derive(Clone, Debug, Serialize)]
pub struct Preview {
    /// The absence to request.
    #[serde(flatten)]
    pub ask: AbsenceDraft,
    /// The absent employee, with name.
    pub person: PersonLabel,
    /// The leave type's name, if Lucca returns it.
    pub leave_type_name: Option<String>,
    /// The half-days it would take, and the reason for each half-day it would not take.
    pub plan: Plan,
    /// The amount of the leave type that it would take.
    pub amount: Option<Amount>,
    /// The remaining balance, if Lucca returns it.
    pub balance: Option<Balance>,
    /// Existing absences that overlap it.
    pub overlaps: Vec<Overlap>,
    /// Lucca's warnings.
    pub warnings: Vec<Warning>,
    /// Why it can't be requested; empty if it can.
    pub problems: Vec<Problem>,
    /// The API to send it through.
    pub lucca_api: AbsenceApi,
    /// Whether it can be requested once its warnings are confirmed.
    pub can_be_requested: bool,
}

/// An existing absence with half-days that another would take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Overlap {
    /// The existing absence.
    pub absence_id: RemoteId,
    /// The half-days that both would take.
    pub half_days: Vec<HalfDay>,
}

/// An employee's leave types.
#[derive(Clone, Debug, Serialize)]
pub struct LeaveTypes {
    /// The leave types.
    pub leave_types: Vec<UsableLeaveType>,
    /// Whether Lucca offered them to this employee for this period. If not, these are all of the tenant's.
    pub is_offered: bool,
}

/// A leave type as an employee can use it.
#[derive(Clone, Debug, Serialize)]
pub struct UsableLeaveType {
    /// Lucca's id; a new one each year for yearly accounts.
    pub id: RemoteId,
    /// Its name, in the language of the API key.
    pub name: Option<String>,
    /// The unit it is counted in.
    pub unit: Option<LeaveUnit>,
    /// Whether half-days can be taken.
    pub half_days: Option<bool>,
    /// The step of durations, in hours.
    pub step_hours: Option<f64>,
    /// The remaining balance, if Lucca returns it.
    pub balance: Option<f64>,
    /// Whether it is remote work.
    pub is_remote_work: Option<bool>,
}

/// The data that a preview collected.
pub(crate) struct Examined {
    pub(crate) person: Person,
    pub(crate) plan: Plan,
    pub(crate) existing: Vec<Absence>,
    pub(crate) lucca_api: Box<dyn AbsenceApiClient>,
    pub(crate) assessment: Assessment,
    pub(crate) overlaps: Vec<Overlap>,
    pub(crate) problems: Vec<Problem>,
}

impl Absences<'_> {
    /// Previews an absence with its problems. About four requests to Lucca; none of them creates anything.
    ///
    /// # Errors
    ///
    /// [`Error::Problems`] if the absence itself is invalid, without a request; [`Error::NotPermitted`],
    /// [`Error::UnknownEmployee`], or [`Error::Lucca`] if a request failed.
    #[boxed]
    pub async fn preview(&self, ask: &AbsenceDraft) -> Result<Preview, Error> {
        let examined = self.examine(ask).await?;
        let Examined { person, plan, lucca_api, assessment, overlaps, problems, .. } = examined;
        Ok(Preview {
            ask: ask.clone(),
            person: PersonLabel::of(&person.employee),
            leave_type_name: assessment.leave_type_name,
            plan,
            amount: assessment.amount,
            balance: assessment.balance,
            overlaps,
            warnings: assessment.warnings,
            can_be_requested: problems.is_empty(),
            problems,
            lucca_api: lucca_api.kind(),
        })
    }

    /// The leave types that an employee may use in a period.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownEmployee`], [`Error::NotPermitted`], or [`Error::Lucca`] if a request failed.
    #[boxed]
    pub async fn leave_types(
        &self,
        employee_id: &RemoteId,
        first: HalfDay,
        last: HalfDay,
    ) -> Result<LeaveTypes, Error> {
        self.require_features()?;
        let person = self.person(employee_id).await?;
        let kind = self.lucca_api().await?.kind();
        if kind == AbsenceApi::Factory {
            let period = lucca::AbsencePeriod { owner: person.employee.id, first, last };
            match self.client.leave_request_offer(&period).await {
                Ok(offer) => {
                    let leave_types = offer.accounts.into_iter().map(|account| UsableLeaveType {
                        id: account.id,
                        name: account.name,
                        unit: account.unit,
                        half_days: account.constraint.allows_half_days,
                        step_hours: account
                            .constraint
                            .step_hours
                            .filter(|_| account.unit == Some(LeaveUnit::Hours)),
                        balance: account.constraint.current_balance,
                        is_remote_work: account.is_remote_work,
                    });
                    return Ok(LeaveTypes { leave_types: leave_types.collect(), is_offered: true });
                }
                Err(error) => self.note_refusal(kind, error).await?,
            }
        }
        let known = self.store.all::<LeaveType>(self.account.no).await?;
        let leave_types = known.into_iter().map(|leave_type| UsableLeaveType {
            id: leave_type.id,
            name: leave_type.name,
            unit: leave_type.unit,
            half_days: None,
            step_hours: None,
            balance: None,
            is_remote_work: leave_type.is_remote_work,
        });
        Ok(LeaveTypes { leave_types: leave_types.collect(), is_offered: false })
    }

    pub(crate) async fn examine(&self, ask: &AbsenceDraft) -> Result<Examined, Error> {
        // Return declined features and recently refused APIs without a request.
        drop(self.lucca_api().await?);
        let own = ask.problems();
        if !own.is_empty() {
            return Err(Error::Problems(own));
        }
        let person = self.person(&ask.employee_id).await?;
        let owner = std::slice::from_ref(&ask.employee_id);
        let existing = self.absences_of(owner, ask.first.date, ask.last.date).await?;
        let plan = self.plan(&person.employee, ask.first, ask.last).await?;
        let (lucca_api, mut assessment) = self.assess(ask, &person, &plan).await?;
        let overlaps = overlaps(&plan, &existing);
        let mut problems = Vec::new();
        if plan.taken.is_empty() {
            let message = "the employee works on none of these half-days: rest day, public holiday, \
                           part-time, or no contract";
            problems.push(Problem::new(ProblemCode::NothingToTake, message).on("starts_on"));
        }
        if !overlaps.is_empty() {
            let message = "the employee is already absent on some of these half-days";
            let half_days = overlaps.iter().flat_map(|one| one.half_days.iter().copied()).collect();
            let problem = Problem::new(ProblemCode::Overlap, message).on("starts_on");
            problems.push(Problem { half_days, ..problem });
        }
        problems.extend(assessment.problems.iter().cloned());
        if lucca_api.kind() == AbsenceApi::Import {
            // The import returns no data about leave types, so use the stored one.
            let leave_type = self.store.record::<LeaveType>(self.account.no, &ask.leave_type_id).await?;
            if let Some(leave_type) = leave_type.map(|stored| stored.record) {
                problems.extend(wrong_unit(ask, &leave_type));
                assessment.leave_type_name = leave_type.name;
            }
            problems.extend(self.import_doubles(ask, &person).await?);
        }
        Ok(Examined { person, plan, existing, lucca_api, assessment, overlaps, problems })
    }

    pub(crate) async fn person(&self, id: &RemoteId) -> Result<Person, Error> {
        let no = self.account.no;
        let Some(stored) = self.store.record::<Employee>(no, id).await? else {
            return Err(Error::UnknownEmployee);
        };
        let employee = stored.record;
        let establishment = self.establishment_of(&employee).await?;
        Ok(Person { employee, establishment })
    }

    pub(crate) async fn establishment_of(&self, employee: &Employee) -> Result<Option<Establishment>, Error> {
        let Some(id) = &employee.establishment_id else { return Ok(None) };
        let stored = self.store.record::<Establishment>(self.account.no, id).await?;
        Ok(stored.map(|stored| stored.record))
    }
}

/// The problem of a duration in hours on a leave type that is counted in days.
pub(crate) fn wrong_unit(ask: &AbsenceDraft, leave_type: &LeaveType) -> Option<Problem> {
    (ask.minutes.is_some() && leave_type.unit == Some(LeaveUnit::Days)).then(|| {
        let message = "this leave type is counted in days: leave out the duration";
        Problem::new(ProblemCode::InvalidDuration, message).on("minutes")
    })
}

/// The existing absences that share half-days with a plan.
pub(crate) fn overlaps(plan: &Plan, existing: &[Absence]) -> Vec<Overlap> {
    let of = |absence: &Absence| {
        let active = absence.leaves.iter().filter(|leave| leave.is_active);
        let taken: BTreeSet<HalfDay> = active.map(people::Leave::at).collect();
        let half_days = plan.overlap(&taken);
        (!half_days.is_empty()).then(|| Overlap { absence_id: absence.id.clone(), half_days })
    };
    existing.iter().filter_map(of).collect()
}
