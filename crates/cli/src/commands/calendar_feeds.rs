//! `calendar-feeds`: feeds of a team's absences that calendars subscribe to. `serve` serves them.

use crate::output::extended;
use std::process::ExitCode;

use delivery::calendar::{DAYS_AHEAD, secret};
use people::Language;
use people::RemoteId;
use secrecy::ExposeSecret;
use serde_json::json;
use store::{AccountStatus, Actor, CalendarFeed, CalendarFeedId, LinkedAccount, Team};

use crate::Global;
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::output::{clean, counted, line, stderr_line, table};
use crate::people_view::stored_id;
use crate::session;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Add a feed and print its address, which is shown only once
    Add(Box<Add>),
    /// List a linked account's feeds, without their addresses
    List(AccountOption),
    /// Remove a feed: its address stops working
    Remove(Remove),
}

#[derive(Debug, clap::Args)]
struct AccountOption {
    /// The linked account, by id or tenant [default: the only one]
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Add {
    /// The feed's name, which calendars display
    #[arg(value_parser = name)]
    name: String,
    #[command(flatten)]
    team: Members,
    /// Show the leave type of each absence, such as sick leave
    #[arg(long)]
    show_type: bool,
    /// Also show absences that are not approved yet
    #[arg(long)]
    with_pending: bool,
    /// The language of the feed, such as en or fr
    #[arg(long, default_value_t)]
    language: Language,
    /// How many days ahead the feed covers
    #[arg(long, value_name = "DAYS", default_value_t = DAYS_AHEAD.0,
          value_parser = clap::value_parser!(u16).range(1..=i64::from(DAYS_AHEAD.1)))]
    days_ahead: u16,
    #[command(flatten)]
    which: AccountOption,
}

/// The employees of a feed.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Members {
    /// The employees of a department, by its Lucca id, and of all departments below it
    #[arg(long, value_name = "ID")]
    department: Option<String>,
    /// The direct reports of a manager: id:9, number:009, email:…, or a value that matches one employee only
    #[arg(long, value_name = "PERSON")]
    manager: Option<String>,
    /// These employees: id:9, number:009, email:…, or values that match one employee only
    #[arg(long, value_name = "PERSON,…", value_delimiter = ',')]
    employees: Vec<String>,
}

#[derive(Debug, clap::Args)]
struct Remove {
    /// The feed's id (feed_…)
    id: String,
    #[command(flatten)]
    which: AccountOption,
}

pub(crate) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    let data = DataDir::open(global).await?;
    let which = match &args.action {
        Action::Add(add) => &add.which,
        Action::List(which) => which,
        Action::Remove(remove) => &remove.which,
    };
    let account = session::account(&data, which.account.as_deref()).await?;
    match &args.action {
        Action::Add(args) => add(global, &data, &account, args).await,
        Action::List(_) => list(global, &data, &account).await,
        Action::Remove(args) => remove(global, &data, &account, &args.id).await,
    }
}

fn name(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > 200 || text.chars().any(char::is_control) {
        return Err("the name must have 1 to 200 characters, on one line".to_owned());
    }
    Ok(text.to_owned())
}

async fn add(
    global: &Global,
    data: &DataDir,
    account: &LinkedAccount,
    args: &Add,
) -> Result<ExitCode, Failure> {
    if account.status == AccountStatus::Unlinked {
        return Err(store::Error::Unlinked.into());
    }
    let id = |text: &String| RemoteId::from(text.trim());
    let team = match &args.team {
        Members { department: Some(department), .. } => Team::Department(id(department)),
        Members { manager: Some(manager), .. } => {
            Team::Manager(stored_id(&data.store, account, manager).await?)
        }
        Members { employees, .. } => {
            let mut ids = Vec::with_capacity(employees.len());
            for employee in employees {
                ids.push(stored_id(&data.store, account, employee).await?);
            }
            Team::Employees(ids)
        }
    };
    let created_at = session::clock().now();
    let feed = CalendarFeed {
        id: CalendarFeedId::mint(created_at, crate::entropy::bytes()?),
        account_id: account.id,
        name: args.name.clone(),
        team,
        show_type: args.show_type,
        with_pending: args.with_pending,
        language: args.language.code().to_owned(),
        days_ahead: args.days_ahead,
        created_at,
    };
    let secret = secret(crate::entropy::bytes()?);
    data.store.add_calendar_feed(account, &feed, &secret, Actor::Cli).await?;
    let path = format!("/calendar-feeds/{}/calendar.ics", secret.expose_secret());
    if global.json {
        crate::output::json(&extended(api_types::CalendarFeed::from(feed), json!({ "path": path })));
    } else {
        line(&path);
        stderr_line(&format!(
            "This is the path of {}, at the address of `lucca-connector serve`. Everyone who has it can read the feed. It is \
             not shown again.",
            feed.id
        ));
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(global: &Global, data: &DataDir, account: &LinkedAccount) -> Result<ExitCode, Failure> {
    let feeds = data.store.calendar_feeds(account.no).await?;
    if global.json {
        crate::output::json(&feeds.into_iter().map(api_types::CalendarFeed::from).collect::<Vec<_>>());
    } else if feeds.is_empty() {
        line("No feeds. Add one with `lucca-connector calendar-feeds add NAME --department ID`.");
    } else {
        let mut shown = table(&["feed", "name", "team", "type", "pending", "language", "created"]);
        let flag = |flag: bool| if flag { "shown" } else { "hidden" }.to_owned();
        for feed in feeds {
            shown.add_row([
                feed.id.to_string(),
                clean(&feed.name),
                clean(&team(&feed.team)),
                flag(feed.show_type),
                flag(feed.with_pending),
                feed.language,
                format!("{:.0}", feed.created_at),
            ]);
        }
        line(&shown.to_string());
    }
    Ok(ExitCode::SUCCESS)
}

async fn remove(
    global: &Global,
    data: &DataDir,
    account: &LinkedAccount,
    text: &str,
) -> Result<ExitCode, Failure> {
    let unknown = || {
        let advice = "List the feeds with `lucca-connector calendar-feeds list`.";
        Failure::usage("cli.unknown_feed", "no calendar feed of this account has this id", advice)
    };
    let id: CalendarFeedId = text.parse().map_err(|_| unknown())?;
    if !data.store.remove_calendar_feed(account, id, Actor::Cli, session::clock().now()).await? {
        return Err(unknown());
    }
    if global.json {
        crate::output::json(&json!({ "id": id, "removed": true }));
    } else {
        line(&format!("Removed {id}: its address no longer works."));
    }
    Ok(ExitCode::SUCCESS)
}

fn team(team: &Team) -> String {
    match team {
        Team::Department(id) => format!("department {id}"),
        Team::Manager(id) => format!("reports of {id}"),
        Team::Employees(ids) => counted(u64::try_from(ids.len()).unwrap_or(u64::MAX), "employee"),
    }
}
