//! The completeness proof of an enumeration, and the notes about its deviations.

use std::fmt;

/// Whether an enumeration saw every record.
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
    /// It may have seen every record, but completeness is unproven.
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

/// The reason why completeness is unproven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unproven {
    /// The enumeration did not reach its end.
    Unfinished,
    /// It was resumed in the middle: the records before were read earlier.
    Resumed,
    /// The list may have no end: more records arrived than any tenant has, and reading stopped.
    Endless,
    /// The server gave no count.
    NoCount,
    /// The set kept changing while it was read.
    Shifting,
    /// The server's count stays different from the number of records it sends.
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
    /// Some records had no readable id, so they can't be distinguished.
    UnidentifiedRows {
        /// Their number, in the last pass.
        rows: u64,
    },
}

impl fmt::Display for Unproven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unfinished => f.write_str("the read did not reach the end"),
            Self::Resumed => f.write_str("the read was resumed in the middle"),
            Self::Endless => f.write_str("the list does not seem to end"),
            Self::NoCount => f.write_str("the server returns no count"),
            Self::Shifting => f.write_str("the records kept changing during the read"),
            Self::CountDiffers { counted, seen } => {
                write!(f, "the server counts {counted} but returned {seen}")
            }
            Self::PagingIgnored => f.write_str("the server returns the same records for every page"),
            Self::PageRefused => f.write_str("the server refused the next page"),
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
    /// These fields are no longer requested: their absence from records is not a change.
    FieldsDropped {
        /// The fields, by their names in the request.
        names: Vec<String>,
    },
    /// The request names no field any more: records contain the server's default fields.
    DefaultFields,
    /// The request no longer includes a count.
    CountNotAsked,
    /// No order is requested: pages may overlap.
    OrderNotAsked,
    /// The stream is read from its second path.
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
                write!(f, "the server does not support these fields: {}", names.join(", "))
            }
            Self::DefaultFields => {
                f.write_str("the server refuses lists of fields: its default fields are read")
            }
            Self::CountNotAsked => f.write_str("the server refuses requests for a count"),
            Self::OrderNotAsked => f.write_str("the server refuses an order: pages may overlap"),
            Self::FallbackRoute { from, to } => write!(f, "{from} does not answer: {to} is read instead"),
            Self::FormerFilterFallback => f.write_str(
                "the server does not support formerEmployees: employees are selected by contract end instead",
            ),
            Self::LeaveFilterFallback => f.write_str(
                "the server refuses queries for the leaves of all employees: leaves are selected by \
                 establishment instead",
            ),
            Self::ReadById { offset } => {
                write!(
                    f,
                    "the server refused the page at {offset}: the remaining records are requested by id"
                )
            }
            Self::PageRefused { offset } => {
                write!(f, "the server refused the page at {offset}: the records after it are not read")
            }
            Self::PassRepeated { pass } => {
                write!(f, "the records changed during the read: pass {pass} begins")
            }
        }
    }
}
