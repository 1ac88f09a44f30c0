//! Linking flows.

use serde::Serialize;
use utoipa::ToSchema;

use crate::LinkingFlowStatus;

/// A linking flow: a customer's steps from the welcome page to a linked account.
#[derive(Serialize, ToSchema)]
pub struct LinkingFlow {
    /// The flow's id.
    #[schema(example = "flow_0193a5b0c2d47b3e9f1a2b3c4d5e6f70")]
    pub id: String,
    /// The vendor's id of the customer.
    pub customer_id: String,
    /// The state.
    pub status: LinkingFlowStatus,
    /// The furthest step reached: `welcome`, `access`, `tenant`, `key`, `role`, `enter-key`, `checks`,
    /// `sync`, `summary` or `done`.
    #[schema(example = "tenant")]
    pub step: &'static str,
    /// Whether the link was handed over to another person.
    pub handed_over: bool,
    /// The features that the app requested.
    pub features: Vec<String>,
    /// The features that the customer declined.
    pub declined_features: Vec<String>,
    /// The linked account, once it exists.
    pub linked_account_id: Option<String>,
    /// When the flow was created, UTC.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When its state last changed, UTC.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// When the account was linked, UTC.
    #[schema(format = DateTime)]
    pub finished_at: Option<String>,
}
