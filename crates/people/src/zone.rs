//! Where a tenant's day begins and ends.

use jiff::tz::TimeZone;

/// The zone in which "today" is meant: Paris, whatever zone the machine stands in. Who joins tomorrow is of tomorrow for the
/// tenant's people, and not for a server that counts in UTC. Needs no time zone database on the machine.
///
/// Source: wire-grammar.md §1.4 (Lucca's dates are of Europe/Paris).
// unverified: tenants of `ilucca.ch` are of Europe/Zurich, whose clocks show the same; those of other zones are not known of.
pub fn tenant_zone() -> TimeZone {
    TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap_or(TimeZone::UTC)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::civil::{Date, date};

    use super::*;

    fn day(at: &str) -> Date {
        at.parse::<Timestamp>().unwrap().to_zoned(tenant_zone()).date()
    }

    #[test]
    fn a_day_begins_with_that_of_paris() {
        assert_eq!(day("2026-11-25T22:59:59Z"), date(2026, 11, 25));
        assert_eq!(day("2026-11-25T23:00:00Z"), date(2026, 11, 26));
        assert_eq!(day("2026-06-30T22:00:00Z"), date(2026, 7, 1));
    }
}
