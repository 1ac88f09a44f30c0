//! Pages on their way: fetched and read on a task of their own while the page before is compared and written.

use std::collections::BTreeSet;

use lucca::{Checkpoint, Enumeration, Resource};
use tokio::sync::mpsc;

use crate::lost_fields::refused_fields;

/// A page on its way from the task that fetches to the one that commits.
pub(crate) struct Fetched<W> {
    pub(crate) page: lucca::Page<W>,
    pub(crate) total: Option<u64>,
    pub(crate) refused: BTreeSet<&'static str>,
    pub(crate) checkpoint: Option<Checkpoint>,
}

type Fetching<W> = tokio::task::JoinHandle<(Enumeration<W>, Result<(), lucca::Error>)>;

/// Reads an enumeration to its end on a task of its own. At most one page waits to be received.
pub(crate) fn fetch<W: Resource>(
    mut enumeration: Enumeration<W>,
) -> (mpsc::Receiver<Fetched<W>>, Fetching<W>) {
    let (sender, pages) = mpsc::channel(1);
    let fetching = tokio::spawn(async move {
        // The place is taken before the page is fetched, so that no third page is ever in memory.
        let outcome = loop {
            let Ok(place) = sender.reserve().await else {
                // Nobody waits for pages: the commit of an earlier one failed, and the run ends.
                break Ok(());
            };
            match enumeration.next_page().await {
                Ok(Some(page)) => place.send(Fetched {
                    page,
                    total: enumeration.total(),
                    refused: refused_fields(enumeration.notes()),
                    checkpoint: enumeration.checkpoint(),
                }),
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        drop(sender);
        (enumeration, outcome)
    });
    (pages, fetching)
}
