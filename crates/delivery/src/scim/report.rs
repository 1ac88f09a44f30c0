//! What a push did, or would do.

use people::RemoteId;
use serde::Serialize;
use serde_json::{Value, json};

/// The codes of issues about a service; their subject is its id.
pub const ISSUES: [&str; 4] = [HELD, REFUSED, UNREACHABLE, FAILED];

/// More people would be deactivated at once than may be without being asked.
pub(super) const HELD: &str = "scim.held";
/// The service refuses the token.
pub(super) const REFUSED: &str = "scim.refused";
/// The service does not answer as a SCIM service does.
pub(super) const UNREACHABLE: &str = "scim.unreachable";
/// Some users or groups could not be provisioned.
pub(super) const FAILED: &str = "scim.records_failed";

/// What is done with a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is made.
    Create,
    /// It was there and is taken for this record's.
    Adopt,
    /// Attributes are changed.
    Update,
    /// The user may not log in any more.
    Deactivate,
    /// The user may log in again.
    Reactivate,
    /// It is deleted.
    Delete,
    /// It is not done: see the code.
    Fail,
}

/// An attribute that is changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Its name, as in the settings.
    pub attribute: &'static str,
    /// What it was.
    pub before: Option<String>,
    /// What it becomes.
    pub after: Option<String>,
}

/// What is done with one user or group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What.
    pub action: Action,
    /// `user` or `group`.
    pub resource: &'static str,
    /// Lucca's id.
    pub id: RemoteId,
    /// What it is called at the service.
    pub name: String,
    /// What is changed of it.
    pub changes: Vec<Change>,
    /// Why it failed: a stable code, with the service's status where there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What a push did, or, of a dry run, would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// Users and groups that are as they should be.
    pub unchanged: u64,
    /// People without a user name, who can't be users.
    pub nameless: u64,
    /// So many would be deactivated that a person is asked first; none of them is.
    pub held: Option<u64>,
    /// Why it stopped before its end: a stable code.
    pub stopped: Option<String>,
}

impl Report {
    /// Whether all was done.
    pub fn is_complete(&self) -> bool {
        self.stopped.is_none() && self.held.is_none() && self.count(Action::Fail) == 0
    }

    /// How often something was done.
    pub fn count(&self, action: Action) -> u64 {
        self.steps.iter().map(|step| u64::from(step.action == action)).sum()
    }

    /// Codes and counts, without anything personal.
    pub fn summary(&self) -> Value {
        json!({
            "created": self.count(Action::Create),
            "adopted": self.count(Action::Adopt),
            "updated": self.count(Action::Update),
            "deactivated": self.count(Action::Deactivate),
            "reactivated": self.count(Action::Reactivate),
            "deleted": self.count(Action::Delete),
            "failed": self.count(Action::Fail),
            "unchanged": self.unchanged,
            "without_user_name": self.nameless,
            "held": self.held,
            "stopped": self.stopped,
        })
    }
}
