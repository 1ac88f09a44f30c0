//! Cancels and decides existing absences, including ones that were not requested through the connector. Reads
//! Lucca's state right before and right after each change, so that only the intended state is changed, and a
//! lost response does not count as a failure.

use async_recursion::async_recursion as boxed;
use linking::Permission;
use people::catalog::Column;
use people::{
    Absence, AbsenceRequest, AbsenceRequestStatus, AbsenceStatus, HalfDay, Kind, Leave, RemoteId,
    absence_status,
};
use serde::Serialize;
use serde_json::json;
use store::{Submission, SubmissionId, SubmissionState};

use crate::Absences;
use crate::problem::{Error, Lacking};
use crate::report::Status;
use crate::submit::ask_of;

/// Operations of the role, as Lucca's help names them (source: absences.md §10).
const DELETE_LEAVE: Lacking = Lacking::Operation("Delete a leave");
const APPROVE: Lacking = Lacking::Operation("Approve requests as a substitute for");

/// The state of an absence after a change.
#[derive(Clone, Debug, Serialize)]
pub struct Changed {
    /// Its status.
    pub status: Status,
    /// Lucca's id of the absence.
    pub absence_id: RemoteId,
    /// Lucca's id of its request, if it has one.
    pub request_id: Option<RemoteId>,
    /// Its remaining half-days.
    pub half_days: Vec<HalfDay>,
    /// False if there was nothing left to change.
    pub was_changed: bool,
}

/// The absence to change.
struct Target {
    submission: Option<Submission>,
    employee_id: RemoteId,
    absence_id: RemoteId,
    request_id: Option<RemoteId>,
    /// Its first and last day.
    days: (jiff::civil::Date, jiff::civil::Date),
}

/// Lucca's current state of the absence.
struct CurrentAbsence {
    absence: Absence,
    request: Option<AbsenceRequest>,
}

impl CurrentAbsence {
    fn status(&self) -> AbsenceStatus {
        absence_status(&self.absence, self.request.as_ref())
    }

    fn decisions(&self) -> usize {
        self.request.as_ref().map_or(0, |request| request.approvals.len())
    }

    fn active(&self) -> impl Iterator<Item = &Leave> {
        self.absence.leaves.iter().filter(|leave| leave.is_active)
    }
}

impl Absences<'_> {
    /// Cancels an absence or some of its half-days, by the id of a submission (`abr_…`) or by Lucca's id of
    /// the absence. A pending request is cancelled at once; for an approved one, Lucca may require an
    /// approval of the cancellation. Repeated calls send nothing more.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAbsence`], [`Error::NotItsHalfDay`], [`Error::WrongState`], [`Error::NotPermitted`],
    /// or [`Error::Lucca`] if a request failed; retrying is safe.
    #[boxed]
    pub async fn cancel(&self, id: &str, half_days: Option<&[HalfDay]>) -> Result<Changed, Error> {
        self.require_features()?;
        let target = self.target(id).await?;
        let current = self.current_state(&target).await?;
        let is_over = matches!(
            current.status(),
            AbsenceStatus::Denied | AbsenceStatus::Cancelled | AbsenceStatus::CancellationPending
        );
        let leaves: Vec<RemoteId> = match half_days {
            None if is_over => return self.changed(target, current, false).await,
            None => current.active().map(|leave| leave.id.clone()).collect(),
            Some(wanted) => {
                let of = |at: &HalfDay| current.absence.leaves.iter().find(|leave| leave.at() == *at);
                for at in wanted {
                    of(at).ok_or(Error::NotItsHalfDay(*at))?;
                }
                current
                    .active()
                    .filter(|leave| wanted.contains(&leave.at()))
                    .map(|leave| leave.id.clone())
                    .collect()
            }
        };
        if leaves.is_empty() {
            return self.changed(target, current, false).await;
        }
        let detail = json!({ "absence_id": target.absence_id, "half_days": half_days.map(<[HalfDay]>::len) });
        self.audit("absence.cancelled", detail).await?;
        let make = Lacking::Permission(Permission::MakeAbsenceRequests);
        match (&target.request_id, half_days) {
            (Some(request), None) => {
                let sent = self.client.delete_leave_request(request).await;
                self.confirm_outcome(&target, sent, make, |after| after.status() != current.status()).await?;
            }
            // HR entered it, or only some half-days are cancelled: delete half-day by half-day.
            _ => {
                for id in leaves {
                    let sent = self.client.delete_leave(&id).await;
                    let is_gone = |after: &CurrentAbsence| !after.active().any(|leave| leave.id == id);
                    self.confirm_outcome(&target, sent, DELETE_LEAVE, is_gone).await?;
                }
            }
        }
        let after = self.current_state(&target).await?;
        self.changed(target, after, true).await
    }

    /// Approves or denies the pending step of an absence request. A denial needs a comment.
    ///
    /// # Errors
    ///
    /// [`Error::CommentRequired`], [`Error::UnknownAbsence`], [`Error::WrongState`] if no step is pending,
    /// [`Error::NotPermitted`], or [`Error::Lucca`] if a request failed.
    #[boxed]
    pub async fn decide(&self, id: &str, approved: bool, comment: Option<&str>) -> Result<Changed, Error> {
        let comment = comment.map(str::trim).filter(|text| !text.is_empty());
        if !approved && comment.is_none() {
            return Err(Error::CommentRequired);
        }
        self.require_features()?;
        let target = self.target(id).await?;
        let current = self.current_state(&target).await?;
        let pending = |request: &&AbsenceRequest| request.status == AbsenceRequestStatus::Pending;
        let Some(request) = current.request.as_ref().filter(pending) else {
            return Err(Error::WrongState(Status::from(current.status()).name().replace('_', " ")));
        };
        let action = if approved { "absence.approved" } else { "absence.denied" };
        self.audit(action, json!({ "absence_id": target.absence_id })).await?;
        let sent = self.client.decide_leave_request(&request.id, approved, comment).await;
        let decided = |after: &CurrentAbsence| {
            after.status() != current.status() || after.decisions() > current.decisions()
        };
        self.confirm_outcome(&target, sent, APPROVE, decided).await?;
        let after = self.current_state(&target).await?;
        self.changed(target, after, true).await
    }

    /// Ignores an error if the change may have happened and Lucca's state shows that it did.
    async fn confirm_outcome(
        &self,
        target: &Target,
        sent: Result<(), lucca::Error>,
        lacking: Lacking,
        is_done: impl Fn(&CurrentAbsence) -> bool,
    ) -> Result<(), Error> {
        match sent {
            Ok(()) => Ok(()),
            Err(error) if error.may_have_happened() => {
                if is_done(&self.current_state(target).await?) {
                    Ok(())
                } else {
                    Err(Error::Lucca(error))
                }
            }
            Err(error) => Err(Error::of(error, lacking)),
        }
    }

    async fn target(&self, id: &str) -> Result<Target, Error> {
        if let Ok(id) = id.parse::<SubmissionId>() {
            let submission = self.store.submission(id).await?;
            let ours = |submission: &Submission| submission.account_no == self.account.no;
            let submission = submission.filter(ours).ok_or(Error::UnknownAbsence)?;
            let (SubmissionState::Made, Some(absence_id)) = (submission.state, &submission.absence_id) else {
                return Err(Error::wrong_state(submission.state));
            };
            let ask = ask_of(&submission)?;
            return Ok(Target {
                employee_id: ask.employee_id,
                absence_id: absence_id.clone(),
                request_id: submission.request_id.clone(),
                days: (ask.first.date, ask.last.date),
                submission: Some(submission),
            });
        }
        let no = self.account.no;
        let id = RemoteId::from(id);
        let known = self.store.record::<Absence>(no, &id).await?.ok_or(Error::UnknownAbsence)?.record;
        let employee_id = known.employee_id.ok_or(Error::UnknownAbsence)?;
        let of = std::slice::from_ref(&id);
        let requests = self.store.referring(no, Kind::AbsenceRequest, Column::AbsenceId, of).await?;
        let days = known.leaves.iter().map(|leave| leave.date);
        let days = (days.clone().min().unwrap_or(known.first.date), days.max().unwrap_or(known.last.date));
        Ok(Target {
            submission: None,
            employee_id,
            absence_id: id.clone(),
            request_id: requests.into_iter().next().map(|(request, _)| request),
            days,
        })
    }

    async fn current_state(&self, target: &Target) -> Result<CurrentAbsence, Error> {
        let found = self.current_absence(&target.employee_id, target.days, &target.absence_id).await?;
        let request = match &target.request_id {
            Some(id) => self.request_by_id(id).await?,
            None => None,
        };
        let absence = match found {
            Some(found) => found,
            None => self.unlisted(target, request.as_ref()).await?.ok_or(Error::UnknownAbsence)?,
        };
        Ok(CurrentAbsence { absence, request })
    }

    /// The last known state of an absence that Lucca no longer lists.
    // unverified: whether the list hides cancelled absences. Without contrary evidence from the request, the
    // absence counts as cancelled.
    async fn unlisted(
        &self,
        target: &Target,
        request: Option<&AbsenceRequest>,
    ) -> Result<Option<Absence>, Error> {
        use AbsenceRequestStatus::{Approved, CancellationPending, Pending};
        let known = match &target.submission {
            Some(submission) => submission.absence.clone(),
            None => {
                let stored = self.store.record::<Absence>(self.account.no, &target.absence_id).await?;
                stored.map(|stored| stored.record)
            }
        };
        let stands =
            request.is_some_and(|request| matches!(request.status, Pending | Approved | CancellationPending));
        Ok(known.and_then(|absence| {
            let confirmation = absence.confirmation();
            let leaves = absence.leaves.into_iter();
            let leaves = leaves.map(|leave| Leave { is_active: leave.is_active && stands, ..leave });
            Absence::from_leaves(absence.id, absence.employee_id, confirmation, leaves)
        }))
    }

    async fn changed(
        &self,
        target: Target,
        current: CurrentAbsence,
        was_changed: bool,
    ) -> Result<Changed, Error> {
        let changed = Changed {
            status: current.status().into(),
            absence_id: target.absence_id,
            request_id: target.request_id,
            half_days: current.active().map(Leave::at).collect(),
            was_changed,
        };
        if let Some(submission) = target.submission {
            self.follow(submission).await?;
        }
        Ok(changed)
    }
}
