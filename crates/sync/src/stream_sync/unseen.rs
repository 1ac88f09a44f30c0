//! Records that a full read did not return: finds them, confirms them by a second enumeration, judges them
//! and writes the judgements. Not here: the rules of judgement (`reconcile`).

use std::collections::{BTreeMap, BTreeSet};

use lucca::{Enumeration, Proof, Resource};
use people::RemoteId;
use store::{Commit, Hold, NewChange, Operation, RecordState};

use super::context::{Context, SeenEmployees};
use super::{StreamSync, count, fingerprint};
use crate::reconcile::{Evidence, HeldBecause, HiddenBecause, Judgement, Missing, explained, judge};

impl StreamSync<'_> {
    /// Finds, after the read, the records that are stored as present and were not returned.
    pub(crate) async fn find_unseen(&mut self) -> Result<(), store::Error> {
        self.finish_write().await?;
        if self.seen_present < self.stored {
            let Context { store, account, .. } = self.context;
            let is_unseen = |id: &RemoteId| !self.seen.contains(&fingerprint(id));
            self.unseen = store.present_ids(account.no, self.kind, is_unseen).await?;
        }
        Ok(())
    }

    /// The ids stored as present and not returned.
    pub(crate) fn unseen(&self) -> Vec<RemoteId> {
        self.unseen.iter().cloned().collect()
    }

    /// Returns the ids that were not returned by Lucca.
    pub(crate) fn not_seen(&self, ids: Vec<RemoteId>) -> Vec<RemoteId> {
        ids.into_iter().filter(|id| !self.seen.contains(&fingerprint(id))).collect()
    }

    /// Whether a record may have slipped between two pages: one is missing, and there were several pages.
    pub(crate) fn may_have_slipped(&self) -> bool {
        !self.unseen.is_empty() && self.pages > 1
    }

    /// Removes ids that a second enumeration returns. False if it could not be read completely.
    pub(crate) async fn recheck_unseen<W: Resource>(&mut self, mut again: Enumeration<W>) -> bool {
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

    /// Judges missing records by the evidence in `missing` and marks them.
    pub(crate) async fn judge_missing(
        &mut self,
        proof: Proof,
        missing: &[(RemoteId, Missing)],
        seen: SeenEmployees,
    ) -> Result<(), store::Error> {
        let judged = self.judge(proof, missing, seen);
        self.write_judged(&judged).await
    }

    /// Marks records by their judgements.
    pub(crate) async fn write_judged(&mut self, judged: &Judged) -> Result<(), store::Error> {
        let mut commit = self.consequences(judged);
        if judged.is_proven {
            commit.recovered = self.in_quarantine.drain().collect();
        }
        let Context { store, lease, clock, .. } = self.context;
        store.commit(lease, self.kind, &commit, clock.now()).await
    }

    fn evidence<'m>(&self, proof: Proof, missing: &'m [Missing], seen: SeenEmployees) -> Evidence<'m> {
        let size = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        let hidden = missing.iter().filter(|missing| missing.is_hidden).count();
        Evidence {
            proof,
            stored: size(self.stored),
            // Restored records are those that were returned and not stored as present.
            hidden: hidden + size(self.report.read.saturating_sub(self.seen_present)),
            seen_former: seen.former,
            seen_future: seen.future,
            missing,
            permission_lost: seen.permission_lost,
            brake: self.context.brake,
        }
    }

    /// Whether a loss of the key explains each missing record, so that it needs no lookup.
    pub(crate) fn explained(
        &self,
        proof: Proof,
        missing: &[(RemoteId, Missing)],
        seen: SeenEmployees,
    ) -> Vec<bool> {
        let known: Vec<Missing> = missing.iter().map(|(_, missing)| *missing).collect();
        explained(&self.evidence(proof, &known, seen))
    }

    /// Judges missing records.
    pub(crate) fn judge(&self, proof: Proof, missing: &[(RemoteId, Missing)], seen: SeenEmployees) -> Judged {
        let known: Vec<Missing> = missing.iter().map(|(_, missing)| *missing).collect();
        let judgements = judge(&self.evidence(proof, &known, seen));
        let mut judged = Judged { is_proven: proof.is_complete(), ..Judged::default() };
        for ((id, known), judgement) in missing.iter().zip(judgements) {
            match judgement {
                Judgement::Gone => judged.gone.push(id.clone()),
                Judgement::Hidden(because) => {
                    *judged.hidden_because.entry(because).or_default() += 1;
                    if !known.is_hidden {
                        judged.hidden.push(id.clone());
                    }
                }
                Judgement::Held(because) => {
                    judged.is_cut_short |= because.is_of_the_read();
                    let is_undecided = known.status.is_some() && because.is_undecided();
                    if is_undecided {
                        judged.undecided.push((id.clone(), because));
                    }
                    // A hidden record that can't be judged this time stays hidden.
                    if known.is_hidden && !is_undecided && !because.asks_a_person() {
                        continue;
                    }
                    judged.held.push(id.clone());
                    judged.reasons.insert(because.reason());
                    if because.asks_a_person() {
                        judged.asked.push(id.clone());
                    }
                }
            }
        }
        judged
    }

    /// The commit that follows from judgements; adds their counts to the report.
    pub(crate) fn consequences(&mut self, judged: &Judged) -> Commit {
        self.report.gone = count(judged.gone.len());
        self.report.hidden = count(judged.hidden.len());
        self.report.held = count(judged.held.len());
        let reasons = judged.reasons.iter().copied().collect::<Vec<_>>().join("; ");
        let mut commit = Commit {
            marked: vec![
                (RecordState::Gone, judged.gone.clone()),
                (RecordState::Hidden, judged.hidden.clone()),
            ],
            ..Commit::default()
        };
        for (ids, operation) in [(&judged.gone, Operation::Deleted), (&judged.hidden, Operation::Hidden)] {
            commit.changes.extend(ids.iter().map(|id| NewChange {
                kind: self.kind,
                id: id.clone(),
                operation,
                hash: None,
                fields: None,
            }));
        }
        let standing = self.context.holds.iter().find(|hold| hold.kind == self.kind);
        if !judged.asked.is_empty() {
            let is_refused =
                |hold: &Hold| hold.is_rejected && judged.asked.iter().all(|id| hold.ids.contains(id));
            if !standing.is_some_and(is_refused) {
                let mut ids = judged.asked.clone();
                ids.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
                commit.hold = Some((reasons.clone(), ids));
            }
        } else if standing.is_some() && judged.is_proven {
            // No record is missing any more, or only as many as the brake allows: withdraw the hold.
            commit.hold = Some((String::new(), Vec::new()));
        }
        if !reasons.is_empty() {
            self.report.held_because = Some(reasons);
        }
        commit
    }
}

/// Judged records.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    pub(crate) gone: Vec<RemoteId>,
    pub(crate) hidden: Vec<RemoteId>,
    pub(crate) held: Vec<RemoteId>,
    /// Hidden records by reason, including those hidden before.
    pub(crate) hidden_because: BTreeMap<HiddenBecause, u64>,
    /// Undecided employees with the reason.
    pub(crate) undecided: Vec<(RemoteId, HeldBecause)>,
    /// Records that an operator has to decide about.
    pub(crate) asked: Vec<RemoteId>,
    reasons: BTreeSet<&'static str>,
    is_cut_short: bool,
    is_proven: bool,
}

impl Judged {
    /// Whether each record was judged by its own evidence, and not all held for a reason of the read.
    pub(crate) fn is_conclusive(&self) -> bool {
        self.is_proven && !self.is_cut_short
    }
}
