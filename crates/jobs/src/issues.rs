//! The codes of a linked account's issues, and their texts.

use linking::{Evidence, Finding, Narrowed, Permission, Verdict, grouped, noun};
use people::Kind;
use people::Language;
use store::{Issue, LinkedAccount};

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
    match language {
        Language::English => format!("To confirm it: {command}; or link again."),
        Language::French => {
            format!("Pour le confirmer\u{202f}: {command}\u{202f}; ou renouvelez la connexion.")
        }
    }
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

fn rate_limited(account: &LinkedAccount, issue: &Issue, language: Language) -> (String, String) {
    let minutes = grouped(issue.detail["minutes"].as_u64().unwrap_or(0), language);
    let command = format!("lucca-connector link {} --requests-per-minute N", account.tenant);
    match language {
        Language::English => (
            format!(
                "For {minutes} minutes Lucca has refused requests because this tenant's integrations together send \
                 more than 50 a minute. Ours wait and are repeated."
            ),
            format!(
                "Find the customer's other integration that sends so many, and slow it down; or give ours a smaller \
                 share, below 40: {command}"
            ),
        ),
        Language::French => (
            format!(
                "Depuis {minutes} minutes, Lucca refuse des requêtes, car les intégrations de cette instance en \
                 envoient ensemble plus de 50 par minute. Les nôtres attendent et sont renouvelées."
            ),
            format!(
                "Trouvez l’autre intégration qui en envoie autant et ralentissez-la, ou donnez à la nôtre une part \
                 plus petite, sous 40\u{202f}: {command}"
            ),
        ),
    }
}

fn held(account: &LinkedAccount, issue: &Issue, language: Language) -> (String, String) {
    let count = issue.detail["records"].as_u64().unwrap_or(0);
    // An unknown kind may come from another version.
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
                format!("Look and decide: {command}. A narrowed role of the API key looks the same."),
            )
        }
        Language::French => {
            // French uses the singular for 0, too.
            let (noun, verb) = if count < 2 { (one, "manque") } else { (many, "manquent") };
            (
                format!("{number} {noun} {verb} dans Lucca : trop pour le croire sans vous demander."),
                format!("Examinez et décidez : {command}"),
            )
        }
    }
}

fn audience_held(account: &LinkedAccount, issue: &Issue, language: Language) -> (String, String) {
    let count = issue.detail["people"].as_u64().unwrap_or(0);
    let number = grouped(count, language);
    let (one, many) = noun(Kind::Employee, language);
    let command = format!("lucca-connector accounts configure {} --delivery FILE.json", account.id);
    match language {
        Language::English => {
            let noun = if count == 1 { one } else { many };
            (
                format!(
                    "The filter would no longer deliver {number} {noun}, too many to believe it unasked."
                ),
                format!(
                    "See whether what it names is still in Lucca, and give it again or change it: {command}"
                ),
            )
        }
        Language::French => {
            let noun = if count < 2 { one } else { many };
            (
                format!(
                    "Le filtre ne transmettrait plus {number} {noun}\u{a0}: trop pour le croire sans vous demander."
                ),
                format!(
                    "Vérifiez que ce qu’il nomme existe toujours dans Lucca, puis redonnez-le ou modifiez-le\u{a0}: {command}"
                ),
            )
        }
    }
}

fn undecided(account: &LinkedAccount, issue: &Issue, language: Language) -> (String, String) {
    let count = issue.detail["people"].as_u64().unwrap_or(0);
    let number = grouped(count, language);
    let reasons = issue.detail["reasons"].as_object().cloned().unwrap_or_default();
    let reasons: Vec<&str> = reasons.keys().map(|reason| undecided_reason(reason, language)).collect();
    let ids: Vec<&str> =
        issue.detail["ids"].as_array().into_iter().flatten().filter_map(serde_json::Value::as_str).collect();
    let more = if count > ids.len() as u64 { ", …" } else { "" };
    let ids = format!("{}{more}", ids.join(", "));
    let command = format!("lucca-connector accounts release {} --kind employees", account.id);
    match language {
        Language::English => {
            let people = if count == 1 { "person is" } else { "people are" };
            (
                format!(
                    "{number} {people} no longer shown by Lucca, and it is not known whether they were deleted ({}). \
                     Lucca ids: {ids}.",
                    reasons.join("; ")
                ),
                format!(
                    "Look them up in Lucca. If they were deleted, let them go with {command} --approve; if they are there, \
                     widen the scope of the API key's role, or keep them as they are with --reject."
                ),
            )
        }
        Language::French => {
            let (people, them) = if count < 2 {
                ("personne n’est plus affichée", "si elle a été supprimée")
            } else {
                ("personnes ne sont plus affichées", "si elles ont été supprimées")
            };
            (
                format!(
                    "{number} {people} par Lucca, et rien n’indique {them} ({}). Identifiants Lucca\u{202f}: {ids}.",
                    reasons.join("\u{202f}; ")
                ),
                format!(
                    "Recherchez ces personnes dans Lucca. Supprimées\u{202f}: confirmez avec {command} --approve. Toujours \
                     présentes\u{202f}: élargissez le périmètre du rôle de la clé API, ou conservez-les avec --reject."
                ),
            )
        }
    }
}

/// The text of an undecided reason, by its stable name.
fn undecided_reason(name: &str, language: Language) -> &'static str {
    match (name, language) {
        ("referenced", Language::English) => "others still name them as manager or head of a department",
        ("referenced", Language::French) => {
            "d’autres les désignent encore comme manager ou responsable d’un département"
        }
        ("last_of_establishment", Language::English) => "no other person of their establishment is shown",
        ("last_of_establishment", Language::French) => {
            "plus aucune autre personne de leur établissement n’est affichée"
        }
        (_, Language::English) => "the key lost sight of others in the same read",
        (_, Language::French) => "la clé a perdu de vue d’autres personnes lors de la même lecture",
    }
}

fn scope_narrowed(account: &LinkedAccount, issue: &Issue, language: Language) -> (String, String) {
    let count = |name: &str| issue.detail[name].as_u64().unwrap_or(0);
    let (people, of) = (grouped(count("people"), language), grouped(count("of"), language));
    let command = format!("lucca-connector sync --full --account {}", account.id);
    match language {
        Language::English => (
            format!(
                "{people} of {of} people are no longer shown, with all of their establishments: the scope of the API \
                 key's role was probably narrowed. They are hidden, not deleted."
            ),
            format!(
                "In Lucca, open the role that carries the API key's name and widen its scope to the establishments that \
                 the connector is to read; then read everything again: {command}. If the narrowing is meant, nothing is to \
                 be done: the people stay hidden."
            ),
        ),
        Language::French => (
            format!(
                "{people} personnes sur {of} ne sont plus affichées, avec l’ensemble de leurs établissements\u{202f}: le \
                 périmètre du rôle de la clé API a probablement été restreint. Elles sont masquées, non supprimées."
            ),
            format!(
                "Dans Lucca, ouvrez le rôle qui porte le nom de la clé API et élargissez son périmètre aux établissements \
                 que le connecteur doit lire, puis relancez une lecture complète\u{202f}: {command}. Si cette restriction \
                 est voulue, il n’y a rien à faire\u{202f}: ces personnes restent masquées."
            ),
        ),
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

fn scim(code: &str, issue: &Issue, language: Language) -> Option<(String, String)> {
    let id = &issue.subject;
    let count = |name: &str| grouped(issue.detail[name].as_u64().unwrap_or(0), language);
    let (english, french) = match code {
        "scim.held" => {
            let held = count("held");
            (
                (
                    format!(
                        "{held} users of a SCIM service would be deactivated, too many to do it unasked."
                    ),
                    format!("Look and decide: lucca-connector scim push {id} --dry-run, then --confirm"),
                ),
                (
                    format!(
                        "{held} utilisateurs d’un service SCIM seraient désactivés : trop pour le faire sans vous demander."
                    ),
                    format!("Examinez et décidez : lucca-connector scim push {id} --dry-run, puis --confirm"),
                ),
            )
        }
        "scim.refused" => (
            (
                "A SCIM service refuses its bearer token.".to_owned(),
                format!(
                    "Make a new token there and give it: lucca-connector scim set {id} --token-file FILE"
                ),
            ),
            (
                "Un service SCIM refuse son jeton.".to_owned(),
                format!(
                    "Créez-y un nouveau jeton, puis donnez-le : lucca-connector scim set {id} --token-file FICHIER"
                ),
            ),
        ),
        "scim.unreachable" => (
            (
                "A SCIM service does not answer as one; it is tried again.".to_owned(),
                format!("Check its address: lucca-connector scim show {id}"),
            ),
            (
                "Un service SCIM ne répond pas comme tel ; un nouvel essai aura lieu.".to_owned(),
                format!("Vérifiez son adresse : lucca-connector scim show {id}"),
            ),
        ),
        "scim.records_failed" => {
            let failed = count("failed");
            (
                (
                    format!("{failed} users or groups could not be provisioned to a SCIM service."),
                    format!("See which, and why: lucca-connector scim push {id}"),
                ),
                (
                    format!("{failed} utilisateurs ou groupes n’ont pas pu être transmis à un service SCIM."),
                    format!("Voyez lesquels, et pourquoi : lucca-connector scim push {id}"),
                ),
            )
        }
        _ => return None,
    };
    Some(match language {
        Language::English => english,
        Language::French => french,
    })
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
