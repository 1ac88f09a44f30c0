//! `issues list`: the open issues of linked accounts, and how to resolve them.

use crate::output::extended;
use std::collections::HashMap;
use std::process::ExitCode;

use jobs::IssueTexts;
use people::Language;
use serde_json::{Value, json};
use store::{Issue, IssueFilter, LinkedAccount};

use crate::Global;
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::output::{clean, line};
use crate::session;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List open issues, oldest first
    List(ListArgs),
}

#[derive(Debug, Default, clap::Args)]
struct ListArgs {
    /// Only this linked account, by id or tenant
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// Also list resolved issues
    #[arg(long)]
    all: bool,
    /// Language of the issues, and of Lucca's labels in them, such as en or fr
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
    // An issue without its account is skipped.
    let issues = issues.iter().filter_map(|issue| Some((accounts.get(&issue.account_no)?, issue)));
    if global.json {
        let entries = issues.map(|(account, issue)| to_json(account, issue, args.language));
        crate::output::json(&entries.collect::<Vec<_>>());
        return Ok(ExitCode::SUCCESS);
    }
    let mut is_empty = true;
    for (account, issue) in issues {
        is_empty = false;
        show(account, issue, args.language);
    }
    if is_empty {
        line(if args.all { "No issues." } else { "No open issues." });
    }
    Ok(ExitCode::SUCCESS)
}

fn to_json(account: &LinkedAccount, issue: &Issue, language: Language) -> Value {
    let resource = api_types::Issue::of(account, issue.clone(), language);
    extended(resource, json!({ "tenant": account.tenant }))
}

fn show(account: &LinkedAccount, issue: &Issue, language: Language) {
    let IssueTexts { text, remedy } = jobs::issue_texts(account, issue, language);
    let until = issue.resolved_at.map_or_else(String::new, |at| format!(", resolved {at:.0}"));
    let code = clean(&issue.code);
    line(&format!("{} ({}): {code}, open since {:.0}{until}", account.tenant, account.id, issue.opened_at));
    for text in [text, remedy].into_iter().flatten().filter(|_| issue.resolved_at.is_none()) {
        line(&format!("    {text}"));
    }
}
