//! All facts about one person's absences, regardless of any key's rights: for tests of clients that write.

use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

use crate::{
    company::absences::{
        accounts::{Balance, balance, terms},
        place,
        rules::Extent,
    },
    tenant::Tenant,
};

/// An absence, in any state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AbsenceFacts {
    /// Id of the period.
    pub leave_period_id: i64,
    /// Id of the request; none if HR entered it.
    pub leave_request_id: Option<i64>,
    /// 0 pending, 2 approved, 3 denied, 4 cancelled, 5 cancellation pending.
    pub status: i64,
    /// Approvals that it needs.
    pub levels: u8,
    /// Ids of the users who decided, in order.
    pub deciders: Vec<i64>,
    /// First day.
    pub starts_on: Date,
    /// Whether it begins in the morning.
    pub starts_am: bool,
    /// Last day.
    pub ends_on: Date,
    /// Whether it ends at noon.
    pub ends_am: bool,
    /// Comment.
    pub comment: Option<String>,
    /// Creation time, in Paris local time.
    pub created: DateTime,
    /// Its half-days in order, inactive ones included.
    pub halves: Vec<HalfFacts>,
}

/// A half-day of an absence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HalfFacts {
    /// Id of the leave.
    pub id: String,
    /// The day.
    pub date: Date,
    /// Morning or afternoon.
    pub am: bool,
    /// Id of the account.
    pub account_id: i64,
    /// Minutes, if the account counts hours.
    pub minutes: Option<u32>,
    /// False once it was deleted, or its period cancelled or denied.
    pub is_active: bool,
}

/// The balance of an account; amounts in days, or in hours for unit 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BalanceFacts {
    /// Id of the account.
    pub account_id: i64,
    /// 0 days, 1 hours, 3 business days.
    pub unit: i64,
    /// The person's entitlement; none without balance management.
    pub entitlement: Option<f64>,
    /// Amount of active absences, pending ones included.
    pub taken: Option<f64>,
    /// Entitlement less taken.
    pub balance: Option<f64>,
    /// Whether the balance may go below zero.
    pub may_be_negative: bool,
}

/// A half-day that a person works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HalfDay {
    /// The day.
    pub date: Date,
    /// Morning or afternoon.
    pub am: bool,
}

impl Tenant {
    /// All absences of a person, by period.
    pub fn absences_of(&self, owner: i64) -> Vec<AbsenceFacts> {
        let company = self.state().company();
        let all = &company.absences;
        let periods = all.of(owner).map(|(_, period)| AbsenceFacts {
            leave_period_id: period.id.into(),
            leave_request_id: period.request.map(i64::from),
            status: period.stage as i64,
            levels: period.levels,
            deciders: period.decisions.iter().map(|one| one.approver.into()).collect(),
            starts_on: period.starts,
            starts_am: period.starts_am,
            ends_on: period.ends,
            ends_am: period.ends_am,
            comment: all.comment(period.comment).map(str::to_owned),
            created: period.created.at(),
            halves: period
                .places()
                .filter_map(|at| Some((at, *all.halves.get(place(at))?)))
                .map(|(at, half)| HalfFacts {
                    id: period.leave_id(half),
                    date: half.date,
                    am: half.am,
                    account_id: half.account.into(),
                    minutes: (half.quarters > 0).then_some(u32::from(half.quarters) * 15),
                    is_active: all.is_active(at, period),
                })
                .collect(),
        });
        periods.collect()
    }

    /// The balance of every account for a person.
    pub fn balances_of(&self, owner: i64) -> Vec<BalanceFacts> {
        let company = self.state().company();
        let facts = company.leave_accounts.iter().map(|account| {
            let terms = terms(account.id);
            let found = balance(&company, owner, account.id, Date::MAX);
            let whole = |parts: i32| f64::from(parts) / f64::from(terms.unit.parts());
            BalanceFacts {
                account_id: account.id,
                unit: terms.unit as i64,
                entitlement: found.map(|one| whole(one.entitlement)),
                taken: found.map(|one| whole(one.taken)),
                balance: found.map(Balance::left).map(whole),
                may_be_negative: terms.debit,
            }
        });
        facts.collect()
    }

    /// The half-days that a person works in a period: those an absence would take.
    pub fn what_it_would_take(
        &self,
        owner: i64,
        starts_on: Date,
        starts_am: bool,
        ends_on: Date,
        ends_am: bool,
    ) -> Vec<HalfDay> {
        let company = self.state().company();
        let extent = Extent { starts: starts_on, starts_am, ends: ends_on, ends_am };
        let worked = company.person(owner).map(|person| extent.worked_by(person)).unwrap_or_default();
        worked.into_iter().map(|(date, am)| HalfDay { date, am }).collect()
    }
}
