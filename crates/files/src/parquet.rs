//! Records as Parquet, with the types of their table: dates are dates, times are times, lists are lists.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use arrow_json::ReaderBuilder;
use arrow_json::reader::Decoder;
use arrow_schema::{Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use serde_json::value::{RawValue, to_raw_value};

use crate::csv::Failed;
use crate::table::is_json;

/// What a group of rows takes of memory while it is put together; readers skip groups, so they should not be small.
const ROWS_A_GROUP: usize = 20_000;

/// The most rows that are turned into columns at once.
const ROWS_A_BATCH: usize = 1_000;

/// Writes a table, page by page.
pub(crate) struct Parquet {
    /// The columns that are JSON as text.
    json: HashSet<String>,
    decoder: Decoder,
    writer: ArrowWriter<Vec<u8>>,
}

impl Parquet {
    pub(crate) fn new(columns: Vec<Field>) -> Result<Self, Failed> {
        let json = columns.iter().filter(|field| is_json(field)).map(|field| field.name().clone()).collect();
        let schema = Arc::new(Schema::new(columns));
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(ROWS_A_GROUP))
            .set_created_by(concat!("lucca-connector ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        let decoder =
            ReaderBuilder::new(Arc::clone(&schema)).with_batch_size(ROWS_A_BATCH).build_decoder()?;
        Ok(Self { json, decoder, writer: ArrowWriter::try_new(Vec::new(), schema, Some(properties))? })
    }

    /// Adds some records, each given as a JSON object, and gives what of the file is done: whole groups of rows.
    pub(crate) fn page(&mut self, lines: &[String]) -> Result<Vec<u8>, Failed> {
        for line in lines {
            let mut members: BTreeMap<Cow<'_, str>, Cow<'_, RawValue>> = serde_json::from_str(line)?;
            for (name, value) in &mut members {
                if self.json.contains(name.as_ref()) && value.get() != "null" {
                    *value = Cow::Owned(to_raw_value(value.get())?);
                }
            }
            self.decoder.decode(to_raw_value(&members)?.get().as_bytes())?;
            // It takes no line that it has no room for.
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
