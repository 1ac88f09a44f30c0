//! What a person must do about a linked account: the codes of issues, and each in words.

use linking::{Evidence, Finding, Language, Permission, Verdict, grouped, noun};
use people::Kind;
use store::{Issue, LinkedAccount};

/// Lucca refuses the API key.
pub(crate) const KEY_REFUSED: &str = "account.key_refused";
/// Records vanished, and a person has to say whether that is right. Its subject is their kind.
pub(crate) const HELD: &str = "records.held";
/// How the codes of issues about permissions begin.
pub(crate) const PERMISSION: &str = "permission.";
/// A webhook endpoint was disabled; `delivery` opens it. Its subject is the endpoint's id.
const WEBHOOKS_DISABLED: &str = "webhook.endpoint_disabled";

/// Whether a sync says if an issue still holds. Others are for whoever opened them.
pub(crate) fn is_of_a_sync(code: &str) -> bool {
    code == KEY_REFUSED || code == HELD || code.starts_with(PERMISSION)
}

/// An issue in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// What is wrong.
    pub text: Option<String>,
    /// What to do about it.
    pub remedy: Option<String>,
}

/// Says in words what is wrong, and what to do about it.
pub fn tell(account: &LinkedAccount, issue: &Issue, language: Language) -> Told {
    if let Some(finding) = finding(issue) {
        return Told { text: Some(finding.evidence_text(language)), remedy: finding.remedy_text(language) };
    }
    let (text, remedy) = match issue.code.as_str() {
        KEY_REFUSED => key_refused(account, language),
        HELD => held(account, issue, language),
        WEBHOOKS_DISABLED => webhooks_disabled(issue, language),
        _ => return Told::default(),
    };
    Told { text: Some(text), remedy: Some(remedy) }
}

fn key_refused(account: &LinkedAccount, language: Language) -> (String, String) {
    let command = format!("lucca-connector link {}", account.tenant);
    match language {
        Language::English => (
            "Lucca refuses the API key.".to_owned(),
            format!("Make a new key in Lucca and link again: {command}"),
        ),
        Language::French => (
            "Lucca refuse la clé API.".to_owned(),
            format!("Créez une nouvelle clé dans Lucca, puis renouvelez la connexion : {command}"),
        ),
    }
}

fn held(account: &LinkedAccount, issue: &Issue, language: Language) -> (String, String) {
    let count = issue.detail["records"].as_u64().unwrap_or(0);
    // What is no kind may be anything.
    let kind = issue.subject.parse::<Kind>().ok();
    let (one, many) = match (kind, language) {
        (Some(kind), language) => noun(kind, language),
        (None, Language::English) => ("record", "records"),
        (None, Language::French) => ("enregistrement", "enregistrements"),
    };
    let number = grouped(count, language);
    let kind = kind.map_or("KIND", Kind::name);
    let command = format!("lucca-connector accounts release {} --kind {kind}", account.id);
    match language {
        Language::English => {
            let noun = if count == 1 { one } else { many };
            (
                format!("{number} {noun} missing in Lucca, too many to believe it unasked."),
                format!("Look and decide: {command}"),
            )
        }
        Language::French => {
            // French has the singular for 0 as well.
            let (noun, verb) = if count < 2 { (one, "manque") } else { (many, "manquent") };
            (
                format!("{number} {noun} {verb} dans Lucca : trop pour le croire sans vous demander."),
                format!("Examinez et décidez : {command}"),
            )
        }
    }
}

fn webhooks_disabled(issue: &Issue, language: Language) -> (String, String) {
    let is_gone = issue.detail["reason"] == "gone";
    let call = format!("PATCH /v1/webhook-endpoints/{} {{\"enabled\":true}}", issue.subject);
    match language {
        Language::English => {
            let why = if is_gone { "it answered 410 Gone" } else { "it failed for three days" };
            (
                format!("A webhook endpoint is told nothing any more: {why}."),
                format!("Mend the receiver, then enable it again, and it is told what it missed: {call}"),
            )
        }
        Language::French => {
            let why = if is_gone { "il a répondu 410 Gone" } else { "il a échoué pendant trois jours" };
            (
                format!("Un point de terminaison de webhooks ne reçoit plus rien : {why}."),
                format!(
                    "Réparez le récepteur, puis réactivez-le : ce qu’il a manqué lui sera envoyé : {call}"
                ),
            )
        }
    }
}

/// What the doctor found, where the issue is about a permission.
fn finding(issue: &Issue) -> Option<Finding> {
    issue.code.strip_prefix("permission.")?;
    let permission: Permission = issue.detail["permission"].as_str()?.parse().ok()?;
    let evidence: Evidence = serde_json::from_value(issue.detail["evidence"].clone()).ok()?;
    let is_missing = issue.code.starts_with("permission.missing.");
    let verdict = if is_missing { Verdict::Missing } else { Verdict::CannotTell };
    Some(Finding { permission, need: permission.need(), verdict, likelier: None, evidence })
}
