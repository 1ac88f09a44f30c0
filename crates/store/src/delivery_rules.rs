//! What of a linked account is delivered, as its settings say it. Names are checked against the model in `delivery`.

use std::collections::BTreeMap;

use people::PeopleFilter;
use serde::{Deserialize, Serialize};

/// What is delivered. The default is everything that is read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliveryRules {
    /// Which people; none is everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people: Option<PeopleFilter>,
    /// Which fields, by stream.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, FieldRule>,
    /// What fields are called, by stream: the model's name, and the one they are delivered under.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub renames: BTreeMap<String, BTreeMap<String, String>>,
}

/// Which fields of a stream are delivered. A field is a member of the model, or `member.inner`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldRule {
    /// These, and no others; all where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<Vec<String>>,
    /// Not these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
}

impl DeliveryRules {
    /// Whether everything that is read is delivered, as the model has it.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// The same, with a filter that has no condition left out.
    #[must_use]
    pub fn plain(mut self) -> Self {
        self.people = self.people.filter(|people| !people.is_everybody());
        self
    }
}
