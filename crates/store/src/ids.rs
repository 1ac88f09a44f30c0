//! The connector's own ids: a prefix for the type, and a UUID v7. Lucca's ids are `people::RemoteId`.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use uuid::Uuid;

/// The text is not an id of the expected kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an id of the form {prefix}…")]
pub struct InvalidId {
    prefix: &'static str,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id, from its creation time and ten random bytes.
            pub fn mint(at: Timestamp, random: [u8; 10]) -> Self {
                Self(uuid_v7(at, random))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0.simple())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.strip_prefix($prefix)
                    .and_then(|uuid| Uuid::try_parse(uuid).ok())
                    .map(Self)
                    .ok_or(InvalidId { prefix: $prefix })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )+};
}

ids! {
    /// A linked account: `acct_…`.
    AccountId = "acct_",
    /// A key for the HTTP API: `key_…`.
    ApiKeyId = "key_",
    /// A run of a sync: `run_…`.
    RunId = "run_",
    /// A linking flow: `flow_…`.
    FlowId = "flow_",
    /// An issue: `iss_…`.
    IssueId = "iss_",
    /// The receipt of an erasure: `era_…`.
    ErasureId = "era_",
    /// A receipt of retention: `rcp_…`.
    ReceiptId = "rcp_",
    /// An absence submission: `abr_…`.
    SubmissionId = "abr_",
    /// A calendar feed of absences: `feed_…`.
    CalendarFeedId = "feed_",
    /// The inbound webhooks of a linked account: `inw_…`.
    InboundWebhookId = "inw_",
}

/// Kind of a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DestinationKind {
    /// A webhook endpoint: receives events.
    Webhook,
    /// A SCIM service: employees are provisioned to it.
    Scim,
}

people::names! { DestinationKind: "destination kind" { Webhook = "webhook", Scim = "scim" } }

impl DestinationKind {
    /// The prefix of its ids.
    const fn prefix(self) -> &'static str {
        match self {
            Self::Webhook => "whe_",
            Self::Scim => "scim_",
        }
    }

    /// Its name in the audit log.
    pub(crate) const fn subject(self) -> &'static str {
        match self {
            Self::Webhook => "webhook_endpoint",
            Self::Scim => "scim_target",
        }
    }
}

/// A destination. The prefix is that of its kind: `whe_…` for a webhook endpoint, `scim_…` for a SCIM service.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DestinationId {
    kind: DestinationKind,
    uuid: Uuid,
}

impl DestinationId {
    /// A new id, from its creation time and ten random bytes.
    pub fn mint(kind: DestinationKind, at: Timestamp, random: [u8; 10]) -> Self {
        Self { kind, uuid: uuid_v7(at, random) }
    }

    /// The kind of the destination.
    pub const fn kind(self) -> DestinationKind {
        self.kind
    }
}

impl fmt::Display for DestinationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.kind.prefix(), self.uuid.simple())
    }
}

impl fmt::Debug for DestinationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for DestinationId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let of_kind = |kind: &DestinationKind| {
            let uuid = Uuid::try_parse(text.strip_prefix(kind.prefix())?).ok()?;
            Some(Self { kind: *kind, uuid })
        };
        DestinationKind::ALL.iter().find_map(of_kind).ok_or(InvalidId { prefix: "whe_… or scim_" })
    }
}

impl serde::Serialize for DestinationId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn uuid_v7(at: Timestamp, random: [u8; 10]) -> Uuid {
    let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_and_refuses_another_kind() {
        let id = AccountId::mint(Timestamp::from_second(1_800_000_000).unwrap(), [7; 10]);
        assert_eq!(id.to_string().parse::<AccountId>(), Ok(id));
        assert!(id.to_string().parse::<RunId>().is_err());
        assert!(id.to_string().parse::<DestinationId>().is_err());
        for kind in DestinationKind::ALL {
            let id = DestinationId::mint(kind, Timestamp::from_second(1_800_000_000).unwrap(), [7; 10]);
            assert_eq!(id.to_string().parse(), Ok(id));
        }
    }
}
