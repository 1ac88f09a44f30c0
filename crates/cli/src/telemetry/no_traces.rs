//! Replaces `traces` in builds without the feature `otlp`: refuses a configuration with traces.

use std::convert::Infallible;

use tracing_subscriber::layer::Identity;

use crate::failure::Failure;

/// Can't be constructed.
pub(super) struct Traces(Infallible);

impl Traces {
    pub(super) fn new() -> Result<Self, Failure> {
        Err(Failure::usage(
            "cli.traces",
            "this binary was built without OpenTelemetry, but OTEL_EXPORTER_OTLP_ENDPOINT is set",
            "Install a released package, build with `cargo build --release --features otlp`, or unset the variable.",
        ))
    }

    pub(super) fn layer(&self) -> Identity {
        match self.0 {}
    }
}
