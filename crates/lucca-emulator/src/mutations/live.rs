//! A random, plausible history.

use crate::{
    changes::{
        Change,
        absences::NewAbsence,
        people::{Hire, PersonPatch},
    },
    company::{
        absences::{RECOVERY, Stage, place},
        dates::add_days,
        model::Status,
    },
    dice::Dice,
    rights::Permission,
    tenant::Tenant,
};

const PERMISSIONS: &[Permission] = &[
    Permission::SeeFormer,
    Permission::SeeFuture,
    Permission::ViewJobs,
    Permission::ViewManagers,
    Permission::ConsultLeaves,
];

impl Tenant {
    /// Makes `steps` changes, chosen by the seed, and lists them, by ids and without names. The clock stands
    /// still meanwhile: [`Tenant::advance_minutes`] moves it. The permissions of the first key change too,
    /// rarely.
    pub fn live(&self, seed: u64, steps: usize) -> Vec<String> {
        let mut dice = Dice::new(seed, 0x11FE);
        let mut told = Vec::with_capacity(steps);
        // A drawn change may not fit the records: then another is drawn.
        let mut tries = steps.saturating_mul(20);
        while told.len() < steps && tries > 0 {
            tries -= 1;
            let Some((what, change)) = self.draw(&mut dice) else { continue };
            if let Ok(id) = self.make(change) {
                told.push(if id > 0 { format!("{what} → {id}") } else { what });
            }
        }
        told
    }

    fn draw(&self, dice: &mut Dice) -> Option<(String, Change)> {
        let today = self.state().now().date();
        let one = |dice: &mut Dice, from: &[i64]| from.get(dice.below(from.len())).copied();
        let active = |dice: &mut Dice| one(dice, &self.users(Status::Active));
        let former = |dice: &mut Dice| one(dice, &self.users(Status::Former));
        let period = |dice: &mut Dice, stages: &[Stage]| one(dice, &self.periods_in(stages));
        let departments: Vec<i64> = self.state().company().departments.iter().map(|one| one.id).collect();
        let sites: Vec<i64> = {
            let company = self.state().company();
            company.establishments.iter().filter(|site| !site.archived).map(|site| site.id).collect()
        };
        let person = |id, patch| Change::Person { id, patch };
        Some(match dice.below(100) {
            0..=7 => {
                let hire = Hire {
                    first_name: "Nouvelle".to_owned(),
                    last_name: format!("Recrue {}", dice.digits(5)),
                    starts_on: Some(add_days(today, dice.between(-3, 40))),
                    mail: Some(format!("recrue.{}@horizon.example", dice.digits(8))),
                    job_title: Some("Analyste".to_owned()),
                    department_id: one(dice, &departments),
                    manager_id: active(dice),
                    establishment_id: one(dice, &sites),
                    ..Hire::default()
                };
                ("a hire".to_owned(), Change::Hire(hire))
            }
            8..=15 => {
                let (id, department_id) = (active(dice)?, one(dice, &departments));
                (
                    format!("user {id} moves to department {department_id:?}"),
                    person(id, PersonPatch { department_id, ..PersonPatch::default() }),
                )
            }
            16..=20 => {
                let (id, manager) = (active(dice)?, active(dice));
                (
                    format!("user {id} gets manager {manager:?}"),
                    person(id, PersonPatch { manager_id: Some(manager), ..PersonPatch::default() }),
                )
            }
            21..=23 => {
                let (id, establishment_id) = (active(dice)?, one(dice, &sites));
                (
                    format!("user {id} moves to establishment {establishment_id:?}"),
                    person(id, PersonPatch { establishment_id, ..PersonPatch::default() }),
                )
            }
            24..=27 => {
                let (id, title) = (active(dice)?, format!("Poste {}", dice.digits(3)));
                (
                    format!("user {id} gets another job title"),
                    person(id, PersonPatch { job_title: Some(Some(title)), ..PersonPatch::default() }),
                )
            }
            28..=31 => {
                let (id, last_day) = (active(dice)?, add_days(today, dice.between(-5, 60)));
                (format!("user {id} leaves on {last_day}"), Change::Terminate { id, last_day })
            }
            32..=34 => {
                let (id, starts_on) = (former(dice)?, add_days(today, dice.between(0, 20)));
                let as_new_user = dice.chance(40);
                (
                    format!("user {id} comes back, as a new user: {as_new_user}"),
                    Change::Rehire { id, starts_on, as_new_user },
                )
            }
            35 => {
                let id = if dice.chance(50) { former(dice)? } else { active(dice)? };
                (format!("user {id} is deleted"), Change::RemoveUser { id })
            }
            36 => {
                let owner = active(dice)?;
                let id = self.state().company().person(owner)?.contracts.first()?.id;
                (format!("contract {id} is deleted"), Change::RemoveContract { id })
            }
            37..=38 => {
                let name = format!("Équipe {}", dice.digits(4));
                (
                    "a department is added".to_owned(),
                    Change::AddDepartment { name, parent_id: one(dice, &departments) },
                )
            }
            39 => {
                let id = one(dice, &departments)?;
                (
                    format!("department {id} is renamed"),
                    Change::RenameDepartment { id, name: format!("Service {}", dice.digits(4)) },
                )
            }
            40..=41 => {
                let id = *departments.last()?;
                (format!("department {id} is deleted"), Change::RemoveDepartment { id })
            }
            42..=63 => {
                let owner = active(dice)?;
                self.draw_absence(dice, owner)
            }
            64..=73 => {
                let period = period(dice, &[Stage::Pending, Stage::CancellationPending])?;
                (format!("a step of period {period} is approved"), Change::Approve { period })
            }
            74..=77 => {
                let period = period(dice, &[Stage::Pending])?;
                (
                    format!("period {period} is denied"),
                    Change::Deny { period, comment: Some("Non".to_owned()) },
                )
            }
            78..=86 => {
                let period = period(dice, &[Stage::Pending, Stage::Approved, Stage::CancellationPending])?;
                (format!("period {period} is cancelled"), Change::Cancel { period })
            }
            87..=91 => {
                let period = period(dice, &[Stage::Approved])?;
                let company = self.state().company();
                let period = company.absences.periods.get(company.absences.place_of(period)?)?;
                let half = company.absences.halves.get(place(period.places().last()?)).copied()?;
                let id = period.leave_id(half);
                (format!("leave {id} is deleted"), Change::DeleteLeave { id })
            }
            92..=95 => {
                let period = period(dice, &[Stage::Pending, Stage::Approved])?;
                let text = format!("Précision {}", dice.below(20));
                (format!("period {period} gets another comment"), Change::Comment { period, text })
            }
            96..=97 => {
                let users = dice.below(200);
                (format!("{users} users are touched at once"), Change::Touch { users })
            }
            98 => {
                let permission = *PERMISSIONS.get(dice.below(PERMISSIONS.len()))?;
                let given = !self.permits(permission);
                (
                    format!("permission {permission:?}: {given}"),
                    Change::Permission { key: None, permission, given },
                )
            }
            _ => {
                let establishments =
                    dice.chance(30).then(|| one(dice, &sites)).flatten().map(|site| vec![site]);
                (
                    format!("the key sees establishments {establishments:?}"),
                    Change::Scope { key: None, establishments },
                )
            }
        })
    }

    fn draw_absence(&self, dice: &mut Dice, owner_id: i64) -> (String, Change) {
        let today = self.state().now().date();
        let accounts: Vec<i64> = self.state().company().leave_accounts.iter().map(|one| one.id).collect();
        let account_id = accounts.get(dice.below(accounts.len())).copied().unwrap_or(0);
        let starts_on = add_days(today, dice.between(-20, 90));
        let in_hours = account_id == i64::from(RECOVERY);
        let days = if in_hours { 0 } else { [0, 0, 1, 4, 11][dice.below(5)] };
        let ends_on = add_days(starts_on, days);
        let absence = NewAbsence {
            starts_pm: dice.chance(15),
            ends_am: starts_on != ends_on && dice.chance(15),
            minutes: in_hours.then(|| u16::try_from(dice.between(4, 14) * 15).unwrap_or(60)),
            by_hr: dice.chance(25),
            levels: u8::try_from(dice.between(1, 3)).unwrap_or(1),
            comment: dice.chance(20).then(|| "Bonnes vacances !".to_owned()),
            ..NewAbsence::days(owner_id, account_id, starts_on, ends_on)
        };
        let how = if absence.by_hr { "is entered by HR" } else { "is asked for" };
        (format!("an absence of user {owner_id} {how}"), Change::Absence(absence))
    }
}
