//! An Airbyte read: emits the records of the selected streams, and states from which the next read resumes.

use std::collections::BTreeMap;
use std::io::Write;

use people::Kind;
use serde_json::{Value, json};

use super::{Catalog, FailureType, Messages, SelectedStream, States, StreamStatus, SyncMode};
use crate::catalog::{Error, Reader, StreamPosition};

/// The source of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A store that `sync` maintains: its change log allows incremental reads.
    Kept,
    /// Lucca, through a temporary store: every read is a full read.
    Direct,
}

/// Emits the records of every selected stream. `unread` lists streams that were read incompletely, each with
/// the reason and the party that has to act. Returns true if every stream is complete.
pub async fn read<W: Write>(
    reader: &Reader<'_>,
    mode: Mode,
    (catalog, states): (&Catalog, &States),
    unread: &BTreeMap<Kind, (FailureType, String)>,
    messages: &mut Messages<'_, W>,
) -> Result<bool, Error> {
    // Check every state before the first record, so that an unusable state fails before the destination
    // writes tables.
    let mut places = Vec::new();
    for SelectedStream { kind, sync_mode } in &catalog.0 {
        let kept = match states.of(*kind).filter(|_| mode == Mode::Kept) {
            Some(state) => Some(reader.resume(*kind, state)?),
            None => None,
        };
        // A full refresh starts over; only an interrupted first read resumes.
        let kept = kept.filter(|place| *sync_mode == SyncMode::Incremental || place.is_in_first_read());
        places.push((*kind, kept.unwrap_or_else(|| reader.start())));
    }
    let mut is_whole = true;
    for (kind, place) in places {
        messages.status(kind, StreamStatus::Started)?;
        match stream(reader, mode, kind, place, messages).await {
            Ok(()) => {}
            Err(error @ Error::Output(_)) => return Err(error),
            Err(error) => {
                messages.status(kind, StreamStatus::Incomplete)?;
                return Err(error);
            }
        }
        match unread.get(&kind) {
            None => messages.status(kind, StreamStatus::Complete)?,
            Some((failure, reason)) => {
                is_whole = false;
                messages.error(Some(kind), *failure, reason, reason)?;
                messages.status(kind, StreamStatus::Incomplete)?;
            }
        }
    }
    Ok(is_whole)
}

async fn stream<W: Write>(
    reader: &Reader<'_>,
    mode: Mode,
    kind: Kind,
    from: StreamPosition,
    messages: &mut Messages<'_, W>,
) -> Result<(), Error> {
    if let Some(rows) = reader.estimate(kind, &from).await? {
        messages.estimate(kind, rows)?;
    }
    let mut place = from;
    let (mut is_running, mut since_state) = (false, 0);
    while let Some(page) = reader.page(kind, &place).await? {
        for row in &page.rows {
            if !is_running {
                messages.status(kind, StreamStatus::Running)?;
                is_running = true;
            }
            messages.record(kind, &row.json(kind)?)?;
            since_state += 1;
        }
        place = page.then;
        if mode == Mode::Kept {
            messages.state(kind, &json!(place), since_state)?;
            since_state = 0;
        }
    }
    match mode {
        // A stream without changes emits its state, too.
        Mode::Kept if !is_running => messages.state(kind, &json!(place), 0)?,
        Mode::Kept => {}
        // Airbyte's own CDK emits this marker for streams that cannot resume.
        Mode::Direct => messages.state(kind, &no_cursor(), since_state)?,
    }
    Ok(())
}

fn no_cursor() -> Value {
    json!({ "__ab_no_cursor_state_message": true })
}
