//! Absences: reads half-days (leaves), groups them to absences, merges these with the stored ones, and judges
//! missing ones.
//!
//! A full read is split into quarters: each query is small enough for the server, can be resumed and has its
//! own proof of completeness. An incremental read filters by the three timestamps that a change sets:
//! created, confirmed and cancelled.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::ToSpan;
use jiff::civil::{Date, date};
use lucca::{DateFilter, Enumeration, LeaveQuery, Proof, Read, Stream, resources};
use people::{Absence, Establishment, Kind, Leave, RemoteId};
use store::RecordState;

use crate::batch::{Batch, RawPolicy};
use crate::reconcile::Missing;
use crate::remote_work;
use crate::report::StreamReport;
use crate::run::Error;
use crate::stream_sync::{Context, Ending, Known, SeenEmployees, StreamSync};
use crate::streams::Engine;
use normalise::LeaveOfAbsence;

/// Days before and after today that an incremental read covers if Lucca can't filter by change.
const RECENT_DAYS: i64 = 92;
const COMING_DAYS: i64 = 183;

/// The longest interruption of an absence at the end of a part, in days: a weekend, public holidays,
/// part-time.
const LONGEST_GAP: i64 = 10;

/// Absences, read and not yet judged.
pub(crate) struct AbsencesRead<'a> {
    sync: StreamSync<'a>,
    ending: Ending,
    /// By absence: stored leaves that the read did not return.
    missing: BTreeMap<RemoteId, HashSet<RemoteId>>,
    /// New or changed absences; after a full read only the first ones.
    pub(crate) changed: Vec<RemoteId>,
}

impl AbsencesRead<'_> {
    /// Whether every leave was read, so that every stored absence not in `missing` exists in Lucca.
    pub(crate) fn is_exhaustive(&self) -> bool {
        self.sync.is_full() && self.ending.is_ok() && self.ending.proof.is_complete()
    }

    /// Whether every stored leave of an absence was returned.
    pub(crate) fn was_shown(&self, absence: &RemoteId) -> bool {
        !self.missing.contains_key(absence)
    }
}

/// A period of the calendar that one enumeration reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    first: Date,
    /// Inclusive; `None` for no end.
    last: Option<Date>,
}

impl Part {
    fn filter(self) -> DateFilter {
        match self.last {
            Some(last) => DateFilter::Between(self.first, last),
            None => DateFilter::Since(self.first),
        }
    }

    fn contains(self, day: Date) -> bool {
        self.first <= day && self.last.is_none_or(|last| day <= last)
    }
}

/// The periods from `since` on: quarters until half a year after `today`, and an open one after that.
fn parts(since: Date, today: Date) -> Vec<Part> {
    let horizon = today.saturating_add(COMING_DAYS.days());
    let mut parts = Vec::new();
    let mut first = since;
    while first <= horizon {
        let quarter = (first.month() - 1) / 3 * 3 + 1;
        let next = date(first.year(), quarter, 1).saturating_add(3.months());
        parts.push(Part { first, last: Some(next.saturating_sub(1.day())) });
        first = next;
    }
    parts.push(Part { first, last: None });
    parts
}

impl Engine<'_> {
    /// The first day of absences that are read; by default 1 January of last year.
    fn absences_since(&self) -> Date {
        let default = || date(self.context.today.year() - 1, 1, 1);
        self.context.account.settings.absences_since.unwrap_or_else(default)
    }

    pub(crate) async fn leaves(&self) -> Result<Option<AbsencesRead<'_>>, Error> {
        let Some(mut sync) = self.begin(Stream::Leaves, Kind::Absence).await? else { return Ok(None) };
        let fallback = self.establishment_ids().await?;
        let query = |date| LeaveQuery {
            groups: self.groups,
            fallback_establishments: fallback.clone(),
            ..LeaveQuery::on(date)
        };
        let mut missing = BTreeMap::new();
        let ending = if sync.is_full() {
            self.all_leaves(&mut sync, query, &mut missing).await?
        } else {
            self.changed_leaves(&mut sync, query).await?
        };
        let changed = sync.take_changed();
        Ok(Some(AbsencesRead { sync, ending, missing, changed }))
    }

    /// Establishments to filter by, for servers that refuse a query about every employee.
    pub(crate) async fn establishment_ids(&self) -> Result<Vec<RemoteId>, Error> {
        let establishments: Vec<Establishment> = self.context.store.all(self.context.account.no).await?;
        Ok(establishments.into_iter().map(|establishment| establishment.id).collect())
    }

    /// Reads every period. The whole is proven if every period is.
    async fn all_leaves(
        &self,
        sync: &mut StreamSync<'_>,
        query: impl Fn(DateFilter) -> LeaveQuery,
        missing: &mut BTreeMap<RemoteId, HashSet<RemoteId>>,
    ) -> Result<Ending, Error> {
        let resumed = sync.resume().cloned();
        let mut assembly = Assembly::new(sync.is_first());
        let (mut whole, mut rows, mut notes) = (None, 0, Vec::new());
        for part in parts(self.absences_since(), self.context.today) {
            let is_resumed = match resumed.as_ref().map(|resume| resume.part) {
                Some(Some(at)) if part.first < at => continue,
                Some(Some(at)) => part.first == at,
                _ => false,
            };
            let leaves = self.client.leaves(query(part.filter()));
            let leaves =
                if is_resumed { sync.resume_enumeration(leaves) } else { sync.start_enumeration(leaves) };
            assembly.begin(part, sync.done());
            let mut ending = self.read_leaves(sync, leaves, &mut assembly).await?;
            let failed = !ending.is_ok();
            self.commit_carried(sync, &mut assembly).await?;
            rows += ending.proof.rows();
            for note in std::mem::take(&mut ending.notes) {
                if !notes.contains(&note) {
                    notes.push(note);
                }
            }
            if ending.is_ok() && ending.proof.is_complete() && !sync.is_first() {
                self.find_missing(&assembly, missing).await?;
            }
            // The first unproven period determines the proof of the whole read.
            if let Some(Ending { proof: proof @ Proof::Unproven { .. }, .. }) = whole {
                ending.proof = proof;
            } else if resumed.is_some() && !failed {
                ending.proof = Proof::Unproven { rows, why: lucca::Unproven::Resumed };
            }
            whole = Some(ending);
            // A server that ignores the date filter has returned everything.
            if failed || assembly.saw_other_days {
                break;
            }
        }
        assembly.carry_over_held();
        self.commit_carried(sync, &mut assembly).await?;
        let mut whole = whole.unwrap_or_else(Ending::nothing);
        if whole.proof.is_complete() {
            whole.proof = Proof::Complete { rows };
        }
        whole.notes = notes;
        Ok(whole)
    }

    /// Reads leaves that were created, confirmed or cancelled recently.
    async fn changed_leaves(
        &self,
        sync: &mut StreamSync<'_>,
        query: impl Fn(DateFilter) -> LeaveQuery,
    ) -> Result<Ending, Error> {
        let since = sync.state.since(self.rhythms.overlap);
        let mut assembly = Assembly::new(false);
        if !sync.state.changes_refused {
            let on = || query(DateFilter::Since(self.absences_since()));
            let queries = [
                LeaveQuery { created_since: since, ..on() },
                LeaveQuery { confirmed_since: since, ..on() },
                LeaveQuery { cancelled_since: since, ..on() },
            ];
            let mut ending = Ending::nothing();
            for change_query in queries {
                let leaves = sync.start_enumeration(self.client.leaves(change_query));
                ending = self.read_leaves(sync, leaves, &mut assembly).await?;
                if !ending.is_ok() {
                    break;
                }
            }
            let is_refused = |error: &lucca::Error| matches!(error.status(), Some(400 | 422));
            if !ending.error.as_ref().is_some_and(is_refused) {
                return Ok(ending);
            }
            sync.state.changes_refused = true;
        }
        // unverified: whether leaves can be filtered by the dates of their changes (source: absences.md
        // §3.1).
        let today = self.context.today;
        let recent = today.saturating_sub(RECENT_DAYS.days());
        let window = DateFilter::Between(recent, today.saturating_add(COMING_DAYS.days()));
        let leaves = sync.start_enumeration(self.client.leaves(query(window)));
        let mut ending = self.read_leaves(sync, leaves, &mut assembly).await?;
        ending.notes.push(
            "Lucca does not filter absences by change; the connector reads recent and future days again"
                .to_owned(),
        );
        Ok(ending)
    }

    pub(crate) async fn read_leaves(
        &self,
        sync: &mut StreamSync<'_>,
        leaves: Enumeration<resources::Leave>,
        assembly: &mut Assembly,
    ) -> Result<Ending, Error> {
        let mut leaves = leaves.without_raw();
        let read = loop {
            let page = match leaves.next_page().await {
                Ok(Some(page)) => page,
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            };
            sync.page_read();
            let (total, checkpoint) = (leaves.total(), leaves.checkpoint());
            self.commit_leaves(sync, page, (total, checkpoint), assembly).await?;
        };
        sync.finish_write().await?;
        let names = std::mem::take(&mut assembly.leave_types);
        let hints = remote_work::keep_named(&self.context, names).await?;
        let mut ending = Ending::of(&leaves, read);
        ending.notes.extend(hints);
        Ok(ending)
    }

    /// Groups a page's leaves to absences, merges these with the stored ones, and commits.
    async fn commit_leaves(
        &self,
        sync: &mut StreamSync<'_>,
        page: lucca::Page<resources::Leave>,
        (total, checkpoint): (Option<u64>, Option<lucca::Checkpoint>),
        assembly: &mut Assembly,
    ) -> Result<(), Error> {
        // The server counts the current period only; progress is reported for all periods.
        let total = total.map(|total| assembly.done_before + total);
        let mut batch = Batch { total, ..Batch::default() };
        if sync.is_full() {
            batch.checkpoint = checkpoint.map(|checkpoint| (Some(assembly.part.first), Some(checkpoint)));
        }
        let mut leaves = Vec::with_capacity(page.items.len());
        for item in page.items {
            let groups = self.groups;
            match item.outcome.and_then(|Read { value, .. }| normalise::leave(value, groups)) {
                Ok(leave) => leaves.push(leave),
                Err(unreadable) => batch.quarantine(item.id, unreadable, &item.raw, RawPolicy::ORGANISATION),
            }
        }
        sync.report.leaves += crate::stream_sync::count(leaves.len());
        batch.rows = Some(leaves.len());
        let ids = assembly.sort(leaves);
        if let Some((part, checkpoint)) = &mut batch.checkpoint
            && let Some(first) = assembly.unwritten_since()
        {
            // Held leaves are only in memory: resume at the period in which the first was held.
            (*part, *checkpoint) = (Some(first), None);
        }
        self.write_page(sync, batch, ids, assembly).await
    }

    /// Writes absences that were carried over and do not continue in the period that was read.
    async fn commit_carried(&self, sync: &mut StreamSync<'_>, assembly: &mut Assembly) -> Result<(), Error> {
        let ids = assembly.take_carried();
        if ids.is_empty() {
            return Ok(());
        }
        let batch = Batch { rows: Some(0), ..Batch::default() };
        self.write_page(sync, batch, ids, assembly).await?;
        Ok(sync.finish_write().await?)
    }

    /// Merges the current absences with the stored ones and writes them. `ids` may be stored.
    async fn write_page(
        &self,
        sync: &mut StreamSync<'_>,
        mut batch: Batch,
        ids: Vec<RemoteId>,
        assembly: &mut Assembly,
    ) -> Result<(), Error> {
        let Context { store, account, .. } = &self.context;
        let mut known = Known::default();
        if !ids.is_empty() {
            sync.finish_write().await?;
            known = store.kept_bodies(account.no, Kind::Absence, &ids).await?.into();
        }
        assembly.add_previous(&mut known);
        for absence in assembly.absences(&known) {
            batch.add(&absence, None, RawPolicy::ORGANISATION);
        }
        Ok(sync.write(batch, &known).await?)
    }

    /// Finds stored leaves of the period just read that it did not return.
    async fn find_missing(
        &self,
        assembly: &Assembly,
        missing: &mut BTreeMap<RemoteId, HashSet<RemoteId>>,
    ) -> Result<(), Error> {
        let part =
            if assembly.saw_other_days { Part { first: Date::MIN, last: None } } else { assembly.part };
        let each = |id: RemoteId, body: &str| {
            let Ok(absence) = serde_json::from_str::<Absence>(body) else { return };
            let unseen = absence.leaves.into_iter().filter(|leave| part.contains(leave.date));
            let unseen: Vec<_> = unseen
                .map(|leave| leave.id)
                .filter(|leave| !assembly.seen.contains(&fingerprint(leave)))
                .collect();
            if !unseen.is_empty() {
                missing.entry(id).or_default().extend(unseen);
            }
        };
        let Context { store, account, .. } = &self.context;
        let last = part.last.unwrap_or(Date::MAX);
        Ok(store.kept_absences_between(account.no, part.first, last, each).await?)
    }

    /// Judges leaves that are stored and were not returned: an absence is gone if all of its leaves are, and
    /// updated if only some are.
    pub(crate) async fn judge_leaves(
        &self,
        absences: Option<AbsencesRead<'_>>,
        seen: SeenEmployees,
    ) -> Result<Option<StreamReport>, Error> {
        let Some(AbsencesRead { mut sync, ending, missing, .. }) = absences else { return Ok(None) };
        if sync.is_full() && ending.is_ok() {
            let Context { store, account, lease, clock, .. } = &self.context;
            let ids: Vec<RemoteId> = missing.keys().cloned().collect();
            let stored = store.kept_bodies(account.no, Kind::Absence, &ids).await?;
            let mut known = Vec::with_capacity(ids.len());
            let mut shortened = HashMap::new();
            let since = self.absences_since();
            for (id, gone) in &missing {
                let absence = stored.get(id).and_then(|(body, _)| serde_json::from_str::<Absence>(body).ok());
                let Some(absence) = absence else { continue };
                known.push((id.clone(), Missing::default()));
                // Half-days before the first read day are no evidence that the absence still exists.
                let is_shown = |leave: &Leave| leave.date >= since && !gone.contains(&leave.id);
                if absence.leaves.iter().any(is_shown)
                    && let Some(rest) = absence.without(gone)
                {
                    shortened.insert(id.clone(), rest);
                }
            }
            let owner = |absence: Absence| absence.employee_id;
            let known = self.with_owners(ending.proof, known, owner).await?;
            let mut judged = sync.judge(ending.proof, &known, seen);
            let known = Known::from(stored);
            let mut batch = Batch::default();
            let is_whole = |id: &RemoteId| !shortened.contains_key(id);
            for id in &judged.gone {
                if let Some(rest) = shortened.get(id) {
                    batch.add(rest, None, RawPolicy::ORGANISATION);
                }
            }
            judged.gone.retain(is_whole);
            judged.hidden.retain(is_whole);
            let commit = sync.consequences(&judged);
            if !batch.records.is_empty() {
                sync.write(batch, &known).await?;
            }
            store.commit(lease, Kind::Absence, &commit, clock.now()).await?;
        }
        Ok(Some(sync.finish(ending).await?))
    }
}

/// Groups leaves from pages to absences.
pub(crate) struct Assembly {
    part: Part,
    /// Leaves that were read in earlier periods.
    done_before: u64,
    /// Whether the store had no absences before this run.
    is_first: bool,
    /// The highest numeric absence id so far. Servers return leaves ordered by absence, so a higher id has
    /// not been written in this run.
    highest: Option<u64>,
    /// The last absence of the previous page as it was written, so that its continuation on this page needs
    /// no read from the store.
    before: Option<(RemoteId, String)>,
    /// Leaves of absences that may continue in the next period. They are written after that period, so that
    /// each absence is logged once, as a whole. With the first day of the period in which the first leave was
    /// held.
    held: BTreeMap<RemoteId, (Date, Vec<LeaveOfAbsence>)>,
    /// Leaves held from the previous period whose absence was not seen in this one yet.
    carried: BTreeMap<RemoteId, (Date, Vec<LeaveOfAbsence>)>,
    /// The leaves of the current page, by absence.
    page: Vec<(RemoteId, Vec<LeaveOfAbsence>)>,
    /// Hashes of leave ids returned in this period; not collected in a first run.
    seen: HashSet<u64>,
    /// Whether leaves outside the requested period were returned.
    saw_other_days: bool,
    /// Names of the leaves' types.
    leave_types: BTreeMap<RemoteId, Option<String>>,
    /// Leaves that notifications named, each with its absence once it was returned.
    pub(crate) notified_leaves: HashMap<RemoteId, Option<RemoteId>>,
}

impl Assembly {
    pub(crate) fn new(is_first: bool) -> Self {
        Self {
            part: Part { first: Date::MIN, last: None },
            done_before: 0,
            is_first,
            highest: None,
            before: None,
            held: BTreeMap::new(),
            carried: BTreeMap::new(),
            page: Vec::new(),
            seen: HashSet::new(),
            saw_other_days: false,
            leave_types: BTreeMap::new(),
            notified_leaves: HashMap::new(),
        }
    }

    fn begin(&mut self, part: Part, done_before: u64) {
        self.part = part;
        self.done_before = done_before;
        self.seen.clear();
        self.carry_over_held();
    }

    /// Moves held leaves to those carried over to the next period.
    fn carry_over_held(&mut self) {
        self.carried.append(&mut self.held);
    }

    /// Makes the carried absences that did not continue the current page. Returns their ids, which may be
    /// stored.
    fn take_carried(&mut self) -> Vec<RemoteId> {
        let carried = std::mem::take(&mut self.carried);
        self.page = carried.into_iter().map(|(id, (_, leaves))| (id, leaves)).collect();
        self.page.iter().map(|(id, _)| id.clone()).collect()
    }

    /// The first day of the earliest period with held or carried leaves.
    fn unwritten_since(&self) -> Option<Date> {
        self.held.values().chain(self.carried.values()).map(|(first, _)| *first).min()
    }

    /// Prepends carried leaves to the page's absences, and holds absences that may continue in the next
    /// period.
    fn hold_back(&mut self) {
        let may_go_on = |leave: &LeaveOfAbsence| {
            self.part.last.is_some_and(|last| {
                leave.leave.date <= last && last.saturating_sub(LONGEST_GAP.days()) < leave.leave.date
            })
        };
        let mut page = Vec::with_capacity(self.page.len());
        for (id, mut leaves) in std::mem::take(&mut self.page) {
            let mut since = self.part.first;
            if let Some((first, carried)) = self.carried.remove(&id) {
                since = first;
                leaves.splice(0..0, carried);
            }
            if let Some((_, held)) = self.held.get_mut(&id) {
                held.append(&mut leaves);
            } else if leaves.iter().any(may_go_on) {
                self.held.insert(id, (since, leaves));
            } else {
                page.push((id, leaves));
            }
        }
        self.page = page;
    }

    /// Groups a page's leaves. Returns the ids of absences that may be stored and must be read from the
    /// store.
    fn sort(&mut self, leaves: Vec<LeaveOfAbsence>) -> Vec<RemoteId> {
        let mut places: HashMap<RemoteId, usize> = HashMap::new();
        let before_page = self.highest;
        for leave in leaves {
            self.saw_other_days |= !self.part.contains(leave.leave.date);
            if let Some(id) = &leave.leave.leave_type_id
                && !self.leave_types.contains_key(id)
            {
                self.leave_types.insert(id.clone(), leave.leave_type_name.as_deref().map(str::to_owned));
            }
            if let Some(found) = self.notified_leaves.get_mut(&leave.leave.id) {
                *found = Some(leave.absence_id.clone());
            }
            if !self.is_first {
                self.seen.insert(fingerprint(&leave.leave.id));
            }
            match self.page.last_mut().filter(|(id, _)| *id == leave.absence_id) {
                Some((_, leaves)) => leaves.push(leave),
                None => match places.get(&leave.absence_id) {
                    Some(place) => self.page[*place].1.push(leave),
                    None => {
                        let id = leave.absence_id.clone();
                        places.insert(id.clone(), self.page.len());
                        self.page.push((id, vec![leave]));
                    }
                },
            }
        }
        self.hold_back();
        let mut ids = Vec::new();
        for (id, _) in &self.page {
            let number = id.as_str().parse::<u64>().ok();
            let is_new = self.is_first && number.is_some() && number > before_page;
            self.highest = self.highest.max(number);
            let is_at_hand = self.before.as_ref().is_some_and(|(before, _)| before == id);
            if !is_new && !is_at_hand {
                ids.push(id.clone());
            }
        }
        ids
    }

    /// Adds the previous page's last absence to the known ones.
    fn add_previous(&mut self, known: &mut Known) {
        if let Some((id, body)) = self.before.take() {
            known.add(id, body, RecordState::Present);
        }
    }

    /// The page's absences, merged with the known ones.
    fn absences(&mut self, known: &Known) -> Vec<Absence> {
        let mut absences = Vec::with_capacity(self.page.len());
        for (id, leaves) in std::mem::take(&mut self.page) {
            let Some((confirmation, employee_id)) =
                leaves.last().map(|leave| (leave.confirmation, leave.employee_id.clone()))
            else {
                continue;
            };
            let leaves: Vec<_> = leaves.into_iter().map(|leave| leave.leave).collect();
            let stored = || serde_json::from_str::<Absence>(known.bodies.get(&id)?).ok();
            let absence = match stored() {
                Some(absence) => Some(absence.merge(leaves, confirmation)),
                None => Absence::from_leaves(id, employee_id, confirmation, leaves),
            };
            absences.extend(absence);
        }
        if self.is_first {
            // Only the last absence may continue; with another order the others are read from the store.
            let body = |last: &Absence| Some((last.id.clone(), serde_json::to_string(last).ok()?));
            self.before = absences.last().and_then(body);
        }
        absences
    }
}

fn fingerprint(id: &RemoteId) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_contiguous_and_open_ended() {
        let parts = parts(date(2025, 2, 10), date(2026, 11, 23));
        assert_eq!(parts[0], Part { first: date(2025, 2, 10), last: Some(date(2025, 3, 31)) });
        for pair in parts.windows(2) {
            assert_eq!(pair[0].last.unwrap().tomorrow().unwrap(), pair[1].first);
        }
        let last = parts.last().unwrap();
        assert_eq!(*last, Part { first: date(2027, 7, 1), last: None });
        assert!(last.contains(date(2099, 1, 1)) && !last.contains(date(2027, 6, 30)));
    }
}
