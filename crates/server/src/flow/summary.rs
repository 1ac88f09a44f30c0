//! `summary`: what the first sync found, and what is missing.

use askama::Template;
use axum::response::Response;
use linking::Permission;
use people::{Feature, Kind};
use store::RecordState;

use super::checks::without;
use super::first_sync;
use super::progress::{Progress, Step};
use super::refusal::Refusal;
use super::shell;
use super::sync_page::account;
use super::visit::{Visit, update};
use crate::pages::{Number, Summary, number, texts};

pub(crate) async fn show(visit: Visit) -> Response {
    let account = match account(&visit).await {
        Ok(account) => account,
        Err(refused) => return refused,
    };
    let t = texts(visit.language);
    let machinery = &visit.app.machinery;
    let features = visit.features();
    let asked = async {
        let counts = machinery.store.count_records(account.no).await?;
        let diagnosis =
            linking::examine_stored(&machinery.store, &account, &features, machinery.today()).await?;
        let mut reach = |progress: &mut Progress| progress.reach(Step::Summary);
        update(&visit.app, &visit.flow, &mut reach).await?;
        Ok::<_, store::Error>((counts, diagnosis))
    };
    let (counts, diagnosis) = match asked.await {
        Ok(asked) => asked,
        Err(error) => return visit.refuse(Refusal::failed(&error)),
    };
    let write = |count: u64| number(visit.language, count);
    let of = |kind: Kind| write(counts.get(&(kind, RecordState::Present)).copied().unwrap_or(0));
    let seen = &diagnosis.people;
    let by_status: Vec<String> =
        [(seen.active, t.summary.active), (seen.future, t.summary.future), (seen.former, t.summary.former)]
            .into_iter()
            .filter_map(|(count, word)| Some(format!("{} {word}", write(count?))))
            .collect();
    let mut numbers = vec![
        Number {
            title: t.summary.people,
            count: of(Kind::Employee),
            detail: Some(by_status.join(", ")).filter(|text| !text.is_empty()),
        },
        Number { title: t.summary.departments, count: of(Kind::Department), detail: None },
        Number { title: t.summary.establishments, count: of(Kind::Establishment), detail: None },
    ];
    if features.contains(Feature::Leaves) {
        numbers.push(Number { title: t.summary.absences, count: of(Kind::Absence), detail: None });
    }
    // What an account linked earlier holds was read with another key: what this one was found to lack counts too.
    let is_relinked = first_sync::is_relinked(&visit.flow, &account);
    let checked = first_sync::diagnosis(&visit.progress).filter(|_| is_relinked);
    let confirmed = &visit.progress.confirmed;
    let missing = Permission::ALL.into_iter().filter_map(|permission| {
        let by_key = checked.and_then(|checked| checked.finding(permission));
        let findings = by_key.into_iter().chain(diagnosis.finding(permission));
        let unsettled = findings.into_iter().find(|finding| !finding.is_settled(confirmed))?;
        Some(without(unsettled, visit.language))
    });
    let shell = shell::at(&visit, Step::Summary);
    let page = Summary { t, base: &visit.base(), shell: &shell, numbers, missing: missing.collect() };
    visit.page(page.render())
}
