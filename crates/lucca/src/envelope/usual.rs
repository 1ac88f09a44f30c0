//! Fast path for the envelope of nearly every page: `{header, data: {items, count}, metadata}`, in exactly
//! this case. It is split in one pass over the text; every other form goes to the tolerant reader, which
//! gives the same result for this form.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};

use super::{RawPage, Rows};

pub(super) fn page(text: &str) -> Option<RawPage<'_>> {
    let Top { data, has_header } = serde_json::from_str(text).ok()?;
    // The header may hold a count, too.
    if data.items.is_cut || has_header && data.count.is_none() {
        return None;
    }
    Some(RawPage { rows: data.items.members.into_iter().map(Cow::Borrowed).collect(), count: data.count })
}

struct Top<'a> {
    data: Data<'a>,
    has_header: bool,
}

struct Data<'a> {
    items: Rows<'a>,
    count: Option<u64>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Top<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<'a>(std::marker::PhantomData<&'a ()>);

        impl<'de: 'a, 'a> Visitor<'de> for Members<'a> {
            type Value = Top<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the usual envelope")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Top<'a>, A::Error> {
                let (mut data, mut has_header) = (None, false);
                while let Some(key) = map.next_key::<&str>()? {
                    match key {
                        "data" if data.is_none() => data = Some(map.next_value()?),
                        "header" => {
                            map.next_value::<IgnoredAny>()?;
                            has_header = true;
                        }
                        "metadata" => drop(map.next_value::<IgnoredAny>()?),
                        _ => return Err(A::Error::custom("another key")),
                    }
                }
                let data = data.ok_or_else(|| A::Error::custom("no data"))?;
                Ok(Top { data, has_header })
            }
        }

        deserializer.deserialize_map(Members(std::marker::PhantomData))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Data<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<'a>(std::marker::PhantomData<&'a ()>);

        impl<'de: 'a, 'a> Visitor<'de> for Members<'a> {
            type Value = Data<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("items and their count")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Data<'a>, A::Error> {
                let (mut items, mut count) = (None, None);
                while let Some(key) = map.next_key::<&str>()? {
                    match key {
                        "items" if items.is_none() => items = Some(map.next_value()?),
                        "count" if count.is_none() => count = Some(map.next_value()?),
                        _ => return Err(A::Error::custom("another key")),
                    }
                }
                let items = items.ok_or_else(|| A::Error::custom("no items"))?;
                Ok(Data { items, count })
            }
        }

        deserializer.deserialize_map(Members(std::marker::PhantomData))
    }
}
