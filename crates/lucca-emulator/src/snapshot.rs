//! All records visible to a key, as plain facts: the expected result of a complete sync.
//!
//! Built from the records, not from the routes, so that errors in the routes are detected.

use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

use crate::{
    company::{
        absences::{Stage, place},
        model::Status,
    },
    view::View,
};

/// The records visible to one key, each list ascending by id. Times are Paris local time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// User records, of all statuses.
    pub users: Vec<UserFacts>,
    /// Work contracts; none without the right to consult them.
    pub contracts: Vec<ContractFacts>,
    /// Departments, inactive ones included.
    pub departments: Vec<DepartmentFacts>,
    /// Establishments, archived ones included.
    pub establishments: Vec<EstablishmentFacts>,
    /// Entries of the log of changes to users; none if the tenant refuses it.
    pub user_logs: Vec<UserLogFacts>,
    /// Ids of leave accounts.
    pub leave_accounts: Vec<i64>,
    /// Absences, in all states.
    pub leave_periods: Vec<LeavePeriodFacts>,
    /// Half-days, inactive ones included, by period and date.
    pub leaves: Vec<LeaveFacts>,
    /// Leave requests, of all statuses.
    pub leave_requests: Vec<LeaveRequestFacts>,
}

/// A user record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserFacts {
    /// Id of the user.
    pub id: i64,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Professional e-mail.
    pub mail: Option<String>,
    /// Employee number.
    pub employee_number: Option<String>,
    /// Job title; none without the right to view jobs.
    pub job_title: Option<String>,
    /// Status on the tenant's date.
    pub status: Status,
    /// Id of the department.
    pub department_id: i64,
    /// Id of the manager; none without the right to view managers, and for people who are their own manager.
    pub manager_id: Option<i64>,
    /// Id of the current establishment.
    pub establishment_id: i64,
    /// First day of the applicable contract.
    pub starts_on: Option<Date>,
    /// Last day of the applicable contract.
    pub ends_on: Option<Date>,
    /// The record's `modifiedAt`.
    pub modified_at: DateTime,
}

/// A work contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContractFacts {
    /// Id of the contract.
    pub id: i64,
    /// Id of its user.
    pub owner_id: i64,
    /// Id of the establishment.
    pub establishment_id: i64,
    /// First day.
    pub starts_on: Date,
    /// Last day.
    pub ends_on: Option<Date>,
    /// Whether it is the applicable one today.
    pub is_applicable: bool,
}

/// A department.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DepartmentFacts {
    /// Id of the department.
    pub id: i64,
    /// Name.
    pub name: String,
    /// Id of the department above.
    pub parent_id: Option<i64>,
    /// Id of the head.
    pub head_id: Option<i64>,
    /// Whether it is in use.
    pub is_active: bool,
}

/// An establishment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EstablishmentFacts {
    /// Id of the establishment.
    pub id: i64,
    /// Name.
    pub name: String,
    /// Id of the legal unit.
    pub legal_unit_id: i64,
    /// Whether it is closed.
    pub is_archived: bool,
}

/// An entry of the log of changes to users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserLogFacts {
    /// Id of the entry.
    pub id: i64,
    /// Id of the changed user.
    pub owner_id: i64,
    /// The changed property: `departmentid`, `manager`, `legalentityid`…
    pub name: String,
    /// The new value, as a text; empty if cleared.
    pub value: String,
    /// Time of the change.
    pub modified_at: DateTime,
}

/// A continuous absence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LeavePeriodFacts {
    /// Id of the period.
    pub id: i64,
    /// Id of the absent person.
    pub owner_id: i64,
    /// First day.
    pub starts_on: Date,
    /// Whether it begins in the morning.
    pub starts_am: bool,
    /// Last day.
    pub ends_on: Date,
    /// Whether it ends at noon.
    pub ends_am: bool,
    /// Whether it was approved, or entered by HR.
    pub is_confirmed: bool,
}

/// One half-day of absence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LeaveFacts {
    /// Id of the leave, in the tenant's notation.
    pub id: String,
    /// Id of its period.
    pub leave_period_id: i64,
    /// Id of the absent person.
    pub owner_id: i64,
    /// The day.
    pub date: Date,
    /// Morning or afternoon.
    pub am: bool,
    /// Id of the account; none without the right to see details.
    pub account_id: Option<i64>,
    /// Minutes, if the account counts hours.
    pub minutes: Option<u32>,
    /// False once cancelled or denied.
    pub is_active: bool,
    /// Whether its period was approved, or entered by HR.
    pub is_confirmed: bool,
    /// Comment of the absence.
    pub comment: Option<String>,
}

/// A request for an absence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LeaveRequestFacts {
    /// Id of the request.
    pub id: i64,
    /// Id of the requested period.
    pub leave_period_id: i64,
    /// Id of the absent person.
    pub owner_id: i64,
    /// 0 pending, 2 approved, 3 denied, 4 cancelled, 5 cancellation pending.
    pub status: i64,
    /// Decisions so far.
    pub approvals: u32,
}

impl Snapshot {
    pub(crate) fn of(view: &View<'_>) -> Self {
        let (company, rights, today) = (view.company, view.rights, view.today);
        let mut all = Self::default();
        for person in company.people.iter().filter(|person| view.lists(person)) {
            let (starts_on, ends_on) = person.dates(today);
            all.users.push(UserFacts {
                id: person.id,
                first_name: person.first_name.clone(),
                last_name: person.last_name.clone(),
                mail: person.mail.clone(),
                employee_number: person.employee_number.clone(),
                job_title: person.job_title.clone().filter(|_| rights.view_jobs),
                status: person.status(today),
                department_id: person.department,
                manager_id: person.manager.filter(|id| rights.view_managers && *id != person.id),
                establishment_id: person.current_establishment(today),
                starts_on,
                ends_on,
                modified_at: person.modified.at,
            });
        }
        for person in company.people.iter().filter(|person| view.sees_contracts_of(person)) {
            let applicable = person.applicable(today).map(|contract| contract.id);
            let contracts = person.contracts.iter().filter(|_| rights.view_contracts);
            all.contracts.extend(contracts.map(|contract| ContractFacts {
                id: contract.id,
                owner_id: person.id,
                establishment_id: contract.establishment,
                starts_on: contract.starts,
                ends_on: contract.ends,
                is_applicable: Some(contract.id) == applicable,
            }));
        }
        all.contracts.sort_unstable_by_key(|contract| contract.id);
        if rights.sees_organization() {
            all.departments = company
                .departments
                .iter()
                .map(|one| DepartmentFacts {
                    id: one.id,
                    name: one.name.clone(),
                    parent_id: one.parent,
                    head_id: one.head,
                    is_active: one.active,
                })
                .collect();
            all.establishments = company
                .establishments
                .iter()
                .map(|one| EstablishmentFacts {
                    id: one.id,
                    name: one.name.clone(),
                    legal_unit_id: one.legal_unit,
                    is_archived: one.archived,
                })
                .collect();
        }
        if rights.view_users && view.switches.userlogs == crate::switches::UserLogs::Alive {
            let seen = company.logs.iter().filter(|log| {
                company.person(log.owner).is_some_and(|person| view.sees(person))
                    && (log.name != "manager" || rights.view_managers)
            });
            all.user_logs = seen
                .map(|log| UserLogFacts {
                    id: log.id,
                    owner_id: log.owner,
                    name: log.name.to_owned(),
                    value: log.value.clone(),
                    modified_at: log.at.at,
                })
                .collect();
        }
        if rights.consult_leaves || rights.make_absence_requests {
            all.leave_accounts = company.leave_accounts.iter().map(|account| account.id).collect();
        }
        all.absences(view);
        all
    }

    fn absences(&mut self, view: &View<'_>) {
        let all = &view.company.absences;
        for period in &all.periods {
            let (id, owner_id) = (i64::from(period.id), i64::from(period.owner));
            let owner = view.company.person(owner_id);
            if !owner.is_some_and(|person| view.sees_absences_of(person)) {
                continue;
            }
            let is_confirmed = period.confirmed.is_some();
            self.leave_periods.push(LeavePeriodFacts {
                id,
                owner_id,
                starts_on: period.starts,
                starts_am: period.starts_am,
                ends_on: period.ends,
                ends_am: period.ends_am,
                is_confirmed,
            });
            if let Some(request) = period.request {
                self.leave_requests.push(LeaveRequestFacts {
                    id: request.into(),
                    leave_period_id: id,
                    owner_id,
                    status: period.stage as i64,
                    approvals: u32::try_from(period.decisions.len()).unwrap_or(u32::MAX),
                });
            }
            for at in period.places() {
                let Some(half) = all.halves.get(place(at)).copied() else { continue };
                let ended = matches!(period.stage, Stage::Denied | Stage::Cancelled);
                self.leaves.push(LeaveFacts {
                    id: period.leave_id(half),
                    leave_period_id: id,
                    owner_id,
                    date: half.date,
                    am: half.am,
                    account_id: view.rights.show_leave_details.then_some(half.account.into()),
                    minutes: (half.quarters > 0).then_some(u32::from(half.quarters) * 15),
                    is_active: !ended && !all.dropped.contains_key(&at),
                    is_confirmed,
                    comment: all.comment(period.comment).map(str::to_owned),
                });
            }
        }
    }
}
