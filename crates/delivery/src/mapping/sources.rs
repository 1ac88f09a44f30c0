//! The origin of each delivered field: Lucca's resource and field, or how the connector computes it. For the
//! meaning of Lucca's fields, see the notes that `lucca`'s resources name.

use people::FieldGroup;
use people::catalog::{members, resource};
use serde::Serialize;
use store::LinkedAccount;

use super::Mapping;
use crate::catalog::{self, STREAMS};

/// A field of a stream, as a linked account delivers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Field {
    /// The stream.
    pub stream: &'static str,
    /// The model's member.
    pub field: &'static str,
    /// The delivered name; null if the field is not delivered.
    pub delivered_as: Option<String>,
    /// Why it is not delivered: `excluded` by the rules, or `not_read` because its field group or feature is
    /// not requested.
    pub reason: Option<&'static str>,
    /// The JSON Schema type.
    #[serde(rename = "type")]
    pub type_: String,
    /// The field group that reads it; employees only.
    pub field_group: Option<&'static str>,
    /// Lucca's resource.
    pub resource: &'static str,
    /// The resource's field, or how the connector computes it.
    pub source: String,
    /// The sensitivity of the value: `internal`, `personal` or `confidential`.
    pub sensitivity: &'static str,
    /// The field's meaning, in a sentence or two.
    pub description: &'static str,
}

/// Every field of every stream, as a linked account delivers it.
pub fn fields(account: &LinkedAccount) -> Vec<Field> {
    let mapping = Mapping::of(&account.settings.delivery);
    let mut all = Vec::new();
    for kind in STREAMS {
        for member in members(kind) {
            let settings = &account.settings;
            let is_in = |list: &[String], name: &str| list.iter().any(|one| one == name);
            let field_group = member.part().group();
            let feature = member.part().feature().or_else(|| kind.feature());
            let is_read = field_group.is_none_or(|group| is_in(&settings.field_groups, group.name()))
                && feature.is_none_or(|feature| !is_in(&settings.declined_features, feature.name()));
            let name = mapping.name(kind, member.name).filter(|_| is_read);
            let reason = match (is_read, name) {
                (false, _) => Some("not_read"),
                (true, None) => Some("excluded"),
                (true, Some(_)) => None,
            };
            all.push(Field {
                stream: kind.name(),
                field: member.name,
                delivered_as: name.map(str::to_owned),
                reason,
                type_: catalog::type_name(member.value_type),
                field_group: field_group.map(FieldGroup::name),
                sensitivity: member.sensitivity().name(),
                resource: resource(kind),
                source: member.origin(),
                description: member.description(),
            });
        }
    }
    all
}
