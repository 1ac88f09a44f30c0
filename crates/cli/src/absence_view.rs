//! Absences as commands show them: with their owner, leave types, length and decisions.

use std::collections::HashMap;

use jiff::civil::{Date, date};
use people::catalog::Column;
use people::{
    Absence, AbsenceRequest, AbsenceStatus, Approval, HalfDay, Kind, LeaveType, NamedRef, RemoteId,
    absence_status,
};
use serde::Serialize;
use store::{LinkedAccount, RecordState, Store};

use crate::failure::Failure;
use crate::people_view::People;

/// Earlier than any absence. The database compares dates as text, so years have four digits.
pub(crate) const EARLIEST: Date = date(1, 1, 1);

/// An absence with its owner, leave types and decisions.
#[derive(Debug, Serialize)]
pub(crate) struct AbsenceView {
    pub(crate) id: RemoteId,
    pub(crate) employee_id: Option<RemoteId>,
    pub(crate) employee_name: Option<String>,
    pub(crate) department_id: Option<RemoteId>,
    pub(crate) department_name: Option<String>,
    /// The first and the last half-day of the absence.
    pub(crate) first: HalfDay,
    pub(crate) last: HalfDay,
    pub(crate) leave_types: Vec<NamedRef>,
    /// Whether all of it is remote work; none if Lucca does not specify it.
    pub(crate) is_remote_work: Option<bool>,
    /// Its length in half-days; of a cancelled or denied absence, the length before that.
    pub(crate) half_days: usize,
    /// Its length in minutes, where it is counted in hours.
    pub(crate) minutes: Option<i64>,
    pub(crate) status: AbsenceStatus,
    pub(crate) request_id: Option<RemoteId>,
    pub(crate) approvals: Vec<ApprovalView>,
    pub(crate) next_approver_id: Option<RemoteId>,
    pub(crate) next_approver_name: Option<String>,
    /// The half-days that it takes now.
    #[serde(skip)]
    pub(crate) taken: Vec<Taken>,
}

/// A half-day that an absence takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    pub(crate) at: HalfDay,
    /// Whether it is known to be remote work.
    pub(crate) is_remote_work: bool,
}

/// A decision with the approver's name.
#[derive(Debug, Serialize)]
pub(crate) struct ApprovalView {
    #[serde(flatten)]
    pub(crate) approval: Approval,
    pub(crate) approver_name: Option<String>,
}

impl ApprovalView {
    pub(crate) fn of(approval: Approval, people: &People) -> Self {
        Self { approver_name: approval.approver_id.as_ref().and_then(|id| people.name(id)), approval }
    }
}

impl AbsenceView {
    /// The names of its leave types, or their ids where they have no name.
    pub(crate) fn on(&self) -> String {
        let name =
            |leave_type: &NamedRef| leave_type.name.clone().unwrap_or_else(|| format!("#{}", leave_type.id));
        self.leave_types.iter().map(name).collect::<Vec<_>>().join(", ")
    }

    /// The length as text: `2.5 days`, `1 day (3:30 h)`.
    pub(crate) fn length(&self) -> String {
        let days = format!("{}{}", self.half_days / 2, if self.half_days % 2 == 1 { ".5" } else { "" });
        let days = if days == "1" { "1 day".to_owned() } else { format!("{days} days") };
        match self.minutes {
            Some(minutes) => format!("{days} ({}:{:02} h)", minutes / 60, minutes % 60),
            None => days,
        }
    }

    /// The decisions so far and the next approver: `2 approved; next approver: Anne Roux`.
    pub(crate) fn decisions(&self) -> String {
        let agreed = self.approvals.iter().filter(|view| view.approval.approved).count();
        let refused = self.approvals.len() - agreed;
        let mut parts = Vec::new();
        if agreed > 0 {
            parts.push(format!("{agreed} approved"));
        }
        if refused > 0 {
            parts.push(format!("{refused} denied"));
        }
        if let Some(next) =
            self.next_approver_name.clone().or(self.next_approver_id.as_ref().map(|id| format!("#{id}")))
        {
            parts.push(format!("next approver: {next}"));
        }
        if parts.is_empty() { "-".to_owned() } else { parts.join("; ") }
    }
}

/// The absences that touch the days from `first` to `last`, in the order in which they begin: of every
/// employee, or of one.
pub(crate) async fn load(
    store: &Store,
    account: &LinkedAccount,
    people: &People,
    (first, last): (Date, Date),
    employee: Option<&RemoteId>,
) -> Result<Vec<AbsenceView>, Failure> {
    let mut absences: Vec<Absence> = Vec::new();
    match employee {
        None => {
            let mut corrupt = None;
            let each = |_: RemoteId, body: &str| match serde_json::from_str(body) {
                Ok(absence) => absences.push(absence),
                Err(source) => corrupt = Some(store::Error::CorruptRecord { kind: Kind::Absence, source }),
            };
            store.absences_between(account.no, first, last, each).await?;
            if let Some(error) = corrupt {
                return Err(error.into());
            }
        }
        Some(employee) => {
            let theirs = store
                .referring(account.no, Kind::Absence, Column::EmployeeId, std::slice::from_ref(employee))
                .await?;
            let ids: Vec<RemoteId> = theirs.into_iter().map(|(id, _)| id).collect();
            absences = read(store, account, &ids).await?;
        }
    }
    absences.retain(|absence| absence.first.date <= last && absence.last.date >= first);
    absences.sort_by(|a, b| (a.first, a.id.sort_key()).cmp(&(b.first, b.id.sort_key())));

    let ids: Vec<RemoteId> = absences.iter().map(|absence| absence.id.clone()).collect();
    let mut requests = store.latest_requests_of(account.no, &ids).await?;
    let leave_types = store.all::<LeaveType>(account.no).await?;
    let leave_types: HashMap<&RemoteId, &LeaveType> =
        leave_types.iter().map(|leave_type| (&leave_type.id, leave_type)).collect();
    Ok(absences.into_iter().map(|absence| view(absence, &mut requests, &leave_types, people)).collect())
}

/// The present ones of some absences.
async fn read(store: &Store, account: &LinkedAccount, ids: &[RemoteId]) -> Result<Vec<Absence>, Failure> {
    let kind = Kind::Absence;
    let bodies = store.bodies(account.no, kind, ids).await?;
    let present = bodies.into_values().filter(|(_, state)| *state == RecordState::Present);
    let parse = |(body, _): (String, RecordState)| {
        serde_json::from_str(&body).map_err(|source| store::Error::CorruptRecord { kind, source }.into())
    };
    present.map(parse).collect()
}

fn view(
    absence: Absence,
    requests: &mut HashMap<RemoteId, AbsenceRequest>,
    leave_types: &HashMap<&RemoteId, &LeaveType>,
    people: &People,
) -> AbsenceView {
    let request = requests.remove(&absence.id);
    let status = absence_status(&absence, request.as_ref());
    let employee = absence.employee_id.as_ref().and_then(|id| people.employee(id));
    let department_id = employee.and_then(|employee| employee.department_id.clone());
    let of_type = |id: &RemoteId| leave_types.get(id).copied();
    let remote: Vec<Option<bool>> =
        absence.leave_type_ids.iter().map(|id| of_type(id).and_then(|found| found.is_remote_work)).collect();
    let taken = absence.leaves.iter().filter(|leave| leave.is_active).map(|leave| Taken {
        at: leave.at(),
        is_remote_work: leave.leave_type_id.as_ref().and_then(of_type).and_then(|found| found.is_remote_work)
            == Some(true),
    });
    let taken = taken.collect();
    let counted = absence.leaves.iter().filter(|leave| leave.is_active == absence.is_active);
    let request_id = request.as_ref().map(|request| request.id.clone());
    let (approvals, next_approver_id) =
        request.map_or_else(Default::default, |request| (request.approvals, request.next_approver_id));
    AbsenceView {
        employee_name: employee.map(people::Employee::shown_name),
        department_name: department_id.as_ref().and_then(|id| people.department_name(id)).map(str::to_owned),
        department_id,
        first: absence.first,
        last: absence.last,
        is_remote_work: match &remote[..] {
            [] => None,
            all if all.iter().all(|known| *known == Some(true)) => Some(true),
            all if all.iter().any(Option::is_none) => None,
            _ => Some(false),
        },
        leave_types: absence
            .leave_type_ids
            .iter()
            .map(|id| NamedRef { id: id.clone(), name: of_type(id).and_then(|found| found.name.clone()) })
            .collect(),
        half_days: absence.duration(),
        minutes: counted.filter_map(|leave| leave.minutes).reduce(i64::saturating_add),
        status,
        request_id,
        approvals: approvals.into_iter().map(|approval| ApprovalView::of(approval, people)).collect(),
        next_approver_name: next_approver_id.as_ref().and_then(|id| people.name(id)),
        next_approver_id,
        taken,
        employee_id: absence.employee_id,
        id: absence.id,
    }
}
