//! Switches of what a tenant tells by itself. Source: absences.md §9, §14, where most of these are open.

use serde::{Deserialize, Serialize};

/// What a tenant tells of its absences by itself, and whom. Only `url` has to be there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telling {
    /// Where it is sent: `http://host:port/path`.
    pub url: String,
    /// What was entered as the key; sent as `Authorization`.
    #[serde(default)]
    pub authorization: String,
    /// How the key is sent.
    #[serde(default)]
    pub authorization_as: AuthorizationAs,
    /// What is pending is told too, as `created`; else only what was approved or is over.
    #[serde(default)]
    pub pending: bool,
    /// The morning is spelled `isAM`, as in answers; else `isAm`, as documented.
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
    /// The half-days of a change are told from the last to the first.
    #[serde(default)]
    pub backwards: bool,
    /// The half-days of a change are told in one list: an older article of Lucca's says so.
    #[serde(default)]
    pub together: bool,
    /// Each is sent so many times more.
    #[serde(default)]
    pub repeats: u8,
    /// Nothing arrives.
    #[serde(default)]
    pub lost: bool,
    /// Lucca's secret: signed events of the newer kind are sent instead of half-days (source: absences.md §9.2).
    #[serde(default)]
    pub signed_with: Option<String>,
}

impl Telling {
    /// What is documented, sent there with that key.
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

/// How a key that was entered is sent.
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
