//! Delivery rules in a linked account's settings: which people and fields are delivered, and under which
//! names. `delivery` checks the names against the model.

use std::collections::BTreeMap;

use people::PeopleFilter;
use serde::{Deserialize, Serialize};

/// What is delivered. The default is everything that is read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliveryRules {
    /// The people to deliver; none means all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people: Option<PeopleFilter>,
    /// The fields to deliver, by stream.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, FieldRule>,
    /// Renamed fields, by stream: the model's name, and the delivered one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub renames: BTreeMap<String, BTreeMap<String, String>>,
}

/// Which fields of a stream are delivered. A field is a member of the model, or `member.inner`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldRule {
    /// Only these; all where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<Vec<String>>,
    /// All except these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
}

impl DeliveryRules {
    /// Whether everything that is read is delivered, as the model has it.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Returns the rules without a people filter that has no condition.
    #[must_use]
    pub fn plain(mut self) -> Self {
        self.people = self.people.filter(|people| !people.is_everybody());
        self
    }
}
