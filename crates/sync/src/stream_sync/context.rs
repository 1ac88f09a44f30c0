//! The context that the streams of a run share, and the result of reading one.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use lucca::{Client, Enumeration, Proof, Resource};
use net::clock::Clock;
use people::RemoteId;
use store::{Hold, Lease, LinkedAccount, RecordState, Store, StoredHash, content_hash};

use crate::progress::Progress;
use crate::reconcile::Brake;
use normalise::Scope;

/// After a full read with more changes than this, dependent records wait for their own interval.
pub(crate) const FEW_CHANGES: usize = 1000;

/// The context of a run, shared by its streams.
pub(crate) struct Context<'a> {
    pub(crate) client: &'a Client,
    pub(crate) store: &'a Store,
    pub(crate) account: &'a LinkedAccount,
    pub(crate) lease: Lease,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) progress: &'a dyn Progress,
    pub(crate) brake: Option<Brake>,
    pub(crate) today: Date,
    /// When the run began: no cursor goes beyond it.
    pub(crate) began_at: Timestamp,
    /// The data that the run reads and stores.
    pub(crate) scope: Scope,
    /// Ids of erased employees; their records are not stored.
    pub(crate) erased: HashSet<RemoteId>,
    /// Holds that were open or rejected when the run began.
    pub(crate) holds: Vec<Hold>,
}

impl Context<'_> {
    /// How far the server's clock is ahead of the connector's, if its responses have a date.
    pub(crate) fn server_ahead(&self) -> Option<SignedDuration> {
        self.client.stats().server_ahead
    }
}

/// Counts of returned employees, as evidence about missing ones.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SeenEmployees {
    pub(crate) former: usize,
    pub(crate) future: usize,
    /// Whether this run found that the key lost a permission.
    pub(crate) permission_lost: bool,
}

/// The result of reading a stream.
pub(crate) struct Ending {
    pub(crate) proof: Proof,
    pub(crate) notes: Vec<String>,
    pub(crate) learned: Option<lucca::Learned>,
    pub(crate) error: Option<lucca::Error>,
}

impl Ending {
    pub(crate) fn of<W: Resource>(enumeration: &Enumeration<W>, read: Result<(), lucca::Error>) -> Self {
        Self {
            proof: enumeration.proof(),
            notes: enumeration.notes().iter().map(ToString::to_string).collect(),
            learned: enumeration.learned(),
            error: read.err(),
        }
    }

    /// The result without any request.
    pub(crate) fn nothing() -> Self {
        let proof = Proof::Complete { rows: 0 };
        Self { proof, notes: Vec::new(), learned: None, error: None }
    }

    pub(crate) fn is_ok(&self) -> bool {
        self.error.is_none()
    }

    /// Marks a successful read as complete, because the stream has no set that could be incomplete.
    pub(crate) fn assume_complete(&mut self) {
        if self.is_ok() {
            self.proof = Proof::Complete { rows: self.proof.rows() };
        }
    }
}

/// The stored versions of a page's records.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) hashes: HashMap<RemoteId, StoredHash>,
    /// At least of those that differ.
    pub(crate) bodies: HashMap<RemoteId, String>,
}

impl Known {
    /// Adds a record with its stored body.
    pub(crate) fn add(&mut self, id: RemoteId, body: String, state: RecordState) {
        self.hashes.insert(id.clone(), StoredHash { hash: content_hash(&body), state });
        self.bodies.insert(id, body);
    }
}

/// From records whose bodies were read.
impl From<HashMap<RemoteId, (String, RecordState)>> for Known {
    fn from(stored: HashMap<RemoteId, (String, RecordState)>) -> Self {
        let hashes = stored
            .iter()
            .map(|(id, (body, state))| (id.clone(), StoredHash { hash: content_hash(body), state: *state }))
            .collect();
        Self { hashes, bodies: stored.into_iter().map(|(id, (body, _))| (id, body)).collect() }
    }
}
