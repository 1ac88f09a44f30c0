//! Cancelling, deciding, deleting. Source: absences.md §3, §4.

use serde_json::json;

use super::{
    Reply, Request,
    body::{self, Object},
};
use crate::{
    absence_writes::WriteKind,
    changes::{ChangeError, absences::AbsenceIds},
    company::absences::place,
    errors::Refusal,
};

/// unverified: the statuses and texts of all these refusals except the mandatory comment's 400.
fn refusal(error: &ChangeError) -> Refusal {
    match error {
        ChangeError::NoSuch(what) => Refusal::not_found(format!("The {what} was not found")),
        ChangeError::Conflict(why) => Refusal::problem(*why),
    }
}

impl Request<'_> {
    /// The owner and the ids of a request within the key's scope.
    fn request(&self, id: i64) -> Result<(i64, AbsenceIds), Refusal> {
        let missing = || Refusal::not_found(format!("Resource LeaveRequest with ID {id} not found"));
        self.read_view(|view| {
            let all = &view.company.absences;
            let wanted = u32::try_from(id).ok();
            let found = all.periods.iter().find(|one| one.request.is_some() && one.request == wanted);
            let period = found.ok_or_else(missing)?;
            let owner = view.company.person(period.owner.into()).ok_or_else(missing)?;
            if !view.has_in_scope(owner) {
                return Err(missing());
            }
            Ok((owner.id, AbsenceIds { leave_period_id: period.id.into(), leave_request_id: Some(id) }))
        })
    }

    pub(super) fn cancel(&self, id: i64) -> Result<Reply, Refusal> {
        self.needs(self.key.rights.make_absence_requests)?;
        let (owner, ids) = self.request(id)?;
        let done = self.tenant.cancel_request(ids.leave_period_id, self.switches.cancel_approved);
        done.map_err(|error| refusal(&error))?;
        self.record_write(WriteKind::Cancel, owner, ids);
        Ok(self.done(&json!(id)))
    }

    pub(super) fn decide(&self, id: i64) -> Result<Reply, Refusal> {
        self.needs(self.key.rights.approve_absence_requests)?;
        let (owner, ids) = self.request(id)?;
        let body = body::object(self.label, self.body)?;
        let body = Object(&body);
        let approved = body.flag("approved")?;
        let comment = body.get("comment").and_then(serde_json::Value::as_str);
        let comment = comment.filter(|text| !text.trim().is_empty());
        if !approved && comment.is_none() {
            return Err(Refusal::problem("A comment is required to deny a leave request."));
        }
        let done = self.tenant.decide(ids.leave_period_id, approved, comment, self.switches);
        done.map_err(|error| refusal(&error))?;
        self.record_write(if approved { WriteKind::Approve } else { WriteKind::Deny }, owner, ids);
        Ok(self.done(&json!(id)))
    }

    pub(super) fn delete(&self, id: &str) -> Result<Reply, Refusal> {
        self.needs(self.key.rights.delete_leaves)?;
        let missing = || Refusal::not_found(format!("Resource Leave with ID {id} not found"));
        let (owner, ids) = self.read_view(|view| {
            let all = &view.company.absences;
            let half = all.half_by_id(id).and_then(|at| all.halves.get(place(at)));
            let period = half.and_then(|half| all.period_of(*half)).ok_or_else(missing)?;
            let owner = view.company.person(period.owner.into()).filter(|one| view.has_in_scope(one));
            let owner = owner.ok_or_else(missing)?;
            let request = period.request.map(i64::from);
            Ok((owner.id, AbsenceIds { leave_period_id: period.id.into(), leave_request_id: request }))
        })?;
        self.tenant.delete_leave(id).map_err(|error| refusal(&error))?;
        self.record_write(WriteKind::DeleteLeave, owner, ids);
        Ok(self.done(&json!(id.to_uppercase())))
    }
}
