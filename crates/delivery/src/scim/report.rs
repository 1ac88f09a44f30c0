//! The report of a push: its actions, or the planned ones.

use people::RemoteId;
use serde::Serialize;
use serde_json::{Value, json};

/// The codes of issues about a service; the issue's subject is the service's id.
pub const ISSUES: [&str; 5] = [HELD, MEMBERSHIPS_HELD, REFUSED, UNREACHABLE, FAILED];

/// A push would deactivate more users than the brake allows without confirmation.
pub(super) const HELD: &str = "scim.held";
/// A push would take the last group from more active users than the brake allows without confirmation.
pub(super) const MEMBERSHIPS_HELD: &str = "scim.memberships_held";
/// The service refuses the token.
pub(super) const REFUSED: &str = "scim.refused";
/// The service forbids a request about one resource.
pub(super) const FORBIDDEN: &str = "scim.forbidden";
/// The service does not answer as a SCIM service.
pub(super) const UNREACHABLE: &str = "scim.unreachable";
/// Some users or groups could not be provisioned.
pub(super) const FAILED: &str = "scim.records_failed";

/// An action on a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Created.
    Create,
    /// An existing resource was linked to this record.
    Adopt,
    /// Attributes were changed.
    Update,
    /// The user was set inactive; the group was emptied.
    Deactivate,
    /// The user was set active again.
    Reactivate,
    /// Deleted.
    Delete,
    /// Failed: see the code.
    Fail,
}

/// A changed attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The attribute's name, as in the settings.
    pub attribute: &'static str,
    /// The value before.
    pub before: Option<String>,
    /// The value after.
    pub after: Option<String>,
}

/// The action on one user or group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The action.
    pub action: Action,
    /// `user` or `group`.
    pub resource: &'static str,
    /// Lucca's id.
    pub id: RemoteId,
    /// The user name or display name.
    pub name: String,
    /// The changed attributes.
    pub changes: Vec<Change>,
    /// Why it failed: a stable code, with the service's status if there was a response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The actions of a push; in a dry run, the planned ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// Users and groups that are already in their target state.
    pub unchanged: u64,
    /// Employees without a user name, who can't be provisioned.
    pub nameless: u64,
    /// The number of deactivations that wait for an operator's confirmation; none of them was made.
    pub held: Option<u64>,
    /// The number of active users who would be in no group any more; if there are too many to believe it, no group was
    /// changed, and an operator has to confirm.
    pub held_memberships: Option<u64>,
    /// Why the push ended early: a stable code.
    pub stopped: Option<String>,
}

impl Report {
    /// Whether the push completed without failures or held deactivations.
    pub fn is_complete(&self) -> bool {
        self.stopped.is_none()
            && self.held.is_none()
            && self.held_memberships.is_none()
            && self.count(Action::Fail) == 0
    }

    /// The number of steps with this action.
    pub fn count(&self, action: Action) -> u64 {
        self.steps.iter().map(|step| u64::from(step.action == action)).sum()
    }

    /// Codes and counts, without personal data.
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
            "held_memberships": self.held_memberships,
            "stopped": self.stopped,
        })
    }
}
