//! Logs and traces of this process. Logs go to the standard error, as text or as JSON lines; traces (`traces`, in builds with
//! the feature `otlp`) go by OpenTelemetry to where the usual variables say, and nowhere without them. Neither holds a key or
//! personal data: what is logged is written where it happens.

#[cfg_attr(not(feature = "otlp"), path = "no_traces.rs")]
mod traces;

use std::env;
use std::io::IsTerminal;

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, filter::Targets};

use self::traces::Traces;
use crate::failure::Failure;

/// What is logged, as `tracing` filters are written: `info`, `sync=debug`, `off`.
const LOG: &str = "LUCCA_CONNECTOR_LOG";
/// `text`, or `json` for a JSON object a line.
const LOG_FORMAT: &str = "LUCCA_CONNECTOR_LOG_FORMAT";
/// Where traces go. Source: the OpenTelemetry specification of its exporters' variables.
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];

/// Traces that are on their way, sent at the latest when this ends.
#[must_use]
pub(crate) struct Telemetry {
    _traces: Option<Traces>,
}

/// Begins to log, and to trace where that is asked for. What runs for long logs warnings where nothing else is asked for,
/// commands nothing: they say what goes wrong.
#[expect(clippy::disallowed_methods, reason = "the binary is where the environment is read")]
pub(crate) fn begin(runs_for_long: bool) -> Result<Telemetry, Failure> {
    let usual = if runs_for_long { "warn" } else { "off" };
    let filter = env::var(LOG).ok().filter(|filter| !filter.is_empty()).unwrap_or_else(|| usual.to_owned());
    let filter: Targets = filter.parse().map_err(|_| {
        Failure::usage(
            "cli.log_filter",
            format!("{LOG} is no filter"),
            "Name a level (`error`, `warn`, `info`, `debug`, `trace`, `off`), or levels of modules: `sync=debug,info`.",
        )
    })?;
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    // Colours are for eyes, not for files and journals.
    let lines = if std::io::stderr().is_terminal() { lines } else { lines.with_ansi(false) };
    let lines = match env::var(LOG_FORMAT).as_deref() {
        Ok("json") => lines.json().flatten_event(true).with_filter(filter).boxed(),
        Ok("text" | "") | Err(_) => lines.with_filter(filter).boxed(),
        Ok(_) => {
            return Err(Failure::usage(
                "cli.log_format",
                format!("{LOG_FORMAT} is neither text nor json"),
                "Set it to one of them, or not at all.",
            ));
        }
    };
    let is_asked_for = ENDPOINTS.iter().any(|name| env::var(name).is_ok_and(|value| !value.is_empty()));
    let traces = if is_asked_for { Some(Traces::new()?) } else { None };
    let layer = traces.as_ref().map(Traces::layer);
    tracing_subscriber::registry().with(lines).with(layer).init();
    Ok(Telemetry { _traces: traces })
}
