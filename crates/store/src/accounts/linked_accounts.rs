//! Linked accounts: a tenant, the sealed API key for it, and its settings. Unlinking is in `unlinking`, due
//! times are in `schedule`.

use std::collections::{BTreeMap, BTreeSet};

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;
use jiff::civil::Date;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use crate::accounts::account_events;
use crate::accounts::capabilities;
use crate::db::{Tx, in_tx, on, row, sql_time};
use crate::error::{stored, while_doing};
use crate::linking::diagnoses;
use crate::operations::audit::{self, Actor, NewAuditEntry};
use crate::vault::{Sealed, SealedColumn, SecretLocation, Vault};
use crate::{AccountId, DeliveryRules, Error, Store};

/// Whether a linked account's API key works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountStatus {
    /// The key works, as of the last request.
    Linked,
    /// Lucca refused the key: link again with a new one. The data stays.
    RelinkNeeded,
    /// The account was unlinked: the key is deleted, and no data is read any more.
    Unlinked,
}

people::names! {
    AccountStatus: "account status" {
        Linked = "linked",
        RelinkNeeded = "relink_needed",
        Unlinked = "unlinked",
    }
}

/// Settings of a linked account: the data to read, store and deliver.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountSettings {
    /// Names of the field groups that may be read and stored.
    pub field_groups: Vec<String>,
    /// Whether employees' records are also stored as Lucca sent them. Records of the organisation always are:
    /// they are few and contain no personal data.
    #[serde(default)]
    pub keep_raw: bool,
    /// Maximum number of requests per minute to the tenant; 0 for no limit by the connector, absent for the
    /// default.
    #[serde(default)]
    pub requests_per_minute: Option<u32>,
    /// Whether the change log contains the values of personal fields, or only the fields' names.
    #[serde(default)]
    pub personal_values_in_changes: bool,
    /// Intervals of reads that differ from the default: minutes by name. The sync engine defines the names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rhythms: BTreeMap<String, u32>,
    /// The first day of the absences to read; absent: 1 January of last year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absences_since: Option<Date>,
    /// Names of the features whose data is never read nor stored. The sync engine defines the names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub declined_features: Vec<String>,
    /// Keys of the tenant's custom fields that are excluded if custom fields are stored: `e_…`, in any case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excluded_custom_fields: Vec<String>,
    /// Leave types that count as remote work without Lucca's flag: Lucca's ids, or names in any case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remote_work_leave_types: Vec<String>,
    /// The API for absence requests, if an operator chose one: `factory` or `import`.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "absence_door")]
    pub absence_api: Option<String>,
    /// Names of the permissions that an administrator confirmed as granted because Lucca can't prove them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub confirmed_permissions: Vec<String>,
    /// Whether the operator allows passthrough requests to this tenant.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub passthrough: bool,
    /// The delivery rules.
    #[serde(default, skip_serializing_if = "DeliveryRules::is_everything")]
    pub delivery: DeliveryRules,
}

/// A customer's tenant, connected through an API key.
#[derive(Clone, Debug)]
pub struct LinkedAccount {
    /// Short key within this database.
    pub no: i64,
    /// The public id, `acct_…`.
    pub id: AccountId,
    /// The tenant's permanent name: its origin, such as `https://acme.ilucca.net`.
    pub tenant: String,
    /// The origin that requests are sent to. The same as `tenant` except for emulated tenants, whose port
    /// changes.
    pub origin: String,
    /// Its settings.
    pub settings: AccountSettings,
    /// The vendor's id of the customer, if it was linked for one.
    pub customer_id: Option<String>,
    /// The customer's name.
    pub organization: Option<String>,
    /// Whether its key works.
    pub status: AccountStatus,
    /// When it was first linked.
    pub created_at: Timestamp,
    /// When its key or settings last changed.
    pub updated_at: Timestamp,
    /// A mark that changes whenever any of its records is written or removed: data read under one mark is
    /// current while the mark is unchanged.
    pub records_mark: String,
    /// Whether its contracts could be read when they were last due. If not, other dates take precedence in an
    /// employee's status.
    pub contracts_current: bool,
    sealed_key: Sealed,
}

impl LinkedAccount {
    /// Opens the API key, for requests to [`origin`](Self::origin).
    ///
    /// # Errors
    ///
    /// [`Error::Unlinked`] if the account has none any more;
    /// [`VaultError::Damaged`](crate::VaultError::Damaged) if it was sealed for another origin.
    pub fn api_key(&self, vault: &Vault) -> Result<SecretString, Error> {
        if self.status == AccountStatus::Unlinked {
            return Err(Error::Unlinked);
        }
        Ok(vault.open(&self.sealed_key, key_location(&self.id.to_string(), &self.origin))?)
    }
}

const SELECT: &str = "SELECT no, id, tenant, origin, api_key, settings, customer_id, organization, status, created_at, \
                      updated_at, records_mark, contracts_current FROM linked_accounts";

row! {
    struct AccountRow {
        no: i64,
        id: String,
        tenant: String,
        origin: String,
        api_key: Vec<u8>,
        settings: String,
        customer_id: Option<String>,
        organization: Option<String>,
        status: String,
        created_at: jiff_sqlx::Timestamp,
        updated_at: jiff_sqlx::Timestamp,
        records_mark: String,
        contracts_current: bool,
    }
}

impl AccountRow {
    fn read(self) -> Result<LinkedAccount, Error> {
        Ok(LinkedAccount {
            no: self.no,
            id: self.id.parse().map_err(|error| corrupt("account id", error))?,
            tenant: self.tenant,
            origin: self.origin,
            settings: serde_json::from_str(&self.settings).map_err(|error| corrupt("settings", error))?,
            customer_id: self.customer_id,
            organization: self.organization,
            status: stored("linked_accounts", &self.status)?,
            created_at: self.created_at.to_jiff(),
            updated_at: self.updated_at.to_jiff(),
            records_mark: self.records_mark,
            contracts_current: self.contracts_current,
            sealed_key: Sealed(self.api_key),
        })
    }
}

fn corrupt(what: &'static str, source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Corrupt { what, source: Box::new(source) }
}

fn key_location<'a>(row: &'a str, origin: &'a str) -> SecretLocation<'a> {
    SealedColumn::AccountKey.of(row).for_origin(origin)
}

/// The linked account that a tenant is linked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkTarget {
    /// A new one, with this id.
    New(AccountId),
    /// An existing one, possibly unlinked: it keeps its id and its data.
    Relink(AccountId),
}

impl LinkTarget {
    /// The linked account's id.
    pub fn id(self) -> AccountId {
        match self {
            Self::New(id) | Self::Relink(id) => id,
        }
    }

    pub(crate) fn action(self) -> &'static str {
        match self {
            Self::New(_) => "account.linked",
            Self::Relink(_) => "account.relinked",
        }
    }
}

/// A tenant to link.
#[derive(Debug)]
pub struct NewAccount<'a> {
    /// The linked account that it becomes.
    pub target: LinkTarget,
    /// The tenant's permanent name.
    pub tenant: &'a str,
    /// The origin that requests are sent to.
    pub origin: &'a str,
    /// The API key.
    pub api_key: &'a SecretString,
    /// Its settings.
    pub settings: &'a AccountSettings,
    /// The actor that links it.
    pub actor: Actor,
    /// The current time.
    pub at: Timestamp,
    /// The nonce: twelve random bytes.
    pub nonce: [u8; 12],
}

/// Serialises the transactions that link accounts of a tenant. SQLite has one writer at a time in any case.
async fn lock_tenant(tx: &mut Tx, tenant: &str) -> Result<(), sqlx::Error> {
    match tx {
        Tx::Sqlite(_) => Ok(()),
        Tx::Postgres(transaction) => {
            sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('link ' || $1, 0))")
                .bind(tenant)
                .execute(&mut **transaction)
                .await
                .map(drop)
        }
    }
}

/// Locks a tenant's accounts, and returns whether they are `known`.
pub(crate) async fn are_known(tx: &mut Tx, tenant: &str, known: &[AccountId]) -> Result<bool, sqlx::Error> {
    lock_tenant(tx, tenant).await?;
    let ids: Vec<String> = in_tx!(tx, connection => sqlx::query_scalar(
        "SELECT id FROM linked_accounts WHERE tenant = $1",
    )
    .bind(tenant)
    .fetch_all(connection)
    .await)?;
    let known: BTreeSet<String> = known.iter().map(AccountId::to_string).collect();
    Ok(ids.into_iter().collect::<BTreeSet<_>>() == known)
}

/// Writes a linked account, new or relinked, and appends its event with `detail`. A missing customer leaves
/// the stored one unchanged.
#[expect(clippy::too_many_arguments, reason = "a row")]
pub(crate) async fn write(
    tx: &mut Tx,
    vault: &Vault,
    target: LinkTarget,
    (tenant, origin): (&str, &str),
    (customer_id, organization): (Option<&str>, Option<&str>),
    (api_key, nonce): (&SecretString, [u8; 12]),
    settings: &AccountSettings,
    (detail, at): (&Value, Timestamp),
) -> Result<(), Error> {
    let id = target.id().to_string();
    let sealed = vault.seal(api_key, key_location(&id, origin), nonce)?;
    let settings = serde_json::to_string(settings).map_err(|error| corrupt("settings", error))?;
    in_tx!(tx, connection => sqlx::query(
        "INSERT INTO linked_accounts (id, tenant, origin, api_key, settings, customer_id, organization, status, \
         created_at, updated_at, due_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, 'linked', $8, $8, $9) \
         ON CONFLICT (id) DO UPDATE SET tenant = excluded.tenant, origin = excluded.origin, \
         api_key = excluded.api_key, settings = excluded.settings, status = 'linked', \
         customer_id = coalesce(excluded.customer_id, linked_accounts.customer_id), \
         organization = coalesce(excluded.organization, linked_accounts.organization), \
         updated_at = excluded.updated_at, due_ms = excluded.due_ms, failures = 0, is_long = true",
    )
    .bind(&id)
    .bind(tenant)
    .bind(origin)
    .bind(&sealed.0)
    .bind(&settings)
    .bind(customer_id)
    .bind(organization)
    .bind(sql_time(at))
    .bind(at.as_millisecond())
    .execute(connection)
    .await
    .map(drop))
    .map_err(while_doing(LINKING))?;
    let event = match target {
        LinkTarget::New(_) => "linked_account.linked",
        LinkTarget::Relink(_) => "linked_account.relinked",
    };
    account_events::append_by_id(tx, &id, event, detail, at).await.map_err(while_doing(LINKING))?;
    diagnoses::forget(tx, &id).await.map_err(while_doing(LINKING))?;
    capabilities::forget(tx, &id).await.map_err(while_doing(LINKING))
}

/// The customer for which an account is linked.
#[derive(Clone, Copy, Debug)]
pub struct AccountOwner<'a> {
    /// The vendor's id of the customer.
    pub customer_id: &'a str,
    /// The customer's name.
    pub organization: Option<&'a str>,
    /// All linked accounts of the tenant when the decision was made.
    pub known_accounts: &'a [AccountId],
}

const LINKING: &str = "linking an account";

/// New settings of a linked account.
#[derive(Clone, Copy, Debug)]
pub struct SettingsChange<'a> {
    /// All settings, changed or not.
    pub settings: &'a AccountSettings,
    /// Whether the caller submitted the delivery rules in them. Rules submitted again unchanged are a
    /// confirmation: the next time they are applied, the number of excluded employees is not limited.
    pub gives_delivery: bool,
}

impl Store {
    /// Links a tenant, or relinks it with a new key and settings: a linked account keeps its id and its data.
    pub async fn link_account(&self, vault: &Vault, new: NewAccount<'_>) -> Result<LinkedAccount, Error> {
        let tx = self.begin().await.map_err(while_doing(LINKING))?;
        self.write_link(tx, vault, new, (None, None)).await
    }

    /// Links a tenant for a customer of the vendor, like [`link_account`](Self::link_account). Returns `None` if the
    /// tenant's accounts have changed: another request was faster, and the caller must decide again.
    pub async fn link_for_customer(
        &self,
        vault: &Vault,
        new: NewAccount<'_>,
        owner: AccountOwner<'_>,
    ) -> Result<Option<LinkedAccount>, Error> {
        let mut tx = self.begin().await.map_err(while_doing(LINKING))?;
        let are_known = are_known(&mut tx, new.tenant, owner.known_accounts).await;
        if !are_known.map_err(while_doing(LINKING))? {
            return Ok(None);
        }
        self.write_link(tx, vault, new, (Some(owner.customer_id), owner.organization)).await.map(Some)
    }

    async fn write_link(
        &self,
        mut tx: Tx,
        vault: &Vault,
        new: NewAccount<'_>,
        customer: (Option<&str>, Option<&str>),
    ) -> Result<LinkedAccount, Error> {
        let NewAccount { target, tenant, origin, api_key, settings, actor, at, nonce } = new;
        let key = (api_key, nonce);
        write(&mut tx, vault, target, (tenant, origin), customer, key, settings, (&json!({}), at)).await?;
        let entry = NewAuditEntry::new((actor, at), target.action(), Some(target.id()), json!({}));
        audit::commit_audited(tx, true, &entry).await.map_err(while_doing(LINKING))?;
        match self.account(target.id()).await? {
            Some(account) => Ok(account),
            None => Err(while_doing(LINKING)(sqlx::Error::RowNotFound)),
        }
    }

    /// Changes a linked account's settings; its key and data stay. A changed employee filter takes effect
    /// when the sync engine next applies it, which is soon, as a sync becomes due. The audit log names the
    /// changed settings without their values. Writes nothing if no setting changed and no rules were
    /// confirmed.
    pub async fn set_account_settings(
        &self,
        account: &LinkedAccount,
        SettingsChange { settings, gives_delivery }: SettingsChange<'_>,
        (actor, at): (Actor, Timestamp),
    ) -> Result<(), Error> {
        const DOING: &str = "changing a linked account's settings";
        let is_audience_new = settings.delivery.people != account.settings.delivery.people;
        let is_confirmed = gives_delivery && !is_audience_new;
        let as_json = |settings| serde_json::to_value(settings).map_err(|error| corrupt("settings", error));
        let (before, after) = (as_json(&account.settings)?, as_json(settings)?);
        let is_changed = before != after;
        if !is_changed && !is_confirmed {
            return Ok(());
        }
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        in_tx!(&mut tx, connection => sqlx::query(
            "UPDATE linked_accounts SET settings = $2, updated_at = $3, \
             due_ms = CASE WHEN due_ms > $5 THEN $5 ELSE due_ms END, \
             audience_due = CASE WHEN $4 THEN $4 ELSE audience_due END WHERE no = $1",
        )
        .bind(account.no)
        .bind(after.to_string())
        .bind(sql_time(at))
        .bind(is_audience_new || is_confirmed)
        .bind(at.as_millisecond())
        .execute(connection)
        .await
        .map(drop))
        .map_err(while_doing(DOING))?;
        let entry = |action, detail| NewAuditEntry::new((actor, at), action, Some(account.id), detail);
        if is_changed {
            let configured = entry("account.configured", json!({ "changed": changed(&before, &after) }));
            audit::append(&mut tx, &configured).await.map_err(while_doing(DOING))?;
        }
        let confirmed = entry("account.delivery_confirmed", json!({}));
        audit::commit_audited(tx, is_confirmed, &confirmed).await.map_err(while_doing(DOING)).map(drop)
    }

    /// Records whether a linked account's contracts could be read when they were due. Writes nothing if
    /// unchanged.
    #[boxed]
    pub async fn set_contracts_current(&self, account_no: i64, are_current: bool) -> Result<(), Error> {
        on!(self.db, pool => sqlx::query(
            "UPDATE linked_accounts SET contracts_current = $2 WHERE no = $1 AND contracts_current <> $2",
        )
        .bind(account_no)
        .bind(are_current)
        .execute(pool)
        .await
        .map(drop))
        .map_err(while_doing("updating a linked account"))
    }

    /// Lists all linked accounts, oldest first.
    #[boxed]
    pub async fn accounts(&self) -> Result<Vec<LinkedAccount>, Error> {
        let sql = AssertSqlSafe(format!("{SELECT} ORDER BY no"));
        let rows: Vec<AccountRow> = on!(self.db, pool => sqlx::query_as(sql).fetch_all(pool).await)
            .map_err(while_doing("listing linked accounts"))?;
        rows.into_iter().map(AccountRow::read).collect()
    }

    /// Lists the linked accounts with notices of absences to read: no notice arrived after `quiet_since`, or
    /// the first one had arrived by `waiting_since`.
    #[boxed]
    pub async fn accounts_notified(
        &self,
        now: Timestamp,
        quiet_since: Timestamp,
        waiting_since: Timestamp,
    ) -> Result<Vec<LinkedAccount>, Error> {
        let sql = AssertSqlSafe(format!(
            "{SELECT} WHERE status = 'linked' AND no IN (SELECT account_no FROM inbound_notices \
             WHERE not_before_ms <= $1 GROUP BY account_no HAVING max(noted_ms) <= $2 OR min(noted_ms) <= $3) \
             ORDER BY no",
        ));
        let rows: Vec<AccountRow> = on!(self.db, pool => sqlx::query_as(sql)
        .bind(now.as_millisecond())
        .bind(quiet_since.as_millisecond())
        .bind(waiting_since.as_millisecond())
        .fetch_all(pool)
        .await)
        .map_err(while_doing("listing accounts with notices from Lucca's webhooks"))?;
        rows.into_iter().map(AccountRow::read).collect()
    }

    /// Lists the linked accounts of a tenant, by the tenant's permanent name, oldest first; unlinked ones
    /// included.
    #[boxed]
    pub async fn accounts_of_tenant(&self, tenant: &str) -> Result<Vec<LinkedAccount>, Error> {
        let sql = AssertSqlSafe(format!("{SELECT} WHERE tenant = $1 ORDER BY no"));
        let rows: Vec<AccountRow> = on!(self.db, pool => sqlx::query_as(sql)
            .bind(tenant)
            .fetch_all(pool)
            .await)
        .map_err(while_doing("looking up a tenant"))?;
        rows.into_iter().map(AccountRow::read).collect()
    }

    /// Returns the linked account of a tenant if the caller specifies none: the oldest that is not unlinked,
    /// otherwise the oldest.
    #[boxed]
    pub async fn account_by_tenant(&self, tenant: &str) -> Result<Option<LinkedAccount>, Error> {
        let mut accounts = self.accounts_of_tenant(tenant).await?;
        let at = accounts.iter().position(|account| account.status != AccountStatus::Unlinked).unwrap_or(0);
        Ok(if accounts.is_empty() { None } else { Some(accounts.swap_remove(at)) })
    }

    /// Lists the linked accounts of a customer, by the vendor's id, oldest first; unlinked ones included.
    #[boxed]
    pub async fn accounts_of_customer(&self, customer_id: &str) -> Result<Vec<LinkedAccount>, Error> {
        let sql = AssertSqlSafe(format!("{SELECT} WHERE customer_id = $1 ORDER BY no"));
        let rows: Vec<AccountRow> = on!(self.db, pool => sqlx::query_as(sql)
            .bind(customer_id)
            .fetch_all(pool)
            .await)
        .map_err(while_doing("looking up a customer"))?;
        rows.into_iter().map(AccountRow::read).collect()
    }

    /// Returns a linked account.
    #[boxed]
    pub async fn account(&self, id: AccountId) -> Result<Option<LinkedAccount>, Error> {
        let sql = AssertSqlSafe(format!("{SELECT} WHERE id = $1"));
        let row: Option<AccountRow> = on!(self.db, pool => sqlx::query_as(sql)
            .bind(id.to_string())
            .fetch_optional(pool)
            .await)
        .map_err(while_doing("looking up a linked account"))?;
        row.map(AccountRow::read).transpose()
    }

    /// Checks with the smallest query that the database answers.
    #[boxed]
    pub async fn ping(&self) -> Result<(), Error> {
        on!(self.db, pool => sqlx::query("SELECT 1 FROM linked_accounts LIMIT 1").execute(pool).await.map(drop))
            .map_err(while_doing("checking that it answers"))
    }

    /// Records whether a linked account's key works, and appends the event. Writes nothing if unchanged, or
    /// if the account was unlinked meanwhile.
    #[boxed]
    pub async fn set_account_status(
        &self,
        account: &LinkedAccount,
        status: AccountStatus,
        at: Timestamp,
    ) -> Result<(), Error> {
        const DOING: &str = "updating a linked account";
        let event = match status {
            AccountStatus::Linked => "linked_account.recovered",
            AccountStatus::RelinkNeeded => "linked_account.relink_needed",
            AccountStatus::Unlinked => "linked_account.unlinked",
        };
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let write = async {
            let is_news = in_tx!(&mut tx, connection => sqlx::query(
                "UPDATE linked_accounts SET status = $2, updated_at = $3 WHERE no = $1 AND status <> $2 \
                 AND status <> 'unlinked'",
            )
            .bind(account.no)
            .bind(status.name())
            .bind(sql_time(at))
            .execute(connection)
            .await
            .map(|done| done.rows_affected() == 1))?;
            if is_news {
                account_events::append(&mut tx, account.no, event, &json!({}), at).await?;
            }
            tx.commit().await
        };
        write.await.map_err(while_doing(DOING))
    }
}

/// Returns the names of the settings that differ.
fn changed<'a>(before: &'a Value, after: &'a Value) -> BTreeSet<&'a String> {
    let names = [before, after].into_iter().filter_map(Value::as_object).flat_map(serde_json::Map::keys);
    names.filter(|name| before.get(name.as_str()) != after.get(name.as_str())).collect()
}
