//! `docs/fields.md`: every field of every stream, written from the catalog.

use std::fmt::Write;

use delivery::catalog::STREAMS;
use people::FieldGroup;
use people::catalog::{Member, MemberPart, Sensitivity, ValueType, members, resource};

const HEAD: &str = "\
# Fields

Every field of every stream, as the API, webhooks, Airbyte, Singer and files deliver it. A test writes this page from the catalog in
`people/src/catalog`; change the catalog, not the page.

- **Group**: the field group that has to be asked for (`link --fields`), or the feature that must not be declined. Without one the field is
  always read.
- **Sensitivity**: `internal` (known to everyone who works with the data), `personal` (who a person is at work), `confidential`
  (private life, pay, bank).
- **Lucca**: the name in Lucca's API, or how the connector computes the value. What is known of each is in
  [lucca-api](lucca-api/README.md).

Every value but `id` may be null. Dates are `YYYY-MM-DD`; times are as Lucca writes them, mostly without a zone.
";

fn type_of(value: ValueType) -> String {
    let name = match value {
        ValueType::Enum(_, values) => return format!("`{}`", values.join("`, `")),
        ValueType::Text => "text",
        ValueType::Flag => "true or false",
        ValueType::Integer => "integer",
        ValueType::Number => "number",
        ValueType::Date => "date",
        ValueType::Time => "time",
        ValueType::Any => "any JSON",
        ValueType::Open => "object, the tenant's keys",
        ValueType::OpenNamed => "object, lists of ids with names",
        ValueType::Named => "id and name",
        ValueType::ListOfText => "list of texts",
        ValueType::ListOfNamed => "list of ids with names",
        ValueType::Object(_) => "object",
        ValueType::List(_) => "list of objects",
    };
    name.to_owned()
}

fn group_of(part: MemberPart) -> String {
    let group = part.group().map(FieldGroup::name);
    match (part, group) {
        (MemberPart::Work(_), Some(group)) => {
            format!("{group}; {}", part.feature().map_or("", people::Feature::name))
        }
        (_, group) => group.unwrap_or_default().to_owned(),
    }
}

/// A row for the member, and for those inside it: they are as sensitive as the whole.
fn rows(page: &mut String, prefix: &str, member: &Member, (part, at_least): (MemberPart, Sensitivity)) {
    let part = if member.part() == MemberPart::Always { part } else { member.part() };
    let sensitivity = member.sensitivity().max(at_least);
    let name = format!("{prefix}{}", member.name);
    let (type_, group) = (type_of(member.value_type), group_of(part));
    let (source, text) = (member.origin(), member.description());
    let _ = writeln!(page, "| `{name}` | {type_} | {group} | {} | {source} | {text} |", sensitivity.name());
    for inner in member.value_type.members() {
        rows(page, &format!("{name}."), inner, (part, sensitivity));
    }
}

#[test]
fn fields_page_is_the_catalog() {
    let mut page = HEAD.to_owned();
    for kind in STREAMS {
        let _ = writeln!(page, "\n## {kind}\n\nFrom `{}`.\n", resource(kind));
        page.push_str(
            "| Field | Type | Group | Sensitivity | Lucca | Meaning |\n|---|---|---|---|---|---|\n",
        );
        for member in members(kind) {
            rows(&mut page, "", member, (MemberPart::Always, Sensitivity::Internal));
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/fields.md");
    let agreed = std::fs::read_to_string(path).unwrap_or_default();
    // Writes the new page, so that the difference can be reviewed and committed.
    std::fs::write(path, &page).unwrap();
    assert!(agreed == page, "docs/fields.md was out of date; it is not any more");
}
