//! `POST cancel`: whoever is to link does not want to. The key that they may have given is erased.

use askama::Template;
use axum::response::Response;
use serde::Deserialize;
use store::Actor;

use super::progress::Step;
use super::refusal::Refusal;
use super::shell;
use super::visit::Posted;
use crate::pages::{Refused, texts};

#[derive(Deserialize)]
pub(crate) struct Nothing {}

pub(crate) async fn cancel(Posted { visit, .. }: Posted<Nothing>) -> Response {
    let machinery = &visit.app.machinery;
    match machinery.store.cancel_link_flow(visit.flow.id, Actor::Administrator, machinery.clock.now()).await {
        Err(error) => return visit.refuse(Refusal::failed(&error)),
        // Linked already: unlinking is another matter.
        Ok(false) => return visit.redirect(Step::Sync),
        Ok(true) => {}
    }
    let t = texts(visit.language);
    let mut shell = shell::bare(&visit.app, visit.language);
    shell.step_name = "cancelled";
    shell.opener = visit.flow.allowed_origin.clone().unwrap_or_default();
    let page = Refused {
        t,
        shell: &shell,
        title: t.refused.stopped_title.to_owned(),
        text: t.refused.stopped_text.to_owned(),
        reload: None,
    };
    visit.page(page.render())
}
