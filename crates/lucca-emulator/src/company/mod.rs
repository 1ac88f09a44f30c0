//! The company of a tenant: seeded, deterministic, of any size.
//!
//! Included: the records and their generation. Not included: their wire format (`resources`, `routes`), their
//! visibility (`rights`).

pub(crate) mod absences;
pub(crate) mod applications;
pub(crate) mod contracts;
pub(crate) mod custom_fields;
pub(crate) mod dates;
pub(crate) mod model;
mod names;
mod oddities;
pub(crate) mod operations;
mod people;
pub(crate) mod stamp;
pub(crate) mod structure;

use jiff::civil::Date;

use self::model::Company;

/// Builds the company of `employees` records as of `today`. Same arguments, same company.
pub(crate) fn build(employees: u32, seed: u64, today: Date) -> Company {
    let size = usize::try_from(employees).unwrap_or(usize::MAX);
    let mut company = structure::build(size, seed);
    people::populate(&mut company, size, seed, today);
    oddities::apply(&mut company, seed, today);
    company.renumber_contracts();
    company.logs = people::logs(&company, seed, today);
    absences::generate(&mut company, seed, today);
    company
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Regression: contract ids were counted in 16 bits, and wrapped around above some 16,000 contracts.
    #[test]
    fn contract_ids_of_a_large_company_ascend() {
        let company = build(20_000, 7, jiff::civil::date(2026, 11, 23));
        let ids: Vec<i64> = company.people.iter().flat_map(|p| p.contracts.iter().map(|c| c.id)).collect();
        assert!(ids.len() > 20_000 && ids[0] > 0);
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
