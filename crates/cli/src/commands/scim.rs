//! `scim`: the SCIM targets that employees are provisioned to, their pushes, dry runs, and drift.

use api_types::ScimTarget;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use delivery::Target;
use delivery::scim::{Action, Change, Drift, Mode, Pusher, Report, Settings, Step};
use secrecy::SecretString;
use serde_json::{Value, json};
use store::{Actor, Destination, DestinationChange, DestinationId, DestinationKind, NewDestination};

use crate::Global;
use crate::data_dir::DataDir;
use crate::failure::{Exit, Failure};
use crate::output::{clean, counted, line, stderr_line, table};
use crate::session;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: ScimCommand,
}

#[derive(Debug, clap::Subcommand)]
enum ScimCommand {
    /// Add a SCIM target, to which a linked account's employees are provisioned
    Add(Add),
    /// List SCIM targets with the result of their last push
    List,
    /// Show a SCIM target, its settings, and the source of each attribute
    Show(ServiceOption),
    /// Change the settings or the token of a SCIM target, disable it or enable it again
    Set(Set),
    /// Remove a SCIM target; its users and groups stay unchanged
    Remove(ServiceOption),
    /// Push to a SCIM target: create, update and deactivate its users and groups
    Push(Push),
    /// List the differences between a SCIM target and the stored records, including changes made in the target
    Drift(ServiceOption),
}

#[derive(Debug, clap::Args)]
struct ServiceOption {
    /// The SCIM target's id (scim_…) [default: the only one]
    id: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Add {
    /// SCIM base URL, below which /Users and /Groups are
    url: String,
    /// The linked account, by id or tenant [default: the only one]
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    #[command(flatten)]
    token: TokenSource,
    /// JSON file of settings; see docs/scim.md
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
#[group(multiple = false)]
struct TokenSource {
    /// Read the bearer token from this file
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Read the bearer token from standard input
    #[arg(long)]
    token_stdin: bool,
}

#[derive(Debug, clap::Args)]
struct Set {
    #[command(flatten)]
    which: ServiceOption,
    /// JSON file of settings, which replaces the present settings; see docs/scim.md
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    #[command(flatten)]
    token: TokenSource,
    /// Enable the target again
    #[arg(long, conflicts_with = "disable")]
    enable: bool,
    /// Disable the target: the connector stops pushing to it
    #[arg(long)]
    disable: bool,
}

#[derive(Debug, clap::Args)]
struct Push {
    #[command(flatten)]
    which: ServiceOption,
    /// Print the changes that a push would make, attribute by attribute, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Also deactivate users if there are so many that a push requires confirmation
    #[arg(long)]
    confirm: bool,
}

pub(crate) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    let data = DataDir::open(global).await?;
    match &args.command {
        ScimCommand::Add(args) => add(global, &data, args).await,
        ScimCommand::List => list(global, &data).await,
        ScimCommand::Show(which) => show(global, &find(&data, which).await?),
        ScimCommand::Set(args) => set(global, &data, args).await,
        ScimCommand::Remove(which) => remove(global, &data, which).await,
        ScimCommand::Push(args) => push(global, &data, args).await,
        ScimCommand::Drift(which) => drift(global, &data, which).await,
    }
}

async fn add(global: &Global, data: &DataDir, args: &Add) -> Result<ExitCode, Failure> {
    let account = session::account(data, args.account.as_deref()).await?;
    let target = Target::parse(&args.url, data.hosts).map_err(|refused| {
        Failure::usage(
            refused.code(),
            refused.to_string(),
            "Pass the target's SCIM base URL, such as https://id.example/scim/v2.",
        )
    })?;
    let settings = settings(args.settings.as_deref())?.unwrap_or_else(|| json!({}));
    let token = args.token.read()?.ok_or_else(|| {
        Failure::usage(
            "cli.no_token",
            "no bearer token was given",
            "Pass the target's token with --token-file FILE, or pipe it in with --token-stdin.",
        )
    })?;
    let at = session::clock().now();
    let id = DestinationId::mint(DestinationKind::Scim, at, crate::entropy::bytes()?);
    let new = NewDestination {
        id,
        account: Some(&account),
        address: target.as_str().trim_end_matches('/'),
        credential: &token,
        settings: &settings,
        nonce: crate::entropy::bytes()?,
        actor: Actor::Cli,
        at,
    };
    data.store.add_destination(&data.vault, new).await?;
    let target = named(data, id).await?;
    if global.json {
        crate::output::json(&ScimTarget::from(target));
    } else {
        line(&format!("Added {id}: employees of {} are provisioned to {}.", account.tenant, target.address));
        line(&format!("Next: preview a push with `lucca-connector scim push {id} --dry-run`."));
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(global: &Global, data: &DataDir) -> Result<ExitCode, Failure> {
    let targets = data.store.destinations(DestinationKind::Scim).await?;
    if global.json {
        crate::output::json(&targets.iter().cloned().map(ScimTarget::from).collect::<Vec<_>>());
    } else if targets.is_empty() {
        line("No SCIM targets. Add one with `lucca-connector scim add URL --token-file FILE`.");
    } else {
        let mut shown = table(&["target", "address", "account", "enabled", "last push"]);
        for target in &targets {
            shown.add_row([
                target.id.to_string(),
                clean(&target.address),
                target.account_id.map(|id| id.to_string()).unwrap_or_default(),
                if target.disabled.is_none() { "yes" } else { "no" }.to_owned(),
                target.report.as_ref().map_or_else(|| "never".to_owned(), last_push),
            ]);
        }
        line(&shown.to_string());
    }
    Ok(ExitCode::SUCCESS)
}

fn last_push(report: &Value) -> String {
    if let Some(lost) = report["held_memberships"].as_u64() {
        return format!("{} of groups waiting for confirmation", counted(lost, "last membership"));
    }
    match (report["stopped"].as_str(), report["held"].as_u64(), report["failed"].as_u64()) {
        (Some(code), _, _) => format!("stopped: {}", clean(code)),
        (None, Some(held), _) => format!("{} waiting for confirmation", counted(held, "deactivation")),
        (None, None, Some(failed)) if failed > 0 => format!("{failed} failed"),
        _ => "complete".to_owned(),
    }
}

fn show(global: &Global, target: &Destination) -> Result<ExitCode, Failure> {
    if global.json {
        crate::output::json(&ScimTarget::from(target.clone()));
        return Ok(ExitCode::SUCCESS);
    }
    line(&format!("{}: {}", target.id, clean(&target.address)));
    let account = target.account_id.map(|id| id.to_string()).unwrap_or_default();
    line(&format!("account {account}, {}", if target.disabled.is_none() { "enabled" } else { "disabled" }));
    let settings = read_settings(&target.settings)?;
    let mut shown = table(&["attribute", "source"]);
    for (attribute, source) in settings.sources() {
        shown.add_row([attribute.to_owned(), source.replace('|', ", else ")]);
    }
    line(&shown.to_string());
    if let Some(report) = &target.report {
        line(&format!("Last push: {}", last_push(report)));
    }
    Ok(ExitCode::SUCCESS)
}

async fn set(global: &Global, data: &DataDir, args: &Set) -> Result<ExitCode, Failure> {
    let target = find(data, &args.which).await?;
    let token = args.token.read()?;
    let nonce = crate::entropy::bytes()?;
    let change = DestinationChange {
        address: None,
        settings: settings(args.settings.as_deref())?,
        enabled: if args.enable { Some(true) } else { args.disable.then_some(false) },
        credential: token.as_ref().map(|token| (token, nonce)),
    };
    let by = (Actor::Cli, session::clock().now());
    data.store.change_destination(&data.vault, &target, change, by).await?;
    show(global, &named(data, target.id).await?)
}

async fn remove(global: &Global, data: &DataDir, which: &ServiceOption) -> Result<ExitCode, Failure> {
    let target = find(data, which).await?;
    data.store.remove_destination(&target, (Actor::Cli, session::clock().now())).await?;
    if global.json {
        crate::output::json(&json!({ "removed": target.id }));
    } else {
        line(&format!("Removed {}. Its users and groups stay unchanged.", target.id));
    }
    Ok(ExitCode::SUCCESS)
}

async fn push(global: &Global, data: &DataDir, args: &Push) -> Result<ExitCode, Failure> {
    let target = find(data, &args.which).await?;
    let mode = if args.dry_run { Mode::Plan } else { Mode::Apply { confirmed: args.confirm, compare: true } };
    let services = session::services(data, &session::reporting_clock(global, None));
    let pusher = pusher(data)?;
    let report = Box::pin(pusher.push(target.id, services.today(), mode)).await?.ok_or_else(|| {
        let mut failure = Failure::usage(
            "scim.busy",
            "another process is pushing to this SCIM target",
            "Try again when that push has ended.",
        );
        failure.exit = Exit::Busy;
        failure
    })?;
    if global.json {
        crate::output::json(&json!({
            "target_id": target.id,
            "dry_run": args.dry_run,
            "summary": report.summary(),
            "steps": report.steps,
        }));
    } else {
        show_push(&report, args.dry_run, target.id);
    }
    let is_done = report.is_complete() || (args.dry_run && report.stopped.is_none());
    Ok(if is_done { ExitCode::SUCCESS } else { ExitCode::from(Exit::Unreachable as u8) })
}

fn show_push(report: &Report, is_plan: bool, id: DestinationId) {
    for step in report.steps.iter().filter(|step| is_plan || step.action == Action::Fail) {
        show_step(step);
    }
    let word = if is_plan { "Would change" } else { "Changed" };
    let counts: Vec<String> = [
        (Action::Create, "created"),
        (Action::Adopt, "adopted"),
        (Action::Update, "updated"),
        (Action::Deactivate, "deactivated"),
        (Action::Reactivate, "reactivated"),
        (Action::Delete, "deleted"),
        (Action::Fail, "failed"),
    ]
    .into_iter()
    .map(|(action, name)| (report.count(action), name))
    .filter(|(count, _)| *count > 0)
    .map(|(count, name)| format!("{count} {name}"))
    .collect();
    let counts = if counts.is_empty() { "nothing".to_owned() } else { counts.join(", ") };
    line(&format!("{word}: {counts}; {} up to date.", report.unchanged));
    if report.nameless > 0 {
        let people = counted(report.nameless, "employee");
        stderr_line(&format!("{people} skipped: every source of userName is empty."));
    }
    if let Some(held) = report.held {
        let users = counted(held, "user");
        stderr_line(&format!(
            "{users} would be deactivated at once, too many without confirmation. To confirm: lucca-connector scim push {id} --confirm"
        ));
    }
    if let Some(lost) = report.held_memberships {
        let users = counted(lost, "active user");
        stderr_line(&format!(
            "{users} would be in no group any more, so no group was changed. To confirm: lucca-connector scim push {id} --confirm"
        ));
    }
    if let Some(code) = &report.stopped {
        stderr_line(&format!(
            "The push stopped early: {code}. See docs/scim.md. The changes made so far are stored."
        ));
    }
}

fn show_step(step: &Step) {
    let name = if step.name.is_empty() { step.id.to_string() } else { clean(&step.name) };
    let action = serde_json::to_value(step.action).unwrap_or_default();
    let why = step.error.as_deref().map(|error| format!(": {}", clean(error))).unwrap_or_default();
    line(&format!("{} {} {name}{why}", action.as_str().unwrap_or_default(), step.resource));
    show_changes(&step.changes);
}

fn show_changes(changes: &[Change]) {
    for change in changes {
        let shown = |value: &Option<String>| value.as_deref().map_or_else(|| "(none)".to_owned(), clean);
        line(&format!("    {}: {} → {}", change.attribute, shown(&change.before), shown(&change.after)));
    }
}

async fn drift(global: &Global, data: &DataDir, which: &ServiceOption) -> Result<ExitCode, Failure> {
    let target = find(data, which).await?;
    let services = session::services(data, &session::reporting_clock(global, None));
    let pusher = pusher(data)?;
    let drift: Drift = Box::pin(pusher.drift(&target, services.today()))
        .await?
        .map_err(|failure| Failure::from_error(Exit::Unreachable, failure.code(), &failure))?;
    if global.json {
        crate::output::json(&drift);
        return Ok(ExitCode::SUCCESS);
    }
    for one in &drift.different {
        line(&format!("{} {} differs", one.resource, clean(&one.name)));
        show_changes(&one.changes);
    }
    for one in &drift.missing {
        line(&format!("{} {} is missing", one.resource, clean(&one.name)));
    }
    if drift.is_empty() {
        line("No drift: the SCIM target equals the stored records.");
    } else {
        line(&format!("To correct the drift: lucca-connector scim push {}", target.id));
    }
    if !drift.unowned.is_empty() {
        let number = u64::try_from(drift.unowned.len()).unwrap_or(u64::MAX);
        line(&format!(
            "{} of the target that the connector does not own, left unchanged:",
            counted(number, "resource")
        ));
        for one in &drift.unowned {
            line(&format!("    {} {} ({})", one.resource, clean(&one.name), clean(&one.remote_id)));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn pusher(data: &DataDir) -> Result<Pusher, Failure> {
    let seed = u64::from_le_bytes(crate::entropy::bytes()?);
    let (store, vault) = (data.store.clone(), data.vault.clone());
    let name = crate::holder::this_process();
    Ok(Pusher::new(store, vault, session::clock(), data.hosts, (&name, seed)))
}

async fn find(data: &DataDir, which: &ServiceOption) -> Result<Destination, Failure> {
    if let Some(id) = &which.id {
        let id: DestinationId = id.parse().map_err(|_| unknown())?;
        if id.kind() != DestinationKind::Scim {
            return Err(unknown());
        }
        return named(data, id).await;
    }
    let mut targets = data.store.destinations(DestinationKind::Scim).await?;
    match targets.len() {
        1 => Ok(targets.swap_remove(0)),
        0 => Err(unknown()),
        _ => Err(Failure::usage(
            "scim.which",
            "several SCIM targets exist",
            "Select one by its id: list them with `lucca-connector scim list`.",
        )),
    }
}

async fn named(data: &DataDir, id: DestinationId) -> Result<Destination, Failure> {
    data.store.destination(id).await?.ok_or_else(unknown)
}

fn unknown() -> Failure {
    Failure::usage(
        "scim.unknown",
        "no SCIM target has this id",
        "List the targets with `lucca-connector scim list`, or add one with `lucca-connector scim add`.",
    )
}

fn settings(path: Option<&Path>) -> Result<Option<Value>, Failure> {
    let Some(path) = path else { return Ok(None) };
    let text = std::fs::read_to_string(path).map_err(|error| Failure::file("reading", path, &error))?;
    let value: Value = serde_json::from_str(&text).map_err(|error| {
        Failure::usage(
            "scim.invalid_settings",
            format!("{} is not valid JSON: {error}", path.display()),
            "See docs/scim.md for the settings.",
        )
    })?;
    read_settings(&value)?;
    Ok(Some(value))
}

fn read_settings(value: &Value) -> Result<Settings, Failure> {
    Settings::parse(value).map_err(|error| {
        Failure::usage(error.code(), error.to_string(), "See docs/scim.md for the settings.")
    })
}

impl TokenSource {
    fn read(&self) -> Result<Option<SecretString>, Failure> {
        let mut text = secrecy::zeroize::Zeroizing::new(String::new());
        let read = match &self.token_file {
            Some(path) => std::fs::File::open(path)
                .and_then(|file| file.take(64 * 1024).read_to_string(&mut text))
                .map_err(|error| Failure::file("reading the token from", path, &error)),
            None if self.token_stdin => {
                std::io::stdin().lock().take(64 * 1024).read_to_string(&mut text).map_err(|error| {
                    Failure::file("reading the token from", Path::new("standard input"), &error)
                })
            }
            None => return Ok(None),
        };
        read?;
        let token = text.trim();
        let is_plain = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        if is_plain {
            Ok(Some(SecretString::from(token)))
        } else {
            Err(Failure::usage(
                "cli.no_token",
                "the bearer token is not valid: it is empty, or contains spaces or characters other than printable ASCII",
                "Copy the token from the SCIM target again.",
            ))
        }
    }
}
