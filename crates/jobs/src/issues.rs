//! The codes of a linked account's issues, and their texts.

use linking::{Evidence, Finding, Narrowed, Permission, Verdict};
use people::Kind;
use people::Language;
use store::{Issue, LinkedAccount};
use texts::{Texts, key};

/// Lucca refuses the API key.
pub(crate) const KEY_REFUSED: &str = "account.key_refused";
/// Lucca has answered 429 for ten minutes or more.
pub(crate) const RATE_LIMITED: &str = "account.rate_limited";
/// Records disappeared, and an operator must confirm the deletion. The subject is the kind.
pub(crate) const HELD: &str = "records.held";
/// Several full reads could not decide whether employees were deleted or hidden.
pub(crate) const UNDECIDED: &str = "people.undecided";
/// The scope of the key's role was narrowed, so employees are hidden.
pub(crate) const SCOPE_NARROWED: &str = "role.scope_narrowed";
/// The key sees a part of the company only: references lead to employees that are not returned.
pub(crate) const SCOPE_PARTIAL: &str = "role.scope_partial";
/// The delivery filter would exclude so many employees that an operator must confirm it.
pub(crate) const AUDIENCE_HELD: &str = "delivery.held";
/// The prefix of issues about permissions.
pub(crate) const PERMISSION: &str = "permission.";
/// The prefix of issues about required permissions that are neither proven nor confirmed.
const UNCONFIRMED: &str = "permission.unconfirmed.";
/// A webhook endpoint was disabled; opened by `delivery`. The subject is the endpoint's id.
const WEBHOOKS_DISABLED: &str = "webhook.endpoint_disabled";

/// The prefix of issues about SCIM services; opened by `delivery`. The subject is the service's id.
const SCIM: &str = "scim.";

/// Whether a sync opens and resolves issues with this code.
pub(crate) fn is_of_a_sync(code: &str) -> bool {
    [KEY_REFUSED, HELD, AUDIENCE_HELD, UNDECIDED, SCOPE_NARROWED].contains(&code) || is_of_a_check(code)
}

/// Whether a check of the key opens and resolves issues with this code.
pub(crate) fn is_of_a_check(code: &str) -> bool {
    code == SCOPE_PARTIAL || code.starts_with(PERMISSION)
}

/// The texts of an issue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IssueTexts {
    /// The problem.
    pub text: Option<String>,
    /// The remedy.
    pub remedy: Option<String>,
}

/// The texts of an issue: the problem and its remedy.
pub fn issue_texts(account: &LinkedAccount, issue: &Issue, language: Language) -> IssueTexts {
    if let Some(finding) = finding(issue) {
        let remedy = finding.remedy_text(language).map(|remedy| {
            if issue.code.starts_with(UNCONFIRMED) {
                format!("{remedy} {}", how_to_confirm(account, finding.permission, language))
            } else {
                remedy
            }
        });
        return IssueTexts { text: Some(finding.evidence_text(language)), remedy };
    }
    let (text, remedy) = match issue.code.as_str() {
        KEY_REFUSED => key_refused(account, language),
        RATE_LIMITED => rate_limited(account, issue, language),
        HELD => held(account, issue, language),
        AUDIENCE_HELD => audience_held(account, issue, language),
        UNDECIDED => undecided(account, issue, language),
        SCOPE_NARROWED => scope_narrowed(account, issue, language),
        SCOPE_PARTIAL => match serde_json::from_value::<Narrowed>(issue.detail.clone()) {
            Ok(narrowed) => (narrowed.evidence_text(language), narrowed.remedy_text(language).to_owned()),
            Err(_) => return IssueTexts::default(),
        },
        WEBHOOKS_DISABLED => webhooks_disabled(issue, language),
        code if code.starts_with(SCIM) => match scim(code, issue, language) {
            Some(told) => told,
            None => return IssueTexts::default(),
        },
        _ => return IssueTexts::default(),
    };
    IssueTexts { text: Some(text), remedy: Some(remedy) }
}

fn how_to_confirm(account: &LinkedAccount, permission: Permission, language: Language) -> String {
    let id = account.id;
    let command = format!(
        "lucca-connector accounts configure {id} --confirm {permission}, lucca-connector check --account {id}"
    );
    language.fill("issue-confirm", &[("command", command.into())])
}

fn key_refused(account: &LinkedAccount, language: Language) -> (String, String) {
    let command = format!("lucca-connector link {}", account.tenant);
    let remedy = language.fill("issue-key-refused-remedy", &[("command", command.into())]);
    (language.text("issue-key-refused").to_owned(), remedy)
}

fn rate_limited(account: &LinkedAccount, issue: &Issue, language: Language) -> (String, String) {
    let minutes = count(issue, "minutes");
    let command = format!("lucca-connector link {} --requests-per-minute N", account.tenant);
    (
        language.fill("issue-rate-limited", &[("minutes", minutes.into())]),
        language.fill("issue-rate-limited-remedy", &[("command", command.into())]),
    )
}

fn held(account: &LinkedAccount, issue: &Issue, language: Language) -> (String, String) {
    let count = count(issue, "records");
    // An unknown kind may come from another version.
    let kind = issue.subject.parse::<Kind>().ok();
    let records = match kind {
        Some(kind) => counted_records(count, kind, language),
        None => language.fill("record-count-unknown", &[("count", count.into())]),
    };
    let kind = kind.map_or("KIND", Kind::name);
    let command = format!("lucca-connector accounts release {} --kind {kind}", account.id);
    (
        language.fill("issue-records-held", &[("records", records.into()), ("count", count.into())]),
        language.fill("issue-records-held-remedy", &[("command", command.into())]),
    )
}

fn audience_held(account: &LinkedAccount, issue: &Issue, language: Language) -> (String, String) {
    let records = counted_records(count(issue, "people"), Kind::Employee, language);
    let command = format!("lucca-connector accounts configure {} --delivery FILE.json", account.id);
    (
        language.fill("issue-delivery-held", &[("records", records.into())]),
        language.fill("issue-delivery-held-remedy", &[("command", command.into())]),
    )
}

fn undecided(account: &LinkedAccount, issue: &Issue, language: Language) -> (String, String) {
    let count = count(issue, "people");
    let reasons = issue.detail["reasons"].as_object().cloned().unwrap_or_default();
    let reasons: Vec<&str> = reasons.keys().map(|reason| undecided_reason(reason, language)).collect();
    let reasons = reasons.join(language.text("issue-people-undecided-separator"));
    let ids: Vec<&str> =
        issue.detail["ids"].as_array().into_iter().flatten().filter_map(serde_json::Value::as_str).collect();
    let more = if count > ids.len() as u64 { ", …" } else { "" };
    let ids = format!("{}{more}", ids.join(", "));
    let command = format!("lucca-connector accounts release {} --kind employees", account.id);
    let values = [("count", count.into()), ("reasons", reasons.into()), ("ids", ids.into())];
    (
        language.fill("issue-people-undecided", &values),
        language.fill("issue-people-undecided-remedy", &[("command", command.into())]),
    )
}

/// The text of an undecided reason, by its stable name.
fn undecided_reason(name: &str, language: Language) -> &'static str {
    language.text(match name {
        "referenced" => "issue-people-undecided-referenced",
        "last_of_establishment" => "issue-people-undecided-last-of-establishment",
        _ => "issue-people-undecided-others-hidden",
    })
}

fn scope_narrowed(account: &LinkedAccount, issue: &Issue, language: Language) -> (String, String) {
    let values = [("people", count(issue, "people").into()), ("of", count(issue, "of").into())];
    let command = format!("lucca-connector sync --full --account {}", account.id);
    (
        language.fill("issue-scope-narrowed", &values),
        language.fill("issue-scope-narrowed-remedy", &[("command", command.into())]),
    )
}

fn webhooks_disabled(issue: &Issue, language: Language) -> (String, String) {
    let is_gone = issue.detail["reason"] == "gone";
    let call = format!("PATCH /v1/webhook-endpoints/{} {{\"enabled\":true}}", issue.subject);
    (
        language.fill("issue-webhooks-disabled", &[("gone", is_gone.into())]),
        language.fill("issue-webhooks-disabled-remedy", &[("call", call.into())]),
    )
}

fn scim(code: &str, issue: &Issue, language: Language) -> Option<(String, String)> {
    let counted = |key: &str, name: &str| language.fill(key, &[("count", count(issue, name).into())]);
    let (text, remedy) = match code {
        "scim.held" => (counted("issue-scim-held", "held"), "issue-scim-held-remedy"),
        "scim.memberships_held" => {
            (counted("issue-scim-memberships-held", "held_memberships"), "issue-scim-memberships-held-remedy")
        }
        "scim.refused" => (language.text("issue-scim-refused").to_owned(), "issue-scim-refused-remedy"),
        "scim.unreachable" => {
            (language.text("issue-scim-unreachable").to_owned(), "issue-scim-unreachable-remedy")
        }
        "scim.records_failed" => {
            (counted("issue-scim-records-failed", "failed"), "issue-scim-records-failed-remedy")
        }
        _ => return None,
    };
    Some((text, language.fill(remedy, &[("id", (&issue.subject).into())])))
}

/// A count in the issue's detail.
fn count(issue: &Issue, name: &str) -> u64 {
    issue.detail[name].as_u64().unwrap_or(0)
}

fn counted_records(count: u64, kind: Kind, language: Language) -> String {
    language.fill(&key("record-count-", kind.name()), &[("count", count.into())])
}

/// The finding of an issue about a permission.
fn finding(issue: &Issue) -> Option<Finding> {
    issue.code.strip_prefix("permission.")?;
    let permission: Permission = issue.detail["permission"].as_str()?.parse().ok()?;
    let evidence: Evidence = serde_json::from_value(issue.detail["evidence"].clone()).ok()?;
    let is_missing = issue.code.starts_with("permission.missing.");
    let verdict = if is_missing { Verdict::Missing } else { Verdict::CannotTell };
    Some(Finding { permission, need: permission.need(), verdict, likelier: None, evidence })
}
