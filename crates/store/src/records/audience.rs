//! Delivery filter: records of employees that a linked account's filter excludes are withheld. They are
//! stored and synced as before, but no output returns them, and the change log contains only the exclusion.
//! `people::Audience` selects the employees, and the sync engine decides when to apply the filter.

use std::collections::{BTreeMap, HashMap, HashSet};

use async_recursion::async_recursion as boxed;
use futures::TryStreamExt;
use jiff::Timestamp;
use people::{Kind, RemoteId};

use crate::db::{Db, Tx, in_tx, on, sql_time};
use crate::dialect::json_list;
use crate::error::{stored, while_doing};
use crate::records::changes::{self, NewChange, Operation};
use crate::records::commit::records_written;
use crate::{AccountSettings, Error, Lease, LinkedAccount, RecordState, Store};

/// Kinds of records that belong to employees; the employees themselves come first.
const PEOPLE_KINDS: [Kind; 5] =
    [Kind::Employee, Kind::Employment, Kind::Absence, Kind::AbsenceRequest, Kind::UserLogEntry];

/// Whether records of a kind belong to an employee, and are withheld with that employee.
pub(crate) fn is_people_kind(kind: Kind) -> bool {
    PEOPLE_KINDS.contains(&kind)
}

/// The number of employees that a filter would add and remove.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AudienceChange {
    /// Employees that are delivered now and are not gone.
    pub before: u64,
    /// Employees that are not delivered now, and would be.
    pub enter: u64,
    /// Employees that are delivered now, and would not be.
    pub leave: u64,
}

/// A record that is withheld and should be delivered, or the reverse.
struct Misplaced {
    id: RemoteId,
    state: RecordState,
    hash: Option<u128>,
    /// `None` if the record is delivered; otherwise whether it was logged before.
    was_logged: Option<bool>,
}

type Row = (String, String, Vec<u8>, Option<String>);

impl Misplaced {
    fn read((id, state, hash, withheld): Row) -> Result<Self, Error> {
        Ok(Self {
            id: RemoteId::from(id),
            state: stored("records", &state)?,
            hash: hash.try_into().ok().map(u128::from_be_bytes),
            was_logged: withheld.map(|withheld| withheld == "told"),
        })
    }

    fn is_gone(&self) -> bool {
        self.state == RecordState::Gone
    }

    /// The entry in the change log when the record becomes delivered; `None` for a record that is gone.
    fn entry(&self, kind: Kind) -> Option<NewChange> {
        let operation = match (self.state, self.was_logged) {
            (RecordState::Gone, _) => return None,
            (RecordState::Hidden, _) => Operation::Hidden,
            (RecordState::Present, Some(true)) => Operation::Restored,
            (RecordState::Present, _) => Operation::Created,
        };
        let hash = self.hash.filter(|_| self.state == RecordState::Present);
        Some(NewChange { kind, id: self.id.clone(), operation, hash, fields: None })
    }
}

impl Store {
    /// Calls `each` with the body and the state of every record of a kind, withheld ones included.
    pub async fn each_kept(
        &self,
        account_no: i64,
        kind: Kind,
        mut each: impl FnMut(&str, RecordState),
    ) -> Result<(), Error> {
        const DOING: &str = "reading records";
        on!(self.db, pool => {
            let mut rows = sqlx::query_as::<_, (String, String)>(
                "SELECT body, state FROM records WHERE account_no = $1 AND kind = $2",
            )
            .bind(account_no)
            .bind(kind.name())
            .fetch(pool);
            while let Some((body, state)) = rows.try_next().await.map_err(while_doing(DOING))? {
                each(&body, stored("records", &state)?);
            }
            Ok(())
        })
    }

    /// Returns whether any record of a linked account is withheld.
    #[boxed]
    pub async fn withholds(&self, account_no: i64) -> Result<bool, Error> {
        on!(self.db, pool => sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM records WHERE account_no = $1 AND withheld IS NOT NULL)",
        )
        .bind(account_no)
        .fetch_one(pool)
        .await)
        .map_err(while_doing("checking for withheld records"))
    }

    /// Returns whether the filter was set since it was last applied.
    #[boxed]
    pub async fn is_audience_due(&self, account_no: i64) -> Result<bool, Error> {
        on!(self.db, pool => sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM linked_accounts WHERE no = $1 AND CAST(audience_due AS INTEGER) = 1)",
        )
        .bind(account_no)
        .fetch_one(pool)
        .await)
        .map_err(while_doing("checking for a filter to apply"))
    }

    /// Counts how the delivery of employees would change if exactly these were delivered. Employees that are
    /// gone are not counted.
    #[boxed]
    pub async fn compare_audience(
        &self,
        account_no: i64,
        members: &HashSet<RemoteId>,
    ) -> Result<AudienceChange, Error> {
        let rows: Vec<(String, bool)> = on!(self.db, pool => sqlx::query_as(
            "SELECT remote_id, withheld IS NULL FROM records \
             WHERE account_no = $1 AND kind = 'employees' AND state <> 'gone'",
        )
        .bind(account_no)
        .fetch_all(pool)
        .await)
        .map_err(while_doing("comparing the delivered employees"))?;
        let mut change = AudienceChange::default();
        for (id, is_delivered) in rows {
            let is_member = members.contains(&RemoteId::from(id));
            change.before += u64::from(is_delivered);
            change.enter += u64::from(is_member && !is_delivered);
            change.leave += u64::from(!is_member && is_delivered);
        }
        Ok(change)
    }

    /// Delivers the records of these employees, and withholds those of all others. Records that become
    /// delivered are logged as created, or as restored if they were logged before; records that become
    /// withheld are logged as excluded. With `only_in`, no record becomes withheld.
    ///
    /// Returns false and writes nothing if the settings are no longer those of `account`.
    ///
    /// # Errors
    ///
    /// [`Error::LeaseLost`] if another process has claimed the lease, and database errors.
    #[boxed]
    pub async fn apply_audience(
        &self,
        lease: &Lease,
        account: &LinkedAccount,
        members: &HashSet<RemoteId>,
        only_in: bool,
        at: Timestamp,
    ) -> Result<bool, Error> {
        const DOING: &str = "applying the delivery filter";
        let mut tx = self.begin_under(lease, at, DOING).await?;
        let settings = current_settings(&mut tx, account.no).await?;
        if settings.delivery.people != account.settings.delivery.people {
            return Ok(false);
        }
        let ids: Vec<RemoteId> = members.iter().cloned().collect();
        let list = json_list(&ids);
        let is_everything = settings.delivery.people.is_none();
        let write = async {
            for kind in PEOPLE_KINDS {
                let misplaced = self.misplaced(&mut tx, account.no, kind, &list, is_everything).await?;
                let (inside, outside): (Vec<_>, Vec<_>) =
                    misplaced.into_iter().partition(|one| one.was_logged.is_some());
                // A record that is gone and was never logged stays withheld: no consumer has it.
                let inside = || inside.iter().filter(|one| !one.is_gone() || one.was_logged == Some(true));
                self.set_withheld(&mut tx, account.no, kind, inside(), None, at).await?;
                let mut news: Vec<NewChange> = inside().filter_map(|one| one.entry(kind)).collect();
                if !only_in {
                    let left: Vec<RemoteId> =
                        outside.iter().filter(|one| !one.is_gone()).map(|one| one.id.clone()).collect();
                    news.extend(changes::state_changes(kind, &left, Operation::Excluded));
                }
                changes::append(&mut tx, account.no, lease.run(), &news, at).await?;
                if !only_in {
                    self.set_withheld(&mut tx, account.no, kind, outside.iter(), Some("told"), at).await?;
                }
            }
            in_tx!(&mut tx, connection => sqlx::query("UPDATE linked_accounts SET audience_due = $2 WHERE no = $1")
                .bind(account.no)
                .bind(false)
                .execute(connection)
                .await
                .map(drop))?;
            tx.commit().await?;
            Ok(true)
        };
        write.await.map_err(while_doing(DOING))
    }

    /// Finds records of a kind that are withheld and should not be, or the reverse.
    async fn misplaced(
        &self,
        tx: &mut Tx,
        account_no: i64,
        kind: Kind,
        members: &str,
        is_everything: bool,
    ) -> Result<Vec<Misplaced>, sqlx::Error> {
        let owner = match kind {
            Kind::Employee => "remote_id",
            _ => "employee_id",
        };
        // A subquery, which both engines hash: a tenant may have a hundred thousand employees.
        let among = match self.db {
            Db::Sqlite(_) => "(SELECT value FROM json_each($3))",
            Db::Postgres(_) => "(SELECT jsonb_array_elements_text($3::jsonb))",
        };
        // Without a filter, records without an owner are delivered too.
        let is_right =
            if is_everything { "$3 IS NOT NULL".to_owned() } else { format!("{owner} IN {among}") };
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT remote_id, state, hash, withheld FROM records WHERE account_no = $1 AND kind = $2 \
             AND (withheld IS NULL) <> coalesce({is_right}, false) ORDER BY remote_id"
        ));
        let rows: Vec<Row> = in_tx!(tx, connection => sqlx::query_as(sql)
            .bind(account_no)
            .bind(kind.name())
            .bind(members)
            .fetch_all(connection)
            .await)?;
        Ok(rows.into_iter().map(Misplaced::read).collect::<Result<_, _>>()?)
    }

    async fn set_withheld(
        &self,
        tx: &mut Tx,
        account_no: i64,
        kind: Kind,
        records: impl Iterator<Item = &Misplaced>,
        withheld: Option<&str>,
        at: Timestamp,
    ) -> Result<(), sqlx::Error> {
        let ids: Vec<RemoteId> = records.map(|one| one.id.clone()).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let sql = self.db.with_keys(
            "UPDATE records SET withheld = $4, updated_at = $5, touched_us = $6 WHERE {keys}",
            "$2",
            3,
        );
        in_tx!(&mut *tx, connection => sqlx::query(sql)
            .bind(account_no)
            .bind(kind.name())
            .bind(json_list(&ids))
            .bind(withheld)
            .bind(sql_time(at))
            .bind(at.as_microsecond())
            .execute(connection)
            .await
            .map(drop))?;
        records_written(tx, account_no).await
    }
}

async fn current_settings(tx: &mut Tx, account_no: i64) -> Result<AccountSettings, Error> {
    let settings: String = in_tx!(tx, connection => sqlx::query_scalar(
        "SELECT settings FROM linked_accounts WHERE no = $1",
    )
    .bind(account_no)
    .fetch_one(connection)
    .await)
    .map_err(while_doing("reading a linked account's settings"))?;
    serde_json::from_str(&settings)
        .map_err(|source| Error::Corrupt { what: "settings", source: Box::new(source) })
}

/// Returns the changes except those of withheld records, which the change log must not mention. `None` if no
/// record is withheld.
pub(crate) async fn deliverable(
    tx: &mut Tx,
    account_no: i64,
    changes: &[NewChange],
) -> Result<Option<Vec<NewChange>>, sqlx::Error> {
    let mut ids_by_kind: BTreeMap<Kind, Vec<RemoteId>> = BTreeMap::new();
    for change in changes.iter().filter(|change| is_people_kind(change.kind)) {
        ids_by_kind.entry(change.kind).or_default().push(change.id.clone());
    }
    let mut withheld: HashMap<Kind, HashSet<RemoteId>> = HashMap::new();
    for (kind, ids) in ids_by_kind {
        let among = match tx {
            Tx::Sqlite(_) => "(SELECT value FROM json_each($3))",
            Tx::Postgres(_) => "(SELECT jsonb_array_elements_text($3::jsonb))",
        };
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT remote_id FROM records WHERE account_no = $1 AND kind = $2 AND withheld IS NOT NULL \
             AND remote_id IN {among}"
        ));
        let rows: Vec<String> = in_tx!(&mut *tx, connection => sqlx::query_scalar(sql)
            .bind(account_no)
            .bind(kind.name())
            .bind(json_list(&ids))
            .fetch_all(connection)
            .await)?;
        if !rows.is_empty() {
            withheld.insert(kind, rows.into_iter().map(RemoteId::from).collect());
        }
    }
    if withheld.is_empty() {
        return Ok(None);
    }
    let is_deliverable =
        |change: &&NewChange| !withheld.get(&change.kind).is_some_and(|ids| ids.contains(&change.id));
    Ok(Some(changes.iter().filter(is_deliverable).cloned().collect()))
}
