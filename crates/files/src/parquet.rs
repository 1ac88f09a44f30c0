//! Parquet files with typed columns: dates, timestamps and lists are not strings.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use arrow_json::ReaderBuilder;
use arrow_json::reader::Decoder;
use arrow_schema::extension::Json;
use arrow_schema::{DataType, Field, Fields, Schema, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use serde_json::value::{RawValue, to_raw_value};

use crate::column::{Column, ColumnType};
use crate::csv::Failed;

/// Whether this build has the `parquet` feature.
pub(crate) const IS_BUILT: bool = true;

/// Rows per row group. A group is built in memory; readers skip whole groups, so groups should not be small.
const ROWS_A_GROUP: usize = 20_000;

/// The most rows that are converted to columns at once.
const ROWS_A_BATCH: usize = 1_000;

/// Encodes a table, page by page.
pub(crate) struct Parquet {
    /// Names of the columns that hold JSON as text.
    json: HashSet<String>,
    decoder: Decoder,
    writer: ArrowWriter<Vec<u8>>,
}

impl Parquet {
    pub(crate) fn new(columns: &[Column]) -> Result<Self, Failed> {
        let is_json = |column: &&Column| column.type_ == ColumnType::Json;
        let json = columns.iter().filter(is_json).map(|column| column.name.clone()).collect();
        let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Fields>()));
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(ROWS_A_GROUP))
            .set_created_by(concat!("lucca-connector ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        let decoder =
            ReaderBuilder::new(Arc::clone(&schema)).with_batch_size(ROWS_A_BATCH).build_decoder()?;
        Ok(Self { json, decoder, writer: ArrowWriter::try_new(Vec::new(), schema, Some(properties))? })
    }

    /// Adds records, each given as a JSON object; returns the finished row groups.
    pub(crate) fn page(&mut self, lines: &[String]) -> Result<Vec<u8>, Failed> {
        for line in lines {
            let mut members: BTreeMap<Cow<'_, str>, Cow<'_, RawValue>> = serde_json::from_str(line)?;
            for (name, value) in &mut members {
                if self.json.contains(name.as_ref()) && value.get() != "null" {
                    *value = Cow::Owned(to_raw_value(value.get())?);
                }
            }
            self.decoder.decode(to_raw_value(&members)?.get().as_bytes())?;
            // The decoder takes no line beyond its batch size.
            if self.decoder.len() >= ROWS_A_BATCH - 1 {
                self.flush()?;
            }
        }
        Ok(std::mem::take(self.writer.inner_mut()))
    }

    fn flush(&mut self) -> Result<(), Failed> {
        if let Some(batch) = self.decoder.flush()? {
            self.writer.write(&batch)?;
        }
        Ok(())
    }

    /// The rest of the file.
    pub(crate) fn finish(mut self) -> Result<Vec<u8>, Failed> {
        self.flush()?;
        Ok(self.writer.into_inner()?)
    }
}

fn field(column: &Column) -> Field {
    let field = Field::new(&column.name, data_type(&column.type_), column.is_nullable);
    if column.type_ == ColumnType::Json { field.with_extension_type(Json::default()) } else { field }
}

fn data_type(type_: &ColumnType) -> DataType {
    match type_ {
        ColumnType::Text | ColumnType::Json => DataType::Utf8,
        ColumnType::Boolean => DataType::Boolean,
        ColumnType::Integer => DataType::Int64,
        ColumnType::Number => DataType::Float64,
        ColumnType::Date => DataType::Date32,
        ColumnType::Timestamp { has_zone } => {
            DataType::Timestamp(TimeUnit::Microsecond, has_zone.then(|| "+00:00".into()))
        }
        ColumnType::List(element) => {
            DataType::List(Arc::new(Field::new("element", data_type(element), true)))
        }
        ColumnType::Object(members) => DataType::Struct(
            members.iter().map(|(name, type_)| Field::new(name, data_type(type_), true)).collect(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader, SerializedFileReader};

    use super::*;

    #[test]
    fn rows_come_back_with_their_types() {
        let column = |name: &str, type_| Column { name: name.to_owned(), type_, is_nullable: true };
        let columns = vec![
            column("id", ColumnType::Text),
            column("starts_on", ColumnType::Date),
            column("days", ColumnType::Number),
            column("custom_fields", ColumnType::Json),
        ];
        let mut parquet = Parquet::new(&columns).unwrap();
        let mut bytes = parquet
            .page(&[
                r#"{"id":"7","starts_on":"2026-05-04","days":1.5,"custom_fields":{"a":[1]}}"#.to_owned(),
                r#"{"id":"8","starts_on":null,"days":null,"custom_fields":null}"#.to_owned(),
            ])
            .unwrap();
        bytes.extend(parquet.finish().unwrap());
        let mut file = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut file, &bytes).unwrap();
        let file = SerializedFileReader::new(file).unwrap();
        let rows: Vec<String> =
            file.get_row_iter(None).unwrap().map(|row| row.unwrap().to_string()).collect();
        assert_eq!(rows.len(), 2, "{rows:?}");
        assert!(
            rows[0].contains("2026-05-04") && rows[0].contains("1.5") && rows[0].contains(r#"{"a":[1]}"#),
            "{rows:?}"
        );
        assert!(rows[1].contains("days: null"), "{rows:?}");
    }

    #[test]
    fn values_of_another_type_are_refused() {
        let columns =
            vec![Column { name: "starts_on".to_owned(), type_: ColumnType::Date, is_nullable: true }];
        let mut parquet = Parquet::new(&columns).unwrap();
        let page = parquet.page(&[r#"{"starts_on":"soon"}"#.to_owned()]);
        assert!(page.and_then(|_| parquet.finish()).is_err());
    }
}
