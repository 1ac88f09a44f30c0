//! The audit log as a hash chain: each entry's hash covers the previous hash and all columns of the entry.
//! Changing, removing, adding or moving an entry requires changing all later ones, up to the head. A head
//! recorded elsewhere reveals that too. Pure except for [`Store::verify_audit_log`]; entries are appended in
//! `audit`.

use std::fmt;
use std::str::FromStr;

use async_recursion::async_recursion as boxed;
use futures::TryStreamExt;
use sha2::{Digest, Sha256};
use sqlx::Row as _;

use crate::db::{Db, Tx, begin_on_postgres, in_tx};
use crate::error::while_doing;
use crate::{Error, Store};

/// Version of the hash's input: covered by the hash, so that another version can follow.
const VERSION: u8 = 1;

/// The hash of an entry and of all before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditHash([u8; 32]);

impl AuditHash {
    /// The hash that the first entry follows.
    pub(crate) const FIRST: Self = Self([0; 32]);

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for AuditHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl serde::Serialize for AuditHash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Length of the chain and hash of its last entry, written `SEQ:HASH`. Record it out of reach of users with
/// write access to the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct AuditHead {
    /// The last entry's number, which is the number of entries.
    pub seq: i64,
    /// Its hash.
    pub hash: AuditHash,
}

impl AuditHead {
    /// The chain up to an entry that another row refers to.
    pub(crate) fn of_entry(seq: Option<i64>, hash: Option<&[u8]>) -> Option<Self> {
        Some(Self { seq: seq?, hash: AuditHash::read(hash?)? })
    }
}

impl fmt::Display for AuditHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seq, self.hash)
    }
}

/// The text is not a head of an audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an audit log head must have the form SEQ:HASH, a number and 64 hexadecimal digits")]
pub struct InvalidAuditHead;

impl FromStr for AuditHead {
    type Err = InvalidAuditHead;

    fn from_str(text: &str) -> Result<Self, InvalidAuditHead> {
        let (seq, digits) = text.trim().split_once(':').ok_or(InvalidAuditHead)?;
        let seq = seq.parse().ok().filter(|&seq| seq >= 0).ok_or(InvalidAuditHead)?;
        let mut hash = [0; 32];
        hex::decode_to_slice(digits, &mut hash).map_err(|_| InvalidAuditHead)?;
        Ok(Self { seq, hash: AuditHash(hash) })
    }
}

/// How the audit log is inconsistent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditFault {
    /// The entry differs from the one written at its position: it, or the one before, was changed, moved or
    /// inserted.
    Altered,
    /// An entry is missing, and later ones exist.
    Missing,
    /// The log ends before its head.
    Cut,
    /// The log continues after its head.
    Added,
    /// The head is missing or is not the last entry's.
    Head,
    /// The recorded head is not in the log: the log was rewritten from there or before, or cut.
    Rewritten,
}

impl AuditFault {
    /// The stable code that the CLI and the docs share.
    pub fn code(self) -> &'static str {
        match self {
            Self::Altered => "audit.altered",
            Self::Missing => "audit.missing",
            Self::Cut => "audit.cut",
            Self::Added => "audit.added",
            Self::Head => "audit.head",
            Self::Rewritten => "audit.rewritten",
        }
    }
}

/// Result of verifying the whole audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditVerdict {
    /// The head, as far as the log is consistent.
    pub head: AuditHead,
    /// The first fault, and the number of the entry.
    pub fault: Option<(AuditFault, i64)>,
}

/// An entry as stored: every column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredEntry {
    pub(crate) seq: i64,
    pub(crate) at_us: i64,
    pub(crate) actor: String,
    pub(crate) action: String,
    pub(crate) account_id: Option<String>,
    pub(crate) flow_id: Option<String>,
    pub(crate) detail: String,
    pub(crate) hash: Vec<u8>,
}

impl StoredEntry {
    /// Returns its hash after the entry before it. Each text is preceded by its length, so that no byte can
    /// move from one to the next; an absent one has none.
    pub(crate) fn hash_after(&self, before: AuditHash) -> AuditHash {
        let mut hash = Sha256::new();
        hash.update([VERSION]);
        hash.update(before.0);
        hash.update(self.seq.to_be_bytes());
        hash.update(self.at_us.to_be_bytes());
        let texts = [
            Some(&self.actor),
            Some(&self.action),
            self.account_id.as_ref(),
            self.flow_id.as_ref(),
            Some(&self.detail),
        ];
        for text in texts {
            let Some(text) = text else {
                hash.update([0]);
                continue;
            };
            hash.update([1]);
            hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(text);
        }
        AuditHash(hash.finalize().into())
    }
}

/// Verifies the chain, entry by entry.
struct Walk {
    head: AuditHead,
    expected: Option<AuditHead>,
}

impl Walk {
    fn new(expected: Option<AuditHead>) -> Self {
        Self { head: AuditHead { seq: 0, hash: AuditHash::FIRST }, expected }
    }

    fn step(&mut self, entry: &StoredEntry) -> Result<(), (AuditFault, i64)> {
        let seq = self.head.seq + 1;
        if entry.seq != seq {
            let fault = if entry.seq > seq { AuditFault::Missing } else { AuditFault::Added };
            return Err((fault, seq.min(entry.seq)));
        }
        let hash = entry.hash_after(self.head.hash);
        if entry.hash != hash.bytes() {
            return Err((AuditFault::Altered, seq));
        }
        self.head = AuditHead { seq, hash };
        if self.expected.is_some_and(|expected| expected.seq == seq && expected.hash != hash) {
            return Err((AuditFault::Rewritten, seq));
        }
        Ok(())
    }

    /// Checks the end of the log: it must match its stored head, and reach the head noted earlier.
    fn end(&self, kept: Option<AuditHead>) -> Result<(), (AuditFault, i64)> {
        let Some(kept) = kept else { return Err((AuditFault::Head, self.head.seq)) };
        if kept.seq > self.head.seq {
            return Err((AuditFault::Cut, self.head.seq + 1));
        }
        if kept.seq < self.head.seq {
            return Err((AuditFault::Added, kept.seq + 1));
        }
        if kept.hash != self.head.hash {
            return Err((AuditFault::Head, self.head.seq));
        }
        match self.expected {
            Some(expected) if expected.seq > self.head.seq => Err((AuditFault::Rewritten, self.head.seq + 1)),
            Some(expected) if expected.seq == 0 && expected.hash != AuditHash::FIRST => {
                Err((AuditFault::Rewritten, 0))
            }
            _ => Ok(()),
        }
    }
}

/// The same walk over rows of either engine: one at a time, so that a long log takes no memory.
macro_rules! walk {
    ($transaction:expr, $walk:expr) => {{
        let mut rows = sqlx::query(
            "SELECT seq, at_us, actor, action, account_id, flow_id, detail, hash FROM audit_chain ORDER BY seq",
        )
        .fetch(&mut **$transaction);
        let mut fault = None;
        while let Some(row) = rows.try_next().await? {
            let read = || -> Result<StoredEntry, sqlx::Error> {
                Ok(StoredEntry {
                    seq: row.try_get(0)?,
                    at_us: row.try_get(1)?,
                    actor: row.try_get(2)?,
                    action: row.try_get(3)?,
                    account_id: row.try_get(4)?,
                    flow_id: row.try_get(5)?,
                    detail: row.try_get(6)?,
                    hash: row.try_get(7)?,
                })
            };
            // A row that can't be decoded differs from the written one.
            let step = match read() {
                Ok(entry) => $walk.step(&entry),
                Err(_) => Err((AuditFault::Altered, $walk.head.seq + 1)),
            };
            if let Err(found) = step {
                fault = Some(found);
                break;
            }
        }
        fault
    }};
}

impl Store {
    /// Verifies the whole audit log: every entry is unchanged and at its position, and none is missing. A
    /// head recorded earlier, `expected`, must be in it.
    #[boxed]
    pub async fn verify_audit_log(&self, expected: Option<AuditHead>) -> Result<AuditVerdict, Error> {
        const DOING: &str = "verifying the audit log";
        // A snapshot of the log and its head, while other processes append.
        let mut tx = match &self.db {
            Db::Sqlite(pool) => pool.begin().await.map(Tx::Sqlite),
            Db::Postgres(pool) => begin_on_postgres(pool, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                .await
                .map(Tx::Postgres),
        }
        .map_err(while_doing(DOING))?;
        let mut walk = Walk::new(expected);
        let look = async {
            let fault = match &mut tx {
                Tx::Sqlite(transaction) => walk!(transaction, walk),
                Tx::Postgres(transaction) => walk!(transaction, walk),
            };
            if fault.is_some() {
                return Ok(fault);
            }
            let kept: Option<(i64, Vec<u8>)> = in_tx!(&mut tx, connection => {
                sqlx::query_as("SELECT seq, hash FROM audit_head").fetch_optional(connection).await
            })?;
            let kept = kept.and_then(|(seq, hash)| Some(AuditHead { seq, hash: AuditHash::read(&hash)? }));
            Ok(walk.end(kept).err())
        };
        let fault = look.await.map_err(while_doing(DOING))?;
        Ok(AuditVerdict { head: walk.head, fault })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text() -> impl Strategy<Value = String> {
        prop_oneof!["[a-z.]{0,6}", r#"\{"n":[0-9]\}"#]
    }

    prop_compose! {
        fn entry()(
            at_us in 0..50_i64,
            actor in text(),
            action in text(),
            account_id in proptest::option::of(text()),
            flow_id in proptest::option::of(text()),
            detail in text(),
        ) -> StoredEntry {
            StoredEntry { seq: 0, at_us, actor, action, account_id, flow_id, detail, hash: Vec::new() }
        }
    }

    fn chained(entries: Vec<StoredEntry>) -> (Vec<StoredEntry>, AuditHead) {
        let mut head = AuditHead { seq: 0, hash: AuditHash::FIRST };
        let chain = |mut entry: StoredEntry| {
            entry.seq = head.seq + 1;
            let hash = entry.hash_after(head.hash);
            entry.hash = hash.bytes().to_vec();
            head = AuditHead { seq: entry.seq, hash };
            entry
        };
        let entries = entries.into_iter().map(chain).collect();
        (entries, head)
    }

    fn verdict(
        entries: &[StoredEntry],
        kept: AuditHead,
        expected: Option<AuditHead>,
    ) -> Result<(), (AuditFault, i64)> {
        let mut walk = Walk::new(expected);
        entries.iter().try_for_each(|entry| walk.step(entry))?;
        walk.end(Some(kept))
    }

    /// A manipulation of a log.
    #[derive(Clone, Debug)]
    enum Change {
        Set(usize, StoredEntry, usize),
        FlipHash(usize, usize, u8),
        Remove(usize),
        Swap(usize, usize, bool),
        Insert(usize, StoredEntry),
    }

    fn change() -> impl Strategy<Value = Change> {
        prop_oneof![
            (any::<usize>(), entry(), 0..7_usize).prop_map(|(at, new, field)| Change::Set(at, new, field)),
            (any::<usize>(), 0..32_usize, 0..8_u8)
                .prop_map(|(at, byte, bit)| Change::FlipHash(at, byte, bit)),
            any::<usize>().prop_map(Change::Remove),
            (any::<usize>(), any::<usize>(), any::<bool>()).prop_map(|(a, b, seq)| Change::Swap(a, b, seq)),
            (any::<usize>(), entry()).prop_map(|(at, new)| Change::Insert(at, new)),
        ]
    }

    fn apply(entries: &mut Vec<StoredEntry>, change: Change) {
        let count = entries.len();
        match change {
            Change::Set(at, new, field) => {
                let entry = &mut entries[at % count];
                match field {
                    0 => entry.at_us = new.at_us,
                    1 => entry.actor = new.actor,
                    2 => entry.action = new.action,
                    3 => entry.account_id = new.account_id,
                    4 => entry.flow_id = new.flow_id,
                    5 => entry.detail = new.detail,
                    _ => entry.seq = new.at_us,
                }
            }
            Change::FlipHash(at, byte, bit) => entries[at % count].hash[byte] ^= 1 << bit,
            Change::Remove(at) => drop(entries.remove(at % count)),
            Change::Swap(a, b, with_places) => {
                let (a, b) = (a % count, b % count);
                entries.swap(a, b);
                if with_places {
                    let seq = entries[a].seq;
                    entries[a].seq = entries[b].seq;
                    entries[b].seq = seq;
                }
            }
            Change::Insert(at, mut new) => {
                let at = at % (count + 1);
                new.seq = i64::try_from(at).unwrap() + 1;
                new.hash = vec![7; 32];
                entries.insert(at, new);
            }
        }
        // In the order that a database returns them.
        entries.sort_by_key(|entry| entry.seq);
    }

    proptest! {
        #[test]
        fn any_change_of_a_log_is_detected(
            entries in proptest::collection::vec(entry(), 1..8),
            change in change(),
        ) {
            let (entries, head) = chained(entries);
            prop_assert_eq!(verdict(&entries, head, Some(head)), Ok(()));
            let mut changed = entries.clone();
            apply(&mut changed, change);
            prop_assume!(changed != entries);
            prop_assert!(verdict(&changed, head, None).is_err());
        }

        #[test]
        fn rewritten_log_lacks_the_noted_head(
            entries in proptest::collection::vec(entry(), 1..8),
            change in change(),
            more in proptest::collection::vec(entry(), 0..3),
        ) {
            let (entries, noted) = chained(entries);
            let mut changed = entries.clone();
            apply(&mut changed, change);
            changed.extend(more);
            let (changed, head) = chained(changed);
            prop_assume!(!changed.starts_with(&entries));
            prop_assert_eq!(verdict(&changed, head, None), Ok(()));
            let found = verdict(&changed, head, Some(noted));
            prop_assert!(matches!(found, Err((AuditFault::Rewritten, _))), "{:?}", found);
        }
    }

    #[test]
    fn a_head_reads_back() {
        let head = chained(vec![]).1;
        assert_eq!(head.to_string().parse(), Ok(head));
        for text in ["", "1", "1:", "x:00", "-1:00", &format!("1:+{}", "0".repeat(63))] {
            assert_eq!(text.parse::<AuditHead>(), Err(InvalidAuditHead), "{text}");
        }
    }
}
