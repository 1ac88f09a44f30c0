//! `orderBy=field,asc|desc[,field,direction…]`. Source: wire-grammar.md §1.5, directory.md §5.4.

use std::{cmp::Ordering, cmp::Reverse};

use super::{
    filter,
    node::Node,
    schema::{Kind, Type},
    value::Value,
};
use crate::{errors::Refusal, view::View};

/// The requested order; empty is the natural one, by id.
#[derive(Debug, Default)]
pub(crate) struct Order {
    by: Vec<(Vec<&'static str>, bool)>,
}

/// A value in an order; `Absent` comes first, as null does in the tenant's database.
#[derive(Debug, PartialEq, PartialOrd)]
enum Rank {
    Absent,
    Bool(bool),
    Int(i64),
    Big(u128),
    Number(f64),
    Moment(jiff::civil::DateTime),
    Text(String),
}

impl Order {
    pub(crate) fn read(text: Option<&str>, of: &'static Type) -> Result<Self, Refusal> {
        // `orderBy=` counts as absent; production accepts it.
        let Some(text) = text.filter(|text| !text.trim().is_empty()) else { return Ok(Self::default()) };
        let words: Vec<&str> = text.split(',').collect();
        let mut by = Vec::new();
        for pair in words.chunks(2) {
            let [name, direction] = pair else {
                return Err(Refusal::malformed(
                    "Orders must contains order direction (asc or desc) for each field",
                ));
            };
            let descending = match direction.trim().to_lowercase().as_str() {
                "asc" => false,
                "desc" => true,
                _ => return Err(Refusal::malformed("Order direction must match asc or desc")),
            };
            match filter::resolve(of, name.trim()) {
                Some((path, property)) if !matches!(property.kind, Kind::One(_) | Kind::Many(_)) => {
                    by.push((path, descending));
                }
                _ => return Err(Refusal::malformed("Order by query parameter is invalid")),
            }
        }
        Ok(Self { by })
    }

    /// The only root property in the order, and whether it is descending.
    pub(crate) fn only(&self) -> Option<(&'static str, bool)> {
        match self.by.as_slice() {
            [(path, descending)] => match path.as_slice() {
                [name] => Some((name, *descending)),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether rows in ascending order of ids need no sorting.
    pub(crate) fn is_natural(&self) -> bool {
        match self.by.first() {
            None => true,
            Some((path, descending)) => path.as_slice() == ["id"] && !descending,
        }
    }

    /// Sorts rows that are in natural order; equal rows stay in it.
    pub(crate) fn apply<'a>(&self, view: &View<'a>, rows: &mut Vec<Node<'a>>) {
        if self.is_natural() {
            return;
        }
        if let [(path, true)] = self.by.as_slice()
            && path.as_slice() == ["id"]
        {
            rows.reverse();
            return;
        }
        let mut ranked: Vec<(Vec<Rank>, Node<'a>)> = rows
            .iter()
            .map(|row| (self.by.iter().map(|(path, _)| rank(view, *row, path)).collect(), *row))
            .collect();
        ranked.sort_by(|(a, _), (b, _)| {
            let mut order = Ordering::Equal;
            for ((a, b), (_, descending)) in a.iter().zip(b).zip(&self.by) {
                let here = if *descending { Reverse(a).partial_cmp(&Reverse(b)) } else { a.partial_cmp(b) };
                order = order.then(here.unwrap_or(Ordering::Equal));
            }
            order
        });
        *rows = ranked.into_iter().map(|(_, row)| row).collect();
    }
}

fn rank(view: &View<'_>, node: Node<'_>, path: &[&'static str]) -> Rank {
    let Some((first, rest)) = path.split_first() else { return Rank::Absent };
    match node.get(view, first) {
        Value::One(inner) => rank(view, inner, rest),
        Value::Bool(b) => Rank::Bool(b),
        Value::Int(n) => Rank::Int(n),
        Value::Big(n) => Rank::Big(n),
        Value::Number(n) => Rank::Number(n),
        Value::Moment(stamp) => Rank::Moment(stamp.at),
        Value::Text(text) => Rank::Text(text.to_lowercase()),
        _ => Rank::Absent,
    }
}
