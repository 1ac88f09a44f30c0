//! Delivering for ever, as `serve` does beside what it answers.

use std::cell::Cell;
use std::time::Duration;

use jiff::Timestamp;
use store::WebhookEndpointId;

use super::courier::Courier;
use crate::rounds::for_ever;

/// How often it is looked whether there is anything to tell.
const EVERY: Duration = Duration::from_secs(1);
const HOUSEKEEPING: Duration = Duration::from_hours(1);

/// Delivers what there is to tell, for ever: each endpoint by itself, so that a slow one holds up no other.
pub async fn keep_delivering(courier: &Courier) {
    let last_kept_house: Cell<Option<Timestamp>> = Cell::new(None);
    let due = async || {
        let now = courier.clock.now();
        let is_time = |last: Timestamp| now.duration_since(last).unsigned_abs() >= HOUSEKEEPING;
        if last_kept_house.get().is_none_or(is_time) {
            last_kept_house.set(Some(now));
            if let Err(error) = courier.store.forget_old_secrets(now).await {
                tracing::error!(code = error.code(), %error, "old secrets can't be erased");
            }
        }
        courier.store.due_webhook_endpoints(now).await.unwrap_or_else(|error| {
            tracing::error!(code = error.code(), %error, "webhook endpoints can't be listed");
            Vec::new()
        })
    };
    let deliver = async |id: WebhookEndpointId| {
        if let Err(error) = courier.deliver(id).await {
            tracing::error!(endpoint = %id, code = error.code(), %error, "webhooks can't be delivered");
        }
    };
    for_ever(&*courier.clock, EVERY, due, deliver).await;
}
