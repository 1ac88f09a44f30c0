//! The types of values in the catalog, and the Rust types that have them.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::Value;

use super::{Described, Member};
use crate::{
    AbsenceRequestStatus, EmploymentType, Gender, Half, HalfDay, LeaveUnit, NamedRef, RemoteId, SourceTime,
};

/// The type of a value. Every value but the id may be null or absent.
#[derive(Clone, Copy, Debug)]
pub enum ValueType {
    /// A text.
    Text,
    /// One of a few texts: the type's name, and the texts.
    Enum(&'static str, &'static [&'static str]),
    /// True or false.
    Flag,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// A day, `YYYY-MM-DD`.
    Date,
    /// A time as Lucca writes it: mostly without a zone; one that ends in `Z` is UTC.
    Time,
    /// Any value: the tenant decides.
    Any,
    /// An object whose members the tenant names.
    Open,
    /// An object whose members the tenant names, each a list of ids with names.
    OpenNamed,
    /// An id and a name.
    Named,
    /// A list of texts.
    ListOfText,
    /// A list of ids with names.
    ListOfNamed,
    /// An object with these members.
    Object(&'static [Member]),
    /// A list of such objects.
    List(&'static [Member]),
}

impl ValueType {
    /// The members of an object, or of the objects of a list.
    pub const fn members(self) -> &'static [Member] {
        match self {
            Self::Object(members) | Self::List(members) => members,
            _ => &[],
        }
    }
}

/// A Rust type of a member's value.
pub(crate) trait Typed {
    /// Its type in the catalog.
    const TYPE: ValueType;

    /// Makes it absent, if it can be.
    fn empty(&mut self) {}

    /// Its text, if it has one by which records are found.
    fn text(&self) -> Option<String> {
        None
    }
}

macro_rules! typed {
    ($($type:ty = $value:ident),+ $(,)?) => {
        $(impl Typed for $type {
            const TYPE: ValueType = ValueType::$value;
        })+
    };
}

/// The same, for types with a text.
macro_rules! typed_text {
    ($($type:ty = $value:ident),+ $(,)?) => {
        $(impl Typed for $type {
            const TYPE: ValueType = ValueType::$value;

            fn text(&self) -> Option<String> {
                Some(self.to_string())
            }
        })+
    };
}

typed_text! {
    String = Text,
    RemoteId = Text,
    Date = Date,
}

impl Typed for AbsenceRequestStatus {
    const TYPE: ValueType = ValueType::Enum("AbsenceRequestStatus", Self::NAMES);

    fn text(&self) -> Option<String> {
        Some(self.to_string())
    }
}

/// Types whose values have names.
macro_rules! typed_enum {
    ($($type:ident),+ $(,)?) => {
        $(impl Typed for $type {
            const TYPE: ValueType = ValueType::Enum(stringify!($type), Self::NAMES);
        })+
    };
}

typed_enum!(EmploymentType, Gender, Half, LeaveUnit);

typed! {
    HalfDay = Text,
    bool = Flag,
    i64 = Integer,
    u32 = Integer,
    f64 = Number,
    SourceTime = Time,
    Value = Any,
    NamedRef = Named,
}

impl<T: Typed> Typed for Option<T> {
    const TYPE: ValueType = T::TYPE;

    fn empty(&mut self) {
        *self = None;
    }

    fn text(&self) -> Option<String> {
        self.as_ref().and_then(T::text)
    }
}

impl<T: Typed> Typed for Vec<T> {
    const TYPE: ValueType = match T::TYPE {
        ValueType::Text => ValueType::ListOfText,
        ValueType::Named => ValueType::ListOfNamed,
        ValueType::Object(members) => ValueType::List(members),
        _ => panic!("no type for a list of these"),
    };

    fn empty(&mut self) {
        self.clear();
    }
}

impl<T: Typed> Typed for BTreeMap<String, T> {
    const TYPE: ValueType = match T::TYPE {
        ValueType::Any => ValueType::Open,
        ValueType::ListOfNamed => ValueType::OpenNamed,
        _ => panic!("no type for an object of these"),
    };

    fn empty(&mut self) {
        self.clear();
    }
}

/// A model inside another one is an object of its members.
macro_rules! nested {
    ($($model:ident),+ $(,)?) => {
        $(impl Typed for crate::$model {
            const TYPE: ValueType = ValueType::Object(<crate::$model as Described>::MEMBERS);
        })+
    };
}

nested!(
    Picture,
    WorkCycle,
    Contact,
    Birth,
    Address,
    Identifiers,
    Bank,
    PayAndReviews,
    Leave,
    Approval,
    CancellationRequest,
    CustomFieldEntry,
);
