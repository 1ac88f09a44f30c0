//! `demo`: links and syncs an emulated tenant, from an empty directory to complete employee data in SQLite.

use std::collections::HashSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use jiff::civil::{Date, date};
use linking::Diagnosis;
use lucca::{ApiKey, Client, TenantUrl};
use lucca_emulator::{Config, Emulator, UrlStyle};
use net::NetworkPolicy;
use net::clock::Clock;
use people::FieldGroups;
use people::Language;
use people::{Absence, EmployeeStatus, Feature, Features, Kind, OrgChartEntry, RemoteId, find_oddities};
use serde_json::{Map, Value, json};
use store::{AccountSettings, LinkedAccount, RecordState};
use sync::{Brake, Progress, RunExtent, RunReport, Silent};

use crate::Global;
use crate::absence_view::EARLIEST;
use crate::commands::emulator::{limit_pages, start};
use crate::commands::org_chart::{chart_of, current, draw};
use crate::commands::sync::{sync_with, view};
use crate::data_dir::DataDir;
use crate::failure::{Exit, Failure};
use crate::output::{counted, grouped, is_terminal, line};
use crate::people_view::People;
use crate::progress::Bars;
use crate::session::{self, Pace};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Number of employees of the emulated tenant, former and future ones included
    #[arg(long, default_value_t = 250)]
    employees: u32,
    /// Seed of the company: the same seed, number of employees and day generate the same company
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Exit when done, as without a terminal, instead of keeping the tenant running until Ctrl-C
    #[arg(long)]
    once: bool,
    /// Maximum page size of the tenant, in records; it refuses larger pages
    #[arg(long, value_name = "ROWS")]
    page_size: Option<u64>,
    /// Keep Lucca's limit of 50 requests per minute and the connector's budget of 40; by default, demo lifts both
    #[arg(long)]
    real_limits: bool,
}

pub(crate) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    let watched = is_terminal() && !global.json;
    let bars = watched.then(Bars::new);
    let clock = session::reporting_clock(global, bars.as_ref().map(Bars::drawn));
    let progress_line = |text: &str| {
        if !global.json {
            line(text);
        }
    };
    let mut config = Config::new(args.employees, args.seed, session::today(&*clock));
    if let Some(rows) = args.page_size {
        limit_pages(&mut config, rows);
    }
    if !args.real_limits {
        config.switches.rate_limit = None;
    }
    // The port differs each time: addresses with a host would make employee records differ between runs.
    config.switches.url_style = UrlStyle::Relative;
    let name = format!("emulated: {} people, seed {}, {}", args.employees, args.seed, config.today);
    let emulator = start(config).await?;
    let people = counted(u64::from(args.employees), "employee");
    progress_line(&format!("An emulated Lucca tenant with {people} runs at {}.", emulator.url()));

    let path = global.data_dir.clone().unwrap_or_else(|| PathBuf::from("lucca-demo"));
    let data = DataDir::open_or_create(global, &path).await?;
    let began = clock.now();
    let (account, client, checked) = link(&data, &emulator, &name, args.real_limits, &clock).await?;
    progress_line("Linked: the tenant accepts the API key, and the database stores it sealed.");
    match checked.unsettled(&[]).count() {
        0 => progress_line("Checked: the key has every permission that the connector uses."),
        unsettled => {
            progress_line(&format!("Checked: {} to review:", counted(unsettled as u64, "permission")));
            for finding in checked.unsettled(&[]) {
                let label = finding.permission.label(Language::English).text;
                progress_line(&format!("  {label}: {}", finding.evidence_text(Language::English)));
            }
        }
    }
    progress_line("Syncing:");
    let progress: &dyn Progress = bars.as_ref().map_or(&Silent, |bars| bars);
    let report =
        sync_with(&data, &account, &client, &clock, (RunExtent::Full, Some(Brake::default())), progress)
            .await?;
    let elapsed = clock.now().duration_since(began);

    let people = People::load(&data.store, &account, session::today(&*clock)).await?;
    // The sync's own default.
    let since = date(session::today(&*clock).year() - 1, 1, 1);
    let truth = truth(&emulator, since);
    let stored = stored(&data, &account, &people).await?;
    let is_match = truth == stored;
    if global.json {
        crate::output::json(&json!({
            "truth": truth,
            "stored": stored,
            "match": is_match,
            "requests": report.requests,
            "throttled": report.throttled,
            "written": report.written(),
            "quarantined": report.quarantined(),
            "outcome": report.outcome,
            "oddities": find_oddities(&people.employees, &people.departments)
                .into_iter()
                .map(|oddity| (oddity.kind.code().to_owned(), json!(oddity.employees.len())))
                .collect::<Map<String, Value>>(),
            "database": data.address.to_string(),
            "elapsed_ms": u64::try_from(elapsed.as_millis()).unwrap_or(0),
        }));
    } else {
        show(&report, &people, &stored, elapsed.as_secs_f64())?;
        if !is_match {
            line(&format!("Mismatch: the tenant has {truth}"));
        }
        let is_only = data.store.accounts().await?.len() == 1;
        show_next(&data, Some(&account).filter(|_| !is_only));
        if watched && !args.once {
            line("");
            line(&format!("The tenant keeps running at {}; Ctrl-C stops it.", emulator.url()));
            session::shutdown_signal().await?;
        }
    }
    emulator.shutdown().await;
    data.store.close().await;
    Ok(if is_match { ExitCode::SUCCESS } else { ExitCode::from(Exit::Mismatch as u8) })
}

/// Links the emulated tenant like a customer's: the key is checked first, then sealed.
async fn link(
    data: &DataDir,
    emulator: &Emulator,
    name: &str,
    real_limits: bool,
    clock: &Arc<dyn Clock>,
) -> Result<(LinkedAccount, Client, Diagnosis), Failure> {
    let pace = if real_limits { Pace::default() } else { Pace::UNLIMITED };
    let internal =
        |code: &str, error: &dyn std::error::Error| Failure::from_error(Exit::Internal, code, error);
    let tenant = TenantUrl::parse(&emulator.url(), NetworkPolicy::AllowLoopback)
        .map_err(|error| internal(error.code(), &error))?;
    let key = || ApiKey::parse(emulator.api_key()).map_err(|error| internal(error.code(), &error));
    let client = session::client(Some(data), tenant.clone(), key()?, pace, clock).await?;
    let today = session::today(&**clock);
    let checked =
        linking::examine(&client, &Features::all().without(Feature::CustomFields), today, &linking::Silent)
            .await?;
    let settings = AccountSettings {
        field_groups: FieldGroups::default().iter().map(|g| g.name().to_owned()).collect(),
        keep_raw: false,
        requests_per_minute: pace.requests_per_minute,
        ..AccountSettings::default()
    };
    let account = session::keep_link(data, (name, tenant.origin()), &key()?, &settings, &**clock).await?;
    // A client of its own, so that the run's requests are counted alone.
    let client = session::client(Some(data), tenant, key()?, pace, clock).await?;
    Ok((account, client, checked))
}

/// The kinds whose count can be compared: all but working days, which are read for one employee per calendar,
/// and custom fields, which are not read by default.
fn comparable() -> impl DoubleEndedIterator<Item = Kind> {
    let other = [Kind::WorkingDay, Kind::CustomFieldDefinition];
    Kind::ALL.iter().copied().filter(move |kind| !other.contains(kind))
}

/// The entries that syncs request from Lucca's log of changes to employees.
const LOGGED: [&str; 3] = ["departmentid", "legalentityid", "manager"];

/// The tenant's own counts of the synced kinds, under our names. Absences count if they have a half-day since
/// the first synced day.
fn truth(emulator: &Emulator, since: Date) -> Value {
    let truth = emulator.truth();
    let snapshot = emulator.tenant().snapshot(emulator.api_key()).unwrap_or_default();
    let half_days: Vec<i64> = snapshot
        .leaves
        .iter()
        .filter(|leave| leave.date >= since)
        .map(|leave| leave.leave_period_id)
        .collect();
    let absences: HashSet<i64> = half_days.iter().copied().collect();
    let by_name = json!(truth);
    let count = |kind: Kind| match kind {
        Kind::LeaveType => truth.leave_accounts,
        Kind::UserLogEntry => {
            number(snapshot.user_logs.iter().filter(|entry| LOGGED.contains(&&*entry.name)).count())
        }
        Kind::Absence => number(absences.len()),
        Kind::AbsenceRequest => truth.leave_requests,
        // The emulator counts the other kinds under our names, and has no records of kinds that it does not count.
        _ => by_name[kind.name()].as_u64().unwrap_or(0),
    };
    let mut counts: Map<String, Value> =
        comparable().map(|kind| (kind.name().to_owned(), json!(count(kind)))).collect();
    counts.insert("by_status".to_owned(), json!(truth.by_status));
    counts.insert("half_days".to_owned(), json!(half_days.len()));
    Value::Object(counts)
}

/// The stored counts of the same kinds.
async fn stored(data: &DataDir, account: &LinkedAccount, people: &People) -> Result<Value, Failure> {
    let counts = data.store.count_records(account.no).await?;
    let present = |kind: Kind| counts.get(&(kind, RecordState::Present)).copied().unwrap_or(0);
    let mut stored: Map<String, Value> =
        comparable().map(|kind| (kind.name().to_owned(), json!(present(kind)))).collect();
    let by_status = EmployeeStatus::ALL.map(|status| (status.name().to_owned(), json!(people.count(status))));
    stored.insert("by_status".to_owned(), Value::Object(by_status.into_iter().collect()));
    let mut half_days = 0;
    let each = |_: RemoteId, body: &str| {
        half_days += serde_json::from_str::<Absence>(body).map_or(0, |absence| absence.leaves.len());
    };
    data.store.absences_between(account.no, EARLIEST, Date::MAX, each).await?;
    stored.insert("half_days".to_owned(), json!(half_days));
    Ok(Value::Object(stored))
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn show(report: &RunReport, people: &People, stored: &Value, seconds: f64) -> Result<(), Failure> {
    line(&format!(
        "Done in {seconds:.1} s with {}, {} written.",
        counted(report.total_requests(), "request"),
        grouped(report.written())
    ));
    view(report)?.show_remarks(&[]);
    line("");
    line("Stored records:");
    // Kinds that other records refer to come last.
    let show = |name: &str| {
        let count = stored[name].as_u64().unwrap_or(0);
        line(&format!("  {:26} {:>8}", name.replace('_', " "), grouped(count)));
    };
    for kind in comparable().rev() {
        show(kind.name());
        if kind == Kind::Absence {
            show("half_days");
        }
        if kind == Kind::Employee {
            for status in EmployeeStatus::ALL {
                line(&format!("    {:24} {:>8}", status, grouped(people.count(status))));
            }
        }
    }
    show_top(people);
    let oddities = find_oddities(&people.employees, &people.departments);
    if !oddities.is_empty() {
        line("");
        line("Records that are odd in the data (stored unchanged):");
        for oddity in oddities {
            let count = u64::try_from(oddity.employees.len()).unwrap_or(u64::MAX);
            line(&format!("  {:>6}  {}", grouped(count), oddity.kind.meaning()));
        }
    }
    Ok(())
}

/// The top of the org chart: employees without a manager, and their direct reports who have a team.
fn show_top(people: &People) {
    const LINES: usize = 12;
    let current = current(people);
    let chart = chart_of(&current);
    let has_team = |entry: &&OrgChartEntry| entry.depth < 2 && entry.all_reports > 0;
    let mut top: Vec<&OrgChartEntry> = chart.entries().iter().filter(has_team).collect();
    let more = top.len().saturating_sub(LINES);
    top.truncate(LINES);
    if top.is_empty() {
        return;
    }
    line("");
    line("Top of the org chart:");
    for drawn in draw(&top, &current) {
        line(&format!("  {drawn}"));
    }
    if more > 0 {
        line(&format!("  … and {} more with a team", grouped(u64::try_from(more).unwrap_or(0))));
    }
}

/// Suggests next commands; `account` is named if several are linked.
fn show_next(data: &DataDir, account: Option<&LinkedAccount>) {
    // Cargo sets this variable for the programs that it runs.
    let program = match std::env::var_os("CARGO") {
        Some(_) => "cargo run --release --",
        None => "lucca-connector",
    };
    let dir = data.path.display();
    let of = match account {
        Some(account) => format!("--data-dir {dir} --account {}", account.id),
        None => format!("--data-dir {dir}"),
    };
    line("");
    line(&format!("Database: {} ({}). Try next:", data.address, data.address.engine()));
    line(&format!("  {program} employees list {of}"));
    line(&format!("  {program} org-chart --depth 3 {of}"));
    line(&format!("  {program} export --format csv --output people.csv {of}"));
    line(&format!("  {program} link https://YOUR-ACCOUNT.ilucca.net      (your own tenant)"));
}
