//! Lists of a JSON text, split without reading their members and only up to a limit: without it, a few
//! kilobytes of compressed zeros would become gigabytes of records.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// A list of at most `MOST` members. The rest is skipped, and `is_cut` is set.
pub(crate) struct Bounded<'a, const MOST: usize> {
    pub(crate) members: Vec<&'a RawValue>,
    pub(crate) is_cut: bool,
}

impl<'de: 'a, 'a, const MOST: usize> Deserialize<'de> for Bounded<'a, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<'a, const MOST: usize>(std::marker::PhantomData<&'a ()>);

        impl<'de: 'a, 'a, const MOST: usize> Visitor<'de> for Members<'a, MOST> {
            type Value = Bounded<'a, MOST>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while members.len() < MOST {
                    match list.next_element()? {
                        Some(member) => members.push(member),
                        None => return Ok(Bounded { members, is_cut: false }),
                    }
                }
                let mut is_cut = false;
                while list.next_element::<IgnoredAny>()?.is_some() {
                    is_cut = true;
                }
                Ok(Bounded { members, is_cut })
            }
        }

        deserializer.deserialize_seq(Members(std::marker::PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_cut_and_says_so() {
        let read =
            |text| serde_json::from_str::<Bounded<'_, 3>>(text).map(|list| (list.members.len(), list.is_cut));
        assert_eq!(read("[1,2]").unwrap(), (2, false));
        assert_eq!(read("[1,2,3]").unwrap(), (3, false));
        assert_eq!(read("[1,2,3,4,5]").unwrap(), (3, true));
        assert!(read("[1,2,3,4,").is_err());
        assert!(read("{}").is_err());
    }
}
