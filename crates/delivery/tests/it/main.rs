//! Webhooks from outside: a store on both engines, a receiver over loopback that is killed and revived, and a clock that
//! the test moves.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;
mod webhooks;
mod week;
