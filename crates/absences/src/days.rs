//! Which half-days a person works, as Lucca says it today, or else as the last sync heard.

use std::collections::HashMap;

use jiff::ToSpan;
use jiff::civil::Date;
use lucca::Read;
use people::{Employee, Employment, HalfDay, Kind, Model, Plan, RemoteId, WorkingDay, plan};

use crate::Absences;
use crate::problem::Error;

/// Lucca advises to ask for some ten people and a month at once (source: absences.md §8): of one person, so many
/// months are less.
const MONTHS_AT_ONCE: i32 = 4;

impl Absences<'_> {
    /// What an absence of a person would take.
    pub(crate) async fn plan(
        &self,
        employee: &Employee,
        first: HalfDay,
        last: HalfDay,
    ) -> Result<Plan, Error> {
        let days = match self.days_from_lucca(employee, first.date, last.date).await {
            Ok(days) => days,
            // unverified: which permission opens the days; without it, what the sync heard has to do.
            Err(error)
                if ["lucca.not_found", "lucca.permission_missing", "lucca.bad_request"]
                    .contains(&error.code()) =>
            {
                self.days_from_store(employee, first.date, last.date).await?
            }
            Err(error) => return Err(Error::Lucca(error)),
        };
        self.plan_of(employee, first, last, days).await
    }

    /// The same by days that are known already.
    pub(crate) async fn plan_of(
        &self,
        employee: &Employee,
        first: HalfDay,
        last: HalfDay,
        days: HashMap<Date, WorkingDay>,
    ) -> Result<Plan, Error> {
        let employments = self.employments_of(employee).await?;
        let is_employed = |date: Date| {
            let covers = |start: Option<Date>, end: Option<Date>| {
                start.is_none_or(|start| start <= date) && end.is_none_or(|end| date <= end)
            };
            if employments.is_empty() {
                covers(employee.contract_start, employee.contract_end)
            } else {
                employments.iter().any(|one| covers(Some(one.starts_on), one.ends_on))
            }
        };
        Ok(plan(first, last, |date| {
            if is_employed(date) { days.get(&date).cloned() } else { Some(not_worked(date)) }
        }))
    }

    async fn days_from_lucca(
        &self,
        employee: &Employee,
        first: Date,
        last: Date,
    ) -> Result<HashMap<Date, WorkingDay>, lucca::Error> {
        let mut days = HashMap::new();
        let mut from = first;
        while from <= last {
            let to = from.saturating_add(MONTHS_AT_ONCE.months()).min(last);
            let mut dates =
                self.client.user_dates(std::slice::from_ref(&employee.id), from, to).without_raw();
            while let Some(page) = dates.next_page().await? {
                for item in page.items {
                    let Ok(Read { value, .. }) = item.outcome else { continue };
                    if value.owner_id == employee.id {
                        days.insert(value.date, sync::working_day(&value, None, None));
                    }
                }
            }
            let Ok(next) = to.tomorrow() else { break };
            from = next;
        }
        Ok(days)
    }

    pub(crate) async fn days_from_store(
        &self,
        employee: &Employee,
        first: Date,
        last: Date,
    ) -> Result<HashMap<Date, WorkingDay>, Error> {
        let calendar = employee.calendar.as_ref().map(|calendar| &calendar.id);
        let dates = std::iter::successors(Some(first), |date| date.tomorrow().ok());
        let ids: Vec<RemoteId> = dates
            .take_while(|date| *date <= last)
            .map(|date| WorkingDay::id_of(calendar, cycle_on(employee, date), date))
            .collect();
        let days = self.stored::<WorkingDay>(&ids).await?;
        Ok(days.into_iter().map(|day| (day.date, day)).collect())
    }

    async fn employments_of(&self, employee: &Employee) -> Result<Vec<Employment>, Error> {
        let owner = std::slice::from_ref(&employee.id);
        let rows = self.store.referring(self.account.no, Kind::Employment, "employee_id", owner).await?;
        let ids: Vec<RemoteId> = rows.into_iter().map(|(id, _)| id).collect();
        self.stored(&ids).await
    }

    /// Those of some records that are stored and can be read.
    pub(crate) async fn stored<T: Model>(&self, ids: &[RemoteId]) -> Result<Vec<T>, Error> {
        let bodies = self.store.bodies(self.account.no, T::KIND, ids).await?;
        Ok(bodies.into_values().filter_map(|(body, _)| serde_json::from_str(&body).ok()).collect())
    }
}

/// The work cycle that somebody works in on a day.
fn cycle_on(employee: &Employee, date: Date) -> Option<&RemoteId> {
    let runs = |start: Option<Date>, end: Option<Date>| {
        start.is_none_or(|start| start <= date) && end.is_none_or(|end| date <= end)
    };
    let cycle = employee.work_cycles.iter().find(|cycle| runs(cycle.starts_on, cycle.ends_on));
    cycle.and_then(|cycle| cycle.work_cycle.as_ref()).map(|cycle| &cycle.id)
}

/// A day outside every contract.
fn not_worked(date: Date) -> WorkingDay {
    WorkingDay {
        id: WorkingDay::id_of(None, None, date),
        calendar_id: None,
        work_cycle_id: None,
        date,
        is_public_holiday: false,
        is_weekly_rest: false,
        am_minutes: Some(0),
        pm_minutes: Some(0),
    }
}
