//! What an app wants of Lucca. Which permissions a feature takes is in `permission`.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A kind of data that an app wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feature {
    /// People with their contracts, departments and establishments. Always wanted.
    Employees,
    /// Absences to the half-day.
    Leaves,
    /// The requests that ask for absences, with their approvals.
    AbsenceRequests,
    /// Job titles.
    Jobs,
    /// Who reports to whom.
    Managers,
    /// Job qualifications.
    Qualifications,
    /// The tenant's own fields.
    CustomFields,
}

impl Feature {
    /// Every feature, in the order a person is told of them.
    pub const ALL: [Self; 7] = [
        Self::Employees,
        Self::Leaves,
        Self::AbsenceRequests,
        Self::Jobs,
        Self::Managers,
        Self::Qualifications,
        Self::CustomFields,
    ];

    /// The feature's name, stable: it is used in the API, in files and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Employees => "employees",
            Self::Leaves => "leaves",
            Self::AbsenceRequests => "absence_requests",
            Self::Jobs => "jobs",
            Self::Managers => "managers",
            Self::Qualifications => "qualifications",
            Self::CustomFields => "custom_fields",
        }
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The text names no feature.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a feature; features are {list}", list = Feature::ALL.map(Feature::name).join(", "))]
pub struct UnknownFeature(pub String);

impl FromStr for Feature {
    type Err = UnknownFeature;

    fn from_str(text: &str) -> Result<Self, UnknownFeature> {
        Self::ALL
            .into_iter()
            .find(|feature| feature.name() == text)
            .ok_or_else(|| UnknownFeature(text.to_owned()))
    }
}

/// A set of features; [`Feature::Employees`] is always in it. As JSON a list of names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "BTreeSet<Feature>", into = "BTreeSet<Feature>")]
pub struct Features(BTreeSet<Feature>);

impl Features {
    /// Every feature.
    pub fn all() -> Self {
        Feature::ALL.into_iter().collect()
    }

    /// The features of these names.
    pub fn from_names<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Result<Self, UnknownFeature> {
        names.into_iter().map(|name| name.as_ref().parse()).collect()
    }

    /// Whether `feature` is wanted.
    pub fn contains(&self, feature: Feature) -> bool {
        self.0.contains(&feature)
    }

    /// The features wanted, in the order of [`Feature::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = Feature> {
        self.0.iter().copied()
    }

    /// Their names.
    pub fn names(&self) -> Vec<String> {
        self.iter().map(|feature| feature.name().to_owned()).collect()
    }

    /// The set without `feature`; people stay.
    #[must_use]
    pub fn without(&self, feature: Feature) -> Self {
        self.iter().filter(|kept| *kept != feature).collect()
    }
}

impl Default for Features {
    /// People alone.
    fn default() -> Self {
        Self::from_iter([])
    }
}

impl FromIterator<Feature> for Features {
    fn from_iter<I: IntoIterator<Item = Feature>>(features: I) -> Self {
        Self(features.into_iter().chain([Feature::Employees]).collect())
    }
}

impl From<BTreeSet<Feature>> for Features {
    fn from(features: BTreeSet<Feature>) -> Self {
        features.into_iter().collect()
    }
}

impl From<Features> for BTreeSet<Feature> {
    fn from(features: Features) -> Self {
        features.0
    }
}

impl fmt::Display for Features {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().join(","))
    }
}

impl FromStr for Features {
    type Err = UnknownFeature;

    /// Reads names separated by commas.
    fn from_str(text: &str) -> Result<Self, UnknownFeature> {
        Self::from_names(text.split(',').map(str::trim).filter(|name| !name.is_empty()))
    }
}
