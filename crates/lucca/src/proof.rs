//! What an enumeration can say about its own completeness, and what it had to do to get through.

use std::fmt;

/// Whether an enumeration saw everything there is.
///
/// `Complete` means that the last full pass over the set saw as many distinct records as the server
/// counted, with the same count at its beginning and its end, and that every record had an id. One
/// thing it can't exclude: a record that disappears before the current page and another that appears
/// after it, within one pass, leave the count as it was and can hide one record at the border of two
/// pages. Before judging a record that was not seen as gone, ask for it by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Everything the server counts was seen.
    Complete {
        /// Distinct records seen in the last pass.
        rows: u64,
    },
    /// It may have been everything, but nothing shows it.
    Unproven {
        /// Distinct records seen, over all passes.
        rows: u64,
        /// What is missing for a proof.
        why: Unproven,
    },
}

impl Proof {
    /// Whether everything was provably seen.
    pub const fn is_complete(self) -> bool {
        matches!(self, Self::Complete { .. })
    }

    /// Distinct records seen.
    pub const fn rows(self) -> u64 {
        match self {
            Self::Complete { rows } | Self::Unproven { rows, .. } => rows,
        }
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Complete { rows } => write!(f, "complete, {rows} records"),
            Self::Unproven { rows, why } => write!(f, "{rows} records, not proven complete: {why}"),
        }
    }
}

/// Why an enumeration proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unproven {
    /// It was not followed to its end.
    Unfinished,
    /// It was resumed in the middle: what came before was read earlier.
    Resumed,
    /// There seems to be no end: more records came than any tenant has, and it was left off.
    Endless,
    /// The server gave no count.
    NoCount,
    /// The set kept changing while it was read.
    Shifting,
    /// The server's count stays different from the records it gives.
    CountDiffers {
        /// What the server counts.
        counted: u64,
        /// Distinct records it gave in the last pass.
        seen: u64,
    },
    /// The server gives the same records whatever page is asked.
    PagingIgnored,
    /// The server refused a page after others: there may be records it can't be asked for.
    PageRefused,
    /// Records without a readable id were among the answers, so they can't be told apart.
    UnidentifiedRows {
        /// How many, in the last pass.
        rows: u64,
    },
}

impl fmt::Display for Unproven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unfinished => f.write_str("it was not read to its end"),
            Self::Resumed => f.write_str("it was resumed in the middle"),
            Self::Endless => f.write_str("there seems to be no end of records"),
            Self::NoCount => f.write_str("the server gives no count"),
            Self::Shifting => f.write_str("the records kept changing while they were read"),
            Self::CountDiffers { counted, seen } => write!(f, "the server counts {counted} but gave {seen}"),
            Self::PagingIgnored => f.write_str("the server gives the same records for every page"),
            Self::PageRefused => f.write_str("the server refused to give the next page"),
            Self::UnidentifiedRows { rows } => write!(f, "{rows} records have no readable id"),
        }
    }
}

/// Something an enumeration does differently for this server than it wanted to. What was tried and did not
/// help is not noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// Smaller pages are asked for.
    PageSizeReduced {
        /// The size asked for before.
        from: u32,
        /// The size asked for now.
        to: u32,
    },
    /// These fields are no longer asked for: their absence from records means nothing.
    FieldsDropped {
        /// The fields, as they were asked for.
        names: Vec<String>,
    },
    /// No field is named any more: records hold what the server gives by default.
    DefaultFields,
    /// The server is no longer asked for a count.
    CountNotAsked,
    /// The server is not asked for an order: pages may overlap.
    OrderNotAsked,
    /// The stream is read from its second address.
    FallbackRoute {
        /// The path that did not answer.
        from: &'static str,
        /// The path used now.
        to: &'static str,
    },
    /// Former employees are asked for by contract end instead of `formerEmployees`.
    FormerFilterFallback,
    /// Leaves are asked for by establishment instead of everybody's, and cancelled ones without `isActive`.
    LeaveFilterFallback,
    /// A page was refused after others: what follows is asked for by the last id instead of an offset.
    ReadById {
        /// Where the refused page would have begun.
        offset: u64,
    },
    /// A page was refused after others, and reading ended there.
    PageRefused {
        /// Where the refused page would have begun.
        offset: u64,
    },
    /// The whole set is read again, because it changed or its count did not match.
    PassRepeated {
        /// The pass that begins, from 2.
        pass: u32,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PageSizeReduced { from, to } => write!(f, "page size reduced from {from} to {to}"),
            Self::FieldsDropped { names } => {
                write!(f, "fields not known to the server: {}", names.join(", "))
            }
            Self::DefaultFields => {
                f.write_str("the server accepts no list of fields: its default ones are read")
            }
            Self::CountNotAsked => f.write_str("the server accepts no request for a count"),
            Self::OrderNotAsked => f.write_str("the server accepts no order: pages may overlap"),
            Self::FallbackRoute { from, to } => write!(f, "{from} does not answer: {to} is read instead"),
            Self::FormerFilterFallback => {
                f.write_str("formerEmployees is not known to the server: asked by contract end instead")
            }
            Self::LeaveFilterFallback => f.write_str(
                "the server refuses how everybody's leaves are asked for: asked by establishment instead",
            ),
            Self::ReadById { offset } => {
                write!(f, "the page at {offset} was refused: the rest is asked for by id")
            }
            Self::PageRefused { offset } => {
                write!(f, "the page at {offset} was refused: nothing after it is read")
            }
            Self::PassRepeated { pass } => {
                write!(f, "the records changed while they were read: pass {pass} begins")
            }
        }
    }
}
