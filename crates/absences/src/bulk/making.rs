//! Simulates an absence file in Lucca and imports it once.

use std::collections::{BTreeMap, HashSet};

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;
use lucca::{ImportProgress, LeaveImport, LeaveImportRow};
use people::{Absence, RemoteId};
use serde_json::json;
use store::{NewSubmission, Submission, SubmissionId, SubmissionState};

use super::{Batch, BulkProgress, file_error};
use crate::Absences;
use crate::draft::AbsenceDraft;
use crate::follow;
use crate::import_format::{ImportFormat, ImportRow, Simulated, simulate};
use crate::look::find_created;
use crate::lucca_api::AbsenceApi;
use crate::problem::{Error, Problem, ProblemCode};
use crate::submit::{Detail, SENDING_TIMEOUT, ask_of};

/// Maximum number of employees per request: servers refuse longer URLs.
const OWNERS_A_REQUEST: usize = 50;

/// A row to send, with the index of its submission.
struct RowToSend {
    at: usize,
    detail: Detail,
    import: ImportRow,
}

impl Absences<'_> {
    /// Whether an import of this file was started before. A second simulation would report the first import's
    /// absences as overlaps.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    #[boxed]
    pub async fn was_begun(&self, batch: &Batch) -> Result<bool, Error> {
        // Submissions are stored in the order of rows.
        let Some(first) = batch.rows.first() else { return Ok(false) };
        let key = batch.key_of(first);
        Ok(self.store.submission_by_key(self.account.no, &key).await?.is_some())
    }

    /// Simulates the whole file in Lucca, which changes nothing. Returns Lucca's problems with the file;
    /// Lucca does not report the row. Sends several requests if the tenant does not accept the documented
    /// format.
    ///
    /// # Errors
    ///
    /// [`Error::Problems`] if a row has a known problem: nothing is sent then. [`Error::NotPermitted`].
    #[boxed]
    pub async fn simulate_batch(&self, batch: &mut Batch) -> Result<Vec<Problem>, Error> {
        match self.simulate_rows(&importable(batch)?).await? {
            Simulated::Accepted(format) => {
                batch.format = Some(format);
                Ok(Vec::new())
            }
            Simulated::Refused(problems) => Ok(problems),
        }
    }

    async fn simulate_rows(&self, rows: &[ImportRow]) -> Result<Simulated, Error> {
        let simulated = match simulate(self.client, rows, self.remembered_column().await?).await {
            Ok(simulated) => simulated,
            Err(error) => return Err(self.import_refused(error).await),
        };
        if let Simulated::Accepted(format) = &simulated {
            self.remember_column(format, rows.iter().map(|row| &row.establishment)).await?;
        }
        Ok(simulated)
    }

    /// Imports a file once: rows that an earlier import of the same file created are skipped. `mint` returns
    /// the id of each row. Returns the submissions in row order. Rows are simulated first, unless
    /// [`simulate_batch`](Self::simulate_batch) did so.
    ///
    /// # Errors
    ///
    /// As [`simulate_batch`](Self::simulate_batch). After rows were sent it returns no error: each submission
    /// has its row's result, and [`advance`](Self::advance) completes an interrupted import.
    pub async fn make_batch(
        &self,
        batch: &Batch,
        mint: impl FnMut(Timestamp) -> SubmissionId,
        mut progress: impl FnMut(BulkProgress),
    ) -> Result<Vec<Submission>, Error> {
        let (mut all, to_send) = self.add_rows(batch, mint).await?;
        if to_send.is_empty() {
            return self.look_up_batch(all, None, progress).await;
        }
        let imports: Vec<ImportRow> = to_send.iter().map(|row| row.import.clone()).collect();
        let simulated = match &batch.format {
            Some(format) => Simulated::Accepted(format.clone()),
            None => self.simulate_rows(&imports).await?,
        };
        let format = match simulated {
            Simulated::Accepted(format) => format,
            Simulated::Refused(problems) => {
                for RowToSend { at, detail, .. } in to_send {
                    let problems = problems.clone();
                    all[at] = self.refused(all[at].clone(), detail, problems, Vec::new()).await?;
                }
                return self.look_up_batch(all, None, progress).await;
            }
        };
        let rows = self.mark_sending(&mut all, to_send, &format).await?;
        let refusal = if rows.is_empty() { None } else { self.send_rows(&rows, &mut progress).await? };
        self.look_up_batch(all, refusal, progress).await
    }

    /// Stores a submission for each row, unless an earlier import of the same file did. Returns all
    /// submissions, and the rows to send: new ones, and those that were not created before.
    async fn add_rows(
        &self,
        batch: &Batch,
        mut mint: impl FnMut(Timestamp) -> SubmissionId,
    ) -> Result<(Vec<Submission>, Vec<RowToSend>), Error> {
        let rows = importable(batch)?;
        let asks: Vec<&AbsenceDraft> = batch.rows.iter().filter_map(|row| row.ask.as_ref()).collect();
        let before = self.absences_around(&asks).await?;
        let mut all = Vec::with_capacity(rows.len());
        let mut to_send = Vec::new();
        for (row, import) in batch.rows.iter().zip(rows) {
            let (Some(ask), Some(plan)) = (&row.ask, &row.plan) else { continue };
            let now = self.clock.now();
            let around = before.get(&ask.employee_id).map(Vec::as_slice).unwrap_or_default();
            let detail = Detail {
                expected: plan.taken.clone(),
                is_estimated: plan.is_estimated,
                before: around.iter().map(|absence| absence.id.clone()).collect(),
                lucca_api: Some(AbsenceApi::Import),
                is_of_a_file: true,
                ..Detail::default()
            };
            let new = NewSubmission {
                id: mint(now),
                account_no: self.account.no,
                idempotency_key: &batch.key_of(row),
                employee_id: &ask.employee_id,
                ask: &ask.to_json(),
                detail: &detail.to_json(),
                due_at: now + SENDING_TIMEOUT,
                at: now,
            };
            let submission = self.store.add_submission(new).await?;
            let is_to_send = matches!(
                submission.state,
                SubmissionState::Queued | SubmissionState::Refused | SubmissionState::NotMade
            );
            if is_to_send {
                to_send.push(RowToSend { at: all.len(), detail, import });
            }
            all.push(submission);
        }
        Ok((all, to_send))
    }

    /// Marks rows as `sending` before the request, so that each is looked up if this process dies. Returns
    /// the rows in the tenant's format, without those that another process sends.
    async fn mark_sending(
        &self,
        all: &mut [Submission],
        to_send: Vec<RowToSend>,
        format: &ImportFormat,
    ) -> Result<Vec<LeaveImportRow>, Error> {
        let mut rows = Vec::with_capacity(to_send.len());
        for RowToSend { at, detail, import } in to_send {
            // The simulation accepted the format with all rows.
            let Some(import) = import.written(format) else { continue };
            let (now, submission) = (self.clock.now(), &mut all[at]);
            submission.state = SubmissionState::Sending;
            submission.detail = detail.to_json();
            submission.sent_at = Some(now);
            submission.due_at = Some(now + SENDING_TIMEOUT);
            if self.store.save_submission(submission, now).await? {
                rows.push(import);
            }
        }
        Ok(rows)
    }

    /// Sends rows and waits for the import to end. If Lucca refused or aborted it, returns the problem for
    /// rows that are not found afterwards.
    async fn send_rows(
        &self,
        rows: &[LeaveImportRow],
        progress: &mut impl FnMut(BulkProgress),
    ) -> Result<Option<Problem>, Error> {
        self.audit("absence.imported", json!({ "rows": rows.len() })).await?;
        match self.client.import_leaves(rows, LeaveImport { create: true, is_async: true }).await {
            Ok(summary) if summary.has_error => Ok(Some(unexplained_row_refusal())),
            Ok(summary) => {
                let is_imported = self.await_import(&summary.id, progress).await;
                Ok((!is_imported).then(unexplained_row_refusal))
            }
            Err(error) if error.may_have_happened() => Ok(None),
            Err(error) => {
                let closed = self.import_refused(error).await;
                tracing::info!(code = closed.code(), "Lucca refused an import");
                Ok(Some(unexplained_row_refusal()))
            }
        }
    }

    /// Waits for an import to end. False if Lucca reports that it failed.
    async fn await_import(&self, id: &RemoteId, progress: &mut impl FnMut(BulkProgress)) -> bool {
        /// Polls for about five minutes; then rows are looked up regardless of the import's progress.
        const POLLS: u64 = 60;
        for poll in 1..=POLLS {
            match self.client.leave_import_progress(id).await {
                Ok(ImportProgress::Succeeded) | Err(_) => return true,
                Ok(ImportProgress::Failed) => return false,
                Ok(ImportProgress::NotStarted) => progress(BulkProgress::Importing(0)),
                Ok(ImportProgress::Percent(percent)) => progress(BulkProgress::Importing(percent)),
            }
            self.clock.sleep(std::time::Duration::from_secs(poll.min(5))).await;
        }
        true
    }

    /// Looks up each row that may have been created, many employees per request.
    async fn look_up_batch(
        &self,
        mut all: Vec<Submission>,
        refusal: Option<Problem>,
        mut progress: impl FnMut(BulkProgress),
    ) -> Result<Vec<Submission>, Error> {
        let asks = all.iter().map(ask_of).collect::<Result<Vec<AbsenceDraft>, Error>>()?;
        let there = self.absences_around(&asks.iter().collect::<Vec<_>>()).await?;
        let total = all.len();
        for (at, (submission, ask)) in all.iter_mut().zip(&asks).enumerate() {
            let now = self.clock.now();
            if !matches!(submission.state, SubmissionState::Sending | SubmissionState::InDoubt) {
                continue;
            }
            let mut detail = Detail::of(submission)?;
            let around = there.get(&ask.employee_id).map(Vec::as_slice).unwrap_or_default();
            let sent_at = submission.sent_at.unwrap_or(submission.created_at);
            if let Some(found) = find_created(ask, &detail, sent_at, around) {
                submission.state = SubmissionState::Made;
                submission.absence_id = Some(found.id.clone());
                submission.absence = Some(found.clone());
                submission.due_at = follow::due(submission, ask, now);
            } else if let Some(refusal) = &refusal {
                detail.problems = vec![refusal.clone()];
                submission.detail = detail.to_json();
                submission.state = SubmissionState::Refused;
                submission.due_at = None;
            } else {
                submission.state = SubmissionState::InDoubt;
                submission.due_at = Some(now);
            }
            *submission = self.save(submission.clone(), now).await?;
            progress(BulkProgress::Looking(at + 1, total));
        }
        Ok(all)
    }

    /// Reads the absences of the drafts' employees over the whole period of the drafts.
    async fn absences_around(
        &self,
        asks: &[&AbsenceDraft],
    ) -> Result<BTreeMap<RemoteId, Vec<Absence>>, Error> {
        let first = asks.iter().map(|ask| ask.first.date).min();
        let last = asks.iter().map(|ask| ask.last.date).max();
        let (Some(first), Some(last)) = (first, last) else { return Ok(BTreeMap::new()) };
        let owners: HashSet<&RemoteId> = asks.iter().map(|ask| &ask.employee_id).collect();
        let mut owners: Vec<RemoteId> = owners.into_iter().cloned().collect();
        owners.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
        let mut found: BTreeMap<RemoteId, Vec<Absence>> = BTreeMap::new();
        for owners in owners.chunks(OWNERS_A_REQUEST) {
            for absence in self.absences_of(owners, first, last).await? {
                if let Some(owner) = absence.employee_id.clone() {
                    found.entry(owner).or_default().push(absence);
                }
            }
        }
        Ok(found)
    }

    async fn import_refused(&self, error: lucca::Error) -> Error {
        if error.code() == "lucca.bad_request" {
            return Error::Problems(vec![Problem::of_refusal(&error)]);
        }
        match self.note_refusal(AbsenceApi::Import, error).await {
            Ok(()) => Error::NoAbsenceApi,
            Err(error) => error,
        }
    }
}

fn unexplained_row_refusal() -> Problem {
    let message = "Lucca's import refused the file without naming the row; this row was not created";
    Problem::new(ProblemCode::Refused, message)
}

fn importable(batch: &Batch) -> Result<Vec<ImportRow>, Error> {
    let problems: Vec<Problem> = batch.rows.iter().flat_map(|row| row.problems.iter().cloned()).collect();
    if !problems.is_empty() {
        return Err(Error::Problems(problems));
    }
    if batch.rows.is_empty() {
        return Err(file_error("the file has no rows; add at least one below the header"));
    }
    Ok(batch.rows.iter().filter_map(|row| row.import.clone()).collect())
}
