//! `absences`: lists and draws absences; submits, follows, decides on and cancels absence requests. One file
//! per command; this one contains the linked account with its client, and the parsing of periods.

mod calendar;
mod cancel;
mod decide;
mod drawing;
mod import;
mod list;
mod preview;
mod request;
mod status;
mod types;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use absences::Absences;
use indicatif::{ProgressBar, ProgressStyle};
use jobs::Services;
use lucca::Client;
use net::clock::Clock;
use people::{HalfDay, PersonLabel, RemoteId, first_half_day, last_half_day};
use store::{Actor, LinkedAccount};

use crate::Global;
use crate::absence_problems::{period, periods, problem_line, warning_line};
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::output::{clean, is_terminal};
use crate::people_view::People;
use crate::session::{self, Pace};

pub(crate) use list::table_of;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List absences [default: the absences of today]
    List(list::Args),
    /// Draw a calendar of absences: of one employee, of a department, or of all employees who are away
    /// [default: this month]
    Calendar(calendar::Args),
    /// List the leave types that an employee may use, with their balances
    Types(types::Args),
    /// Preview an absence: the half-days that it would take, and its problems; submits no request
    Preview(preview::Args),
    /// Submit an absence request to Lucca, exactly once
    Request(request::Args),
    /// Show the status of an absence submission, or list all submissions
    Status(status::Args),
    /// Cancel an absence, or some of its half-days
    Cancel(cancel::Args),
    /// Approve an absence request that waits for an approver
    Approve(decide::Approve),
    /// Deny an absence request that waits for an approver
    Deny(decide::Deny),
    /// Import absences from a CSV file: check it, simulate it in Lucca, then submit the requests
    Import(import::Args),
}

pub(crate) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    match &args.action {
        Action::List(args) => list::run(global, args).await,
        Action::Calendar(args) => calendar::run(global, args).await,
        Action::Types(args) => types::run(global, args).await,
        Action::Preview(args) => preview::run(global, args).await,
        Action::Request(args) => request::run(global, args).await,
        Action::Status(args) => status::run(global, args).await,
        Action::Cancel(args) => cancel::run(global, args).await,
        Action::Approve(args) => decide::approve(global, args).await,
        Action::Deny(args) => decide::deny(global, args).await,
        Action::Import(args) => import::run(global, args).await,
    }
}

/// A linked account with its employees and a client for its tenant.
struct AccountContext {
    data: DataDir,
    account: LinkedAccount,
    people: People,
    services: Services,
    client: Client,
}

impl AccountContext {
    async fn open(global: &Global, account: Option<&str>) -> Result<Self, Failure> {
        let data = DataDir::open(global).await?;
        let account = session::account(&data, account).await?;
        Self::at(global, data, account).await
    }

    async fn at(global: &Global, data: DataDir, account: LinkedAccount) -> Result<Self, Failure> {
        let clock = session::reporting_clock(global, None);
        let people = People::load(&data.store, &account, session::today(&*clock)).await?;
        let client = session::account_client(&data, &account, Pace::default(), &clock).await?;
        // The plain clock: the pause between two polls gets no line, the wait for the tenant's budget does.
        let services = session::services(&data, &session::clock());
        Ok(Self { data, account, people, services, client })
    }

    fn absences(&self) -> Absences<'_> {
        self.services.absences(&self.account, &self.client, Actor::Cli)
    }

    fn clock(&self) -> &Arc<dyn Clock> {
        &self.services.clock
    }

    fn employee(&self, reference: &str) -> Result<PersonLabel, Failure> {
        Ok(PersonLabel::of(self.people.find(reference)?.employee))
    }

    /// The name of an employee, else `#` and the id.
    fn name(&self, id: &RemoteId) -> String {
        clean(&self.people.name(id).unwrap_or_else(|| format!("#{id}")))
    }
}

const DATES: &str = "a date such as 2026-05-04, or a half-day such as \"2026-05-04 PM\"";

fn first(text: &str) -> Result<HalfDay, String> {
    first_half_day(text).ok_or_else(|| format!("not {DATES}"))
}

fn last(text: &str) -> Result<HalfDay, String> {
    last_half_day(text).ok_or_else(|| format!("not {DATES}"))
}

/// Parses one half-day: a date without a half is ambiguous.
fn half_day(text: &str) -> Result<HalfDay, String> {
    match (first_half_day(text), last_half_day(text)) {
        (Some(first), Some(last)) if first == last => Ok(first),
        _ => Err("not a half-day such as \"2026-05-04 AM\"".to_owned()),
    }
}

/// A number with only as many decimals as needed, at most two: `2.5`, `3`.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A spinner on a terminal; none elsewhere.
fn spinner(global: &Global, text: &'static str) -> Option<ProgressBar> {
    if global.json || !is_terminal() {
        return None;
    }
    let spinner = ProgressBar::new_spinner();
    spinner.set_style(
        ProgressStyle::with_template("{spinner} {msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()),
    );
    spinner.set_message(text);
    spinner.enable_steady_tick(Duration::from_millis(120));
    Some(spinner)
}

fn stop(spinner: Option<ProgressBar>) {
    if let Some(spinner) = spinner {
        spinner.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_parse_as_written() {
        let text = |read: Result<HalfDay, String>| read.map(|at| at.to_string());
        assert_eq!(text(first("2026-05-04")), Ok("2026-05-04 AM".to_owned()));
        assert_eq!(text(last("2026-05-04")), Ok("2026-05-04 PM".to_owned()));
        assert_eq!(text(first("2026-05-04pm")), Ok("2026-05-04 PM".to_owned()));
        assert_eq!(text(half_day("2026-05-04 am")), Ok("2026-05-04 AM".to_owned()));
        assert!(
            half_day("2026-05-04").is_err() && first("04/05/2026").is_err() && last("2026-02-30").is_err()
        );
    }

    #[test]
    fn periods_and_numbers_print_short() {
        let whole = (first("2026-05-04").unwrap(), last("2026-05-04").unwrap());
        assert_eq!(period(whole.0, whole.1), "2026-05-04");
        assert_eq!(period(whole.0, whole.0), "2026-05-04 AM");
        assert_eq!(period(whole.0, last("2026-05-05").unwrap()), "2026-05-04 to 2026-05-05");
        let apart = [whole.1, first("2026-05-06").unwrap(), last("2026-05-06").unwrap()];
        assert_eq!(periods(apart), "2026-05-04 PM, 2026-05-06");
        assert_eq!(period(whole.1, last("2026-05-05").unwrap()), "2026-05-04 PM to 2026-05-05 PM");
        assert_eq!((number(2.5), number(10.0), number(0.333)), ("2.5".into(), "10".into(), "0.33".into()));
    }
}
