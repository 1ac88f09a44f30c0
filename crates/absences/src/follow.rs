//! Follows a created request until its state is final: reads it from Lucca, more often at first.

use jiff::{SignedDuration, Timestamp};
use people::{AbsenceStatus, absence_status};
use store::Submission;

use crate::Absences;
use crate::draft::AbsenceDraft;
use crate::problem::Error;
use crate::submit::ask_of;

impl Absences<'_> {
    /// Reads the current state of a created request and its absence, including decisions and changes made in
    /// Lucca.
    pub(crate) async fn follow(&self, mut submission: Submission) -> Result<Submission, Error> {
        let ask = ask_of(&submission)?;
        let now = self.clock.now();
        let days = (ask.first.date, ask.last.date);
        let found = match &submission.absence_id {
            Some(id) => self.current_absence(&ask.employee_id, days, id).await?,
            None => None,
        };
        // An absence that is no longer returned may still exist: keep its last known state.
        if let Some(found) = found {
            // Stored leaves that Lucca no longer lists are cancelled.
            let before = submission.absence.take().map(|absence| absence.leaves).unwrap_or_default();
            let is_gone = |leave: &people::Leave| !found.leaves.iter().any(|other| other.id == leave.id);
            let gone = before
                .into_iter()
                .filter(is_gone)
                .map(|leave| people::Leave { is_active: false, ..leave })
                .collect::<Vec<_>>();
            submission.absence = Some(found.merge(gone, people::Confirmation::default()));
        }
        let request = match &submission.request_id {
            Some(id) => self.request_by_id(id).await?,
            None => match &submission.absence_id {
                Some(id) => self.request_of(id, submission.sent_at.unwrap_or(submission.created_at)).await?,
                None => None,
            },
        };
        if let Some(request) = request {
            submission.request_id = Some(request.id.clone());
            submission.request = Some(request);
        }
        submission.due_at = due(&submission, &ask, now);
        self.save(submission, now).await
    }
}

/// The status of a submission's absence.
pub(crate) fn status(submission: &Submission) -> Option<AbsenceStatus> {
    let absence = submission.absence.as_ref()?;
    Some(absence_status(absence, submission.request.as_ref()))
}

/// Returns when to read a created request next: soon while it is recent and pending, rarely later, and never
/// once its state is final.
pub(crate) fn due(submission: &Submission, ask: &AbsenceDraft, now: Timestamp) -> Option<Timestamp> {
    let age = now.duration_since(submission.created_at);
    let waits = match age {
        age if age < SignedDuration::from_hours(1) => SignedDuration::from_mins(2),
        age if age < SignedDuration::from_hours(24) => SignedDuration::from_mins(15),
        age if age < SignedDuration::from_hours(7 * 24) => SignedDuration::from_hours(1),
        _ => SignedDuration::from_hours(6),
    };
    // Two days later, the last day is over in every time zone.
    let is_over =
        now.to_zoned(jiff::tz::TimeZone::UTC).date() > ask.last.date.saturating_add(jiff::ToSpan::days(2));
    match status(submission) {
        Some(AbsenceStatus::Denied | AbsenceStatus::Cancelled) => None,
        Some(AbsenceStatus::Approved) if is_over => None,
        // Approved absences may still be changed in Lucca.
        Some(AbsenceStatus::Approved) => Some(now + SignedDuration::from_hours(6)),
        Some(AbsenceStatus::Pending | AbsenceStatus::CancellationPending) | None => Some(now + waits),
    }
}
