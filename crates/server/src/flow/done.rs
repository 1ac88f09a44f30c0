//! `done`: the end; and the public token, which shows the vendor's server which account was linked. Every page that is
//! shown once the account is linked issues it, so that a customer may leave at any of them.

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
use crate::pages::{Done, Shell, texts};
use crate::tokens;

/// How long a public token can be exchanged after it was last issued.
const VALID: SignedDuration = SignedDuration::from_mins(30);

#[derive(Deserialize)]
pub(crate) struct Nothing {}

/// A page of a finished flow: what is around it tells the page that embeds the flow that the account is linked.
pub(crate) struct Finished {
    pub(crate) shell: Shell,
    /// The vendor's address, with the public token unless that was exchanged.
    pub(crate) return_to: Option<String>,
}

/// Issues the public token and puts it where each kind of vendor's page gets it: the widget from the page, the others
/// from the address that one returns to.
pub(crate) async fn finished(visit: &Visit, step: Step) -> Result<Finished, Response> {
    let machinery = &visit.app.machinery;
    let token = tokens::public_token(&machinery.vault, visit.flow.id);
    let expires_at = machinery.clock.now() + VALID;
    let issued = machinery.store.issue_public_token(visit.flow.id, &token, expires_at).await;
    // What was exchanged already is not given out again.
    let token = match issued {
        Ok(can_be_exchanged) => can_be_exchanged.then(|| token.expose_secret().to_owned()),
        Err(error) => return Err(visit.refuse(Refusal::failed(&error))),
    };
    let return_to = visit.flow.return_url.as_deref().and_then(|url| return_to(url, token.as_deref()));
    let mut shell = shell::at(visit, step);
    shell.is_linked = true;
    shell.public_token = token.filter(|_| visit.flow.allowed_origin.is_some());
    Ok(Finished { shell, return_to })
}

/// Coming back to the end by its address: the way there is a form.
pub(crate) async fn show(visit: Visit) -> Response {
    visit.redirect(visit.progress.furthest.min(Step::Summary))
}

/// The link of a finished flow, opened again.
pub(crate) async fn show_already(visit: Visit) -> Response {
    let t = texts(visit.language);
    page(&visit, t.done.already_title, t.done.already).await
}

pub(crate) async fn finish(Posted { mut visit, .. }: Posted<Nothing>) -> Response {
    if let Err(refused) = account(&visit).await {
        return refused;
    }
    if let Err(refused) = visit.change(|progress| progress.reach(Step::Done)).await {
        return refused;
    }
    let t = texts(visit.language);
    page(&visit, t.done.title, t.done.text).await
}

async fn page(visit: &Visit, title: &'static str, text: &'static str) -> Response {
    let Finished { shell, return_to } = match finished(visit, Step::Done).await {
        Ok(finished) => finished,
        Err(refused) => return refused,
    };
    let t = texts(visit.language);
    let vendor = [("vendor", visit.app.config.vendor.name.as_str())];
    let page = Done {
        t,
        shell: &shell,
        title,
        text: fill(text, &vendor),
        return_to,
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
