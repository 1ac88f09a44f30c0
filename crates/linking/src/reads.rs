//! Texts that list which data the connector reads and writes with an account's features; used by `check`, the
//! linking flow and the README. The crate `lucca` defines the fields of each group.

use people::{Feature, Features};
use people::{FieldGroup, FieldGroups, WorkPart};

use people::Language;

/// The contents of a field group, as a list in words. [`FieldGroup::Work`] excludes its parts, which have own
/// texts.
pub fn group_contents(group: FieldGroup, language: Language) -> &'static str {
    let (english, french) = match group {
        FieldGroup::Identity => (
            "name, work e-mail, login, employee number, civil title, photo",
            "nom, e-mail professionnel, identifiant, matricule, civilité, photo",
        ),
        FieldGroup::Work => (
            "department, establishment, work phones, occupation category, roles in Lucca, calendar, working pattern, quote",
            "département, établissement, téléphones professionnels, CSP, rôles dans Lucca, calendrier, cycle de travail, citation",
        ),
        FieldGroup::Contract => ("contract dates, seniority date", "dates de contrat, date d’ancienneté"),
        FieldGroup::CustomFields => (
            "your company’s own fields, analytical axes, leave and time profiles, second manager",
            "champs personnalisés de l’entreprise, axes analytiques, profils de congés et de temps, second manager",
        ),
        FieldGroup::Contact => ("personal e-mail and phone", "e-mail et téléphone personnels"),
        FieldGroup::Birth => ("birth date, gender, nationality", "date de naissance, genre, nationalité"),
        FieldGroup::Address => ("home address", "adresse personnelle"),
        FieldGroup::Identifiers => ("social security number", "numéro de sécurité sociale"),
        FieldGroup::Bank => (
            "bank details, corporate card, fiscal horsepower",
            "coordonnées bancaires, carte de société, puissance fiscale",
        ),
        FieldGroup::PayAndReviews => (
            "pay, full-time equivalent, dates of reviews",
            "rémunération, équivalent temps plein, dates des entretiens",
        ),
        FieldGroup::LeaveReason => ("comments on absences", "commentaires des absences"),
    };
    language.pick(english, french)
}

/// The contents of a part of [`FieldGroup::Work`], in words.
pub fn part_contents(part: WorkPart, language: Language) -> &'static str {
    let (english, french) = match part {
        WorkPart::JobTitle => ("job title", "intitulé de poste"),
        WorkPart::Manager => ("manager", "manager"),
        WorkPart::Qualification => ("job qualification", "qualification"),
    };
    language.pick(english, french)
}

/// The data of people that is read with these groups, as one list in words.
pub fn read_contents(groups: FieldGroups, language: Language) -> String {
    let own = groups.iter().map(|group| group_contents(group, language));
    let parts = WorkPart::ALL.into_iter().filter(|part| groups.contains_part(*part));
    own.chain(parts.map(|part| part_contents(part, language))).collect::<Vec<_>>().join(", ")
}

/// The data of people that is not read with these groups, as one list in words.
pub fn unread_contents(groups: FieldGroups, language: Language) -> String {
    let unread = FieldGroup::ALL.into_iter().filter(|group| !groups.contains(*group));
    unread.map(|group| group_contents(group, language)).collect::<Vec<_>>().join(", ")
}

/// The features among these that write to Lucca. All others only read.
pub fn written(features: &Features) -> impl Iterator<Item = Feature> + '_ {
    features.iter().filter(|feature| *feature == Feature::AbsenceRequests)
}

/// One sentence on what these features write to Lucca. All texts about writing use it, so that they agree.
pub fn written_text(features: &Features, language: Language) -> &'static str {
    let (english, french) = if written(features).next().is_some() {
        (
            "We write absence requests to Lucca, as people make, cancel, approve and refuse them, and nothing else.",
            "Nous écrivons dans Lucca les demandes d’absence, à mesure qu’elles sont créées, annulées, validées ou \
             refusées, et rien d’autre.",
        )
    } else {
        (
            "We only read: nothing is written to Lucca.",
            "Nous ne faisons que lire\u{a0}: rien n’est écrit dans Lucca.",
        )
    };
    language.pick(english, french)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readme_lists_what_is_read_by_default() {
        let readme = include_str!("../../../README.md").split_whitespace().collect::<Vec<_>>().join(" ");
        for list in [read_contents, unread_contents] {
            let list = list(FieldGroups::default(), Language::English);
            assert!(readme.contains(&list), "README.md lacks: {list}");
        }
    }
}
