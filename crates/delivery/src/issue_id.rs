//! Derives issue ids from the issue's subject and time, because delivery has no source of randomness.

use jiff::Timestamp;
use store::{IssueId, content_hash};

/// The id of an issue, from its subject and opening time.
pub(crate) fn issue_id(about: &[&str], at: Timestamp) -> IssueId {
    let mut random = [0; 10];
    let hash = content_hash(&format!("{} {at}", about.join(" "))).to_be_bytes();
    random.copy_from_slice(&hash[..10]);
    IssueId::mint(at, random)
}
