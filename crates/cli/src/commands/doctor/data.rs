//! Checks of the database: that it answers, that its schema is current, that every secret opens; and the state
//! of accounts and webhooks.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use linking::{DiagnosisSummary, Readiness};
use people::Language;
use store::{
    AccountStatus, DestinationKind, DisabledReason, IssueFilter, LinkedAccount, Outcome, Run, Schema,
};
use sync::{CLOCKS_APART_S, StreamState};

use super::here::private;
use super::{Check, State};
use crate::Global;
use crate::data_dir::DataDir;
use crate::database::DatabaseAddress;
use crate::failure::Failure;
use crate::output::counted;
use crate::report_view::clocks_apart;

/// An account that was not synced for this long gets a warning.
const OLD: SignedDuration = SignedDuration::from_hours(24);
/// How much the clocks of machines that share a database may differ.
const CLOCKS: SignedDuration = SignedDuration::from_mins(5);
/// How many runs are searched for the last successful one.
const LAST_RUNS: u32 = 200;

/// Opens the database if its schema is current: otherwise opening would migrate it.
pub(super) async fn open(global: &Global, dir: &Path, checks: &mut Vec<Check>) -> Option<DataDir> {
    const CHECK: &str = "database";
    let address = match DatabaseAddress::parse(global.database.as_deref(), dir) {
        Ok(address) => address,
        Err(failure) => {
            checks.push(Check::failed(CHECK, &failure));
            return None;
        }
    };
    if let DatabaseAddress::File(path) = &address {
        if !path.is_file() {
            let advice = "Create one with `lucca-connector link TENANT_URL` or `lucca-connector serve`, or name another database \
                          with --database.";
            checks.push(Check::fail(CHECK, format!("no database exists at {}", path.display()), advice));
            return None;
        }
        checks.push(private("database_file", path));
    }
    let schema = match &address {
        DatabaseAddress::File(path) => Schema::of_file(path).await,
        DatabaseAddress::Server(url) => Schema::of_server(url.as_str()).await,
    };
    let schema = match schema {
        Ok(schema) => schema,
        Err(error) => {
            checks.push(Check::failed(CHECK, &Failure::from(error)));
            return None;
        }
    };
    checks.push(Check::ok(CHECK, format!("{} at {address} answers", address.engine())));
    let tables = tables(schema);
    let is_current = tables.state == State::Ok;
    checks.push(tables);
    // Without the master key nothing can be opened, and its check has reported that.
    if !is_current || !dir.join("master.key").is_file() {
        return None;
    }
    match DataDir::open(global).await {
        Ok(data) => Some(data),
        Err(failure) => {
            checks.push(Check::failed(CHECK, &failure));
            None
        }
    }
}

fn tables(Schema { version, pending, newer, is_broken }: Schema) -> Check {
    const CHECK: &str = "schema";
    let at = format!("the schema is at version {version}");
    if is_broken {
        let advice = "Restore the database from a backup, or request support for its last migration.";
        return Check::fail(CHECK, format!("{at}, and a migration failed halfway"), advice);
    }
    if newer > 0 {
        let advice = "Use the version of lucca-connector that last wrote to this database, or a newer one.";
        return Check::fail(CHECK, format!("{at}, which is newer than this binary supports"), advice);
    }
    if pending > 0 {
        let migrations = counted(u64::try_from(pending).unwrap_or(u64::MAX), "migration");
        let advice = "Back up the database. The next command or start of the service migrates it. Then run `doctor` again.";
        return Check::warn(CHECK, format!("{at}: {migrations} pending"), advice);
    }
    Check::ok(CHECK, at)
}

/// Compares Lucca's clock, by its answers in the last sync of employees, with this machine's.
async fn lucca_clock(data: &DataDir, account: &LinkedAccount) -> Result<Option<Check>, store::Error> {
    const CHECK: &str = "lucca_clock";
    let states = data.store.stream_states(account.no).await?;
    let users = states.get(lucca::Stream::Users.name());
    let Some(state) = users.and_then(|json| serde_json::from_str::<StreamState>(json).ok()) else {
        return Ok(None);
    };
    Ok(Some(if state.server_ahead_s.abs() >= CLOCKS_APART_S {
        Check::warn(CHECK, clocks_apart(state.server_ahead_s), "Set this machine's clock by NTP, then sync.")
    } else {
        Check::ok(CHECK, "Lucca's clock and this machine's agree")
    }))
}

/// Runs the checks of the database.
pub(super) async fn checks(data: &DataDir, now: Timestamp) -> Vec<Check> {
    let mut checks = Vec::new();
    let looked = async {
        let accounts = data.store.accounts().await?;
        checks.push(clock(data, now).await?);
        checks.extend(secrets(data, &accounts, now).await?);
        checks.push(audit_log(data).await?);
        if accounts.is_empty() {
            let advice = "Link a tenant with `lucca-connector link TENANT_URL`, or let a customer link it: see docs/serve.md.";
            checks.push(Check::warn("accounts", "no tenant is linked", advice));
        }
        for account in accounts.iter().filter(|account| account.status != AccountStatus::Unlinked) {
            checks.push(account_check(data, account, now).await?.of(&account.id));
            checks.extend(inbound(data, account, now).await?.map(|check| check.of(&account.id)));
            checks.extend(lucca_clock(data, account).await?.map(|check| check.of(&account.id)));
            checks.extend(permissions(data, account).await?.map(|check| check.of(&account.id)));
        }
        checks.extend(webhooks(data).await?);
        Ok::<_, store::Error>(())
    };
    let failed = looked.await.err().map(|error| Check::failed("database", &Failure::from(error)));
    checks.extend(failed);
    checks
}

/// Warns of timestamps in the future, and of a database clock that differs from this machine's.
async fn clock(data: &DataDir, now: Timestamp) -> Result<Check, store::Error> {
    if let Some(database) = data.store.database_time().await? {
        let ahead = database.duration_since(now);
        if ahead.abs() > CLOCKS {
            let what = format!("the database's clock is {} s ahead of this machine's", ahead.as_secs());
            return Ok(Check::warn("clock", what, "Set both by NTP. Workers use the database's clock."));
        }
    }
    let too_far = data.store.times_too_far(now).await?;
    if too_far != store::TimesTooFar::default() {
        let what = format!(
            "{} and {} are further in the future than their duration allows, because a clock was wrong",
            counted(too_far.held, "role, lease or heartbeat"),
            counted(too_far.due, "due time"),
        );
        let advice = "The connector ignores them, and the next sync removes them. Set the clocks of all machines by NTP.";
        return Ok(Check::warn("clock", what, advice));
    }
    let runs = data.store.runs(None, None, LAST_RUNS).await?;
    let last = runs.iter().find_map(|run| run.finished_at.or(run.started_at));
    let ahead = last.map(|at| at.duration_since(now));
    Ok(match ahead {
        Some(ahead) if ahead > CLOCKS => Check::warn(
            "clock",
            format!("a run was recorded {} s ahead of this machine's clock", ahead.as_secs()),
            "Set the clocks of this machine and of all machines that share the database by NTP.",
        ),
        _ => Check::ok("clock", format!("the time is {now}")),
    })
}

/// Verifies the audit log.
async fn audit_log(data: &DataDir) -> Result<Check, store::Error> {
    const CHECK: &str = "audit_log";
    let verdict = data.store.verify_audit_log(None).await?;
    Ok(match verdict.fault {
        None => {
            let entries = counted(u64::try_from(verdict.head.seq).unwrap_or(0), "entry");
            Check::ok(CHECK, format!("{entries}, unaltered"))
        }
        Some((fault, seq)) => Check::fail(
            CHECK,
            format!("it was tampered with at entry {seq} ({})", fault.code()),
            "Run `lucca-connector audit verify`, and compare the database with a backup.",
        ),
    })
}

/// Checks that the master keys open every secret.
async fn secrets(
    data: &DataDir,
    accounts: &[LinkedAccount],
    now: Timestamp,
) -> Result<Vec<Check>, store::Error> {
    let (store, vault) = (&data.store, &data.vault);
    let mut opened = 0;
    let mut checks = Vec::new();
    let mut try_one = |what: String, tried: Result<(), store::Error>| match tried {
        Ok(()) => opened += 1,
        Err(error) => checks.push(Check::failed("secrets", &Failure::from(error)).of(&what)),
    };
    for account in accounts.iter().filter(|account| account.status != AccountStatus::Unlinked) {
        try_one(account.id.to_string(), account.api_key(vault).map(drop));
        if let Some(webhook) = store.inbound_webhook_of(account.no).await? {
            try_one(webhook.id.to_string(), webhook.signing_secrets(vault, now).map(drop));
        }
    }
    for kind in DestinationKind::ALL {
        for destination in store.destinations(kind).await? {
            let opened =
                destination.credential(vault).and_then(|_| destination.previous_credential(vault, now));
            try_one(destination.id.to_string(), opened.map(drop));
        }
    }
    if checks.is_empty() {
        checks.push(Check::ok("secrets", format!("{} open", counted(opened, "secret"))));
    }
    Ok(checks)
}

async fn account_check(
    data: &DataDir,
    account: &LinkedAccount,
    now: Timestamp,
) -> Result<Check, store::Error> {
    const CHECK: &str = "account";
    if account.status == AccountStatus::RelinkNeeded {
        return Ok(Check::fail(
            CHECK,
            format!("{}: Lucca refuses the API key", account.tenant),
            format!(
                "Create a new key in Lucca and link the tenant again: `lucca-connector link {}`.",
                account.tenant
            ),
        ));
    }
    let runs = data.store.runs(Some(account.no), None, LAST_RUNS).await?;
    let is_queued = runs.iter().any(|run| run.started_at.is_none());
    if is_queued && data.store.live_workers(now).await? == 0 {
        return Ok(Check::warn(
            CHECK,
            format!("{}: a sync is queued, and no worker is alive to start it", account.tenant),
            "Start `lucca-connector worker`, or `lucca-connector serve` without --no-workers.",
        ));
    }
    let went_well = |run: &&Run| matches!(run.outcome, Some(Outcome::Succeeded | Outcome::Incomplete));
    let Some(at) = runs.iter().find(went_well).and_then(|run| run.finished_at) else {
        return Ok(Check::warn(
            CHECK,
            format!("{} was never synced", account.tenant),
            format!("Sync it with `lucca-connector sync --account {}`, or start the service.", account.id),
        ));
    };
    let age = now.duration_since(at);
    let issues = data.store.issues(Some(account.no), IssueFilter::Open).await?;
    let count = counted(u64::try_from(issues.len()).unwrap_or(u64::MAX), "open issue");
    let begun = runs.iter().find(|run| run.started_at.is_some());
    let last = begun.and_then(|run| run.outcome).map_or("running", Outcome::name);
    let message =
        format!("{}: synced {} min ago, last run {last}, {count}", account.tenant, age.as_secs() / 60);
    Ok(if age > OLD {
        let advice = "Check that the service runs, and list the runs with `lucca-connector runs list`.";
        Check::warn(CHECK, message, advice)
    } else if !issues.is_empty() {
        let advice = format!("List the issues with `lucca-connector issues list --account {}`.", account.id);
        Check::warn(CHECK, message, advice)
    } else {
        Check::ok(CHECK, message)
    })
}

/// The permissions that the account's last check found.
async fn permissions(data: &DataDir, account: &LinkedAccount) -> Result<Option<Check>, store::Error> {
    const CHECK: &str = "permissions";
    let kept = data.store.diagnosis(account.no).await?;
    // A summary written by another version that this one can't parse gives no result.
    let Some(summary) = kept.and_then(|kept| serde_json::from_str::<DiagnosisSummary>(&kept.summary).ok())
    else {
        return Ok(None);
    };
    let narrowed = summary.narrowed.map(|narrowed| narrowed.evidence_text(Language::English));
    let headline = summary.headline.text(Language::English);
    let message = std::iter::once(headline).chain(narrowed).collect::<Vec<_>>().join(" ");
    let advice =
        format!("List the missing permissions with `lucca-connector check --account {}`.", account.id);
    Ok(Some(match summary.headline.readiness {
        Readiness::Ready => Check::ok(CHECK, message),
        // If no employee proves a permission, there may be none to see.
        Readiness::NotReady if summary.headline.is_certain => Check::fail(CHECK, message, advice),
        Readiness::Limited | Readiness::NotReady => Check::warn(CHECK, message, advice),
    }))
}

/// Checks the inbound webhooks from the account's Lucca.
async fn inbound(
    data: &DataDir,
    account: &LinkedAccount,
    now: Timestamp,
) -> Result<Option<Check>, store::Error> {
    const CHECK: &str = "inbound_webhooks";
    let Some(webhook) = data.store.inbound_webhook_of(account.no).await? else { return Ok(None) };
    let waiting = data.store.count_notices(account.no).await?;
    let is_new = |at: Timestamp| now.duration_since(at) < OLD;
    Ok(Some(if webhook.last_malformed_at.is_some_and(is_new) {
        Check::warn(
            CHECK,
            format!("{} of {} could not be parsed", webhook.malformed, counted(webhook.received, "webhook")),
            "No data is lost: syncs continue. See docs/inbound-webhooks.md for the supported webhooks and the settings in Lucca.",
        )
    } else if webhook.received == 0 {
        Check::warn(
            CHECK,
            "Lucca has sent no webhook",
            "Enter the URL and the key in Lucca, see docs/inbound-webhooks.md, or disable inbound webhooks.",
        )
    } else if waiting > 0 && webhook.last_received_at.is_some_and(|at| now.duration_since(at) > CLOCKS) {
        let advice = "Check that the service runs, and list the runs with `lucca-connector runs list`.";
        Check::warn(CHECK, format!("{waiting} received, records not read yet"), advice)
    } else {
        Check::ok(CHECK, format!("{} received", counted(webhook.received, "webhook")))
    }))
}

/// Checks that the webhook endpoints accept deliveries.
async fn webhooks(data: &DataDir) -> Result<Vec<Check>, store::Error> {
    const CHECK: &str = "webhook_endpoint";
    let endpoint_check = |endpoint: store::Destination| {
        let advice = format!(
            "List its answers with GET /v1/webhook-endpoints/{0}/deliveries, and fix the receiver. PATCH \
             /v1/webhook-endpoints/{0} {{\"enabled\":true}} then sends the missed events.",
            endpoint.id
        );
        let check = match (endpoint.disabled, endpoint.failing_since) {
            (Some(DisabledReason::Gone), _) => Check::fail(CHECK, "disabled: it answered 410 Gone", advice),
            (Some(DisabledReason::Failing), _) => {
                Check::fail(CHECK, "disabled: its deliveries failed for too long", advice)
            }
            (Some(DisabledReason::Requested), _) => Check::ok(CHECK, "disabled on request"),
            (None, Some(since)) => {
                let failed = counted(endpoint.attempts.into(), "failed attempt");
                Check::warn(CHECK, format!("{failed} since {since}"), advice)
            }
            (None, None) => Check::ok(CHECK, "accepts deliveries"),
        };
        check.of(&endpoint.id)
    };
    Ok(data.store.destinations(DestinationKind::Webhook).await?.into_iter().map(endpoint_check).collect())
}
