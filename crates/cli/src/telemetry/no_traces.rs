//! Stands for `traces` in builds without the feature `otlp`: asking for traces is refused.

use std::convert::Infallible;

use tracing_subscriber::layer::Identity;

use crate::failure::Failure;

/// Can't be made.
pub(super) struct Traces(Infallible);

impl Traces {
    pub(super) fn new() -> Result<Self, Failure> {
        Err(Failure::usage(
            "cli.traces",
            "this program was built without OpenTelemetry, and OTEL_EXPORTER_OTLP_ENDPOINT is set",
            "Use a released package, or build it with `cargo build --release --features otlp`.",
        ))
    }

    pub(super) fn layer(&self) -> Identity {
        match self.0 {}
    }
}
