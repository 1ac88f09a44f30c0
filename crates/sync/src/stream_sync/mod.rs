//! One stream into one kind of record: compare each page with what is stored, and commit it with its change-log
//! entries and the place where the read would resume. What becomes of records that were not seen is in `unseen`, what
//! all streams of a run share in `context`.

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
use crate::unwanted::{without_erased, without_unwanted_properties};

pub(crate) use context::{Context, Ending, FEW_CHANGES, Known, Seen};

/// A page being written, and what is to be told when it is.
struct Writing {
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
    /// What the stream remembers: as it was, and then as it will be.
    pub(crate) state: StreamState,
    /// When the read began, the interrupted one if it is resumed.
    began_at: Timestamp,
    /// Present before this run. Only a full read counts.
    stored: u64,
    /// How many of those were met in this run.
    met: u64,
    /// What was met, by a hash of the id: a tenth of what the ids would take, and should two ids ever share
    /// one, a missing record is found a run later.
    seen: HashSet<u64>,
    /// Stored as present and not met; known once the stream has been read.
    unseen: HashSet<RemoteId>,
    /// Nothing of this kind was stored before: there is nothing to compare with.
    is_first: bool,
    /// In quarantine from earlier runs and not met in this one.
    in_quarantine: HashSet<RemoteId>,
    pages: usize,
    done: u64,
    /// The page that is being written while the next is prepared.
    writing: Option<Writing>,
    /// What was written: all of it by a read of what changed, the first of it by a full read that is not the first.
    changed: Vec<RemoteId>,
    /// What was met by a read of what changed, while somebody wants to know.
    met_ids: Option<Vec<RemoteId>>,
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
            met: 0,
            seen: HashSet::new(),
            unseen: HashSet::new(),
            is_first,
            in_quarantine: in_quarantine.into_iter().collect(),
            pages: 0,
            done,
            writing: None,
            changed: Vec::new(),
            met_ids: None,
            hidden_fields: BTreeSet::new(),
            report: StreamReport::new(stream, mode),
        })
    }

    /// Whether nothing of this kind was stored before.
    pub(crate) fn is_first(&self) -> bool {
        self.is_first
    }

    /// Whether everything is read, and what is not met will be judged.
    pub(crate) fn is_full(&self) -> bool {
        self.mode == Mode::Full
    }

    /// What was written: records that are new, changed or shown again. Nothing after a first read, and no more than
    /// somewhat more than [`FEW_CHANGES`] after another full one.
    pub(crate) fn take_changed(&mut self) -> Vec<RemoteId> {
        std::mem::take(&mut self.changed)
    }

    /// Remembers from now on which records are met.
    pub(crate) fn collect_met(&mut self) {
        self.met_ids = Some(Vec::new());
    }

    /// Which records were met since [`collect_met`](Self::collect_met).
    pub(crate) fn take_met(&mut self) -> Vec<RemoteId> {
        self.met_ids.take().unwrap_or_default()
    }

    /// Where an interrupted read resumes.
    pub(crate) fn resume(&self) -> Option<&Resume> {
        self.state.resume_of(self.mode, self.context.began_at)
    }

    /// An enumeration that begins with what earlier runs learned, and where an interrupted one ended.
    pub(crate) fn taught<W: Resource>(&self, enumeration: Enumeration<W>) -> Enumeration<W> {
        let enumeration = self.informed(enumeration);
        match self.resume().and_then(|resume| resume.checkpoint.clone()) {
            Some(checkpoint) => enumeration.resume_after(checkpoint),
            None => enumeration,
        }
    }

    /// An enumeration that begins with what earlier runs learned, and is held where it has far more rows than they had.
    pub(crate) fn informed<W: Resource>(&self, enumeration: Enumeration<W>) -> Enumeration<W> {
        // Who believes what is missing believes growth, too.
        let is_believed = self.context.brake.is_none();
        let enumeration = if is_believed { enumeration } else { enumeration.at_most(self.state.most_rows()) };
        match self.state.lesson(self.context.began_at) {
            Some(lesson) => enumeration.with_learned(&lesson.form),
            None => enumeration,
        }
    }

    /// Compares a batch with what is stored and writes what differs, in one transaction. `refused` are fields
    /// that the server does not take in a request, so that their absence means nothing.
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

    /// Writes what differs from what is known to be stored, in one transaction.
    pub(crate) async fn write(&mut self, batch: Batch, known: &Known) -> Result<(), store::Error> {
        let Batch { mut records, mut quarantined, total, rows, checkpoint } = batch;
        self.done += count(rows.unwrap_or(records.len()) + quarantined.len());
        let Context { scope, erased, .. } = self.context;
        let kept_out = count(without_erased(self.kind, erased, &mut records, &mut quarantined));
        self.report.erased += kept_out;
        self.report.read += kept_out;
        without_unwanted_properties(self.kind, scope, &mut records);
        let mut commit =
            Commit { recovered: self.leaves_quarantine(&records, &quarantined), ..Commit::default() };
        self.report.quarantined += count(quarantined.len());
        for record in records {
            self.report.read += 1;
            if let Some(met) = &mut self.met_ids {
                met.push(record.id.clone());
            }
            let stored = known.hashes.get(&record.id);
            if self.is_full() && !self.is_first {
                self.meet(&record.id, stored.is_some_and(|known| known.state == RecordState::Present));
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
            // Of a full read only so many that it is worth looking up what hangs on them.
            if !self.is_full() || !self.is_first && self.changed.len() <= FEW_CHANGES {
                self.changed.push(record.id.clone());
            }
            let before = known.bodies.get(&record.id).map(String::as_str);
            self.log(&mut commit.changes, &record, operation, before);
            commit.upserts.push(record);
        }
        commit.quarantined = quarantined;
        self.save_place(&mut commit, checkpoint, total);
        self.settle().await?;
        let (store, lease, kind) = (self.context.store.clone(), self.context.lease, self.kind);
        let at = self.context.clock.now();
        let task = tokio::spawn(async move { store.commit(&lease, kind, &commit, at).await });
        self.writing = Some(Writing { task, done: self.done, total });
        // With nothing stored before, the next page can be prepared meanwhile: it has nothing to be compared with.
        if self.is_first { Ok(()) } else { self.settle().await }
    }

    /// Waits until the page that is being written is written.
    pub(crate) async fn settle(&mut self) -> Result<(), store::Error> {
        let Some(Writing { task, done, total }) = self.writing.take() else { return Ok(()) };
        // Writing can only end without a result by a panic, which goes on here.
        task.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))?;
        self.context.progress.page_committed(self.stream, done, total);
        Ok(())
    }

    /// Notes that a record was met in a full read, and whether it stood as present.
    pub(crate) fn meet(&mut self, id: &RemoteId, was_present: bool) {
        if self.seen.insert(fingerprint(id)) {
            self.met += u64::from(was_present);
        }
    }

    /// What the change log says of a record that is written.
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
                // A hire to come of somebody who left: told when it begins.
                Some(people::Transition::Planned) | None => {}
            }
        }
    }

    /// Which records leave the quarantine: those that read again, and with the first page of a full read those
    /// that have no id, since the read finds again whichever are still there.
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

    /// Puts into a commit where the read would resume, and how far the run is.
    fn save_place(
        &mut self,
        commit: &mut Commit,
        checkpoint: Option<(Option<Date>, Option<Checkpoint>)>,
        total: Option<u64>,
    ) {
        // What was told of is read again as a whole: where an interrupted read would resume stays.
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

    /// Reads an enumeration to its end and commits each page; the next ones are fetched and parsed meanwhile. Gives
    /// the enumeration back.
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
        self.settle().await?;
        Ok((enumeration, read))
    }

    /// Counts a page.
    pub(crate) fn page_read(&mut self) {
        self.pages += 1;
    }

    /// Counts records that are kept with the stream's state and not as records.
    pub(crate) fn rows_read(&mut self, rows: usize) {
        self.done += count(rows);
        self.report.read += count(rows);
    }

    /// How many records are done.
    pub(crate) fn done(&self) -> u64 {
        self.done
    }

    /// Writes down how the stream stands from now on, and gives the report.
    pub(crate) async fn finish(mut self, ending: Ending) -> Result<StreamReport, store::Error> {
        self.settle().await?;
        let Context { store, lease, clock, .. } = self.context;
        let now = clock.now();
        match ending.proof {
            Proof::Complete { .. } => self.report.complete = true,
            // What changed is never all there is: nothing is to be proven.
            Proof::Unproven { .. } if !self.is_full() => self.report.complete = ending.is_ok(),
            Proof::Unproven { why, .. } => self.report.unproven_because = Some(why.to_string()),
        }
        self.report.notes = ending.notes;
        self.report.hidden_fields = self.hidden_fields.iter().map(ToString::to_string).collect();
        if self.pages > 0 {
            let known = self.state.lesson(now);
            // What was guessed may have been learned in a bad minute: one full read goes by it, the next one asks
            // for everything again.
            let is_spent = known.is_some() && self.is_full();
            let at = known.map_or(now, |lesson| lesson.at);
            let learned = ending.learned.map(|form| if is_spent { form.without_guesses() } else { form });
            let says_something = |form: &lucca::Learned| *form != lucca::Learned::default();
            self.state.learned = learned.filter(says_something).map(|form| Lesson { at, form });
        }
        match &ending.error {
            // What was told of is not all that changed: neither cursor nor anything else of the stream moves.
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
                    // Else each run would go on for as long again.
                    self.state.resume = None;
                }
                self.report.complete = false;
                self.report.stale = self.stored.saturating_sub(self.met);
                let told = StreamError::from(error);
                if told.not_offered && self.mode != Mode::Notified {
                    self.state.unavailable_at = Some(now);
                }
                self.report.error = Some(told);
                tracing::warn!(stream = self.stream.name(), code = error.code(), "stream could not be read");
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

/// Whether a full read that proved nothing may prove something if it is done once more.
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
