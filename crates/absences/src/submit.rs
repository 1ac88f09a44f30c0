//! Submits a request to Lucca: stores it, marks it as `sending`, sends it once, and looks it up until it is
//! found or can't arrive any more. Each state is stored first, so that another process can continue after a
//! crash.

use async_recursion::async_recursion as boxed;
use jiff::{SignedDuration, Timestamp};
use people::{HalfDay, RemoteId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{NewAuditEntry, NewSubmission, Submission, SubmissionId, SubmissionState};

use crate::Absences;
use crate::draft::AbsenceDraft;
use crate::follow;
use crate::look::find_created;
use crate::lucca_api::{AbsenceApi, Submitted};
use crate::preview::Examined;
use crate::problem::{Error, Problem, ProblemCode, Warning};

/// How long a sending process may take before another looks the request up: longer than a request may take.
pub(crate) const SENDING_TIMEOUT: SignedDuration = SignedDuration::from_mins(2);

/// How long after sending a missing request may still arrive. Lucca aborts a request after five seconds
/// (source: absences.md §1).
const DOUBT_PERIOD: SignedDuration = SignedDuration::from_mins(5);

/// The interval of lookups while a request is in doubt.
const LOOKUP_INTERVAL: SignedDuration = SignedDuration::from_secs(10);

/// How long a request that can't be sent stays queued.
const QUEUE_PERIOD: SignedDuration = SignedDuration::from_hours(24);

const RESEND_INTERVAL: SignedDuration = SignedDuration::from_mins(1);

/// The stored data of a submission that sending needs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Detail {
    /// The half-days that it should take.
    pub(crate) expected: Vec<HalfDay>,
    /// Whether they are estimated.
    #[serde(default)]
    pub(crate) is_estimated: bool,
    /// The employee's absences before sending: none of them is the requested one.
    #[serde(default)]
    pub(crate) before: Vec<RemoteId>,
    /// The warnings that the caller has acknowledged.
    #[serde(default)]
    pub(crate) acknowledged: Vec<String>,
    /// The API it was sent through.
    #[serde(default, alias = "door")]
    pub(crate) lucca_api: Option<AbsenceApi>,
    /// Whether it is a row of a file, which is imported as a whole or not at all.
    #[serde(default)]
    pub(crate) is_of_a_file: bool,
    /// Why it was refused, or not created.
    #[serde(default)]
    pub(crate) problems: Vec<Problem>,
    /// The warnings to confirm before it is sent.
    #[serde(default)]
    pub(crate) confirm: Vec<Warning>,
}

impl Detail {
    pub(crate) fn of(submission: &Submission) -> Result<Self, Error> {
        let read = serde_json::from_str(&submission.detail);
        read.map_err(|error| Error::Store(corrupt(error)))
    }

    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

fn corrupt(error: serde_json::Error) -> store::Error {
    store::Error::Corrupt { what: "absence submission", source: Box::new(error) }
}

pub(crate) fn ask_of(submission: &Submission) -> Result<AbsenceDraft, Error> {
    serde_json::from_str(&submission.ask).map_err(|error| Error::Store(corrupt(error)))
}

impl Absences<'_> {
    /// Requests an absence in Lucca, once per idempotency key. `id` is the id of a new submission.
    /// `acknowledged` lists the ids of warnings that the caller confirms.
    ///
    /// The returned submission is created, refused, or in doubt; [`advance`](Self::advance) resolves a doubt,
    /// and sends later if Lucca was unreachable.
    ///
    /// # Errors
    ///
    /// [`Error::Problems`] and [`Error::ConfirmationNeeded`], after which nothing is stored and the key is
    /// free; [`Error::KeyReused`]; [`Error::NotPermitted`]; [`Error::Lucca`] if a request failed before
    /// anything was sent.
    #[boxed]
    pub async fn request(
        &self,
        id: SubmissionId,
        idempotency_key: &str,
        ask: &AbsenceDraft,
        acknowledged: &[String],
    ) -> Result<Submission, Error> {
        let is_plain = idempotency_key.bytes().all(|byte| byte.is_ascii_graphic());
        if idempotency_key.is_empty() || idempotency_key.len() > 200 || !is_plain {
            return Err(Error::InvalidKey);
        }
        self.require_features()?;
        if let Some(known) = self.store.submission_by_key(self.account.no, idempotency_key).await? {
            return Box::pin(self.repeat(known, ask, acknowledged)).await;
        }
        let examined = self.examine(ask).await?;
        let detail = sendable(&examined, acknowledged)?;
        let now = self.clock.now();
        let new = NewSubmission {
            id,
            account_no: self.account.no,
            idempotency_key,
            employee_id: &ask.employee_id,
            ask: &ask.to_json(),
            detail: &detail.to_json(),
            due_at: now + SENDING_TIMEOUT,
            at: now,
        };
        let written = self.store.add_submission(new).await?;
        if written.id != id {
            // Another caller used the same key at the same moment.
            return Box::pin(self.repeat(written, ask, acknowledged)).await;
        }
        self.audit("absence.requested", json!({ "id": id, "lucca_api": examined.lucca_api.kind() })).await?;
        Box::pin(self.send(written, ask, detail, examined)).await
    }

    /// Handles a repeated request under the same key.
    async fn repeat(
        &self,
        mut known: Submission,
        ask: &AbsenceDraft,
        acknowledged: &[String],
    ) -> Result<Submission, Error> {
        if ask_of(&known)? != *ask {
            return Err(Error::KeyReused);
        }
        let mut detail = Detail::of(&known)?;
        let asks_to_confirm = known.state == SubmissionState::Refused && !detail.confirm.is_empty();
        if asks_to_confirm {
            if !detail.confirm.iter().all(|warning| acknowledged.contains(&warning.id)) {
                return Err(Error::ConfirmationNeeded(detail.confirm));
            }
            // It was not created, and the missing confirmation is given now.
            let before = std::mem::take(&mut detail.acknowledged);
            detail.acknowledged = before.into_iter().chain(acknowledged.iter().cloned()).collect();
            detail.confirm.clear();
            detail.problems.clear();
            known.state = SubmissionState::Queued;
            known.detail = detail.to_json();
            if !self.store.save_submission(&mut known, self.clock.now()).await? {
                return self.reload(&known).await;
            }
        }
        match known.state {
            SubmissionState::Queued => Box::pin(self.send_queued(known)).await,
            SubmissionState::Sending | SubmissionState::InDoubt => self.look_up(known).await,
            SubmissionState::Made | SubmissionState::Refused | SubmissionState::NotMade => Ok(known),
        }
    }

    /// Advances a submission by one step: sends a queued one, looks up one in doubt, or follows a created
    /// one. Safe to call at any time, from any number of processes.
    ///
    /// # Errors
    ///
    /// If a request to Lucca failed; the submission stays due.
    #[boxed]
    pub async fn advance(&self, submission: Submission) -> Result<Submission, Error> {
        match submission.state {
            SubmissionState::Queued => Box::pin(self.send_queued(submission)).await,
            SubmissionState::Sending | SubmissionState::InDoubt => self.look_up(submission).await,
            SubmissionState::Made => self.follow(submission).await,
            SubmissionState::Refused | SubmissionState::NotMade => Ok(submission),
        }
    }

    /// Sends a queued submission after examining it again.
    async fn send_queued(&self, submission: Submission) -> Result<Submission, Error> {
        let ask = ask_of(&submission)?;
        let known = Detail::of(&submission)?;
        if known.is_of_a_file {
            let message = "the import ended before this row was sent: import the file again";
            return self.not_made(submission, known, message.to_owned()).await;
        }
        let examined = match self.examine(&ask).await {
            Ok(examined) => examined,
            Err(Error::Lucca(error)) if is_passing(&error) => {
                return self.requeue(submission, error).await;
            }
            Err(Error::Store(error)) => return Err(Error::Store(error)),
            Err(error) => {
                let problems = match &error {
                    Error::Problems(problems) => problems.clone(),
                    other => vec![Problem::new(ProblemCode::Refused, other.to_string())],
                };
                return self.refused(submission, known, problems, Vec::new()).await;
            }
        };
        match sendable(&examined, &known.acknowledged) {
            Ok(detail) => self.send(submission, &ask, detail, examined).await,
            Err(Error::ConfirmationNeeded(confirm)) => {
                self.refused(submission, known, Vec::new(), confirm).await
            }
            Err(Error::Problems(problems)) => self.refused(submission, known, problems, Vec::new()).await,
            Err(error) => Err(error),
        }
    }

    /// Sends a submission, unless another process is doing so.
    async fn send(
        &self,
        mut submission: Submission,
        ask: &AbsenceDraft,
        mut detail: Detail,
        examined: Examined,
    ) -> Result<Submission, Error> {
        let Examined { lucca_api, person, assessment, .. } = examined;
        let now = self.clock.now();
        detail.lucca_api = Some(lucca_api.kind());
        submission.detail = detail.to_json();
        submission.state = SubmissionState::Sending;
        submission.sent_at = Some(now);
        submission.due_at = Some(now + SENDING_TIMEOUT);
        if !self.store.save_submission(&mut submission, now).await? {
            return self.reload(&submission).await;
        }
        let sent = lucca_api.submit(ask, &person, &assessment).await;
        match sent {
            Ok(Submitted::Taken { request_id, absence_id }) => {
                self.note_made(lucca_api.kind()).await?;
                submission.request_id = request_id;
                submission.absence_id = absence_id;
                self.mark_in_doubt(submission).await
            }
            Ok(Submitted::Refused { problems, confirm }) => {
                detail.problems = problems;
                detail.confirm = confirm;
                submission.detail = detail.to_json();
                self.mark_in_doubt(submission).await
            }
            Err(error) if error.may_have_happened() => self.mark_in_doubt(submission).await,
            // The request certainly did not arrive.
            Err(error) if is_passing(&error) => self.requeue(submission, error).await,
            Err(error) => {
                let mut problem = Problem::of_refusal(&error);
                match self.note_refusal(lucca_api.kind(), error).await {
                    Err(Error::Store(error)) => return Err(Error::Store(error)),
                    Err(closed) => problem.message = closed.to_string(),
                    Ok(()) => problem.message = Error::NoAbsenceApi.to_string(),
                }
                self.refused(submission, detail, vec![problem], Vec::new()).await
            }
        }
    }

    /// Marks a submission as in doubt, and looks it up.
    async fn mark_in_doubt(&self, mut submission: Submission) -> Result<Submission, Error> {
        let now = self.clock.now();
        submission.state = SubmissionState::InDoubt;
        submission.due_at = Some(now + LOOKUP_INTERVAL);
        if !self.store.save_submission(&mut submission, now).await? {
            return self.reload(&submission).await;
        }
        match self.look_up(submission.clone()).await {
            // Its state is stored, so it is looked up again later.
            Err(Error::Lucca(_) | Error::NotPermitted(_)) => Ok(submission),
            settled => settled,
        }
    }

    /// Looks up a submission that may have been sent.
    async fn look_up(&self, mut submission: Submission) -> Result<Submission, Error> {
        let now = self.clock.now();
        let sent_at = submission.sent_at.unwrap_or(submission.created_at);
        if submission.state == SubmissionState::Sending && now < sent_at + SENDING_TIMEOUT {
            // The sending process may still be running.
            return Ok(submission);
        }
        let ask = ask_of(&submission)?;
        let mut detail = Detail::of(&submission)?;
        let owner = std::slice::from_ref(&ask.employee_id);
        let absences = self.absences_of(owner, ask.first.date, ask.last.date).await?;
        if let Some(found) = find_created(&ask, &detail, sent_at, &absences) {
            detail.problems.clear();
            detail.confirm.clear();
            submission.detail = detail.to_json();
            submission.state = SubmissionState::Made;
            submission.absence_id = Some(found.id.clone());
            submission.absence = Some(found.clone());
            // The response's request id is used if that request belongs to this absence.
            let answered = match submission.request_id.take() {
                Some(id) => self.request_by_id(&id).await?,
                None => None,
            };
            let answered = answered.filter(|request| request.absence_id.as_ref() == Some(&found.id));
            let request = match answered {
                Some(request) => Some(request),
                None => self.request_of(&found.id, sent_at).await?,
            };
            submission.request_id = request.as_ref().map(|request| request.id.clone());
            submission.request = request;
            submission.due_at = follow::due(&submission, &ask, now);
            return self.save(submission, now).await;
        }
        let was_answered = !detail.problems.is_empty() || !detail.confirm.is_empty();
        if was_answered {
            // Lucca refused it, and it does not exist.
            let (problems, confirm) =
                (std::mem::take(&mut detail.problems), std::mem::take(&mut detail.confirm));
            return self.refused(submission, detail, problems, confirm).await;
        }
        if now >= sent_at + DOUBT_PERIOD {
            let message = "the request was sent, did not arrive in Lucca, and was not sent again: create a \
                           submission with another idempotency key";
            return self.not_made(submission, detail, message.to_owned()).await;
        }
        submission.state = SubmissionState::InDoubt;
        submission.due_at = Some(now + LOOKUP_INTERVAL);
        self.save(submission, now).await
    }

    pub(crate) async fn refused(
        &self,
        submission: Submission,
        detail: Detail,
        problems: Vec<Problem>,
        confirm: Vec<Warning>,
    ) -> Result<Submission, Error> {
        self.end(submission, SubmissionState::Refused, Detail { problems, confirm, ..detail }).await
    }

    async fn not_made(
        &self,
        submission: Submission,
        detail: Detail,
        message: String,
    ) -> Result<Submission, Error> {
        let problems = vec![Problem::new(ProblemCode::NotCreated, message)];
        self.end(submission, SubmissionState::NotMade, Detail { problems, ..detail }).await
    }

    /// Ends a submission that was not created.
    async fn end(
        &self,
        mut submission: Submission,
        state: SubmissionState,
        detail: Detail,
    ) -> Result<Submission, Error> {
        submission.detail = detail.to_json();
        submission.state = state;
        (submission.request_id, submission.absence_id, submission.due_at) = (None, None, None);
        self.save(submission, self.clock.now()).await
    }

    /// Lucca was unreachable or requests a wait: queue the submission, for at most a day.
    async fn requeue(&self, mut submission: Submission, error: lucca::Error) -> Result<Submission, Error> {
        let now = self.clock.now();
        tracing::info!(id = %submission.id, code = error.code(), "an absence submission is queued");
        if now >= submission.created_at + QUEUE_PERIOD {
            let message = format!("the request could not be sent for 24 hours: {}", error.code());
            let detail = Detail::of(&submission)?;
            return self.not_made(submission, detail, message).await;
        }
        submission.state = SubmissionState::Queued;
        submission.sent_at = None;
        submission.due_at = Some(now + RESEND_INTERVAL);
        self.save(submission, now).await
    }

    /// Saves a submission; if another process saved it meanwhile, returns that version.
    pub(crate) async fn save(&self, mut submission: Submission, now: Timestamp) -> Result<Submission, Error> {
        if self.store.save_submission(&mut submission, now).await? {
            Ok(submission)
        } else {
            self.reload(&submission).await
        }
    }

    pub(crate) async fn reload(&self, submission: &Submission) -> Result<Submission, Error> {
        self.store.submission(submission.id).await?.ok_or(Error::UnknownAbsence)
    }

    pub(crate) async fn audit(&self, action: &str, detail: serde_json::Value) -> Result<(), Error> {
        let by = (self.actor, self.clock.now());
        let entry = NewAuditEntry::new(by, action, Some(self.account.id), detail);
        Ok(self.store.audit(entry).await?)
    }
}

/// The detail of a submission that can be sent now.
fn sendable(examined: &Examined, acknowledged: &[String]) -> Result<Detail, Error> {
    if !examined.problems.is_empty() {
        return Err(Error::Problems(examined.problems.clone()));
    }
    let open = |warning: &&Warning| warning.must_be_confirmed && !acknowledged.contains(&warning.id);
    let unconfirmed: Vec<Warning> = examined.assessment.warnings.iter().filter(open).cloned().collect();
    if !unconfirmed.is_empty() {
        return Err(Error::ConfirmationNeeded(unconfirmed));
    }
    Ok(Detail {
        expected: examined.plan.taken.clone(),
        is_estimated: examined.plan.is_estimated,
        before: examined.existing.iter().map(|absence| absence.id.clone()).collect(),
        acknowledged: acknowledged.to_vec(),
        lucca_api: Some(examined.lucca_api.kind()),
        ..Detail::default()
    })
}

/// Whether a retry may succeed.
fn is_passing(error: &lucca::Error) -> bool {
    matches!(error.action(), lucca::Action::Retry | lucca::Action::Wait(_))
}
