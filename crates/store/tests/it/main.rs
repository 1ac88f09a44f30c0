//! Tests of the store, run over SQLite and PostgreSQL, with one database per test.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod audit;
mod cancelled;
mod changes;
mod destinations;
mod erasures;
mod expand;
mod idempotency;
mod inbound_webhooks;
mod keys;
mod leases;
mod link_flows;
mod migrations;
mod records;
mod restores;
mod retention;
mod schedule;
mod search_columns;
mod submissions;
mod support;
mod unlinking;

/// Makes each function a test on both engines; on PostgreSQL only where a server is given.
macro_rules! on_both_engines {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $test() {
                super::$test($crate::support::fixture(test_database::Engine::Sqlite).await).await;
            })+
        }

        mod postgres {
            $(#[tokio::test]
            async fn $test() {
                if test_database::Engine::available().contains(&test_database::Engine::Postgres) {
                    super::$test($crate::support::fixture(test_database::Engine::Postgres).await).await;
                }
            })+
        }
    };
}

pub(crate) use on_both_engines;
