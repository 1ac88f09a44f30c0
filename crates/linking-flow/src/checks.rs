//! Step `checks`: the permissions of the key, one by one, with what to do about missing ones.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use linking::{Diagnosis, Evidence, Finding, FoundField, Likelier, Permission, Probe, ProbeOutcome, Verdict};
use people::Language;
use serde::Deserialize;
use store::RunRequest;
use texts::{Texts, key};
use web::flow_progress::{Checked, Step};

use super::refusal::Refusal;
use super::visit::{Posted, Visit};
use super::{checking, first_sync, shell};
use crate::pages::{CheckFailure, CheckLine, Checks, ChecksBody, ChecksProgress, OwnField, Shell};

#[derive(Deserialize)]
pub(crate) struct EmptyForm {}

#[derive(Deserialize)]
pub(crate) struct ConfirmForm {
    #[serde(default)]
    permission: String,
}

#[derive(Deserialize)]
pub(crate) struct LinkForm {
    #[serde(default)]
    anyway: String,
    /// `yes` if the page showed checkboxes for custom fields.
    #[serde(default)]
    fields_shown: String,
    /// The keys of the ticked custom fields.
    #[serde(default)]
    custom_fields: Vec<String>,
    /// The version of the flow's checks whose result the page showed.
    checked: Option<u64>,
}

pub(crate) async fn show(mut visit: Visit) -> Response {
    if let Err(elsewhere) = visit.may_open(Step::Checks) {
        return elsewhere;
    }
    let (shell, body) = match view(&mut visit).await {
        Ok(seen) => seen,
        Err(refused) => return refused,
    };
    let page = Checks { t: visit.language, base: &visit.base(), shell: &shell, body: &body };
    visit.page(page.render())
}

pub(crate) async fn progress(mut visit: Visit) -> Response {
    if let Err(elsewhere) = visit.may_open(Step::Checks) {
        return elsewhere;
    }
    let (shell, body) = match view(&mut visit).await {
        Ok(seen) => seen,
        Err(refused) => return refused,
    };
    let page = ChecksProgress { t: visit.language, base: &visit.base(), shell: &shell, body: &body };
    visit.page(page.render())
}

pub(crate) async fn restart(Posted { mut visit, .. }: Posted<EmptyForm>) -> Response {
    if let Err(elsewhere) = visit.may_open(Step::Checks) {
        return elsewhere;
    }
    if visit.app.limits.check(visit.flow.id).is_err() {
        return visit.refuse(Refusal::TooOften);
    }
    if let Err(refused) = visit.change(|progress| progress.checked = Checked::Not).await {
        return refused;
    }
    checking::begin(&visit);
    visit.redirect(Step::Checks)
}

pub(crate) async fn confirm(Posted { mut visit, form }: Posted<ConfirmForm>) -> Response {
    if let Err(elsewhere) = visit.may_open(Step::Checks) {
        return elsewhere;
    }
    if let Ok(permission) = form.permission.parse::<Permission>() {
        let confirm = |progress: &mut web::flow_progress::Progress| {
            if !progress.confirmed.contains(&permission) {
                progress.confirmed.push(permission);
            }
        };
        if let Err(refused) = visit.change(confirm).await {
            return refused;
        }
    }
    visit.redirect(Step::Checks)
}

pub(crate) async fn link(Posted { visit, form }: Posted<LinkForm>) -> Response {
    // A task of its own, so that closing the page aborts neither the linking nor the steps after it.
    match tokio::spawn(link_account(visit, form)).await {
        Ok(response) => response,
        Err(error) => {
            tracing::error!(%error, "linking an account broke off");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn link_account(mut visit: Visit, form: LinkForm) -> Response {
    const MAX_ATTEMPTS: usize = 5;
    for _ in 0..MAX_ATTEMPTS {
        if let Err(elsewhere) = visit.may_open(Step::Checks) {
            return elsewhere;
        }
        let Some(diagnosis) = first_sync::diagnosis(&visit.progress) else {
            return visit.redirect(Step::Checks);
        };
        // Another key or tenant was entered on another device: the page did not show what would be linked.
        if form.checked.is_some_and(|version| version != visit.progress.checks_version) {
            return visit.redirect(Step::Checks);
        }
        let is_blocked = diagnosis.required_unsettled(&visit.progress.confirmed).next().is_some();
        let may_go_on = may_go_without(&visit, diagnosis) && form.anyway == "yes";
        if is_blocked && !may_go_on {
            return visit.redirect(Step::Checks);
        }
        let kept_fields = (form.fields_shown == "yes").then_some(&form.custom_fields[..]);
        match first_sync::link(&visit, kept_fields).await {
            Ok(Some(account)) => {
                // If this fails, the scheduler still syncs the account when it is due.
                if let Err(error) = visit.app.services.request_run(&account, RunRequest::Changes).await {
                    tracing::error!(account = %account.id, code = error.code(), %error, "no first sync was asked for");
                }
                return visit.redirect(Step::Sync);
            }
            // Another device or another flow was faster; its result decides.
            Ok(None) => {
                if let Err(refused) = visit.refresh().await {
                    return refused;
                }
            }
            Err(refusal) => return visit.refuse(refusal),
        }
    }
    visit.refuse(Refusal::Conflict)
}

/// The page's state: a running check or its result.
async fn view(visit: &mut Visit) -> Result<(Shell, ChecksBody), Response> {
    let seen = visit.app.running_checks.progress(checking::subject(visit));
    if seen.is_none() && matches!(visit.progress.checked, Checked::Not) {
        // The check may have ended since the flow was read. Its result is stored before it leaves the running
        // ones.
        visit.refresh().await?;
    }
    let visit = &*visit;
    let t = visit.language;
    let mut shell = shell::at(visit, Step::Checks);
    if let Some(seen) = seen {
        shell.refreshes = true;
        let status = match seen.running {
            Some(probe) => t.fill("flow-checks-running", &[("what", title(t, probe).into())]),
            None => format!("{}…", t.text("flow-checks-title")),
        };
        let lines = Probe::wanted(&visit.features())
            .map(|probe| match seen.done.iter().find(|outcome| outcome.probe == probe) {
                Some(outcome) => done(visit, t, outcome),
                None if seen.running == Some(probe) => {
                    plain(t, probe, "running", t.text("flow-checks-verdict-running"))
                }
                None => plain(t, probe, "waiting", t.text("flow-checks-verdict-waiting")),
            })
            .collect();
        return Ok((shell, ChecksBody { status, lines, ..ChecksBody::default() }));
    }
    let body = match &visit.progress.checked {
        Checked::Not => ChecksBody {
            status: t.text("flow-checks-not-begun").to_owned(),
            may_begin: true,
            ..ChecksBody::default()
        },
        Checked::Failed { code } => ChecksBody {
            status: t.text("flow-error-heading").to_owned(),
            failure: Some(failure(t, code)),
            ..ChecksBody::default()
        },
        Checked::Done { diagnosis } => result(visit, t, diagnosis).await,
    };
    Ok((shell, body))
}

/// The custom fields found, each ticked unless the account to relink excludes it.
async fn own_fields(visit: &Visit, diagnosis: &Diagnosis) -> Vec<OwnField> {
    let found = &diagnosis.observations.found_fields;
    if found.is_empty() {
        return Vec::new();
    }
    // If the settings can't be read, all fields are ticked, as for a new account. Only the submitted form
    // decides.
    let excluded = first_sync::settings_before(visit).await.unwrap_or_default().excluded_custom_fields;
    let is_kept = |key: &str| !excluded.iter().any(|excluded| excluded.eq_ignore_ascii_case(key));
    let field = |field: &FoundField| OwnField {
        key: field.key.clone(),
        name: field.name.clone(),
        is_kept: is_kept(&field.key),
    };
    found.iter().map(field).collect()
}

async fn result(visit: &Visit, t: Language, diagnosis: &Diagnosis) -> ChecksBody {
    let language = visit.language;
    let confirmed = &visit.progress.confirmed;
    let in_the_way: Vec<&Finding> = diagnosis.required_unsettled(confirmed).collect();
    let is_missing = in_the_way.iter().any(|finding| finding.verdict == Verdict::Missing);
    let headline = diagnosis.headline(confirmed).text(language);
    let what_to_do = match (in_the_way.is_empty(), is_missing) {
        (true, _) => None,
        (false, true) => Some(t.text("flow-checks-missing")),
        (false, false) => Some(t.text("flow-checks-confirm-needed")),
    };
    let status: Vec<&str> = std::iter::once(headline.as_str()).chain(what_to_do).collect();
    let probes = Probe::wanted(&diagnosis.features).filter(|probe| *probe != Probe::Excess);
    let lines = probes.map(|probe| {
        let finding = probe.permission().and_then(|permission| diagnosis.finding(permission));
        done(visit, t, &ProbeOutcome { probe, finding: finding.cloned(), failed: None })
    });
    let may_skip = may_go_without(visit, diagnosis);
    let consequences =
        in_the_way.iter().filter(|_| may_skip).map(|finding| consequence_line(finding, language));
    ChecksBody {
        status: status.join(" "),
        checks_version: visit.progress.checks_version,
        lines: lines.collect(),
        failure: None,
        notes: diagnosis
            .people
            .text(language)
            .into_iter()
            .chain(diagnosis.narrowed.map(|narrowed| narrowed.text(language)))
            .collect(),
        excess: diagnosis.excess.iter().map(|excess| excess.text(visit.written_text(), language)).collect(),
        own_fields: own_fields(visit, diagnosis).await,
        may_begin: false,
        may_link: in_the_way.is_empty(),
        is_blocked: !in_the_way.is_empty(),
        consequences: consequences.collect(),
    }
}

/// Whether the person may continue without a required permission: if the vendor allows it and people can be
/// read.
fn may_go_without(visit: &Visit, diagnosis: &Diagnosis) -> bool {
    visit.app.config.linking.allow_missing_permissions
        && diagnosis.verdict(Permission::ViewUsers) != Some(Verdict::Missing)
}

/// The consequence of going without a permission, with Lucca's label of its box.
pub(super) fn consequence_line(finding: &Finding, language: Language) -> String {
    format!("{} – {}", finding.permission.label(language).text, finding.consequence_text(language))
}

/// The line of a finished check.
fn done(visit: &Visit, t: Language, outcome: &ProbeOutcome) -> CheckLine {
    let Some(finding) = &outcome.finding else {
        return match outcome.failed {
            None => plain(t, outcome.probe, "done", t.text("flow-checks-verdict-done")),
            Some(_) => plain(t, outcome.probe, "missing", t.text("flow-checks-verdict-missing")),
        };
    };
    let language = visit.language;
    let is_confirmed = visit.progress.confirmed.contains(&finding.permission);
    // Reading people depends on another box, so this one can't be confirmed yet.
    let is_too_early = finding.evidence == Evidence::PeopleRefused;
    let (look, verdict) = match (finding.verdict, finding.likelier) {
        (Verdict::Granted, _) => ("granted", t.text("flow-checks-verdict-granted")),
        (Verdict::Missing, _) => ("missing", t.text("flow-checks-verdict-missing")),
        (Verdict::CannotTell, Some(Likelier::Granted)) => ("done", t.text("flow-checks-verdict-likely-fine")),
        (Verdict::CannotTell, _) if is_too_early => ("waiting", t.text("flow-checks-verdict-not-yet")),
        (Verdict::CannotTell, _) if is_confirmed => ("done", t.text("flow-checks-verdict-done")),
        (Verdict::CannotTell, Some(Likelier::Missing)) => {
            ("unsure", t.text("flow-checks-verdict-likely-missing"))
        }
        (Verdict::CannotTell, None) => ("unsure", t.text("flow-checks-verdict-cannot-tell")),
    };
    // Permissions can be confirmed only once the whole check is finished.
    let is_over = matches!(visit.progress.checked, Checked::Done { .. });
    let may_confirm = is_over
        && finding.verdict == Verdict::CannotTell
        && finding.likelier != Some(Likelier::Granted)
        && !is_too_early
        && !is_confirmed;
    CheckLine {
        look,
        title: title(t, outcome.probe),
        label: Some(finding.permission.label(language).text),
        verdict,
        evidence: Some(finding.evidence_text(language)),
        remedy: finding.remedy_text(language).filter(|_| !is_confirmed && !is_too_early),
        confirm: may_confirm.then(|| finding.permission.name()),
        is_confirmed: is_confirmed && finding.verdict == Verdict::CannotTell && !is_too_early,
    }
}

fn plain(t: Language, probe: Probe, look: &'static str, verdict: &'static str) -> CheckLine {
    CheckLine {
        look,
        title: title(t, probe),
        label: None,
        verdict,
        evidence: None,
        remedy: None,
        confirm: None,
        is_confirmed: false,
    }
}

fn failure(t: Language, code: &str) -> CheckFailure {
    let text = match code {
        "lucca.key_refused" => t.text("flow-checks-failed-key-refused").to_owned(),
        "lucca.unreachable" | "lucca.timeout" | "lucca.unavailable" | "lucca.tls" => {
            t.text("flow-checks-failed-unreachable").to_owned()
        }
        "lucca.not_lucca" | "lucca.malformed" | "lucca.not_found" => {
            t.text("flow-checks-failed-not-lucca").to_owned()
        }
        code => t.fill("flow-checks-failed-other", &[("code", code.into())]),
    };
    CheckFailure { text, about_key: code == "lucca.key_refused" }
}

fn title(t: Language, probe: Probe) -> &'static str {
    t.text(&key("flow-checks-probe-", probe.name()))
}
