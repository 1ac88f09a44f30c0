//! Checkpoints: the position of an interrupted enumeration, for resuming it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The progress of an [`Enumeration`](crate::Enumeration): the end of the last yielded page.
///
/// Stored as JSON and passed to [`Enumeration::resume_after`](crate::Enumeration::resume_after) of an
/// enumeration with the same query. Text of another version, and any other text, reads as the beginning.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Wire", from = "Value")]
pub struct Checkpoint {
    /// The last id, if all so far were numbers in ascending order.
    pub(crate) after: Option<u64>,
    /// Number of records that the server has sent.
    pub(crate) offset: u64,
    /// Requested page size, in records.
    pub(crate) page_size: u32,
}

impl Checkpoint {
    /// The offset to resume at: one page back, because records before it may have been deleted meanwhile.
    pub(crate) fn offset_to_resume(&self) -> u64 {
        self.offset.saturating_sub(u64::from(self.page_size))
    }
}

const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Wire {
    version: u32,
    after: Option<u64>,
    offset: u64,
    page_size: u32,
}

impl From<Checkpoint> for Wire {
    fn from(Checkpoint { after, offset, page_size }: Checkpoint) -> Self {
        Self { version: VERSION, after, offset, page_size }
    }
}

impl From<Value> for Checkpoint {
    fn from(value: Value) -> Self {
        let wire = serde_json::from_value::<Wire>(value).ok().filter(|wire| wire.version == VERSION);
        wire.map(|Wire { after, offset, page_size, .. }| Self { after, offset, page_size })
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_round_trips_or_reads_as_beginning() {
        let checkpoint = Checkpoint { after: Some(7), offset: 3000, page_size: 1000 };
        let json = serde_json::to_string(&checkpoint).unwrap();
        assert_eq!(serde_json::from_str::<Checkpoint>(&json).unwrap(), checkpoint, "{json}");
        let newer = json.replace(":1,", ":2,");
        for json in ["null", "{}", "7", r#"{"version":1,"offset":-1}"#, &newer] {
            assert_eq!(serde_json::from_str::<Checkpoint>(json).unwrap(), Checkpoint::default(), "{json}");
        }
    }
}
