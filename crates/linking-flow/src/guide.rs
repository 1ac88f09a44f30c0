//! Steps `key` and `role`: instructions for creating the key and its role in Lucca, for the chosen features.

use askama::Template;
use axum::response::Response;
use linking::{LuccaForm, Need, Permission};
use serde::Deserialize;
use texts::Texts;
use web::flow_progress::Step;

use super::shell;
use super::visit::{Posted, Visit};
use crate::pages::{KeyPage, RolePage, TickBox};

#[derive(Deserialize)]
pub(crate) struct EmptyForm {}

/// The name for the key: the vendor's name, so that it is recognised in Lucca's list of keys.
pub(crate) fn key_name(visit: &Visit) -> String {
    visit.app.config.vendor.name.clone()
}

fn boxes(visit: &Visit, place: LuccaForm) -> Vec<TickBox> {
    Permission::wanted(&visit.features())
        .filter(|permission| permission.place() == place)
        .map(|permission| {
            let label = permission.label(visit.language);
            let is_required = permission.need() == Need::Required;
            TickBox { label: label.text, also: label.also, is_translated: label.is_verified, is_required }
        })
        .collect()
}

pub(crate) async fn show_key(visit: Visit) -> Response {
    if let Err(elsewhere) = visit.may_open(Step::Key) {
        return elsewhere;
    }
    let t = visit.language;
    let shell = shell::at(&visit, Step::Key);
    let boxes = boxes(&visit, LuccaForm::KeyForm);
    let page = KeyPage {
        t,
        base: &visit.base(),
        shell: &shell,
        tenant: visit.tenant(),
        key_name: key_name(&visit),
        publisher: visit.app.config.vendor.name.clone(),
        contact: visit.flow.email.clone(),
        write: std::iter::once(t.text("flow-key-write"))
            .chain(visit.written_text())
            .collect::<Vec<_>>()
            .join(" "),
        form_height: 94 + 28 * boxes.len(),
        boxes,
    };
    visit.page(page.render())
}

pub(crate) async fn key_made(Posted { mut visit, .. }: Posted<EmptyForm>) -> Response {
    advance(&mut visit, Step::Key, Step::Role).await
}

pub(crate) async fn show_role(visit: Visit) -> Response {
    if let Err(elsewhere) = visit.may_open(Step::Role) {
        return elsewhere;
    }
    let shell = shell::at(&visit, Step::Role);
    let boxes = boxes(&visit, LuccaForm::RoleCoworkers);
    let page = RolePage {
        t: visit.language,
        base: &visit.base(),
        shell: &shell,
        // unverified: that this path opens the roles in every tenant (source: directory.md §4.1, one
        // document).
        roles: format!("{}/organization/structure/roles", visit.tenant()),
        key_name: key_name(&visit),
        role_height: 144 + 28 * boxes.len(),
        boxes,
    };
    visit.page(page.render())
}

pub(crate) async fn role_saved(Posted { mut visit, .. }: Posted<EmptyForm>) -> Response {
    advance(&mut visit, Step::Role, Step::EnterKey).await
}

async fn advance(visit: &mut Visit, from: Step, to: Step) -> Response {
    if let Err(elsewhere) = visit.may_open(from) {
        return elsewhere;
    }
    match visit.change(|progress| progress.reach(to)).await {
        Ok(()) => visit.redirect(to),
        Err(refused) => refused,
    }
}
