//! Checks that each tenant answers: one request for the number of users, within its budget.

use std::sync::Arc;

use lucca::UserQuery;
use net::clock::Clock;
use store::AccountStatus;
use sync::CLOCKS_APART_S;

use super::Check;
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::report_view::clocks_apart;
use crate::session;

const CHECK: &str = "tenant";

pub(super) async fn checks(data: &DataDir, clock: &Arc<dyn Clock>) -> Vec<Check> {
    let services = session::services(data, clock);
    let accounts = match data.store.accounts().await {
        Ok(accounts) => accounts,
        Err(error) => return vec![Check::failed(CHECK, &Failure::from(error))],
    };
    let mut checks = Vec::new();
    for account in accounts.iter().filter(|account| account.status != AccountStatus::Unlinked) {
        let check = match services.tenants.client_of(account, &services.vault, None).await {
            // The check of the account has reported a bad key.
            Err(error) => Check::fail(CHECK, error.to_string(), "Link the tenant again."),
            Ok(client) => match client.count_users(&UserQuery::default()).await {
                Err(error) => Check::failed(CHECK, &Failure::from(error)),
                Ok(_) => match client.stats().server_ahead.map(|ahead| ahead.as_secs()) {
                    Some(ahead) if ahead.abs() >= CLOCKS_APART_S => {
                        Check::warn(CHECK, clocks_apart(ahead), "Set this machine's clock by NTP.")
                    }
                    _ => Check::ok(CHECK, format!("{} answers, and accepts the API key", account.tenant)),
                },
            },
        };
        checks.push(check.of(&account.id));
    }
    checks
}
