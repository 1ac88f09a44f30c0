//! Names of record kinds and formats of numbers, in each language.

use people::Kind;

use people::Language;

/// The name of a kind's records, singular and plural.
pub const fn noun(kind: Kind, language: Language) -> (&'static str, &'static str) {
    match language {
        Language::English => english(kind),
        Language::French => french(kind),
    }
}

/// A number with thousands separators: `20,000`, and in French `20 000` with narrow no-break spaces.
pub fn grouped(number: u64, language: Language) -> String {
    let mark = language.pick(',', '\u{202f}');
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(mark);
        }
        text.push(digit);
    }
    text
}

const fn english(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::LegalUnit => ("legal unit", "legal units"),
        Kind::Establishment => ("establishment", "establishments"),
        Kind::Department => ("department", "departments"),
        Kind::OccupationCategory => ("occupation category", "occupation categories"),
        Kind::JobQualification => ("job qualification", "job qualifications"),
        Kind::LeaveType => ("leave type", "leave types"),
        Kind::CustomFieldDefinition => ("custom field", "custom fields"),
        Kind::Employment => ("contract", "contracts"),
        Kind::Employee => ("person", "people"),
        Kind::WorkingDay => ("working day", "working days"),
        Kind::UserLogEntry => ("log entry", "log entries"),
        Kind::Absence => ("absence", "absences"),
        Kind::AbsenceRequest => ("absence request", "absence requests"),
    }
}

const fn french(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::LegalUnit => ("unité légale", "unités légales"),
        Kind::Establishment => ("établissement", "établissements"),
        Kind::Department => ("département", "départements"),
        Kind::OccupationCategory => ("catégorie socioprofessionnelle", "catégories socioprofessionnelles"),
        Kind::JobQualification => ("qualification", "qualifications"),
        Kind::LeaveType => ("type d’absence", "types d’absence"),
        Kind::CustomFieldDefinition => ("champ personnalisé", "champs personnalisés"),
        Kind::Employment => ("contrat", "contrats"),
        Kind::Employee => ("collaborateur", "collaborateurs"),
        Kind::WorkingDay => ("jour travaillé", "jours travaillés"),
        Kind::UserLogEntry => ("entrée du journal", "entrées du journal"),
        Kind::Absence => ("absence", "absences"),
        Kind::AbsenceRequest => ("demande d’absence", "demandes d’absence"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(
            [7, 999, 1000, 1_234_567].map(|number| grouped(number, Language::English)),
            ["7", "999", "1,000", "1,234,567"]
        );
        assert_eq!(grouped(20_000, Language::French), "20\u{202f}000");
    }
}
