//! Texts of a whole diagnosis: its headline, the number of people that the key shows, a narrowed role.

use crate::diagnosis::Narrowed;
use crate::permission_texts::people;
use crate::{Headline, PeopleSeen, Readiness};
use people::Language;
use texts::Texts;

impl Headline {
    /// The headline as a sentence, with Lucca's labels of the missing permissions.
    pub fn text(&self, language: Language) -> String {
        let quoted = |label: &str| language.fill("format-quoted", &[("text", label.into())]);
        let labels: Vec<String> = self.missing.iter().map(|one| quoted(one.label(language).text)).collect();
        let values = [
            ("count", labels.len().into()),
            ("labels", language.list(&labels).into()),
            ("certain", self.is_certain.into()),
            ("narrowed", self.is_narrowed.into()),
        ];
        match self.readiness {
            Readiness::Ready => language.text("permission-headline-ready").to_owned(),
            Readiness::Limited if labels.is_empty() => {
                language.text("permission-headline-ready-narrowed").to_owned()
            }
            Readiness::Limited => language.fill("permission-headline-ready-but", &values),
            Readiness::NotReady => language.fill("permission-headline-not-ready", &values),
        }
    }
}

impl PeopleSeen {
    /// How many people the key shows, by status as far as known.
    pub fn text(&self, language: Language) -> Option<String> {
        let all = ("people", people(self.total?, language).into());
        let Self { active: Some(active), future: Some(future), former: Some(former), .. } = *self else {
            return Some(language.fill("permission-people", &[all]));
        };
        let values = [all, ("active", active.into()), ("future", future.into()), ("former", former.into())];
        Some(language.fill("permission-people-by-status", &values))
    }
}

impl Narrowed {
    /// The evidence that the role is narrowed, and what to do.
    pub fn text(self, language: Language) -> String {
        format!("{} {}", self.evidence_text(language), self.remedy_text(language))
    }

    /// The evidence that the role is narrowed.
    pub fn evidence_text(self, language: Language) -> String {
        language.fill("permission-narrowed", &[("unseen", self.unseen.into()), ("of", self.of.into())])
    }

    /// What to do about a narrowed role.
    pub fn remedy_text(self, language: Language) -> &'static str {
        language.text("permission-narrowed-remedy")
    }
}
