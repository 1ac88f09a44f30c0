//! The envelope around records in an answer, and the classification of answers without records.
//!
//! Source: wire-grammar.md §1.6 and §1.8. Records themselves are read in `reader`.

mod usual;

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::reader::{Bounded, Object, Scalar, unsigned};

/// The unparsed records of a page, and the server's count of the whole set.
#[derive(Debug)]
pub(crate) struct RawPage<'a> {
    pub(crate) rows: Vec<Cow<'a, RawValue>>,
    pub(crate) count: Option<u64>,
}

/// The reason why a successful answer holds no records.
#[derive(Debug)]
pub(crate) enum Undecodable {
    /// More records than a page may hold.
    TooMany,
    /// Not JSON, or cut off.
    Malformed(Option<serde_json::Error>),
    /// Not an answer of Lucca's API.
    NotLucca,
    /// An error that was sent as a success.
    Failed { status: Option<u16>, message: Option<String> },
}

/// Reads the envelope of a collection: `{data: {items, count}}`, `{data: […]}`, `{items}`, a bare list, or a
/// single record in `data`. Keys in any case; `header` is never needed.
pub(crate) fn page(text: &str) -> Result<RawPage<'_>, Undecodable> {
    if let Some(page) = usual::page(text) {
        return Ok(page);
    }
    tolerant_page(text)
}

fn tolerant_page(text: &str) -> Result<RawPage<'_>, Undecodable> {
    let body = Body::of(text)?;
    let Body::Object(top) = body else {
        let Body::List(rows) = body else { return Err(Undecodable::NotLucca) };
        return Ok(RawPage { rows: rows_of(rows)?, count: None });
    };
    let count = top.get("count").and_then(unsigned).or_else(|| header_count(&top));
    if let Some(data) = top.get("data") {
        if let Some(rows) = list(data) {
            return Ok(RawPage { rows: rows_of(rows)?, count });
        }
        let inner = Object::parse(data).ok_or(Undecodable::NotLucca)?;
        let inner_count = inner.get("count").and_then(unsigned);
        if let Some(items) = inner.get("items") {
            let rows = list(items).ok_or(Undecodable::NotLucca)?;
            return Ok(RawPage { rows: rows_of(rows)?, count: inner_count.or(count) });
        }
        if inner.get("id").is_some() {
            return Ok(RawPage { rows: vec![Cow::Borrowed(raw_of(data)?)], count });
        }
        // Only the count was requested, or the list is null.
        if inner_count.is_some() || inner.members().any(|(key, _)| key.eq_ignore_ascii_case("items")) {
            return Ok(RawPage { rows: Vec::new(), count: inner_count.or(count) });
        }
        return Err(Undecodable::NotLucca);
    }
    if let Some(items) = top.get("items") {
        let rows = list(items).ok_or(Undecodable::NotLucca)?;
        return Ok(RawPage { rows: rows_of(rows)?, count });
    }
    // Only the count was requested, or the server understood it so.
    if let Some(count) = top.get("count").and_then(unsigned) {
        return Ok(RawPage { rows: Vec::new(), count: Some(count) });
    }
    Err(failure(&top))
}

/// Reads a single record: in `data`, or bare.
pub(crate) fn single(body: &[u8]) -> Result<Box<RawValue>, Undecodable> {
    let text = text_of(body);
    let Body::Object(top) = Body::of(&text)? else { return Err(Undecodable::NotLucca) };
    if let Some(data) = top.get("data") {
        return if Object::parse(data).is_some() {
            Ok(raw_of(data)?.to_owned())
        } else {
            Err(Undecodable::NotLucca)
        };
    }
    if top.get("id").is_none() {
        return Err(failure(&top));
    }
    RawValue::from_string(text.trim().to_owned()).map_err(|error| Undecodable::Malformed(Some(error)))
}

/// The message of an error's body, in any observed shape: `{Status, Message}`, problem details, a bare text,
/// nothing. A page of HTML is not a message.
pub(crate) fn error_message(body: &[u8]) -> Option<String> {
    let text = text_of(body);
    let text = text.trim();
    if text.is_empty() || text.starts_with('<') {
        return None;
    }
    match Body::of(text) {
        Ok(Body::Object(object)) => message_in(&object),
        Ok(Body::Text(message)) => Some(message),
        Ok(Body::List(_)) => None,
        // The newer framework labels a bare text as JSON.
        Err(_) if text.starts_with(['{', '[']) => None,
        Err(_) => Some(text.to_owned()),
    }
}

pub(crate) enum Body<'a> {
    Object(Object<'a>),
    List(Rows<'a>),
    Text(String),
}

impl<'a> Body<'a> {
    pub(crate) fn of(text: &'a str) -> Result<Self, Undecodable> {
        let malformed = |error| Undecodable::Malformed(Some(error));
        match text.trim_start().bytes().next() {
            Some(b'{') => {
                let object: &RawValue = serde_json::from_str(text).map_err(malformed)?;
                Object::parse(object.get()).map(Self::Object).ok_or(Undecodable::NotLucca)
            }
            Some(b'[') => serde_json::from_str(text).map(Self::List).map_err(malformed),
            Some(b'"') => serde_json::from_str(text).map(Self::Text).map_err(malformed),
            None => Err(Undecodable::Malformed(None)),
            Some(_) => Err(Undecodable::NotLucca),
        }
    }
}

/// The body as text, even if it is not UTF-8: a wrong byte damages only the text that contains it, not the
/// page.
pub(crate) fn text_of(body: &[u8]) -> Cow<'_, str> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    // Validating first is several times faster than searching for bytes to replace, and nearly always enough.
    std::str::from_utf8(body).map_or_else(|_| String::from_utf8_lossy(body), Cow::Borrowed)
}

/// A page's records. The largest page that Lucca documents has 10,000 (source: directory.md §5.4); a server
/// that ignores paging may send everything it has.
pub(crate) type Rows<'a> = Bounded<'a, 100_000>;

pub(crate) fn list(raw: &str) -> Option<Rows<'_>> {
    serde_json::from_str(raw).ok()
}

fn raw_of(json: &str) -> Result<&RawValue, Undecodable> {
    serde_json::from_str(json).map_err(|error| Undecodable::Malformed(Some(error)))
}

fn rows_of(rows: Rows<'_>) -> Result<Vec<Cow<'_, RawValue>>, Undecodable> {
    if rows.is_cut {
        return Err(Undecodable::TooMany);
    }
    Ok(rows.members.into_iter().map(Cow::Borrowed).collect())
}

/// `header.paging.count`, if the server counted: the older framework writes 0 when no count was requested.
fn header_count(top: &Object<'_>) -> Option<u64> {
    let header = Object::parse(top.get("header")?)?;
    let paging = Object::parse(header.get("paging")?)?;
    unsigned(paging.get("count")?).filter(|count| *count > 0)
}

/// Classifies an object without records: an error under another name, or not an answer of Lucca's.
pub(crate) fn failure(top: &Object<'_>) -> Undecodable {
    let status = top.get("status").and_then(unsigned).and_then(|status| u16::try_from(status).ok());
    let message = message_in(top);
    if status.is_none() && message.is_none() {
        return Undecodable::NotLucca;
    }
    Undecodable::Failed { status: status.filter(|status| (400..600).contains(status)), message }
}

fn message_in(object: &Object<'_>) -> Option<String> {
    let text = |name: &str| match Scalar::of(object.get(name)?)? {
        Scalar::Text(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        _ => None,
    };
    let said = text("message").or_else(|| text("detail")).or_else(|| text("title")).or_else(|| text("error"));
    // Problem details name the parameters at fault separately.
    let details = object.get("errors").and_then(Object::parse);
    let details = details.iter().flat_map(Object::members).flat_map(|(field, raw)| {
        let text = || serde_json::from_str(raw).map_or_else(|_| vec![String::new()], |text| vec![text]);
        let texts: Vec<String> = serde_json::from_str(raw).unwrap_or_else(|_| text());
        texts.into_iter().map(move |text| format!("{field}: {text}"))
    });
    let all: Vec<String> = said.into_iter().chain(details).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::item::Item;
    use crate::resources::{Department, Establishment, LegalUnit, User, WorkContract};

    fn read_everything(body: &[u8]) {
        drop(error_message(body));
        drop(single(body));
        let text = text_of(body);
        let Ok(page) = page(&text) else { return };
        for row in page.rows.into_iter().map(Cow::into_owned) {
            let _: Item<User> = crate::enumeration::read_single(row.clone());
            let _: Item<WorkContract> = crate::enumeration::read_single(row.clone());
            let _: Item<Department> = crate::enumeration::read_single(row.clone());
            let _: Item<LegalUnit> = crate::enumeration::read_single(row.clone());
            let _: Item<Establishment> = crate::enumeration::read_single(row);
        }
    }

    /// Values of every kind, including odd ones.
    fn value() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            Just("true".to_owned()),
            any::<i64>().prop_map(|number| number.to_string()),
            any::<f64>().prop_filter("JSON has no others", |f| f.is_finite()).prop_map(|f| format!("{f:e}")),
            Just("1E400".to_owned()),
            Just(r#""\ud800""#.to_owned()),
            Just(r#""9999-12-31T00:00:00""#.to_owned()),
            "[0-9]{1,5}-[0-9]{2}-[0-9]{2}[T ][0-9:.]{0,12}(Z|\\+02:00)?".prop_map(|text| format!("{text:?}")),
            any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
                prop::collection::vec((key(), inner), 0..4).prop_map(object),
            ]
        })
    }

    fn key() -> impl Strategy<Value = String> {
        prop::sample::select(vec![
            "id",
            "ID",
            "name",
            "ownerId",
            "startsOn",
            "dtContractEnd",
            "manager",
            "managerID",
            "userAxisValues_4",
            "userAxisValues",
            "extendedData",
            "position",
            "address",
            "country",
            "userWorkCycles",
            "picture",
            "modifiedAt",
            "héé",
        ])
        .prop_map(str::to_owned)
    }

    fn object(members: Vec<(String, String)>) -> String {
        let members: Vec<String> =
            members.into_iter().map(|(key, value)| format!("{key:?}:{value}")).collect();
        format!("{{{}}}", members.join(","))
    }

    proptest! {
        #[test]
        fn no_bytes_panic_the_reader(body in prop::collection::vec(any::<u8>(), 0..200)) {
            read_everything(&body);
        }

        #[test]
        fn no_text_panics_the_reader(body in "[\\[\\]{}\",:0-9a-zé\\\\ ]{0,80}") {
            read_everything(body.as_bytes());
        }

        #[test]
        fn no_record_panics_or_damages_its_page(
            records in prop::collection::vec(prop::collection::vec((key(), value()), 0..8).prop_map(object), 0..4),
            cut in any::<prop::sample::Index>(),
        ) {
            let body = format!(r#"{{"data":{{"items":[{}],"count":1}}}}"#, records.join(","));
            read_everything(body.as_bytes());
            prop_assert_eq!(page(&body).unwrap().rows.len(), records.len());
            // A body cut at any point is an error, never a page with fewer records.
            let cut = &body.as_bytes()[..cut.index(body.len())];
            prop_assert!(page(&text_of(cut)).is_err());
        }
    }

    proptest! {
        #[test]
        fn fast_path_matches_tolerant_reader(
            keys in prop::collection::vec(prop::sample::select(vec!["data", "DATA", "header", "metadata", "count", "items"]), 0..4),
            inner in prop::collection::vec((prop::sample::select(vec!["items", "Items", "count", "id"]), prop_oneof![
                3 => Just("[{\"id\":1},{\"id\":2}]".to_owned()), 2 => Just("7".to_owned()), 1 => value(),
            ]), 0..3),
        ) {
            let data = object(inner.into_iter().map(|(key, value)| (key.to_owned(), value)).collect());
            let value = |key: &str| match key {
                "header" => r#"{"paging":{"count":4}}"#.to_owned(),
                "metadata" => "null".to_owned(),
                "count" => "3".to_owned(),
                _ => data.clone(),
            };
            let body = object(keys.iter().map(|key| ((*key).to_owned(), value(key))).collect());
            if let Some(quick) = usual::page(&body) {
                let slow = tolerant_page(&body).unwrap();
                prop_assert_eq!(quick.count, slow.count);
                let texts = |page: &RawPage<'_>| page.rows.iter().map(|row| row.get().to_owned()).collect::<Vec<_>>();
                prop_assert_eq!(texts(&quick), texts(&slow));
            }
        }
    }

    #[test]
    fn wrong_byte_damages_its_text_only() {
        let text = text_of(b"\xef\xbb\xbf{\"items\":[{\"id\":1,\"name\":\"a\xff\"},{\"id\":2}],\"count\":2}");
        let page = page(&text).unwrap();
        assert_eq!((page.rows.len(), page.count), (2, Some(2)));
    }

    #[test]
    fn deep_nesting_fails_at_most_its_field() {
        let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
        let body = format!(r#"{{"items":[{{"id":1,"extendedData":{deep},"attributes":{deep}}}]}}"#);
        let page = page(&body).unwrap();
        let item: Item<User> = crate::enumeration::read_single(page.rows[0].clone().into_owned());
        assert_eq!(item.outcome.unwrap().problems.len(), 2);
    }

    #[test]
    fn oversized_page_is_refused_in_any_envelope() {
        let zeros = "0,".repeat(100_000);
        for body in [format!("[{zeros}0]"), format!(r#"{{"data":{{"items":[{zeros}0]}}}}"#)] {
            assert!(matches!(page(&body), Err(Undecodable::TooMany)));
        }
    }
}
