//! Reading a stream from the store page by page, from a place that can be kept and gone on from.
//!
//! A first read goes through the records by id; where the change log was when it began is the place it ends at. From
//! there on the log says which records changed, and their present content is given. A record may so be given twice,
//! with the same content or a newer one; none is left out.

use std::collections::HashMap;
use std::sync::Arc;

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;
use people::{Kind, RemoteId};
use serde::{Deserialize, Serialize};
use store::{
    ChangeFilter, LinkedAccount, ListFilter, ListPlace, ListedRecord, Operation, RecordState, Store,
};

use super::{Error, Row, RowState};
use crate::mapping::Mapping;

/// How many records, or changes, are read at once: what a page takes of memory is all that a read takes.
const ROWS_A_PAGE: u32 = 500;

const VERSION: u32 = 1;

/// How far a stream was read. What tools keep as state or bookmark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Of this shape.
    version: u32,
    /// The linked account's id: numbers of another's log mean nothing here.
    account: String,
    /// Everything up to this number of the change log was given.
    seq: i64,
    /// … but for the records behind this id, where the first read was interrupted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<RemoteId>,
}

impl Place {
    /// Whether the first read was interrupted here.
    pub fn is_in_first_read(&self) -> bool {
        self.after.is_some()
    }
}

/// Some records, and the place behind them.
#[derive(Clone, Debug)]
pub struct Page {
    /// The records, in the order of their place.
    pub rows: Vec<Row>,
    /// From where to go on.
    pub then: Place,
}

/// Reads a linked account's streams as they stand when it is made: what changes later is the next reader's.
#[derive(Debug)]
pub struct Reader<'a> {
    store: &'a Store,
    account: &'a LinkedAccount,
    /// The change log's last number.
    until: i64,
    mapping: Arc<Mapping>,
}

impl<'a> Reader<'a> {
    /// A reader of a linked account.
    #[boxed]
    pub async fn new(store: &'a Store, account: &'a LinkedAccount) -> Result<Self, Error> {
        let mapping = Arc::new(Mapping::of(&account.settings.delivery));
        Ok(Self { store, account, until: store.last_change(account.no).await?, mapping })
    }

    /// What of records is delivered, and under which names.
    pub fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    /// Where a first read starts.
    pub fn start(&self) -> Place {
        // No id is empty.
        self.place(self.until, Some(RemoteId::from("")))
    }

    /// The change log's last number: what was read is as the store stood then.
    pub fn until(&self) -> i64 {
        self.until
    }

    /// The place behind a number of the change log, from which only what changed later is read.
    pub fn since(&self, kind: Kind, seq: i64) -> Result<Place, Error> {
        if seq > self.until {
            return Err(Error::AheadOfStore(kind.name()));
        }
        Ok(self.place(seq, None))
    }

    /// A place that was kept, if it is one of this account's log.
    pub fn resume(&self, kind: Kind, kept: &serde_json::Value) -> Result<Place, Error> {
        let place = Place::deserialize(kept).map_err(|error| Error::malformed("state", &error))?;
        if place.version != VERSION {
            let problem = format!("version {} is not known", place.version);
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

    /// About how many records a read from a place gives, where that is cheap to tell: for a first read.
    #[boxed]
    pub async fn estimate(&self, kind: Kind, from: &Place) -> Result<Option<u64>, Error> {
        if *from != self.start() {
            return Ok(None);
        }
        let counts = self.store.count_records(self.account.no).await?;
        let shown = [RecordState::Present, RecordState::Hidden];
        Ok(Some(shown.iter().filter_map(|state| counts.get(&(kind, *state))).sum()))
    }

    /// The next records behind a place; none where nothing is left. A page may be empty.
    #[boxed]
    pub async fn page(&self, kind: Kind, from: &Place) -> Result<Option<Page>, Error> {
        match &from.after {
            Some(after) => self.records(kind, from.seq, after).await.map(Some),
            None if from.seq < self.until => self.changes(kind, from.seq).await.map(Some),
            None => Ok(None),
        }
    }

    async fn records(&self, kind: Kind, seq: i64, after: &RemoteId) -> Result<Page, Error> {
        // In the order of ids, in which when it was touched does not count.
        let after = ListPlace { id: after.clone(), touched_us: 0 };
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
        let mut told: HashMap<RemoteId, Told> = HashMap::new();
        for change in changes {
            let told = told.entry(change.id).or_default();
            told.seq = change.seq;
            if matches!(change.operation, Operation::Deleted | Operation::Excluded | Operation::Erased) {
                told.end = Some((change.operation, change.at));
            }
        }
        let mut told: Vec<(RemoteId, Told)> = told.into_iter().collect();
        told.sort_by_key(|(_, told)| told.seq);
        let ids: Vec<RemoteId> = told.iter().map(|(id, _)| id.clone()).collect();
        let mut bodies = self.store.bodies(self.account.no, kind, &ids).await?;
        let rows = told
            .into_iter()
            .filter_map(|(id, told)| told.row(bodies.remove(&id), id, &self.mapping))
            .collect();
        Ok(Page { rows, then: self.place(last, None) })
    }

    fn place(&self, seq: i64, after: Option<RemoteId>) -> Place {
        Place { version: VERSION, account: self.account.id.to_string(), seq, after }
    }
}

/// What some changes say of a record.
#[derive(Default)]
struct Told {
    /// The last of them.
    seq: i64,
    /// The last of them that ended it, and when.
    end: Option<(Operation, Timestamp)>,
}

impl Told {
    /// The record as it stands now. None where a later change tells what became of it.
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
                // It was taken out of the table after it was gone, which is told of no more.
                _ => (None, RowState::Gone),
            },
        };
        let is_over = !matches!(state, RowState::Present | RowState::Hidden);
        let deleted_at = self.end.filter(|_| is_over).map(|(_, at)| at);
        let mapping = Arc::clone(mapping);
        Some(Row { id, body, seq: self.seq, state, deleted_at, mapping })
    }
}
