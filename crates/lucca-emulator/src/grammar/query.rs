//! The query string as the tenant parses it: keys in any case, repeated keys joined.
//!
//! Not included: the meaning of a key.

use url::form_urlencoded;

/// A parsed query string. Keys are compared in lower case; `a=1&a=2` is the same as `a=1,2`
/// (source: wire-grammar.md §1.1).
#[derive(Debug, Clone, Default)]
pub(crate) struct Query {
    pairs: Vec<Pair>,
}

/// One key with all its values.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    pub(crate) key: String,
    pub(crate) spelled: String,
    pub(crate) value: String,
}

/// Keys that are never filters. The last group is added by endpoints (source: wire-grammar.md §1.1).
const RESERVED: &[&str] = &[
    "_",
    "randomnumber",
    "authtoken",
    "callback",
    "fields",
    "groupby",
    "httpmethod",
    "longtoken",
    "metadata",
    "notify",
    "accept",
    "operations",
    "orderby",
    "paging",
    "principal",
    "template",
    "nowarning",
    "formeremployees",
    "appinstanceid",
    "uniqueoperations",
    "clue",
];

impl Query {
    pub(crate) fn parse(raw: &str) -> Self {
        let mut pairs: Vec<Pair> = Vec::new();
        for (spelled, value) in form_urlencoded::parse(raw.as_bytes()) {
            let key = spelled.to_lowercase();
            if key.is_empty() {
                continue;
            }
            match pairs.iter_mut().find(|pair| pair.key == key) {
                Some(pair) => {
                    pair.value.push(',');
                    pair.value.push_str(&value);
                }
                None => {
                    pairs.push(Pair { key, spelled: spelled.into_owned(), value: value.into_owned() });
                }
            }
        }
        Self { pairs }
    }

    /// The value of a key given in lower case.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.pairs.iter().find(|pair| pair.key == key).map(|pair| pair.value.as_str())
    }

    /// Number of requested rows, from `paging` or `limit`.
    pub(crate) fn page_size(&self) -> Option<u64> {
        let limit = match self.get("paging") {
            Some(paging) => paging.split(',').nth(1),
            None => self.get("limit"),
        };
        limit?.trim().parse().ok()
    }

    /// Number of rows before the page and in it, if `paging` has both.
    pub(crate) fn paging(&self) -> Option<(u64, u64)> {
        let (offset, limit) = self.get("paging")?.split_once(',')?;
        Some((offset.trim().parse().ok()?, limit.trim().parse().ok()?))
    }

    /// The same query for the first page.
    pub(crate) fn first_page(mut self) -> Self {
        if let Some((_, limit)) = self.paging() {
            for pair in self.pairs.iter_mut().filter(|pair| pair.key == "paging") {
                pair.value = format!("0,{limit}");
            }
        }
        self
    }

    /// The same query for the previous page, if there is one.
    pub(crate) fn page_before(mut self) -> Self {
        for pair in &mut self.pairs {
            let before = match pair.key.as_str() {
                "paging" => pair.value.split_once(',').and_then(|(offset, limit)| {
                    let offset = offset.trim().parse::<u64>().ok()?;
                    Some(format!("{},{limit}", offset.checked_sub(limit.trim().parse().ok()?)?))
                }),
                "page" => {
                    let page = pair.value.trim().parse::<u64>().ok();
                    page.filter(|page| *page > 1).map(|page| (page - 1).to_string())
                }
                _ => None,
            };
            if let Some(before) = before {
                pair.value = before;
            }
        }
        self
    }

    /// Whether a flag such as `formerEmployees` was set to true.
    pub(crate) fn flag(&self, key: &str) -> bool {
        self.get(key).is_some_and(|value| value.trim().eq_ignore_ascii_case("true"))
    }

    /// The keys that may be filters.
    pub(crate) fn filters(&self) -> impl Iterator<Item = &Pair> {
        self.pairs.iter().filter(|pair| !RESERVED.contains(&pair.key.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_keys_are_joined_in_any_case() {
        let query = Query::parse("?ID=1&id=2&Fields=a&notify=false".trim_start_matches('?'));
        assert_eq!(query.get("id"), Some("1,2"));
        let filters: Vec<_> = query.filters().map(|pair| pair.key.as_str()).collect();
        assert_eq!(filters, ["id"]);
    }

    #[test]
    fn an_empty_query_string_is_fine() {
        assert_eq!(Query::parse("").filters().count(), 0);
        assert_eq!(Query::parse("&&=&=x").filters().count(), 0);
    }
}
