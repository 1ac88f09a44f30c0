//! `doctor`: checks this installation, with advice for each fault. Changes nothing, and sends requests to
//! tenants only with `--tenants`. Checks of the machine are in `here`, of the database in
//! `data`, of the tenants in `tenants`.

mod data;
mod here;
mod tenants;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;
use serde_json::json;

use crate::Global;
use crate::failure::Failure;
use crate::output::{clean, line};
use crate::session;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Configuration file of the service [default: config.toml in the data directory, if it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address on which the service listens
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Also send one request to each linked tenant
    #[arg(long)]
    tenants: bool,
}

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Ok,
    Warn,
    Fail,
}

/// A check and its result.
#[derive(Clone, Debug, Serialize)]
struct Check {
    /// The stable name of the check.
    check: &'static str,
    /// The subject, such as an account, if there are several checks of this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    state: State,
    message: String,
    /// The next step for the operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

impl Check {
    fn ok(check: &'static str, message: impl Into<String>) -> Self {
        Self { check, subject: None, state: State::Ok, message: message.into(), advice: None }
    }

    fn warn(check: &'static str, message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { state: State::Warn, advice: Some(advice.into()), ..Self::ok(check, message) }
    }

    fn fail(check: &'static str, message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { state: State::Fail, ..Self::warn(check, message, advice) }
    }

    /// A failed check, with the failure's causes and advice.
    fn failed(check: &'static str, failure: &Failure) -> Self {
        let causes = failure.causes.iter().map(|cause| format!(": {cause}")).collect::<String>();
        let message = format!("{}{causes} ({})", failure.message, failure.code);
        Self { state: State::Fail, advice: failure.advice.clone(), ..Self::ok(check, message) }
    }

    fn of(self, subject: &impl ToString) -> Self {
        Self { subject: Some(subject.to_string()), ..self }
    }
}

pub(crate) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    let dir = global.data_dir();
    let clock = session::clock();
    let mut checks = here::checks(&dir, args.config.as_deref(), args.listen);
    let data = data::open(global, &dir, &mut checks).await;
    if let Some(data) = &data {
        checks.extend(data::checks(data, clock.now()).await);
        if args.tenants {
            checks.extend(tenants::checks(data, &clock).await);
        }
    }
    let worst = checks.iter().map(|check| check.state).max().unwrap_or(State::Ok);
    if global.json {
        crate::output::json(&json!({ "state": worst, "checks": checks }));
    } else {
        checks.iter().for_each(show);
        let count = |state| checks.iter().filter(|check| check.state == state).count();
        let [well, odd, wrong] = [State::Ok, State::Warn, State::Fail].map(count);
        line(&format!("{well} ok, {odd} warn, {wrong} fail"));
    }
    if let Some(data) = data {
        data.store.close().await;
    }
    Ok(if worst == State::Fail { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn show(check: &Check) {
    let mark = match check.state {
        State::Ok => "ok   ",
        State::Warn => "warn ",
        State::Fail => "FAIL ",
    };
    let subject = check.subject.as_ref().map(|subject| format!(" {subject}")).unwrap_or_default();
    line(&format!("{mark} {}{subject}: {}", check.check, clean(&check.message)));
    if let Some(advice) = &check.advice {
        line(&format!("      next: {}", clean(advice)));
    }
}
