//! The type of an employment, from the name that the tenant gave its contract type.

use serde::{Deserialize, Serialize};

use crate::search_key;

/// The type of an employment, the same for all tenants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmploymentType {
    /// Without a planned end (France: CDI).
    Permanent,
    /// With a planned end (France: CDD).
    FixedTerm,
    /// Apprenticeship or another contract that alternates work and school.
    Apprenticeship,
    /// Internship.
    Internship,
    /// Employed by an agency.
    TemporaryAgency,
    /// Self-employed, or an employee of a supplier.
    Contractor,
}

crate::names! {
    EmploymentType: "employment type" {
        Permanent = "permanent",
        FixedTerm = "fixed_term",
        Apprenticeship = "apprenticeship",
        Internship = "internship",
        TemporaryAgency = "temporary_agency",
        Contractor = "contractor",
    }
}

/// The words that name a type, folded. The first row that has a word of the name decides: a *CDD d'apprentissage* is an
/// apprenticeship.
const WORDS: [(EmploymentType, &[&str]); 6] = [
    (
        EmploymentType::Apprenticeship,
        &[
            "apprentissage",
            "apprenti",
            "apprentie",
            "alternance",
            "alternant",
            "alternante",
            "professionnalisation",
            "apprenticeship",
            "apprentice",
        ],
    ),
    (EmploymentType::Internship, &["stage", "stagiaire", "internship", "intern", "trainee"]),
    (EmploymentType::TemporaryAgency, &["interim", "interimaire", "agency"]),
    (
        EmploymentType::Contractor,
        &["prestataire", "prestation", "freelance", "independant", "independante", "contractor"],
    ),
    (EmploymentType::FixedTerm, &["cdd", "determine", "determinee", "fixed", "temporary"]),
    (
        EmploymentType::Permanent,
        &["cdi", "indetermine", "indeterminee", "permanent", "permanente", "indefinite"],
    ),
];

impl EmploymentType {
    /// The type that a contract type's name means. `None` if no word of it is known: tenants name their contract types
    /// as they like.
    // unverified: the names in use; Lucca's API has no code for them (source: directory.md §8).
    pub fn of_name(name: &str) -> Option<Self> {
        let key = search_key(name);
        let words: Vec<&str> = key.split(|c: char| !c.is_alphanumeric()).collect();
        let has_any = |known: &&[&str]| known.iter().any(|word| words.contains(word));
        WORDS.iter().find(|(_, known)| has_any(known)).map(|(one, _)| *one)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_names_are_recognised() {
        let expected = [
            ("CDI", "permanent"),
            ("Contrat à durée indéterminée", "permanent"),
            ("Contrat à durée déterminée", "fixed_term"),
            ("CDD - remplacement", "fixed_term"),
            ("Fixed-term contract", "fixed_term"),
            ("CDD d'apprentissage", "apprenticeship"),
            ("Contrat d’apprentissage", "apprenticeship"),
            ("Convention de stage", "internship"),
            ("Intérim", "temporary_agency"),
            ("Freelance (externe)", "contractor"),
        ];
        for (name, kind) in expected {
            assert_eq!(EmploymentType::of_name(name).map(EmploymentType::name), Some(kind), "{name}");
        }
        assert_eq!(EmploymentType::of_name("Contrat spécial"), None);
        assert_eq!(EmploymentType::of_name(""), None);
    }
}
