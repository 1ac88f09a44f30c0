//! What of a linked account is delivered, as its settings say it. Names are checked against the model in `delivery`.

use people::PeopleFilter;
use serde::{Deserialize, Serialize};

/// What is delivered. The default is everything that is read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliveryRules {
    /// Which people; none is everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people: Option<PeopleFilter>,
}

impl DeliveryRules {
    /// Whether everything that is read is delivered.
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
