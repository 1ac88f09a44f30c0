//! Data of other Lucca applications about a person: pay, hours, reviews, profiles (`applicationData`).
//!
//! Source: recorded answers of 2024. The amounts, days and names are invented; their formats are those
//! recorded.

use jiff::civil::Date;

use super::{dates::add_days, stamp::Stamp};
use crate::dice::Dice;

/// Profiles of absences: id and name.
pub(crate) const LEAVE_PROFILES: &[(i64, &str)] = &[(1, "Cadre (218 jours)"), (2, "Non-cadre (35 h)")];
/// Profiles of expenses; id 0 is a real one, as recorded.
pub(crate) const EXPENSE_PROFILES: &[(i64, &str)] = &[(0, "Standard"), (3, "Direction")];

/// The data of other applications about one person.
#[derive(Debug, Clone, Default)]
pub(crate) struct ApplicationFacts {
    /// Yearly pay in the tenant's notation: a currency sign, and thousands separated by commas (`€41,250`).
    pub(crate) remuneration: Option<String>,
    /// Monthly hours of a full-time post, a text with a point: `151.67`.
    pub(crate) monthly_hours: Option<String>,
    pub(crate) annual_review: Option<Stamp>,
    pub(crate) professional_review: Option<Stamp>,
    pub(crate) fixed_days_review: Option<Stamp>,
    pub(crate) second_manager: Option<i64>,
    /// Index into [`LEAVE_PROFILES`].
    pub(crate) leave_profile: Option<usize>,
    /// Index into [`EXPENSE_PROFILES`].
    pub(crate) expense_profile: usize,
}

impl ApplicationFacts {
    /// Draws them from separate dice, so that all other data of the company stays unchanged.
    pub(crate) fn draw(seed: u64, id: i64, today: Date) -> Self {
        let mut dice = Dice::new(seed, 0xA99 ^ id.unsigned_abs().wrapping_mul(0x9E37_79B9));
        let dice = &mut dice;
        let sign = if dice.chance(85) { '€' } else { '£' };
        let amount = dice.between(22_000, 118_000);
        let review = |dice: &mut Dice, percent| {
            let day = add_days(today, -dice.between(20, 1_500));
            let at = day.at(
                i8::try_from(dice.between(9, 17)).unwrap_or(9),
                i8::try_from(dice.between(0, 59)).unwrap_or(0),
                i8::try_from(dice.between(0, 59)).unwrap_or(0),
                dice.between(1, 9_999_999) * 100,
            );
            dice.chance(percent).then_some(Stamp { at, digits: 7 })
        };
        Self {
            remuneration: Some(format!("{sign}{},{:03}", amount / 1_000, amount % 1_000)),
            monthly_hours: Some(["151.67", "151.67", "121.33", "138.67"][dice.below(4)].to_owned()),
            annual_review: review(dice, 50),
            professional_review: review(dice, 13),
            fixed_days_review: review(dice, 10),
            // unverified: that it is the id of a user; it was null in all recordings.
            second_manager: None,
            leave_profile: (!dice.chance(3)).then(|| dice.below(LEAVE_PROFILES.len())),
            expense_profile: usize::from(dice.chance(20)),
        }
    }
}
