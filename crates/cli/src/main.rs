//! `lucca-connector`: the binary. Reads the environment, files and arguments, starts the runtime, and calls
//! one module per command.

mod absence_problems;
mod absence_view;
mod commands;
mod confirm;
mod data_dir;
mod database;
mod entropy;
mod failure;
mod history_view;
mod holder;
mod key_file;
mod key_input;
mod output;
mod people_view;
mod progress;
mod report_view;
mod restore_report;
mod session;
mod telemetry;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::{Exit, Failure};
use crate::session::Hosts;

/// Connect Lucca, the HR system, to your app: link a tenant, sync its employees, deliver them.
#[derive(Parser)]
#[command(version, propagate_version = true)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// The options of every command. Never print them: the database's address may contain a password.
#[derive(clap::Args)]
struct Global {
    /// Directory of the master key and, by default, the database [default: lucca-data; for demo, lucca-demo]
    #[arg(long, global = true, value_name = "DIR", env = "LUCCA_CONNECTOR_DATA_DIR", hide_env_values = true)]
    data_dir: Option<PathBuf>,
    /// Database URL: postgres://USER:PASSWORD@HOST/DATABASE or sqlite:PATH [default: connector.db in the data
    /// directory]
    #[arg(long, global = true, value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    database: Option<String>,
    /// Print one JSON document instead of text
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    hosts: Hosts,
}

impl Global {
    fn data_dir(&self) -> PathBuf {
        self.data_dir.clone().unwrap_or_else(|| PathBuf::from("lucca-data"))
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start an emulated tenant, link it, sync it and show the result
    Demo(commands::demo::Args),
    /// Run an emulated Lucca tenant on loopback
    Emulator(commands::emulator::Args),
    /// Run the HTTP service: the linking flow, the API, and a worker that keeps linked accounts in sync
    Serve(commands::serve::Args),
    /// Run a worker beside other workers, on PostgreSQL: syncs, deliveries, absence submissions
    Worker(commands::worker::Args),
    /// Create the database's tables, or migrate them to this version, and exit
    Migrate,
    /// Check this installation: directories, database, keys, accounts, webhooks
    Doctor(commands::doctor::Args),
    /// Print the default configuration file, or check a configuration file
    Config(commands::config::Args),
    /// Link a tenant, or relink it with a new API key
    Link(commands::link::Args),
    /// Check that a tenant answers, that it accepts the API key, and which permissions the key has
    Check(commands::check::Args),
    /// List linked accounts, configure or unlink one, decide on records missing in Lucca, read the audit log
    Accounts(commands::accounts::Args),
    /// List the issues of linked accounts, and how to resolve them
    Issues(commands::issues::Args),
    /// Sync a linked account: store all records that its API key can read
    Sync(commands::sync::Args),
    /// List runs, show the progress and result of a run, cancel a run
    Runs(commands::runs::Args),
    /// Print the change log in order: each record created, updated, deleted, …
    Changes(commands::changes::Args),
    /// List employees, show one with their history, find duplicates, erase an employee
    Employees(commands::employees::Args),
    /// List absences or draw a calendar; submit, follow, approve, deny and cancel absence requests
    Absences(commands::absences::Args),
    /// Draw the org chart
    OrgChart(commands::org_chart::Args),
    /// List and rotate the master keys that seal the database's secrets
    Keys(commands::keys::Args),
    /// Back up a SQLite database to one file, while it is in use
    Backup(commands::backup::Args),
    /// Declare that the database was restored to an older state, where the connector can't detect it, such as
    /// from a disk snapshot
    Restored,
    /// Remove data older than its retention period, preview the removal, list receipts
    Retention(commands::retention::Args),
    /// Verify that the audit log was not tampered with
    Audit(commands::audit::Args),
    /// Export streams and people as files to a folder or an object store, or one stream to a file
    Export(commands::export::Args),
    /// Provision employees to SCIM targets, preview a push, list the drift of a target
    Scim(commands::scim::Args),
    /// Add, list and remove calendar feeds of a team's absences
    CalendarFeeds(commands::calendar_feeds::Args),
    /// Run a source of the Airbyte protocol: spec, check, discover, read
    Airbyte(commands::airbyte::Args),
    /// Run a tap of the Singer specification
    Tap(commands::tap::Args),
    /// Print the script with which a shell completes commands and options
    Completions(commands::completions::Args),
    /// Write the manual: one page per command
    Man(commands::man::Args),
}

/// Disables core dumps, which would contain the master key and every API key in memory. The limit is one
/// byte, less than any dump has: where dumps are piped to a program, Linux treats exactly this limit as no
/// dump, and zero as any dump.
fn keep_out_of_core_dumps() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let none = Rlimit { current: Some(1), maximum: Some(1) };
        // Fails if the limit is lower already.
        let _ = setrlimit(Resource::Core, none);
    }
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() && std::env::args().any(|argument| argument == "--json") => {
            let message = error.render().to_string();
            let advice = "See `lucca-connector help` and docs/cli.md.";
            return Failure::usage("cli.arguments", message.trim(), advice).report(true);
        }
        Err(error) => error.exit(),
    };
    keep_out_of_core_dumps();
    let runs_for_long = matches!(cli.command, Command::Serve(_) | Command::Worker(_));
    let telemetry = match telemetry::begin(runs_for_long) {
        Ok(telemetry) => telemetry,
        Err(failure) => return failure.report(cli.global.json),
    };

    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => {
            let outcome = runtime.block_on(run(&cli));
            // Does not wait for running tasks: a sync had its time, and the next one resumes at its last page.
            runtime.shutdown_background();
            outcome
        }
        Err(error) => Err(Failure::from_error(Exit::Internal, "cli.runtime", &error)),
    };
    drop(telemetry);
    match outcome {
        Ok(code) => code,
        Err(failure) => failure.report(cli.global.json),
    }
}

async fn run(cli: &Cli) -> Result<ExitCode, Failure> {
    let global = &cli.global;
    match &cli.command {
        Command::Demo(args) => Box::pin(commands::demo::run(global, args)).await,
        Command::Emulator(args) => commands::emulator::run(global, args).await,
        Command::Serve(args) => Box::pin(commands::serve::run(global, args)).await,
        Command::Worker(args) => Box::pin(commands::worker::run(global, args)).await,
        Command::Migrate => commands::migrate::run(global).await,
        Command::Doctor(args) => commands::doctor::run(global, args).await,
        Command::Config(args) => commands::config::run(global, args),
        Command::Link(args) => Box::pin(commands::link::run(global, args)).await,
        Command::Check(args) => Box::pin(commands::check::run(global, args)).await,
        Command::Accounts(args) => commands::accounts::run(global, args).await,
        Command::Issues(args) => commands::issues::run(global, args).await,
        Command::Sync(args) => Box::pin(commands::sync::run(global, args)).await,
        Command::Runs(args) => commands::runs::run(global, args).await,
        Command::Changes(args) => commands::changes::run(global, args).await,
        Command::Employees(args) => commands::employees::run(global, args).await,
        Command::Absences(args) => Box::pin(commands::absences::run(global, args)).await,
        Command::OrgChart(args) => commands::org_chart::run(global, args).await,
        Command::Backup(args) => commands::backup::run(global, args).await,
        Command::Restored => commands::backup::restored(global).await,
        Command::Retention(args) => Box::pin(commands::retention::run(global, args)).await,
        Command::Keys(args) => commands::keys::run(global, args).await,
        Command::Audit(args) => commands::audit::run(global, args).await,
        Command::Export(args) => commands::export::run(global, args).await,
        Command::Scim(args) => Box::pin(commands::scim::run(global, args)).await,
        Command::CalendarFeeds(args) => commands::calendar_feeds::run(global, args).await,
        Command::Airbyte(args) => Box::pin(commands::airbyte::run(global, args)).await,
        Command::Tap(args) => Box::pin(commands::tap::run(global, args)).await,
        Command::Completions(args) => Ok(commands::completions::run(args)),
        Command::Man(args) => commands::man::run(global, args),
    }
}
