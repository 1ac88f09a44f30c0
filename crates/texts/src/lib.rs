//! Texts in every language: the linking flow, permissions, issues, calendar feeds and the widget.
//!
//! Each language has one catalog, `catalogs/{code}.ftl`, in the syntax of [Project Fluent](https://projectfluent.org).
//! English is the source catalog: every other one has its keys, and the same placeholders in each text. A new
//! language takes its catalog and a line in [`people::with_languages`]. The import of [`Texts`] adds the texts to
//! [`Language`]: `language.text("flow-skip")`.
//!
//! Plural forms are selectors in the catalog, by the language's rules. Separators, quotes and dates are keys
//! `format-…`. Attributes (`.also`) are data of one language; other catalogs may lack them.

mod catalog;
mod value;

use std::borrow::Cow;

use jiff::Timestamp;
use people::Language;

pub use value::Value;

/// The texts of a language.
pub trait Texts: Copy {
    /// The text of a key without placeholders.
    fn text(self, key: &str) -> &'static str;

    /// The text of a key, with values for its placeholders.
    fn fill(self, key: &str, values: &[(&str, Value<'_>)]) -> String;

    /// An attribute of a key, if this language has it.
    fn attribute(self, key: &str, name: &str) -> Option<&'static str>;

    /// A number with thousands separators: `20,000`.
    fn number(self, number: u64) -> String;

    /// A date and time in the tenants' time zone: `2 December 2026, 11:30 (Paris time)`.
    fn moment(self, at: Timestamp) -> String;

    /// Joins items: `a, b, c`.
    fn list<T: AsRef<str>>(self, items: &[T]) -> String;
}

impl Texts for Language {
    fn text(self, key: &str) -> &'static str {
        catalog::of(self).text(key)
    }

    fn fill(self, key: &str, values: &[(&str, Value<'_>)]) -> String {
        catalog::of(self).fill(key, values, |at| self.moment(at))
    }

    fn attribute(self, key: &str, name: &str) -> Option<&'static str> {
        catalog::of(self).attribute(key, name)
    }

    fn number(self, number: u64) -> String {
        value::grouped(&number.to_string(), self.text("format-thousands-separator"))
    }

    fn moment(self, at: Timestamp) -> String {
        let at = at.to_zoned(people::tenant_zone());
        let values = [
            ("day", Value::Count(at.day().unsigned_abs().into())),
            ("month", Value::Count(at.month().unsigned_abs().into())),
            // Text, since a year has no thousands separator.
            ("year", Value::Text(at.year().to_string().into())),
            ("time", Value::Text(at.strftime("%H:%M").to_string().into())),
        ];
        self.fill("format-moment", &values)
    }

    fn list<T: AsRef<str>>(self, items: &[T]) -> String {
        let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
        items.join(self.text("format-list-separator"))
    }
}

/// The key of a name in a family of keys: `view_users` in `permission-label-` has `permission-label-view-users`.
pub fn key(family: &str, name: &str) -> String {
    let name: Cow<'_, str> = name.replace('_', "-").into();
    format!("{family}{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_thousands_separators() {
        let english = [7, 999, 1000, 1_234_567].map(|number| Language::English.number(number));
        assert_eq!(english, ["7", "999", "1,000", "1,234,567"]);
        assert_eq!(Language::French.number(20_000), "20\u{202f}000");
    }

    #[test]
    fn counts_follow_the_plural_rules() {
        let people = |language: Language, count: u64| {
            language.fill("permission-records-view-users", &[("count", count.into())])
        };
        let english = [0, 1, 12_345].map(|count| people(Language::English, count));
        assert_eq!(english, ["0 people", "1 person", "12,345 people"]);
        let french = [0, 1, 12_345].map(|count| people(Language::French, count));
        assert_eq!(french, ["0 personne", "1 personne", "12\u{202f}345 personnes"]);
    }

    #[test]
    fn moments_are_in_the_tenants_zone() {
        let at = "2026-12-01T09:05:00Z".parse().unwrap();
        assert_eq!(Language::English.moment(at), "1 December 2026, 10:05 (Paris time)");
        assert_eq!(Language::French.moment(at), "1er décembre 2026 à 10:05 (heure de Paris)");
        let in_summer = "2026-06-30T22:30:00Z".parse().unwrap();
        assert_eq!(Language::English.moment(in_summer), "1 July 2026, 00:30 (Paris time)");
    }

    #[test]
    fn values_are_inserted_unchanged() {
        let values = [("vendor", "{ $url } \\u0041 <b>".into())];
        assert_eq!(
            Language::English.fill("flow-welcome-title", &values),
            "Connect Lucca to { $url } \\u0041 <b>"
        );
    }
}
