//! Reads a stream from the store page by page, from a position that tools keep as state.
//!
//! A first read returns the records in the order of their ids and ends at the sequence number that the change
//! log had at the start. From there on, the reader lists the changed records from the log, and the page has
//! their current content. A record may be returned twice, with the same content or a newer one; none is left
//! out.

use std::collections::HashMap;
use std::sync::Arc;

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;
use people::{Kind, RemoteId};
use serde::{Deserialize, Serialize};
use store::{
    ChangeFilter, LinkedAccount, ListFilter, ListPosition, ListedRecord, Operation, RecordState, Store,
};

use super::{Error, Row, RowState};
use crate::mapping::Mapping;

/// Records, or changes, per page. This bounds the memory of a read.
const ROWS_A_PAGE: u32 = 500;

const VERSION: u32 = 1;

/// How far a stream was read. Tools keep it as state or bookmark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamPosition {
    /// The version of this format.
    version: u32,
    /// The linked account's id, because sequence numbers of another account's log mean nothing here.
    account: String,
    /// Every change up to this sequence number was returned.
    seq: i64,
    /// While the first read is incomplete: only records up to this id were returned; null afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<RemoteId>,
}

impl StreamPosition {
    /// Whether the first read was interrupted here.
    pub fn is_in_first_read(&self) -> bool {
        self.after.is_some()
    }
}

/// A page of records, and the position after it.
#[derive(Clone, Debug)]
pub struct Page {
    /// The records, in reading order.
    pub rows: Vec<Row>,
    /// The position of the next page.
    pub then: StreamPosition,
}

/// Reads a linked account's streams up to the change log's position at the reader's creation. The next reader
/// returns later changes.
#[derive(Debug)]
pub struct Reader<'a> {
    store: &'a Store,
    account: &'a LinkedAccount,
    /// The change log's last sequence number when the reader was created.
    until: i64,
    mapping: Arc<Mapping>,
}

impl<'a> Reader<'a> {
    /// Creates a reader for a linked account.
    #[boxed]
    pub async fn new(store: &'a Store, account: &'a LinkedAccount) -> Result<Self, Error> {
        let mapping = Arc::new(Mapping::of(&account.settings.delivery));
        Ok(Self { store, account, until: store.last_change(account.no).await?, mapping })
    }

    /// The delivery rules: fields and their names.
    pub fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    /// The position of a first read.
    pub fn start(&self) -> StreamPosition {
        // No id is empty, so every record sorts after it.
        self.place(self.until, Some(RemoteId::from("")))
    }

    /// The change log's last sequence number when the reader was created.
    pub fn until(&self) -> i64 {
        self.until
    }

    /// The position after a sequence number: only later changes are read.
    pub fn since(&self, kind: Kind, seq: i64) -> Result<StreamPosition, Error> {
        if seq > self.until {
            return Err(Error::AheadOfStore(kind.name()));
        }
        Ok(self.place(seq, None))
    }

    /// Parses a stored position and checks that it belongs to this account's log.
    pub fn resume(&self, kind: Kind, kept: &serde_json::Value) -> Result<StreamPosition, Error> {
        let place = StreamPosition::deserialize(kept).map_err(|error| Error::malformed("state", &error))?;
        if place.version != VERSION {
            let problem = format!("unsupported version {}", place.version);
            return Err(Error::Malformed { what: "state", problem });
        }
        if place.account != self.account.id.to_string() {
            return Err(Error::OtherAccount(kind.name()));
        }
        if place.seq > self.until {
            return Err(Error::AheadOfStore(kind.name()));
        }
        Ok(place)
    }

    /// Estimates the number of records that a read from a position returns; `None` unless it is a first read,
    /// where counting is cheap.
    #[boxed]
    pub async fn estimate(&self, kind: Kind, from: &StreamPosition) -> Result<Option<u64>, Error> {
        if *from != self.start() {
            return Ok(None);
        }
        let counts = self.store.count_records(self.account.no).await?;
        let shown = [RecordState::Present, RecordState::Hidden];
        Ok(Some(shown.iter().filter_map(|state| counts.get(&(kind, *state))).sum()))
    }

    /// The next page; `None` at the end. A page may be empty.
    #[boxed]
    pub async fn page(&self, kind: Kind, from: &StreamPosition) -> Result<Option<Page>, Error> {
        match &from.after {
            Some(after) => self.records(kind, from.seq, after).await.map(Some),
            None if from.seq < self.until => self.changes(kind, from.seq).await.map(Some),
            None => Ok(None),
        }
    }

    async fn records(&self, kind: Kind, seq: i64, after: &RemoteId) -> Result<Page, Error> {
        // Ordered by id, so the time of the last write does not matter.
        let after = ListPosition { id: after.clone(), touched_us: 0 };
        let filter = ListFilter { after: Some(after), with_deleted: true, ..ListFilter::default() };
        let kept = self.store.list(self.account.no, kind, &filter, ROWS_A_PAGE).await?;
        let is_full = kept.len() >= ROWS_A_PAGE as usize;
        let then = self.place(seq, kept.last().filter(|_| is_full).map(|record| record.id.clone()));
        let row = |record: ListedRecord| {
            let state = match record.state {
                RecordState::Present => RowState::Present,
                RecordState::Hidden => RowState::Hidden,
                RecordState::Gone => return None,
            };
            let mapping = Arc::clone(&self.mapping);
            Some(Row { id: record.id, body: Some(record.body), seq, state, deleted_at: None, mapping })
        };
        Ok(Page { rows: kept.into_iter().filter_map(row).collect(), then })
    }

    async fn changes(&self, kind: Kind, after: i64) -> Result<Page, Error> {
        let filter = ChangeFilter { after, kind: Some(kind), ..ChangeFilter::default() };
        let mut changes = self.store.changes(self.account.no, filter, ROWS_A_PAGE).await?;
        let is_full = changes.len() >= ROWS_A_PAGE as usize;
        changes.retain(|change| change.seq <= self.until);
        let last = changes.last().filter(|_| is_full).map_or(self.until, |change| change.seq);

        // Each record once, at its last change.
        let mut changed: HashMap<RemoteId, RecordChanges> = HashMap::new();
        for change in changes {
            let changed = changed.entry(change.id).or_default();
            changed.seq = change.seq;
            if matches!(change.operation, Operation::Deleted | Operation::Excluded | Operation::Erased) {
                changed.end = Some((change.operation, change.at));
            }
        }
        let mut changed: Vec<(RemoteId, RecordChanges)> = changed.into_iter().collect();
        changed.sort_by_key(|(_, changed)| changed.seq);
        let ids: Vec<RemoteId> = changed.iter().map(|(id, _)| id.clone()).collect();
        let mut bodies = self.store.bodies(self.account.no, kind, &ids).await?;
        let rows = changed
            .into_iter()
            .filter_map(|(id, changed)| changed.row(bodies.remove(&id), id, &self.mapping))
            .collect();
        Ok(Page { rows, then: self.place(last, None) })
    }

    fn place(&self, seq: i64, after: Option<RemoteId>) -> StreamPosition {
        StreamPosition { version: VERSION, account: self.account.id.to_string(), seq, after }
    }
}

/// The changes of one record within a page.
#[derive(Default)]
struct RecordChanges {
    /// The sequence number of the last change.
    seq: i64,
    /// The last change that ended the record, and its time.
    end: Option<(Operation, Timestamp)>,
}

impl RecordChanges {
    /// The record's current row. `None` if a later change covers it.
    fn row(self, stored: Option<(String, RecordState)>, id: RemoteId, mapping: &Arc<Mapping>) -> Option<Row> {
        let (body, state) = match stored {
            Some((body, RecordState::Present)) => (Some(body), RowState::Present),
            Some((body, RecordState::Hidden)) => (Some(body), RowState::Hidden),
            Some((body, RecordState::Gone)) => {
                (self.end.is_some()).then_some(())?;
                (Some(body), RowState::Gone)
            }
            None => match self.end?.0 {
                Operation::Excluded => (None, RowState::Excluded),
                Operation::Erased => (None, RowState::Erased),
                // The record was removed from the table after it was gone; that removal is not emitted again.
                _ => (None, RowState::Gone),
            },
        };
        let is_over = !matches!(state, RowState::Present | RowState::Hidden);
        let deleted_at = self.end.filter(|_| is_over).map(|(_, at)| at);
        let mapping = Arc::clone(mapping);
        Some(Row { id, body, seq: self.seq, state, deleted_at, mapping })
    }
}
