//! Delivering for ever, as `serve` does beside what it answers.

use std::collections::HashSet;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use jiff::Timestamp;
use store::WebhookEndpointId;

use super::courier::Courier;

/// How often it is looked whether there is anything to tell.
const EVERY: Duration = Duration::from_secs(1);
/// How long the log of deliveries is kept.
const LOG_KEPT: Duration = Duration::from_hours(30 * 24);
const HOUSEKEEPING: Duration = Duration::from_hours(1);

/// Delivers what there is to tell, for ever: each endpoint by itself, so that a slow one holds up no other.
pub async fn keep_delivering(courier: &Courier) {
    let mut under_way = FuturesUnordered::new();
    let mut at_it: HashSet<WebhookEndpointId> = HashSet::new();
    let mut last_kept_house = None;
    loop {
        let now = courier.clock.now();
        let is_time = |last: Timestamp| now.duration_since(last).unsigned_abs() >= HOUSEKEEPING;
        if last_kept_house.is_none_or(is_time) {
            last_kept_house = Some(now);
            let before = now.checked_sub(LOG_KEPT).unwrap_or(Timestamp::MIN);
            if let Err(error) = courier.store.forget_old_deliveries(now, before).await {
                tracing::error!(code = error.code(), %error, "old deliveries can't be erased");
            }
        }
        match courier.store.due_webhook_endpoints(now).await {
            Ok(due) => {
                for id in due.into_iter().filter(|id| at_it.insert(*id)) {
                    under_way.push(Box::pin(async move { (id, courier.deliver(id).await) }));
                }
            }
            Err(error) => tracing::error!(code = error.code(), %error, "webhook endpoints can't be listed"),
        }
        let mut pause = courier.clock.sleep(EVERY);
        loop {
            tokio::select! {
                () = &mut pause => break,
                Some((id, delivered)) = under_way.next() => {
                    at_it.remove(&id);
                    if let Err(error) = delivered {
                        tracing::error!(endpoint = %id, code = error.code(), %error, "webhooks can't be delivered");
                    }
                }
            }
        }
    }
}
