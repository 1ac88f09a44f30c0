//! A call that is dropped while it waits for the database, as when a client hangs up, leaves no transaction
//! open there.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use sqlx::PgPool;
use store::RunRequest;

use crate::on_both_engines;
use crate::support::{Fixture, at, run_id};

on_both_engines!(cancelled_calls_leave_no_open_transaction);

/// Polls a future a number of times, and drops it.
async fn give_up(future: impl Future, mut polls: usize) {
    let mut future = pin!(future);
    poll_fn(|context| {
        if polls == 0 || future.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        polls -= 1;
        Poll::Pending
    })
    .await;
}

async fn cancelled_calls_leave_no_open_transaction(fixture: Fixture) {
    let (account, _) = fixture.leased().await;
    for polls in 0..12 {
        give_up(fixture.store.request_run(account.no, run_id(3), RunRequest::Changes, at(3)), polls).await;
        if let Some(pool) = fixture.store.postgres() {
            assert_eq!(open_transactions(pool).await, 0, "given up after {polls} polls");
        }
    }
    // Other calls can write at once.
    fixture.store.request_run(account.no, run_id(4), RunRequest::Changes, at(4)).await.unwrap();
}

async fn open_transactions(pool: &PgPool) -> i64 {
    // Takes all connections, so that the abandoned ones are back in the pool.
    let mut connections = Vec::new();
    for _ in 0..pool.options().get_max_connections() {
        connections.push(pool.acquire().await.unwrap());
    }
    sqlx::query_scalar(
        "SELECT count(*) FROM pg_stat_activity \
         WHERE datname = current_database() AND state LIKE 'idle in transaction%'",
    )
    .fetch_one(&mut *connections[0])
    .await
    .unwrap()
}
