//! Switches from recorded answers, or left open by them: users and the organisation.

use serde::{Deserialize, Serialize};

/// Names below a dictionary (`applicationData`, `extendedData`, `userAxisValues`) in `fields`. unverified:
/// production's behaviour; the framework's tests honour them (source: wire-grammar.md §1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DictionaryMembers {
    /// Only these entries are returned, null for one that the dictionary lacks.
    Honoured,
    /// The whole dictionary is returned.
    Ignored,
    /// 400, as for a property that does not exist.
    Refused,
}

/// The manager of people without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoManager {
    /// They are their own managers: recorded, and explained by Lucca's help page 360021100132.
    Oneself,
    /// `managerID` and `manager` are null.
    Null,
}

/// The order of a v4 list of the organisation without `sort`. Recorded of establishments: 3, 1, 2.
/// unverified: that the other lists are unordered too, and whether one order holds from page to page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unsorted {
    /// By id.
    ById,
    /// In an order of its own, the same for every request.
    Shuffled,
    /// In another order for every request: pages overlap and miss records.
    ChangesEveryTime,
}
