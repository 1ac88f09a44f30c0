//! Records that probably belong to one person. They are reported with the evidence; nothing is merged.

use std::collections::HashMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{Employee, RemoteId, status_on};

/// Employee records that probably belong to one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityMatch {
    /// The records, earliest contract first.
    pub employees: Vec<RemoteId>,
    /// The shared values, strongest evidence first.
    pub evidence: Vec<IdentityEvidence>,
    /// How the records relate.
    pub relation: IdentityRelation,
    /// The record to use for the person today: an active one, else a future one, else a former one; of
    /// several the one whose contract began last.
    pub current: RemoteId,
}

/// A value that several employee records share. The value itself is personal data and stays in the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityEvidence {
    /// The employee number within one establishment.
    EmployeeNumber,
    /// The work e-mail address, in any case.
    WorkEmail,
}

/// The relation of records that probably belong to one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum IdentityRelation {
    /// Each contract ended before the next began.
    Rehire {
        /// The earlier records, in order.
        earlier: Vec<RemoteId>,
        /// The record of the last contract.
        later: RemoteId,
    },
    /// Contracts overlap, or their dates do not exclude it.
    Duplicate,
}

/// Finds employee records that probably belong to one person: those with the same employee number in the
/// same establishment, and those with the same work e-mail address. Groups are in the order in which their
/// first record was given; one record can be in two groups that share different values.
///
/// Contracts are compared by the applicable contract's dates on the employees. Lucca ids are unique and
/// therefore not compared. Neither are names: homonyms are common (see
/// [`OddityKind::SameName`](crate::OddityKind::SameName)).
pub fn identities(employees: &[Employee], today: Date) -> Vec<IdentityMatch> {
    let mut found: Vec<(Vec<usize>, Vec<IdentityEvidence>)> = Vec::new();
    let mut place_of: HashMap<Vec<usize>, usize> = HashMap::new();
    let by_number = sharing(employees, employee_number_key);
    let by_email = sharing(employees, work_email_key);
    let evidence = by_number.into_iter().map(|group| (group, IdentityEvidence::EmployeeNumber));
    for (group, evidence) in evidence.chain(by_email.into_iter().map(|g| (g, IdentityEvidence::WorkEmail))) {
        let place = *place_of.entry(group.clone()).or_insert(found.len());
        match found.get_mut(place) {
            Some((_, known)) => known.push(evidence),
            None => found.push((group, vec![evidence])),
        }
    }
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    found.into_iter().filter_map(|(group, evidence)| matched(employees, &group, evidence, today)).collect()
}

fn matched(
    employees: &[Employee],
    group: &[usize],
    evidence: Vec<IdentityEvidence>,
    today: Date,
) -> Option<IdentityMatch> {
    let mut people: Vec<&Employee> = group.iter().map(|&index| &employees[index]).collect();
    people.sort_by_key(|person| (person.contract_start, person.id.sort_key()));
    let (later, earlier) = people.split_last()?;
    let is_rehire = people.windows(2).all(|pair| {
        let (end, start) = (pair[0].contract().ends_on(), pair[1].contract().starts_on());
        end.zip(start).is_some_and(|(end, start)| end < start)
    });
    let relation = if is_rehire {
        let earlier = earlier.iter().map(|person| person.id.clone()).collect();
        IdentityRelation::Rehire { earlier, later: later.id.clone() }
    } else {
        IdentityRelation::Duplicate
    };
    // `min_by_key` takes the first of equally current ones, so the order is reversed.
    let current = people.iter().rev().min_by_key(|person| status_on(today, person.contract(), []))?;
    Some(IdentityMatch {
        employees: people.iter().map(|person| person.id.clone()).collect(),
        evidence,
        relation,
        current: current.id.clone(),
    })
}

/// The establishment and the employee number within it. None unless both are known.
pub(crate) fn employee_number_key(person: &Employee) -> Option<String> {
    let number = person.employee_number.as_deref().map(str::trim).filter(|number| !number.is_empty())?;
    Some(format!("{}\0{number}", person.establishment_id.as_ref()?))
}

/// The work e-mail address in lower case.
pub(crate) fn work_email_key(person: &Employee) -> Option<String> {
    person.work_email.as_deref().map(|mail| mail.trim().to_lowercase()).filter(|mail| !mail.is_empty())
}

/// Groups the employees who share a key, as indices into the list; in order of the first of each group.
pub(crate) fn sharing<'a>(
    people: impl IntoIterator<Item = &'a Employee>,
    key: impl Fn(&Employee) -> Option<String>,
) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut place_of: HashMap<String, usize> = HashMap::new();
    for (index, person) in people.into_iter().enumerate() {
        let Some(key) = key(person) else { continue };
        let place = *place_of.entry(key).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.push(index),
            None => groups.push(vec![index]),
        }
    }
    groups.retain(|group| group.len() > 1);
    groups
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    const TODAY: Date = date(2026, 6, 15);

    fn person(id: i64, number: &str, mail: &str, start: Option<Date>, end: Option<Date>) -> Employee {
        serde_json::from_value(serde_json::json!({
            "id": id.to_string(), "employee_number": number, "work_email": mail, "establishment_id": "1",
            "contract_start": start, "contract_end": end,
        }))
        .unwrap()
    }

    fn ids(ids: &[i64]) -> Vec<RemoteId> {
        ids.iter().map(|&id| id.into()).collect()
    }

    #[test]
    fn consecutive_contracts_are_a_rehire() {
        let back = person(8, "A1", "", Some(date(2024, 1, 1)), None);
        let first = person(9, "A1", "", Some(date(2015, 1, 1)), Some(date(2019, 12, 31)));
        let matches = identities(&[back.clone(), first.clone()], TODAY);
        assert_eq!(
            matches,
            [IdentityMatch {
                employees: ids(&[9, 8]),
                evidence: vec![IdentityEvidence::EmployeeNumber],
                relation: IdentityRelation::Rehire { earlier: ids(&[9]), later: 8.into() },
                current: 8.into(),
            }]
        );

        for end in [Some(date(2024, 1, 1)), None] {
            let overlapping = Employee { contract_end: end, ..first.clone() };
            let matches = identities(&[back.clone(), overlapping], TODAY);
            assert_eq!(matches[0].relation, IdentityRelation::Duplicate, "{end:?}");
        }
        let undated = Employee { contract_start: None, ..back };
        assert_eq!(identities(&[undated, first], TODAY)[0].relation, IdentityRelation::Duplicate);
    }

    #[test]
    fn number_is_per_establishment_mail_any_case() {
        let one = person(1, "A1", "Jo@acme.example", None, None);
        let elsewhere = Employee { establishment_id: Some("2".into()), ..person(2, "A1", "", None, None) };
        let nowhere = Employee { establishment_id: None, ..person(3, "A1", "", None, None) };
        let also_nowhere = Employee { establishment_id: None, ..person(4, "A1", "", None, None) };
        let same_mail = person(5, "B7", " jo@ACME.example", None, None);
        let matches = identities(&[one.clone(), elsewhere, nowhere, also_nowhere, same_mail.clone()], TODAY);
        assert_eq!(matches.len(), 1);
        assert_eq!(
            (&matches[0].employees, &matches[0].evidence[..]),
            (&ids(&[1, 5]), &[IdentityEvidence::WorkEmail][..])
        );

        let both = Employee { employee_number: Some("A1".into()), ..same_mail };
        let matches = identities(&[one, both], TODAY);
        assert_eq!(matches.len(), 1);
        assert_eq!(matches[0].evidence, [IdentityEvidence::EmployeeNumber, IdentityEvidence::WorkEmail]);
    }

    #[test]
    fn current_record_prefers_active_then_future() {
        let former = person(1, "A1", "", Some(date(2015, 1, 1)), Some(date(2019, 12, 31)));
        let active = person(2, "A1", "", Some(date(2024, 1, 1)), Some(date(2026, 6, 30)));
        let future = person(3, "A1", "", Some(date(2026, 7, 1)), None);
        let current = |people: &[Employee]| identities(people, TODAY)[0].current.to_string();
        assert_eq!(current(&[future.clone(), former.clone(), active]), "2");
        assert_eq!(current(&[former.clone(), future]), "3");
        let older = person(4, "A1", "", Some(date(2010, 1, 1)), Some(date(2012, 1, 1)));
        assert_eq!(current(&[former, older]), "1");
    }

    proptest! {
        #[test]
        fn shared_values_match_each_record_once(
            people in prop::collection::vec((0u8..6, 0u8..6), 0..30),
        ) {
            let people: Vec<Employee> = people
                .iter()
                .zip(0..)
                .map(|((number, mail), id)| {
                    // 0 is none.
                    let text = |value: u8| if value == 0 { String::new() } else { value.to_string() };
                    person(id, &text(*number), &text(*mail), None, None)
                })
                .collect();
            let matches = identities(&people, TODAY);
            for a in &people {
                for b in people.iter().filter(|b| b.id != a.id) {
                    let shared = |evidence| {
                        let both = |m: &&IdentityMatch| m.employees.contains(&a.id) && m.employees.contains(&b.id);
                        matches.iter().filter(both).filter(|m| m.evidence.contains(&evidence)).count()
                    };
                    let equal = |a: &Option<String>, b: &Option<String>| a == b && a.as_deref() != Some("");
                    prop_assert_eq!(
                        shared(IdentityEvidence::EmployeeNumber),
                        usize::from(equal(&a.employee_number, &b.employee_number))
                    );
                    prop_assert_eq!(
                        shared(IdentityEvidence::WorkEmail),
                        usize::from(equal(&a.work_email, &b.work_email))
                    );
                }
            }
        }
    }
}
