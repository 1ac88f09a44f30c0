//! Disappearances that wait for a person: which records, why, and what was decided. A decision is carried out in
//! the transaction that records it.

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;
use people::{Kind, RemoteId};

use crate::changes::{self, Operation};
use crate::db::{Tx, in_tx, on, sql_time};
use crate::error::while_doing;
use crate::{Error, RecordState, Store};

/// Records whose disappearance waits for a person, or was refused by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Which kind of record.
    pub kind: Kind,
    /// Why a person is asked, as a sentence fragment.
    pub reason: String,
    /// Which records are missing at the source.
    pub ids: Vec<RemoteId>,
    /// When it was first asked.
    pub opened_at: Timestamp,
    /// Whether a person said that the records stay.
    pub is_rejected: bool,
}

impl Store {
    /// What waits for a person in a linked account, and what a person has refused to let go.
    #[boxed]
    pub async fn holds(&self, account_no: i64) -> Result<Vec<Hold>, Error> {
        let rows: Vec<(String, String, String, jiff_sqlx::Timestamp, String)> =
            on!(self.db, pool => sqlx::query_as(
            "SELECT kind, reason, ids, opened_at, state FROM holds WHERE account_no = $1 ORDER BY kind",
        )
        .bind(account_no)
        .fetch_all(pool)
        .await)
            .map_err(while_doing("reading what waits for a person"))?;
        rows.into_iter()
            .map(|(kind, reason, ids, opened_at, state)| {
                let corrupt = |source: Box<dyn std::error::Error + Send + Sync>| Error::Corrupt {
                    what: "hold",
                    source,
                };
                Ok(Hold {
                    kind: kind.parse().map_err(|error: people::UnknownKind| corrupt(error.into()))?,
                    reason,
                    ids: serde_json::from_str(&ids).map_err(|error| corrupt(error.into()))?,
                    opened_at: opened_at.to_jiff(),
                    is_rejected: state == "rejected",
                })
            })
            .collect()
    }

    /// A person agrees: the records of a hold are marked as gone, with their entries in the change log. Records
    /// that came back meanwhile stay. Gives how many went.
    #[boxed]
    pub async fn approve_hold(&self, account_no: i64, hold: &Hold, at: Timestamp) -> Result<usize, Error> {
        const DOING: &str = "letting records go";
        let present = self.present_among(account_no, hold.kind, &hold.ids).await?;
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let write = async {
            self.mark(&mut tx, account_no, hold.kind, &present, RecordState::Gone, at).await?;
            let gone = changes::of_state(hold.kind, &present, Operation::Deleted);
            changes::append(&mut tx, account_no, None, &gone, at).await?;
            remove(&mut tx, account_no, hold.kind).await?;
            tx.commit().await
        };
        write.await.map_err(while_doing(DOING))?;
        Ok(present.len())
    }

    /// A person refuses: the records stay, and nobody is asked about them again.
    #[boxed]
    pub async fn reject_hold(&self, account_no: i64, kind: Kind, at: Timestamp) -> Result<(), Error> {
        on!(self.db, pool => sqlx::query(
            "UPDATE holds SET state = 'rejected', decided_at = $3 WHERE account_no = $1 AND kind = $2",
        )
        .bind(account_no)
        .bind(kind.name())
        .bind(sql_time(at))
        .execute(pool)
        .await
        .map(drop))
        .map_err(while_doing("keeping records"))
    }
}

/// Asks a person, or withdraws the question where `ids` is empty. A refusal stands while what is missing stays
/// within what was refused. Gives whether a person was asked anew: more or other records than were asked about.
pub(crate) async fn write(
    tx: &mut Tx,
    account_no: i64,
    kind: Kind,
    reason: &str,
    ids: &[RemoteId],
    at: Timestamp,
) -> Result<bool, sqlx::Error> {
    if ids.is_empty() {
        remove(tx, account_no, kind).await?;
        return Ok(false);
    }
    let ids = crate::dialect::json_list(ids);
    let asked: Option<String> = in_tx!(&mut *tx, connection => sqlx::query_scalar(
        "SELECT ids FROM holds WHERE account_no = $1 AND kind = $2 AND state = 'open'",
    )
    .bind(account_no)
    .bind(kind.name())
    .fetch_optional(connection)
    .await)?;
    in_tx!(tx, connection => sqlx::query(
        "INSERT INTO holds (account_no, kind, reason, ids, opened_at, state) VALUES ($1, $2, $3, $4, $5, 'open') \
         ON CONFLICT (account_no, kind) DO UPDATE SET reason = excluded.reason, ids = excluded.ids, state = 'open', \
         opened_at = CASE WHEN holds.state = 'open' THEN holds.opened_at ELSE excluded.opened_at END",
    )
    .bind(account_no)
    .bind(kind.name())
    .bind(reason)
    .bind(&ids)
    .bind(sql_time(at))
    .execute(connection)
    .await
    .map(drop))?;
    Ok(asked.as_ref() != Some(&ids))
}

pub(crate) async fn remove(tx: &mut Tx, account_no: i64, kind: Kind) -> Result<(), sqlx::Error> {
    in_tx!(tx, connection => sqlx::query("DELETE FROM holds WHERE account_no = $1 AND kind = $2")
        .bind(account_no)
        .bind(kind.name())
        .execute(connection)
        .await
        .map(drop))
}
