//! Switches of the notifications that a tenant sends. Source: absences.md §9, §14, where most of these are
//! open.

use serde::{Deserialize, Serialize};

/// The notifications of absences, and their receiver. Only `url` is required.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telling {
    /// URL of the receiver: `http://host:port/path`.
    pub url: String,
    /// The entered key; sent as `Authorization`.
    #[serde(default)]
    pub authorization: String,
    /// The form in which the key is sent.
    #[serde(default)]
    pub authorization_as: AuthorizationAs,
    /// Pending absences are notified too, as `created`; otherwise only approved and ended ones.
    #[serde(default)]
    pub pending: bool,
    /// The morning is spelled `isAM`, as in answers; otherwise `isAm`, as documented.
    #[serde(default)]
    pub observed_casing: bool,
    /// Ids of owners are texts.
    #[serde(default)]
    pub text_ids: bool,
    /// Dates have a time.
    #[serde(default)]
    pub timed_dates: bool,
    /// `X-Event` is not sent.
    #[serde(default)]
    pub without_event: bool,
    /// The half-days of a change are sent from the last to the first.
    #[serde(default)]
    pub backwards: bool,
    /// The half-days of a change are sent in one list, according to an older article of Lucca's.
    #[serde(default)]
    pub together: bool,
    /// Number of times that each notification is repeated.
    #[serde(default)]
    pub repeats: u8,
    /// Nothing arrives.
    #[serde(default)]
    pub lost: bool,
    /// Lucca's secret: signed events of the newer kind are sent instead of half-days (source: absences.md
    /// §9.2).
    #[serde(default)]
    pub signed_with: Option<String>,
}

impl Telling {
    /// The documented notifications, sent to that URL with that key.
    pub fn to(url: &str, key: &str) -> Self {
        Self {
            url: url.to_owned(),
            authorization: key.to_owned(),
            authorization_as: AuthorizationAs::Entered,
            pending: true,
            observed_casing: false,
            text_ids: false,
            timed_dates: false,
            without_event: false,
            backwards: false,
            together: false,
            repeats: 0,
            lost: false,
            signed_with: None,
        }
    }
}

/// The form in which an entered key is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthorizationAs {
    /// As it was entered.
    #[default]
    Entered,
    /// `Basic` before it.
    Basic,
    /// `Basic` and, in base64, the key as a password without a user.
    BasicPassword,
}
