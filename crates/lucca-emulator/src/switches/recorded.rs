//! Switches of what recorded answers show, or leave open, of users and of the organisation.

use serde::{Deserialize, Serialize};

/// Names below a dictionary (`applicationData`, `extendedData`, `userAxisValues`) in `fields`.
/// unverified: what production does; the framework's tests honour them (source: wire-grammar.md §1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DictionaryMembers {
    /// Only these entries are answered, null for one that the dictionary lacks.
    Honoured,
    /// The whole dictionary is answered.
    Ignored,
    /// 400, as for a property that does not exist.
    Refused,
}

/// The manager of people who have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoManager {
    /// They are their own managers: recorded, and explained by Lucca's help page 360021100132.
    Oneself,
    /// `managerID` and `manager` are null.
    Null,
}

/// The order of a v4 list of the organisation without `sort`. Recorded of establishments: 3, 1, 2.
/// unverified: that the other lists are as free, and whether one order holds from page to page.
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
