//! Readiness of the service, which the API's `/readyz` and that of the operations listener report.

use jobs::Services;

use crate::problem::chain;

/// Returns true if the database answers; logs the error if it does not.
pub async fn is_ready(services: &Services) -> bool {
    let answered = services.store.ping().await;
    if let Err(error) = &answered {
        tracing::error!(
            code = error.code(), error = %chain(error),
            "the service is not ready: the database does not answer"
        );
    }
    answered.is_ok()
}
