//! Step `tenant`: the tenant's address. Accepts any pasted text, and previews the tenant while the person
//! types.

use askama::Template;
use axum::response::Response;
use lucca::{Environment, Region, TenantUrl, TenantUrlError};
use serde::Deserialize;
use web::flow_progress::{Step, Tenant};

use super::first_sync::{Target, target};
use super::refusal::Refusal;
use super::shell;
use super::visit::{Posted, Visit};
use crate::pages::texts::{Texts, fill};
use crate::pages::{Preview, PreviewAlone, TenantPage, texts};

#[derive(Deserialize)]
pub(crate) struct TenantForm {
    #[serde(default)]
    tenant: String,
}

pub(crate) async fn show(visit: Visit) -> Response {
    if let Err(elsewhere) = visit.may_open(Step::Tenant) {
        return elsewhere;
    }
    let value = visit.progress.tenant.as_ref().map(|tenant| tenant.origin.clone()).unwrap_or_default();
    page(&visit, value, None)
}

fn page(visit: &Visit, value: String, error: Option<String>) -> Response {
    let t = texts(visit.language);
    let known = TenantUrl::parse(&value, visit.app.hosts).ok();
    let mut shell = shell::at(visit, Step::Tenant);
    shell.has_error = error.is_some();
    let has_error = error.is_some();
    let page = TenantPage {
        t,
        base: &visit.base(),
        shell: &shell,
        value,
        error,
        preview: known.map(|tenant| facts(t, &tenant)),
    };
    if has_error { visit.form_again(page.render()) } else { visit.page(page.render()) }
}

pub(crate) async fn preview(Posted { visit, form }: Posted<TenantForm>) -> Response {
    let t = texts(visit.language);
    let preview = match TenantUrl::parse(&form.tenant, visit.app.hosts) {
        Ok(tenant) => facts(t, &tenant),
        // An empty field is no error while typing.
        Err(TenantUrlError::Empty) => return visit.page(Ok(String::new())),
        Err(error) => Preview { error: Some(problem(t, error).to_owned()), ..Preview::default() },
    };
    visit.page(PreviewAlone { t, preview }.render())
}

pub(crate) async fn name(Posted { mut visit, form }: Posted<TenantForm>) -> Response {
    if let Err(elsewhere) = visit.may_open(Step::Tenant) {
        return elsewhere;
    }
    let t = texts(visit.language);
    let app = visit.app.clone();
    let vendor = app.config.vendor.name.as_str();
    let tenant = match TenantUrl::parse(&form.tenant, app.hosts) {
        Ok(tenant) => tenant,
        Err(error) => {
            // An API key pasted into the wrong field is not shown again.
            let value = if error == TenantUrlError::ApiKey { String::new() } else { form.tenant };
            return page(&visit, value, Some(problem(t, error).to_owned()));
        }
    };
    let origin = tenant.origin().to_owned();
    if app.limits.name(visit.flow.id).is_err() {
        return page(&visit, origin, Some(t.too_often.to_owned()));
    }
    match target(&app, &visit.flow, &origin).await {
        Ok(Target::Account(_)) => {}
        Ok(Target::TakenByAnother) => {
            return page(&visit, origin, Some(fill(t.tenant.taken, &[("vendor", vendor)])));
        }
        Ok(Target::OtherTenant { expected }) => {
            let text = fill(t.tenant.other, &[("expected", &expected), ("vendor", vendor)]);
            return page(&visit, origin, Some(text));
        }
        Err(error) => return visit.refuse(Refusal::failed(&error)),
    }
    if app.limits.check(visit.flow.id).is_err() {
        return page(&visit, origin, Some(t.too_often.to_owned()));
    }
    if let Err(error) = lucca::reach(&tenant).await {
        tracing::info!(flow = %visit.flow.id, code = error.code(), "a tenant was not reached");
        return page(&visit, origin, Some(t.tenant.unreachable.to_owned()));
    }
    let changed = visit
        .change(|progress| {
            if progress.tenant.as_ref().is_none_or(|known| known.origin != origin) {
                progress.tenant = Some(Tenant { origin: origin.clone() });
                progress.forget_checks();
            }
            progress.reach(Step::Key);
        })
        .await;
    match changed {
        Ok(()) => visit.redirect(Step::Key),
        Err(refused) => refused,
    }
}

fn facts(t: &'static Texts, tenant: &TenantUrl) -> Preview {
    Preview {
        error: None,
        origin: tenant.origin().to_owned(),
        environment: match tenant.environment() {
            Environment::Test => t.tenant.environment_test,
            Environment::Demo => t.tenant.environment_demo,
            Environment::Sandbox => t.tenant.environment_sandbox,
            Environment::Loopback => t.tenant.environment_loopback,
            _ => t.tenant.environment_production,
        },
        region: match tenant.region() {
            Region::Switzerland => t.tenant.region_switzerland,
            Region::Local => t.tenant.region_local,
            _ => t.tenant.region_europe,
        },
    }
}

/// The error text for the person who pasted the address.
fn problem(t: &'static Texts, error: TenantUrlError) -> &'static str {
    match error {
        TenantUrlError::Empty => t.tenant.error_empty,
        TenantUrlError::Email => t.tenant.error_email,
        TenantUrlError::ApiKey => t.tenant.error_key,
        TenantUrlError::MissingAccount
        | TenantUrlError::Www
        | TenantUrlError::NotAnAccount
        | TenantUrlError::NestedAccount
        | TenantUrlError::MissingSandbox => t.tenant.error_account,
        TenantUrlError::LuccaSite => t.tenant.error_site,
        TenantUrlError::LookAlike | TenantUrlError::UserInfo | TenantUrlError::Punycode => {
            t.tenant.error_look_alike
        }
        TenantUrlError::WrongEnding => t.tenant.error_ending,
        TenantUrlError::LoopbackNotAllowed => t.tenant.error_loopback,
        TenantUrlError::NotAscii
        | TenantUrlError::InvalidCharacter
        | TenantUrlError::EmptyLabel
        | TenantUrlError::Hyphen
        | TenantUrlError::SeveralWords => t.tenant.error_characters,
        _ => t.tenant.error,
    }
}
