//! Measures a simulation by the store's tables and by the requests that the tenants counted.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::{Date, date};
use lucca_emulator::Fleet;
use people::Kind;
use serde::Serialize;
use sqlx::PgPool;
use store::Store;

use super::clock::FleetClock;
use crate::facts::{differences, of_snapshot, of_store};

/// Lucca's documented limit of requests in any sixty seconds. Source: directory.md §10.
const LUCCAS_LIMIT: usize = 50;
/// A sync should begin within this time, in milliseconds.
const PROMPT_MS: i64 = 60_000;

/// The measurements of a simulation. Times are simulated.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Measured {
    /// Syncs begun during the measured time.
    pub begun: u64,
    /// Syncs due in the measured time that had not begun at its end.
    pub waiting: u64,
    /// Seconds from due to begun: the median.
    pub lag_50_s: f64,
    /// The 99th percentile of the same.
    pub lag_99_s: f64,
    /// The maximum of the same.
    pub lag_most_s: f64,
    /// Percentage of syncs begun within a minute.
    pub prompt_percent: f64,
    /// The number of times that a run wrote to an account after a later run had written to it.
    pub two_writers: u64,
    /// Accounts whose stored records differ from their tenant's.
    pub wrong_accounts: u64,
    /// The first differences, without names.
    pub differences: Vec<String>,
    /// Maximum number of requests that any tenant received in a minute.
    pub most_requests: u64,
    /// Requests to all tenants in total.
    pub requests: u64,
    /// Runs by outcome, in total.
    pub outcomes: Vec<(String, i64)>,
    /// Workers killed.
    pub kills: u64,
    /// Workers paused for longer than a worker may be silent.
    pub pauses: u64,
    /// Changes made in the tenants.
    pub changes: u64,
}

impl Measured {
    /// Whether every expectation holds; the start of syncs counts only with `timed`.
    pub fn is_well(&self, timed: bool) -> bool {
        (self.prompt_percent >= 99.0 || !timed)
            && self.two_writers == 0
            && self.wrong_accounts == 0
            && usize::try_from(self.most_requests).is_ok_and(|most| most <= LUCCAS_LIMIT)
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} syncs begun, {} waiting: {:.2} % within a minute of due (half {:.1} s, 99 % {:.1} s, most {:.1} s)",
            self.begun, self.waiting, self.prompt_percent, self.lag_50_s, self.lag_99_s, self.lag_most_s
        )?;
        writeln!(f, "{} workers killed, {} paused, {} changes", self.kills, self.pauses, self.changes)?;
        writeln!(f, "runs: {:?}", self.outcomes)?;
        writeln!(
            f,
            "two writers: {} times; accounts that differ from their tenant: {}",
            self.two_writers, self.wrong_accounts
        )?;
        for difference in &self.differences {
            writeln!(f, "  {difference}")?;
        }
        write!(f, "{} requests; most in a minute of one tenant: {}", self.requests, self.most_requests)
    }
}

pub(super) async fn measure(
    store: &Store,
    fleet: &Fleet,
    (began, ended): (Timestamp, Timestamp),
    clock: FleetClock,
    first_day: Date,
) -> Result<Measured, String> {
    let pool = store.postgres().ok_or("a fleet simulation needs PostgreSQL")?;
    let failed = |error: sqlx::Error| error.to_string();
    let (began_ms, ended_ms) = (began.as_millisecond(), ended.as_millisecond());
    let mut lags = lags(pool, began_ms, ended_ms).await.map_err(failed)?;
    let begun = lags.len();
    let waiting: Vec<i64> = sqlx::query_scalar(
        "SELECT $1 - due_ms FROM linked_accounts WHERE status = 'linked' AND due_ms BETWEEN $2 AND $1 - $3",
    )
    .bind(ended_ms)
    .bind(began_ms)
    .bind(PROMPT_MS)
    .fetch_all(pool)
    .await
    .map_err(failed)?;
    let never_begun = waiting.len();
    lags.extend(waiting);
    lags.sort_unstable();
    let prompt = lags.iter().filter(|lag| **lag <= PROMPT_MS).count();
    let two_writers: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM (SELECT run_id, lag(run_id) OVER w AS before, \
         max(run_id) OVER (PARTITION BY account_no ORDER BY seq ROWS UNBOUNDED PRECEDING) AS latest \
         FROM changes WINDOW w AS (PARTITION BY account_no ORDER BY seq)) one \
         WHERE run_id <> before AND run_id < latest",
    )
    .fetch_one(pool)
    .await
    .map_err(failed)?;
    let outcomes: Vec<(String, i64)> =
        sqlx::query_as("SELECT coalesce(outcome, 'running'), count(*) FROM runs GROUP BY 1 ORDER BY 2 DESC")
            .fetch_all(pool)
            .await
            .map_err(failed)?;
    let (wrong_accounts, differences) = wrong(store, fleet, first_day).await?;
    let minute = clock.real(Duration::from_secs(60)).as_secs_f64() * 1000.0;
    let asked: Vec<Vec<u64>> = (0..fleet.len()).map(|n| fleet.asked(n)).collect();
    let most = asked.iter().map(|asked| most_within(asked, minute)).max().unwrap_or_default();
    Ok(Measured {
        begun: begun as u64,
        waiting: never_begun as u64,
        lag_50_s: seconds(part(&lags, 50)),
        lag_99_s: seconds(part(&lags, 99)),
        lag_most_s: seconds(lags.last().copied().unwrap_or_default()),
        prompt_percent: percent(prompt, lags.len()),
        two_writers: u64::try_from(two_writers).unwrap_or_default(),
        wrong_accounts,
        differences,
        most_requests: most as u64,
        requests: asked.iter().map(|asked| asked.len() as u64).sum(),
        outcomes,
        ..Measured::default()
    })
}

/// The time from the start of the first run to the end of the last.
pub(super) async fn first_syncs_took(store: &Store) -> Result<Duration, String> {
    let pool = store.postgres().ok_or("a fleet simulation needs PostgreSQL")?;
    let seconds: Option<f64> = sqlx::query_scalar(
        "SELECT extract(epoch FROM max(finished_at) - min(started_at))::float8 FROM runs WHERE outcome IS NOT NULL",
    )
    .fetch_one(pool)
    .await
    .map_err(|error| error.to_string())?;
    Ok(Duration::from_secs_f64(seconds.unwrap_or_default()))
}

/// Delays, in milliseconds, of the runs that were due in the measured time; each due moment counts once, by
/// its first run.
async fn lags(pool: &PgPool, began_ms: i64, ended_ms: i64) -> Result<Vec<i64>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT min((extract(epoch FROM started_at) * 1000)::bigint) - due_ms FROM runs \
         WHERE due_ms BETWEEN $1 AND $2 AND started_at <= to_timestamp($2::float8 / 1000) + interval '1 minute' \
         GROUP BY account_no, due_ms",
    )
    .bind(began_ms)
    .bind(ended_ms)
    .fetch_all(pool)
    .await
}

/// The number of accounts that differ from their tenant, and the first differences.
async fn wrong(store: &Store, fleet: &Fleet, first_day: Date) -> Result<(u64, Vec<String>), String> {
    let since = date(first_day.year() - 1, 1, 1);
    let accounts = store.accounts().await.map_err(|error| error.to_string())?;
    let (mut wrong, mut listed) = (0, Vec::new());
    for (n, account) in accounts.iter().enumerate() {
        let Some(tenant) = fleet.tenant(n) else { continue };
        let should = of_snapshot(&tenant.snapshot(fleet.api_key()).unwrap_or_default(), since);
        let is = of_store(store, account.no, since).await.map_err(|error| error.to_string())?;
        let different = differences(&should, &is, |(kind, _)| {
            // Contracts are read every few hours, and the simulation changes none.
            matches!(kind, Kind::Employee | Kind::Employment | Kind::Department | Kind::Absence)
        });
        if !different.is_empty() {
            wrong += 1;
            let first = different.into_iter().next().unwrap_or_default();
            if listed.len() < 5 {
                listed.push(format!("account {n}: {first}"));
            }
        }
    }
    Ok((wrong, listed))
}

/// The largest number of moments within any `span`.
fn most_within(sorted: &[u64], span: f64) -> usize {
    let (mut most, mut first) = (0, 0);
    for (last, at) in sorted.iter().enumerate() {
        while sorted.get(first).is_some_and(|begin| at.saturating_sub(*begin) as f64 >= span) {
            first += 1;
        }
        most = most.max(last + 1 - first);
    }
    most
}

fn part(sorted: &[i64], percent: usize) -> i64 {
    let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied().unwrap_or_default()
}

fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}

fn percent(part: usize, of: usize) -> f64 {
    if of == 0 { 0.0 } else { part as f64 * 100.0 / of as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_counted_in_every_window() {
        assert_eq!(most_within(&[0, 10, 59, 60, 61, 200], 60.0), 4);
        assert_eq!(most_within(&[], 60.0), 0);
        assert_eq!(part(&[1, 2, 3, 4], 50), 3);
        assert_eq!(part(&[], 99), 0);
    }
}
