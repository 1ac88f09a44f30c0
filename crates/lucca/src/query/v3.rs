//! The query grammar of `/api/v3/…`: `fields`, filters, `orderBy`, `paging`.
//!
//! Source: wire-grammar.md §1.1 to §1.5, directory.md §5.

use std::num::NonZeroU32;

use super::push_pair;

/// The fields to return: a tree, written `id,department[id,name]`.
///
/// The program supplies field names, never user input; they are plain identifiers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    members: Vec<Member>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Member {
    name: &'static str,
    nested: Vec<&'static str>,
}

impl Fields {
    /// No field yet.
    pub const fn new() -> Self {
        Self { members: Vec::new() }
    }

    /// Adds a field. A related object requested this way arrives as `{id,name,url}`.
    #[must_use]
    pub fn leaf(self, name: &'static str) -> Self {
        self.nested(name, &[])
    }

    /// Adds several fields.
    #[must_use]
    pub fn leaves(self, names: &[&'static str]) -> Self {
        names.iter().fold(self, |fields, name| fields.leaf(name))
    }

    /// Adds a related object with only these of its fields. A name that is not an identifier is omitted: it
    /// would change the meaning of the whole list.
    #[must_use]
    pub fn nested(mut self, name: &'static str, nested: &[&'static str]) -> Self {
        let nested = nested.iter().copied().filter(|name| is_path(name));
        if !is_identifier(name) {
            return self;
        }
        match self.members.iter_mut().find(|member| member.name.eq_ignore_ascii_case(name)) {
            Some(member) => member.nested.extend(nested),
            None => self.members.push(Member { name, nested: nested.collect() }),
        }
        self
    }

    /// The names at the tree's first level.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.members.iter().map(|member| member.name)
    }

    /// Removes every field called `name`, at either level, in any case; returns the first-level names of the
    /// removed ones.
    pub(crate) fn remove(&mut self, name: &str) -> Vec<String> {
        let mut removed = Vec::new();
        self.members.retain_mut(|member| {
            if member.name.eq_ignore_ascii_case(name) {
                removed.push(member.name.to_owned());
                return false;
            }
            let before = member.nested.len();
            member.nested.retain(|nested| !last_name(nested).eq_ignore_ascii_case(name));
            if member.nested.len() < before {
                removed.push(format!("{}.{name}", member.name));
            }
            // A relation without its named members is requested with its default ones.
            true
        });
        removed
    }

    /// Whether a field of this name is in the tree, at either level, in any case.
    pub(crate) fn mentions(&self, name: &str) -> bool {
        self.members.iter().any(|member| {
            member.name.eq_ignore_ascii_case(name)
                || member.nested.iter().any(|nested| last_name(nested).eq_ignore_ascii_case(name))
        })
    }

    fn render(&self, count: bool) -> String {
        let mut text = String::new();
        for member in &self.members {
            if !text.is_empty() {
                text.push(',');
            }
            text.push_str(member.name);
            if !member.nested.is_empty() {
                text.push('[');
                text.push_str(&member.nested.join(","));
                text.push(']');
            }
        }
        if count {
            // `collection` is matched case-sensitively by the newer framework.
            text.push_str(if text.is_empty() { "collection.count" } else { ",collection.count" });
        }
        text
    }
}

fn is_identifier(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn last_name(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// Names below a related object may be paths themselves: `logs.comment`.
fn is_path(path: &str) -> bool {
    path.split('.').all(is_identifier)
}

/// How a property is compared with the values of a [`Filter`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparator {
    /// Equal to one of the values.
    Equals,
    /// Equal to none of the values.
    NotEqual,
    /// Contains one of the values, in any case.
    Like,
    /// Begins with one of the values, in any case.
    Starts,
    /// The value or later.
    Since,
    /// The value or earlier. For date-times, use a time: whether a bare date means its beginning or its end
    /// depends on the server's version.
    Until,
    /// Between two dates, both included.
    Between,
    /// Strictly greater.
    GreaterThan,
    /// Greater or equal.
    GreaterThanOrEqual,
    /// Strictly less.
    LessThan,
    /// Less or equal.
    LessThanOrEqual,
}

impl Comparator {
    /// The comparator's keyword; lower case, because the older framework compares it case-sensitively.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Equals => "equals",
            Self::NotEqual => "notequal",
            Self::Like => "like",
            Self::Starts => "starts",
            Self::Since => "since",
            Self::Until => "until",
            Self::Between => "between",
            Self::GreaterThan => "greaterthan",
            Self::GreaterThanOrEqual => "greaterthanorequal",
            Self::LessThan => "lessthan",
            Self::LessThanOrEqual => "lessthanorequal",
        }
    }

    const WORDS: [&'static str; 11] = [
        "equals",
        "notequal",
        "like",
        "starts",
        "since",
        "until",
        "between",
        "greaterthan",
        "greaterthanorequal",
        "lessthan",
        "lessthanorequal",
    ];
}

/// A condition on one property: `id=1,2`, `dtContractEnd=until,2025-10-15,null`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    property: &'static str,
    comparator: Comparator,
    values: Vec<String>,
}

impl Filter {
    /// A condition. Values hold no comma: the grammar has no escape for one, so the text after a comma in a
    /// value is another value.
    pub fn new<V: Into<String>>(
        property: &'static str,
        comparator: Comparator,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        Self { property, comparator, values: values.into_iter().map(Into::into).collect() }
    }

    fn render(&self, query: &mut String) {
        let values = self.values.join(",");
        let first = values.split(',').next().unwrap_or_default();
        let first_is_a_word = Comparator::WORDS.iter().any(|word| word.eq_ignore_ascii_case(first));
        let value = if self.comparator == Comparator::Equals && !first_is_a_word {
            values
        } else {
            format!("{},{values}", self.comparator.word())
        };
        push_pair(query, self.property, &value);
    }
}

/// The order of a collection; a direction is mandatory in the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

/// `orderBy=property,direction`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderBy {
    property: &'static str,
    direction: Direction,
}

impl OrderBy {
    /// By id, smallest first: paging needs it, because pages may overlap without an order.
    pub const ID: Self = Self { property: "id", direction: Direction::Ascending };

    /// By a property.
    pub const fn new(property: &'static str, direction: Direction) -> Self {
        Self { property, direction }
    }
}

/// `paging=offset,limit`: a zero-based offset and a page size, in records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paging {
    /// Number of records to skip.
    pub offset: u64,
    /// Maximum number of records to return.
    pub limit: NonZeroU32,
}

/// A query for a collection. It always has a page, because servers' defaults differ: 10, 100 and 1000
/// records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The page.
    pub paging: Paging,
    /// The order; `None` for servers that refuse one, whose pages may overlap.
    pub order_by: Option<OrderBy>,
    /// The fields; `None` for the server's default ones.
    pub fields: Option<Fields>,
    /// Whether the server also counts the whole set (`collection.count`). Without `fields` it can't.
    pub count: bool,
    /// Conditions, all of which must hold.
    pub filters: Vec<Filter>,
}

impl Query {
    /// The query as it follows the `?` of a URL.
    pub fn render(&self) -> String {
        let mut query = String::new();
        push_pair(&mut query, "paging", &format!("{},{}", self.paging.offset, self.paging.limit));
        if let Some(OrderBy { property, direction }) = self.order_by {
            let direction = match direction {
                Direction::Ascending => "asc",
                Direction::Descending => "desc",
            };
            push_pair(&mut query, "orderBy", &format!("{property},{direction}"));
        }
        for filter in &self.filters {
            filter.render(&mut query);
        }
        if let Some(fields) = &self.fields {
            push_pair(&mut query, "fields", &fields.render(self.count));
        }
        query
    }
}

/// A query for a single record.
pub(crate) fn single(fields: &Fields) -> String {
    let mut query = String::new();
    push_pair(&mut query, "fields", &fields.render(false));
    query
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The documented parser of `fields`: names, `[` and `]` balanced, no empty name before either.
    /// (wire-grammar.md §1.3.)
    fn is_fields(text: &str) -> bool {
        let mut depth = 0_usize;
        let mut name = 0_usize;
        for c in text.chars() {
            match c {
                'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '.' => name += 1,
                ',' => name = 0,
                '[' if name > 0 => (depth, name) = (depth + 1, 0),
                ']' if depth > 0 => (depth, name) = (depth - 1, 1),
                _ => return false,
            }
        }
        depth == 0 && !text.contains("..") && !text.starts_with('.')
    }

    const NAMES: [&str; 8] = ["id", "name", "a_b", "e[x", "", "x,y", "userAxisValues_4", "9x"];

    fn decoded(query: &str) -> Vec<(String, String)> {
        let url = reqwest::Url::parse(&format!("https://acme.ilucca.net/?{query}")).unwrap();
        assert_eq!(url.query(), Some(query), "the URL is sent as it was written");
        url.query_pairs().map(|(key, value)| (key.into_owned(), value.into_owned())).collect()
    }

    proptest! {
        #[test]
        fn every_built_query_parses(
            members in prop::collection::vec((prop::sample::select(&NAMES[..]), prop::collection::vec(prop::sample::select(&NAMES[..]), 0..3)), 0..6),
            offset in any::<u64>(),
            limit in 1_u32..,
            value in any::<String>(),
            count in any::<bool>(),
        ) {
            let fields = members.iter().fold(Fields::new(), |fields, (name, nested)| fields.nested(name, nested));
            let query = Query {
                paging: Paging { offset, limit: NonZeroU32::new(limit).unwrap() },
                order_by: Some(OrderBy::ID),
                fields: Some(fields),
                count,
                filters: vec![Filter::new("mail", Comparator::Like, [value.clone()])],
            };
            let pairs = decoded(&query.render());
            prop_assert_eq!(&pairs[0], &("paging".to_owned(), format!("{offset},{limit}")));
            prop_assert_eq!(&pairs[1], &("orderBy".to_owned(), "id,asc".to_owned()));
            prop_assert_eq!(&pairs[2], &("mail".to_owned(), format!("like,{value}")));
            prop_assert!(pairs[3].0 == "fields" && is_fields(&pairs[3].1), "{:?}", pairs[3]);
            prop_assert_eq!(pairs.len(), 4);
        }
    }

    #[test]
    fn value_named_like_a_comparator_is_compared() {
        let mut query = String::new();
        Filter::new("name", Comparator::Equals, ["Like", "x"]).render(&mut query);
        assert_eq!(query, "name=equals,Like,x");
    }

    #[test]
    fn every_comparator_has_its_word() {
        let mut query = String::new();
        Filter::new("dtContractEnd", Comparator::Until, ["2025-10-15", "null"]).render(&mut query);
        Filter::new("id", Comparator::Equals, ["450", "421"]).render(&mut query);
        Filter::new("id", Comparator::GreaterThan, ["0"]).render(&mut query);
        assert_eq!(query, "dtContractEnd=until,2025-10-15,null&id=450,421&id=greaterthan,0");
    }

    #[test]
    fn orders_go_both_ways() {
        let query = Query {
            paging: Paging { offset: 0, limit: NonZeroU32::MIN },
            order_by: Some(OrderBy::new("lastName", Direction::Descending)),
            fields: None,
            count: true,
            filters: Vec::new(),
        };
        assert_eq!(query.render(), "paging=0,1&orderBy=lastName,desc");
    }
}
