//! Contract histories: permanent, fixed-term, intern, apprentice; renewals, rehires, departures.
//!
//! Also the lookups that contracts refer to. Their shape on the wire and their texts are unverified: the
//! documentation names the routes only (source: directory.md §8).

use jiff::civil::Date;

use super::{
    dates::{add_days, working_time},
    model::{Contract, Status},
};
use crate::dice::Dice;

/// Templates of contracts (`typeId`).
pub(crate) const TEMPLATES: &[(i64, &str)] = &[(1, "CDI"), (2, "CDD"), (3, "Stage"), (4, "Apprentissage")];
/// Hiring types.
pub(crate) const HIRING_TYPES: &[(i64, &str)] =
    &[(1, "Création de poste"), (2, "Remplacement"), (3, "Mutation"), (4, "Renouvellement")];
/// Reasons for the end of a contract.
pub(crate) const TERMINATION_REASONS: &[(i64, &str)] = &[
    (20, "Démission"),
    (21, "Rupture conventionnelle"),
    (22, "Fin de CDD"),
    (23, "Licenciement"),
    (24, "Retraite"),
    (27, "Fin de stage"),
];
/// Grounds for a fixed term.
pub(crate) const GROUNDS: &[(i64, &str)] =
    &[(1, "Accroissement temporaire d'activité"), (2, "Remplacement d'un salarié absent"), (3, "Saisonnier")];

pub(crate) const PERMANENT: i64 = 1;
pub(crate) const FIXED_TERM: i64 = 2;
const INTERN: i64 = 3;
const APPRENTICE: i64 = 4;

/// The facts about the owner that a history depends on.
pub(crate) struct Terms {
    pub(crate) establishment: i64,
    pub(crate) category: Option<i64>,
    /// The author of the contracts.
    pub(crate) author: i64,
    pub(crate) supervisor: Option<i64>,
    /// Top of the tree: always permanent.
    pub(crate) stable: bool,
}

/// The contracts of a person with that status today.
pub(crate) fn history(dice: &mut Dice, status: Status, today: Date, terms: &Terms) -> Vec<Contract> {
    let template = match dice.below(100) {
        _ if terms.stable => PERMANENT,
        0..=74 => PERMANENT,
        75..=86 => FIXED_TERM,
        87..=92 => INTERN,
        _ => APPRENTICE,
    };
    let mut contracts = Vec::new();
    match status {
        Status::Active => {
            let ends = match template {
                // A known last day in the future: the employee has resigned.
                PERMANENT => (!terms.stable && dice.chance(2)).then(|| add_days(today, dice.between(1, 80))),
                _ => Some(add_days(today, dice.between(1, 300))),
            };
            let longest = if template == PERMANENT { 365 * 14 } else { 330 };
            let starts = add_days(today, -dice.between(1, longest));
            if !terms.stable && dice.chance(6) {
                // Renewed without a gap, or rehired after one.
                let gap = if dice.chance(50) { 1 } else { dice.between(60, 900) };
                let ended = add_days(starts, -gap);
                let began = add_days(ended, -dice.between(90, 540));
                contracts.push(contract(dice, FIXED_TERM, began, Some(ended), terms));
            }
            contracts.push(contract(dice, template, starts, ends, terms));
            if let (FIXED_TERM, Some(end), true) = (template, ends, dice.chance(30)) {
                contracts.push(contract(dice, PERMANENT, add_days(end, 1), None, terms));
            }
        }
        Status::Future => {
            let starts = add_days(today, dice.between(1, 90));
            if dice.chance(25) {
                let ended = add_days(today, -dice.between(30, 700));
                let began = add_days(ended, -dice.between(60, 700));
                contracts.push(contract(dice, INTERN, began, Some(ended), terms));
            }
            let ends = (template != PERMANENT).then(|| add_days(starts, dice.between(90, 540)));
            contracts.push(contract(dice, template, starts, ends, terms));
        }
        Status::Former => {
            let ends = add_days(today, -dice.between(1, 1100));
            let longest = if template == PERMANENT { 3000 } else { 500 };
            let starts = add_days(ends, -dice.between(20, longest));
            contracts.push(contract(dice, template, starts, Some(ends), terms));
        }
    }
    contracts
}

/// One contract; its id is assigned once the whole company is built.
pub(crate) fn contract(
    dice: &mut Dice,
    template: i64,
    starts: Date,
    ends: Option<Date>,
    terms: &Terms,
) -> Contract {
    let trial_days = match template {
        PERMANENT => Some(if dice.chance(60) { 120 } else { 60 }),
        FIXED_TERM => Some(30),
        _ => None,
    };
    let signed = add_days(starts, -dice.between(1, 40));
    let created = working_time(dice, signed);
    Contract {
        id: 0,
        starts,
        ends,
        template,
        establishment: terms.establishment,
        category: if matches!(template, INTERN | APPRENTICE) { None } else { terms.category },
        hiring_type: dice.chance(80).then(|| i64::try_from(dice.below(4)).unwrap_or(0) + 1),
        termination_reason: ends.map(|_| match template {
            PERMANENT => [20, 21, 23][dice.below(3)],
            FIXED_TERM => 22,
            _ => 27,
        }),
        ground: (template == FIXED_TERM).then(|| i64::try_from(dice.below(3)).unwrap_or(0) + 1),
        supervisor: if template == INTERN { terms.supervisor } else { None },
        trial_days,
        renewed_trial_days: if template == PERMANENT && dice.chance(15) { Some(240) } else { None },
        author: terms.author,
        created,
        modified: if dice.chance(70) { created } else { working_time(dice, add_days(starts, 3)) },
        external_id: dice.chance(10).then(|| dice.digits(6)),
    }
}
