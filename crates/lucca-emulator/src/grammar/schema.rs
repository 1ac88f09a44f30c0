//! The properties of a v3 resource, and a request's selection of them.
//!
//! Included: how a resource describes itself, and resolving a field tree against that description. Not
//! included: the descriptions (`resources`), the values (`grammar::value`).

use super::fields::{FieldTree, FieldView};
use crate::{
    errors::Refusal,
    switches::{DictionaryMembers, KeyCasing, Switches, UnknownField},
};

/// A v3 resource or a part of one.
pub(crate) struct Type {
    /// Name in error messages.
    pub(crate) name: &'static str,
    /// Name in URLs.
    pub(crate) plural: &'static str,
    /// An entity nested without sub-fields shows `id`, `name`, `url`; a plain object shows everything.
    pub(crate) entity: bool,
    pub(crate) properties: &'static [Property],
}

/// One property of a resource.
pub(crate) struct Property {
    /// The server's spelling.
    pub(crate) name: &'static str,
    /// The documentation's spelling, if different.
    documented: Option<&'static str>,
    /// Another name that queries may use.
    alias: Option<&'static str>,
    pub(crate) kind: Kind,
    /// A time in an unknown zone: switches decide how it is written and compared.
    pub(crate) zoned: bool,
}

/// The type of a property.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Int,
    Number,
    Bool,
    Text,
    /// One of these names, or its number (source: wire-grammar.md §1.4).
    Enum(&'static [&'static str]),
    Date,
    One(&'static Type),
    Many(&'static Type),
    /// Entries by key; an unknown key is null, not an error (source: wire-grammar.md §1.3).
    Dictionary,
}

impl Property {
    const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, documented: None, alias: None, kind, zoned: false }
    }
    pub(crate) const fn int(name: &'static str) -> Self {
        Self::new(name, Kind::Int)
    }
    pub(crate) const fn number(name: &'static str) -> Self {
        Self::new(name, Kind::Number)
    }
    pub(crate) const fn bool(name: &'static str) -> Self {
        Self::new(name, Kind::Bool)
    }
    pub(crate) const fn text(name: &'static str) -> Self {
        Self::new(name, Kind::Text)
    }
    pub(crate) const fn date(name: &'static str) -> Self {
        Self::new(name, Kind::Date)
    }
    pub(crate) const fn stamp(name: &'static str) -> Self {
        Self { zoned: true, ..Self::new(name, Kind::Date) }
    }
    pub(crate) const fn one_of(name: &'static str, names: &'static [&'static str]) -> Self {
        Self::new(name, Kind::Enum(names))
    }
    pub(crate) const fn one(name: &'static str, to: &'static Type) -> Self {
        Self::new(name, Kind::One(to))
    }
    pub(crate) const fn many(name: &'static str, to: &'static Type) -> Self {
        Self::new(name, Kind::Many(to))
    }
    pub(crate) const fn dictionary(name: &'static str) -> Self {
        Self::new(name, Kind::Dictionary)
    }
    pub(crate) const fn documented(mut self, name: &'static str) -> Self {
        self.documented = Some(name);
        self
    }
    pub(crate) const fn alias(mut self, name: &'static str) -> Self {
        self.alias = Some(name);
        self
    }

    /// Whether `null` can be compared with it (source: wire-grammar.md §1.4). unverified: the properties
    /// besides ids that are never null; here all others are nullable.
    pub(crate) fn is_nullable(&self) -> bool {
        !(self.name == "id" && matches!(self.kind, Kind::Int))
    }

    /// The key of this property in answers.
    pub(crate) fn key(&self, casing: KeyCasing) -> &'static str {
        match casing {
            KeyCasing::Observed => self.name,
            KeyCasing::Documented => self.documented.unwrap_or(self.name),
        }
    }
}

impl Type {
    /// A property by any of its names, in any case.
    pub(crate) fn find(&self, name: &str) -> Option<&'static Property> {
        self.properties.iter().find(|property| {
            property.name.eq_ignore_ascii_case(name)
                || property.alias.is_some_and(|alias| alias.eq_ignore_ascii_case(name))
        })
    }

    fn unknown(&self, name: &str) -> Refusal {
        Refusal::malformed(format!("Selected property {name} does not exist on objet of type {}", self.name))
    }
}

/// The selected part of a resource.
pub(crate) enum Selection {
    /// `id`, `name`, `url` of an entity; everything of a plain object or a dictionary.
    Default,
    /// Every property, each with its own default.
    Full,
    Chosen(Vec<Chosen>),
    /// These entries of a dictionary.
    Keys(Vec<String>),
}

/// One chosen property.
pub(crate) struct Chosen {
    pub(crate) property: &'static Property,
    pub(crate) inner: Selection,
}

/// The selection of `fields=`, for the collection and for its items.
pub(crate) struct RequestedFields {
    pub(crate) count: bool,
    /// Only properties of the collection are requested.
    pub(crate) only_collection: bool,
    pub(crate) items: Selection,
}

impl RequestedFields {
    pub(crate) fn read(
        fields: Option<&str>,
        of: &'static Type,
        absent: Selection,
        switches: &Switches,
    ) -> Result<Self, Refusal> {
        let tree = FieldTree::parse(fields.unwrap_or(""))
            .map_err(|_| Refusal::malformed("Le champ fields est mal renseigné."))?;
        let mut count = false;
        let mut only_collection = false;
        let mut chosen = Vec::new();
        for child in tree.root().children() {
            // `collection` is matched in exactly this case, the rest in any (wire-grammar.md §1.3).
            if child.name() == "collection" && !child.is_leaf() {
                for property in child.children() {
                    if !property.name().eq_ignore_ascii_case("count") {
                        return Err(Type::unknown(&COLLECTION, property.name()));
                    }
                    count = true;
                }
                only_collection = true;
            } else {
                choose(of, child, switches, &mut chosen)?;
            }
        }
        let items = if chosen.is_empty() { absent } else { Selection::Chosen(chosen) };
        let only_collection = only_collection && !matches!(items, Selection::Chosen(_));
        Ok(Self { count, only_collection, items })
    }
}

static COLLECTION: Type = Type { name: "Collection", plural: "", entity: false, properties: &[] };

fn choose(
    of: &'static Type,
    asked: FieldView<'_>,
    switches: &Switches,
    chosen: &mut Vec<Chosen>,
) -> Result<(), Refusal> {
    let name = asked.name();
    let Some(property) = of.find(name) else {
        // Axis values are requested as `userAxisValues` and returned as `userAxisValues_4`: a request with a
        // returned name gets that one axis. unverified: whether the tenant accepts the returned name in
        // `fields`.
        if let Some((base, axis)) = name.rsplit_once('_')
            && let Some(property) = of.find(base)
            && matches!(property.kind, Kind::Dictionary)
        {
            let inner = Selection::Keys(vec![axis.to_owned()]);
            chosen.push(Chosen { property, inner });
            return Ok(());
        }
        return match switches.unknown_field {
            UnknownField::BadRequest => Err(of.unknown(name)),
            UnknownField::Ignored => Ok(()),
        };
    };
    let inner = if asked.is_leaf() {
        Selection::Default
    } else {
        match property.kind {
            Kind::Dictionary => match switches.dictionary_members {
                DictionaryMembers::Honoured => {
                    Selection::Keys(asked.children().map(|child| child.name().to_owned()).collect())
                }
                DictionaryMembers::Ignored => Selection::Default,
                DictionaryMembers::Refused => {
                    let first = asked.children().next().map_or("", FieldView::name);
                    return Err(Refusal::malformed(format!(
                        "Selected property {first} does not exist on objet of type {}",
                        property.name
                    )));
                }
            },
            Kind::One(inner) | Kind::Many(inner) => {
                let mut within = Vec::new();
                for child in asked.children() {
                    choose(inner, child, switches, &mut within)?;
                }
                if within.is_empty() { Selection::Default } else { Selection::Chosen(within) }
            }
            _ => {
                let first = asked.children().next().map_or("", FieldView::name);
                return match switches.unknown_field {
                    UnknownField::BadRequest => Err(Refusal::malformed(format!(
                        "Selected property {first} does not exist on objet of type {}",
                        property.name
                    ))),
                    UnknownField::Ignored => Ok(()),
                };
            }
        }
    };
    chosen.push(Chosen { property, inner });
    Ok(())
}
