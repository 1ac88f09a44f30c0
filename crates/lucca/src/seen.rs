//! Which ids an enumeration has met, kept small.

use std::collections::HashMap;

use people::RemoteId;

/// Ids with the last pass they were met in. Nearly all of Lucca's ids are numbers: those take eight
/// bytes and a pass number each, so that 100,000 users take little beside one page of them.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    numbers: HashMap<u64, u8>,
    texts: HashMap<RemoteId, u8>,
}

/// What the set knew about an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sighting {
    /// Never met.
    New,
    /// Met in an earlier pass only.
    FirstInPass,
    /// Met in this pass.
    Repeated,
}

impl Seen {
    pub(crate) fn meet(&mut self, id: &RemoteId, pass: u8) -> Sighting {
        let before = match number(id.as_str()) {
            Some(number) => self.numbers.insert(number, pass),
            None => self.texts.insert(id.clone(), pass),
        };
        match before {
            None => Sighting::New,
            Some(last) if last == pass => Sighting::Repeated,
            Some(_) => Sighting::FirstInPass,
        }
    }

    pub(crate) fn len(&self) -> u64 {
        (self.numbers.len() + self.texts.len()) as u64
    }
}

/// The number a text is the one decimal form of: `007` and `7` are two ids.
fn number(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_look_alike_stay_apart() {
        let mut seen = Seen::default();
        for id in ["7", "007", "+7", "18446744073709551616", "a", "0"] {
            assert_eq!(seen.meet(&RemoteId::from(id), 1), Sighting::New, "{id}");
            assert_eq!(seen.meet(&RemoteId::from(id), 1), Sighting::Repeated, "{id}");
            assert_eq!(seen.meet(&RemoteId::from(id), 2), Sighting::FirstInPass, "{id}");
        }
        assert_eq!(seen.len(), 6);
    }
}
