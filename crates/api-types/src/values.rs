//! Enumerations of the API. Each has the names that the database, the command line and the API share.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// Declares an enumeration of the API by the type that has its names.
macro_rules! values {
    ($($(#[doc = $doc:literal])+ $name:ident: $type:ty;)+) => {
        $(
            $(#[doc = $doc])+
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub struct $name(pub $type);

            impl From<$type> for $name {
                fn from(value: $type) -> Self {
                    Self(value)
                }
            }

            impl Serialize for $name {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.serialize_str(self.0.name())
                }
            }

            impl PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    let names = <$type>::ALL.map(|value| value.name());
                    ObjectBuilder::new()
                        .schema_type(Type::String)
                        .description(Some([$($doc.trim()),+].join(" ")))
                        .enum_values(Some(names))
                        .into()
                }
            }

            impl ToSchema for $name {
                fn name() -> Cow<'static, str> {
                    Cow::Borrowed(stringify!($name))
                }
            }
        )+
    };
}

values! {
    /// Whether a linked account is read: `linked`; `relink_needed`, because Lucca refuses its API key; or `unlinked`.
    LinkedAccountStatus: store::AccountStatus;
    /// The role of an API key: `operator` (everything, including API keys), `vendor` (everything about linked accounts)
    /// or `read_only` (reads one linked account).
    ApiKeyRole: store::Role;
    /// The actor of an audit entry. `administrator` is the person in the linking flow.
    AuditActor: store::Actor;
    /// The change of a record: `hidden` means no longer shown to the API key, `deleted` no longer in Lucca, `excluded` no
    /// longer delivered, `started` and `ended` that an employment began or ended.
    ChangeOperation: store::Operation;
    /// The stream of a record.
    RecordKind: people::Kind;
    /// Why a webhook endpoint receives nothing: `requested` (disabled on request), `gone` (it answered 410) or `failing`
    /// (for three days).
    DisabledReason: store::DisabledReason;
    /// The result of a run. `incomplete`: a stream could not be read, or not proven complete. `interrupted`: the process
    /// that ran it ended.
    RunOutcome: store::Outcome;
    /// The state of a linking flow.
    LinkingFlowStatus: store::FlowStatus;
    /// What an API key may do: `ready`; `limited` (an optional permission is missing or unconfirmed, or the key sees only
    /// a part of the company); or `not_ready` (a required permission is missing or unconfirmed).
    Readiness: linking::Readiness;
    /// A permission in Lucca.
    PermissionName: linking::Permission;
    /// The result of a permission check.
    Verdict: linking::Verdict;
    /// The origin of a diagnosis: `linking` and `check` send requests to Lucca, `sync` uses stored data.
    DiagnosisSource: store::DiagnosisSource;
    /// The state of an absence submission: `submitting` (being sent to Lucca), `in_doubt` (sent, and Lucca's answer is
    /// unknown: the connector looks for it), `refused` (by Lucca, before it was created), `not_created` (it did not reach
    /// Lucca), `pending` (an approver has to decide), `approved`, `denied`, `cancelled` or `cancellation_pending`.
    AbsenceSubmissionStatus: absences::Status;
    /// The API of Lucca that creates absences: the leave request factory, or the import.
    AbsenceApi: absences::AbsenceApi;
    /// The attribute of an employee that a reference matches.
    ReferenceKind: people::ReferenceKind;
    /// The source of a value of a position: a `contract`; `user_log`, Lucca's log; `observation`, a sync found the change;
    /// or `current`, the present value without evidence of a change.
    PositionSource: people::PositionSource;
    /// How far a value may travel in a company: `internal` (known to everyone who works with the data), `personal` (who a
    /// person is at work) or `confidential` (private life, pay, bank; read only if its field group is requested).
    Sensitivity: people::catalog::Sensitivity;
}
