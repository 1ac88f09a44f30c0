//! One stream into one kind of record: compare each page with what is stored, commit it, and at the end
//! judge what was not seen.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use lucca::clock::Clock;
use lucca::{Enumeration, Item, Note, Proof, Read, Resource, Stream, Unreadable};
use people::{Kind, Model, RemoteId};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use store::{Commit, LinkedAccount, Quarantined, RecordState, RecordUpsert, Store, content_hash};
use tokio::sync::mpsc;

use crate::progress::Progress;
use crate::reconcile::{Brake, Evidence, HeldBecause, Judgement, Missing, judge};
use crate::report::{StreamError, StreamReport};
use crate::run::Error;

/// What every stream of a run shares.
pub(crate) struct Context<'a> {
    pub(crate) store: &'a Store,
    pub(crate) account: &'a LinkedAccount,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) progress: &'a dyn Progress,
    pub(crate) brake: Option<Brake>,
}

/// Takes from a raw record what may not be kept.
pub(crate) type Redact<'a> = &'a (dyn Fn(&str) -> String + Sync);

/// How the records of a kind are kept as Lucca sent them.
#[derive(Clone, Copy)]
pub(crate) struct RawPolicy<'a> {
    /// Whether readable records are kept raw beside the model. Unreadable ones always are, in quarantine.
    pub(crate) keep: bool,
    /// Applied to everything that is kept raw.
    pub(crate) redact: Redact<'a>,
}

impl RawPolicy<'_> {
    /// For records without personal data: few and small, kept as they are.
    pub(crate) const ORGANISATION: RawPolicy<'static> = RawPolicy { keep: true, redact: &str::to_owned };
}

/// A page's records, ready to be compared and committed.
#[derive(Default)]
pub(crate) struct Batch {
    records: Vec<RecordUpsert>,
    quarantined: Vec<Quarantined>,
    total: Option<u64>,
    /// The server refused some of the fields asked for: that they are absent means nothing.
    is_partial: bool,
}

impl Batch {
    /// Normalises a page's items.
    pub(crate) fn of_items<W, M: Model>(
        items: Vec<Item<W>>,
        total: Option<u64>,
        raw_policy: RawPolicy<'_>,
        mut normalise: impl FnMut(Read<W>) -> M,
    ) -> Self {
        let mut batch = Self { total, ..Self::default() };
        for item in items {
            match item.outcome {
                Ok(read) => batch.add(&normalise(read), Some(item.raw.get()), raw_policy),
                Err(unreadable) => batch.quarantine(item.id, unreadable, &item.raw, raw_policy),
            }
        }
        batch
    }

    /// Adds a record that could not be read.
    pub(crate) fn quarantine(
        &mut self,
        id: Option<RemoteId>,
        unreadable: Unreadable,
        raw: &RawValue,
        raw_policy: RawPolicy<'_>,
    ) {
        self.quarantined.push(Quarantined {
            id,
            field: unreadable.field.into_owned(),
            reason: unreadable.reason,
            raw: (raw_policy.redact)(raw.get()),
        });
    }

    /// Adds one record.
    pub(crate) fn add<M: Model>(&mut self, model: &M, raw: Option<&str>, raw_policy: RawPolicy<'_>) {
        let raw = raw.filter(|_| raw_policy.keep).map(raw_policy.redact);
        match serde_json::to_string(model) {
            Ok(body) => {
                let hash = content_hash(&body);
                self.records.push(RecordUpsert { id: model.id().clone(), hash, body, raw });
            }
            // No model type has a map with keys that JSON can't write; if one ever does, nothing is lost.
            Err(error) => self.quarantined.push(Quarantined {
                id: Some(model.id().clone()),
                field: String::new(),
                reason: format!("cannot be written as JSON: {error}"),
                raw: raw.unwrap_or_default(),
            }),
        }
    }
}

/// A stream being synced.
pub(crate) struct StreamSync<'a> {
    context: &'a Context<'a>,
    stream: Stream,
    kind: Kind,
    /// Stored as present and not seen in this run.
    unseen: HashSet<RemoteId>,
    stored: usize,
    /// Nothing of this kind was stored before: there is nothing to compare with.
    is_first: bool,
    in_quarantine: HashSet<RemoteId>,
    done: u64,
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
        let in_quarantine: HashSet<_> = context.store.quarantined_ids(no, kind).await?.into_iter().collect();
        if in_quarantine.iter().any(|id| id.as_str().starts_with('#')) {
            context.store.forget_unidentified(no, kind).await?;
        }
        let unseen = context.store.present_ids(no, kind).await?;
        let is_first = unseen.is_empty() && !context.store.has_records(no, kind).await?;
        Ok(Self {
            context,
            stream,
            kind,
            stored: unseen.len(),
            unseen,
            is_first,
            in_quarantine,
            done: 0,
            report: StreamReport { stream: stream.name().to_owned(), ..StreamReport::default() },
        })
    }

    /// Compares a batch with what is stored and writes what differs, in one transaction.
    pub(crate) async fn commit<M: Model>(&mut self, batch: Batch) -> Result<(), store::Error> {
        let Batch { mut records, quarantined, total, is_partial } = batch;
        let Context { store, account, .. } = self.context;
        for id in quarantined.iter().filter_map(|record| record.id.as_ref()) {
            self.unseen.remove(id);
        }
        let ids: Vec<RemoteId> = records.iter().map(|record| record.id.clone()).collect();
        let recovered = ids.iter().filter(|id| self.in_quarantine.contains(*id)).cloned().collect();
        if is_partial && !self.is_first {
            let bodies = store.bodies(account.no, self.kind, &ids).await?;
            for record in &mut records {
                if let Some(merged) = bodies.get(&record.id).and_then(|old| fill_gaps::<M>(&record.body, old))
                {
                    record.hash = content_hash(&merged);
                    record.body = merged;
                }
            }
        }
        let stored =
            if self.is_first { HashMap::new() } else { store.hashes(account.no, self.kind, &ids).await? };
        let rows = records.len() + quarantined.len();
        self.report.quarantined += count(quarantined.len());

        let mut commit = Commit { upserts: Vec::new(), quarantined, recovered };
        for record in records {
            self.unseen.remove(&record.id);
            self.report.read += 1;
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
        self.done += count(rows);
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
                        let is_partial = enumeration.notes().iter().any(drops_fields);
                        place.send((page, enumeration.total(), is_partial));
                    }
                    Ok(None) => break Ok(()),
                    Err(error) => break Err(error),
                }
            };
            drop(sender);
            (enumeration, outcome)
        });
        while let Some((page, total, is_partial)) = pages.recv().await {
            let batch = Batch::of_items(page.items, total, raw_policy, &mut normalise);
            self.commit::<M>(Batch { is_partial, ..batch }).await?;
        }
        Ok(fetching.await?)
    }

    /// The ids that are stored as present and were not seen.
    pub(crate) fn unseen(&self) -> Vec<RemoteId> {
        self.unseen.iter().cloned().collect()
    }

    /// Judges what was not seen, where nothing more is known of it.
    pub(crate) async fn judge_unseen(&mut self, proof: Proof) -> Result<(), store::Error> {
        let missing: Vec<_> = self.unseen().into_iter().map(|id| (id, Missing::default())).collect();
        self.judge_missing(proof, &missing, (0, 0)).await
    }

    /// Judges what was not seen and marks it accordingly. `missing` says of each unseen id what it was.
    pub(crate) async fn judge_missing(
        &mut self,
        proof: Proof,
        missing: &[(RemoteId, Missing)],
        (seen_former, seen_future): (usize, usize),
    ) -> Result<(), store::Error> {
        let statuses: Vec<Missing> = missing.iter().map(|(_, missing)| *missing).collect();
        let judgements = judge(&Evidence {
            proof,
            stored: self.stored,
            seen_former,
            seen_future,
            missing: &statuses,
            brake: self.context.brake,
        });
        let judged = |wanted: Judgement| -> Vec<RemoteId> {
            let pairs = missing.iter().zip(&judgements);
            pairs.filter(|(_, judgement)| **judgement == wanted).map(|((id, _), _)| id.clone()).collect()
        };
        let Context { store, account, clock, .. } = self.context;
        let gone = judged(Judgement::Gone);
        let hidden = judged(Judgement::Hidden);
        store.set_state(account.no, self.kind, &gone, RecordState::Gone, clock.now()).await?;
        store.set_state(account.no, self.kind, &hidden, RecordState::Hidden, clock.now()).await?;
        self.report.gone = count(gone.len());
        self.report.hidden = count(hidden.len());
        let unproven = judged(Judgement::Held(HeldBecause::Unproven)).len();
        let braked = judged(Judgement::Held(HeldBecause::Brake)).len();
        self.report.held = count(unproven + braked);
        self.report.held_because = if braked > 0 {
            Some("too many are missing at once; a person has to look".to_owned())
        } else if unproven > 0 {
            Some("the list was not provably complete".to_owned())
        } else {
            None
        };
        Ok(())
    }

    /// The report, with what the enumeration says of itself.
    pub(crate) fn finish<W: Resource>(
        mut self,
        enumeration: &Enumeration<W>,
        page_size_hint: Option<u32>,
        read: &Result<(), lucca::Error>,
    ) -> StreamReport {
        match enumeration.proof() {
            Proof::Complete { .. } => self.report.complete = true,
            Proof::Unproven { why, .. } => self.report.unproven_because = Some(why.to_string()),
        }
        self.report.notes = enumeration.notes().iter().map(ToString::to_string).collect();
        let was_reduced = |note: &Note| matches!(note, Note::PageSizeReduced { .. });
        if page_size_hint.is_some() || enumeration.notes().iter().any(was_reduced) {
            self.report.page_size = Some(enumeration.page_size());
        }
        if let Err(error) = read {
            self.report.complete = false;
            self.report.error = Some(StreamError::from(error));
            tracing::warn!(stream = self.stream.name(), code = error.code(), "stream could not be read");
        }
        self.context.progress.stream_finished(self.stream, &self.report);
        self.report
    }
}

fn drops_fields(note: &Note) -> bool {
    matches!(note, Note::FieldsDropped { .. } | Note::DefaultFields)
}

/// A model as JSON, with what is absent in it taken from how it was stored; none if nothing was absent.
fn fill_gaps<M: Model>(new: &str, stored: &str) -> Option<String> {
    let mut new: Map<String, Value> = serde_json::from_str(new).ok()?;
    let stored: Map<String, Value> = serde_json::from_str(stored).ok()?;
    let mut is_filled = false;
    for (field, value) in stored {
        if !value.is_null() && new.get(&field).is_none_or(Value::is_null) {
            new.insert(field, value);
            is_filled = true;
        }
    }
    // By way of the model, so that the fields stand in their usual order and the hash can be compared.
    let merged: M = serde_json::from_value(Value::Object(new)).ok().filter(|_| is_filled)?;
    serde_json::to_string(&merged).ok()
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
