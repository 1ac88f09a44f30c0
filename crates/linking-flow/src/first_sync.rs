//! Links the account at the end of the checks.

use linking::{Diagnosis, DiagnosisSummary};
use people::Feature;
use people::{FieldGroup, FieldGroups};
use store::{
    AccountId, AccountSettings, DiagnosisSource, LinkFlow, LinkFlowEnd, LinkTarget, LinkedAccount,
    NewDiagnosis,
};
use web::app::App;
use web::flow_progress::{Checked, Progress, Step};
use web::link_target::Target;

use super::refusal::Refusal;
use super::visit::{Visit, update};

/// The account that a tenant becomes for the flow's customer.
pub(crate) async fn target(app: &App, flow: &LinkFlow, tenant: &str) -> Result<Target, store::Error> {
    Target::of(app, &flow.customer_id, flow.account_id, tenant).await
}

/// Links the checked account. Returns `None` if the flow, or the accounts of its tenant, changed since the
/// visit began: the page may have shown something else.
///
/// `kept_fields` are the keys of the custom fields that stay ticked, if the page showed any.
pub(crate) async fn link(
    visit: &Visit,
    kept_fields: Option<&[String]>,
) -> Result<Option<LinkedAccount>, Refusal> {
    let app = &visit.app;
    let services = &app.services;
    let failed = |error: store::Error| Refusal::failed(&error);
    let Some(tenant) = visit.progress.tenant.as_ref() else { return Err(Refusal::Conflict) };
    let accounts = services.store.accounts_of_tenant(&tenant.origin).await.map_err(failed)?;
    let known_accounts: Vec<AccountId> = accounts.iter().map(|account| account.id).collect();
    let link_target = match target(app, &visit.flow, &tenant.origin).await.map_err(failed)? {
        Target::Account(target) => target,
        Target::TakenByAnother => return Err(Refusal::TakenByAnother),
        Target::OtherTenant { expected } => return Err(Refusal::OtherTenant { expected }),
    };
    let known = match link_target {
        LinkTarget::Relink(id) => services.store.account(id).await.map_err(failed)?,
        LinkTarget::New(_) => None,
    };
    let before = known.map(|account| account.settings).unwrap_or_default();
    let settings = settings(visit, before, kept_fields, app.config.linking.requests_per_minute);
    let nonce = services.entropy.bytes().map_err(|_| Refusal::Failed)?;
    let Some(found) = diagnosis(&visit.progress) else { return Err(Refusal::Conflict) };
    let summary = DiagnosisSummary::new(None, found, &visit.progress.confirmed);
    let json = serde_json::to_string(&summary).unwrap_or_default();
    let end = LinkFlowEnd {
        flow_id: visit.flow.id,
        version: visit.flow.version,
        target: link_target,
        tenant: &tenant.origin,
        known_accounts: &known_accounts,
        settings: &settings,
        diagnosis: NewDiagnosis {
            source: DiagnosisSource::Linking,
            summary: &json,
            audit_detail: &summary.audit_detail(),
        },
        nonce,
    };
    let linked = services.store.finish_link_flow(&services.vault, end, services.clock.now()).await;
    let Some(account) = linked.map_err(failed)? else { return Ok(None) };
    // If this fails, the first sync opens the issues.
    if let Err(error) = services.note_linked(&account, &summary).await {
        tracing::error!(account = %account.id, code = error.code(), %error, "no issue was opened");
    }
    let mut reach = |progress: &mut Progress| progress.reach(Step::Sync);
    update(app, &visit.flow, &mut reach).await.map_err(failed)?;
    Ok(Some(account))
}

/// The settings of the account that the flow would relink; `None` for a new one.
pub(crate) async fn settings_before(visit: &Visit) -> Option<AccountSettings> {
    let tenant = visit.progress.tenant.as_ref()?;
    let Ok(Target::Account(LinkTarget::Relink(id))) = target(&visit.app, &visit.flow, &tenant.origin).await
    else {
        return None;
    };
    Some(visit.app.services.store.account(id).await.ok()??.settings)
}

/// The field groups to read of people: those of the account to relink, or else the default.
pub(crate) async fn groups_before(visit: &Visit) -> FieldGroups {
    let account = match visit.flow.account_id {
        Some(id) => visit.app.services.store.account(id).await.ok().flatten(),
        None => None,
    };
    let names = account.map(|account| account.settings.field_groups).unwrap_or_default();
    let groups = names.iter().filter_map(|name| name.parse::<FieldGroup>().ok()).collect::<FieldGroups>();
    if names.is_empty() { FieldGroups::default() } else { groups }
}

/// The account's settings: the features that the app requested and the customer did not decline.
fn settings(
    visit: &Visit,
    before: AccountSettings,
    kept_fields: Option<&[String]>,
    pace: Option<u32>,
) -> AccountSettings {
    let features = visit.features();
    let mut groups = if before.field_groups.is_empty() {
        FieldGroups::default().iter().map(|group| group.name().to_owned()).collect()
    } else {
        before.field_groups.clone()
    };
    let custom = FieldGroup::CustomFields.name();
    if features.contains(Feature::CustomFields) && !groups.iter().any(|group| group == custom) {
        groups.push(custom.to_owned());
    }
    let found = diagnosis(&visit.progress).map(|diagnosis| &diagnosis.observations.found_fields[..]);
    let mut excluded = before.excluded_custom_fields.clone();
    if let Some(kept) = kept_fields {
        let is = |key: &str, other: &str| key.eq_ignore_ascii_case(other);
        let found = found.unwrap_or_default();
        excluded.retain(|key| !found.iter().any(|field| is(key, &field.key)));
        let unticked = found.iter().filter(|field| !kept.iter().any(|key| is(key, &field.key)));
        excluded.extend(unticked.map(|field| field.key.clone()));
    }
    let declined = Feature::ALL.into_iter().filter(|feature| !features.contains(*feature));
    AccountSettings {
        field_groups: groups,
        excluded_custom_fields: excluded,
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

/// Whether the account existed before this flow linked it.
pub(crate) fn is_relinked(flow: &LinkFlow, account: &LinkedAccount) -> bool {
    flow.finished_at.is_some_and(|linked_at| account.created_at < linked_at)
}

/// The result of the checks, if they are finished.
pub(crate) fn diagnosis(progress: &Progress) -> Option<&Diagnosis> {
    match &progress.checked {
        Checked::Done { diagnosis } => Some(diagnosis),
        Checked::Not | Checked::Failed { .. } => None,
    }
}
