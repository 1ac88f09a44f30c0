//! Decodes the body of an answer into typed records.

use std::time::Duration;

use people::RemoteId;
use serde_json::value::RawValue;

use crate::envelope::{self, RawPage, Undecodable, text_of};
use crate::form::Layout;
use crate::item::{Item, Read, Unreadable};
use crate::reader::{Object, Record};
use crate::resources::Resource;
use crate::tree;

/// A page as it arrived.
#[derive(Debug)]
pub(crate) struct TypedPage<T> {
    pub(crate) items: Vec<Item<T>>,
    /// The server's count of the whole set.
    pub(crate) count: Option<u64>,
    /// The server's response time.
    pub(crate) took: Duration,
    /// Length of its body.
    pub(crate) bytes: u64,
}

/// Maximum length of an id, in bytes. Lucca's longest are GUIDs; the ids of all records of a list are held in
/// memory.
const LONGEST_ID: usize = 200;

pub(crate) fn decode<T: Resource>(
    layout: Layout,
    body: &[u8],
    keep_raw: bool,
) -> Result<TypedPage<T>, Undecodable> {
    let text = text_of(body);
    let RawPage { rows, count } = match layout {
        Layout::Collection => envelope::page(&text)?,
        Layout::Tree => tree::flatten(&text)?,
    };
    let items = rows.into_iter().map(|raw| {
        let (id, outcome) = read(&raw);
        let raw = if keep_raw || outcome.is_err() { raw.into_owned().into() } else { Default::default() };
        Item { id, raw, outcome }
    });
    Ok(TypedPage { items: items.collect(), count, took: Duration::ZERO, bytes: body.len() as u64 })
}

/// Reads a single record.
pub(crate) fn read_single<T: Resource>(raw: Box<RawValue>) -> Item<T> {
    let (id, outcome) = read(&raw);
    Item { id, raw: raw.into(), outcome }
}

fn read<T: Resource>(raw: &RawValue) -> (Option<RemoteId>, Result<Read<T>, Unreadable>) {
    let unreadable =
        |field: &'static str, reason: &str| Unreadable { field: field.into(), reason: reason.into() };
    let Some(object) = Object::parse(raw.get()) else {
        return (None, Err(unreadable("", "not a JSON object")));
    };
    let Some(id) = T::identity(&object) else { return (None, Err(unreadable("id", "missing or not an id"))) };
    if id.as_str().len() > LONGEST_ID {
        return (None, Err(unreadable("id", "longer than 200 bytes")));
    }
    let mut record = Record::new(&object);
    let value = T::read(id.clone(), &mut record);
    (Some(id), value.map(|value| Read { value, problems: record.into_problems() }))
}
