//! Operations on Lucca that may take longer than a response: each runs as a task of its own, which goes on if the caller
//! disconnects.

use std::time::Duration;

use axum::http::StatusCode;
use web::problem::Problem;

/// Timeout of a response while Lucca is processing: longer than most responses of Lucca take, and shorter
/// than the service's own timeout of 30 seconds.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(25);

/// Runs an operation. Returns `None` if it is still running after the timeout.
pub(crate) async fn run_detached<T: Send + 'static>(
    operation: impl Future<Output = Result<T, Problem>> + Send + 'static,
) -> Result<Option<T>, Problem> {
    match tokio::time::timeout(RESPONSE_TIMEOUT, tokio::spawn(operation)).await {
        Ok(Ok(done)) => done.map(Some),
        Ok(Err(_)) => {
            // A panic's message may contain request data.
            tracing::error!("a request met a defect");
            let detail = "The service failed. Its log has the reason.";
            Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail))
        }
        Err(_) => Ok(None),
    }
}

/// The response while an operation is still running.
pub(crate) fn still_running() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "request.still_running",
        "Lucca is slow, and the operation is still running. Send the same request again, with the same Idempotency-Key if \
         it had one: nothing is done twice.",
    )
    .retry_after(5)
}
