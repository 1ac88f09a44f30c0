//! Step `enter-key`: receives the API key. It is sealed at once and never shown again.

use askama::Template;
use axum::response::Response;
use lucca::{ApiKey, ApiKeyError};
use people::Language;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use texts::Texts;
use web::flow_progress::Step;

use super::refusal::Refusal;
use super::visit::{Posted, Visit};
use super::{checking, guide, shell};
use crate::pages::EnterKey;

#[derive(Deserialize)]
pub(crate) struct KeyForm {
    #[serde(default = "no_key")]
    key: SecretString,
}

/// Attempts to store the key while other devices change the flow.
const MAX_ATTEMPTS: usize = 5;

fn no_key() -> SecretString {
    SecretString::from("")
}

pub(crate) async fn show(visit: Visit) -> Response {
    if let Err(elsewhere) = visit.may_open(Step::EnterKey) {
        return elsewhere;
    }
    page(&visit, None)
}

fn page(visit: &Visit, error: Option<String>) -> Response {
    let mut shell = shell::at(visit, Step::EnterKey);
    let has_error = error.is_some();
    shell.has_error = has_error;
    let page = EnterKey {
        t: visit.language,
        base: &visit.base(),
        shell: &shell,
        key_name: guide::key_name(visit),
        error,
        has_key: visit.flow.has_key && visit.progress.furthest >= Step::Checks,
    };
    if has_error { visit.form_again(page.render()) } else { visit.page(page.render()) }
}

pub(crate) async fn enter(Posted { mut visit, form }: Posted<KeyForm>) -> Response {
    if let Err(elsewhere) = visit.may_open(Step::EnterKey) {
        return elsewhere;
    }
    let t = visit.language;
    let key = match ApiKey::parse(form.key.expose_secret()) {
        Ok(key) => key,
        Err(error) => return page(&visit, Some(problem(t, &error).to_owned())),
    };
    let app = visit.app.clone();
    if app.limits.check(visit.flow.id).is_err() {
        return page(&visit, Some(t.text("flow-too-often").to_owned()));
    }
    let services = &app.services;
    let key = SecretString::from(key.expose());
    for _ in 0..MAX_ATTEMPTS {
        let Ok(nonce) = services.entropy.bytes() else { return visit.refuse(Refusal::Failed) };
        visit.progress.forget_checks();
        visit.progress.reach(Step::Checks);
        let (at_version, state) = ((visit.flow.id, visit.flow.version), visit.progress.to_json());
        let (key, now) = ((&key, nonce), services.clock.now());
        let kept = services.store.set_link_flow_key(&services.vault, at_version, key, &state, now).await;
        let is_kept = match kept {
            Ok(is_kept) => is_kept,
            Err(error) => return visit.refuse(Refusal::failed(&error)),
        };
        if let Err(refused) = visit.refresh().await {
            return refused;
        }
        if is_kept {
            checking::begin(&visit);
            return visit.redirect(Step::Checks);
        }
        // Another device changed the flow first: retry on its version.
        if let Err(elsewhere) = visit.may_open(Step::EnterKey) {
            return elsewhere;
        }
    }
    visit.refuse(Refusal::Conflict)
}

/// The error text for the person who pasted the key.
fn problem(t: Language, error: &ApiKeyError) -> &'static str {
    match error {
        ApiKeyError::Empty => t.text("flow-enter-key-error-empty"),
        ApiKeyError::Email => t.text("flow-enter-key-error-email"),
        ApiKeyError::Url => t.text("flow-enter-key-error-url"),
        ApiKeyError::Masked => t.text("flow-enter-key-error-masked"),
        _ => t.text("flow-enter-key-error"),
    }
}
