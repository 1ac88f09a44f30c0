//! The value of a property, of any type. Not included: which value each property has (`resources`), its JSON
//! (`grammar::json`).

use std::borrow::Cow;

use jiff::civil::{Date, DateTime};

use super::node::Node;
use crate::{company::stamp::Stamp, switches::UrlStyle, view::View};

/// The value of one property of one resource.
pub(crate) enum Value<'a> {
    Null,
    /// The key lacks the right to see it.
    Hidden,
    Bool(bool),
    Int(i64),
    /// Department positions go beyond `u64` (source: directory.md §11.1).
    Big(u128),
    Number(f64),
    Text(Cow<'a, str>),
    /// A time with the record's own number of fractional digits, and no zone.
    Moment(Stamp),
    One(Node<'a>),
    Many(Vec<Node<'a>>),
    List(Vec<Value<'a>>),
    Dictionary(Vec<(Cow<'a, str>, Value<'a>)>),
}

impl<'a> Value<'a> {
    pub(crate) fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
    pub(crate) fn maybe_text(text: Option<&'a str>) -> Self {
        text.map_or(Self::Null, Self::text)
    }
    pub(crate) fn int(n: Option<i64>) -> Self {
        n.map_or(Self::Null, Self::Int)
    }
    /// Dates of the v3 API come as midnight (source: directory.md §12).
    pub(crate) fn date(date: Option<Date>) -> Self {
        date.map_or(Self::Null, |date| Self::Moment(Stamp::midnight(date)))
    }
    pub(crate) fn one(node: Option<Node<'a>>) -> Self {
        node.map_or(Self::Null, Self::One)
    }
    pub(crate) fn moment(&self) -> Option<DateTime> {
        if let Self::Moment(stamp) = self { Some(stamp.at) } else { None }
    }
}

/// The `url` of a resource (source: wire-grammar.md §1.6).
pub(crate) fn url(view: &View<'_>, plural: &str, id: impl std::fmt::Display) -> Value<'static> {
    address_of(view, &format!("api/v3/{plural}/{id}"))
}

/// The URL of a path of the tenant, which starts without a slash.
pub(crate) fn address_of(view: &View<'_>, path: &str) -> Value<'static> {
    Value::Text(Cow::Owned(match view.switches.url_style {
        UrlStyle::Absolute => format!("{}/{path}", view.origin),
        UrlStyle::Relative => path.to_owned(),
    }))
}
