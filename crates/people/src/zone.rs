//! The time zone of a tenant's days.

use jiff::tz::TimeZone;

/// The zone of "today": Europe/Paris, regardless of the machine's zone. Joining dates follow the tenant's
/// local day, not a server's UTC day. Needs no time zone database on the machine.
///
/// Source: wire-grammar.md §1.4 (Lucca's dates are of Europe/Paris).
// unverified: tenants of `ilucca.ch` are of Europe/Zurich, whose clocks show the same time; tenants of other
// zones are unknown.
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
    fn tenant_day_begins_in_paris_time() {
        assert_eq!(day("2026-11-25T22:59:59Z"), date(2026, 11, 25));
        assert_eq!(day("2026-11-25T23:00:00Z"), date(2026, 11, 26));
        assert_eq!(day("2026-06-30T22:00:00Z"), date(2026, 7, 1));
    }
}
