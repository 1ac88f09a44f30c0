//! Prometheus metrics: counters of this process, and the state of the whole service from the store.

use std::fmt::{Display, Write as _};
use std::sync::OnceLock;

use jiff::Timestamp;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use store::Vitals;

/// Lucca's limit on requests per minute and tenant. Source: directory.md §10.
const LUCCAS_LIMIT: f64 = 50.0;
/// From a minute to a week.
const AGES: [f64; 10] = [60.0, 300.0, 900.0, 1200.0, 1800.0, 3600.0, 10_800.0, 43_200.0, 86_400.0, 604_800.0];
const RATIOS: [f64; 6] = [0.1, 0.25, 0.5, 0.75, 0.9, 1.0];
const SECONDS: [f64; 12] = [0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0];
const MILLISECONDS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 10.0];

static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// The recorder could not be installed.
#[derive(Debug, thiserror::Error)]
#[error("metrics can't be recorded")]
pub struct MetricsError(#[from] BuildError);

/// Installs the recorder for this process's metrics. Call once per process.
///
/// # Errors
///
/// If another recorder is already installed.
pub fn measure() -> Result<(), MetricsError> {
    let of = |name: &str| Matcher::Full(name.to_owned());
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(of("lucca_connector_run_seconds"), &SECONDS)?
        .set_buckets_for_metric(of("lucca_connector_run_start_lag_seconds"), &SECONDS)?
        .set_buckets_for_metric(of("lucca_connector_budget_wait_seconds"), &SECONDS)?
        .set_buckets_for_metric(of("lucca_connector_http_request_seconds"), &MILLISECONDS)?
        .install_recorder()?;
    let _ = RECORDER.set(handle);
    Ok(())
}

/// All metrics in Prometheus' text format.
pub(super) fn text(vitals: &Vitals, now: Timestamp) -> String {
    let mut text = String::new();
    if let Some(recorder) = RECORDER.get() {
        recorder.run_upkeep();
        text = recorder.render();
    }
    let version = format!("version=\"{}\"", env!("CARGO_PKG_VERSION"));
    gauge(&mut text, "build_info", "The version that tells.", [(version, 1.0)]);
    let accounts = vitals.accounts.iter().map(|(status, count)| (label("status", status), whole(*count)));
    gauge(&mut text, "accounts", "Linked accounts by status.", accounts);
    let never = [(String::new(), whole(vitals.never_read))];
    gauge(&mut text, "accounts_never_read", "Linked accounts that were never read to the end.", never);
    let about = "Age of what is stored, over the linked accounts whose key works, now.";
    histogram(&mut text, "account_freshness_seconds", about, &AGES, &vitals.ages_seconds);
    let overdue = [(String::new(), whole(vitals.waiting.accounts))];
    gauge(&mut text, "accounts_overdue", "Linked accounts whose sync is due and not begun.", overdue);
    let oldest =
        vitals.waiting.oldest.map_or(0.0, |oldest| now.duration_since(oldest).as_secs_f64().max(0.0));
    let about = "How long the sync has been due that waits longest.";
    gauge(&mut text, "oldest_due_seconds", about, [(String::new(), oldest)]);
    gauge(&mut text, "holds", "Streams held by a brake.", [(String::new(), whole(vitals.holds))]);
    let issues = vitals.issues.iter().map(|(code, count)| (label("code", code), whole(*count)));
    gauge(&mut text, "issues_open", "Open issues by code.", issues);
    let endpoints = vitals.endpoints.iter().map(|(status, count)| (label("status", status), whole(*count)));
    gauge(&mut text, "webhook_endpoints", "Webhook endpoints by status.", endpoints);
    let lag = [(String::new(), vitals.failing_for_seconds)];
    gauge(&mut text, "webhook_lag_seconds", "For how long the endpoint fails that fails longest.", lag);
    gauge(&mut text, "workers", "Workers that are alive.", [(String::new(), whole(vitals.workers))]);
    let used: Vec<f64> = vitals.requests_lately.iter().map(|count| whole(*count) / LUCCAS_LIMIT).collect();
    let about = "Requests of the last minute as a part of Lucca's limit, over the tenants that were asked.";
    histogram(&mut text, "budget_used_ratio", about, &RATIOS, &used);
    text
}

fn label(name: &str, value: &str) -> String {
    // Statuses and codes are ours (lower case, dots, underscores) and need no escaping.
    format!("{name}=\"{value}\"")
}

fn head(text: &mut String, name: &str, about: &str, kind: &str) {
    // Writing to a string can't fail.
    let _ = writeln!(text, "# HELP lucca_connector_{name} {about}\n# TYPE lucca_connector_{name} {kind}");
}

fn line(text: &mut String, name: &str, labels: &str, value: impl Display) {
    let labels = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
    let _ = writeln!(text, "lucca_connector_{name}{labels} {value}");
}

fn gauge(text: &mut String, name: &str, about: &str, values: impl IntoIterator<Item = (String, f64)>) {
    head(text, name, about, "gauge");
    for (labels, value) in values {
        line(text, name, &labels, value);
    }
}

/// A histogram of current values; unlike a counter's, its counts may fall.
fn histogram(text: &mut String, name: &str, about: &str, buckets: &[f64], values: &[f64]) {
    head(text, name, about, "histogram");
    for bucket in buckets {
        let within = values.iter().filter(|value| *value <= bucket).count();
        line(text, &format!("{name}_bucket"), &format!("le=\"{bucket}\""), within);
    }
    line(text, &format!("{name}_bucket"), "le=\"+Inf\"", values.len());
    // The sum of no values is -0, which `+ 0.0` turns into 0.
    line(text, &format!("{name}_sum"), "", values.iter().sum::<f64>() + 0.0);
    line(text, &format!("{name}_count"), "", values.len());
}

/// A count as a float. Counts above 2³² are reported as the maximum, since floats are exact only up to 2⁵³.
fn whole(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}
