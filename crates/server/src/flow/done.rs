//! `done`: the end, and the public token that shows the vendor's server which account was linked.

use askama::Template;
use axum::response::Response;
use jiff::SignedDuration;
use secrecy::ExposeSecret;
use serde::Deserialize;
use url::Url;

use super::progress::Step;
use super::refusal::Refusal;
use super::shell;
use super::sync_page::account;
use super::visit::{Posted, Visit};
use crate::pages::texts::fill;
use crate::pages::{Done, texts};
use crate::tokens;

/// How long a public token can be exchanged.
const VALID: SignedDuration = SignedDuration::from_mins(30);

#[derive(Deserialize)]
pub(crate) struct Nothing {}

/// Coming back to the end by its address: the way there is a form.
pub(crate) async fn show(visit: Visit) -> Response {
    visit.redirect(visit.progress.furthest.min(Step::Summary))
}

pub(crate) async fn finish(Posted { mut visit, .. }: Posted<Nothing>) -> Response {
    if let Err(refused) = account(&visit).await {
        return refused;
    }
    let app = visit.app.clone();
    let machinery = &app.machinery;
    let Ok(token) = tokens::new_public_token(&machinery.entropy) else {
        return visit.refuse(Refusal::Failed);
    };
    let expires_at = machinery.clock.now() + VALID;
    let is_new = match machinery.store.set_public_token(visit.flow.id, &token, expires_at).await {
        Ok(is_new) => is_new,
        Err(error) => return visit.refuse(Refusal::failed(&error)),
    };
    if let Err(refused) = visit.change(|progress| progress.reach(Step::Done)).await {
        return refused;
    }
    let t = texts(visit.language);
    let vendor = [("vendor", app.config.vendor.name.as_str())];
    let mut shell = shell::at(&visit, Step::Done);
    // What was exchanged already is not given out again.
    let token = is_new.then(|| token.expose_secret().to_owned());
    shell.public_token = token.clone().filter(|_| visit.flow.allowed_origin.is_some());
    let page = Done {
        t,
        shell: &shell,
        text: fill(t.done.text, &vendor),
        return_to: visit.flow.return_url.as_deref().and_then(|url| return_to(url, token.as_deref())),
        return_text: fill(t.done.return_to, &vendor),
        revoke: fill(t.done.revoke, &vendor),
    };
    visit.page(page.render())
}

/// The vendor's address with the public token in its query.
fn return_to(url: &str, token: Option<&str>) -> Option<String> {
    let mut url = Url::parse(url).ok()?;
    if let Some(token) = token {
        url.query_pairs_mut().append_pair("public_token", token);
    }
    Some(url.into())
}
