//! The client as its users see it, against servers on loopback. No test sleeps: the clock is a `TestClock`.

mod answers;
mod api_keys;
mod emulator;
mod enumerations;
mod logging;
mod support;
mod tenant_urls;
mod users;
