//! Paging over a set that may change meanwhile: new records of a page, the end of a pass and of the
//! enumeration, and the resulting proof.
//!
//! Pure: sends no request.

use people::RemoteId;

use crate::proof::{Proof, Unproven};
use crate::seen::{SeenIds, Sighting};

/// The first pass and at most two more.
const MAX_PASSES: u8 = 3;

/// Maximum number of records, many times those of the largest tenant: without it, a server that invents
/// records would be followed for ever.
pub(crate) const MOST_RECORDS: u64 = 2_000_000;
/// Maximum number of pages of all passes: without it, a server that adds a few records on each page would be
/// followed for ever.
const MOST_PAGES: u64 = 200_000;

/// Sizes that servers silently cut pages to.
const ROUND_SIZES: [u64; 8] = [10, 20, 25, 50, 100, 200, 250, 500];

#[derive(Debug)]
pub(crate) struct Walk {
    seen: SeenIds,
    /// Maximum number of records to accept.
    most: u64,
    /// Pages of all passes.
    all_pages: u64,
    /// Pages of this pass.
    pages: u64,
    pass: u8,
    /// Offset of the next page.
    offset: u64,
    /// Distinct records of this pass.
    distinct: u64,
    /// Records of this pass without an id.
    unidentified: u64,
    first_id: Option<RemoteId>,
    first_count: Option<u64>,
    last_count: Option<u64>,
    /// Whether the count proved to count something other than the whole set.
    count_refuted: bool,
    /// The last id of this pass, while all of them were numbers and each larger than the one before.
    ascending: Option<u64>,
    is_ascending: bool,
    /// Whether this pass continues by the last id, because the server refused an offset.
    by_id: bool,
    /// Whether the last page had fewer records than requested, and not a number that servers cut pages to.
    was_short: bool,
    /// Whether the last page had no new record and is requested again.
    stalled: bool,
    /// The end of the pass before: its count and the number of records seen.
    before: Option<(u64, u64)>,
    /// Start of every pass: above zero if the walk was resumed.
    begins_at: u64,
    is_resumed: bool,
    ended: Option<Proof>,
}

/// A page as it arrived.
pub(crate) struct Arrival<'a> {
    pub(crate) offset: u64,
    /// Requested page size, in records.
    pub(crate) limit: u32,
    pub(crate) ids: &'a [Option<&'a RemoteId>],
    pub(crate) count: Option<u64>,
    /// Whether the next page begins a whole page further, not after the records received.
    pub(crate) by_page: bool,
    /// Whether this page is the only one.
    pub(crate) is_whole: bool,
}

/// The outcome of a page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Gain {
    /// For each record, whether it is new in this enumeration.
    pub(crate) fresh: Vec<bool>,
    /// The pass that begins, if the page ended one.
    pub(crate) pass_begins: Option<u32>,
}

impl Walk {
    pub(crate) fn new() -> Self {
        Self {
            seen: SeenIds::default(),
            most: MOST_RECORDS,
            all_pages: 0,
            pages: 0,
            pass: 1,
            offset: 0,
            distinct: 0,
            unidentified: 0,
            first_id: None,
            first_count: None,
            last_count: None,
            count_refuted: false,
            ascending: None,
            is_ascending: true,
            by_id: false,
            was_short: false,
            stalled: false,
            before: None,
            begins_at: 0,
            is_resumed: false,
            ended: None,
        }
    }

    /// Ends after more than `records` records, including those of the reads that it resumes.
    pub(crate) fn at_most(&mut self, records: u64) {
        self.most = records;
    }

    fn has_too_many(&self) -> bool {
        let before = if self.is_resumed { self.begins_at } else { 0 };
        before + self.seen.len() + self.unidentified > self.most || self.all_pages > MOST_PAGES
    }

    /// Ends because the list has no end.
    pub(crate) fn end_endless(&mut self) {
        self.end(Unproven::Endless);
    }

    pub(crate) fn is_endless(&self) -> bool {
        matches!(self.ended, Some(Proof::Unproven { why: Unproven::Endless, .. }))
    }

    /// A walk over an empty query.
    pub(crate) fn over_nothing() -> Self {
        Self { ended: Some(Proof::Complete { rows: 0 }), ..Self::new() }
    }

    /// Starts at `offset`; the records before it were read earlier, so that completeness stays unproven.
    pub(crate) fn resume_at(&mut self, offset: u64) {
        (self.begins_at, self.offset, self.is_resumed) = (offset, offset, true);
    }

    /// The last id of this pass, if all of them were numbers in ascending order.
    pub(crate) fn last_id(&self) -> Option<u64> {
        self.ascending.filter(|_| self.is_ascending)
    }

    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// The id after which the next page begins, if pages are requested by id.
    pub(crate) fn after(&self) -> Option<u64> {
        self.ascending.filter(|_| self.by_id)
    }

    /// Continues by the last id, if all ids of this pass were in order; returns whether that is new.
    pub(crate) fn continue_by_id(&mut self) -> bool {
        let can = !self.by_id && self.is_ascending && self.ascending.is_some();
        self.by_id |= can;
        can
    }

    /// Continues by offset again.
    pub(crate) fn continue_by_offset(&mut self) {
        self.by_id = false;
    }

    /// Ends with the records read so far, because the server sends no more.
    pub(crate) fn end_refused(&mut self) {
        self.end(Unproven::PageRefused);
    }

    pub(crate) fn ended_refused(&self) -> bool {
        matches!(self.ended, Some(Proof::Unproven { why: Unproven::PageRefused, .. }))
    }

    /// Whether a page with records has arrived in this pass.
    pub(crate) fn has_rows_in_pass(&self) -> bool {
        self.distinct + self.unidentified > 0 && self.pages > 0
    }

    /// Whether the last page looks like the end of the set.
    pub(crate) fn was_short(&self) -> bool {
        self.was_short
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended.is_some()
    }

    /// Whether no page has arrived yet.
    pub(crate) fn is_fresh(&self) -> bool {
        self.pass == 1 && self.pages == 0
    }

    pub(crate) fn total(&self) -> Option<u64> {
        if self.count_refuted { None } else { self.last_count }
    }

    pub(crate) fn proof(&self) -> Proof {
        self.ended.unwrap_or(Proof::Unproven { rows: self.seen.len(), why: Unproven::Unfinished })
    }

    /// Processes a page.
    pub(crate) fn arrive(&mut self, page: &Arrival<'_>) -> Gain {
        let received = page.ids.len() as u64;
        // A count of the records after an id is not a count of the whole set.
        let page = &Arrival { count: page.count.filter(|_| !self.by_id), ..*page };
        // A count below the records of one page counts something else.
        self.count_refuted |= page.count.is_some_and(|count| count < received);
        let full = received == u64::from(page.limit);
        let may_be_cut = full || ROUND_SIZES.contains(&received);
        let first_page = self.pages == 0;
        if first_page {
            self.first_count = page.count;
            // A numbered page begins at a multiple of its size: at or before the requested offset.
            self.begins_at = page.offset;
            self.first_id = page.ids.first().copied().flatten().cloned();
        } else if self.pass == 1
            && self.pages == 1
            && self.first_page_held_the_count()
            && received > 0
            && !self.by_id
        {
            // The set has more records than the count: it counts the records of a page.
            self.count_refuted |=
                page.count.is_none_or(|count| count == received || Some(count) == self.first_count);
        }
        if !self.by_id {
            self.last_count = page.count;
        }
        self.was_short = !may_be_cut;
        self.pages += 1;
        self.all_pages += 1;
        self.follow_order(page.ids);

        let mut fresh = Vec::with_capacity(page.ids.len());
        let mut progress = false;
        for id in page.ids {
            fresh.push(match id {
                Some(id) => {
                    let sighting = self.seen.meet(id, self.pass);
                    if sighting != Sighting::Repeated {
                        self.distinct += 1;
                        progress = true;
                    }
                    sighting == Sighting::New
                }
                None => {
                    self.unidentified += 1;
                    // Without an id, a record of the pass before can't be recognised.
                    self.pass == 1
                }
            });
        }
        // Records without an id are no progress beyond the first page: without this, a server that sends the
        // same ones on every page would be followed for ever.
        progress |= first_page && received > 0;
        // After pages with new records, a page without any may be a repetition of the one before, or empty by
        // mistake: it is requested once more.
        let is_expected =
            !self.count_refuted && page.count.or(self.first_count).is_some_and(|count| page.offset < count);
        let is_odd =
            full && self.pages > 2 || received == 0 && self.pages > 1 && is_expected && self.before.is_none();
        let stalls = !progress && is_odd && !self.stalled && !self.by_id;
        self.stalled = stalls;
        if !stalls {
            self.offset = page.offset + if page.by_page { u64::from(page.limit) } else { received };
        }

        let pass_begins = if self.has_too_many() {
            self.end(Unproven::Endless)
        } else if stalls {
            None
        } else if received == 0 || page.is_whole {
            self.end_pass()
        } else if self.by_id && !self.is_ascending {
            // The server ignored the filter by id: records may be missing between these and those before.
            self.end(Unproven::PageRefused)
        } else if !progress {
            let same_page = page.ids.first().is_some_and(|id| *id == self.first_id.as_ref());
            if same_page || full { self.end(Unproven::PagingIgnored) } else { self.end_pass() }
        } else if self.reached_the_count(may_be_cut && first_page) {
            self.end_pass()
        } else {
            None
        };
        Gain { fresh, pass_begins }
    }

    fn follow_order(&mut self, ids: &[Option<&RemoteId>]) {
        for id in ids {
            let number = id.and_then(|id| id.as_str().parse::<u64>().ok());
            self.is_ascending &= number.is_some() && number > self.ascending;
            if self.is_ascending {
                self.ascending = number;
            }
        }
    }

    fn first_page_held_the_count(&self) -> bool {
        self.first_count == Some(self.distinct + self.unidentified)
    }

    /// Whether this pass has seen as many records as the server counts. A first page that may be cut and
    /// holds exactly the count is not enough: the server may count the page. One more request decides.
    fn reached_the_count(&self, cut_first_page: bool) -> bool {
        let seen = self.begins_at + self.distinct + self.unidentified;
        self.total()
            .is_some_and(|count| seen > count || (seen == count && !(cut_first_page && self.pass == 1)))
    }

    fn end(&mut self, why: Unproven) -> Option<u32> {
        self.ended = Some(Proof::Unproven { rows: self.seen.len(), why });
        None
    }

    /// Ends the pass, and with it the enumeration, or else begins another pass and returns its number.
    fn end_pass(&mut self) -> Option<u32> {
        if self.unidentified > 0 {
            return self.end(Unproven::UnidentifiedRows { rows: self.unidentified });
        }
        let or_resumed = |why| if self.is_resumed { Unproven::Resumed } else { why };
        let Some(counted) = self.total() else { return self.end(or_resumed(Unproven::NoCount)) };
        let still = self.first_count == Some(counted);
        if self.is_resumed && self.begins_at + self.distinct >= counted {
            return self.end(Unproven::Resumed);
        }
        if still && self.distinct == counted {
            self.ended = Some(Proof::Complete { rows: counted });
            return None;
        }
        let stable = still && self.before == Some((counted, self.distinct));
        if stable {
            return self.end(or_resumed(Unproven::CountDiffers { counted, seen: self.distinct }));
        }
        if self.pass == MAX_PASSES {
            return self.end(or_resumed(Unproven::Shifting));
        }
        self.before = Some((counted, self.distinct));
        self.pass += 1;
        (self.pages, self.offset, self.distinct) = (0, self.begins_at, 0);
        (self.ascending, self.is_ascending, self.by_id) = (None, true, false);
        Some(u32::from(self.pass))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// A change of the set between two requests.
    #[derive(Clone, Debug)]
    enum Change {
        None,
        Add(u64),
        Remove(u64),
    }

    fn change() -> impl Strategy<Value = Change> {
        prop_oneof![
            6 => Just(Change::None),
            1 => (0_u64..80).prop_map(Change::Add),
            1 => (0_u64..80).prop_map(Change::Remove),
        ]
    }

    /// Walks over a set that changes; returns the yielded records and those that were there all the time.
    fn walk(
        mut set: BTreeSet<u64>,
        limit: u32,
        cap: u32,
        changes: Vec<Change>,
    ) -> (Walk, Vec<u64>, BTreeSet<u64>) {
        let (mut walk, mut yielded, mut always) = (Walk::new(), Vec::new(), set.clone());
        let mut changes = changes.into_iter();
        for _ in 0..1000 {
            if walk.has_ended() {
                return (walk, yielded, always);
            }
            let offset = walk.offset();
            let ids: Vec<u64> = set
                .iter()
                .copied()
                .skip(usize::try_from(offset).unwrap())
                .take(limit.min(cap) as usize)
                .collect();
            let remote: Vec<_> = ids.iter().map(|id| RemoteId::from(id.to_string())).collect();
            let remote: Vec<_> = remote.iter().map(Some).collect();
            let count = Some(set.len() as u64);
            let page = Arrival { offset, limit, ids: &remote, count, by_page: false, is_whole: false };
            let gain = walk.arrive(&page);
            yielded.extend(ids.iter().zip(gain.fresh).filter(|(_, fresh)| *fresh).map(|(id, _)| *id));
            match changes.next() {
                Some(Change::Add(id)) => drop(set.insert(id)),
                Some(Change::Remove(id)) => {
                    set.remove(&id);
                    always.remove(&id);
                }
                Some(Change::None) | None => {}
            }
        }
        panic!("the walk does not end");
    }

    proptest! {
        #[test]
        fn stable_set_is_read_completely(set in prop::collection::btree_set(0_u64..500, 0..200), limit in 1_u32..40, cap in 1_u32..40) {
            let total = set.len() as u64;
            let (walk, yielded, always) = walk(set, limit, cap, Vec::new());
            prop_assert_eq!(walk.proof(), Proof::Complete { rows: total });
            prop_assert_eq!(yielded.len() as u64, total);
            prop_assert_eq!(yielded.into_iter().collect::<BTreeSet<_>>(), always);
        }

        #[test]
        fn moving_set_yields_each_id_once_and_ends(
            set in prop::collection::btree_set(0_u64..80, 0..60),
            limit in 1_u32..20,
            changes in prop::collection::vec(change(), 0..60),
        ) {
            let only_removals = changes.iter().all(|change| !matches!(change, Change::Add(_)));
            let (walk, yielded, always) = walk(set, limit, u32::MAX, changes);
            let distinct: BTreeSet<u64> = yielded.iter().copied().collect();
            prop_assert_eq!(distinct.len(), yielded.len());
            // A removal and an addition in the same pass can hide a third record; otherwise a proof holds.
            if walk.proof().is_complete() && only_removals {
                prop_assert!(always.is_subset(&distinct));
            }
        }
    }
}
