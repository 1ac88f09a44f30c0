//! Step `access`: whether this person may create API keys. A person who may not hands the link over.

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use web::flow_progress::Step;

use super::shell;
use super::visit::{Posted, Visit};
use crate::pages::Access;

#[derive(Deserialize)]
pub(crate) struct AccessForm {
    #[serde(default)]
    can: String,
}

pub(crate) async fn show(visit: Visit) -> Response {
    if let Err(elsewhere) = visit.may_open(Step::Access) {
        return elsewhere;
    }
    let shell = shell::at(&visit, Step::Access);
    visit.page(Access { t: visit.language, base: &visit.base(), shell: &shell }.render())
}

pub(crate) async fn answer(Posted { mut visit, form }: Posted<AccessForm>) -> Response {
    if let Err(elsewhere) = visit.may_open(Step::Access) {
        return elsewhere;
    }
    if form.can != "yes" {
        return Redirect::to(&visit.path("hand-over")).into_response();
    }
    match visit.change(|progress| progress.reach(Step::Tenant)).await {
        Ok(()) => visit.redirect(Step::Tenant),
        Err(refused) => refused,
    }
}
