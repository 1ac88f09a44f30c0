//! Lists of the v4 API: `page`, `limit`, `sort`, `fields.root`. Source: directory.md §5,
//! wire-grammar.md §1.6.

use serde_json::Value as Json;

use super::request::ReadRequest;
use crate::errors::Refusal;

/// A parsed query for a v4 list.
pub(super) struct Paging {
    page: usize,
    limit: usize,
    count: bool,
    prev: bool,
    next: bool,
    sort: Vec<(Vec<String>, bool)>,
}

impl Paging {
    /// `most` is the largest page, `sortable` the sortable properties, in lower case.
    pub(super) fn read(call: &ReadRequest<'_>, most: u64, sortable: &[&str]) -> Result<Self, Refusal> {
        let query = call.query;
        let number = |key: &str, otherwise: u64| match query.get(key) {
            None => Ok(otherwise),
            Some(text) => text
                .trim()
                .parse::<u64>()
                .map_err(|_| Refusal::bad_request(format!("The value '{text}' is not valid for {key}."))),
        };
        let page = number("page", 1)?;
        let limit = number("limit", 10)?;
        if page == 0 {
            return Err(Refusal::bad_request("The field page must be greater than or equal to 1."));
        }
        // unverified: whether the tenant refuses a larger limit or cuts it.
        if limit > most {
            return Err(Refusal::bad_request(format!("The field limit must be between 0 and {most}.")));
        }
        let limit = limit.min(call.view.switches.short_pages_of.unwrap_or(u64::MAX));
        let root: Vec<String> = query
            .get("fields.root")
            .unwrap_or("")
            .split(',')
            .map(|word| word.trim().to_lowercase())
            .filter(|_| !call.view.switches.no_count)
            .collect();
        let asked = |word: &str| root.iter().any(|one| one == word);
        // A plus sign of a query string arrives as a space.
        let words = query.get("sort").unwrap_or("").split(',').map(str::trim).filter(|word| !word.is_empty());
        let mut sort = Vec::new();
        for word in words {
            let path = word.trim_start_matches(['+', '-', ' ']).to_lowercase();
            // unverified: the message, and that sorting by anything else is refused.
            if !sortable.contains(&path.as_str()) {
                return Err(Refusal::bad_request(format!("The value '{word}' is not valid for sort.")));
            }
            sort.push((path.split('.').map(str::to_owned).collect(), word.starts_with('-')));
        }
        Ok(Self {
            page: usize::try_from(page).unwrap_or(usize::MAX),
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
            count: asked("count"),
            prev: asked("prev"),
            next: asked("next"),
            sort,
        })
    }

    /// Writes the answer; `write` returns the JSON of a row.
    pub(super) fn answer<T>(&self, mut rows: Vec<T>, write: impl Fn(&T) -> String) -> String {
        if !self.sort.is_empty() {
            let mut keyed: Vec<(Vec<Json>, T)> =
                rows.into_iter().map(|row| (self.keys(&write(&row)), row)).collect();
            keyed.sort_by(|(a, _), (b, _)| {
                let mut order = std::cmp::Ordering::Equal;
                for ((a, b), (_, descending)) in a.iter().zip(b).zip(&self.sort) {
                    let here = compare(a, b);
                    order = order.then(if *descending { here.reverse() } else { here });
                }
                order
            });
            rows = keyed.into_iter().map(|(_, row)| row).collect();
        }
        let total = rows.len();
        let start = self.limit.saturating_mul(self.page - 1).min(total);
        let end = start.saturating_add(self.limit).min(total);
        let items: Vec<String> = rows.get(start..end).unwrap_or(&[]).iter().map(write).collect();
        let mut out = format!("{{\"items\":[{}]", items.join(","));
        if self.count {
            out.push_str(&format!(",\"count\":{total}"));
        }
        // unverified: the format of cursors; page numbers are accepted as cursors.
        let cursor = |page: Option<usize>| page.map_or("null".to_owned(), |page| format!("\"{page}\""));
        if self.prev {
            out.push_str(&format!(",\"prev\":{}", cursor((self.page > 1).then(|| self.page - 1))));
        }
        if self.next {
            out.push_str(&format!(
                ",\"next\":{}",
                cursor((end < total && self.limit > 0).then(|| self.page + 1))
            ));
        }
        out.push('}');
        out
    }

    fn keys(&self, row: &str) -> Vec<Json> {
        let row: Json = serde_json::from_str(row).unwrap_or(Json::Null);
        self.sort
            .iter()
            .map(|(path, _)| {
                path.iter().fold(row.clone(), |here, name| {
                    let found = here.as_object().and_then(|object| {
                        object
                            .iter()
                            .find(|(key, _)| key.to_lowercase() == *name)
                            .map(|(_, value)| value.clone())
                    });
                    found.unwrap_or(Json::Null)
                })
            })
            .collect()
    }
}

fn compare(a: &Json, b: &Json) -> std::cmp::Ordering {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => {
            a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(std::cmp::Ordering::Equal)
        }
        (Json::String(a), Json::String(b)) => a.to_lowercase().cmp(&b.to_lowercase()),
        (Json::Bool(a), Json::Bool(b)) => a.cmp(b),
        (Json::Null, Json::Null) => std::cmp::Ordering::Equal,
        (Json::Null, _) => std::cmp::Ordering::Less,
        (_, Json::Null) => std::cmp::Ordering::Greater,
        _ => std::cmp::Ordering::Equal,
    }
}

/// A comma-separated list of numbers, if the key is present.
pub(super) fn ids(call: &ReadRequest<'_>, key: &str) -> Result<Option<Vec<i64>>, Refusal> {
    let Some(text) = call.query.get(key) else { return Ok(None) };
    let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
    let ids: Result<Vec<i64>, _> = words.map(str::parse).collect();
    ids.map(Some).map_err(|_| Refusal::bad_request(format!("The value '{text}' is not valid for {key}.")))
}

/// A comma-separated list of booleans: `true,false` is both.
pub(super) fn bools(call: &ReadRequest<'_>, key: &str) -> Result<Option<Vec<bool>>, Refusal> {
    let Some(text) = call.query.get(key) else { return Ok(None) };
    let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
    let bools: Result<Vec<bool>, _> = words.map(|word| word.to_lowercase().parse()).collect();
    bools.map(Some).map_err(|_| Refusal::bad_request(format!("The value '{text}' is not valid for {key}.")))
}

/// Whether a name contains any of the words of `search`, in any case.
pub(super) fn searched(call: &ReadRequest<'_>, name: &str) -> bool {
    let Some(clues) = call.query.get("search") else { return true };
    let name = name.to_lowercase();
    clues.split(',').map(|clue| clue.trim().to_lowercase()).any(|clue| name.contains(&clue))
}

/// Whether an optional list contains a value.
pub(super) fn allows<T: PartialEq>(list: Option<&Vec<T>>, value: &T) -> bool {
    list.is_none_or(|list| list.contains(value))
}
