//! Step `done`: the end of the flow, and the public token, by which the vendor's server learns which account
//! was linked. Every page after linking issues it, so that a customer may leave at any of them.

use askama::Template;
use axum::response::Response;
use jiff::SignedDuration;
use secrecy::ExposeSecret;
use serde::Deserialize;
use texts::Texts;
use url::Url;
use web::flow_progress::Step;
use web::tokens;

use super::refusal::Refusal;
use super::shell;
use super::visit::{Posted, Visit};
use crate::pages::{Done, Shell};

/// How long a public token can be exchanged after it was last issued.
const TOKEN_LIFETIME: SignedDuration = SignedDuration::from_mins(30);

#[derive(Deserialize)]
pub(crate) struct EmptyForm {}

/// A page of a finished flow. Its shell notifies the embedding page that the account is linked.
pub(crate) struct Finished {
    pub(crate) shell: Shell,
    /// The vendor's return address; with the public token, unless it was exchanged already.
    pub(crate) return_to: Option<String>,
}

/// Issues the public token, for both ways of integration: the widget reads it from the page, other vendors
/// get it in the return address.
pub(crate) async fn finished(visit: &Visit, step: Step) -> Result<Finished, Response> {
    let services = &visit.app.services;
    let token = tokens::public_token(&services.vault, visit.flow.id);
    let expires_at = services.clock.now() + TOKEN_LIFETIME;
    let issued = services.store.issue_public_token(visit.flow.id, &token, expires_at).await;
    // A token that was exchanged is not issued again.
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

/// Redirects requests for the end of the flow by its address, since only a form leads there.
pub(crate) async fn show(visit: Visit) -> Response {
    visit.redirect(visit.progress.furthest.min(Step::Summary))
}

/// Shows the link of a finished flow that is opened again.
pub(crate) async fn show_already(visit: Visit) -> Response {
    let t = visit.language;
    page(&visit, t.text("flow-done-already-title"), "flow-done-already").await
}

pub(crate) async fn finish(Posted { mut visit, .. }: Posted<EmptyForm>) -> Response {
    if let Err(refused) = visit.linked_account().await {
        return refused;
    }
    if let Err(refused) = visit.change(|progress| progress.reach(Step::Done)).await {
        return refused;
    }
    let t = visit.language;
    page(&visit, t.text("flow-done-title"), "flow-done-text").await
}

async fn page(visit: &Visit, title: &'static str, text_key: &str) -> Response {
    let Finished { shell, return_to } = match finished(visit, Step::Done).await {
        Ok(finished) => finished,
        Err(refused) => return refused,
    };
    let t = visit.language;
    let vendor = [("vendor", (&visit.app.config.vendor.name).into())];
    let page = Done {
        t,
        shell: &shell,
        title,
        text: t.fill(text_key, &vendor),
        return_to,
        return_text: t.fill("flow-done-return-to", &vendor),
        revoke: t.fill("flow-done-revoke", &vendor),
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
