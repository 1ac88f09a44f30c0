//! Delivery rules in a linked account's settings: the delivered employees and fields, and the delivered names
//! of fields. `delivery` checks the names against the model.

use std::collections::BTreeMap;

use people::PeopleFilter;
use serde::{Deserialize, Serialize};

/// The delivery rules. The default delivers all records that are read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliveryRules {
    /// The employees to deliver; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people: Option<PeopleFilter>,
    /// The fields to deliver, by stream.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, FieldRule>,
    /// Renamed fields, by stream: the model's name, and the delivered one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub renames: BTreeMap<String, BTreeMap<String, String>>,
}

/// The delivered fields of a stream. A field is a member of the model, or `member.inner`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldRule {
    /// Only these; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<Vec<String>>,
    /// All except these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
}

impl DeliveryRules {
    /// Whether all records that are read are delivered, with the model's fields and names.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Returns the rules without an employee filter that has no condition.
    #[must_use]
    pub fn plain(mut self) -> Self {
        self.people = self.people.filter(|people| !people.is_everybody());
        self
    }
}
