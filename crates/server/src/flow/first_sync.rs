//! Linking the account at the end of the checks.

use linking::Diagnosis;
use lucca::FieldGroups;
use people::Feature;
use store::{AccountId, AccountSettings, AccountStatus, LinkFlow, LinkedAccount, Onto};

use super::progress::{Checked, Progress, Step};
use super::refusal::Refusal;
use super::visit::{Visit, update};
use crate::app::App;
use crate::config::SameTenant;

/// Which account a tenant would be linked as, for the flow's customer.
pub(crate) enum Target {
    /// A new one, or the one that is there.
    Onto(Onto),
    /// None: another customer has linked the tenant.
    TakenByAnother,
    /// None: the account to be relinked is of another tenant.
    OtherTenant {
        /// The tenant it is of.
        expected: String,
    },
}

/// Decides which account a tenant becomes.
pub(crate) async fn target(app: &App, flow: &LinkFlow, tenant: &str) -> Result<Target, store::Error> {
    let store = &app.machinery.store;
    if let Some(id) = flow.account_id
        && let Some(account) = store.account(id).await?
    {
        return Ok(if account.tenant == tenant {
            Target::Onto(Onto::Relink(id))
        } else {
            Target::OtherTenant { expected: account.tenant }
        });
    }
    let known = store.accounts_of_tenant(tenant).await?;
    let is_theirs = |account: &&LinkedAccount| {
        // Linked by the operator for nobody in particular: it is this customer's from now on.
        account.customer_id.as_ref().is_none_or(|customer| *customer == flow.customer_id)
    };
    if let Some(account) = known.iter().find(is_theirs) {
        return Ok(Target::Onto(Onto::Relink(account.id)));
    }
    let is_taken = known.iter().any(|account| account.status != AccountStatus::Unlinked);
    if is_taken && app.config.linking.same_tenant == SameTenant::Refuse {
        return Ok(Target::TakenByAnother);
    }
    let now = app.machinery.clock.now();
    let random = app
        .machinery
        .entropy
        .bytes()
        .map_err(|error| store::Error::Corrupt { what: "randomness", source: Box::new(error) })?;
    Ok(Target::Onto(Onto::New(AccountId::mint(now, random))))
}

/// Links the account that the checks were made for.
pub(crate) async fn link(visit: &mut Visit) -> Result<LinkedAccount, Refusal> {
    let app = visit.app.clone();
    let machinery = &app.machinery;
    let Some(tenant) = visit.progress.tenant.clone() else { return Err(Refusal::Conflict) };
    let onto =
        match target(&app, &visit.flow, &tenant.origin).await.map_err(|error| Refusal::failed(&error))? {
            Target::Onto(onto) => onto,
            Target::TakenByAnother => return Err(Refusal::TakenByAnother),
            Target::OtherTenant { expected } => return Err(Refusal::OtherTenant { expected }),
        };
    let known = match onto {
        Onto::Relink(id) => machinery.store.account(id).await.map_err(|error| Refusal::failed(&error))?,
        Onto::New(_) => None,
    };
    let before = known.map(|account| account.settings).unwrap_or_default();
    let settings = settings(visit, before, app.config.linking.requests_per_minute);
    let nonce = machinery.entropy.bytes().map_err(|_| Refusal::Failed)?;
    let linked = machinery
        .store
        .finish_link_flow(
            &machinery.vault,
            visit.flow.id,
            onto,
            &tenant.origin,
            &settings,
            nonce,
            machinery.clock.now(),
        )
        .await
        .map_err(|error| Refusal::failed(&error))?;
    let Some(account) = linked else { return Err(Refusal::Conflict) };
    let mut reach = |progress: &mut Progress| progress.reach(Step::Sync);
    update(&app, &visit.flow, &mut reach).await.map_err(|error| Refusal::failed(&error))?;
    Ok(account)
}

/// How the account is to be read: what was wanted and not switched off.
fn settings(visit: &Visit, before: AccountSettings, pace: Option<u32>) -> AccountSettings {
    let features = visit.features();
    let groups = if before.field_groups.is_empty() {
        FieldGroups::default().iter().map(|group| group.name().to_owned()).collect()
    } else {
        before.field_groups.clone()
    };
    let declined = Feature::ALL.into_iter().filter(|feature| !features.contains(*feature));
    AccountSettings {
        field_groups: groups,
        declined_features: declined.map(|feature| feature.name().to_owned()).collect(),
        confirmed_permissions: visit
            .progress
            .confirmed
            .iter()
            .map(|permission| permission.name().to_owned())
            .collect(),
        requests_per_minute: before.requests_per_minute.or(pace),
        ..before
    }
}

/// Whether the account was there before this flow linked it.
pub(crate) fn is_relinked(flow: &LinkFlow, account: &LinkedAccount) -> bool {
    flow.finished_at.is_some_and(|linked_at| account.created_at < linked_at)
}

/// What the checks found, where they are done.
pub(crate) fn diagnosis(progress: &Progress) -> Option<&Diagnosis> {
    match &progress.checked {
        Checked::Done { diagnosis } => Some(diagnosis),
        Checked::Not | Checked::Failed { .. } => None,
    }
}
