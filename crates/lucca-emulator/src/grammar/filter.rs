//! Filters: `key=comparator,value,value…`. Source: wire-grammar.md §1.4, directory.md §5.3.
//!
//! Values of one key are alternatives, several keys must all match. Not included: the default exclusion of
//! former employees, which is a rule of users.

use jiff::{ToSpan as _, civil::DateTime};

use super::{
    dates,
    node::Node,
    query::{Pair, Query},
    schema::{Kind, Property, Type},
    value::Value,
};
use crate::{
    errors::Refusal,
    switches::{Switches, UnknownFilter},
    view::View,
};

/// More values than this are refused for all comparators but equality.
const MOST_VALUES: usize = 1000;
const INVALID: &str = "Query parameter is invalid";

/// One parsed key of a query.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    path: Vec<&'static str>,
    comparator: Comparator,
    operands: Vec<Operand>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparator {
    Equals,
    NotEqual,
    Like,
    Starts,
    AtLeast,
    AtMost,
    Above,
    Below,
    Between,
}

#[derive(Debug, Clone, PartialEq)]
enum Operand {
    Null,
    Bool(bool),
    Int(i64),
    Number(f64),
    Text(String),
    Moment(DateTime),
}

impl Comparator {
    fn read(word: &str) -> Option<Self> {
        Some(match word.trim().to_lowercase().as_str() {
            "equals" => Self::Equals,
            "notequal" => Self::NotEqual,
            "like" => Self::Like,
            "starts" => Self::Starts,
            "since" | "greaterthanorequal" => Self::AtLeast,
            "until" | "lessthanorequal" => Self::AtMost,
            "greaterthan" => Self::Above,
            "lessthan" => Self::Below,
            "between" => Self::Between,
            _ => return None,
        })
    }

    fn is_order(self) -> bool {
        matches!(self, Self::AtLeast | Self::AtMost | Self::Above | Self::Below)
    }
}

/// Reads every filter of a query against the properties of `of`.
pub(crate) fn read_all(
    query: &Query,
    of: &'static Type,
    own: &[&str],
    now: DateTime,
    switches: &Switches,
) -> Result<Vec<Filter>, Refusal> {
    let mut filters = Vec::new();
    for pair in query.filters().filter(|pair| !own.contains(&pair.key.as_str())) {
        let Some((path, property)) = resolve(of, &pair.key) else {
            match switches.unknown_filter {
                UnknownFilter::Ignored => continue,
                _ if switches.tolerated_filters.contains(&pair.key) => continue,
                UnknownFilter::BadRequest => {
                    return Err(Refusal::malformed(format!(
                        "Selected property {} does not exist on objet of type {}",
                        pair.spelled, of.name
                    )));
                }
                UnknownFilter::ServerError => {
                    return Err(Refusal::server_error(format!(
                        "Selected property {} does not exist on objet of type {}",
                        pair.spelled, of.name
                    )));
                }
            }
        };
        filters.push(read(pair, path, property, now, switches)?);
    }
    Ok(filters)
}

/// Resolves a dotted key; lists and single objects are traversed alike.
pub(crate) fn resolve(of: &'static Type, key: &str) -> Option<(Vec<&'static str>, &'static Property)> {
    let mut path = Vec::new();
    let mut here = of;
    let mut segments = key.split('.').peekable();
    while let Some(segment) = segments.next() {
        let property = here.find(segment)?;
        path.push(property.name);
        if segments.peek().is_none() {
            let filterable = !matches!(property.kind, Kind::Dictionary);
            return filterable.then_some((path, property));
        }
        match property.kind {
            Kind::One(inner) | Kind::Many(inner) => here = inner,
            _ => return None,
        }
    }
    None
}

fn read(
    pair: &Pair,
    path: Vec<&'static str>,
    property: &'static Property,
    now: DateTime,
    switches: &Switches,
) -> Result<Filter, Refusal> {
    let words: Vec<&str> = pair.value.split(',').collect();
    let (comparator, words) = match words.split_first() {
        Some((first, rest)) if !rest.is_empty() => {
            Comparator::read(first).map_or((Comparator::Equals, words.as_slice()), |found| (found, rest))
        }
        _ => (Comparator::Equals, words.as_slice()),
    };
    if words.len() > MOST_VALUES && !matches!(comparator, Comparator::Equals | Comparator::NotEqual) {
        return Err(Refusal::bad_request(""));
    }
    let as_text = matches!(comparator, Comparator::Like | Comparator::Starts);
    let comparable = matches!(property.kind, Kind::Int | Kind::Number | Kind::Date);
    let is_date = matches!(property.kind, Kind::Date);
    if (comparator.is_order() && !comparable)
        || (comparator == Comparator::Between && !(is_date && words.len() == 2))
    {
        return Err(Refusal::malformed(INVALID));
    }
    let mut operands = Vec::with_capacity(words.len());
    for word in words {
        operands.push(if as_text && *word != "null" {
            Operand::Text((*word).to_owned())
        } else {
            operand(word, property, now, switches)?
        });
    }
    if comparator == Comparator::AtMost && switches.until_includes_whole_day {
        operands.iter_mut().for_each(end_of_day);
    }
    if comparator == Comparator::Between {
        if operands.contains(&Operand::Null) {
            return Err(Refusal::malformed(INVALID));
        }
        if let Some(end) = operands.last_mut() {
            end_of_day(end);
        }
    }
    Ok(Filter { path, comparator, operands })
}

/// A time at midnight means its whole day: the server can't distinguish a date from a midnight.
fn end_of_day(operand: &mut Operand) {
    if let Operand::Moment(at) = operand
        && at.time() == jiff::civil::Time::midnight()
        && let Ok(end) = at.checked_add(1.day()).and_then(|next| next.checked_sub(1.millisecond()))
    {
        *at = end;
    }
}

fn operand(
    word: &str,
    property: &'static Property,
    now: DateTime,
    switches: &Switches,
) -> Result<Operand, Refusal> {
    if matches!(property.kind, Kind::Text) {
        return Ok(if word == "null" { Operand::Null } else { Operand::Text(word.to_owned()) });
    }
    let trimmed = word.trim();
    let absent = word == "null" || trimmed.is_empty();
    if absent && property.is_nullable() {
        return Ok(Operand::Null);
    }
    let read = match property.kind {
        _ if absent => None,
        // An entity compares by its id. unverified: whether the tenant accepts it.
        Kind::Int | Kind::One(_) | Kind::Many(_) => match trimmed.parse::<i64>() {
            Ok(n) if i32::try_from(n).is_ok() => Some(Operand::Int(n)),
            // An overflow is not caught as a format error and has an empty body (wire-grammar.md §1.4).
            Ok(_) => return Err(Refusal::bad_request("")),
            Err(_) if matches!(property.kind, Kind::Int) => None,
            // Countries have codes for ids.
            Err(_) => Some(Operand::Text(trimmed.to_owned())),
        },
        // Numbers without a meaning are accepted, unknown names are not (source: wire-grammar.md §1.4).
        Kind::Enum(names) => match trimmed.parse::<i32>() {
            Ok(n) => {
                let name = usize::try_from(n).ok().and_then(|n| names.get(n));
                Some(name.map_or(Operand::Int(n.into()), |name| Operand::Text((*name).to_owned())))
            }
            Err(_) => {
                let name = names.iter().find(|name| name.eq_ignore_ascii_case(trimmed));
                name.map(|name| Operand::Text((*name).to_owned()))
            }
        },
        Kind::Number => trimmed.replace(',', ".").parse().ok().map(Operand::Number),
        Kind::Bool => match trimmed.to_lowercase().as_str() {
            "true" => Some(Operand::Bool(true)),
            "false" => Some(Operand::Bool(false)),
            _ => None,
        },
        Kind::Date if property.zoned => dates::read_stamp(word, now, switches).map(Operand::Moment),
        Kind::Date => dates::read(word, now).map(Operand::Moment),
        Kind::Text | Kind::Dictionary => None,
    };
    read.ok_or_else(|| match switches.unknown_filter {
        UnknownFilter::ServerError => Refusal::server_error(INVALID),
        UnknownFilter::BadRequest | UnknownFilter::Ignored => Refusal::malformed(INVALID),
    })
}

impl Filter {
    /// Whether the filter is on this property, at the root.
    pub(crate) fn is_on(&self, property: &str) -> bool {
        self.path.as_slice() == [property]
    }

    /// The names from the root down to the compared property.
    pub(crate) fn path(&self) -> &[&'static str] {
        &self.path
    }

    /// The same filter relative to the record in this property.
    pub(crate) fn within(&self, property: &str) -> Option<Self> {
        let (first, rest) = self.path.split_first()?;
        (*first == property && !rest.is_empty()).then(|| Self { path: rest.to_vec(), ..self.clone() })
    }

    /// The first and last day that a filter on dates accepts, both included, if it has such bounds.
    pub(crate) fn days(&self) -> Option<(jiff::civil::Date, jiff::civil::Date)> {
        match (self.comparator, self.operands.as_slice()) {
            (Comparator::Between, [Operand::Moment(from), Operand::Moment(to)]) => {
                Some((from.date(), to.date()))
            }
            (Comparator::Equals, operands) => {
                let days = operands
                    .iter()
                    .filter_map(|one| if let Operand::Moment(at) = one { Some(at.date()) } else { None });
                Some((days.clone().min()?, days.max()?))
            }
            _ => None,
        }
    }

    pub(crate) fn accepts(&self, view: &View<'_>, node: Node<'_>) -> bool {
        let found = self.any(view, node, &self.path);
        if self.comparator == Comparator::NotEqual { !found } else { found }
    }

    /// Whether any value at the end of the path matches; `notequal` tests equality here and is negated.
    fn any(&self, view: &View<'_>, node: Node<'_>, path: &[&'static str]) -> bool {
        let Some((first, rest)) = path.split_first() else { return false };
        let value = node.get(view, first);
        if rest.is_empty() {
            return self.fits(view, &value);
        }
        match value {
            Value::One(inner) => self.any(view, inner, rest),
            Value::Many(inner) => inner.into_iter().any(|inner| self.any(view, inner, rest)),
            _ => self.fits(view, &Value::Null),
        }
    }

    fn fits(&self, view: &View<'_>, value: &Value<'_>) -> bool {
        match value {
            Value::One(node) => return self.fits(view, &node.get(view, "id")),
            Value::Many(nodes) => return nodes.iter().any(|node| self.fits(view, &node.get(view, "id"))),
            _ => {}
        }
        if self.comparator == Comparator::Between {
            return match (self.operands.as_slice(), value.moment()) {
                ([Operand::Moment(start), Operand::Moment(end)], Some(at)) => (*start..=*end).contains(&at),
                _ => false,
            };
        }
        self.operands.iter().any(|operand| compare(self.comparator, value, operand))
    }
}

fn compare(comparator: Comparator, value: &Value<'_>, operand: &Operand) -> bool {
    let null = matches!(value, Value::Null | Value::Hidden);
    if *operand == Operand::Null {
        return null && !matches!(comparator, Comparator::Above | Comparator::Below);
    }
    if null {
        return false;
    }
    match comparator {
        Comparator::Like => matches_like(&text_of(value), operand, true),
        Comparator::Starts => matches_like(&text_of(value), operand, false),
        Comparator::Equals | Comparator::NotEqual => match (value, operand) {
            // Text compares like the database's collation. unverified: case-insensitive, accent-sensitive.
            (Value::Text(a), Operand::Text(b)) => a.to_lowercase() == b.to_lowercase(),
            (Value::Bool(a), Operand::Bool(b)) => a == b,
            (Value::Moment(a), Operand::Moment(b)) => a.at == *b,
            _ => order(value, operand) == Some(std::cmp::Ordering::Equal),
        },
        Comparator::AtLeast => order(value, operand).is_some_and(std::cmp::Ordering::is_ge),
        Comparator::AtMost => order(value, operand).is_some_and(std::cmp::Ordering::is_le),
        Comparator::Above => order(value, operand).is_some_and(std::cmp::Ordering::is_gt),
        Comparator::Below => order(value, operand).is_some_and(std::cmp::Ordering::is_lt),
        Comparator::Between => false,
    }
}

fn order(value: &Value<'_>, operand: &Operand) -> Option<std::cmp::Ordering> {
    match (value, operand) {
        (Value::Int(a), Operand::Int(b)) => Some(a.cmp(b)),
        (Value::Number(a), Operand::Number(b)) => a.partial_cmp(b),
        (Value::Big(a), Operand::Number(b)) => a.to_string().parse::<f64>().ok()?.partial_cmp(b),
        (Value::Moment(a), Operand::Moment(b)) => Some(a.at.cmp(b)),
        _ => None,
    }
}

fn text_of(value: &Value<'_>) -> String {
    match value {
        Value::Text(text) => text.to_lowercase(),
        Value::Int(n) => n.to_string(),
        Value::Big(n) => n.to_string(),
        Value::Number(n) => n.to_string(),
        Value::Bool(b) => b.to_string(),
        Value::Moment(stamp) => stamp.to_string().to_lowercase(),
        _ => String::new(),
    }
}

/// SQL's LIKE for `contains`, a plain prefix otherwise; `text` is in lower case.
fn matches_like(text: &str, operand: &Operand, contains: bool) -> bool {
    let Operand::Text(wanted) = operand else { return false };
    let wanted = wanted.to_lowercase();
    if !contains {
        return text.starts_with(&wanted);
    }
    if !wanted.contains(['%', '_']) {
        return text.contains(&wanted);
    }
    let text: Vec<char> = text.chars().collect();
    let pattern: Vec<char> = format!("%{wanted}%").chars().collect();
    wildcard(&text, &pattern)
}

/// Greedy matching with one step back: linear in practice, never recursive.
fn wildcard(text: &[char], pattern: &[char]) -> bool {
    let (mut t, mut p) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('%') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '_' || text.get(t) == Some(c) => {
                t += 1;
                p += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).is_some_and(|rest| rest.iter().all(|c| *c == '%'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_has_wildcards() {
        let like = |text: &str, wanted: &str| matches_like(text, &Operand::Text(wanted.to_owned()), true);
        assert!(like("jean dupont", "N DUP"));
        assert!(like("jean dupont", "j%t"));
        assert!(like("jean dupont", "d_pont"));
        assert!(!like("jean dupont", "d_ont"));
        assert!(like("", ""));
        assert!(!matches_like("dupont", &Operand::Text("pont".to_owned()), false));
    }
}
