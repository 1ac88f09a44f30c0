//! Linked accounts.

use serde::Serialize;
use store::{AccountStatus, Store};
use utoipa::ToSchema;

use crate::{KeyDiagnosis, LinkedAccountStatus, RunOutcome, time};

/// A customer's tenant, connected through an API key. The key is never shown.
#[derive(Serialize, ToSchema)]
pub struct LinkedAccount {
    /// The account's id, which stays the same when it is relinked.
    #[schema(example = "acct_0193a5b0c2d47b3e9f1a2b3c4d5e6f70")]
    id: String,
    /// The vendor's id of the customer, if it was linked for one.
    #[schema(example = "cust_42")]
    customer_id: Option<String>,
    /// The customer's name.
    organization: Option<String>,
    /// The tenant's origin.
    #[schema(example = "https://acme.ilucca.net", format = "uri")]
    tenant: String,
    /// The state.
    status: LinkedAccountStatus,
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
    passthrough_allowed: bool,
    /// Other linked accounts of the same tenant.
    shares_tenant_with: Vec<String>,
    /// Number of open issues.
    open_issue_count: u64,
    /// The diagnosis of its key; null if there is none yet.
    diagnosis: Option<KeyDiagnosis>,
    /// When it was first linked, UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// When its key or settings last changed, UTC.
    #[schema(format = DateTime)]
    updated_at: String,
    /// The outcome of the last finished sync; null before it.
    last_sync_outcome: Option<RunOutcome>,
    /// When the last finished sync ended, UTC.
    #[schema(format = DateTime)]
    last_sync_at: Option<String>,
    /// When the next sync is due, UTC: now or in the past if a worker is about to begin it. Null unless `linked`.
    #[schema(format = DateTime)]
    next_sync_at: Option<String>,
}

impl LinkedAccount {
    /// The linked account as it is now.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn of(store: &Store, account: &store::LinkedAccount) -> Result<Self, store::Error> {
        let others = store.accounts_of_tenant(&account.tenant).await?;
        let last = store.last_run(account.no).await?;
        Ok(Self {
            id: account.id.to_string(),
            customer_id: account.customer_id.clone(),
            organization: account.organization.clone(),
            tenant: account.tenant.clone(),
            status: account.status.into(),
            field_groups: account.settings.field_groups.clone(),
            declined_features: account.settings.declined_features.clone(),
            excluded_custom_fields: account.settings.excluded_custom_fields.clone(),
            passthrough_allowed: account.settings.passthrough,
            shares_tenant_with: others
                .iter()
                .filter(|other| other.no != account.no && other.status != AccountStatus::Unlinked)
                .map(|other| other.id.to_string())
                .collect(),
            open_issue_count: store.count_open_issues(account.no).await?,
            diagnosis: KeyDiagnosis::of(store, account).await?,
            created_at: time(account.created_at),
            updated_at: time(account.updated_at),
            last_sync_outcome: last.as_ref().and_then(|run| run.outcome).map(RunOutcome),
            last_sync_at: last.and_then(|run| run.finished_at).map(time),
            next_sync_at: store.next_sync(account.no).await?.map(time),
        })
    }
}
