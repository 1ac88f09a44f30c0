//! `/v1/linked-accounts`: linked accounts. One file per endpoint; this one has their view and how to find
//! them.

pub(crate) mod audit;
pub(crate) mod delivery;
pub(crate) mod diagnosis;
pub(crate) mod fields;
pub(crate) mod issues;
pub(crate) mod list;
pub(crate) mod passthrough;
pub(crate) mod show;
pub(crate) mod unlink;

use axum::http::StatusCode;
use lucca::Client;
use serde::Serialize;
use store::{AccountStatus, LinkedAccount};
use utoipa::ToSchema;
use web::app::App;
use web::problem::Problem;

use super::time;

/// A customer's tenant, connected through an API key. The key is never shown.
#[derive(Serialize, ToSchema)]
pub(crate) struct LinkedAccountView {
    /// The account's id, which stays the same when it is relinked.
    #[schema(example = "acct_0193a5b0c2d47b3e9f1a2b3c4d5e6f70")]
    id: String,
    /// The vendor's id of the customer, if it was linked for one.
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
    /// The field groups of people that are read and stored, without declined and excluded ones.
    #[schema(example = json!(["identity", "work", "contract"]))]
    field_groups: Vec<String>,
    /// The features that the customer declined.
    declined_features: Vec<String>,
    /// Keys of the customer's custom fields that are not stored.
    #[schema(example = json!(["e_salary"]))]
    excluded_custom_fields: Vec<String>,
    /// Whether the operator allows passthrough requests.
    #[schema(example = false)]
    passthrough: bool,
    /// Other linked accounts of the same tenant.
    shares_tenant_with: Vec<String>,
    /// Number of open issues.
    open_issues: u64,
    /// The diagnosis of its key; null if there is none yet.
    diagnosis: Option<diagnosis::KeyDiagnosis>,
    /// When it was first linked, UTC.
    created_at: String,
    /// When its key or settings last changed, UTC.
    updated_at: String,
    /// The outcome of the last finished sync: `succeeded`, `incomplete` or `failed`.
    last_sync_outcome: Option<&'static str>,
    /// When the last finished sync ended, UTC.
    last_sync_at: Option<String>,
}

impl LinkedAccountView {
    pub(crate) async fn of(app: &App, account: &LinkedAccount) -> Result<Self, Problem> {
        let store = &app.services.store;
        let others = store.accounts_of_tenant(&account.tenant).await?;
        let last = store.last_run(account.no).await?;
        Ok(Self {
            id: account.id.to_string(),
            customer_id: account.customer_id.clone(),
            organization: account.organization.clone(),
            tenant: account.tenant.clone(),
            status: account.status.name(),
            field_groups: account.settings.field_groups.clone(),
            declined_features: account.settings.declined_features.clone(),
            excluded_custom_fields: account.settings.excluded_custom_fields.clone(),
            passthrough: account.settings.passthrough,
            shares_tenant_with: others
                .iter()
                .filter(|other| other.no != account.no && other.status != AccountStatus::Unlinked)
                .map(|other| other.id.to_string())
                .collect(),
            open_issues: store.count_open_issues(account.no).await?,
            diagnosis: diagnosis::KeyDiagnosis::of(app, account).await?,
            created_at: time(account.created_at),
            updated_at: time(account.updated_at),
            last_sync_outcome: last.as_ref().and_then(|run| run.outcome).map(store::Outcome::name),
            last_sync_at: last.and_then(|run| run.finished_at).map(time),
        })
    }
}

/// Finds a linked account by the id in the path.
pub(crate) async fn find(app: &App, id: &str) -> Result<LinkedAccount, Problem> {
    let missing = || Problem::not_found("linked account");
    let id = id.parse().map_err(|_| missing())?;
    app.services.store.account(id).await?.ok_or_else(missing)
}

/// Finds the linked account that member `field` of a body names.
pub(crate) async fn find_named(app: &App, field: &'static str, id: &str) -> Result<LinkedAccount, Problem> {
    let unknown = || Problem::field(field, "request.invalid", "There is no such linked account.");
    let id = id.parse().map_err(|_| unknown())?;
    app.services.store.account(id).await?.ok_or_else(unknown)
}

/// Creates a client for a linked account. Refused if it has no key, or if Lucca refuses the key.
pub(crate) async fn client(app: &App, account: &LinkedAccount) -> Result<Client, Problem> {
    if account.status == AccountStatus::RelinkNeeded {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "lucca.key_refused",
            "Lucca refuses the API key of this account. Link the tenant again with another.",
        ));
    }
    Ok(app.services.tenants.client_of(account, &app.services.vault, None).await?)
}
