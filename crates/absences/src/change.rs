//! Acting on an absence that is there, whoever asked for it: taking it back, or a half-day of it, saying yes or no to
//! it. What Lucca has is read right before and right after, so that nothing is done to something else than was meant,
//! and a lost answer is not taken for a failure.

use async_recursion::async_recursion as boxed;
use linking::Permission;
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

/// What the role must allow, as Lucca's help names it (source: absences.md §10).
const DELETE_LEAVE: Lacking = Lacking::Operation("Delete a leave");
const APPROVE: Lacking = Lacking::Operation("Approve requests as a substitute for");

/// How an absence stands after it was acted on.
#[derive(Clone, Debug, Serialize)]
pub struct Changed {
    /// How it stands.
    pub status: Status,
    /// Lucca's id of the absence.
    pub absence_id: RemoteId,
    /// Lucca's id of its request, where it has one.
    pub request_id: Option<RemoteId>,
    /// The half-days it still takes.
    pub half_days: Vec<HalfDay>,
    /// Whether there was anything left to do.
    pub was_changed: bool,
}

/// An absence to act on.
struct Target {
    submission: Option<Submission>,
    employee_id: RemoteId,
    absence_id: RemoteId,
    request_id: Option<RemoteId>,
    /// The days it is on.
    days: (jiff::civil::Date, jiff::civil::Date),
}

/// What Lucca has of it now.
struct Now {
    absence: Absence,
    request: Option<AbsenceRequest>,
}

impl Now {
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
    /// Takes an absence back, or some half-days of it: by the id of a request made here (`abr_…`) or Lucca's id of the
    /// absence. One that waits is cancelled at once; of one that is approved a wish to cancel it may have to be
    /// approved. What is over already stays so, and nothing is asked for twice.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAbsence`], [`Error::NotItsHalfDay`], [`Error::WrongState`], [`Error::NotPermitted`], or where
    /// Lucca could not be asked; to call it again is safe.
    #[boxed]
    pub async fn cancel(&self, id: &str, half_days: Option<&[HalfDay]>) -> Result<Changed, Error> {
        self.must_be_wanted()?;
        let target = self.target(id).await?;
        let now = self.now(&target).await?;
        let is_over = matches!(
            now.status(),
            AbsenceStatus::Denied | AbsenceStatus::Cancelled | AbsenceStatus::CancellationPending
        );
        let leaves: Vec<RemoteId> = match half_days {
            None if is_over => return self.changed(target, now, false).await,
            None => now.active().map(|leave| leave.id.clone()).collect(),
            Some(wanted) => {
                let of = |at: &HalfDay| now.absence.leaves.iter().find(|leave| leave.at() == *at);
                for at in wanted {
                    of(at).ok_or(Error::NotItsHalfDay(*at))?;
                }
                now.active()
                    .filter(|leave| wanted.contains(&leave.at()))
                    .map(|leave| leave.id.clone())
                    .collect()
            }
        };
        if leaves.is_empty() {
            return self.changed(target, now, false).await;
        }
        let detail = json!({ "absence_id": target.absence_id, "half_days": half_days.map(<[HalfDay]>::len) });
        self.audit("absence.cancelled", detail).await?;
        let make = Lacking::Permission(Permission::MakeAbsenceRequests);
        match (&target.request_id, half_days) {
            (Some(request), None) => {
                let sent = self.client.delete_leave_request(request).await;
                self.whatever_came(&target, sent, make, |after| after.status() != now.status()).await?;
            }
            // HR entered it, or only a part of it goes: half-day by half-day.
            _ => {
                for id in leaves {
                    let sent = self.client.delete_leave(&id).await;
                    let is_gone = |after: &Now| !after.active().any(|leave| leave.id == id);
                    self.whatever_came(&target, sent, DELETE_LEAVE, is_gone).await?;
                }
            }
        }
        let after = self.now(&target).await?;
        self.changed(target, after, true).await
    }

    /// Says yes or no to the step that an absence request waits for. A denial needs a comment.
    ///
    /// # Errors
    ///
    /// [`Error::CommentRequired`], [`Error::UnknownAbsence`], [`Error::WrongState`] where nothing waits,
    /// [`Error::NotPermitted`], or where Lucca could not be asked.
    #[boxed]
    pub async fn decide(&self, id: &str, approved: bool, comment: Option<&str>) -> Result<Changed, Error> {
        let comment = comment.map(str::trim).filter(|text| !text.is_empty());
        if !approved && comment.is_none() {
            return Err(Error::CommentRequired);
        }
        self.must_be_wanted()?;
        let target = self.target(id).await?;
        let now = self.now(&target).await?;
        let pending = |request: &&AbsenceRequest| request.status == AbsenceRequestStatus::Pending;
        let Some(request) = now.request.as_ref().filter(pending) else {
            return Err(Error::WrongState(Status::from(now.status()).name().replace('_', " ")));
        };
        let action = if approved { "absence.approved" } else { "absence.denied" };
        self.audit(action, json!({ "absence_id": target.absence_id })).await?;
        let sent = self.client.decide_leave_request(&request.id, approved, comment).await;
        let decided = |after: &Now| after.status() != now.status() || after.decisions() > now.decisions();
        self.whatever_came(&target, sent, APPROVE, decided).await?;
        let after = self.now(&target).await?;
        self.changed(target, after, true).await
    }

    /// An error that may have been none is not one, if what was wanted is seen to be done.
    async fn whatever_came(
        &self,
        target: &Target,
        sent: Result<(), lucca::Error>,
        lacking: Lacking,
        is_done: impl Fn(&Now) -> bool,
    ) -> Result<(), Error> {
        match sent {
            Ok(()) => Ok(()),
            Err(error) if error.may_have_happened() => {
                if is_done(&self.now(target).await?) {
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
        let requests = self.store.referring(no, Kind::AbsenceRequest, "absence_id", of).await?;
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

    async fn now(&self, target: &Target) -> Result<Now, Error> {
        let found = self.absence_now(&target.employee_id, target.days, &target.absence_id).await?;
        let request = match &target.request_id {
            Some(id) => self.request_by_id(id).await?,
            None => None,
        };
        let absence = match found {
            Some(found) => found,
            None => self.unlisted(target, request.as_ref()).await?.ok_or(Error::UnknownAbsence)?,
        };
        Ok(Now { absence, request })
    }

    /// What was last heard of an absence that Lucca does not list any more.
    // unverified: whether the list hides what is over. Unless its request says otherwise, that is what became of it.
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

    async fn changed(&self, target: Target, now: Now, was_changed: bool) -> Result<Changed, Error> {
        let changed = Changed {
            status: now.status().into(),
            absence_id: target.absence_id,
            request_id: target.request_id,
            half_days: now.active().map(Leave::at).collect(),
            was_changed,
        };
        if let Some(submission) = target.submission {
            self.follow(submission).await?;
        }
        Ok(changed)
    }
}
