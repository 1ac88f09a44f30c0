//! Logs and traces of this process. Logs go to standard error, as text or JSON lines; traces (`traces`, in
//! builds with the feature `otlp`) go by OpenTelemetry to the endpoint in the usual variables, and nowhere
//! without them. Neither holds a key or personal data: each crate writes only safe fields.

#[cfg_attr(not(feature = "otlp"), path = "no_traces.rs")]
mod traces;

use std::env;
use std::io::IsTerminal;

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, filter::Targets};

use self::traces::Traces;
use crate::failure::Failure;

/// The log filter, in the syntax of `tracing`: `info`, `sync=debug`, `off`.
const LOG: &str = "LUCCA_CONNECTOR_LOG";
/// The log format: `text`, or `json` for one JSON object per line.
const LOG_FORMAT: &str = "LUCCA_CONNECTOR_LOG_FORMAT";
/// The endpoints of traces. Source: the OpenTelemetry specification of its exporters' variables.
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];

/// Holds the exporter of traces; the rest is sent when it is dropped.
#[must_use]
pub(crate) struct Telemetry {
    _traces: Option<Traces>,
}

/// Starts logs, and traces if configured. By default, long-running commands log warnings and other commands
/// nothing, because they print their failures.
#[expect(clippy::disallowed_methods, reason = "the binary is where the environment is read")]
pub(crate) fn begin(runs_for_long: bool) -> Result<Telemetry, Failure> {
    let usual = if runs_for_long { "warn" } else { "off" };
    let filter = env::var(LOG).ok().filter(|filter| !filter.is_empty()).unwrap_or_else(|| usual.to_owned());
    let filter: Targets = filter.parse().map_err(|_| {
        Failure::usage(
            "cli.log_filter",
            format!("{LOG} is not a valid log filter"),
            "Set it to a level (`error`, `warn`, `info`, `debug`, `trace`, `off`), or to levels of modules: `sync=debug,info`.",
        )
    })?;
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    // Colours are for terminals, not for files and journals.
    let lines = if std::io::stderr().is_terminal() { lines } else { lines.with_ansi(false) };
    let lines = match env::var(LOG_FORMAT).as_deref() {
        Ok("json") => lines.json().flatten_event(true).with_filter(filter).boxed(),
        Ok("text" | "") | Err(_) => lines.with_filter(filter).boxed(),
        Ok(_) => {
            return Err(Failure::usage(
                "cli.log_format",
                format!("{LOG_FORMAT} is not a valid log format"),
                "Set it to `text` or `json`, or unset it.",
            ));
        }
    };
    let is_asked_for = ENDPOINTS.iter().any(|name| env::var(name).is_ok_and(|value| !value.is_empty()));
    let traces = if is_asked_for { Some(Traces::new()?) } else { None };
    let layer = traces.as_ref().map(Traces::layer);
    tracing_subscriber::registry().with(lines).with(layer).init();
    Ok(Telemetry { _traces: traces })
}
