//! Features: the kinds of data that an app requests from a tenant, and the ones that a customer can decline.
//! The permissions that a feature needs are in `linking`.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::UnknownName;
use serde::{Deserialize, Serialize};

/// A kind of data that an app requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feature {
    /// Employees with their contracts, departments and establishments. Always requested.
    Employees,
    /// Absences to the half-day, with their leave types. Without them, absence requests are not read either.
    Leaves,
    /// Absence requests with their approvals.
    AbsenceRequests,
    /// Job titles.
    Jobs,
    /// Reporting lines: the manager of each employee.
    Managers,
    /// Job qualifications, and the one of each employee.
    Qualifications,
    /// The tenant's own fields and their meanings.
    CustomFields,
}

crate::names! {
    Feature: "feature" {
        Employees = "employees",
        Leaves = "leaves",
        AbsenceRequests = "absence_requests",
        Jobs = "jobs",
        Managers = "managers",
        Qualifications = "qualifications",
        CustomFields = "custom_fields",
    }
}

impl Feature {
    /// Every feature that a customer can decline: all except employees.
    pub const DECLINABLE: [Self; 6] = [
        Self::Leaves,
        Self::AbsenceRequests,
        Self::Jobs,
        Self::Managers,
        Self::Qualifications,
        Self::CustomFields,
    ];

    /// Parses the name of a declinable feature.
    pub fn declinable(name: &str) -> Result<Self, NotDeclinable> {
        let found = Self::DECLINABLE.into_iter().find(|feature| feature.name() == name);
        found.ok_or_else(|| NotDeclinable(name.to_owned()))
    }
}

/// Error: the text names no declinable feature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotDeclinable(pub String);

impl fmt::Display for NotDeclinable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = Feature::DECLINABLE.map(Feature::name).join(", ");
        write!(f, "{:?} is not a feature that can be declined; known features are {known}", self.0)
    }
}

impl std::error::Error for NotDeclinable {}

/// A set of features; [`Feature::Employees`] is always in it. As JSON a list of names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "BTreeSet<Feature>", into = "BTreeSet<Feature>")]
pub struct Features(BTreeSet<Feature>);

impl Features {
    /// Every feature.
    pub fn all() -> Self {
        Feature::ALL.into_iter().collect()
    }

    /// The features with these names.
    pub fn from_names<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Result<Self, UnknownName> {
        names.into_iter().map(|name| name.as_ref().parse()).collect()
    }

    /// Whether `feature` is requested.
    pub fn contains(&self, feature: Feature) -> bool {
        self.0.contains(&feature)
    }

    /// The requested features, in the order of [`Feature::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = Feature> {
        self.0.iter().copied()
    }

    /// Their names.
    pub fn names(&self) -> Vec<String> {
        self.iter().map(|feature| feature.name().to_owned()).collect()
    }

    /// The set without `feature`; employees stay.
    #[must_use]
    pub fn without(&self, feature: Feature) -> Self {
        self.iter().filter(|kept| *kept != feature).collect()
    }
}

impl Default for Features {
    /// Employees alone.
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
    type Err = UnknownName;

    /// Parses names separated by commas.
    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::from_names(text.split(',').map(str::trim).filter(|name| !name.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for feature in Feature::ALL {
            assert_eq!(feature.name().parse(), Ok(feature));
            assert_eq!(serde_json::to_value(feature).unwrap(), feature.name());
        }
        let features: Features = serde_json::from_str(r#"["jobs"]"#).unwrap();
        assert!(features.contains(Feature::Employees), "people are always wanted");
        assert_eq!(features.to_string(), "employees,jobs");
        let unknown = "salaries".parse::<Features>().unwrap_err();
        assert!(
            unknown.to_string().starts_with(r#"unknown feature "salaries"; known are employees, leaves, "#)
        );
    }

    #[test]
    fn all_features_but_people_are_declinable() {
        for feature in Feature::ALL {
            let read = Feature::declinable(feature.name());
            assert_eq!(read.ok(), (feature != Feature::Employees).then_some(feature));
        }
        let refused = Feature::declinable("employees").unwrap_err();
        assert!(
            refused
                .to_string()
                .contains("is not a feature that can be declined; known features are leaves, ")
        );
    }
}
