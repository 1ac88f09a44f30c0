//! The completeness proof of an enumeration, and the notes about its deviations.

use std::fmt;

/// Whether an enumeration saw everything.
///
/// `Complete` means that the last full pass over the set saw as many distinct records as the server counted,
/// with the same count at its beginning and its end, and that every record had an id. One case remains: a
/// record that disappears before the current page and another that appears after it, within one pass, leave
/// the count unchanged and can hide one record at the border of two pages. Before judging an unseen record as
/// gone, request it by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The enumeration saw every record that the server counts.
    Complete {
        /// Distinct records seen in the last pass.
        rows: u64,
    },
    /// It may have seen everything, but nothing proves it.
    Unproven {
        /// Distinct records seen, over all passes.
        rows: u64,
        /// The missing condition for a proof.
        why: Unproven,
    },
}

impl Proof {
    /// Whether the enumeration provably saw everything.
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

/// The reason why an enumeration proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unproven {
    /// The enumeration did not reach its end.
    Unfinished,
    /// It was resumed in the middle: the records before were read earlier.
    Resumed,
    /// The list seems to have no end: more records arrived than any tenant has, and reading stopped.
    Endless,
    /// The server gave no count.
    NoCount,
    /// The set kept changing while it was read.
    Shifting,
    /// The server's count stays different from the records it gives.
    CountDiffers {
        /// The server's count.
        counted: u64,
        /// Distinct records in the last pass.
        seen: u64,
    },
    /// The server sends the same records for every requested page.
    PagingIgnored,
    /// The server refused a page after others: some records may be unreachable.
    PageRefused,
    /// Some records had no readable id, so they can't be told apart.
    UnidentifiedRows {
        /// Their number, in the last pass.
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

/// A deviation from the documented way of reading, made for this server. Attempts that did not help are not
/// noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// Smaller pages are requested.
    PageSizeReduced {
        /// The size before, in records.
        from: u32,
        /// The size now, in records.
        to: u32,
    },
    /// These fields are no longer requested: their absence from records means nothing.
    FieldsDropped {
        /// The fields, by their names in the request.
        names: Vec<String>,
    },
    /// No field is named any more: records hold the server's default fields.
    DefaultFields,
    /// The server is no longer asked for a count.
    CountNotAsked,
    /// No order is requested: pages may overlap.
    OrderNotAsked,
    /// The stream is read from its second address.
    FallbackRoute {
        /// The path that did not answer.
        from: &'static str,
        /// The path used now.
        to: &'static str,
    },
    /// Former employees are selected by contract end instead of `formerEmployees`.
    FormerFilterFallback,
    /// Leaves are selected by establishment instead of for all employees, and cancelled ones without
    /// `isActive`.
    LeaveFilterFallback,
    /// A page was refused after others: the rest is requested by the last id instead of an offset.
    ReadById {
        /// Offset of the refused page.
        offset: u64,
    },
    /// A page was refused after others, and reading ended there.
    PageRefused {
        /// Offset of the refused page.
        offset: u64,
    },
    /// The whole set is read again, because it changed or its count did not match.
    PassRepeated {
        /// Number of the pass that begins, from 2.
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
