//! Views of accounts and employees that the audit log already has for the current hour, in memory.
//! `auth::Reader` writes the entries.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use people::RemoteId;
use store::AccountId;

use crate::caller_key::CallerKey;

/// Views that this process has already recorded in the current hour.
#[derive(Default)]
pub(crate) struct NotedViews(Mutex<(i64, HashSet<View>)>);

/// The API key, the account, and the employee.
type View = (CallerKey, AccountId, Option<RemoteId>);

impl NotedViews {
    /// Whether the view is the first of its kind in the hour of `at`; it counts as recorded from then on.
    pub(crate) fn is_first(&self, at: jiff::Timestamp, view: View) -> bool {
        /// Beyond this, views are recorded again, which the store ignores.
        const MANY: usize = 200_000;
        let hour = at.as_second().div_euclid(3600);
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.0 != hour || noted.1.len() >= MANY {
            *noted = (hour, HashSet::new());
        }
        noted.1.insert(view)
    }
}
