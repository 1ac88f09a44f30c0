//! `POST cancel`: the person declines to link. Erases the API key if one was entered.

use askama::Template;
use axum::response::Response;
use serde::Deserialize;
use store::Actor;
use texts::Texts;
use web::flow_progress::Step;

use super::refusal::Refusal;
use super::visit::Posted;
use crate::pages::{Refused, Shell};

#[derive(Deserialize)]
pub(crate) struct EmptyForm {}

pub(crate) async fn cancel(Posted { visit, .. }: Posted<EmptyForm>) -> Response {
    let services = &visit.app.services;
    match services.store.cancel_link_flow(visit.flow.id, Actor::Administrator, services.clock.now()).await {
        Err(error) => return visit.refuse(Refusal::failed(&error)),
        // The account is linked already; unlinking is a separate operation.
        Ok(false) => return visit.redirect(Step::Sync),
        Ok(true) => {}
    }
    let t = visit.language;
    let mut shell = Shell::bare(&visit.app.config.vendor, visit.app.logo.is_some(), visit.language);
    shell.step_name = "cancelled";
    shell.opener = visit.flow.allowed_origin.clone().unwrap_or_default();
    let page = Refused {
        t,
        shell: &shell,
        title: t.text("flow-refused-stopped-title").to_owned(),
        text: t.text("flow-refused-stopped-text").to_owned(),
        reload: None,
    };
    visit.page(page.render())
}
