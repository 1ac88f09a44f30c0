//! Oddities of real companies: cycles, duplicates, homonyms, strange characters, edge dates.
//!
//! A company of fifty or more has all of them; a smaller one only those of the random generation.

use jiff::civil::Date;

use super::{
    contracts::{FIXED_TERM, PERMANENT, Terms, contract},
    dates::add_days,
    model::{Company, Person, Status},
    people::FULL_SIZE,
};
use crate::dice::Dice;

/// Turns the last records into odd ones; heads and the technical user stay as they are.
pub(super) fn apply(company: &mut Company, seed: u64, today: Date) {
    if company.people.len() < FULL_SIZE {
        return;
    }
    let heads: Vec<i64> = company.departments.iter().filter_map(|department| department.head).collect();
    let mut free: Vec<usize> = (0..company.people.len())
        .rev()
        .filter(|at| company.people.get(*at).is_some_and(|p| p.id != 0 && !heads.contains(&p.id)))
        .take(24)
        .collect();
    free.reverse();
    let mut dice = Dice::new(seed, 3);
    let mut odd = Odd { company, free: free.into_iter(), dice: &mut dice, today };
    odd.edge_dates();
    odd.relations();
    odd.same_names();
    odd.characters();
    odd.histories();
}

struct Odd<'a> {
    company: &'a mut Company,
    free: std::vec::IntoIter<usize>,
    dice: &'a mut Dice,
    today: Date,
}

impl Odd<'_> {
    fn next(&mut self) -> Option<&mut Person> {
        let at = self.free.next()?;
        self.company.people.get_mut(at)
    }

    /// The next free person, with one contract between these dates.
    fn employed(&mut self, starts: Date, ends: Option<Date>) -> Option<&mut Person> {
        let at = self.free.next()?;
        let person = self.company.people.get_mut(at)?;
        let terms = terms(person, self.today);
        let template = if ends.is_some() { FIXED_TERM } else { PERMANENT };
        person.contracts = vec![contract(self.dice, template, starts, ends, &terms)];
        Some(person)
    }

    /// Last day today, first day today, last day yesterday, first day tomorrow.
    fn edge_dates(&mut self) {
        let today = self.today;
        self.employed(add_days(today, -300), Some(today));
        self.employed(today, None);
        self.employed(add_days(today, -300), Some(add_days(today, -1)));
        self.employed(add_days(today, 1), None);
    }

    /// A manager who left, a person who is their own manager, two who manage each other, no e-mail, no
    /// manager.
    fn relations(&mut self) {
        let today = self.today;
        let gone = self.employed(add_days(today, -2000), Some(add_days(today, -40))).map(|person| person.id);
        if let Some(person) = self.employed(add_days(today, -900), None) {
            person.manager = gone;
        }
        if let Some(person) = self.employed(add_days(today, -901), None) {
            person.manager = Some(person.id);
        }
        let one = self.employed(add_days(today, -902), None).map(|person| person.id);
        let other = self.employed(add_days(today, -903), None).map(|person| {
            person.manager = one;
            person.id
        });
        if let Some(place) = one.and_then(|id| self.company.place_of(id))
            && let Some(person) = self.company.people.get_mut(place)
        {
            person.manager = other;
        }
        if let Some(person) = self.next() {
            person.mail = None;
            person.manager = None;
            person.employee_number = None;
        }
    }

    /// One human in two records, and two humans of one name.
    fn same_names(&mut self) {
        let today = self.today;
        let first = self.employed(add_days(today, -1500), Some(add_days(today, -400))).map(|p| p.clone());
        if let (Some(first), Some(second)) = (&first, self.employed(add_days(today, -200), None)) {
            second.first_name.clone_from(&first.first_name);
            second.last_name.clone_from(&first.last_name);
            second.birth = first.birth;
            second.gender = first.gender;
            second.private = first.private.clone();
        }
        let first = self.next().map(|p| p.clone());
        if let (Some(first), Some(homonym)) = (&first, self.next()) {
            homonym.first_name.clone_from(&first.first_name);
            homonym.last_name.clone_from(&first.last_name);
            homonym.birth = first.birth.map(|birth| add_days(birth, 4321));
        }
    }

    /// Texts that break encoders: quotes, emoji, line breaks, other scripts, very long names.
    fn characters(&mut self) {
        let titles = [
            "Responsable « R&D » 🚀",
            "Chef d'équipe \"nuit\"; <adjoint>",
            "Ingénieur\nd'études\t(niveau 2) \\ 50 %",
        ];
        for title in titles {
            if let Some(person) = self.next() {
                person.job_title = Some(title.to_owned());
            }
        }
        if let Some(person) = self.next() {
            "太郎".clone_into(&mut person.first_name);
            "山田".clone_into(&mut person.last_name);
        }
        if let Some(person) = self.next() {
            " Marie\u{301}-Rose ".clone_into(&mut person.first_name);
            person.last_name = "De La ".repeat(30) + "Tour";
        }
    }

    /// Fixed term renewed and then permanent; left, and will come back.
    fn histories(&mut self) {
        let today = self.today;
        if let Some(person) = self.employed(add_days(today, -700), Some(add_days(today, -500))) {
            let terms = terms(person, today);
            let mut dice = Dice::new(1, u64::try_from(person.id).unwrap_or(0));
            let (renewed, kept) = (add_days(today, -499), add_days(today, -299));
            person.contracts.push(contract(&mut dice, FIXED_TERM, renewed, Some(add_days(kept, -1)), &terms));
            person.contracts.push(contract(&mut dice, PERMANENT, kept, None, &terms));
        }
        if let Some(person) = self.employed(add_days(today, -1200), Some(add_days(today, -800))) {
            let terms = terms(person, today);
            let mut dice = Dice::new(2, u64::try_from(person.id).unwrap_or(0));
            person.contracts.push(contract(&mut dice, PERMANENT, add_days(today, 30), None, &terms));
        }
        // A former employee of a closed establishment.
        let closed = self.company.establishments.iter().find(|site| site.archived).map(|site| site.id);
        let former = self.company.people.iter_mut().find(|person| person.status(today) == Status::Former);
        if let (Some(closed), Some(former)) = (closed, former) {
            former.establishment = closed;
            for contract in &mut former.contracts {
                contract.establishment = closed;
            }
        }
    }
}

fn terms(person: &Person, today: Date) -> Terms {
    Terms {
        establishment: person.current_establishment(today),
        category: Some(0),
        author: 1,
        supervisor: person.manager,
        stable: false,
    }
}
