//! Faults that damage an otherwise correct answer.

use std::num::NonZeroUsize;

use serde_json::{Value as Json, json};

use crate::faults::FaultKind;

/// Applies the faults that damage an answer.
pub(crate) fn mangle(mut body: String, struck: &[FaultKind]) -> String {
    for fault in struck {
        match fault {
            FaultKind::TruncatedJson => {
                let half = (0..=body.len() / 2).rev().find(|at| body.is_char_boundary(*at)).unwrap_or(0);
                body.truncate(half);
            }
            FaultKind::ShortPage => {
                let mut inside: Json = serde_json::from_str(&body).unwrap_or(Json::Null);
                if let Some(items) = items_of(&mut inside) {
                    items.truncate(items.len() / 2);
                    body = inside.to_string();
                }
            }
            FaultKind::WrongEnvelope => {
                let inside: Json = serde_json::from_str(&body).unwrap_or(Json::Null);
                body = json!({"result": {"payload": inside}}).to_string();
            }
            FaultKind::CorruptRecord { id } => {
                let mut inside: Json = serde_json::from_str(&body).unwrap_or(Json::Null);
                corrupt(&mut inside, *id);
                body = inside.to_string();
            }
            _ => {}
        }
    }
    body
}

/// The page of `limit` rows at `offset`, of a list without end whose first page is `first`.
pub(crate) fn fill(first: &str, (offset, limit): (u64, u64)) -> String {
    /// Above every id of a company.
    const MADE_UP: u64 = 1_000_000;
    let mut answer: Json = serde_json::from_str(first).unwrap_or(Json::Null);
    if let Some(items) = items_of(&mut answer)
        && let Some(some) = NonZeroUsize::new(items.len())
    {
        let real = std::mem::take(items);
        let row = |n: u64| {
            let at = usize::try_from(n).unwrap_or(usize::MAX);
            let mut row = real[at % some].clone();
            if at >= real.len() {
                row["id"] = json!(MADE_UP + n);
            }
            row
        };
        items.extend((offset..offset + limit).map(row));
    }
    if let Some(count) = answer.pointer_mut("/data/count") {
        *count = json!(offset + 2 * limit);
    }
    answer.to_string()
}

/// The rows of a list, if the answer is one.
fn items_of(answer: &mut Json) -> Option<&mut Vec<Json>> {
    let list = if answer.get("data").is_some() { answer.get_mut("data")? } else { answer };
    list.get_mut("items")?.as_array_mut()
}

/// Number of rows in the answer; 0 if it is not a list.
pub(crate) fn rows_of(body: &str) -> u64 {
    let mut answer: Json = serde_json::from_str(body).unwrap_or(Json::Null);
    items_of(&mut answer).map_or(0, |items| u64::try_from(items.len()).unwrap_or(u64::MAX))
}

/// Makes the records with that id unreadable: a number as the name, a text as every date.
fn corrupt(answer: &mut Json, id: i64) {
    let records = items_of(answer).into_iter().flatten();
    for record in records.filter_map(Json::as_object_mut).filter(|one| one.get("id") == Some(&json!(id))) {
        for (key, value) in record.iter_mut() {
            let is_date = value.as_str().is_some_and(|text| text.get(10..11) == Some("T"));
            if key == "name" {
                *value = json!({"unexpected": [42]});
            } else if is_date || key == "startsOn" {
                *value = json!("the day before yesterday");
            }
        }
    }
}
