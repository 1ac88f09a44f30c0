//! What is delivered, from a store that is written to as a sync does, on both engines.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod reading;
