//! Step `tenant`: the tenant's address. Accepts any pasted text, and previews the tenant while the person
//! types.

use askama::Template;
use axum::response::Response;
use lucca::{Environment, Region, TenantUrl, TenantUrlError};
use people::Language;
use serde::Deserialize;
use texts::Texts;
use web::flow_progress::{Step, Tenant};
use web::link_target::Target;

use super::first_sync::target;
use super::refusal::Refusal;
use super::shell;
use super::visit::{Posted, Visit};
use crate::pages::{Preview, PreviewAlone, TenantPage};

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
    let t = visit.language;
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
    let t = visit.language;
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
    let t = visit.language;
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
        return page(&visit, origin, Some(t.text("flow-too-often").to_owned()));
    }
    match target(&app, &visit.flow, &origin).await {
        Ok(Target::Account(_)) => {}
        Ok(Target::TakenByAnother) => {
            return page(&visit, origin, Some(t.fill("flow-tenant-taken", &[("vendor", vendor.into())])));
        }
        Ok(Target::OtherTenant { expected }) => {
            let text =
                t.fill("flow-tenant-other", &[("expected", expected.into()), ("vendor", vendor.into())]);
            return page(&visit, origin, Some(text));
        }
        Err(error) => return visit.refuse(Refusal::failed(&error)),
    }
    if app.limits.check(visit.flow.id).is_err() {
        return page(&visit, origin, Some(t.text("flow-too-often").to_owned()));
    }
    if let Err(error) = lucca::reach(&tenant).await {
        tracing::info!(flow = %visit.flow.id, code = error.code(), "a tenant was not reached");
        return page(&visit, origin, Some(t.text("flow-tenant-unreachable").to_owned()));
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

fn facts(t: Language, tenant: &TenantUrl) -> Preview {
    Preview {
        error: None,
        origin: tenant.origin().to_owned(),
        environment: match tenant.environment() {
            Environment::Test => t.text("flow-tenant-environment-test"),
            Environment::Demo => t.text("flow-tenant-environment-demo"),
            Environment::Sandbox => t.text("flow-tenant-environment-sandbox"),
            Environment::Loopback => t.text("flow-tenant-environment-loopback"),
            _ => t.text("flow-tenant-environment-production"),
        },
        region: match tenant.region() {
            Region::Switzerland => t.text("flow-tenant-region-switzerland"),
            Region::Local => t.text("flow-tenant-region-local"),
            _ => t.text("flow-tenant-region-europe"),
        },
    }
}

/// The error text for the person who pasted the address.
fn problem(t: Language, error: TenantUrlError) -> &'static str {
    t.text(match error {
        TenantUrlError::Empty => "flow-tenant-error-empty",
        TenantUrlError::Email => "flow-tenant-error-email",
        TenantUrlError::ApiKey => "flow-tenant-error-key",
        TenantUrlError::MissingAccount
        | TenantUrlError::Www
        | TenantUrlError::NotAnAccount
        | TenantUrlError::NestedAccount
        | TenantUrlError::MissingSandbox => "flow-tenant-error-account",
        TenantUrlError::LuccaSite => "flow-tenant-error-site",
        TenantUrlError::LookAlike | TenantUrlError::UserInfo | TenantUrlError::Punycode => {
            "flow-tenant-error-look-alike"
        }
        TenantUrlError::WrongEnding => "flow-tenant-error-ending",
        TenantUrlError::LoopbackNotAllowed => "flow-tenant-error-loopback",
        TenantUrlError::NotAscii
        | TenantUrlError::InvalidCharacter
        | TenantUrlError::EmptyLabel
        | TenantUrlError::Hyphen
        | TenantUrlError::SeveralWords => "flow-tenant-error-characters",
        _ => "flow-tenant-error",
    })
}
