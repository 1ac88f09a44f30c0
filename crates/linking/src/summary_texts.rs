//! Texts of a whole diagnosis: its headline, the number of people that the key shows, a narrowed role.
//! English and French side by side.

use crate::diagnosis::Narrowed;
use crate::texts::{number, people};
use crate::{Headline, PeopleSeen, Permission, Readiness};
use people::Language;

impl Headline {
    /// The headline as a sentence, with Lucca's labels of the missing permissions.
    pub fn text(&self, language: Language) -> String {
        let labels: Vec<String> = self.missing.iter().map(|one| quoted(*one, language)).collect();
        let (count, labels) = (labels.len(), labels.join(", "));
        let is_one = count == 1;
        let narrowed = self.narrowed_text(language);
        match (self.readiness, language) {
            (Readiness::Ready, Language::English) => "Ready: everything that you chose is there.".to_owned(),
            (Readiness::Ready, Language::French) => "Prêt : tout ce que vous avez choisi est là.".to_owned(),
            (Readiness::ReadyBut, Language::English) if count == 0 => format!("Ready, but {narrowed}."),
            (Readiness::ReadyBut, Language::French) if count == 0 => format!("Prêt, mais {narrowed}."),
            (Readiness::ReadyBut, Language::English) => {
                let verb = if is_one { "is" } else { "are" };
                let missing = if self.is_certain { "missing" } else { "missing or not confirmed" };
                format!("Ready, but {count} of your choices {verb} {missing}: {labels}{narrowed}.")
            }
            (Readiness::ReadyBut, Language::French) => {
                let verb = match (is_one, self.is_certain) {
                    (true, true) => "manque",
                    (true, false) => "manque ou n’est pas confirmé",
                    (false, true) => "manquent",
                    (false, false) => "manquent ou ne sont pas confirmés",
                };
                format!("Prêt, mais {count} de vos choix {verb} : {labels}{narrowed}.")
            }
            (Readiness::NotReady, Language::English) => {
                let missing = if self.is_certain { "missing" } else { "missing or not confirmed" };
                format!("Not ready: what is required is {missing}: {labels}{narrowed}.")
            }
            (Readiness::NotReady, Language::French) => {
                let missing = if self.is_certain { "manque" } else { "manque ou n’est pas confirmé" };
                format!("Pas prêt : ce qui est obligatoire {missing} : {labels}{narrowed}.")
            }
        }
    }

    /// The end of the headline; empty unless the key is narrowed.
    fn narrowed_text(&self, language: Language) -> String {
        if !self.is_narrowed {
            return String::new();
        }
        let text = language.pick(
            "the key’s role seems narrowed to a part of the company",
            "le rôle de la clé semble limité à une partie de l’entreprise",
        );
        let and = if self.missing.is_empty() { "" } else { language.pick("; and ", "\u{a0}; de plus, ") };
        format!("{and}{text}")
    }
}

/// Lucca's label of a box, in quotes.
fn quoted(permission: Permission, language: Language) -> String {
    let label = permission.label(language).text;
    language.pick(format!("“{label}”"), format!("« {label} »"))
}

impl PeopleSeen {
    /// How many people the key shows, by status as far as known.
    pub fn text(&self, language: Language) -> Option<String> {
        let all = people(self.total?, language);
        let Self { active: Some(active), future: Some(future), former: Some(former), .. } = *self else {
            return Some(language.pick(format!("Lucca shows {all}."), format!("Lucca montre {all}.")));
        };
        let number = |count| number(count, language);
        let (active, future, former) = (number(active), number(future), number(former));
        let text = match language {
            Language::English => {
                format!("Lucca shows {all}: {active} active, {future} yet to begin, {former} who have left.")
            }
            Language::French => {
                format!("Lucca montre {all} : {active} en poste, {future} à venir, {former} parties.")
            }
        };
        Some(text)
    }
}

impl Narrowed {
    /// The evidence that the role is narrowed, and what to do.
    pub fn text(self, language: Language) -> String {
        format!("{} {}", self.evidence_text(language), self.remedy_text(language))
    }

    /// The evidence that the role is narrowed.
    pub fn evidence_text(self, language: Language) -> String {
        let (unseen, of) = (number(self.unseen, language), number(self.of, language));
        match language {
            Language::English => format!(
                "{unseen} of {of} references (managers, heads of departments, contracts, absences) lead to people who \
                 are not shown: the key’s role seems to be narrowed to a part of the company."
            ),
            Language::French => format!(
                "{unseen} références sur {of} (managers, responsables de département, contrats, absences) mènent à des \
                 personnes qui ne sont pas montrées : le rôle de la clé semble limité à une partie de l’entreprise."
            ),
        }
    }

    /// What to do about a narrowed role.
    pub const fn remedy_text(self, language: Language) -> &'static str {
        match language {
            Language::English => "Set its scope to the whole company, unless that is intended.",
            Language::French => "Étendez son périmètre à toute l’entreprise, sauf si c’est voulu.",
        }
    }
}
