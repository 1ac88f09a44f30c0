//! Syncs one stream into one kind of record: compares each page with the store and commits it, with its
//! change-log entries and the position to resume at. `unseen` judges missing records, `context` is shared by
//! the streams of a run.

mod context;
mod unseen;

use std::collections::{BTreeSet, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::Timestamp;
use jiff::civil::Date;
use lucca::{Checkpoint, Enumeration, Proof, Read, Resource, Stream, Unproven};
use people::{Employee, Kind, Model, RemoteId, status_on, transition};
use store::{Commit, NewChange, Operation, Quarantined, RecordState, RecordUpsert, StreamProgress};

use crate::batch::{Batch, RawPolicy};
use crate::diff::changed_fields;
use crate::lost_fields::{keep_silent_fields, refused_fields};
use crate::plan::Mode;
use crate::report::{Lesson, StreamError, StreamReport};
use crate::run::Error;
use crate::state::{Resume, StreamState};
use crate::unwanted::{drop_erased, drop_unwanted_properties};

pub(crate) use context::{Context, Ending, FEW_CHANGES, Known, SeenEmployees};

/// A page being written, and the progress to report afterwards.
struct PendingWrite {
    task: tokio::task::JoinHandle<Result<(), store::Error>>,
    done: u64,
    total: Option<u64>,
}

/// A stream being synced.
pub(crate) struct StreamSync<'a> {
    pub(crate) context: &'a Context<'a>,
    stream: Stream,
    kind: Kind,
    mode: Mode,
    /// The stream's state, updated during the sync.
    pub(crate) state: StreamState,
    /// When the read began; for a resumed read, the interrupted one.
    began_at: Timestamp,
    /// Records present before this run; full reads only.
    stored: u64,
    /// The number of those that this run returned.
    seen_present: u64,
    /// Hashes of the returned ids: a tenth of the memory of the ids. If two ids ever share a hash, a missing
    /// record is found one run later.
    seen: HashSet<u64>,
    /// Records stored as present and not returned; known after the read.
    unseen: HashSet<RemoteId>,
    /// Whether the store had no records of this kind before, so that pages need no comparison.
    is_first: bool,
    /// Quarantined by earlier runs and not returned in this one.
    in_quarantine: HashSet<RemoteId>,
    pages: usize,
    done: u64,
    /// The page that is being written while the next one is prepared.
    writing: Option<PendingWrite>,
    /// The written records: after an incremental read all of them, after a full read only the first, after a
    /// first read none.
    changed: Vec<RemoteId>,
    /// The ids returned since [`collect_seen_ids`](Self::collect_seen_ids).
    seen_ids: Option<Vec<RemoteId>>,
    hidden_fields: BTreeSet<&'static str>,
    pub(crate) report: StreamReport,
}

impl<'a> StreamSync<'a> {
    pub(crate) async fn begin(
        context: &'a Context<'a>,
        stream: Stream,
        kind: Kind,
        mode: Mode,
        state: StreamState,
    ) -> Result<Self, store::Error> {
        let no = context.account.no;
        context.progress.stream_started(stream, mode);
        let resumed = state.resume_of(mode, context.began_at);
        let (began_at, done) = resumed.map_or((context.began_at, 0), |resume| (resume.began_at, resume.done));
        let in_quarantine = context.store.quarantined_ids(no, kind).await?;
        let (mut stored, mut is_first) = (0, false);
        if mode == Mode::Full {
            stored = context.store.count_present(no, kind).await?;
            is_first = stored == 0 && done == 0 && !context.store.has_records(no, kind).await?;
        }
        Ok(Self {
            context,
            stream,
            kind,
            mode,
            state,
            began_at,
            stored,
            seen_present: 0,
            seen: HashSet::new(),
            unseen: HashSet::new(),
            is_first,
            in_quarantine: in_quarantine.into_iter().collect(),
            pages: 0,
            done,
            writing: None,
            changed: Vec::new(),
            seen_ids: None,
            hidden_fields: BTreeSet::new(),
            report: StreamReport::new(stream, mode),
        })
    }

    /// Whether the store had no records of this kind before.
    pub(crate) fn is_first(&self) -> bool {
        self.is_first
    }

    /// Whether this is a full read, after which missing records are judged.
    pub(crate) fn is_full(&self) -> bool {
        self.mode == Mode::Full
    }

    /// Takes the written records: created, updated or restored ones. None after a first read, and only
    /// slightly more than [`FEW_CHANGES`] after another full read.
    pub(crate) fn take_changed(&mut self) -> Vec<RemoteId> {
        std::mem::take(&mut self.changed)
    }

    /// Starts to collect returned ids.
    pub(crate) fn collect_seen_ids(&mut self) {
        self.seen_ids = Some(Vec::new());
    }

    /// Takes the ids returned since [`collect_seen_ids`](Self::collect_seen_ids).
    pub(crate) fn take_seen_ids(&mut self) -> Vec<RemoteId> {
        self.seen_ids.take().unwrap_or_default()
    }

    /// The position at which an interrupted read resumes.
    pub(crate) fn resume(&self) -> Option<&Resume> {
        self.state.resume_of(self.mode, self.context.began_at)
    }

    /// Applies the request form that earlier runs learned, and resumes an interrupted read.
    pub(crate) fn resume_enumeration<W: Resource>(&self, enumeration: Enumeration<W>) -> Enumeration<W> {
        let enumeration = self.start_enumeration(enumeration);
        match self.resume().and_then(|resume| resume.checkpoint.clone()) {
            Some(checkpoint) => enumeration.resume_after(checkpoint),
            None => enumeration,
        }
    }

    /// Applies the request form that earlier runs learned, and limits the rows to a multiple of the usual
    /// number.
    pub(crate) fn start_enumeration<W: Resource>(&self, enumeration: Enumeration<W>) -> Enumeration<W> {
        // An operator who confirmed missing records also confirmed growth.
        let is_believed = self.context.brake.is_none();
        let enumeration = if is_believed { enumeration } else { enumeration.at_most(self.state.most_rows()) };
        match self.state.lesson(self.context.began_at) {
            Some(lesson) => enumeration.with_learned(&lesson.form),
            None => enumeration,
        }
    }

    /// Compares a batch with the store and writes the differing records, in one transaction. `refused` are
    /// fields that the server refuses in requests, so their absence is not a change.
    pub(crate) async fn commit<M: Model>(
        &mut self,
        mut batch: Batch,
        refused: &BTreeSet<&'static str>,
    ) -> Result<(), store::Error> {
        let Context { store, account, .. } = self.context;
        let mut known = Known::default();
        if !self.is_first {
            let ids: Vec<RemoteId> = batch.records.iter().map(|record| record.id.clone()).collect();
            known.hashes = store.hashes(account.no, self.kind, &ids).await?;
            let differs = |record: &&RecordUpsert| {
                known.hashes.get(&record.id).is_some_and(|known| known.hash != record.hash)
            };
            let differing: Vec<RemoteId> =
                batch.records.iter().filter(differs).map(|record| record.id.clone()).collect();
            if !differing.is_empty() {
                let bodies = store.kept_bodies(account.no, self.kind, &differing).await?;
                known.bodies = bodies.into_iter().map(|(id, (body, _))| (id, body)).collect();
            }
        }
        if self.kind == Kind::Employee && !known.bodies.is_empty() {
            self.hidden_fields.extend(keep_silent_fields::<M>(&mut batch.records, &known.bodies, refused));
        }
        self.write(batch, &known).await
    }

    /// Writes the records that differ from the known ones, in one transaction.
    pub(crate) async fn write(&mut self, batch: Batch, known: &Known) -> Result<(), store::Error> {
        let Batch { mut records, mut quarantined, total, rows, checkpoint } = batch;
        self.done += count(rows.unwrap_or(records.len()) + quarantined.len());
        let Context { scope, erased, .. } = self.context;
        let kept_out = count(drop_erased(self.kind, erased, &mut records, &mut quarantined));
        self.report.erased += kept_out;
        self.report.read += kept_out;
        drop_unwanted_properties(self.kind, scope, &mut records);
        let mut commit =
            Commit { recovered: self.leaves_quarantine(&records, &quarantined), ..Commit::default() };
        self.report.quarantined += count(quarantined.len());
        for record in records {
            self.report.read += 1;
            if let Some(ids) = &mut self.seen_ids {
                ids.push(record.id.clone());
            }
            let stored = known.hashes.get(&record.id);
            if self.is_full() && !self.is_first {
                self.mark_seen(&record.id, stored.is_some_and(|known| known.state == RecordState::Present));
            }
            let operation = match stored {
                None => Operation::Created,
                Some(known) if known.state != RecordState::Present => Operation::Restored,
                Some(known) if known.hash == record.hash => {
                    self.report.unchanged += 1;
                    continue;
                }
                Some(_) => Operation::Updated,
            };
            match operation {
                Operation::Created => self.report.created += 1,
                _ => self.report.updated += 1,
            }
            // After a full read, keep only as many as are worth a lookup of dependent records.
            if !self.is_full() || !self.is_first && self.changed.len() <= FEW_CHANGES {
                self.changed.push(record.id.clone());
            }
            let before = known.bodies.get(&record.id).map(String::as_str);
            self.log(&mut commit.changes, &record, operation, before);
            commit.upserts.push(record);
        }
        commit.quarantined = quarantined;
        self.save_place(&mut commit, checkpoint, total);
        self.finish_write().await?;
        let (store, lease, kind) = (self.context.store.clone(), self.context.lease, self.kind);
        let at = self.context.clock.now();
        let task = tokio::spawn(async move { store.commit(&lease, kind, &commit, at).await });
        self.writing = Some(PendingWrite { task, done: self.done, total });
        // In a first run the next page needs no comparison, so prepare it meanwhile.
        if self.is_first { Ok(()) } else { self.finish_write().await }
    }

    /// Waits for the page that is being written.
    pub(crate) async fn finish_write(&mut self) -> Result<(), store::Error> {
        let Some(PendingWrite { task, done, total }) = self.writing.take() else { return Ok(()) };
        // The task ends without a result only by a panic, which is resumed here.
        task.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))?;
        self.context.progress.page_committed(self.stream, done, total);
        Ok(())
    }

    /// Marks a record as returned in a full read; `was_present` is its stored state.
    pub(crate) fn mark_seen(&mut self, id: &RemoteId, was_present: bool) {
        if self.seen.insert(fingerprint(id)) {
            self.seen_present += u64::from(was_present);
        }
    }

    /// Adds a written record's entries for the change log.
    fn log(
        &self,
        changes: &mut Vec<NewChange>,
        record: &RecordUpsert,
        operation: Operation,
        before: Option<&str>,
    ) {
        let personal_values = self.context.account.settings.personal_values_in_changes;
        let change = |operation, hash, fields| NewChange {
            kind: self.kind,
            id: record.id.clone(),
            operation,
            hash,
            fields,
        };
        let fields =
            before.and_then(|before| changed_fields(self.kind, before, &record.body, personal_values));
        changes.push(change(operation, Some(record.hash), fields));
        if let (Kind::Employee, Some(before)) = (self.kind, before) {
            let status = |body: &str| {
                let employee = serde_json::from_str::<Employee>(body).ok()?;
                Some(status_on(self.context.today, employee.contract(), []))
            };
            let turn = status(before).zip(status(&record.body)).and_then(|(a, b)| transition(a, b));
            match turn {
                Some(people::Transition::Ended) => changes.push(change(Operation::Ended, None, None)),
                Some(people::Transition::Started) => changes.push(change(Operation::Started, None, None)),
                // A future contract of a former employee is logged when it begins.
                Some(people::Transition::Planned) | None => {}
            }
        }
    }

    /// The records that leave quarantine: those that are readable again and, with the first page of a full
    /// read, those without an id, since the read returns the ones that still exist again.
    fn leaves_quarantine(&mut self, records: &[RecordUpsert], quarantined: &[Quarantined]) -> Vec<RemoteId> {
        for id in quarantined.iter().filter_map(|record| record.id.as_ref()) {
            if self.is_full() {
                self.seen.insert(fingerprint(id));
            }
            self.in_quarantine.remove(id);
        }
        if self.in_quarantine.is_empty() {
            return Vec::new();
        }
        let mut leaving: Vec<RemoteId> = records
            .iter()
            .filter(|record| self.in_quarantine.contains(&record.id))
            .map(|r| r.id.clone())
            .collect();
        if self.is_full() && self.report.read == 0 {
            leaving.extend(self.in_quarantine.iter().filter(|id| id.as_str().starts_with('#')).cloned());
        }
        self.in_quarantine.retain(|id| !leaving.contains(id));
        leaving
    }

    /// Adds the position to resume at and the run's progress to a commit.
    fn save_place(
        &mut self,
        commit: &mut Commit,
        checkpoint: Option<(Option<Date>, Option<Checkpoint>)>,
        total: Option<u64>,
    ) {
        // A notified read starts over each time: an interrupted read's position stays.
        if let Some((part, checkpoint)) = checkpoint.filter(|_| self.mode != Mode::Notified) {
            let (mode, began_at, done) = (self.mode, self.began_at, self.done);
            self.state.resume = Some(Resume { mode, began_at, part, checkpoint, done });
            commit.state = Some((self.stream.name(), self.state.to_json()));
        }
        commit.progress = Some(self.progress(total, false));
    }

    fn progress(&self, total: Option<u64>, finished: bool) -> StreamProgress {
        StreamProgress {
            stream: self.stream.name().to_owned(),
            mode: self.mode.name().to_owned(),
            done: self.done,
            total,
            finished,
            started_at: None,
            updated_at: None,
        }
    }

    /// Reads an enumeration to its end and commits each page, while the next ones are fetched and parsed.
    /// Returns the enumeration.
    pub(crate) async fn read<W: Resource, M: Model>(
        &mut self,
        mut enumeration: Enumeration<W>,
        raw_policy: RawPolicy<'_>,
        mut normalise: impl FnMut(Read<W>) -> Result<M, lucca::Unreadable>,
    ) -> Result<(Enumeration<W>, Result<(), lucca::Error>), Error> {
        if !raw_policy.keep {
            enumeration = enumeration.without_raw();
        }
        let read = loop {
            let page = match enumeration.next_page().await {
                Ok(Some(page)) => page,
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            };
            self.page_read();
            let mut batch = Batch::of_items(page.items, enumeration.total(), raw_policy, &mut normalise);
            batch.checkpoint = enumeration.checkpoint().map(|checkpoint| (None, Some(checkpoint)));
            self.commit::<M>(batch, &refused_fields(enumeration.notes())).await?;
        };
        self.finish_write().await?;
        Ok((enumeration, read))
    }

    /// Counts a page.
    pub(crate) fn page_read(&mut self) {
        self.pages += 1;
    }

    /// Counts rows that are stored in the stream's state and not as records.
    pub(crate) fn rows_read(&mut self, rows: usize) {
        self.done += count(rows);
        self.report.read += count(rows);
    }

    /// The number of records done.
    pub(crate) fn done(&self) -> u64 {
        self.done
    }

    /// Saves the stream's state and returns the report.
    pub(crate) async fn finish(mut self, ending: Ending) -> Result<StreamReport, store::Error> {
        self.finish_write().await?;
        let Context { store, lease, clock, .. } = self.context;
        let now = clock.now();
        match ending.proof {
            Proof::Complete { .. } => self.report.complete = true,
            // An incremental read has no set to prove complete.
            Proof::Unproven { .. } if !self.is_full() => self.report.complete = ending.is_ok(),
            Proof::Unproven { why, .. } => self.report.unproven_because = Some(why.to_string()),
        }
        self.report.notes = ending.notes;
        self.report.hidden_fields = self.hidden_fields.iter().map(ToString::to_string).collect();
        if self.pages > 0 {
            let known = self.state.lesson(now);
            // The form may have been learned during an incident: one full read uses it, the next one tries
            // the full request again.
            let is_spent = known.is_some() && self.is_full();
            let at = known.map_or(now, |lesson| lesson.at);
            let learned = ending.learned.map(|form| if is_spent { form.without_guesses() } else { form });
            let says_something = |form: &lucca::Learned| *form != lucca::Learned::default();
            self.state.learned = learned.filter(says_something).map(|form| Lesson { at, form });
        }
        match &ending.error {
            // A notified read does not cover all changes: it moves neither the cursor nor any other state.
            None if self.mode == Mode::Notified => {}
            None => {
                self.state.read_at = Some(self.began_at);
                self.state.server_ahead_s = self.context.server_ahead().map_or(0, |ahead| ahead.as_secs());
                self.state.resume = None;
                self.state.unavailable_at = None;
                if self.is_full() {
                    self.state.usual_rows = Some(self.done);
                    self.state.full_at = Some(self.began_at);
                    self.state.sweep_again = !self.state.sweep_again && is_worth_repeating(ending.proof);
                }
            }
            Some(error) => {
                if error.is_endless() {
                    // Without this, every run would read as long again.
                    self.state.resume = None;
                }
                self.report.complete = false;
                self.report.stale = self.stored.saturating_sub(self.seen_present);
                let stream_error = StreamError::from(error);
                if stream_error.not_offered && self.mode != Mode::Notified {
                    self.state.unavailable_at = Some(now);
                }
                self.report.error = Some(stream_error);
                tracing::warn!(stream = self.stream.name(), code = error.code(), "could not read a stream");
            }
        }
        let commit = Commit {
            state: Some((self.stream.name(), self.state.to_json())),
            progress: Some(self.progress(None, true)),
            ..Commit::default()
        };
        store.commit(lease, self.kind, &commit, now).await?;
        self.context.progress.stream_finished(self.stream, &self.report);
        Ok(self.report)
    }
}

/// Whether repeating an unproven full read may prove it.
fn is_worth_repeating(proof: Proof) -> bool {
    matches!(proof, Proof::Unproven { why: Unproven::Resumed | Unproven::Shifting, .. })
}

fn fingerprint(id: &RemoteId) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

pub(crate) fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
