//! Step `welcome`: the data that will be read, and why. The customer may decline optional features.

use askama::Template;
use axum::response::Response;
use people::Feature;
use people::{FieldGroup, WorkPart};
use serde::Deserialize;
use texts::{Texts, key};
use web::flow_progress::Step;

use super::refusal::Refusal;
use super::visit::{Posted, Visit};
use super::{first_sync, shell};
use crate::pages::{Offer, Welcome};

/// The form: the ticked features.
#[derive(Deserialize)]
pub(crate) struct WelcomeForm {
    #[serde(default)]
    features: Vec<String>,
}

/// The features that the app requested, in order.
fn offered(visit: &Visit) -> impl Iterator<Item = Feature> + '_ {
    let names = &visit.flow.features;
    Feature::ALL.into_iter().filter(|feature| names.iter().any(|name| name == feature.name()))
}

pub(crate) async fn show(visit: Visit) -> Response {
    if let Err(elsewhere) = visit.may_open(Step::Welcome) {
        return elsewhere;
    }
    let t = visit.language;
    let groups = first_sync::groups_before(&visit).await;
    // The employees' offer lists the fields that are read even if every other offer is declined.
    let of_employees = WorkPart::ALL
        .into_iter()
        .fold(groups.without(FieldGroup::CustomFields), |groups, part| groups.leaving_out(part));
    let fields = linking::read_contents(of_employees, visit.language);
    let vendor = [("vendor", (&visit.app.config.vendor.name).into()), ("fields", fields.into())];
    let is_custom_offered = offered(&visit).any(|feature| feature == Feature::CustomFields);
    let unread = if is_custom_offered { groups.with(FieldGroup::CustomFields) } else { groups };
    let never = [("fields", linking::unread_contents(unread, visit.language).into())];
    let relinks = match visit.flow.account_id {
        None => None,
        Some(id) => match visit.app.services.store.account(id).await {
            Ok(account) => {
                account.map(|account| t.fill("flow-welcome-relink", &[("tenant", account.tenant.into())]))
            }
            Err(error) => return visit.refuse(Refusal::failed(&error)),
        },
    };
    let offers: Vec<Offer> = offered(&visit)
        .map(|feature| {
            let title = t.text(&key("flow-welcome-feature-", feature.name()));
            let why = t.fill(&key("flow-welcome-why-", feature.name()), &vendor);
            let is_required = feature == Feature::Employees;
            let is_on = is_required || !visit.progress.declined.contains(&feature);
            Offer { name: feature.name(), title, why, is_required, is_on }
        })
        .collect();
    let shell = shell::at(&visit, Step::Welcome);
    // Declined features may be ticked again, so all offers count.
    let may_write = linking::written(&offered(&visit).collect()).next().is_some();
    let never_key = if is_custom_offered { "flow-welcome-never-but-own" } else { "flow-welcome-never" };
    let page = Welcome {
        t,
        base: &visit.base(),
        shell: &shell,
        title: t.fill("flow-welcome-title", &vendor),
        organization: visit
            .flow
            .organization
            .as_ref()
            .map(|name| t.fill("flow-welcome-for-organization", &[("organization", name.into())])),
        relinks,
        text: t.fill("flow-welcome-text", &vendor),
        data: t.fill(if may_write { "flow-welcome-data-written" } else { "flow-welcome-data" }, &vendor),
        written: visit.written_text(),
        never: t.fill(never_key, &never),
        has_choice: offers.len() > 1,
        offers,
    };
    visit.page(page.render())
}

pub(crate) async fn start(Posted { mut visit, form }: Posted<WelcomeForm>) -> Response {
    if visit.is_finished() {
        return visit.redirect(Step::Sync);
    }
    let is_on = |feature: Feature| {
        feature == Feature::Employees || form.features.iter().any(|name| name == feature.name())
    };
    let mut declined: Vec<Feature> = offered(&visit).filter(|feature| !is_on(*feature)).collect();
    // Absence requests show absences: declining absences declines them too.
    if declined.contains(&Feature::Leaves)
        && offered(&visit).any(|feature| feature == Feature::AbsenceRequests)
        && !declined.contains(&Feature::AbsenceRequests)
    {
        declined.push(Feature::AbsenceRequests);
    }
    let changed = visit
        .change(|progress| {
            if progress.declined != declined {
                progress.declined.clone_from(&declined);
                progress.forget_checks();
            }
            progress.reach(Step::Access);
        })
        .await;
    match changed {
        Ok(()) => visit.redirect(Step::Access),
        Err(refused) => refused,
    }
}
