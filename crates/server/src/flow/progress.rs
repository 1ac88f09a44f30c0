//! How far a linking flow is: what the customer has said so far, kept with the flow as JSON, so that it can go on
//! on another device. The key is not here: it is sealed, in a column of its own.

use linking::{Diagnosis, Permission};
use people::Language;
use people::Feature;
use serde::{Deserialize, Deserializer, Serialize};

/// The steps, in their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Step {
    /// What will be read, and why.
    #[default]
    Welcome,
    /// Whether this person may make API keys.
    Access,
    /// Where Lucca is.
    Tenant,
    /// Making the key in Lucca.
    Key,
    /// Ticking the boxes of its role.
    Role,
    /// Giving the key.
    EnterKey,
    /// What the key opens.
    Checks,
    /// The first sync.
    Sync,
    /// What was found.
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
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.name() == name)
    }

    pub(crate) fn before(self) -> Option<Self> {
        let at = Self::ALL.iter().position(|step| *step == self)?;
        Self::ALL.get(at.checked_sub(1)?).copied()
    }
}

/// The tenant that was named.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Tenant {
    /// Its origin.
    pub(crate) origin: String,
}

/// What became of the checks.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(crate) enum Checked {
    /// Not begun, or begun by a process that has ended since.
    #[default]
    Not,
    /// Done.
    Done {
        /// What was found.
        diagnosis: Box<Diagnosis>,
    },
    /// Lucca could not be asked.
    Failed {
        /// The stable code.
        code: String,
    },
}

/// How far a flow is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// The form of this JSON.
    version: u8,
    /// The furthest step that may be opened.
    pub(crate) furthest: Step,
    /// The language chosen in the flow or asked for with the link token.
    pub(crate) language: Option<Language>,
    /// What the customer switched off.
    #[serde(default)]
    pub(crate) declined: Vec<Feature>,
    /// Whether a link was handed over to somebody else.
    #[serde(default)]
    pub(crate) handed_over: bool,
    /// The tenant, once it is named.
    #[serde(default)]
    pub(crate) tenant: Option<Tenant>,
    /// Counts the changes of what is checked: the key, the tenant and the features. What a check finds is of one count.
    #[serde(default)]
    pub(crate) checks_version: u64,
    /// What became of the checks of the key that the flow holds.
    #[serde(default, deserialize_with = "checked_or_not")]
    pub(crate) checked: Checked,
    /// What the doctor can't tell and the customer confirmed.
    #[serde(default)]
    pub(crate) confirmed: Vec<Permission>,
}

const VERSION: u8 = 1;

/// What another version of this program found and this one can't read is checked again.
fn checked_or_not<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Checked, D::Error> {
    let json = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(json).unwrap_or_default())
}

impl Progress {
    /// A flow that nobody has opened.
    pub(crate) fn new(language: Option<Language>) -> Self {
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

    /// Reads what [`to_json`](Self::to_json) wrote; what can't be read begins anew.
    pub(crate) fn read(json: &str) -> Self {
        serde_json::from_str(json)
            .ok()
            .filter(|read: &Self| read.version == VERSION)
            .unwrap_or_else(|| Self::new(None))
    }

    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Opens the steps up to `step`.
    pub(crate) fn reach(&mut self, step: Step) {
        self.furthest = self.furthest.max(step);
    }

    /// Another tenant, another key or other features: what was checked holds no longer, nor what is being checked.
    pub(crate) fn forget_checks(&mut self) {
        self.checks_version += 1;
        self.checked = Checked::Not;
        self.confirmed.clear();
        self.furthest = self.furthest.min(Step::EnterKey);
    }
}
