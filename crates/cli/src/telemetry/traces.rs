//! Traces by OTLP over HTTP, protobuf.

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Subscriber;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Layer};

use crate::failure::{Exit, Failure};

/// What goes into traces: work, not every query.
const TRACED: &str = "info,sqlx=off,graphile_worker=off,hyper=off,reqwest=off,opentelemetry=off";

/// Traces that are on their way, sent at the latest when this is dropped.
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
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("lucca-connector"))
            .with_filter(EnvFilter::new(TRACED))
    }
}

fn provider() -> Result<SdkTracerProvider, ExporterBuildError> {
    let exporter = SpanExporter::builder().with_http().build()?;
    let resource = Resource::builder().with_service_name("lucca-connector").build();
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}

impl Drop for Traces {
    fn drop(&mut self) {
        // A collector that is gone loses traces, and nothing else.
        let _ = self.0.shutdown();
    }
}
