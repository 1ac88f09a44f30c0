//! The client's public API, against servers on loopback. No test sleeps: the clock is a `TestClock`.

// `cfg(test)` marks helpers as test code for the lints, too.
#[cfg(test)]
mod absences;
#[cfg(test)]
mod ahead;
#[cfg(test)]
mod answers;
#[cfg(test)]
mod api_keys;
#[cfg(test)]
mod emulator;
#[cfg(test)]
mod enumerations;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod logging;
#[cfg(test)]
mod passthrough;
#[cfg(test)]
mod reach;
mod refusals;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tenant_urls;
#[cfg(test)]
mod users;
mod writes;
