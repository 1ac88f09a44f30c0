//! The way of a request to Lucca. It is written down, marked as being sent, sent once, and looked for until it is found
//! or can't be there any more. Whoever is killed in between leaves what the next one needs.

use async_recursion::async_recursion as boxed;
use jiff::{SignedDuration, Timestamp};
use people::{HalfDay, RemoteId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{NewAuditEntry, NewSubmission, Submission, SubmissionId, SubmissionState};

use crate::Absences;
use crate::ask::Ask;
use crate::door::{DoorKind, Submitted};
use crate::follow;
use crate::look::made_of;
use crate::preview::Examined;
use crate::problem::{Error, Problem, ProblemCode, Warning};

/// How long whoever is sending is given before somebody else looks: longer than a request may take.
pub(crate) const SENDING: SignedDuration = SignedDuration::from_mins(2);

/// How long after it was sent a request that is not there is not coming any more. Lucca gives up on a request after
/// five seconds (source: absences.md §1).
const DOUBT: SignedDuration = SignedDuration::from_mins(5);

/// How often something is looked for while it is in doubt.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(10);

/// How long a request that can't be sent is kept for sending.
const OUTBOX: SignedDuration = SignedDuration::from_hours(24);

const SEND_AGAIN: SignedDuration = SignedDuration::from_mins(1);

/// What the way to Lucca needs to know, kept with the submission.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Detail {
    /// The half-days it is to take.
    pub(crate) expected: Vec<HalfDay>,
    /// Whether that is a guess.
    #[serde(default)]
    pub(crate) is_estimated: bool,
    /// The person's absences around it before it was sent: none of them is the one.
    #[serde(default)]
    pub(crate) before: Vec<RemoteId>,
    /// The warnings that the caller has acknowledged.
    #[serde(default)]
    pub(crate) acknowledged: Vec<String>,
    /// The door it went through.
    #[serde(default)]
    pub(crate) door: Option<DoorKind>,
    /// Whether it is a row of a file, which is imported as a whole or not at all.
    #[serde(default)]
    pub(crate) is_of_a_file: bool,
    /// Why it was refused, or not made.
    #[serde(default)]
    pub(crate) problems: Vec<Problem>,
    /// What has to be confirmed before it is made.
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
    store::Error::Corrupt { what: "absence request", source: Box::new(error) }
}

pub(crate) fn ask_of(submission: &Submission) -> Result<Ask, Error> {
    serde_json::from_str(&submission.ask).map_err(|error| Error::Store(corrupt(error)))
}

impl Absences<'_> {
    /// Asks Lucca for an absence, once, however often it is called with the same idempotency key. `id` is what it is
    /// called if it is new. `acknowledged` names the warnings of a preview that the person has seen.
    ///
    /// What comes back says how far it is: made, refused, or still in doubt, and then [`advance`](Self::advance) finds
    /// out. What could not be sent because Lucca was not reached is sent later, by the same.
    ///
    /// # Errors
    ///
    /// [`Error::Problems`] and [`Error::ConfirmationNeeded`], after which nothing is written down and the key is free;
    /// [`Error::KeyReused`]; [`Error::NotPermitted`]; where Lucca could not be asked before anything was sent.
    #[boxed]
    pub async fn request(
        &self,
        id: SubmissionId,
        idempotency_key: &str,
        ask: &Ask,
        acknowledged: &[String],
    ) -> Result<Submission, Error> {
        let is_plain = idempotency_key.bytes().all(|byte| byte.is_ascii_graphic());
        if idempotency_key.is_empty() || idempotency_key.len() > 200 || !is_plain {
            return Err(Error::InvalidKey);
        }
        self.must_be_wanted()?;
        if let Some(known) = self.store.submission_by_key(self.account.no, idempotency_key).await? {
            return Box::pin(self.again(known, ask, acknowledged)).await;
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
            due_at: now + SENDING,
            at: now,
        };
        let written = self.store.add_submission(new).await?;
        if written.id != id {
            // Somebody else asked under the same key at the same moment.
            return Box::pin(self.again(written, ask, acknowledged)).await;
        }
        self.audit("absence.requested", json!({ "id": id, "door": examined.door.kind() })).await?;
        Box::pin(self.send(written, ask, detail, examined)).await
    }

    /// What was asked before under the same key.
    async fn again(
        &self,
        mut known: Submission,
        ask: &Ask,
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
            // It was not made, and now what was missing is there.
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
            SubmissionState::Sending | SubmissionState::InDoubt => self.settle(known).await,
            SubmissionState::Made | SubmissionState::Refused | SubmissionState::NotMade => Ok(known),
        }
    }

    /// Takes a submission one step further, if it is due: sends what was not sent, looks for what may have been, and
    /// follows what was made. Safe to call at any time, from any number of processes.
    ///
    /// # Errors
    ///
    /// Where Lucca could not be asked; then it is due again as before.
    #[boxed]
    pub async fn advance(&self, submission: Submission) -> Result<Submission, Error> {
        match submission.state {
            SubmissionState::Queued => Box::pin(self.send_queued(submission)).await,
            SubmissionState::Sending | SubmissionState::InDoubt => self.settle(submission).await,
            SubmissionState::Made => self.follow(submission).await,
            SubmissionState::Refused | SubmissionState::NotMade => Ok(submission),
        }
    }

    /// Sends what was written down and not sent, after looking once more whether it still can be.
    async fn send_queued(&self, submission: Submission) -> Result<Submission, Error> {
        let ask = ask_of(&submission)?;
        let known = Detail::of(&submission)?;
        if known.is_of_a_file {
            let message = "the import was cut short before it was sent: import the file again";
            return self.not_made(submission, known, message.to_owned()).await;
        }
        let examined = match self.examine(&ask).await {
            Ok(examined) => examined,
            Err(Error::Lucca(error)) if is_passing(&error) => {
                return self.put_off(submission, error).await;
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

    /// Sends it, unless somebody else is doing so.
    async fn send(
        &self,
        mut submission: Submission,
        ask: &Ask,
        mut detail: Detail,
        examined: Examined,
    ) -> Result<Submission, Error> {
        let Examined { door, person, assessment, .. } = examined;
        let now = self.clock.now();
        detail.door = Some(door.kind());
        submission.detail = detail.to_json();
        submission.state = SubmissionState::Sending;
        submission.sent_at = Some(now);
        submission.due_at = Some(now + SENDING);
        if !self.store.save_submission(&mut submission, now).await? {
            return self.reload(&submission).await;
        }
        let sent = door.submit(ask, &person, &assessment).await;
        match sent {
            Ok(Submitted::Taken { request_id, absence_id }) => {
                self.note_made(door.kind()).await?;
                submission.request_id = request_id;
                submission.absence_id = absence_id;
                self.doubt(submission).await
            }
            Ok(Submitted::Refused { problems, confirm }) => {
                detail.problems = problems;
                detail.confirm = confirm;
                submission.detail = detail.to_json();
                self.doubt(submission).await
            }
            Err(error) if error.may_have_happened() => self.doubt(submission).await,
            // It certainly did not arrive.
            Err(error) if is_passing(&error) => self.put_off(submission, error).await,
            Err(error) => {
                let mut problem = Problem::of_refusal(&error);
                match self.turned_away(door.kind(), error).await {
                    Err(Error::Store(error)) => return Err(Error::Store(error)),
                    Err(closed) => problem.message = closed.to_string(),
                    Ok(()) => problem.message = Error::NoDoor.to_string(),
                }
                self.refused(submission, detail, vec![problem], Vec::new()).await
            }
        }
    }

    /// Marks it as one to be looked for, and looks.
    async fn doubt(&self, mut submission: Submission) -> Result<Submission, Error> {
        let now = self.clock.now();
        submission.state = SubmissionState::InDoubt;
        submission.due_at = Some(now + LOOK_AGAIN);
        if !self.store.save_submission(&mut submission, now).await? {
            return self.reload(&submission).await;
        }
        match self.settle(submission.clone()).await {
            // It is written down, and looked for again.
            Err(Error::Lucca(_) | Error::NotPermitted(_)) => Ok(submission),
            settled => settled,
        }
    }

    /// Looks for what may have been sent.
    async fn settle(&self, mut submission: Submission) -> Result<Submission, Error> {
        let now = self.clock.now();
        let sent_at = submission.sent_at.unwrap_or(submission.created_at);
        if submission.state == SubmissionState::Sending && now < sent_at + SENDING {
            // Whoever sends it is still at it.
            return Ok(submission);
        }
        let ask = ask_of(&submission)?;
        let mut detail = Detail::of(&submission)?;
        let owner = std::slice::from_ref(&ask.employee_id);
        let absences = self.absences_of(owner, ask.first.date, ask.last.date).await?;
        if let Some(found) = made_of(&ask, &detail, sent_at, &absences) {
            detail.problems.clear();
            detail.confirm.clear();
            submission.detail = detail.to_json();
            submission.state = SubmissionState::Made;
            submission.absence_id = Some(found.id.clone());
            submission.absence = Some(found.clone());
            // What the answer called its id is believed where it is the request for this absence.
            let told = match submission.request_id.take() {
                Some(id) => self.request_by_id(&id).await?,
                None => None,
            };
            let told = told.filter(|request| request.absence_id.as_ref() == Some(&found.id));
            let request = match told {
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
            // Lucca said no, and it is not there.
            let (problems, confirm) =
                (std::mem::take(&mut detail.problems), std::mem::take(&mut detail.confirm));
            return self.refused(submission, detail, problems, confirm).await;
        }
        if now >= sent_at + DOUBT {
            let message =
                "it was sent, did not arrive in Lucca, and was not sent again: ask again under another key";
            return self.not_made(submission, detail, message.to_owned()).await;
        }
        submission.state = SubmissionState::InDoubt;
        submission.due_at = Some(now + LOOK_AGAIN);
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
        let problems = vec![Problem::new(ProblemCode::NotMade, message)];
        self.end(submission, SubmissionState::NotMade, Detail { problems, ..detail }).await
    }

    /// Nothing came of it, and nothing more is done about it.
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

    /// Lucca was not reached, or asks to wait: it is sent later, for a day.
    async fn put_off(&self, mut submission: Submission, error: lucca::Error) -> Result<Submission, Error> {
        let now = self.clock.now();
        tracing::info!(id = %submission.id, code = error.code(), "an absence request waits to be sent");
        if now >= submission.created_at + OUTBOX {
            let message = format!("it could not be sent for a day: {}", error.code());
            let detail = Detail::of(&submission)?;
            return self.not_made(submission, detail, message).await;
        }
        submission.state = SubmissionState::Queued;
        submission.sent_at = None;
        submission.due_at = Some(now + SEND_AGAIN);
        self.save(submission, now).await
    }

    /// Writes it; where somebody else did so meanwhile, theirs stands.
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

/// What is to be kept of something that can be sent now.
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
        door: Some(examined.door.kind()),
        ..Detail::default()
    })
}

/// Whether Lucca may well take it later.
fn is_passing(error: &lucca::Error) -> bool {
    matches!(error.action(), lucca::Action::Retry | lucca::Action::Wait(_))
}
