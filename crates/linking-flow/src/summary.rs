//! Step `summary`: the result of the first sync, and the missing permissions.

use askama::Template;
use axum::response::Response;
use linking::DiagnosisSummary;
use people::{Feature, Kind};
use store::RecordState;
use texts::Texts;
use web::flow_progress::{Progress, Step};

use super::checks::consequence_line;
use super::done::finished;
use super::refusal::Refusal;
use super::visit::{Visit, update};
use crate::pages::{Number, Summary};

pub(crate) async fn show(visit: Visit) -> Response {
    let account = match visit.linked_account().await {
        Ok(account) => account,
        Err(refused) => return refused,
    };
    let t = visit.language;
    let services = &visit.app.services;
    let features = visit.features();
    let asked = async {
        let counts = services.store.count_records(account.no).await?;
        // Half-days, since the checks and the sync count absences in these.
        let half_days = services.store.count_half_days(account.no).await?;
        let kept = services.store.diagnosis(account.no).await?;
        let seen = linking::examine_stored(&services.store, &account, &features, services.today()).await?;
        let mut reach = |progress: &mut Progress| progress.reach(Step::Summary);
        update(&visit.app, &visit.flow, &mut reach).await?;
        // The same diagnosis as in the API and the issues; if it can't be read, a new one.
        let diagnosis = kept.and_then(|kept| serde_json::from_str::<DiagnosisSummary>(&kept.summary).ok());
        let diagnosis =
            diagnosis.unwrap_or_else(|| DiagnosisSummary::new(None, &seen, &visit.progress.confirmed));
        Ok::<_, store::Error>((counts, half_days, seen.people, diagnosis))
    };
    let (counts, half_days, seen, diagnosis) = match asked.await {
        Ok(asked) => asked,
        Err(error) => return visit.refuse(Refusal::failed(&error)),
    };
    let write = |count: u64| visit.language.number(count);
    let of = |kind: Kind| write(counts.get(&(kind, RecordState::Present)).copied().unwrap_or(0));
    let headline = diagnosis.headline.text(visit.language);
    let by_status: Vec<String> = [
        (seen.active, "flow-summary-active"),
        (seen.future, "flow-summary-future"),
        (seen.former, "flow-summary-former"),
    ]
    .into_iter()
    .filter_map(|(count, key)| Some(t.fill(key, &[("count", count?.into())])))
    .collect();
    let mut numbers = vec![
        Number {
            title: t.text("flow-summary-people"),
            count: of(Kind::Employee),
            detail: Some(t.list(&by_status)).filter(|text| !text.is_empty()),
        },
        Number { title: t.text("flow-summary-departments"), count: of(Kind::Department), detail: None },
        Number { title: t.text("flow-summary-establishments"), count: of(Kind::Establishment), detail: None },
    ];
    if features.contains(Feature::Leaves) {
        numbers.push(Number {
            title: t.text("flow-summary-absences"),
            count: write(half_days),
            detail: None,
        });
    }
    let missing = diagnosis.findings.iter().filter(|kept| !kept.is_settled);
    let missing = missing.map(|kept| consequence_line(&kept.finding, visit.language));
    let shell = match finished(&visit, Step::Summary).await {
        Ok(finished) => finished.shell,
        Err(refused) => return refused,
    };
    let page =
        Summary { t, base: &visit.base(), shell: &shell, numbers, headline, missing: missing.collect() };
    visit.page(page.render())
}
