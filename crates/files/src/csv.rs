//! CSV files (RFC 4180): UTF-8, a header, lines that end in CR LF. Plain values are written as they are, null
//! as an empty cell, objects and lists as JSON.

use std::borrow::Cow;
use std::collections::BTreeMap;

use csv::{Terminator, Writer, WriterBuilder};
use serde_json::value::RawValue;

/// The byte-order mark, by which Excel recognises UTF-8.
const BOM: &[u8] = "\u{feff}".as_bytes();

/// Whether a spreadsheet may interpret text as a formula, and run it.
fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

pub(crate) type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Encodes a table, page by page.
pub(crate) struct Csv {
    columns: Vec<String>,
    escapes_formulas: bool,
}

impl Csv {
    pub(crate) fn new(columns: Vec<String>, escapes_formulas: bool) -> Self {
        Self { columns, escapes_formulas }
    }

    /// The start of the file: byte-order mark and header.
    pub(crate) fn head(&self, has_bom: bool) -> Result<Vec<u8>, Failed> {
        let mut writer = writer(if has_bom { BOM.to_vec() } else { Vec::new() });
        writer.write_record(&self.columns)?;
        Ok(writer.into_inner()?)
    }

    /// Encodes records, each given as a JSON object.
    pub(crate) fn page(&self, lines: &[String]) -> Result<Vec<u8>, Failed> {
        let mut writer = writer(Vec::new());
        for line in lines {
            let members: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(line)?;
            for column in &self.columns {
                let (text, is_text) = members
                    .get(column.as_str())
                    .map_or(Ok((Cow::Borrowed(""), false)), |value| cell(value))?;
                if is_text && self.escapes_formulas && is_formula(&text) {
                    writer.write_field(format!("'{text}"))?;
                } else {
                    writer.write_field(&*text)?;
                }
            }
            writer.write_record(None::<&[u8]>)?;
        }
        Ok(writer.into_inner()?)
    }
}

fn writer(start: Vec<u8>) -> Writer<Vec<u8>> {
    WriterBuilder::new().terminator(Terminator::CRLF).from_writer(start)
}

/// A value as a cell, and whether it is text.
fn cell(value: &RawValue) -> Result<(Cow<'_, str>, bool), Failed> {
    Ok(match value.get() {
        "null" => (Cow::Borrowed(""), false),
        text if text.starts_with('"') => (serde_json::from_str::<String>(text)?.into(), true),
        other => (Cow::Borrowed(other), false),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn written(escapes: bool, records: &[serde_json::Value]) -> String {
        let columns = ["id", "name", "n", "list"].map(str::to_owned).to_vec();
        let csv = Csv::new(columns, escapes);
        let mut text = csv.head(false).unwrap();
        let lines: Vec<String> = records.iter().map(ToString::to_string).collect();
        text.extend(csv.page(&lines).unwrap());
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        let records = [
            json!({ "id": "1", "name": "Roux, \"Anne\"\r\n", "n": -1.5, "list": [{ "id": "2" }] }),
            json!({ "id": "2", "name": null, "more": "is left out" }),
        ];
        insta::assert_snapshot!(written(false, &records).replace('\r', "␍"), @r#"
        id,name,n,list␍
        1,"Roux, ""Anne""␍
        ",-1.5,"[{""id"":""2""}]"␍
        2,,,␍
        "#);
    }

    #[test]
    fn formulas_are_escaped_in_text_on_request() {
        let records = [json!({ "id": "1", "name": "=1+1", "n": -1 })];
        assert!(written(false, &records).ends_with("1,=1+1,-1,\r\n"));
        assert!(written(true, &records).ends_with("1,'=1+1,-1,\r\n"));
    }

    #[test]
    fn byte_order_mark_comes_first_and_once() {
        let csv = Csv::new(vec!["id".to_owned()], false);
        assert_eq!(csv.head(true).unwrap(), b"\xef\xbb\xbfid\r\n");
        assert_eq!(csv.page(&[r#"{"id":"7"}"#.to_owned()]).unwrap(), b"7\r\n");
    }

    proptest! {
        #[test]
        fn any_text_round_trips(names in prop::collection::vec(any::<String>(), 1..5)) {
            let records: Vec<_> = names.iter().map(|name| json!({ "id": "1", "name": name })).collect();
            let text = written(false, &records);
            let read: Vec<String> = csv::Reader::from_reader(text.as_bytes())
                .records()
                .map(|record| record.unwrap()[1].to_owned())
                .collect();
            prop_assert_eq!(read, names);
        }
    }
}
