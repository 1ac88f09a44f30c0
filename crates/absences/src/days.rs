//! Reads the half-days that an employee works, from Lucca or, failing that, from the store.

use std::collections::HashMap;

use jiff::ToSpan;
use jiff::civil::Date;
use lucca::Read;
use people::catalog::Column;
use people::{
    Employee, EmployeeStatus, Employment, HalfDay, Kind, Model, Plan, RemoteId, WorkingDay, plan, status_on,
};

use crate::Absences;
use crate::problem::Error;

/// Months of one employee per request. Lucca recommends about ten employees and a month per request (source:
/// absences.md §8); this is less.
const MONTHS_AT_ONCE: i32 = 4;

impl Absences<'_> {
    /// Computes the half-days that an absence would take.
    pub(crate) async fn plan(
        &self,
        employee: &Employee,
        first: HalfDay,
        last: HalfDay,
    ) -> Result<Plan, Error> {
        let days = match self.days_from_lucca(employee, first.date, last.date).await {
            Ok(days) => days,
            // unverified: which permission grants access to the days; without it, the stored days are used.
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

    /// As [`plan`](Self::plan), from days that are read already.
    pub(crate) async fn plan_of(
        &self,
        employee: &Employee,
        first: HalfDay,
        last: HalfDay,
        days: HashMap<Date, WorkingDay>,
    ) -> Result<Plan, Error> {
        let employments = self.employments_of(employee).await?;
        let is_employed = |date: Date| {
            let periods = employments.iter().map(Employment::period);
            status_on(date, employee.contract(), periods) == EmployeeStatus::Active
        };
        Ok(plan(first, last, |date| {
            if is_employed(date) {
                days.get(&date).cloned()
            } else {
                Some(WorkingDay::outside_contracts(date))
            }
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
                        days.insert(value.date, normalise::working_day(&value, None, None));
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
        let dates = std::iter::successors(Some(first), |date| date.tomorrow().ok());
        let dates = dates.take_while(|date| *date <= last);
        let ids: Vec<RemoteId> = dates.map(|date| employee.working_day_id(date)).collect();
        let days = self.stored::<WorkingDay>(&ids).await?;
        Ok(days.into_iter().map(|day| (day.date, day)).collect())
    }

    async fn employments_of(&self, employee: &Employee) -> Result<Vec<Employment>, Error> {
        let owner = std::slice::from_ref(&employee.id);
        let rows = self.store.referring(self.account.no, Kind::Employment, Column::EmployeeId, owner).await?;
        let ids: Vec<RemoteId> = rows.into_iter().map(|(id, _)| id).collect();
        self.stored(&ids).await
    }

    /// Reads the stored records with these ids; leaves out missing and unreadable ones.
    pub(crate) async fn stored<T: Model>(&self, ids: &[RemoteId]) -> Result<Vec<T>, Error> {
        let bodies = self.store.bodies(self.account.no, T::KIND, ids).await?;
        Ok(bodies.into_values().filter_map(|(body, _)| serde_json::from_str(&body).ok()).collect())
    }
}
