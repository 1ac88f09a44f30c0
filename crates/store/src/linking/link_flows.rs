//! Linking flows: a customer's steps from the welcome page to a linked account, and the link tokens of a
//! flow.
//!
//! The pages' state is a text that only the crate `linking-flow` interprets. The API key is stored sealed,
//! and only while the flow is open. Tokens are stored as hashes.

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::AssertSqlSafe;

use crate::accounts::linked_accounts::{self, LinkTarget};
use crate::db::{Tx, in_tx, on, row, sql_time};
use crate::error::{stored, while_doing};
use crate::linking::diagnoses;
use crate::operations::audit::{self, Actor, NewAuditEntry};
use crate::vault::{Sealed, SealedColumn, SecretLocation, Vault};
use crate::{AccountId, AccountSettings, Error, FlowId, LinkedAccount, NewDiagnosis, Store};

/// Status of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowStatus {
    /// No account is linked yet.
    Open,
    /// The account is linked.
    Finished,
    /// The invitation was withdrawn, or declined.
    Cancelled,
}

people::names! {
    FlowStatus: "flow status" {
        Open = "open",
        Finished = "finished",
        Cancelled = "cancelled",
    }
}

/// How a link token reaches the administrator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// Opened at once by the vendor's app.
    Embedded,
    /// Mailed by the vendor.
    Mailed,
    /// Handed over by an administrator who could not link.
    HandedOver,
}

people::names! {
    TokenKind: "token kind" {
        Embedded = "embedded",
        Mailed = "mailed",
        HandedOver = "handed_over",
    }
}

/// A flow to open.
#[derive(Clone, Debug)]
pub struct NewLinkFlow<'a> {
    /// The flow's id, `flow_…`.
    pub id: FlowId,
    /// The vendor's id of the customer.
    pub customer_id: &'a str,
    /// The customer's name.
    pub organization: Option<&'a str>,
    /// The e-mail address of the invited administrator.
    pub email: Option<&'a str>,
    /// Names of the requested features.
    pub features: &'a [String],
    /// A language code.
    pub language: Option<&'a str>,
    /// The origin that may embed the flow.
    pub allowed_origin: Option<&'a str>,
    /// The URL to which the browser returns at the end.
    pub return_url: Option<&'a str>,
    /// The linked account to relink.
    pub relink: Option<AccountId>,
    /// The actor that opens it.
    pub actor: Actor,
    /// The pages' state.
    pub state: &'a str,
    /// The current time.
    pub at: Timestamp,
}

/// The end of a flow: an account is linked. The caller decided it from a version of the flow and the tenant's
/// accounts, and it is valid only while these are unchanged.
#[derive(Clone, Debug)]
pub struct LinkFlowEnd<'a> {
    /// The flow.
    pub flow_id: FlowId,
    /// The version of the flow at the decision: its key, its tenant and the findings about them.
    pub version: i64,
    /// The linked account that the tenant becomes.
    pub target: LinkTarget,
    /// The tenant's origin.
    pub tenant: &'a str,
    /// All linked accounts of the tenant when the decision was made.
    pub known_accounts: &'a [AccountId],
    /// The account's settings.
    pub settings: &'a AccountSettings,
    /// The diagnosis of the key.
    pub diagnosis: NewDiagnosis<'a>,
    /// The nonce: twelve random bytes.
    pub nonce: [u8; 12],
}

/// A linking flow.
#[derive(Clone, Debug)]
pub struct LinkFlow {
    /// The flow's id, `flow_…`.
    pub id: FlowId,
    /// The vendor's id of the customer.
    pub customer_id: String,
    /// The customer's name.
    pub organization: Option<String>,
    /// The e-mail address of the invited administrator.
    pub email: Option<String>,
    /// Names of the requested features.
    pub features: Vec<String>,
    /// A language code.
    pub language: Option<String>,
    /// The origin that may embed the flow.
    pub allowed_origin: Option<String>,
    /// The URL to which the browser returns at the end.
    pub return_url: Option<String>,
    /// The linked account to be relinked, or, once the flow is finished, the one that was linked.
    pub account_id: Option<AccountId>,
    /// Its status.
    pub status: FlowStatus,
    /// The pages' state.
    pub state: String,
    /// Whether it holds an API key.
    pub has_key: bool,
    /// Counts the changes, so that two devices don't overwrite each other's.
    pub version: i64,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When the account was linked.
    pub finished_at: Option<Timestamp>,
    sealed_key: Option<Sealed>,
}

impl LinkFlow {
    /// Opens the entered API key, as of when the flow was read.
    pub fn api_key(&self, vault: &Vault) -> Result<Option<SecretString>, Error> {
        let row = self.id.to_string();
        Ok(self.sealed_key.as_ref().map(|sealed| vault.open(sealed, key_location(&row))).transpose()?)
    }
}

/// A link token that was presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkToken {
    /// How it reached the administrator who presents it.
    pub kind: TokenKind,
    /// When it expires.
    pub expires_at: Timestamp,
}

impl LinkToken {
    /// Whether it has expired.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at <= now
    }
}

const SELECT: &str = "SELECT id, customer_id, organization, email, features, language, allowed_origin, return_url, \
                      account_id, status, state, api_key, version, created_at, updated_at, finished_at FROM link_flows";

row! {
    struct FlowRow {
        id: String,
        customer_id: String,
        organization: Option<String>,
        email: Option<String>,
        features: String,
        language: Option<String>,
        allowed_origin: Option<String>,
        return_url: Option<String>,
        account_id: Option<String>,
        status: String,
        state: String,
        api_key: Option<Vec<u8>>,
        version: i64,
        created_at: jiff_sqlx::Timestamp,
        updated_at: jiff_sqlx::Timestamp,
        finished_at: Option<jiff_sqlx::Timestamp>,
    }
}

impl FlowRow {
    fn read(self) -> Result<LinkFlow, Error> {
        Ok(LinkFlow {
            id: self.id.parse().map_err(|error| corrupt("flow id", error))?,
            customer_id: self.customer_id,
            organization: self.organization,
            email: self.email,
            features: serde_json::from_str(&self.features).map_err(|error| corrupt("features", error))?,
            language: self.language,
            allowed_origin: self.allowed_origin,
            return_url: self.return_url,
            account_id: match self.account_id {
                Some(id) => Some(id.parse().map_err(|error| corrupt("account id", error))?),
                None => None,
            },
            status: stored("link_flows", &self.status)?,
            state: self.state,
            has_key: self.api_key.is_some(),
            version: self.version,
            created_at: self.created_at.to_jiff(),
            updated_at: self.updated_at.to_jiff(),
            finished_at: self.finished_at.map(jiff_sqlx::Timestamp::to_jiff),
            sealed_key: self.api_key.map(Sealed),
        })
    }
}

fn corrupt(what: &'static str, source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Corrupt { what, source: Box::new(source) }
}

fn key_location(row: &str) -> SecretLocation<'_> {
    SealedColumn::FlowKey.of(row)
}

/// The stored hash of a token. It has 256 random bits, so salting or stretching adds no security.
pub(crate) fn hash(token: &SecretString) -> Vec<u8> {
    Sha256::digest(token.expose_secret().as_bytes()).to_vec()
}

impl Store {
    /// Opens a flow, with its first token.
    pub async fn create_link_flow(
        &self,
        flow: NewLinkFlow<'_>,
        token: &SecretString,
        kind: TokenKind,
        expires_at: Timestamp,
    ) -> Result<(), Error> {
        const DOING: &str = "creating a linking flow";
        let features = serde_json::to_string(flow.features).map_err(|error| corrupt("features", error))?;
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        in_tx!(&mut tx, connection => sqlx::query(
            "INSERT INTO link_flows (id, customer_id, organization, email, features, language, allowed_origin, \
             return_url, account_id, status, state, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open', $10, $11, $11)",
        )
        .bind(flow.id.to_string())
        .bind(flow.customer_id)
        .bind(flow.organization)
        .bind(flow.email)
        .bind(&features)
        .bind(flow.language)
        .bind(flow.allowed_origin)
        .bind(flow.return_url)
        .bind(flow.relink.map(|id| id.to_string()))
        .bind(flow.state)
        .bind(sql_time(flow.at))
        .execute(connection)
        .await
        .map(drop))
        .map_err(while_doing(DOING))?;
        insert_token(&mut tx, flow.id, token, kind, expires_at, flow.at).await.map_err(while_doing(DOING))?;
        let entry = NewAuditEntry {
            at: flow.at,
            actor: flow.actor,
            action: "link_token.created",
            account_id: flow.relink,
            flow_id: Some(flow.id),
            detail: json!({ "kind": kind.name() }),
        };
        audit::commit_audited(tx, true, &entry).await.map_err(while_doing(DOING)).map(drop)
    }

    /// Adds a token to an open flow that is handed over to another administrator. Returns false and adds
    /// nothing if the flow is not open, or does not exist.
    #[boxed]
    pub async fn add_link_token(
        &self,
        flow_id: FlowId,
        token: &SecretString,
        kind: TokenKind,
        expires_at: Timestamp,
        at: Timestamp,
    ) -> Result<bool, Error> {
        const DOING: &str = "adding a link token";
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        // Written to, so that a process that ends the flow at this moment waits.
        let is_open = in_tx!(&mut tx, connection => sqlx::query(
            "UPDATE link_flows SET updated_at = $2 WHERE id = $1 AND status = 'open'",
        )
        .bind(flow_id.to_string())
        .bind(sql_time(at))
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1))
        .map_err(while_doing(DOING))?;
        if !is_open {
            return Ok(false);
        }
        insert_token(&mut tx, flow_id, token, kind, expires_at, at).await.map_err(while_doing(DOING))?;
        let entry = NewAuditEntry {
            at,
            actor: Actor::Administrator,
            action: "link_token.handed_over",
            account_id: None,
            flow_id: Some(flow_id),
            detail: json!({}),
        };
        audit::commit_audited(tx, true, &entry).await.map_err(while_doing(DOING))
    }

    /// Returns the flow of a token, expired or not.
    #[boxed]
    pub async fn link_flow_by_token(
        &self,
        token: &SecretString,
    ) -> Result<Option<(LinkFlow, LinkToken)>, Error> {
        const DOING: &str = "looking up a link token";
        let row: Option<(String, String, jiff_sqlx::Timestamp)> = on!(self.db, pool => sqlx::query_as(
            "SELECT flow_id, kind, expires_at FROM link_tokens WHERE hash = $1",
        )
        .bind(hash(token))
        .fetch_optional(pool)
        .await)
        .map_err(while_doing(DOING))?;
        let Some((flow_id, kind, expires_at)) = row else { return Ok(None) };
        let id = flow_id.parse().map_err(|error| corrupt("flow id", error))?;
        let shown = LinkToken { kind: stored("link_tokens", &kind)?, expires_at: expires_at.to_jiff() };
        Ok(self.link_flow(id).await?.map(|flow| (flow, shown)))
    }

    /// Returns a flow.
    #[boxed]
    pub async fn link_flow(&self, id: FlowId) -> Result<Option<LinkFlow>, Error> {
        let sql = AssertSqlSafe(format!("{SELECT} WHERE id = $1"));
        let row: Option<FlowRow> = on!(self.db, pool => sqlx::query_as(sql)
            .bind(id.to_string())
            .fetch_optional(pool)
            .await)
        .map_err(while_doing("looking up a linking flow"))?;
        row.map(FlowRow::read).transpose()
    }

    /// Lists flows, latest first: of one customer or of all, before `before`, at most `limit`.
    #[boxed]
    pub async fn link_flows(
        &self,
        customer_id: Option<&str>,
        status: Option<FlowStatus>,
        before: Option<FlowId>,
        limit: u32,
    ) -> Result<Vec<LinkFlow>, Error> {
        let sql = AssertSqlSafe(format!(
            "{SELECT} WHERE ($1 IS NULL OR customer_id = $1) AND ($2 IS NULL OR status = $2) \
             AND ($3 IS NULL OR id < $3) ORDER BY id DESC LIMIT $4",
        ));
        let rows: Vec<FlowRow> = on!(self.db, pool => sqlx::query_as(sql)
        .bind(customer_id)
        .bind(status.map(FlowStatus::name))
        .bind(before.map(|before| before.to_string()))
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await)
        .map_err(while_doing("listing linking flows"))?;
        rows.into_iter().map(FlowRow::read).collect()
    }

    /// Saves the pages' state, unless the flow has changed since `version`. Returns whether it was saved.
    #[boxed]
    pub async fn save_link_flow(
        &self,
        id: FlowId,
        version: i64,
        state: &str,
        at: Timestamp,
    ) -> Result<bool, Error> {
        on!(self.db, pool => sqlx::query(
            "UPDATE link_flows SET state = $3, version = version + 1, updated_at = $4 WHERE id = $1 AND version = $2",
        )
        .bind(id.to_string())
        .bind(version)
        .bind(state)
        .bind(sql_time(at))
        .execute(pool)
        .await
        .map(|done| done.rows_affected() == 1))
        .map_err(while_doing("saving a linking flow"))
    }

    /// Seals the API key that was entered in an open flow, and saves the pages' state, in one write: no
    /// reader sees one without the other. Saves nothing if the flow has changed since `version`. Returns
    /// whether it was saved.
    pub async fn set_link_flow_key(
        &self,
        vault: &Vault,
        (id, version): (FlowId, i64),
        (key, nonce): (&SecretString, [u8; 12]),
        state: &str,
        at: Timestamp,
    ) -> Result<bool, Error> {
        let row = id.to_string();
        let sealed = vault.seal(key, key_location(&row), nonce)?;
        on!(self.db, pool => sqlx::query(
            "UPDATE link_flows SET api_key = $2, state = $4, version = version + 1, updated_at = $3 \
             WHERE id = $1 AND status = 'open' AND version = $5",
        )
        .bind(&row)
        .bind(&sealed.0)
        .bind(sql_time(at))
        .bind(state)
        .bind(version)
        .execute(pool)
        .await
        .map(|done| done.rows_affected() == 1))
        .map_err(while_doing("sealing a key"))
    }

    /// Opens the API key that was entered in a flow.
    #[boxed]
    pub async fn link_flow_key(&self, vault: &Vault, id: FlowId) -> Result<Option<SecretString>, Error> {
        match self.link_flow(id).await? {
            Some(flow) => flow.api_key(vault),
            None => Ok(None),
        }
    }

    /// Links the account of a flow in one transaction: the account, the flow's end, the end of its key, and
    /// the audit entry. Returns `None` if the flow is no longer open, holds no key, or has changed; and if
    /// the tenant's accounts have changed: another flow was faster, and the caller must decide again.
    pub async fn finish_link_flow(
        &self,
        vault: &Vault,
        end: LinkFlowEnd<'_>,
        at: Timestamp,
    ) -> Result<Option<LinkedAccount>, Error> {
        const DOING: &str = "finishing a linking flow";
        let LinkFlowEnd { flow_id, version, target, tenant, known_accounts, settings, diagnosis, nonce } =
            end;
        let Some(key) = self.link_flow_key(vault, flow_id).await? else { return Ok(None) };
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let are_known = linked_accounts::are_known(&mut tx, tenant, known_accounts).await;
        if !are_known.map_err(while_doing(DOING))? {
            return Ok(None);
        }
        let ended: Option<(String, Option<String>)> = in_tx!(&mut tx, connection => sqlx::query_as(
            "UPDATE link_flows SET status = 'finished', account_id = $2, api_key = NULL, version = version + 1, \
             updated_at = $3, finished_at = $3 WHERE id = $1 AND status = 'open' AND api_key IS NOT NULL \
             AND version = $4 RETURNING customer_id, organization",
        )
        .bind(flow_id.to_string())
        .bind(target.id().to_string())
        .bind(sql_time(at))
        .bind(version)
        .fetch_optional(connection)
        .await)
        .map_err(while_doing(DOING))?;
        let Some((customer_id, organization)) = ended else { return Ok(None) };
        let customer = (Some(customer_id.as_str()), organization.as_deref());
        let linked = json!({ "flow_id": flow_id });
        linked_accounts::write(
            &mut tx,
            vault,
            target,
            (tenant, tenant),
            customer,
            (&key, nonce),
            settings,
            (&linked, at),
        )
        .await?;
        let account_id = target.id().to_string();
        diagnoses::write(&mut tx, &account_id, diagnosis, at).await.map_err(while_doing(DOING))?;
        let entry = NewAuditEntry {
            at,
            actor: Actor::Administrator,
            action: target.action(),
            account_id: Some(target.id()),
            flow_id: Some(flow_id),
            detail: diagnosis.audit_detail.clone(),
        };
        audit::commit_audited(tx, true, &entry).await.map_err(while_doing(DOING))?;
        self.account(target.id()).await
    }

    /// Cancels a flow: its tokens become invalid, and its key is erased. A linked account stays linked.
    #[boxed]
    pub async fn cancel_link_flow(&self, id: FlowId, actor: Actor, at: Timestamp) -> Result<bool, Error> {
        const DOING: &str = "cancelling a linking flow";
        let mut tx = self.begin().await.map_err(while_doing(DOING))?;
        let was_open = in_tx!(&mut tx, connection => sqlx::query(
            "UPDATE link_flows SET status = 'cancelled', api_key = NULL, version = version + 1, updated_at = $2 \
             WHERE id = $1 AND status = 'open'",
        )
        .bind(id.to_string())
        .bind(sql_time(at))
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1))
        .map_err(while_doing(DOING))?;
        let (action, flow_id, detail) = ("link_flow.cancelled", Some(id), json!({}));
        let entry = NewAuditEntry { at, actor, action, account_id: None, flow_id, detail };
        audit::commit_audited(tx, was_open, &entry).await.map_err(while_doing(DOING))
    }

    /// Erases the keys of open flows without a valid token. Returns the number of erased keys.
    #[boxed]
    pub async fn erase_abandoned_keys(&self, at: Timestamp) -> Result<u64, Error> {
        on!(self.db, pool => sqlx::query(
            "UPDATE link_flows SET api_key = NULL, version = version + 1, updated_at = $1 \
             WHERE api_key IS NOT NULL AND NOT EXISTS \
             (SELECT 1 FROM link_tokens WHERE link_tokens.flow_id = link_flows.id AND link_tokens.expires_at > $1)",
        )
        .bind(sql_time(at))
        .execute(pool)
        .await
        .map(|done| done.rows_affected()))
        .map_err(while_doing("erasing abandoned keys"))
    }
}

async fn insert_token(
    tx: &mut Tx,
    flow_id: FlowId,
    token: &SecretString,
    kind: TokenKind,
    expires_at: Timestamp,
    at: Timestamp,
) -> Result<(), sqlx::Error> {
    in_tx!(tx, connection => sqlx::query(
        "INSERT INTO link_tokens (hash, flow_id, kind, expires_at, created_at) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(hash(token))
    .bind(flow_id.to_string())
    .bind(kind.name())
    .bind(sql_time(expires_at))
    .bind(sql_time(at))
    .execute(connection)
    .await
    .map(drop))
}
