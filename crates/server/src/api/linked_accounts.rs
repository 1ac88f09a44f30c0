//! `/v1/linked-accounts`: listing them, one of them, unlinking one, its issues and its audit log.

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{AccountStatus, DataPolicy, LinkedAccount};
use utoipa::{IntoParams, ToSchema};

use super::time;
use crate::app::App;
use crate::auth::Operator;
use crate::problem::Problem;

/// A customer's tenant, connected through an API key. The key is never shown.
#[derive(Serialize, ToSchema)]
pub(crate) struct LinkedAccountView {
    /// Its id, which stays when it is linked again.
    #[schema(example = "acct_0193a5b0c2d47b3e9f1a2b3c4d5e6f70")]
    id: String,
    /// The vendor's id of the customer, where it was linked for one.
    #[schema(example = "cust_42")]
    customer_id: Option<String>,
    /// The customer's name.
    organization: Option<String>,
    /// The tenant's origin.
    #[schema(example = "https://acme.ilucca.net")]
    tenant: String,
    /// `linked`, `relink_needed` or `unlinked`.
    #[schema(example = "linked")]
    status: &'static str,
    /// What the customer switched off.
    declined_features: Vec<String>,
    /// Other linked accounts of the same tenant.
    shares_tenant_with: Vec<String>,
    /// How many things a person must do.
    open_issues: u64,
    /// When it was first linked, UTC.
    created_at: String,
    /// When its key or settings last changed, UTC.
    updated_at: String,
    /// How the last sync that ended went: `succeeded`, `incomplete` or `failed`.
    last_sync_outcome: Option<&'static str>,
    /// When it ended, UTC.
    last_sync_at: Option<String>,
}

impl LinkedAccountView {
    pub(crate) async fn of(app: &App, account: &LinkedAccount) -> Result<Self, Problem> {
        let store = &app.machinery.store;
        let others = store.accounts_of_tenant(&account.tenant).await?;
        let last = store.last_run(account.no).await?;
        Ok(Self {
            id: account.id.to_string(),
            customer_id: account.customer_id.clone(),
            organization: account.organization.clone(),
            tenant: account.tenant.clone(),
            status: account.status.name(),
            declined_features: account.settings.declined_features.clone(),
            shares_tenant_with: others
                .iter()
                .filter(|other| other.no != account.no && other.status != AccountStatus::Unlinked)
                .map(|other| other.id.to_string())
                .collect(),
            open_issues: store.count_open_issues(account.no).await?,
            created_at: time(account.created_at),
            updated_at: time(account.updated_at),
            last_sync_outcome: last.as_ref().and_then(|run| run.outcome).map(store::Outcome::name),
            last_sync_at: last.and_then(|run| run.finished_at).map(time),
        })
    }
}

/// Finds a linked account by the id in the path.
async fn find(app: &App, id: &str) -> Result<LinkedAccount, Problem> {
    let missing = || Problem::not_found("linked account");
    let id = id.parse().map_err(|_| missing())?;
    app.machinery.store.account(id).await?.ok_or_else(missing)
}

/// Which linked accounts.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Only this customer's.
    customer_id: Option<String>,
}

/// Linked accounts.
#[derive(Serialize, ToSchema)]
pub(crate) struct LinkedAccountList {
    /// The linked accounts, oldest first.
    items: Vec<LinkedAccountView>,
}

/// Lists linked accounts.
#[utoipa::path(
    get, path = "/v1/linked-accounts", tag = "linked accounts", security(("operator" = [])),
    params(Which),
    responses(
        (status = 200, body = LinkedAccountList),
        (status = 401, body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn linked_accounts(
    State(app): State<App>,
    _: Operator,
    Query(which): Query<Which>,
) -> Result<Json<LinkedAccountList>, Problem> {
    let store = &app.machinery.store;
    let accounts = match &which.customer_id {
        Some(customer) => store.accounts_of_customer(customer).await?,
        None => store.accounts().await?,
    };
    let mut items = Vec::with_capacity(accounts.len());
    for account in &accounts {
        items.push(LinkedAccountView::of(&app, account).await?);
    }
    Ok(Json(LinkedAccountList { items }))
}

/// Shows a linked account.
#[utoipa::path(
    get, path = "/v1/linked-accounts/{account_id}", tag = "linked accounts", security(("operator" = [])),
    params(("account_id" = String, Path, description = "the linked account's id")),
    responses(
        (status = 200, body = LinkedAccountView),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn linked_account(
    State(app): State<App>,
    _: Operator,
    Path(account_id): Path<String>,
) -> Result<Json<LinkedAccountView>, Problem> {
    let account = find(&app, &account_id).await?;
    app.machinery
        .store
        .audit(store::NewAuditEntry {
            at: app.machinery.clock.now(),
            actor: store::Actor::Operator,
            action: "account.viewed",
            account_id: Some(account.id),
            flow_id: None,
            detail: Value::Null,
        })
        .await?;
    Ok(Json(LinkedAccountView::of(&app, &account).await?))
}

/// What happens to the data of an account that is unlinked.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Unlinking {
    /// `keep` (the default): what was synced stays, and nothing new is read. `erase`: it is erased too.
    #[serde(default)]
    data: Option<String>,
}

/// What unlinking did.
#[derive(Serialize, ToSchema)]
pub(crate) struct Unlinked {
    /// The linked account, now `unlinked`.
    account: LinkedAccountView,
    /// How many records were erased, by kind; empty where data was kept.
    erased: std::collections::BTreeMap<String, u64>,
}

/// Unlinks: the API key is erased at once, data by the policy asked for.
#[utoipa::path(
    delete, path = "/v1/linked-accounts/{account_id}", tag = "linked accounts", security(("operator" = [])),
    params(("account_id" = String, Path, description = "the linked account's id"), Unlinking),
    responses(
        (status = 200, body = Unlinked),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn unlink_account(
    State(app): State<App>,
    _: Operator,
    Path(account_id): Path<String>,
    Query(how): Query<Unlinking>,
) -> Result<Json<Unlinked>, Problem> {
    let policy = match how.data.as_deref() {
        None | Some("keep") => DataPolicy::Keep,
        Some("erase") => DataPolicy::Erase,
        Some(_) => return Err(Problem::field("data", "request.invalid", "It must be keep or erase.")),
    };
    let account = find(&app, &account_id).await?;
    let store = &app.machinery.store;
    let receipt = store.unlink(&account, policy, store::Actor::Operator, app.machinery.clock.now()).await?;
    let account = find(&app, &account_id).await?;
    Ok(Json(Unlinked { account: LinkedAccountView::of(&app, &account).await?, erased: receipt.records }))
}

/// Something that a person must do.
#[derive(Serialize, ToSchema)]
pub(crate) struct IssueView {
    /// Its id.
    #[schema(example = "iss_0193a5b0c2d47b3e9f1a2b3c4d5e6f70")]
    id: String,
    /// A stable code.
    #[schema(example = "permission.missing")]
    code: String,
    /// What it is about, such as a permission's name.
    #[schema(example = "see_former_employees")]
    subject: String,
    /// What it rests on: counts and codes, no personal data.
    #[schema(value_type = Object)]
    detail: Value,
    /// When it was opened, UTC.
    opened_at: String,
    /// When it was last seen to hold, UTC.
    updated_at: String,
    /// When it was resolved, UTC; absent while it is open.
    resolved_at: Option<String>,
}

/// Issues.
#[derive(Serialize, ToSchema)]
pub(crate) struct IssueList {
    /// The issues, oldest first.
    items: Vec<IssueView>,
}

/// Lists what a person must do for a linked account.
#[utoipa::path(
    get, path = "/v1/linked-accounts/{account_id}/issues", tag = "linked accounts", security(("operator" = [])),
    params(("account_id" = String, Path, description = "the linked account's id")),
    responses(
        (status = 200, body = IssueList),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn account_issues(
    State(app): State<App>,
    _: Operator,
    Path(account_id): Path<String>,
) -> Result<Json<IssueList>, Problem> {
    let account = find(&app, &account_id).await?;
    let issues = app.machinery.store.issues(Some(account.no), store::IssueFilter::All).await?;
    let items = issues
        .into_iter()
        .map(|issue| IssueView {
            id: issue.id.to_string(),
            code: issue.code,
            subject: issue.subject,
            detail: issue.detail,
            opened_at: time(issue.opened_at),
            updated_at: time(issue.updated_at),
            resolved_at: issue.resolved_at.map(time),
        })
        .collect();
    Ok(Json(IssueList { items }))
}

/// Something that was done with a linked account.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditEntryView {
    /// Its place in the log.
    seq: i64,
    /// When, UTC.
    at: String,
    /// Who: `operator`, `administrator` (whoever went through the flow), `cli` or `system`.
    #[schema(example = "administrator")]
    actor: &'static str,
    /// What, such as `account.linked`.
    #[schema(example = "account.linked")]
    action: String,
    /// The flow it was done in, where it was.
    flow_id: Option<String>,
    /// More: codes and counts, no secrets, no personal data.
    #[schema(value_type = Object)]
    detail: Value,
}

/// An audit log.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditLog {
    /// The entries, oldest first.
    items: Vec<AuditEntryView>,
}

/// Who linked, relinked, viewed and unlinked a linked account.
#[utoipa::path(
    get, path = "/v1/linked-accounts/{account_id}/audit", tag = "linked accounts", security(("operator" = [])),
    params(("account_id" = String, Path, description = "the linked account's id")),
    responses(
        (status = 200, body = AuditLog),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn account_audit(
    State(app): State<App>,
    _: Operator,
    Path(account_id): Path<String>,
) -> Result<Json<AuditLog>, Problem> {
    let account = find(&app, &account_id).await?;
    let entries = app.machinery.store.audit_log(Some(account.id)).await?;
    let items = entries
        .into_iter()
        .map(|entry| AuditEntryView {
            seq: entry.seq,
            at: time(entry.at),
            actor: entry.actor.name(),
            action: entry.action,
            flow_id: entry.flow_id.map(|id| id.to_string()),
            detail: entry.detail,
        })
        .collect();
    Ok(Json(AuditLog { items }))
}
