//! References to employees in files, command lines and API calls, and their resolution to one employee each.
//!
//! A reference is typed (`id:9`, `number:009`, `email:jo@acme.example`) or bare (`9`). A bare one matches
//! Lucca ids, employee numbers and work e-mail addresses alike, so it is refused unless it matches exactly
//! one employee.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Employee, RemoteId};

/// The kind of value by which a reference identifies an employee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReferenceKind {
    /// Lucca's id of the user.
    Id,
    /// The employee number ("matricule").
    Number,
    /// The work e-mail address.
    Email,
}

crate::names! { ReferenceKind: "reference kind" { Id = "id", Number = "number", Email = "email" } }

/// A reference to one employee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonReference {
    kind: Option<ReferenceKind>,
    /// Whether the text comes from a typed column: spreadsheets drop leading zeros.
    is_cell: bool,
    text: String,
}

impl PersonReference {
    /// Parses `id:…`, `number:…` or `email:…`, in any case and with spaces around; all other texts are bare
    /// values.
    pub fn parse(text: &str) -> Self {
        let typed = text.split_once(':').and_then(|(prefix, rest)| {
            let is_prefix = |kind: &ReferenceKind| prefix.trim().eq_ignore_ascii_case(kind.name());
            Some((ReferenceKind::ALL.into_iter().find(is_prefix)?, rest))
        });
        let (kind, text) = typed.map_or((None, text), |(kind, rest)| (Some(kind), rest));
        Self { kind, is_cell: false, text: text.trim().to_owned() }
    }

    /// Parses a cell of a column of references of one kind. A prefix in the cell overrides the column's kind.
    pub fn of_column(kind: ReferenceKind, cell: &str) -> Self {
        let read = Self::parse(cell);
        if read.kind.is_some() { read } else { Self { kind: Some(kind), is_cell: true, ..read } }
    }

    /// The value, without its prefix.
    pub fn value(&self) -> &str {
        &self.text
    }

    /// Whether it may be Lucca's id: typed as one, or bare.
    pub fn may_be_id(&self) -> bool {
        matches!(self.kind, None | Some(ReferenceKind::Id))
    }

    /// Whether the reference is empty.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

/// An employee's standing in the linked account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonStanding {
    /// Visible to the API key and delivered: references resolve to them.
    Present,
    /// Stored, and no longer visible to the API key.
    Hidden,
    /// Deleted in Lucca.
    Gone,
    /// Excluded from outputs by the delivery filter, or erased. Candidates of this standing are anonymous.
    Withheld,
}

/// The values of an employee that references match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonLabel {
    /// Lucca's id of the user.
    pub id: RemoteId,
    /// The display name.
    pub name: String,
    /// The employee number.
    pub employee_number: Option<String>,
    /// The work e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub work_email: Option<String>,
}

impl PersonLabel {
    /// The label of an employee.
    pub fn of(employee: &Employee) -> Self {
        Self {
            id: employee.id.clone(),
            name: employee.shown_name(),
            employee_number: employee.employee_number.clone(),
            work_email: employee.work_email.clone(),
        }
    }
}

impl fmt::Display for PersonLabel {
    /// `Jo Martin (id:9, number:009)`: enough to distinguish homonyms.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (id:{}", self.name, self.id)?;
        if let Some(number) = self.employee_number.as_deref().filter(|number| !number.trim().is_empty()) {
            write!(f, ", number:{}", number.trim())?;
        }
        f.write_str(")")
    }
}

/// An employee that a reference may mean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonCandidate {
    /// The employee; absent if their name must not be disclosed ([`PersonStanding::Withheld`]).
    #[serde(flatten)]
    pub person: Option<PersonLabel>,
    /// Their standing.
    pub standing: PersonStanding,
    /// The kinds of their values that the reference matches.
    pub fits: BTreeSet<ReferenceKind>,
}

impl fmt::Display for PersonCandidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.person {
            Some(person) => write!(f, "{person}")?,
            None => f.write_str("an employee excluded from delivery")?,
        }
        match self.standing {
            PersonStanding::Hidden => f.write_str(", no longer visible to the API key"),
            PersonStanding::Gone => f.write_str(", deleted in Lucca"),
            PersonStanding::Present | PersonStanding::Withheld => Ok(()),
        }
    }
}

/// A reference that does not resolve to one employee. The texts of this error hold no personal data; the
/// candidates do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReferenceError {
    /// It matches no present employee. The candidates are employees that it nearly matches: with other
    /// leading zeros in the employee number, or no longer present.
    Unknown(Vec<PersonCandidate>),
    /// It matches several employees.
    Ambiguous(Vec<PersonCandidate>),
}

impl ReferenceError {
    /// The employees that it may mean.
    pub fn candidates(&self) -> &[PersonCandidate] {
        let (Self::Unknown(candidates) | Self::Ambiguous(candidates)) = self;
        candidates
    }
}

impl fmt::Display for ReferenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown(_) => "no employee has this id, employee number or e-mail address",
            Self::Ambiguous(_) => "several employees match this reference",
        })
    }
}

impl std::error::Error for ReferenceError {}

/// All employees of a linked account, by every value that references use.
#[derive(Clone, Debug, Default)]
pub struct PersonIndex {
    people: Vec<(PersonLabel, PersonStanding)>,
    by_id: HashMap<String, Vec<usize>>,
    by_number: HashMap<String, Vec<usize>>,
    by_email: HashMap<String, Vec<usize>>,
}

/// How well a reference matches one member of an employee.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// Equal except for leading zeros: never enough to resolve, but enough for doubt.
    Near,
    /// Equal except for upper and lower case.
    Folded,
    Exact,
}

impl PersonIndex {
    /// Adds an employee. Employees who are no longer present are added too: a bare value that once meant one
    /// of them must not silently mean another employee.
    pub fn add(&mut self, person: PersonLabel, standing: PersonStanding) {
        let at = self.people.len();
        let insert = |index: &mut HashMap<String, Vec<usize>>, key: String| {
            if !key.is_empty() {
                index.entry(key).or_default().push(at);
            }
        };
        insert(&mut self.by_id, fold(person.id.as_str()));
        insert(
            &mut self.by_number,
            without_zeros(&fold(person.employee_number.as_deref().unwrap_or_default())),
        );
        insert(&mut self.by_email, fold(person.work_email.as_deref().unwrap_or_default()));
        self.people.push((person, standing));
    }

    /// Resolves a reference to the one present employee that it matches.
    ///
    /// A typed reference means only its kind; case matters if it distinguishes two employees, and leading
    /// zeros of an employee number always do. A bare value must match one employee over all three kinds. In
    /// that case, and in a column of employee numbers, a value without leading zeros also casts doubt on
    /// employees whose number has them: spreadsheets drop these zeros.
    ///
    /// # Errors
    ///
    /// [`ReferenceError`], with the employees that the reference matches, or nearly matches.
    pub fn resolve(&self, reference: &PersonReference) -> Result<&PersonLabel, ReferenceError> {
        let mut fits = self.fits(reference);
        let best = fits.iter().map(|(_, (fit, _))| *fit).max();
        let is_lenient = reference.kind.is_none() || reference.is_cell;
        if best > Some(Fit::Near) && !is_lenient {
            fits.retain(|(_, (fit, _))| Some(*fit) == best);
        }
        let candidates = || {
            let candidate = |(at, (_, kinds)): &(usize, (Fit, BTreeSet<ReferenceKind>))| {
                let (person, standing) = &self.people[*at];
                let is_named = *standing != PersonStanding::Withheld;
                PersonCandidate {
                    person: is_named.then(|| person.clone()),
                    standing: *standing,
                    fits: kinds.clone(),
                }
            };
            fits.iter().map(candidate).collect()
        };
        match fits.as_slice() {
            [(at, (fit, _))] if *fit > Fit::Near && self.people[*at].1 == PersonStanding::Present => {
                Ok(&self.people[*at].0)
            }
            [_, _, ..] if best > Some(Fit::Near) => Err(ReferenceError::Ambiguous(candidates())),
            _ => Err(ReferenceError::Unknown(candidates())),
        }
    }

    /// The employees that a reference matches, the best match and its kinds; in the order of the employees.
    fn fits(&self, reference: &PersonReference) -> Vec<(usize, (Fit, BTreeSet<ReferenceKind>))> {
        let wanted = reference.text.as_str();
        let folded = fold(wanted);
        let mut found: Vec<(usize, (Fit, BTreeSet<ReferenceKind>))> = Vec::new();
        if folded.is_empty() {
            return found;
        }
        for kind in
            ReferenceKind::ALL.into_iter().filter(|kind| reference.kind.is_none_or(|only| only == *kind))
        {
            let index = match kind {
                ReferenceKind::Id => self.by_id.get(&folded),
                ReferenceKind::Number => self.by_number.get(&without_zeros(&folded)),
                ReferenceKind::Email => self.by_email.get(&folded),
            };
            for &at in index.into_iter().flatten() {
                let person = &self.people[at].0;
                let value = match kind {
                    ReferenceKind::Id => person.id.as_str(),
                    ReferenceKind::Number => person.employee_number.as_deref().unwrap_or_default().trim(),
                    ReferenceKind::Email => person.work_email.as_deref().unwrap_or_default().trim(),
                };
                let fit = match (value == wanted, fold(value) == folded) {
                    (true, _) => Fit::Exact,
                    // Ids are not words, and e-mail addresses differ only in case.
                    (false, true) if kind == ReferenceKind::Email => Fit::Exact,
                    (false, true) => Fit::Folded,
                    (false, false) => Fit::Near,
                };
                match found.iter_mut().find(|(other, _)| *other == at) {
                    Some((_, (best, kinds))) => {
                        *best = fit.max(*best);
                        kinds.insert(kind);
                    }
                    None => found.push((at, (fit, BTreeSet::from([kind])))),
                }
            }
        }
        // A value written with zeros did not lose them in a spreadsheet, so numbers with other zeros do not
        // match.
        let has_zeros = wanted.starts_with('0') && wanted.len() > 1;
        if has_zeros && found.iter().any(|(_, (fit, _))| *fit > Fit::Near) {
            found.retain(|(_, (fit, _))| *fit > Fit::Near);
        }
        found.sort_by_key(|(at, _)| *at);
        found
    }
}

/// Lower case, without surrounding spaces.
fn fold(text: &str) -> String {
    text.trim().to_lowercase()
}

/// A number without its leading zeros; `0` stays.
fn without_zeros(number: &str) -> String {
    let rest = number.trim_start_matches('0');
    if rest.is_empty() && !number.is_empty() { "0".to_owned() } else { rest.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn index(people: &[(i64, &str, &str, PersonStanding)]) -> PersonIndex {
        let mut index = PersonIndex::default();
        for (id, number, email, standing) in people {
            let label = PersonLabel {
                id: (*id).into(),
                name: format!("Person {id}"),
                employee_number: Some((*number).to_owned()),
                work_email: Some((*email).to_owned()),
            };
            index.add(label, *standing);
        }
        index
    }

    /// The id that a reference resolves to, or the candidates' ids: after `!` if it matches several, after
    /// `?` if it matches none.
    fn resolved(index: &PersonIndex, text: &str) -> String {
        answer(index.resolve(&PersonReference::parse(text)))
    }

    fn answer(found: Result<&PersonLabel, ReferenceError>) -> String {
        let ids = |list: &[PersonCandidate]| {
            let id =
                |one: &PersonCandidate| one.person.as_ref().map_or("-".to_owned(), |one| one.id.to_string());
            list.iter().map(id).collect::<Vec<_>>().join(",")
        };
        match found {
            Ok(person) => person.id.to_string(),
            Err(ReferenceError::Ambiguous(list)) => format!("!{}", ids(&list)),
            Err(ReferenceError::Unknown(list)) => format!("?{}", ids(&list)),
        }
    }

    use PersonStanding::{Gone, Hidden, Present, Withheld};

    #[test]
    fn number_that_is_an_id_is_ambiguous_bare() {
        let people = index(&[(4, "009", "a@acme.example", Present), (9, "12", "b@acme.example", Present)]);
        for (text, expected) in [
            ("9", "!4,9"),
            ("009", "4"),
            ("id:9", "9"),
            ("ID: 9 ", "9"),
            ("number:009", "4"),
            ("number:9", "?4"),
            ("number:0009", "?4"),
            ("id:009", "?"),
            ("12", "9"),
            ("4", "4"),
            ("email:B@ACME.example", "9"),
            ("email:9", "?"),
            ("", "?"),
            ("number:", "?"),
        ] {
            assert_eq!(resolved(&people, text), expected, "{text:?}");
        }
    }

    #[test]
    fn two_people_with_one_address_are_both_named() {
        let people = index(&[(1, "A", "jo@acme.example", Present), (2, "a", "Jo@acme.example", Present)]);
        assert_eq!(resolved(&people, "jo@acme.example"), "!1,2");
        assert_eq!(resolved(&people, "email:JO@acme.example"), "!1,2");
        // Case distinguishes numbers only if the reference is typed as a number.
        assert_eq!((resolved(&people, "number:a").as_str(), resolved(&people, "a").as_str()), ("2", "!1,2"));
        assert_eq!(resolved(&people, "number:B"), "?");
    }

    #[test]
    fn absent_people_cast_doubt_only() {
        for standing in [Hidden, Gone] {
            let people = index(&[(4, "9", "", Present), (9, "", "", standing)]);
            assert_eq!((resolved(&people, "9").as_str(), resolved(&people, "id:9").as_str()), ("!4,9", "?9"));
            assert_eq!(resolved(&people, "number:9"), "4");
        }
        let people = index(&[(4, "9", "", Present), (9, "", "", Withheld)]);
        assert_eq!(resolved(&people, "9"), "!4,-", "no name of a withheld person");
    }

    #[test]
    fn a_column_of_numbers_may_have_lost_its_zeros() {
        let people = index(&[(1, "007", "", Present), (2, "7", "", Present), (3, "8", "", Present)]);
        let cell =
            |text: &str| answer(people.resolve(&PersonReference::of_column(ReferenceKind::Number, text)));
        assert_eq!((cell("7").as_str(), cell("007").as_str(), cell("8").as_str()), ("!1,2", "1", "3"));
        assert_eq!((cell("number:7").as_str(), cell("id:3").as_str()), ("2", "3"));
        assert_eq!(resolved(&people, "number:7"), "2");
    }

    proptest! {
        #[test]
        fn reference_must_fit_one_person(
            numbers in prop::collection::vec("0{0,2}[0-9]?", 1..8),
            text in "0{0,2}[0-9]",
        ) {
            let people: Vec<(i64, &str, &str, PersonStanding)> =
                numbers.iter().zip(1..).map(|(number, id)| (id, number.as_str(), "", Present)).collect();
            let index = index(&people);
            let bare = |value: &str| value.trim_start_matches('0').to_owned();
            if let Ok(found) = index.resolve(&PersonReference::parse(&text)) {
                for (id, number, ..) in &people {
                    let fits = id.to_string() == text || *number == text;
                    prop_assert_eq!(fits, found.id == RemoteId::from(*id), "{} among {:?}", &text, &people);
                    let is_dropped = !text.starts_with('0') && !number.is_empty() && bare(number) == bare(&text);
                    prop_assert!(!is_dropped || found.id == RemoteId::from(*id));
                }
            }
            for (id, ..) in &people {
                let typed = format!("id:{id}");
                prop_assert_eq!(&index.resolve(&PersonReference::parse(&typed)).unwrap().id, &RemoteId::from(*id));
            }
        }
    }
}
