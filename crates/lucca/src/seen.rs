//! The set of ids that an enumeration has seen, in compact form: two million leaves take some megabytes.

mod packed;

use std::collections::HashSet;

use people::RemoteId;

use packed::PackedSet;

/// The ids seen in this pass, and in all passes before.
#[derive(Debug, Default)]
pub(crate) struct SeenIds {
    current: Ids,
    earlier: Ids,
    pass: u8,
    len: u64,
}

/// The state of an id before this occurrence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sighting {
    /// Never seen.
    New,
    /// Seen in an earlier pass only.
    FirstInPass,
    /// Seen in this pass.
    Repeated,
}

impl SeenIds {
    pub(crate) fn meet(&mut self, id: &RemoteId, pass: u8) -> Sighting {
        if pass != self.pass {
            self.earlier.take_in(std::mem::take(&mut self.current));
            self.pass = pass;
        }
        let id = Id::of(id.as_str());
        if !self.current.insert(id) {
            Sighting::Repeated
        } else if self.earlier.contains(id) {
            Sighting::FirstInPass
        } else {
            self.len += 1;
            Sighting::New
        }
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }
}

/// An id in the smallest form that holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Id<'a> {
    /// Nearly all of Lucca's ids.
    Number(u64),
    /// A leave's `{number}-{yyyyMMdd}-{AM|PM}`, ordered as they are.
    Leave(u64),
    Text(&'a str),
}

impl<'a> Id<'a> {
    fn of(text: &'a str) -> Self {
        if let Some(number) = number(text) {
            return Self::Number(number);
        }
        leave(text).map_or(Self::Text(text), Self::Leave)
    }
}

/// The number of which the text is the only decimal form: `007` and `7` are two ids.
fn number(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

/// A leave's id as one number: 40 bits of the period, 14 of the year, 4 of the month, 5 of the day, 1 of the
/// half.
fn leave(text: &str) -> Option<u64> {
    let (head, half) = text.split_at_checked(text.len().checked_sub(3)?)?;
    let half = match half {
        "-AM" => 0,
        "-PM" => 1,
        _ => return None,
    };
    let (period, day) = head.split_at_checked(head.len().checked_sub(9)?)?;
    let day = day.strip_prefix('-').filter(|day| day.bytes().all(|byte| byte.is_ascii_digit()))?;
    let part = |from: usize, to: usize| day.get(from..to)?.parse::<u64>().ok();
    let (year, month, day) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
    let period = number(period).filter(|period| *period < 1 << 40)?;
    (month < 1 << 4 && day < 1 << 5).then_some(period << 24 | year << 10 | month << 6 | day << 1 | half)
}

#[derive(Debug, Default)]
struct Ids {
    numbers: PackedSet,
    leaves: PackedSet,
    texts: HashSet<Box<str>>,
}

impl Ids {
    /// Adds an id; returns whether it is new.
    fn insert(&mut self, id: Id<'_>) -> bool {
        match id {
            Id::Number(number) => self.numbers.insert(number),
            Id::Leave(leave) => self.leaves.insert(leave),
            Id::Text(text) => self.texts.insert(text.into()),
        }
    }

    fn contains(&self, id: Id<'_>) -> bool {
        match id {
            Id::Number(number) => self.numbers.contains(number),
            Id::Leave(leave) => self.leaves.contains(leave),
            Id::Text(text) => self.texts.contains(text),
        }
    }

    fn take_in(&mut self, other: Self) {
        self.numbers.take_in(other.numbers);
        self.leaves.take_in(other.leaves);
        self.texts.extend(other.texts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_look_alike_stay_apart() {
        let mut seen = SeenIds::default();
        let leaves = ["7-20260301-AM", "7-20260301-PM", "07-20260301-AM", "8-20260301-AM", "7-20260302-AM"];
        let odd =
            ["7-20260301-am", "7-20269901-AM", "-20260301-AM", "7-2026031-AM", "99999999999999-20260301-AM"];
        let numbers = ["7", "007", "+7", "18446744073709551616", "a", "0", "é-20260301-AM", "é"];
        let ids: Vec<_> = leaves.into_iter().chain(odd).chain(numbers).map(RemoteId::from).collect();
        for (pass, expected) in [(1, Sighting::New), (2, Sighting::FirstInPass), (3, Sighting::FirstInPass)] {
            for id in &ids {
                assert_eq!(seen.meet(id, pass), expected, "{id}");
                assert_eq!(seen.meet(id, pass), Sighting::Repeated, "{id}");
            }
        }
        assert_eq!(seen.len(), ids.len() as u64);
        assert_eq!(seen.meet(&RemoteId::from("8"), 3), Sighting::New);
    }

    #[test]
    fn two_million_leaves_are_small() {
        let mut seen = SeenIds::default();
        let mut met = 0;
        for period in 30_000.. {
            for day in 2..=(2 + period % 4) {
                for half in ["AM", "PM"] {
                    seen.meet(&RemoteId::from(format!("{period}-202603{day:02}-{half}")), 1);
                    met += 1;
                }
            }
            if met >= 2_000_000 {
                break;
            }
        }
        assert_eq!(seen.len(), met);
        let bytes = seen.current.leaves.bytes();
        assert!(bytes < 6_000_000, "{bytes}");
    }
}
