//! Where everything is kept: linked accounts with their sealed secrets, records, the change log, how far streams
//! are, and runs.
//!
//! One module per aggregate, each with its SQL, for SQLite and PostgreSQL alike. A caller gives the time and the
//! randomness; nothing here reads a clock, the environment or Lucca.

mod account_events;
mod accounts;
mod api_keys;
mod audience;
mod audit;
mod audit_chain;
mod backups;
mod calendar_feeds;
mod capabilities;
mod changes;
mod commit;
mod db;
mod delivery_rules;
mod dialect;
mod erasures;
mod error;
mod evidence;
mod exclusions;
mod hidden;
mod holds;
mod idempotency;
mod ids;
mod inbound_webhooks;
mod issues;
mod leases;
mod link_flows;
mod listing;
mod person_index;
mod position_traces;
mod public_tokens;
mod quarantine;
mod receipts;
mod records;
mod removals;
mod request_budgets;
mod resealing;
mod restores;
mod retention;
mod runs;
mod schedule;
mod schema;
mod scim_targets;
mod stream_states;
mod submissions;
mod turning;
mod unlinking;
mod vault;
mod vitals;
mod webhook_deliveries;
mod webhook_endpoints;
mod workers;

pub use account_events::AccountEvent;
pub use accounts::{AccountSettings, AccountStatus, LinkedAccount, NewAccount, Onto, SettingsChange};
pub use api_keys::{ApiKeyEntry, Role};
pub use audience::AudienceChange;
pub use audit::{Actor, AuditEntry, NewAuditEntry};
pub use audit_chain::{AuditFault, AuditHash, AuditHead, AuditVerdict, InvalidAuditHead};
pub use backups::BackupError;
pub use calendar_feeds::{CalendarFeed, Team};
pub use capabilities::Capability;
pub use changes::{Change, ChangeFilter, NewChange, Operation, UnknownOperation};
pub use commit::Commit;
pub use db::Store;
pub use delivery_rules::{DeliveryRules, FieldRule};
pub use erasures::{Erasure, Receipt};
pub use error::Error;
pub use evidence::{OwnerCounts, StandingCounts, StoredEvidence};
pub use exclusions::Kept;
pub use holds::Hold;
pub use idempotency::{Claim, Named, NamedRequest};
pub use ids::{
    AccountId, ApiKeyId, CalendarFeedId, ErasureId, FlowId, InboundWebhookId, InvalidId, IssueId, ReceiptId,
    RunId, ScimTargetId, SubmissionId, WebhookEndpointId,
};
pub use inbound_webhooks::{InboundWebhook, Notice, NoticeOf, Received};
pub use issues::{Issue, IssueFilter, NewIssue};
pub use leases::{Lease, LeaseHolder};
pub use link_flows::{FlowStatus, LinkFlow, LinkToken, NewLinkFlow, TokenKind};
pub use listing::{ListFilter, ListPlace, ListedRecord};
pub use position_traces::PositionTraces;
pub use quarantine::Quarantined;
pub use receipts::{Removed, RetentionReceipt};
pub use records::{OpenRequest, RecordState, RecordUpsert, Stored, StoredHash, content_hash};
pub use removals::PendingRemoval;
pub use request_budgets::RequestCounts;
pub use resealing::{ResealPlace, Resealed, SealedCount};
pub use restores::Restored;
pub use retention::RetentionRule;
pub use runs::{Cancelling, Outcome, Run, StreamProgress};
pub use schedule::{DueAccount, Waiting};
pub use schema::Schema;
pub use scim_targets::{NewScimTarget, ScimLink, ScimPushed, ScimResource, ScimTarget, ScimTargetChange};
pub use submissions::{NewSubmission, Submission, SubmissionFilter, SubmissionState};
pub use unlinking::{DataPolicy, UnlinkReceipt};
pub use vault::{KeyFingerprint, MasterKey, MasterKeyError, Vault, VaultError};
pub use vitals::Vitals;
pub use webhook_deliveries::{Attempt, Backlog, Cursor, Failed, Log, Told, WebhookDelivery};
pub use webhook_endpoints::{DisabledReason, EndpointChange, NewWebhookEndpoint, Payload, WebhookEndpoint};
