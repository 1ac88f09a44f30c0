//! The catalog of fields: a description of every member of every record, in one place. Requests to Lucca,
//! least-data scoping, the detection of lost fields, delivery schemas, file columns, the API's schemas and
//! the page of all fields (docs/fields.md) are derived from it.
//!
//! Each model is declared once with [`model!`], which generates the struct and its [`Member`]s. Not here: how
//! a value is read (`lucca::resources`) and mapped (`normalise`).

mod member;
mod search;
pub(crate) mod source;
mod value_type;

pub use crate::kind::{members, resource};
pub use member::{Column, Member, MemberPart, Sensitivity, WireName};
pub use search::{SearchColumns, columns, has_text};
pub(crate) use value_type::Typed;
pub use value_type::ValueType;

use crate::Kind;

/// A type whose members are in the catalog.
pub trait Described {
    /// The members, in the order in which JSON has them.
    const MEMBERS: &'static [Member];

    /// Empties the members for which `keeps` returns false. A member that every record has, such as its id,
    /// stays.
    fn empty_unless(&mut self, keeps: impl Fn(&Member) -> bool);

    /// The values of the members that have a column, and of those that are searched.
    fn member_columns(&self) -> SearchColumns;
}

/// The member of this name.
pub fn member(kind: Kind, name: &str) -> Option<&'static Member> {
    members(kind).iter().find(|member| member.name == name)
}

/// Declares a model: a struct with public fields, and its members in the catalog. A field is declared as
/// `name: Type = source;` with its documentation above, which is also its description everywhere else; `source` is a
/// [`Source`](source::Source).
macro_rules! model {
    (
        $(#[$meta:meta])*
        pub struct $model:ident {
            $(
                $(#[doc = $doc:literal])+
                $(#[serde($($serde:tt)*)])*
                $field:ident: $type:ty = $source:expr;
            )+
        }
    ) => {
        $(#[$meta])*
        pub struct $model {
            $(
                $(#[doc = $doc])+
                $(#[serde($($serde)*)])*
                pub $field: $type,
            )+
        }

        impl $crate::catalog::Described for $model {
            const MEMBERS: &'static [$crate::catalog::Member] = {
                use $crate::catalog::source::*;
                &[$($crate::catalog::Member::new(
                    stringify!($field),
                    <$type as $crate::catalog::Typed>::TYPE,
                    concat!($($doc),+),
                    $source,
                )),+]
            };

            fn empty_unless(&mut self, keeps: impl Fn(&$crate::catalog::Member) -> bool) {
                let mut members = Self::MEMBERS.iter();
                $(
                    if members.next().is_some_and(|member| !keeps(member)) {
                        $crate::catalog::Typed::empty(&mut self.$field);
                    }
                )+
            }

            fn member_columns(&self) -> $crate::catalog::SearchColumns {
                let mut search = $crate::catalog::SearchColumns::default();
                let mut members = Self::MEMBERS.iter();
                $(
                    if let Some(member) = members.next() {
                        search.add(member, &self.$field);
                    }
                )+
                search
            }
        }
    };
}

pub(crate) use model;
