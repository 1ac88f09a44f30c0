//! Writes events as an iCalendar object (RFC 5545). Hand-written, because the crate for it passes carriage
//! returns through, with which a name could forge lines, and folds lines one byte too late.

use std::fmt::Write;

use super::events::Event;

/// How often subscribers should refresh.
const REFRESH: &str = "PT1H";

/// The longest line in bytes, without CR LF.
const LONGEST: usize = 75;

/// The whole object; every line ends in CR LF.
pub(super) fn write(name: &str, events: &[Event]) -> String {
    let mut text = String::new();
    let mut line = |content: &str| fold(&mut text, content);
    line("BEGIN:VCALENDAR");
    line("VERSION:2.0");
    line("PRODID:-//lucca-connector//absences//EN");
    line("CALSCALE:GREGORIAN");
    line("METHOD:PUBLISH");
    line(&format!("NAME:{}", escaped(name)));
    line(&format!("X-WR-CALNAME:{}", escaped(name)));
    line(&format!("REFRESH-INTERVAL;VALUE=DURATION:{REFRESH}"));
    line(&format!("X-PUBLISHED-TTL:{REFRESH}"));
    for event in events {
        // DTEND is exclusive.
        let end = event.ends_on.tomorrow().unwrap_or(event.ends_on);
        line("BEGIN:VEVENT");
        line(&format!("UID:{}", escaped(&event.uid)));
        line(&format!("DTSTAMP:{}", event.written_at.strftime("%Y%m%dT%H%M%SZ")));
        line(&format!("DTSTART;VALUE=DATE:{}", event.starts_on.strftime("%Y%m%d")));
        line(&format!("DTEND;VALUE=DATE:{}", end.strftime("%Y%m%d")));
        line(&format!("SUMMARY:{}", escaped(&event.summary)));
        line(if event.is_tentative { "STATUS:TENTATIVE" } else { "STATUS:CONFIRMED" });
        // A colleague's absence does not block time in the subscriber's calendar.
        line("TRANSP:TRANSPARENT");
        line("END:VEVENT");
    }
    line("END:VCALENDAR");
    text
}

/// Escapes a text value; drops control characters other than line breaks.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.replace("\r\n", "\n").chars() {
        match c {
            '\\' | ';' | ',' => out.extend(['\\', c]),
            '\n' | '\r' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// Appends a line, folded at [`LONGEST`] bytes: continuation lines begin with a space.
fn fold(text: &mut String, content: &str) {
    let mut length = 0;
    for c in content.chars() {
        if length + c.len_utf8() > LONGEST {
            text.push_str("\r\n ");
            length = 1;
        }
        text.push(c);
        length += c.len_utf8();
    }
    // Writing to a `String` never fails.
    let _ = text.write_str("\r\n");
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn event(summary: &str) -> Event {
        Event {
            uid: "7.0@acct_1".to_owned(),
            summary: summary.to_owned(),
            starts_on: date(2026, 12, 31),
            ends_on: date(2026, 12, 31),
            is_tentative: false,
            written_at: Timestamp::from_second(1_800_000_000).unwrap(),
        }
    }

    #[test]
    fn calendar_object_follows_the_rfc() {
        insta::assert_snapshot!(write("Équipe; Paris", &[event("Anne Roux: absent")]).replace('\r', ""), @r"
        BEGIN:VCALENDAR
        VERSION:2.0
        PRODID:-//lucca-connector//absences//EN
        CALSCALE:GREGORIAN
        METHOD:PUBLISH
        NAME:Équipe\; Paris
        X-WR-CALNAME:Équipe\; Paris
        REFRESH-INTERVAL;VALUE=DURATION:PT1H
        X-PUBLISHED-TTL:PT1H
        BEGIN:VEVENT
        UID:7.0@acct_1
        DTSTAMP:20270115T080000Z
        DTSTART;VALUE=DATE:20261231
        DTEND;VALUE=DATE:20270101
        SUMMARY:Anne Roux: absent
        STATUS:CONFIRMED
        TRANSP:TRANSPARENT
        END:VEVENT
        END:VCALENDAR
        ");
    }

    proptest! {
        #[test]
        fn summaries_neither_overflow_nor_forge_lines(summary in any::<String>()) {
            let text = write("A team", &[event(&summary)]);
            prop_assert!(text.split("\r\n").all(|line| line.len() <= LONGEST && !line.contains(['\r', '\n'])));
            let unfolded = text.replace("\r\n ", "");
            prop_assert_eq!(unfolded.lines().filter(|line| line.starts_with("SUMMARY:")).count(), 1);
            prop_assert_eq!(unfolded.lines().count(), 19);
        }
    }
}
