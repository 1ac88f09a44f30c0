//! The state of a linking flow: the customer's answers so far, stored with the flow as JSON, so that it can
//! be continued on another device. The API key is not part of it: it is sealed, in a column of its own.

use linking::{Diagnosis, Permission};
use people::Feature;
use people::Language;
use serde::{Deserialize, Deserializer, Serialize};

/// The steps, in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// The data that the app reads, with the reasons.
    #[default]
    Welcome,
    /// Whether this administrator may create API keys.
    Access,
    /// The tenant's address.
    Tenant,
    /// Creating the key in Lucca.
    Key,
    /// Ticking the boxes of the key's role.
    Role,
    /// Entering the key.
    EnterKey,
    /// The permissions of the key.
    Checks,
    /// The first sync.
    Sync,
    /// The result of the first sync.
    Summary,
    /// The end.
    Done,
}

people::names! {
    Step: "step" {
        Welcome = "welcome",
        Access = "access",
        Tenant = "tenant",
        Key = "key",
        Role = "role",
        EnterKey = "enter-key",
        Checks = "checks",
        Sync = "sync",
        Summary = "summary",
        Done = "done",
    }
}

impl Step {
    /// The step whose page has this name in its address.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.name() == name)
    }

    /// The previous step; `None` before the first.
    pub fn before(self) -> Option<Self> {
        let at = Self::ALL.iter().position(|step| *step == self)?;
        Self::ALL.get(at.checked_sub(1)?).copied()
    }
}

/// The tenant that the customer entered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tenant {
    /// Its origin.
    pub origin: String,
}

/// The state of the checks.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Checked {
    /// Not started, or started by a process that has ended since.
    #[default]
    Not,
    /// Finished.
    Done {
        /// The result.
        diagnosis: Box<Diagnosis>,
    },
    /// The examination failed.
    Failed {
        /// The error's stable code.
        code: String,
    },
}

/// The state of a flow.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Progress {
    /// The version of this JSON format.
    version: u8,
    /// The furthest step that may be opened.
    pub furthest: Step,
    /// The language chosen in the flow or requested with the link token.
    pub language: Option<Language>,
    /// The features that the customer declined.
    #[serde(default)]
    pub declined: Vec<Feature>,
    /// Whether a link was handed over to another administrator.
    #[serde(default)]
    pub handed_over: bool,
    /// The tenant, once it is entered.
    #[serde(default)]
    pub tenant: Option<Tenant>,
    /// Counts the changes of the key, the tenant and the features. The result of a check belongs to one
    /// count.
    #[serde(default)]
    pub checks_version: u64,
    /// The state of the checks of the current key.
    #[serde(default, deserialize_with = "checked_or_not")]
    pub checked: Checked,
    /// Undecided permissions that the customer confirmed.
    #[serde(default)]
    pub confirmed: Vec<Permission>,
}

const VERSION: u8 = 1;

/// A result in another version's format that can't be read counts as not checked.
fn checked_or_not<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Checked, D::Error> {
    let json = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(json).unwrap_or_default())
}

impl Progress {
    /// The state of a flow that has not been opened.
    pub fn new(language: Option<Language>) -> Self {
        Self {
            version: VERSION,
            furthest: Step::Welcome,
            language,
            declined: Vec::new(),
            handed_over: false,
            tenant: None,
            checks_version: 0,
            checked: Checked::Not,
            confirmed: Vec::new(),
        }
    }

    /// Parses the output of [`to_json`](Self::to_json); starts anew if it can't be parsed.
    pub fn read(json: &str) -> Self {
        serde_json::from_str(json)
            .ok()
            .filter(|read: &Self| read.version == VERSION)
            .unwrap_or_else(|| Self::new(None))
    }

    /// The JSON that is stored with the flow.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Allows the steps up to `step`.
    pub fn reach(&mut self, step: Step) {
        self.furthest = self.furthest.max(step);
    }

    /// Discards the results of finished and running checks, after a change of tenant, key or features.
    pub fn forget_checks(&mut self) {
        self.checks_version += 1;
        self.checked = Checked::Not;
        self.confirmed.clear();
        self.furthest = self.furthest.min(Step::EnterKey);
    }
}
