//! Linked accounts: a tenant, the sealed API key that opens it, and how it is to be read.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::db::{on, sql_time};
use crate::error::while_doing;
use crate::vault::{Place, Sealed, Vault};
use crate::{AccountId, Error, Store};

/// Whether a linked account's API key works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountStatus {
    /// The key works, as far as we know.
    Linked,
    /// Lucca refused the key: link again with a new one. The data stays.
    RelinkNeeded,
}

impl AccountStatus {
    /// The status's name, as JSON and the database write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Linked => "linked",
            Self::RelinkNeeded => "relink_needed",
        }
    }
}

/// How a linked account is to be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountSettings {
    /// Names of the field groups that may be fetched and kept.
    pub field_groups: Vec<String>,
    /// Whether people's records are kept as Lucca sent them, beside the model. Records of the organisation
    /// always are: they are few and hold no personal data.
    #[serde(default)]
    pub keep_raw: bool,
    /// The most requests to send to the tenant in a minute, 0 for no limit of ours; none is the default.
    #[serde(default)]
    pub requests_per_minute: Option<u32>,
    /// Whether the change log holds the values of personal fields, and not only their names.
    #[serde(default)]
    pub personal_values_in_changes: bool,
    /// How often what is read, where that is not the default: minutes by name. The sync engine knows the names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rhythms: BTreeMap<String, u32>,
    /// The first day of which absences are read; none is the first of January of last year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absences_since: Option<Date>,
    /// Names of the features whose data is never fetched nor kept. The sync engine knows the names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub declined_features: Vec<String>,
    /// Names of the permissions that a person said are granted where Lucca can't tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub confirmed_permissions: Vec<String>,
}

/// A customer's tenant, connected through an API key.
#[derive(Clone, Debug)]
pub struct LinkedAccount {
    /// Short key within this database.
    pub no: i64,
    /// The id that others see.
    pub id: AccountId,
    /// The tenant's lasting name: its origin, such as `https://acme.ilucca.net`.
    pub tenant: String,
    /// Where requests go. The same as `tenant` but for emulated tenants, whose port changes.
    pub origin: String,
    /// How it is to be read.
    pub settings: AccountSettings,
    /// Whether its key works.
    pub status: AccountStatus,
    /// When it was first linked.
    pub created_at: Timestamp,
    /// When its key or settings last changed.
    pub updated_at: Timestamp,
    sealed_key: Sealed,
}

impl LinkedAccount {
    /// Opens the API key.
    pub fn api_key(&self, vault: &Vault) -> Result<SecretString, Error> {
        Ok(vault.open(&self.sealed_key, key_place(&self.id.to_string()))?)
    }
}

#[derive(sqlx::FromRow)]
struct AccountRow {
    no: i64,
    id: String,
    tenant: String,
    origin: String,
    api_key: Vec<u8>,
    settings: String,
    status: String,
    created_at: jiff_sqlx::Timestamp,
    updated_at: jiff_sqlx::Timestamp,
}

impl AccountRow {
    fn read(self) -> Result<LinkedAccount, Error> {
        Ok(LinkedAccount {
            no: self.no,
            id: self.id.parse().map_err(|error| corrupt("account id", error))?,
            tenant: self.tenant,
            origin: self.origin,
            settings: serde_json::from_str(&self.settings).map_err(|error| corrupt("settings", error))?,
            status: if self.status == AccountStatus::RelinkNeeded.name() {
                AccountStatus::RelinkNeeded
            } else {
                AccountStatus::Linked
            },
            created_at: self.created_at.to_jiff(),
            updated_at: self.updated_at.to_jiff(),
            sealed_key: Sealed(self.api_key),
        })
    }
}

fn corrupt(what: &'static str, source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Corrupt { what, source: Box::new(source) }
}

fn key_place(row: &str) -> Place<'_> {
    Place { table: "linked_accounts", column: "api_key", row }
}

/// What is needed to link a tenant.
#[derive(Debug)]
pub struct NewAccount<'a> {
    /// The id it gets if the tenant is not linked yet.
    pub id: AccountId,
    /// The tenant's lasting name.
    pub tenant: &'a str,
    /// Where requests go.
    pub origin: &'a str,
    /// The API key.
    pub api_key: &'a SecretString,
    /// How it is to be read.
    pub settings: &'a AccountSettings,
    /// Now.
    pub at: Timestamp,
    /// Twelve random bytes.
    pub nonce: [u8; 12],
}

impl Store {
    /// Links a tenant, or relinks it with a new key and settings: a linked account keeps its id and its data.
    pub async fn link_account(&self, vault: &Vault, new: NewAccount<'_>) -> Result<LinkedAccount, Error> {
        let existing = self.account_by_tenant(new.tenant).await?;
        let id = existing.map_or(new.id, |account| account.id).to_string();
        let sealed = vault.seal(new.api_key, key_place(&id), new.nonce)?;
        let settings = serde_json::to_string(new.settings).map_err(|error| corrupt("settings", error))?;
        on!(self.db, pool => sqlx::query(
            "INSERT INTO linked_accounts (id, tenant, origin, api_key, settings, status, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, 'linked', $6, $6) \
             ON CONFLICT (tenant) DO UPDATE SET origin = excluded.origin, api_key = excluded.api_key, \
             settings = excluded.settings, status = 'linked', updated_at = excluded.updated_at",
        )
        .bind(&id)
        .bind(new.tenant)
        .bind(new.origin)
        .bind(&sealed.0)
        .bind(settings)
        .bind(sql_time(new.at))
        .execute(pool)
        .await
        .map(drop)).map_err(while_doing("linking an account"))?;
        match self.account_by_tenant(new.tenant).await? {
            Some(account) => Ok(account),
            None => Err(while_doing("linking an account")(sqlx::Error::RowNotFound)),
        }
    }

    /// Changes how a linked account is to be read; its key and data stay.
    pub async fn set_account_settings(
        &self,
        account: &LinkedAccount,
        settings: &AccountSettings,
        at: Timestamp,
    ) -> Result<(), Error> {
        let settings = serde_json::to_string(settings).map_err(|error| corrupt("settings", error))?;
        on!(self.db, pool => sqlx::query("UPDATE linked_accounts SET settings = $2, updated_at = $3 WHERE no = $1")
            .bind(account.no)
            .bind(&settings)
            .bind(sql_time(at))
            .execute(pool)
            .await
            .map(drop))
        .map_err(while_doing("changing a linked account's settings"))
    }

    /// All linked accounts, oldest first.
    pub async fn accounts(&self) -> Result<Vec<LinkedAccount>, Error> {
        let rows: Vec<AccountRow> =
            on!(self.db, pool => sqlx::query_as("SELECT * FROM linked_accounts ORDER BY no").fetch_all(pool).await)
            .map_err(while_doing("listing linked accounts"))?;
        rows.into_iter().map(AccountRow::read).collect()
    }

    /// The linked account of a tenant, by the tenant's lasting name.
    pub async fn account_by_tenant(&self, tenant: &str) -> Result<Option<LinkedAccount>, Error> {
        let row: Option<AccountRow> =
            on!(self.db, pool => sqlx::query_as("SELECT * FROM linked_accounts WHERE tenant = $1")
            .bind(tenant)
            .fetch_optional(pool)
            .await)
            .map_err(while_doing("looking up a tenant"))?;
        row.map(AccountRow::read).transpose()
    }

    /// Records whether a linked account's key works. Writes nothing if that is known already.
    pub async fn set_account_status(
        &self,
        account: &LinkedAccount,
        status: AccountStatus,
        at: Timestamp,
    ) -> Result<(), Error> {
        on!(self.db, pool => sqlx::query("UPDATE linked_accounts SET status = $2, updated_at = $3 WHERE no = $1 AND status <> $2")
            .bind(account.no)
            .bind(status.name())
            .bind(sql_time(at))
            .execute(pool)
            .await
            .map(drop)).map_err(while_doing("updating a linked account"))?;
        Ok(())
    }
}
