//! Exports tables to files, one file per table, with one page of records in memory at a time, then the
//! manifest.

use delivery::catalog::{self, Reader, Row};
use delivery::mapping::Mapping;
use jiff::Timestamp;
use jiff::civil::Date;
use sha2::{Digest, Sha256};
use store::{LinkedAccount, Store};

use crate::csv::{Csv, Failed};
use crate::manifest::{FileEntry, Manifest, VERSION};
use crate::parquet::{self, Parquet};
use crate::people::People;
use crate::table::described;
use crate::target::Output;
use crate::{Error, Table, Target};

/// The file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values.
    Csv {
        /// Whether the file begins with a byte-order mark, by which Excel recognises UTF-8.
        bom: bool,
        /// Whether text that a spreadsheet would interpret as a formula gets a leading apostrophe.
        escape_formulas: bool,
    },
    /// JSON Lines: one object a line.
    Jsonl,
    /// Parquet, compressed with zstd.
    Parquet,
}

impl Format {
    /// Returns an error for a format that this build lacks.
    fn require_built(self) -> Result<(), Error> {
        if self == Self::Parquet && !parquet::IS_BUILT {
            return Err(Error::NotBuilt { what: "Parquet", feature: "parquet" });
        }
        Ok(())
    }

    /// The format's name, also the file extension.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv { .. } => "csv",
            Self::Jsonl => "jsonl",
            Self::Parquet => "parquet",
        }
    }
}

/// The options of an export.
#[derive(Clone, Debug)]
pub struct ExportOptions {
    /// The tables to export.
    pub tables: Vec<Table>,
    /// The file format.
    pub format: Format,
    /// Export only records that changed after this sequence number of the change log. `people` is always
    /// exported whole, because the names in it change without a change of the employee.
    pub since: Option<i64>,
    /// The manifest's creation time.
    pub now: Timestamp,
    /// The day for which the employees' status is computed.
    pub today: Date,
}

/// Receives the progress of an export.
pub trait Progress {
    /// A table begins; `about` estimates its records, if known.
    fn started(&self, table: Table, about: Option<u64>);
    /// The number of the table's records written so far.
    fn advanced(&self, rows: u64);
    /// The table is complete.
    fn finished(&self, file: &FileEntry);
}

/// Writes the tables and then the manifest. An earlier manifest is deleted first, because only complete
/// exports have one.
///
/// The file names of an export since a sequence number contain that number, so that it can share a folder
/// with a full export.
pub async fn export(
    store: &Store,
    account: &LinkedAccount,
    wanted: &ExportOptions,
    target: &Target,
    progress: &dyn Progress,
) -> Result<Manifest, Error> {
    wanted.format.require_built()?;
    let reader = Reader::new(store, account).await?;
    let suffix = wanted.since.map_or_else(String::new, |seq| format!(".since-{seq}"));
    let manifest_name = format!("manifest{suffix}.json");
    // Check the sequence number before anything is deleted: the log may not have reached it.
    for table in &wanted.tables {
        start_position(&reader, *table, wanted.since)?;
    }
    target.remove(&manifest_name).await?;
    let (bom, escaped_formulas) = match wanted.format {
        Format::Csv { bom, escape_formulas } => (bom, escape_formulas),
        Format::Jsonl | Format::Parquet => (false, false),
    };
    let mut manifest = Manifest {
        version: VERSION,
        linked_account_id: account.id.to_string(),
        tenant: account.tenant.clone(),
        created_at: wanted.now,
        format: wanted.format.name(),
        from_seq: wanted.since,
        to_seq: reader.until(),
        bom,
        escaped_formulas,
        files: Vec::new(),
    };
    for &table in &wanted.tables {
        let path = format!("{}{suffix}.{}", table.name(), wanted.format.name());
        manifest
            .files
            .push(write_table(&reader, (store, account), wanted, table, path, target, progress).await?);
    }
    let mut output = target.create(&manifest_name)?;
    // A manifest always has a JSON form.
    let text = serde_json::to_vec_pretty(&manifest).unwrap_or_default();
    output.write(&text).await?;
    output.place().await?;
    Ok(manifest)
}

/// Writes one table to a target that is one file or standard output, without a manifest.
///
/// # Errors
///
/// As for [`export`]. A closed pipe is [`Error::Folder`] with the kind `BrokenPipe`.
pub async fn export_table(
    store: &Store,
    account: &LinkedAccount,
    wanted: &ExportOptions,
    table: Table,
    target: &Target,
    progress: &dyn Progress,
) -> Result<FileEntry, Error> {
    wanted.format.require_built()?;
    let reader = Reader::new(store, account).await?;
    let path = target.shown().to_owned();
    write_table(&reader, (store, account), wanted, table, path, target, progress).await
}

async fn write_table(
    reader: &Reader<'_>,
    (store, account): (&Store, &LinkedAccount),
    wanted: &ExportOptions,
    table: Table,
    path: String,
    target: &Target,
    progress: &dyn Progress,
) -> Result<FileEntry, Error> {
    let people = match table {
        Table::People => Some(People::load(store, account, reader, wanted.today).await?),
        Table::Stream(_) => None,
    };
    let source = Source { reader, table, people, since: wanted.since };
    let mut file = OutputFile { output: target.create(&path)?, hash: Sha256::new(), bytes: 0 };
    match write(&source, wanted.format, &mut file, progress).await {
        Ok(rows) => {
            let (sha256, bytes) = file.place().await?;
            let is_full = table == Table::People || wanted.since.is_none();
            let columns = described(&table.columns(reader.mapping()));
            let entry = FileEntry { stream: table.name(), path, is_full, rows, bytes, sha256, columns };
            progress.finished(&entry);
            Ok(entry)
        }
        Err(error) => {
            file.output.abort().await;
            Err(error)
        }
    }
}

fn start_position(
    reader: &Reader<'_>,
    table: Table,
    since: Option<i64>,
) -> Result<catalog::StreamPosition, catalog::Error> {
    match (table, since) {
        (Table::Stream(kind), Some(seq)) => reader.since(kind, seq),
        _ => Ok(reader.start()),
    }
}

/// The source of a table's rows.
struct Source<'a> {
    reader: &'a Reader<'a>,
    table: Table,
    people: Option<People<'a>>,
    since: Option<i64>,
}

impl Source<'_> {
    async fn lines(&self, rows: &[Row]) -> Result<Vec<String>, catalog::Error> {
        match &self.people {
            Some(people) => people.page(rows, self.reader.mapping()).await,
            None => rows.iter().map(|row| row.json(self.table.kind())).collect(),
        }
    }
}

/// Writes a table's rows; returns their number.
async fn write(
    source: &Source<'_>,
    format: Format,
    file: &mut OutputFile<'_>,
    progress: &dyn Progress,
) -> Result<u64, Error> {
    let (reader, kind) = (source.reader, source.table.kind());
    let misfit = |error| Error::Misfit { table: source.table.name().to_owned(), source: error };
    let mut place = start_position(reader, source.table, source.since)?;
    progress.started(source.table, reader.estimate(kind, &place).await?);
    let (mut encoder, head) = Encoder::new(source.table, reader.mapping(), format).map_err(misfit)?;
    file.write(&head).await?;
    let mut count = 0;
    while let Some(page) = reader.page(kind, &place).await? {
        let lines = source.lines(&page.rows).await?;
        file.write(&encoder.page(&lines).map_err(misfit)?).await?;
        count += u64::try_from(lines.len()).unwrap_or(0);
        progress.advanced(count);
        place = page.then;
    }
    file.write(&encoder.finish().map_err(misfit)?).await?;
    Ok(count)
}

enum Encoder {
    Csv(Csv),
    Jsonl,
    Parquet(Box<Parquet>),
}

impl Encoder {
    /// Creates an encoder; returns it with the start of the file.
    fn new(table: Table, mapping: &Mapping, format: Format) -> Result<(Self, Vec<u8>), Failed> {
        let columns = table.columns(mapping);
        Ok(match format {
            Format::Csv { bom, escape_formulas } => {
                let names = columns.into_iter().map(|column| column.name).collect();
                let csv = Csv::new(names, escape_formulas);
                let head = csv.head(bom)?;
                (Self::Csv(csv), head)
            }
            Format::Jsonl => (Self::Jsonl, Vec::new()),
            Format::Parquet => (Self::Parquet(Box::new(Parquet::new(&columns)?)), Vec::new()),
        })
    }

    fn page(&mut self, lines: &[String]) -> Result<Vec<u8>, Failed> {
        match self {
            Self::Csv(csv) => csv.page(lines),
            Self::Jsonl => {
                Ok(lines.iter().flat_map(|line| [line.as_bytes(), b"\n"]).collect::<Vec<_>>().concat())
            }
            Self::Parquet(parquet) => parquet.page(lines),
        }
    }

    fn finish(self) -> Result<Vec<u8>, Failed> {
        match self {
            Self::Csv(_) | Self::Jsonl => Ok(Vec::new()),
            Self::Parquet(parquet) => parquet.finish(),
        }
    }
}

/// A file being written, with its hash and size for the manifest.
struct OutputFile<'a> {
    output: Output<'a>,
    hash: Sha256,
    bytes: u64,
}

impl OutputFile<'_> {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.hash.update(bytes);
        self.bytes += u64::try_from(bytes.len()).unwrap_or(0);
        self.output.write(bytes).await
    }

    async fn place(self) -> Result<(String, u64), Error> {
        self.output.place().await?;
        Ok((hex::encode(self.hash.finalize()), self.bytes))
    }
}
