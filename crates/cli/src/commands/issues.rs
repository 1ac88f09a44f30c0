//! `issues list`: what a person must do about linked accounts, and how.

use std::collections::HashMap;
use std::process::ExitCode;

use linking::{Evidence, Finding, Language, Permission, Verdict};
use people::Kind;
use serde_json::{Value, json};
use store::{Issue, IssueFilter, LinkedAccount};

use crate::Global;
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::output::{clean, counted, grouped, line};
use crate::report_view::noun;
use crate::session;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List what a person must do, oldest first
    List(ListArgs),
}

#[derive(Debug, Default, clap::Args)]
struct ListArgs {
    /// Only of this linked account, by id or tenant
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// Show those that are resolved too
    #[arg(long)]
    all: bool,
    /// The language of what is to be done, and of Lucca's labels in it: en or fr
    #[arg(long, default_value_t)]
    language: Language,
}

pub(crate) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    match &args.action {
        None => list(global, &ListArgs::default()).await,
        Some(Action::List(args)) => list(global, args).await,
    }
}

async fn list(global: &Global, args: &ListArgs) -> Result<ExitCode, Failure> {
    let data = DataDir::open(global).await?;
    let only = match &args.account {
        Some(wanted) => Some(session::account(&data, Some(wanted)).await?.no),
        None => None,
    };
    let filter = if args.all { IssueFilter::All } else { IssueFilter::Open };
    let issues = data.store.issues(only, filter).await?;
    let accounts: HashMap<i64, LinkedAccount> =
        data.store.accounts().await?.into_iter().map(|account| (account.no, account)).collect();
    // An issue goes with its account.
    let issues = issues.iter().filter_map(|issue| Some((accounts.get(&issue.account_no)?, issue)));
    if global.json {
        let told = issues.map(|(account, issue)| to_json(account, issue, args.language));
        crate::output::json(&told.collect::<Vec<_>>());
        return Ok(ExitCode::SUCCESS);
    }
    let mut is_empty = true;
    for (account, issue) in issues {
        is_empty = false;
        show(account, issue, args.language);
    }
    if is_empty {
        line(if args.all { "There was never anything to be done." } else { "Nothing is to be done." });
    }
    Ok(ExitCode::SUCCESS)
}

fn to_json(account: &LinkedAccount, issue: &Issue, language: Language) -> Value {
    let Told { what, remedy } = tell(account, issue, language);
    json!({
        "id": issue.id,
        "account_id": account.id,
        "tenant": account.tenant,
        "code": issue.code,
        "subject": issue.subject,
        "detail": issue.detail,
        "text": what,
        "remedy": remedy,
        "opened_at": issue.opened_at,
        "updated_at": issue.updated_at,
        "resolved_at": issue.resolved_at,
    })
}

fn show(account: &LinkedAccount, issue: &Issue, language: Language) {
    let Told { what, remedy } = tell(account, issue, language);
    let until = issue.resolved_at.map_or_else(String::new, |at| format!(", resolved {at:.0}"));
    let code = clean(&issue.code);
    line(&format!("{} ({}): {code}, since {:.0}{until}", account.tenant, account.id, issue.opened_at));
    for text in [what, remedy].into_iter().flatten().filter(|_| issue.resolved_at.is_none()) {
        line(&format!("    {text}"));
    }
}

/// An issue in words.
#[derive(Default)]
struct Told {
    what: Option<String>,
    remedy: Option<String>,
}

fn tell(account: &LinkedAccount, issue: &Issue, language: Language) -> Told {
    if let Some(finding) = finding(issue) {
        return Told { what: Some(finding.evidence_text(language)), remedy: finding.remedy_text(language) };
    }
    match issue.code.as_str() {
        "account.key_refused" => key_refused(account, language),
        "records.held" => held(account, issue, language),
        _ => Told::default(),
    }
}

fn key_refused(account: &LinkedAccount, language: Language) -> Told {
    let command = format!("lucca-connector link {}", account.tenant);
    let (what, remedy) = match language {
        Language::English => {
            ("Lucca refuses the API key.", format!("Make a new key in Lucca and link again: {command}"))
        }
        Language::French => (
            "Lucca refuse la clé API.",
            format!("Créez une nouvelle clé dans Lucca, puis renouvelez la connexion : {command}"),
        ),
    };
    Told { what: Some(what.to_owned()), remedy: Some(remedy) }
}

fn held(account: &LinkedAccount, issue: &Issue, language: Language) -> Told {
    let kind = issue.subject.parse::<Kind>().ok();
    let count = issue.detail["records"].as_u64().unwrap_or(0);
    let command = format!("lucca-connector accounts release {} --kind {}", account.id, clean(&issue.subject));
    let (what, remedy) = match language {
        Language::English => {
            let what = counted(count, kind.map_or("record", noun));
            (
                format!("{what} missing in Lucca, too many to believe it unasked."),
                format!("Look and decide: {command}"),
            )
        }
        Language::French => {
            let (one, many) = kind.map_or(("enregistrement", "enregistrements"), french);
            // French has the singular for 0 as well.
            let (noun, verb) = if count < 2 { (one, "manque") } else { (many, "manquent") };
            let number = grouped(count).replace(',', "\u{202f}");
            (
                format!("{number} {noun} {verb} dans Lucca : trop pour le croire sans vous demander."),
                format!("Examinez et décidez : {command}"),
            )
        }
    };
    Told { what: Some(what), remedy: Some(remedy) }
}

/// One record of a kind, and several, in French.
fn french(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::LegalUnit => ("unité légale", "unités légales"),
        Kind::Establishment => ("établissement", "établissements"),
        Kind::Department => ("département", "départements"),
        Kind::OccupationCategory => ("catégorie socioprofessionnelle", "catégories socioprofessionnelles"),
        Kind::JobQualification => ("qualification", "qualifications"),
        Kind::LeaveType => ("type d’absence", "types d’absence"),
        Kind::CustomFieldDefinition => ("champ personnalisé", "champs personnalisés"),
        Kind::Employment => ("contrat", "contrats"),
        Kind::Employee => ("collaborateur", "collaborateurs"),
        Kind::WorkingDay => ("jour travaillé", "jours travaillés"),
        Kind::UserLogEntry => ("entrée du journal", "entrées du journal"),
        Kind::Absence => ("absence", "absences"),
        Kind::AbsenceRequest => ("demande d’absence", "demandes d’absence"),
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
