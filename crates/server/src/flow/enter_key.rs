//! `enter-key`: the key itself. It is sealed at once and never shown again.

use askama::Template;
use axum::response::Response;
use lucca::{ApiKey, ApiKeyError};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::progress::Step;
use super::refusal::Refusal;
use super::visit::{Posted, Visit};
use super::{checking, guide, shell};
use crate::pages::texts::Texts;
use crate::pages::{EnterKey, texts};

#[derive(Deserialize)]
pub(crate) struct Entered {
    #[serde(default = "nothing")]
    key: SecretString,
}

fn nothing() -> SecretString {
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
        t: texts(visit.language),
        base: &visit.base(),
        shell: &shell,
        key_name: guide::key_name(visit),
        error,
        has_key: visit.flow.has_key && visit.progress.furthest >= Step::Checks,
    };
    if has_error { visit.form_again(page.render()) } else { visit.page(page.render()) }
}

pub(crate) async fn enter(Posted { mut visit, form }: Posted<Entered>) -> Response {
    if let Err(elsewhere) = visit.may_open(Step::EnterKey) {
        return elsewhere;
    }
    let t = texts(visit.language);
    let key = match ApiKey::parse(form.key.expose_secret()) {
        Ok(key) => key,
        Err(error) => return page(&visit, Some(problem(t, &error).to_owned())),
    };
    let app = visit.app.clone();
    if app.limits.check(visit.flow.id).is_err() {
        return page(&visit, Some(t.too_often.to_owned()));
    }
    let machinery = &app.machinery;
    let Ok(nonce) = machinery.entropy.bytes() else { return visit.refuse(Refusal::Failed) };
    let key = SecretString::from(key.expose());
    let kept = machinery
        .store
        .set_link_flow_key(&machinery.vault, visit.flow.id, &key, nonce, machinery.clock.now())
        .await;
    match kept {
        Ok(true) => {}
        Ok(false) => return visit.refuse(Refusal::Conflict),
        Err(error) => return visit.refuse(Refusal::failed(&error)),
    }
    let changed = visit
        .change(|progress| {
            progress.forget_checks();
            progress.reach(Step::Checks);
        })
        .await;
    if let Err(refused) = changed {
        return refused;
    }
    checking::begin(&visit);
    visit.redirect(Step::Checks)
}

/// What is wrong with a text, for whoever pasted it.
fn problem(t: &'static Texts, error: &ApiKeyError) -> &'static str {
    match error {
        ApiKeyError::Empty => t.enter_key.error_empty,
        ApiKeyError::Email => t.enter_key.error_email,
        ApiKeyError::Url => t.enter_key.error_url,
        ApiKeyError::Masked => t.enter_key.error_masked,
        _ => t.enter_key.error,
    }
}
