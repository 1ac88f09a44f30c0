//! What was not seen in a full read: it is found, looked for once more, judged, and the judgement becomes what is
//! written. What a judgement goes by is in `reconcile`.

use std::collections::BTreeSet;

use lucca::{Enumeration, Proof, Resource};
use people::RemoteId;
use store::{Commit, Hold, NewChange, Operation, RecordState};

use super::context::{Context, Seen};
use super::{StreamSync, count, fingerprint};
use crate::reconcile::{Evidence, Judgement, Missing, judge};

impl StreamSync<'_> {
    /// Finds out, once the stream has been read, what is stored as present and was not met.
    pub(crate) async fn find_unseen(&mut self) -> Result<(), store::Error> {
        self.settle().await?;
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
        let judged = self.judge(proof, missing, seen);
        let mut commit = self.consequences(&judged);
        if proof.is_complete() {
            commit.recovered = self.in_quarantine.drain().collect();
        }
        let Context { store, lease, clock, .. } = self.context;
        store.commit(lease, self.kind, &commit, clock.now()).await
    }

    /// What is to become of missing records.
    pub(crate) fn judge(&self, proof: Proof, missing: &[(RemoteId, Missing)], seen: Seen) -> Judged {
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
        let mut judged = Judged { is_proven: proof.is_complete(), ..Judged::default() };
        for ((id, _), judgement) in missing.iter().zip(judgements) {
            match judgement {
                Judgement::Gone => judged.gone.push(id.clone()),
                Judgement::Hidden => judged.hidden.push(id.clone()),
                Judgement::Held(because) => {
                    judged.held.push(id.clone());
                    judged.reasons.insert(because.reason());
                    judged.asks_a_person |= because.asks_a_person();
                }
            }
        }
        judged
    }

    /// What a judgement writes, and says in the report.
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
        if judged.asks_a_person {
            let is_refused =
                |hold: &Hold| hold.is_rejected && judged.held.iter().all(|id| hold.ids.contains(id));
            if !standing.is_some_and(is_refused) {
                let mut ids = judged.held.clone();
                ids.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
                commit.hold = Some((reasons.clone(), ids));
            }
        } else if standing.is_some() && judged.is_proven {
            // Nothing is missing any more, or no more than may be: the question has answered itself.
            commit.hold = Some((String::new(), Vec::new()));
        }
        if !reasons.is_empty() {
            self.report.held_because = Some(reasons);
        }
        commit
    }
}

/// What was decided of missing records.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    pub(crate) gone: Vec<RemoteId>,
    pub(crate) hidden: Vec<RemoteId>,
    pub(crate) held: Vec<RemoteId>,
    reasons: BTreeSet<&'static str>,
    asks_a_person: bool,
    is_proven: bool,
}
