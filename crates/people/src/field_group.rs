//! Groups of personal data that are requested from Lucca, and their names. `user_query` assigns the fields.

use std::fmt;
use std::str::FromStr;

use crate::UnknownName;
use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize, Serializer};

/// A group of user fields that is requested as a whole or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FieldGroup {
    /// Names, login, work e-mail, employee number.
    Identity,
    /// Job title, department, manager, establishment, roles, professional phones.
    Work,
    /// First and last day of employment, seniority.
    Contract,
    /// The tenant's own fields (which may contain any data, pay included), axis values, attributes,
    /// application profiles.
    CustomFields,
    /// Personal e-mail and phone.
    Contact,
    /// Birth date, gender and nationality.
    Birth,
    /// Personal address.
    Address,
    /// Social security number.
    Identifiers,
    /// Bank details and payroll data.
    Bank,
    /// Pay, full-time equivalent and review dates, which Lucca has in `applicationData`.
    PayAndReviews,
    /// The reason of an absence. Users have no such field: it is for streams of absences.
    LeaveReason,
}

crate::names! {
    FieldGroup: "field group" {
        Identity = "identity",
        Work = "work",
        Contract = "contract",
        CustomFields = "custom_fields",
        Contact = "contact",
        Birth = "birth",
        Address = "address",
        Identifiers = "identifiers",
        Bank = "bank",
        PayAndReviews = "pay_and_reviews",
        LeaveReason = "leave_reason",
    }
}

impl FieldGroup {
    const fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// A part of [`FieldGroup::Work`] that can be left out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WorkPart {
    /// The job title of each employee.
    JobTitle,
    /// The manager of each employee.
    Manager,
    /// A job at a level.
    Qualification,
}

impl WorkPart {
    /// Every part.
    pub const ALL: [Self; 3] = [Self::JobTitle, Self::Manager, Self::Qualification];

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A set of [`FieldGroup`]s. The default is identity, work and contract: every other group is read only if it
/// was requested by name.
///
/// Parts of a group can be left out of the set. Its text and its JSON name the groups only.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FieldGroups {
    groups: u16,
    left_out: u8,
}

impl FieldGroups {
    /// No group: only ids.
    pub const NONE: Self = Self { groups: 0, left_out: 0 };

    /// The set with `group` in it.
    #[must_use]
    pub const fn with(self, group: FieldGroup) -> Self {
        Self { groups: self.groups | group.bit(), ..self }
    }

    /// The set without `group`.
    #[must_use]
    pub const fn without(self, group: FieldGroup) -> Self {
        Self { groups: self.groups & !group.bit(), ..self }
    }

    /// The set without `part`, whether or not [`FieldGroup::Work`] is in it.
    #[must_use]
    pub const fn leaving_out(self, part: WorkPart) -> Self {
        Self { left_out: self.left_out | part.bit(), ..self }
    }

    /// Whether `part` is in the set: [`FieldGroup::Work`] is, and the part is not left out.
    pub const fn contains_part(self, part: WorkPart) -> bool {
        self.contains(FieldGroup::Work) && self.left_out & part.bit() == 0
    }

    /// Every group.
    pub fn all() -> Self {
        FieldGroup::ALL.into_iter().collect()
    }

    /// Whether `group` is in the set.
    pub const fn contains(self, group: FieldGroup) -> bool {
        self.groups & group.bit() != 0
    }

    /// The groups in the set, in the order of [`FieldGroup::ALL`].
    pub fn iter(self) -> impl Iterator<Item = FieldGroup> {
        FieldGroup::ALL.into_iter().filter(move |group| self.contains(*group))
    }
}

impl Default for FieldGroups {
    fn default() -> Self {
        Self::NONE.with(FieldGroup::Identity).with(FieldGroup::Work).with(FieldGroup::Contract)
    }
}

impl FromIterator<FieldGroup> for FieldGroups {
    fn from_iter<I: IntoIterator<Item = FieldGroup>>(groups: I) -> Self {
        groups.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Display for FieldGroups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, group) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            f.write_str(group.name())?;
        }
        Ok(())
    }
}

impl fmt::Debug for FieldGroups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl FromStr for FieldGroups {
    type Err = UnknownName;

    /// Parses names separated by commas; an empty text is the empty set.
    fn from_str(text: &str) -> Result<Self, UnknownName> {
        text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::parse).collect()
    }
}

impl Serialize for FieldGroups {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(FieldGroup::name))
    }
}

impl<'de> Deserialize<'de> for FieldGroups {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        names.iter().map(|name| name.parse()).collect::<Result<_, _>>().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_is_identity_work_contract() {
        let names: Vec<_> = FieldGroups::default().iter().map(FieldGroup::name).collect();
        assert_eq!(names, ["identity", "work", "contract"]);
    }

    #[test]
    fn text_and_json_round_trip() {
        let groups = FieldGroups::default().with(FieldGroup::Birth).without(FieldGroup::Work);
        assert_eq!(groups.to_string().parse(), Ok(groups));
        let json = serde_json::to_string(&groups).unwrap();
        assert_eq!(json, r#"["identity","contract","birth"]"#);
        assert_eq!(serde_json::from_str::<FieldGroups>(&json).unwrap(), groups);
        assert_eq!("".parse(), Ok(FieldGroups::NONE));
        assert!("identity,salary".parse::<FieldGroups>().is_err());
        assert_eq!(FieldGroups::all().iter().count(), 11);
    }
}
