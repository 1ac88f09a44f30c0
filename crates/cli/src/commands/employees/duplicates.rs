//! `employees duplicates`: records that probably belong to one person. The command lists them and merges none.

use jiff::civil::Date;
use people::{Employee, IdentityEvidence, IdentityMatch, IdentityRelation, RemoteId, identities};
use serde_json::{Value, json};

use crate::Global;
use crate::output::{clean, line};
use crate::people_view::People;

pub(super) fn show(global: &Global, people: &People, today: Date) {
    let employees: Vec<Employee> = people.employees.iter().map(|(employee, _)| employee.clone()).collect();
    let found = identities(&employees, today);
    if global.json {
        crate::output::json(&found.iter().map(|found| to_json(found, people)).collect::<Vec<_>>());
        return;
    }
    if found.is_empty() {
        line("No duplicate employee records found.");
        return;
    }
    let is_rehire = |found: &&IdentityMatch| matches!(found.relation, IdentityRelation::Rehire { .. });
    let (rehires, duplicates): (Vec<&IdentityMatch>, Vec<_>) = found.iter().partition(is_rehire);
    for (title, matches) in [
        ("Rehires: left and came back with a new record:", rehires),
        ("Duplicates: contracts that overlap or have no dates:", duplicates),
    ] {
        if !matches.is_empty() {
            line(title);
        }
        for found in matches {
            let evidence: Vec<&str> = found.evidence.iter().map(|evidence| in_words(*evidence)).collect();
            line(&format!("  same {}", evidence.join(" and ")));
            for id in &found.employees {
                line(&format!("    {}", describe(id, people, found)));
            }
        }
    }
    line("The connector merges no records. If a record is wrong, correct it in Lucca.");
}

fn in_words(evidence: IdentityEvidence) -> &'static str {
    match evidence {
        IdentityEvidence::EmployeeNumber => "employee number in one establishment",
        IdentityEvidence::WorkEmail => "work e-mail",
    }
}

fn describe(id: &RemoteId, people: &People, found: &IdentityMatch) -> String {
    let Some(employee) = people.employee(id) else { return clean(id.as_str()) };
    let day = |day: Option<Date>, none: &str| day.map_or_else(|| none.to_owned(), |day| day.to_string());
    format!(
        "{:>8}  {}, {} to {}{}",
        clean(id.as_str()),
        clean(&employee.shown_name()),
        day(employee.contract().starts_on(), "?"),
        day(employee.contract().ends_on(), "open"),
        if found.current == *id { "  ← current record" } else { "" },
    )
}

fn to_json(found: &IdentityMatch, people: &People) -> Value {
    let mut value = json!(found);
    value["records"] = found
        .employees
        .iter()
        .filter_map(|id| people.employee(id))
        .map(|employee| {
            json!({
                "id": employee.id,
                "name": employee.shown_name(),
                "contract_start": employee.contract().starts_on(),
                "contract_end": employee.contract().ends_on(),
            })
        })
        .collect();
    value
}
