//! Page `hand-over`: creates a link for a colleague who may create API keys.

use askama::Template;
use axum::response::Response;
use jiff::SignedDuration;
use secrecy::ExposeSecret;
use serde::Deserialize;
use store::TokenKind;
use texts::Texts;
use url::form_urlencoded::byte_serialize;
use web::config::LONGEST_LINK_DAYS;
use web::flow_progress::Step;
use web::tokens;

use super::refusal::Refusal;
use super::shell;
use super::visit::{Posted, Visit};
use crate::pages::{HandOver, HandedOverLink};

#[derive(Deserialize)]
pub(crate) struct EmptyForm {}

pub(crate) async fn show(visit: Visit) -> Response {
    page(&visit, None)
}

fn page(visit: &Visit, made: Option<HandedOverLink>) -> Response {
    if visit.is_finished() {
        return visit.redirect(Step::Sync);
    }
    let mut shell = shell::at(visit, visit.progress.furthest.min(Step::EnterKey));
    shell.back = Some(visit.path(visit.progress.furthest.min(Step::EnterKey).name()));
    shell.may_hand_over = false;
    visit.page(HandOver { t: visit.language, base: &visit.base(), shell: &shell, made }.render())
}

pub(crate) async fn make(Posted { mut visit, .. }: Posted<EmptyForm>) -> Response {
    if visit.is_finished() {
        return visit.redirect(Step::Sync);
    }
    if visit.app.limits.check(visit.flow.id).is_err() {
        return visit.refuse(Refusal::TooOften);
    }
    let app = visit.app.clone();
    let services = &app.services;
    let now = services.clock.now();
    let days = i64::from(app.config.linking.hand_over_days);
    // The recipient of a link may hand it over too, but the flow ends at the latest date that its first link
    // could have had.
    let ends_at = visit.flow.created_at + SignedDuration::from_hours(24 * i64::from(LONGEST_LINK_DAYS));
    let expires_at = (now + SignedDuration::from_hours(24 * days)).min(ends_at);
    if expires_at <= now {
        return visit.refuse(Refusal::Expired);
    }
    let Ok(token) = tokens::new_link_token(&services.entropy) else { return visit.refuse(Refusal::Failed) };
    let added =
        services.store.add_link_token(visit.flow.id, &token, TokenKind::HandedOver, expires_at, now).await;
    match added {
        Ok(true) => {}
        Ok(false) => return visit.refuse(Refusal::Conflict),
        Err(error) => return visit.refuse(Refusal::failed(&error)),
    }
    if let Err(refused) = visit.change(|progress| progress.handed_over = true).await {
        return refused;
    }
    let t = visit.language;
    let vendor = app.config.vendor.name.as_str();
    let url = format!("{}/link/{}", app.public_url, token.expose_secret());
    // Mail programs expect %20 where forms use a plus.
    let escape = |text: String| byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
    let subject = escape(t.fill("flow-hand-over-subject", &[("vendor", vendor.into())]));
    let values = [("vendor", vendor.into()), ("url", (&url).into()), ("until", expires_at.into())];
    let body = escape(t.fill("flow-hand-over-body", &values).replace('\n', "\r\n"));
    let made = HandedOverLink {
        mailto: format!("mailto:?subject={subject}&body={body}"),
        until: t.fill("flow-hand-over-until", &[("until", expires_at.into())]),
        url,
    };
    page(&visit, Some(made))
}
