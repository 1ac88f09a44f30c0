//! Traces by OTLP over HTTP, protobuf.

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Subscriber;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, filter::LevelFilter, filter::Targets};

use crate::failure::{Exit, Failure};

/// Modules left out of traces, which show jobs and requests, not every query.
const UNTRACED: [&str; 5] = ["sqlx", "graphile_worker", "hyper", "reqwest", "opentelemetry"];

/// The exporter of traces; the rest is sent when it is dropped.
pub(super) struct Traces(SdkTracerProvider);

impl Traces {
    pub(super) fn new() -> Result<Self, Failure> {
        let provider = provider().map_err(|error| Failure::from_error(Exit::Usage, "cli.traces", &error))?;
        Ok(Self(provider))
    }

    pub(super) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        let filter = Targets::new()
            .with_default(LevelFilter::INFO)
            .with_targets(UNTRACED.map(|target| (target, LevelFilter::OFF)));
        tracing_opentelemetry::layer().with_tracer(self.0.tracer("lucca-connector")).with_filter(filter)
    }
}

fn provider() -> Result<SdkTracerProvider, ExporterBuildError> {
    let exporter = SpanExporter::builder().with_http().build()?;
    let resource = Resource::builder().with_service_name("lucca-connector").build();
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}

impl Drop for Traces {
    fn drop(&mut self) {
        // A missing collector loses traces, and nothing else.
        let _ = self.0.shutdown();
    }
}
