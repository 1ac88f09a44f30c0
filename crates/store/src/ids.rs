//! Our own ids: a prefix for the type, and a UUID v7. Ids at the source are `people::RemoteId`.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use uuid::Uuid;

/// The text is not an id of the kind expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id of the form {prefix}…")]
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
                let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
                Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
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
    /// An absence request made through the connector: `abr_…`.
    SubmissionId = "abr_",
    /// A webhook endpoint: `whe_…`.
    WebhookEndpointId = "whe_",
    /// A service that people are provisioned to by SCIM: `scim_…`.
    ScimTargetId = "scim_",
    /// A calendar feed of absences: `feed_…`.
    CalendarFeedId = "feed_",
    /// The inbound webhooks of a linked account: `inw_…`.
    InboundWebhookId = "inw_",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_and_refuses_another_kind() {
        let id = AccountId::mint(Timestamp::from_second(1_800_000_000).unwrap(), [7; 10]);
        assert_eq!(id.to_string().parse::<AccountId>(), Ok(id));
        assert!(id.to_string().parse::<RunId>().is_err());
    }
}
