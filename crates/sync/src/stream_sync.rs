//! One stream into one kind of record: compare each page with what is stored, commit it, and at the end
//! judge what was not seen.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use lucca::clock::Clock;
use lucca::{Enumeration, Proof, Read, Resource, Stream};
use people::{Kind, Model, RemoteId};
use store::{Commit, LinkedAccount, RecordState, Store};
use tokio::sync::mpsc;

use crate::batch::{Batch, RawPolicy};
use crate::lost_fields::{keep_silent_fields, refused_fields};
use crate::progress::Progress;
use crate::reconcile::{Brake, Evidence, Judgement, Missing, judge};
use crate::report::{Lesson, StreamError, StreamReport};
use crate::run::Error;

/// What every stream of a run shares.
pub(crate) struct Context<'a> {
    pub(crate) store: &'a Store,
    pub(crate) account: &'a LinkedAccount,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) progress: &'a dyn Progress,
    pub(crate) brake: Option<Brake>,
}

/// What was seen of people, as far as it bears on those who were not.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) former: usize,
    pub(crate) future: usize,
    /// Whether the key was found to have lost a permission.
    pub(crate) permission_lost: bool,
}

/// A stream being synced.
pub(crate) struct StreamSync<'a> {
    context: &'a Context<'a>,
    stream: Stream,
    kind: Kind,
    /// Present before this run.
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
    hidden_fields: BTreeSet<&'static str>,
    report: StreamReport,
}

impl<'a> StreamSync<'a> {
    pub(crate) async fn begin(
        context: &'a Context<'a>,
        stream: Stream,
        kind: Kind,
    ) -> Result<Self, store::Error> {
        let no = context.account.no;
        context.progress.stream_started(stream);
        let mut in_quarantine = context.store.quarantined_ids(no, kind).await?;
        if in_quarantine.iter().any(|id| id.as_str().starts_with('#')) {
            context.store.forget_unidentified(no, kind).await?;
            in_quarantine.retain(|id| !id.as_str().starts_with('#'));
        }
        let stored = context.store.count_present(no, kind).await?;
        let is_first = stored == 0 && !context.store.has_records(no, kind).await?;
        Ok(Self {
            context,
            stream,
            kind,
            stored,
            met: 0,
            seen: HashSet::new(),
            unseen: HashSet::new(),
            is_first,
            in_quarantine: in_quarantine.into_iter().collect(),
            pages: 0,
            done: 0,
            hidden_fields: BTreeSet::new(),
            report: StreamReport { stream: stream.name().to_owned(), ..StreamReport::default() },
        })
    }

    /// Compares a batch with what is stored and writes what differs, in one transaction. `refused` are fields
    /// that the server does not take in a request, so that their absence means nothing.
    pub(crate) async fn commit<M: Model>(
        &mut self,
        batch: Batch,
        refused: &BTreeSet<&'static str>,
    ) -> Result<(), store::Error> {
        let Batch { mut records, quarantined, total } = batch;
        let Context { store, account, .. } = self.context;
        for id in quarantined.iter().filter_map(|record| record.id.as_ref()) {
            self.seen.insert(fingerprint(id));
            self.in_quarantine.remove(id);
        }
        let ids: Vec<RemoteId> = records.iter().map(|record| record.id.clone()).collect();
        let recovered = ids.iter().filter(|id| self.in_quarantine.remove(*id)).cloned().collect();
        let stored =
            if self.is_first { HashMap::new() } else { store.hashes(account.no, self.kind, &ids).await? };
        let differing: Vec<RemoteId> = records
            .iter()
            .filter(|record| stored.get(&record.id).is_some_and(|known| known.hash != record.hash))
            .map(|record| record.id.clone())
            .collect();
        if self.kind == Kind::Employee && !differing.is_empty() {
            let bodies = store.bodies(account.no, self.kind, &differing).await?;
            self.hidden_fields.extend(keep_silent_fields::<M>(&mut records, &bodies, refused));
        }
        self.report.quarantined += count(quarantined.len());
        self.done += count(records.len() + quarantined.len());

        let mut commit = Commit { upserts: Vec::new(), quarantined, recovered };
        for record in records {
            self.report.read += 1;
            if !self.is_first {
                self.seen.insert(fingerprint(&record.id));
                self.met +=
                    u64::from(stored.get(&record.id).is_some_and(|k| k.state == RecordState::Present));
            }
            match stored.get(&record.id) {
                None => self.report.created += 1,
                Some(known) if known.hash == record.hash && known.state == RecordState::Present => {
                    self.report.unchanged += 1;
                    continue;
                }
                Some(_) => self.report.updated += 1,
            }
            commit.upserts.push(record);
        }
        store.commit(account.no, self.kind, &commit, self.context.clock.now()).await?;
        self.context.progress.page_committed(self.stream, self.done, total);
        Ok(())
    }

    /// Reads an enumeration to its end, committing each page while the next is fetched and parsed on a task of
    /// its own: at most one page waits. Gives the enumeration back.
    pub(crate) async fn read<W: Resource, M: Model>(
        &mut self,
        mut enumeration: Enumeration<W>,
        raw_policy: RawPolicy<'_>,
        mut normalise: impl FnMut(Read<W>) -> M,
    ) -> Result<(Enumeration<W>, Result<(), lucca::Error>), Error> {
        let (sender, mut pages) = mpsc::channel(1);
        let fetching = tokio::spawn(async move {
            // The place is taken before the page is fetched, so that no third page is ever in memory.
            let outcome = loop {
                let Ok(place) = sender.reserve().await else {
                    // Nobody waits for pages: the commit of an earlier one failed, and the run ends.
                    break Ok(());
                };
                match enumeration.next_page().await {
                    Ok(Some(page)) => {
                        let refused = refused_fields(enumeration.notes());
                        place.send((page, enumeration.total(), refused));
                    }
                    Ok(None) => break Ok(()),
                    Err(error) => break Err(error),
                }
            };
            drop(sender);
            (enumeration, outcome)
        });
        while let Some((page, total, refused)) = pages.recv().await {
            self.page_read();
            let batch = Batch::of_items(page.items, total, raw_policy, &mut normalise);
            self.commit::<M>(batch, &refused).await?;
        }
        Ok(fetching.await?)
    }

    /// Counts a page.
    pub(crate) fn page_read(&mut self) {
        self.pages += 1;
    }

    /// Finds out, once the stream has been read, what is stored as present and was not met.
    pub(crate) async fn find_unseen(&mut self) -> Result<(), store::Error> {
        if self.met < self.stored {
            let Context { store, account, .. } = self.context;
            let is_unseen = |id: &RemoteId| !self.seen.contains(&fingerprint(id));
            self.unseen = store.present_ids(account.no, self.kind, is_unseen).await?;
        }
        Ok(())
    }

    /// The ids that are stored as present and were not met.
    pub(crate) fn unseen(&self) -> Vec<RemoteId> {
        self.unseen.iter().cloned().collect()
    }

    /// Whether a record may have slipped between two pages: something was not seen, and there were several.
    pub(crate) fn may_have_slipped(&self) -> bool {
        !self.unseen.is_empty() && self.pages > 1
    }

    /// Strikes off what a second enumeration shows. False if it could not be read to its end.
    pub(crate) async fn look_again<W: Resource>(&mut self, mut again: Enumeration<W>) -> bool {
        loop {
            match again.next_page().await {
                Ok(Some(page)) => {
                    for id in page.items.iter().filter_map(|item| item.id.as_ref()) {
                        self.unseen.remove(id);
                    }
                }
                Ok(None) => return true,
                Err(_) => return false,
            }
        }
    }

    /// Judges what was not seen and marks it accordingly. `missing` says what is known of each.
    pub(crate) async fn judge_missing(
        &mut self,
        proof: Proof,
        missing: &[(RemoteId, Missing)],
        seen: Seen,
    ) -> Result<(), store::Error> {
        let known: Vec<Missing> = missing.iter().map(|(_, missing)| *missing).collect();
        let judgements = judge(&Evidence {
            proof,
            stored: usize::try_from(self.stored).unwrap_or(usize::MAX),
            seen_former: seen.former,
            seen_future: seen.future,
            missing: &known,
            permission_lost: seen.permission_lost,
            brake: self.context.brake,
        });
        let (mut gone, mut hidden) = (Vec::new(), Vec::new());
        let mut reasons = BTreeSet::new();
        for ((id, _), judgement) in missing.iter().zip(judgements) {
            match judgement {
                Judgement::Gone => gone.push(id.clone()),
                Judgement::Hidden => hidden.push(id.clone()),
                Judgement::Held(because) => {
                    self.report.held += 1;
                    reasons.insert(because.reason());
                }
            }
        }
        let Context { store, account, clock, .. } = self.context;
        store.set_state(account.no, self.kind, &gone, RecordState::Gone, clock.now()).await?;
        store.set_state(account.no, self.kind, &hidden, RecordState::Hidden, clock.now()).await?;
        self.report.gone = count(gone.len());
        self.report.hidden = count(hidden.len());
        if !reasons.is_empty() {
            self.report.held_because = Some(reasons.into_iter().collect::<Vec<_>>().join("; "));
        }
        if proof.is_complete() {
            let left: Vec<RemoteId> = self.in_quarantine.drain().collect();
            store.forget_quarantined(account.no, self.kind, &left).await?;
        }
        Ok(())
    }

    /// The report, with what the enumeration says of itself.
    pub(crate) fn finish<W: Resource>(
        mut self,
        enumeration: &Enumeration<W>,
        lesson: Option<Lesson>,
        read: &Result<(), lucca::Error>,
    ) -> StreamReport {
        match enumeration.proof() {
            Proof::Complete { .. } => self.report.complete = true,
            Proof::Unproven { why, .. } => self.report.unproven_because = Some(why.to_string()),
        }
        self.report.notes = enumeration.notes().iter().map(ToString::to_string).collect();
        let at = lesson.map_or_else(|| self.context.clock.now(), |lesson| lesson.at);
        self.report.learned =
            enumeration.learned().filter(|_| self.pages > 0).map(|form| Lesson { at, form });
        self.report.hidden_fields = self.hidden_fields.iter().map(ToString::to_string).collect();
        if let Err(error) = read {
            self.report.complete = false;
            self.report.stale = self.stored - self.met;
            self.report.error = Some(StreamError::from(error));
            tracing::warn!(stream = self.stream.name(), code = error.code(), "stream could not be read");
        }
        self.context.progress.stream_finished(self.stream, &self.report);
        self.report
    }
}

fn fingerprint(id: &RemoteId) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
