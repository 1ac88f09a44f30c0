//! Custom fields (extended data): their definitions and entries.
//! Source: directory.md §7. A definition's `formatKey` for other kinds than `select` is unverified.

use jiff::civil::Date;

use crate::dice::Dice;

/// A configured custom field.
#[derive(Debug, Clone)]
pub(crate) struct Definition {
    /// Starts with `e_` and may hold odd characters.
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) format: Format,
    pub(crate) multiple: bool,
    /// Choices of a list: id and name.
    pub(crate) choices: &'static [(i64, &'static str)],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Text,
    Number,
    Bool,
    Date,
    Select,
    Composite,
}

impl Format {
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "decimal",
            Self::Bool => "boolean",
            Self::Date => "date",
            Self::Select => "select",
            Self::Composite => "composite",
        }
    }

    /// `type` of a user property: 0 boolean, 1 integer or list, 2 numeric, 3 date, 4 text, 5 object.
    pub(crate) fn property_type(self) -> i64 {
        match self {
            Self::Bool => 0,
            Self::Select => 1,
            Self::Number => 2,
            Self::Date => 3,
            Self::Text => 4,
            Self::Composite => 5,
        }
    }
}

const fn plain(id: &'static str, name: &'static str, format: Format) -> Definition {
    Definition { id, name, format, multiple: false, choices: &[] }
}

/// The custom fields of every emulated tenant.
pub(crate) fn definitions() -> Vec<Definition> {
    vec![
        plain("e_badge", "Numéro de badge", Format::Text),
        plain("e_fte", "Équivalent temps plein", Format::Number),
        plain("e_firstAider", "Secouriste du travail", Format::Bool),
        plain("e_medicalVisit", "Dernière visite médicale", Format::Date),
        Definition {
            choices: &[(84, "S"), (85, "M"), (86, "L"), (87, "XL")],
            ..plain("e_shirtSize", "Taille de chemise", Format::Select)
        },
        Definition { multiple: true, ..plain("e_languages", "Langues parlées", Format::Text) },
        plain("e_emergency", "Personne à prévenir", Format::Composite),
        plain("e_emergencyName", "Nom de la personne à prévenir", Format::Text),
        plain("e_emergencyPhone", "Téléphone de la personne à prévenir", Format::Text),
        plain("e_Nom-de-la-voie", "Nom de la voie", Format::Text),
    ]
}

/// One value; several entries of one definition are a multi-value.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) id: i64,
    pub(crate) definition: &'static str,
    pub(crate) value: EntryValue,
}

#[derive(Debug, Clone)]
pub(crate) enum EntryValue {
    Text(String),
    Number(f64),
    Bool(bool),
    Date(Date),
    Choice(i64),
    Parts(Vec<Entry>),
}

const LANGUAGES: &[&str] = &["français", "anglais", "español", "Deutsch", "italiano", "中文", "العربية"];

/// The values of one person; `next` numbers the entries of the whole tenant.
pub(crate) fn fill(dice: &mut Dice, today: Date, next: &mut i64) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut add = |definition, value| {
        *next += 1;
        entries.push(Entry { id: *next, definition, value });
    };
    if dice.chance(80) {
        add("e_badge", EntryValue::Text(dice.digits(5)));
    }
    if dice.chance(60) {
        add("e_fte", EntryValue::Number([1.0, 0.8, 0.5, 0.9][dice.below(4)]));
    }
    if dice.chance(30) {
        add("e_firstAider", EntryValue::Bool(dice.chance(50)));
    }
    if dice.chance(40) {
        let days = dice.between(1, 700);
        add("e_medicalVisit", EntryValue::Date(super::dates::add_days(today, -days)));
    }
    if dice.chance(50) {
        add("e_shirtSize", EntryValue::Choice([84, 85, 86, 87][dice.below(4)]));
    }
    for _ in 0..dice.below(3) {
        add("e_languages", EntryValue::Text(dice.word(LANGUAGES).to_owned()));
    }
    if dice.chance(20) {
        add("e_Nom-de-la-voie", EntryValue::Text("Rue de l'Église".to_owned()));
    }
    if dice.chance(25) {
        let phone = format!("06{}", dice.digits(8));
        let part = |id, definition, text| Entry { id, definition, value: EntryValue::Text(text) };
        let parts = vec![
            part(*next + 1, "e_emergencyName", "Proche".to_owned()),
            part(*next + 2, "e_emergencyPhone", phone),
        ];
        *next += 3;
        entries.push(Entry { id: *next, definition: "e_emergency", value: EntryValue::Parts(parts) });
    }
    entries
}
