//! The contract of job queues, tested on the embedded and the scaled engine; and syncs behind Lucca's rate
//! limit, on a simulated clock; and a worker with every duty.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![expect(clippy::disallowed_methods, reason = "the engines wait in real time")]

mod queue;
mod rate_limit;
mod worker;
