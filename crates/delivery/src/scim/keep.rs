//! Pushing for ever, as `serve` does beside what it answers: when something changed, and once a day.

use std::time::Duration;

use jiff::civil::Date;
use store::ScimTargetId;

use super::push::{Mode, Pusher};
use crate::rounds::for_ever;

/// How often it is looked whether there is anything to push.
const EVERY: Duration = Duration::from_secs(10);

/// Pushes what there is to push, for ever. `today` tells the day, which decides who is active.
pub async fn keep_pushing(pusher: &Pusher, today: impl Fn() -> Date) {
    let due = async || {
        pusher.store.due_scim_targets(pusher.clock.now(), today()).await.unwrap_or_else(|error| {
            tracing::error!(code = error.code(), %error, "SCIM targets can't be listed");
            Vec::new()
        })
    };
    let push = async |id: ScimTargetId| match pusher
        .push(id, today(), Mode::Apply { confirmed: false, compare: false })
        .await
    {
        Ok(Some(report)) => tracing::info!(target = %id, report = %report.summary(), "pushed"),
        Ok(None) => {}
        Err(error) => tracing::error!(target = %id, code = error.code(), %error, "nothing can be pushed"),
    };
    for_ever(&*pusher.clock, EVERY, due, push).await;
}
