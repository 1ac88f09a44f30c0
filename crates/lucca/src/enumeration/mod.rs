//! Reads all records of a stream, page by page.
//!
//! Paging over a moving set is in `walk`, the request plan in `form`; this module sends their requests.

mod ahead;
mod ask;
mod decode;
mod walk;

use async_recursion::async_recursion as boxed;
use jiff::{SignedDuration, Timestamp};

use crate::checkpoint::Checkpoint;
use crate::client::Client;
use crate::error::{Error, Kind};
use crate::form::{PageRequest, RequestPlan};
use crate::item::{Item, Page};
use crate::learned::Learned;
use crate::proof::{Note, Proof};
use crate::resources::Resource;
use ahead::Ahead;
pub(crate) use decode::{TypedPage, decode, read_single};
use walk::{Arrival, Walk};

/// Number of prefetched records in memory: large pages need no prefetching to keep a server busy.
const ROWS_AHEAD: u32 = 12_000;
/// Size limit of all pages together, in bytes: some hundred times a stream of the largest tenant.
const MOST_BYTES: u64 = 8 << 30;
/// Time limit of all pages together: a tenant of a hundred thousand takes minutes.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);

/// All records of a stream, read page by page in the order of their ids.
///
/// Each id is yielded at most once, even if the set moves meanwhile. After [`next_page`](Self::next_page) has
/// returned `None`, [`proof`](Self::proof) returns whether the enumeration saw every record, and
/// [`notes`](Self::notes) lists its deviations for this server. An error does not end the enumeration: the
/// next call requests the same page again.
#[derive(Debug)]
pub struct Enumeration<T> {
    client: Client,
    plan: RequestPlan,
    walk: Walk,
    notes: Vec<Note>,
    /// The notes that are not the plan's.
    walk_notes: Vec<Note>,
    /// Position to resume at, until the first page has arrived.
    resume: Option<Checkpoint>,
    /// Offset of the walk's start in the whole set: above zero if only records after an id are requested.
    start_offset: u64,
    /// Time of the first request.
    started_at: Option<Timestamp>,
    /// Bytes of the pages so far.
    bytes: u64,
    keep_raw: bool,
    /// Whether pages are prefetched.
    is_prefetching: bool,
    ahead: Ahead<T>,
}

impl<T: Resource> Enumeration<T> {
    pub(crate) fn new(client: Client, plan: RequestPlan) -> Self {
        let walk = if plan.is_nothing() { Walk::over_nothing() } else { Walk::new() };
        let (notes, walk_notes) = (Vec::new(), Vec::new());
        Self {
            client,
            plan,
            walk,
            notes,
            walk_notes,
            resume: None,
            start_offset: 0,
            started_at: None,
            bytes: 0,
            keep_raw: true,
            is_prefetching: true,
            ahead: Ahead::default(),
        }
    }

    /// Resumes where an earlier enumeration with the same query stopped: it yields the rest, some of which
    /// may have been yielded before, and proves nothing at its end
    /// ([`Unproven::Resumed`](crate::Unproven::Resumed)).
    ///
    /// If ids are numbers in ascending order, the rest is the records with larger ids. Otherwise, and on
    /// servers that refuse that condition, it is the records after the same offset, less one page: records
    /// that were read may have been deleted meanwhile.
    #[must_use]
    pub fn resume_after(mut self, checkpoint: Checkpoint) -> Self {
        self.resume = Some(checkpoint);
        self
    }

    /// The end of the last yielded page; `None` before the first and after the last.
    pub fn checkpoint(&self) -> Option<Checkpoint> {
        if self.walk.has_ended() {
            return None;
        }
        if self.walk.is_fresh() {
            return self.resume.clone();
        }
        let after = self.plan.can_read_by_id().then(|| self.walk.last_id()).flatten();
        let offset = self.start_offset + self.walk.offset();
        Some(Checkpoint { after, offset, page_size: self.plan.page_size() })
    }

    /// Keeps the raw JSON of unreadable records only.
    #[must_use]
    pub fn without_raw(mut self) -> Self {
        self.keep_raw = false;
        self
    }

    /// Ends with an error (`lucca.endless_list`) after more than `records` records, including those before
    /// the checkpoint of a resumed enumeration. The default is two million.
    #[must_use]
    pub fn at_most(mut self, records: u64) -> Self {
        self.walk.at_most(records);
        self
    }

    /// Requests pages of at most `size` records; the default is the largest documented by the endpoint.
    #[must_use]
    pub fn with_page_size(mut self, size: u32) -> Self {
        self.plan.cap_size(size);
        self
    }

    /// Requests each page only on demand: for callers that need only the first pages.
    #[must_use]
    pub fn one_page_at_a_time(mut self) -> Self {
        self.is_prefetching = false;
        self
    }

    /// Starts with the plan that an earlier enumeration of the same stream ended with, instead of the
    /// documented one. It still downgrades further if necessary, and [`notes`](Self::notes) compare it with
    /// the documented one.
    #[must_use]
    pub fn with_learned(mut self, learned: &Learned) -> Self {
        self.plan.apply(learned);
        self.note();
        self
    }

    /// The plan for the next run; `None` if the documented one worked. Store it once a page has been read.
    pub fn learned(&self) -> Option<Learned> {
        Some(self.plan.learned()).filter(|learned| *learned != Learned::default())
    }

    /// Requested page size in records: below the initial one if the server refused larger pages.
    pub fn page_size(&self) -> u32 {
        self.plan.page_size()
    }

    /// The server's latest count of the records; `None` before it sent one.
    pub fn total(&self) -> Option<u64> {
        self.walk.total()
    }

    /// Whether every record was seen. Before `next_page` returned `None`, completeness is unproven.
    pub fn proof(&self) -> Proof {
        self.walk.proof()
    }

    /// Deviations for this server so far.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// The next records that were not yielded before; `None` at the end.
    ///
    /// # Errors
    ///
    /// When a page can't be fetched after every retry and every fallback that could help; and when the list
    /// does not end.
    #[boxed]
    pub async fn next_page(&mut self) -> Result<Option<Page<T>>, Error> {
        while !self.walk.has_ended() {
            let now = self.client.transport().now();
            if now.duration_since(*self.started_at.get_or_insert(now)) > LONGEST || self.bytes > MOST_BYTES {
                self.walk.end_endless();
                self.ahead.clear();
                break;
            }
            let answered = self.fetch_next().await;
            self.note();
            let (page, request) = match answered {
                Ok(answer) => answer,
                Err(error) if self.continue_without(&error) => continue,
                Err(error) => return Err(error),
            };
            if self.has_ignored_start(&page) {
                self.continue_by_offset();
                continue;
            }
            let offset = request.offset;
            let items = self.take_in(page, &request);
            if self.walk.is_endless() {
                break;
            }
            if !items.is_empty() {
                return Ok(Some(Page { items, offset }));
            }
        }
        if self.walk.is_endless() {
            return Err(Error::new(Kind::Endless).on(self.plan.stream(), "GET", self.plan.path()));
        }
        Ok(None)
    }

    /// The records one by one, for callers that need neither pages nor the proof.
    pub fn into_stream(self) -> impl futures::Stream<Item = Result<Item<T>, Error>> {
        let start = (self, Vec::new().into_iter());
        futures::stream::try_unfold(start, |(mut enumeration, mut items)| async move {
            loop {
                if let Some(item) = items.next() {
                    return Ok(Some((item, (enumeration, items))));
                }
                match enumeration.next_page().await? {
                    Some(page) => items = page.items.into_iter(),
                    None => return Ok(None),
                }
            }
        })
    }

    fn take_in(&mut self, page: TypedPage<T>, request: &PageRequest) -> Vec<Item<T>> {
        let TypedPage { items, count, took, bytes } = page;
        self.bytes += bytes;
        // A page number counts pages of the requested size; on the first page, of the size just learned, if
        // any.
        let mut limit = request.limit;
        if self.walk.is_fresh() && self.plan.learn_size(request.offset, items.len(), count) {
            limit = self.plan.page_size();
        }
        let ids: Vec<_> = items.iter().map(|item| item.id.as_ref()).collect();
        let &PageRequest { offset, by_page, is_whole, .. } = request;
        let gain = self.walk.arrive(&Arrival { offset, limit, ids: &ids, count, by_page, is_whole });
        if let Some(pass) = gain.pass_begins {
            self.walk_notes.push(Note::PassRepeated { pass });
        }
        if self.walk.ended_refused() {
            self.note_refused_page(offset);
        }
        if took > self.client.page_time_limit() {
            self.plan.was_slow(request.limit, items.len());
        }
        if gain.pass_begins.is_some() || self.walk.has_ended() {
            self.ahead.clear();
        }
        let is_full = items.len() as u64 == u64::from(limit);
        if is_full && !is_whole {
            self.prefetch();
        }
        self.note();
        self.resume = None;
        if gain.fresh.iter().all(|fresh| *fresh) {
            // The usual case: every record is new, so they need not be moved.
            return items;
        }
        items.into_iter().zip(gain.fresh).filter_map(|(item, fresh)| fresh.then_some(item)).collect()
    }

    /// Also requests the pages after the next one, as far as the server's count reaches.
    fn prefetch(&mut self) {
        if !self.is_prefetching || self.walk.has_ended() || self.walk.after().is_some() {
            return;
        }
        let most = usize::try_from(ROWS_AHEAD / self.plan.page_size().max(1)).unwrap_or(1);
        let most = self.client.pages_in_flight().min(most).max(1);
        while self.ahead.len() < most {
            let offset = self.ahead.end().unwrap_or(0).max(self.walk.offset());
            if self.walk.total().is_some_and(|total| offset >= total) {
                return;
            }
            let request = self.plan.request(offset, None);
            self.ahead.push(&self.client, self.plan.stream(), request, self.keep_raw);
        }
    }

    /// Updates the notes: the deviations from the documented plan. Fallbacks that did not help are dropped.
    fn note(&mut self) {
        self.notes = self.plan.notes();
        self.notes.extend(self.walk_notes.iter().cloned());
    }
}
