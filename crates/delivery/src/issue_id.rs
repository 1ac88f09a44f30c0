//! Ids of issues that are opened while something is delivered, where no randomness is at hand: they follow from what the issue
//! is about and when it is opened.

use jiff::Timestamp;
use store::{IssueId, content_hash};

/// The id of an issue about something, opened at a time.
pub(crate) fn issue_id(about: &[&str], at: Timestamp) -> IssueId {
    let mut random = [0; 10];
    let hash = content_hash(&format!("{} {at}", about.join(" "))).to_be_bytes();
    random.copy_from_slice(&hash[..10]);
    IssueId::mint(at, random)
}
