//! Messages of the Airbyte protocol, one JSON object a line.

use std::fmt;
use std::io::{self, Write};

use jiff::Timestamp;
use people::Kind;
use serde_json::{Value, json};

/// The severity of a log message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// The operator should look at it, though the read continues.
    Warn,
    /// Progress.
    Info,
}

/// The party that has to act on a failure. Airbyte shows it to users and decides by it whether to retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureType {
    /// The configuration or a permission in Lucca.
    Config,
    /// The machine, the database or a defect.
    System,
    /// Lucca or the network: a retry may succeed.
    Transient,
}

people::names! {
    FailureType: "failure type" {
        Config = "config_error",
        System = "system_error",
        Transient = "transient_error",
    }
}

/// Progress of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamStatus {
    /// The stream is about to be read.
    Started,
    /// The first record follows.
    Running,
    /// Every record was emitted.
    Complete,
    /// Some records could not be emitted.
    Incomplete,
}

people::names! {
    StreamStatus: "stream status" {
        Started = "STARTED",
        Running = "RUNNING",
        Complete = "COMPLETE",
        Incomplete = "INCOMPLETE",
    }
}

/// Writes messages. Every message except records flushes `out`, so pass a buffered writer.
pub struct Messages<'a, W> {
    out: W,
    now: &'a (dyn Fn() -> Timestamp + Sync),
}

impl<W> fmt::Debug for Messages<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Messages").finish_non_exhaustive()
    }
}

impl<'a, W: Write> Messages<'a, W> {
    /// Creates a writer to `out` that stamps messages with the time of `now`.
    pub fn new(out: W, now: &'a (dyn Fn() -> Timestamp + Sync)) -> Self {
        Self { out, now }
    }

    /// The configuration schema.
    pub fn spec(&mut self, spec: &Value) -> io::Result<()> {
        self.message(&json!({ "type": "SPEC", "spec": spec }))
    }

    /// The result of a connection check; `problem` is `None` on success.
    pub fn connection_status(&mut self, problem: Option<&str>) -> io::Result<()> {
        let status = match problem {
            None => json!({ "status": "SUCCEEDED" }),
            Some(problem) => json!({ "status": "FAILED", "message": problem }),
        };
        self.message(&json!({ "type": "CONNECTION_STATUS", "connectionStatus": status }))
    }

    /// The discovered streams.
    pub fn catalog(&mut self, catalog: &Value) -> io::Result<()> {
        self.message(&json!({ "type": "CATALOG", "catalog": catalog }))
    }

    /// A log line.
    pub fn log(&mut self, level: Level, message: &str) -> io::Result<()> {
        let level = match level {
            Level::Warn => "WARN",
            Level::Info => "INFO",
        };
        self.message(&json!({ "type": "LOG", "log": { "level": level, "message": message } }))
    }

    /// A failure of one stream, or of the whole read if `kind` is `None`.
    pub fn error(
        &mut self,
        kind: Option<Kind>,
        failure: FailureType,
        message: &str,
        internal: &str,
    ) -> io::Result<()> {
        let mut error =
            json!({ "message": message, "internal_message": internal, "failure_type": failure.name() });
        if let Some(kind) = kind {
            error["stream_descriptor"] = descriptor(kind);
        }
        self.trace("ERROR", "error", &error)
    }

    /// The progress of a stream.
    pub fn status(&mut self, kind: Kind, status: StreamStatus) -> io::Result<()> {
        let status = json!({ "stream_descriptor": descriptor(kind), "status": status.name() });
        self.trace("STREAM_STATUS", "stream_status", &status)
    }

    /// An estimate of the number of records that follow.
    pub fn estimate(&mut self, kind: Kind, rows: u64) -> io::Result<()> {
        let estimate = json!({ "name": kind.name(), "type": "STREAM", "row_estimate": rows });
        self.trace("ESTIMATE", "estimate", &estimate)
    }

    /// A record; `data` is one JSON object.
    pub fn record(&mut self, kind: Kind, data: &str) -> io::Result<()> {
        let at = (self.now)().as_millisecond();
        // Formatted by hand instead of through a `Value`: records are nearly all of the output.
        writeln!(
            self.out,
            r#"{{"type":"RECORD","record":{{"stream":"{kind}","data":{data},"emitted_at":{at}}}}}"#
        )
    }

    /// The state of a stream, and the number of records since its previous state message.
    pub fn state(&mut self, kind: Kind, state: &Value, records: u64) -> io::Result<()> {
        // The protocol requires the count as a decimal number.
        #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 records")]
        let records = records as f64;
        self.message(&json!({
            "type": "STATE",
            "state": {
                "type": "STREAM",
                "stream": { "stream_descriptor": descriptor(kind), "stream_state": state },
                "sourceStats": { "recordCount": records },
            },
        }))
    }

    fn trace(&mut self, type_: &str, member: &str, content: &Value) -> io::Result<()> {
        let mut trace = json!({ "type": type_, "emitted_at": (self.now)().as_millisecond() });
        trace[member] = content.clone();
        self.message(&json!({ "type": "TRACE", "trace": trace }))
    }

    fn message(&mut self, message: &Value) -> io::Result<()> {
        writeln!(self.out, "{message}")?;
        self.out.flush()
    }
}

fn descriptor(kind: Kind) -> Value {
    json!({ "name": kind.name() })
}
