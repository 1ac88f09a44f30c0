//! Persistence: linked accounts with their sealed secrets, records, the change log, stream states, runs and
//! all other stored data.
//!
//! One module per aggregate, each with its SQL, for SQLite and PostgreSQL alike. The caller passes the time
//! and the randomness; this crate reads neither a clock nor the environment, and sends no request to Lucca.

mod accounts;
mod db;
mod delivery;
mod dialect;
mod error;
mod ids;
mod linking;
mod operations;
mod records;
mod schema;
mod sync;
mod vault;

pub use accounts::account_events::AccountEvent;
pub use accounts::api_keys::{ApiKeyEntry, Role};
pub use accounts::capabilities::Capability;
pub use accounts::linked_accounts::{
    AccountOwner, AccountSettings, AccountStatus, LinkTarget, LinkedAccount, NewAccount, SettingsChange,
};
pub use accounts::unlinking::{DataPolicy, UnlinkReceipt};
pub use db::Store;
pub use delivery::calendar_feeds::{CalendarFeed, Team};
pub use delivery::delivery_rules::{DeliveryRules, FieldRule};
pub use delivery::destinations::{
    Destination, DestinationChange, DisabledReason, FailedAttempt, NewDestination, PushResult,
};
pub use delivery::scim_links::{ScimLink, ScimResource};
pub use delivery::webhook_deliveries::{Attempt, Backlog, Cursor, DeliveryResults, Log, WebhookDelivery};
pub use dialect::has_nul;
pub use error::Error;
pub use ids::{
    AccountId, ApiKeyId, CalendarFeedId, DestinationId, DestinationKind, ErasureId, FlowId, InboundWebhookId,
    InvalidId, IssueId, ReceiptId, RunId, SubmissionId,
};
pub use linking::diagnoses::{DiagnosisSource, KeptDiagnosis, NewDiagnosis};
pub use linking::issues::{Issue, IssueFilter, NewIssue};
pub use linking::link_flows::{FlowStatus, LinkFlow, LinkFlowEnd, LinkToken, NewLinkFlow, TokenKind};
pub use operations::audit::{Actor, AuditEntry, NewAuditEntry};
pub use operations::audit_chain::{AuditFault, AuditHash, AuditHead, AuditVerdict, InvalidAuditHead};
pub use operations::audit_views::AccountView;
pub use operations::backups::BackupError;
pub use operations::idempotency::{Claim, Named, NamedRequest};
pub use operations::receipts::{Removed, RetentionReceipt};
pub use operations::removals::PendingRemoval;
pub use operations::resealing::{Reseal, ResealPlace, Resealed, SealedCount};
pub use operations::restores::Restored;
pub use operations::retention::RetentionRule;
pub use operations::vitals::Vitals;
pub use operations::workers::TimesTooFar;
pub use records::audience::AudienceChange;
pub use records::changes::{Change, ChangeFilter, NewChange, Operation};
pub use records::commit::Commit;
pub use records::erasures::{Erasure, Receipt};
pub use records::evidence::{OwnerCounts, StandingCounts, StoredEvidence};
pub use records::exclusions::KeptRecord;
pub use records::listing::{ListCondition, ListFilter, ListPosition, ListedRecord};
pub use records::lookup::{OpenRequest, RecordState, RecordUpsert, Stored, StoredHash, content_hash};
pub use records::position_traces::PositionTraces;
pub use records::quarantine::Quarantined;
pub use schema::Schema;
pub use sync::holds::Hold;
pub use sync::inbound_webhooks::{InboundWebhook, Notice, NoticeKind, Received};
pub use sync::leases::{Lease, LeaseHolder};
pub use sync::request_budgets::RequestCounts;
pub use sync::runs::{Cancelling, Outcome, Run, RunRequest, StreamProgress};
pub use sync::schedule::{DueAccount, Waiting};
pub use sync::submissions::{NewSubmission, Submission, SubmissionFilter, SubmissionState};
pub use vault::{KeyFingerprint, MasterKey, MasterKeyError, Vault, VaultError};
