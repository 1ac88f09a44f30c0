//! Prometheus metrics: counters of this process, and the state of the whole service from the store.

use std::sync::OnceLock;

use jiff::Timestamp;
use metrics::Key;
use metrics_exporter_prometheus::formatting::{write_help_line, write_metric_line, write_type_line};
use metrics_exporter_prometheus::{BuildError, LabelSet, Matcher, PrometheusBuilder, PrometheusHandle};
use store::Vitals;

/// Lucca's limit on requests per minute and tenant. Source: directory.md §10.
const LUCCAS_LIMIT: f64 = 50.0;
/// Buckets of record ages in seconds, from a minute to a week.
const AGES: [f64; 10] = [60.0, 300.0, 900.0, 1200.0, 1800.0, 3600.0, 10_800.0, 43_200.0, 86_400.0, 604_800.0];
const RATIOS: [f64; 6] = [0.1, 0.25, 0.5, 0.75, 0.9, 1.0];
const SECONDS: [f64; 12] = [0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0];
const MILLISECONDS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 10.0];

static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// The recorder could not be installed.
#[derive(Debug, thiserror::Error)]
#[error("could not install the metrics recorder")]
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
    let one = |value| [(None, value)];
    let build = [(Some(("version", env!("CARGO_PKG_VERSION"))), 1.0)];
    gauge(&mut text, "build_info", "The running version.", build);
    let accounts =
        vitals.accounts.iter().map(|(status, count)| (Some(("status", status.as_str())), whole(*count)));
    gauge(&mut text, "accounts", "Linked accounts by status.", accounts);
    let never = one(whole(vitals.never_read));
    gauge(&mut text, "accounts_never_read", "Linked accounts without a complete sync.", never);
    let about = "Age of the stored records, by linked account whose key is accepted.";
    histogram(&mut text, "account_freshness_seconds", about, &AGES, &vitals.ages_seconds);
    let overdue = one(whole(vitals.waiting.accounts));
    gauge(&mut text, "accounts_overdue", "Linked accounts whose sync is due and has not begun.", overdue);
    let oldest =
        vitals.waiting.oldest.map_or(0.0, |oldest| now.duration_since(oldest).as_secs_f64().max(0.0));
    let about = "Longest time that a due sync has been waiting.";
    gauge(&mut text, "oldest_due_seconds", about, one(oldest));
    gauge(&mut text, "holds", "Streams held by a brake.", one(whole(vitals.holds)));
    let issues = vitals.issues.iter().map(|(code, count)| (Some(("code", code.as_str())), whole(*count)));
    gauge(&mut text, "issues_open", "Open issues by code.", issues);
    let endpoints = vitals.endpoints.iter().map(|(status, count)| (Some(("status", *status)), whole(*count)));
    gauge(&mut text, "webhook_endpoints", "Webhook endpoints by status.", endpoints);
    let about = "Longest time that a webhook endpoint has been failing.";
    gauge(&mut text, "webhook_lag_seconds", about, one(vitals.failing_for_seconds));
    gauge(&mut text, "workers", "Workers with a recent heartbeat.", one(whole(vitals.workers)));
    let used: Vec<f64> = vitals.requests_lately.iter().map(|count| whole(*count) / LUCCAS_LIMIT).collect();
    let about = "Requests of the last minute as a share of Lucca's limit, by tenant.";
    histogram(&mut text, "budget_used_ratio", about, &RATIOS, &used);
    text
}

/// Begins a metric; returns its full name.
fn begin(text: &mut String, name: &str, about: &str, kind: &str) -> String {
    let name = format!("lucca_connector_{name}");
    write_help_line(text, &name, None, None, about);
    write_type_line(text, &name, None, None, kind);
    name
}

fn no_labels() -> LabelSet {
    LabelSet::from_key_and_global(&Key::from_static_name(""), &Default::default())
}

/// Writes a gauge: each value with its label, if it has one.
fn gauge<'a>(
    text: &mut String,
    name: &str,
    about: &str,
    values: impl IntoIterator<Item = (Option<(&'static str, &'a str)>, f64)>,
) {
    let (name, labels) = (begin(text, name, about, "gauge"), no_labels());
    for (label, value) in values {
        write_metric_line(text, &name, None, &labels, label, value, None);
    }
}

/// Writes a histogram of current values; unlike a counter's, its counts may fall. The recorder has no such metric.
fn histogram(text: &mut String, name: &str, about: &str, buckets: &[f64], values: &[f64]) {
    let (name, labels) = (begin(text, name, about, "histogram"), no_labels());
    for bucket in buckets {
        let within = values.iter().filter(|value| *value <= bucket).count();
        write_metric_line(text, &name, Some("bucket"), &labels, Some(("le", bucket)), within, None);
    }
    write_metric_line(text, &name, Some("bucket"), &labels, Some(("le", "+Inf")), values.len(), None);
    // The sum of no values is -0, which `+ 0.0` turns into 0.
    let sum = values.iter().sum::<f64>() + 0.0;
    write_metric_line::<&str, _>(text, &name, Some("sum"), &labels, None, sum, None);
    write_metric_line::<&str, _>(text, &name, Some("count"), &labels, None, values.len(), None);
}

/// A count as a float. Counts above 2³² are reported as the maximum, since floats are exact only up to 2⁵³.
fn whole(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}
