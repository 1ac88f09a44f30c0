//! The records of the tenant that a key may see, as counts: a complete sync must find them.

use serde::{Deserialize, Serialize};

use crate::{company::model::Status, view::View};

/// Counts of the records visible to one key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Truth {
    /// User records, of all statuses; `formerEmployees=true` is needed to get them all.
    pub employees: u64,
    /// The same by status on the tenant's date.
    pub by_status: ByStatus,
    /// Departments, inactive ones included.
    pub departments: u64,
    /// Of these, no longer in use.
    pub departments_inactive: u64,
    /// Establishments, archived ones included.
    pub establishments: u64,
    /// Of these, archived.
    pub establishments_archived: u64,
    /// Legal units, archived ones included.
    pub legal_units: u64,
    /// Work contracts; none without the right to consult them.
    pub employments: u64,
    /// Job qualifications.
    pub job_qualifications: u64,
    /// Occupation categories.
    pub occupation_categories: u64,
    /// Leave accounts.
    pub leave_accounts: u64,
    /// Leave periods, in all states.
    pub leave_periods: u64,
    /// Leaves, one per half-day, inactive ones included.
    pub leaves: u64,
    /// Leave requests, of all statuses.
    pub leave_requests: u64,
    /// Definitions of custom fields.
    pub custom_fields: u64,
    /// Analytical axes, inactive ones included.
    pub axes: u64,
    /// Sections of analytical axes, inactive ones included.
    pub axis_sections: u64,
    /// Roles.
    pub roles: u64,
}

/// Employees by status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByStatus {
    /// A contract covers the day; or there is none and the dates do not contradict it.
    pub active: u64,
    /// A contract starts later.
    pub future: u64,
    /// The last contract has ended.
    pub former: u64,
}

impl Truth {
    pub(crate) fn of(view: &View<'_>) -> Self {
        let (company, rights) = (view.company, view.rights);
        let mut by_status = ByStatus::default();
        for person in company.people.iter().filter(|person| view.lists(person)) {
            match person.status(view.today) {
                Status::Active => by_status.active += 1,
                Status::Future => by_status.future += 1,
                Status::Former => by_status.former += 1,
            }
        }
        let owners = company.people.iter().filter(|person| view.sees_contracts_of(person));
        let employments: u64 = owners.map(|person| count(person.contracts.len())).sum();
        let organization = |n: usize| if rights.sees_organization() { count(n) } else { 0 };
        let (mut periods, mut halves, mut requests) = (0, 0, 0);
        for person in company.people.iter().filter(|person| view.sees_absences_of(person)) {
            for (_, period) in company.absences.of(person.id) {
                periods += 1;
                halves += u64::from(period.count);
                requests += u64::from(period.request.is_some());
            }
        }
        let leaves = rights.consult_leaves || rights.make_absence_requests;
        Self {
            employees: by_status.active + by_status.future + by_status.former,
            by_status,
            departments: organization(company.departments.len()),
            departments_inactive: organization(company.departments.iter().filter(|one| !one.active).count()),
            establishments: organization(company.establishments.len()),
            establishments_archived: organization(
                company.establishments.iter().filter(|one| one.archived).count(),
            ),
            legal_units: organization(company.legal_units.len()),
            employments: if rights.view_contracts { employments } else { 0 },
            job_qualifications: organization(company.qualifications.len()),
            occupation_categories: organization(company.categories.len()),
            leave_accounts: if leaves { count(company.leave_accounts.len()) } else { 0 },
            leave_periods: periods,
            leaves: halves,
            leave_requests: requests,
            custom_fields: if rights.view_users && rights.hr_file.custom_fields {
                count(company.definitions.len())
            } else {
                0
            },
            axes: organization(company.axes.len()),
            axis_sections: organization(company.sections.len()),
            roles: organization(company.roles.len()),
        }
    }
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
