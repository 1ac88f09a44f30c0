//! Texts of permissions and findings. Counts only: no name, no id, no key. `summary_texts` has those of the whole
//! diagnosis.
//!
//! Lucca's labels: directory.md §4.2. If the label in a language is unknown, the English one is used and marked as
//! unverified. Lucca's own pages spell some rights in several ways; the remedies name each spelling.

use crate::diagnosis::{Evidence, Excess, Finding, Likelier, Verdict};
use crate::{Label, LuccaForm, Need, Permission, Probe};
use people::Language;
use texts::{Texts, key};

impl Permission {
    /// Lucca's label of the box.
    pub fn label(self, language: Language) -> Label {
        let key = key("permission-label-", self.name());
        Label {
            text: language.text(&key),
            also: language.attribute(&key, "also").map_or_else(Vec::new, |also| also.split(" | ").collect()),
            is_verified: language.attribute(&key, "is-unverified").is_none(),
        }
    }

    /// The consequence of going without the permission.
    pub fn consequence(self, language: Language) -> &'static str {
        language.text(&key("permission-consequence-", self.name()))
    }

    /// The records that the permission opens, with their count.
    fn counted(self, count: u64, language: Language) -> String {
        language.fill(&key("permission-records-", self.name()), &[("count", count.into())])
    }

    /// The field of people that the permission guards.
    fn field(self, language: Language) -> &'static str {
        language.text(match self {
            Self::ViewJobs => "permission-field-job-title",
            Self::ViewManagers => "permission-field-manager",
            Self::ViewQualifications => "permission-field-qualification",
            _ => "permission-field-custom-fields",
        })
    }

    /// The box with each spelling of its label, in a sentence.
    fn box_text(self, language: Language) -> String {
        let label = self.label(language);
        let quoted = |text: &str| language.fill("format-quoted", &[("text", text.into())]);
        let labels = label.also.iter().fold(quoted(label.text), |first, other| {
            let values = [("first", first.into()), ("second", quoted(other).into())];
            language.fill("permission-labels-or", &values)
        });
        if label.is_verified {
            return language.fill("permission-box", &[("labels", labels.into())]);
        }
        let count = label.also.len() + 1;
        language.fill("permission-box-unverified", &[("labels", labels.into()), ("count", count.into())])
    }
}

impl LuccaForm {
    /// The form that has the box, as the end of a sentence (*tick … on the API key's form*).
    pub fn text(self, language: Language) -> &'static str {
        language.text(match self {
            Self::KeyForm => "permission-place-key-form",
            Self::RoleCoworkers => "permission-place-role-coworkers",
        })
    }
}

impl Need {
    /// The need as a word.
    pub fn text(self, language: Language) -> &'static str {
        language.text(match self {
            Self::Required => "permission-need-required",
            Self::Optional => "permission-need-optional",
        })
    }
}

impl Verdict {
    /// The verdict in a word or two, describing a permission.
    pub fn text(self, language: Language) -> &'static str {
        language.text(match self {
            Self::Granted => "permission-verdict-granted",
            Self::Missing => "permission-verdict-missing",
            Self::CannotTell => "permission-verdict-cannot-tell",
        })
    }
}

impl Probe {
    /// The question that the step answers.
    pub fn label(self, language: Language) -> &'static str {
        language.text(&key("permission-probe-", self.name()))
    }
}

impl Finding {
    /// The verdict in a few words; for an open verdict with the likelier explanation, or that nothing is
    /// lost.
    pub fn verdict_text(&self, language: Language) -> &'static str {
        match self.likelier {
            Some(Likelier::Granted) => language.text("permission-verdict-likely-granted"),
            Some(Likelier::Missing) => language.text("permission-verdict-likely-missing"),
            None => self.verdict.text(language),
        }
    }

    /// The evidence, in a sentence.
    pub fn evidence_text(&self, language: Language) -> String {
        evidence(self.permission, &self.evidence, language)
    }

    /// What to do, in a sentence or two; `None` if the permission is granted or nothing is lost without it.
    pub fn remedy_text(&self, language: Language) -> Option<String> {
        if self.verdict == Verdict::Granted || self.likelier == Some(Likelier::Granted) {
            return None;
        }
        let (key, permission) = match (&self.evidence, self.verdict) {
            (Evidence::PeopleRefused, _) => ("permission-remedy-people-first", Permission::ViewUsers),
            (_, Verdict::Missing) => ("permission-remedy-missing", self.permission),
            _ => ("permission-remedy-unconfirmed", self.permission),
        };
        let place = permission.place().text(language);
        let values = [("box", permission.box_text(language).into()), ("place", place.into())];
        Some(language.fill(key, &values))
    }

    /// The consequence of going without the permission.
    pub fn consequence_text(&self, language: Language) -> String {
        self.permission.consequence(language).to_owned()
    }
}

fn evidence(permission: Permission, evidence: &Evidence, language: Language) -> String {
    let records = |count: u64| ("records", permission.counted(count, language).into());
    let people = |count: u64| ("people", people(count, language).into());
    let field = ("field", permission.field(language).into());
    let fill = |key, values: &[_]| language.fill(key, values);
    match evidence {
        Evidence::Shown { count } => fill("permission-evidence-shown", &[records(*count)]),
        Evidence::AtLeast { count } => fill("permission-evidence-at-least", &[records(*count)]),
        Evidence::ShownAmong { count, among } => {
            fill("permission-evidence-shown-among", &[records(*count), people(*among)])
        }
        Evidence::CountsDiffer { with, without } => {
            let ((_, with), (_, without)) = (people(*with), people(*without));
            fill("permission-evidence-counts-differ", &[("with", with), ("without", without)])
        }
        Evidence::Refused { status: None } => language.text("permission-evidence-refused").to_owned(),
        Evidence::Refused { status: Some(status) } => {
            fill("permission-evidence-refused-with-status", &[("status", status.to_string().into())])
        }
        Evidence::ContractsOfUnseen { people: count } => {
            let key = match permission {
                Permission::SeeFutureEmployees => "permission-evidence-future-contracts-of-unseen",
                _ => "permission-evidence-ended-contracts-of-unseen",
            };
            fill(key, &[people(*count)])
        }
        Evidence::ReferredUnseen { people: count } => {
            fill("permission-evidence-referred-unseen", &[people(*count)])
        }
        Evidence::WereShown { people: count } => fill("permission-evidence-were-shown", &[people(*count)]),
        Evidence::NobodyShown => language.text("permission-evidence-nobody-shown").to_owned(),
        Evidence::NoneAmong { people: count } => {
            let key = match permission {
                Permission::SeeFutureEmployees => "permission-evidence-no-future",
                _ => "permission-evidence-no-former",
            };
            fill(key, &[people(*count)])
        }
        Evidence::NoDates { people: count } => fill("permission-evidence-no-dates", &[people(*count)]),
        Evidence::FieldEmpty { people: count } => {
            fill("permission-evidence-field-empty", &[field, people(*count)])
        }
        Evidence::FieldOmitted { people: count } => {
            fill("permission-evidence-field-omitted", &[field, people(*count)])
        }
        Evidence::FieldUnknown => fill("permission-evidence-field-unknown", &[field]),
        Evidence::FieldLost { stored } => fill("permission-evidence-field-lost", &[field, people(*stored)]),
        Evidence::QualificationsInUse { people: count } => {
            fill("permission-evidence-qualifications-in-use", &[people(*count)])
        }
        Evidence::NoneDefined => language.text("permission-evidence-none-defined").to_owned(),
        Evidence::ListEmpty if permission == Permission::ViewContracts => {
            language.text("permission-evidence-no-contracts").to_owned()
        }
        Evidence::ListEmpty => language.text("permission-evidence-list-empty").to_owned(),
        Evidence::ListUnreadable { code } => {
            fill("permission-evidence-list-unreadable", &[("code", code.into())])
        }
        Evidence::RequestsReadable { rows } => {
            fill("permission-evidence-requests-readable", &[records(*rows)])
        }
        Evidence::PeopleRefused => language.text("permission-evidence-people-refused").to_owned(),
        Evidence::NotRead => language.text("permission-evidence-not-read").to_owned(),
    }
}

impl Excess {
    /// The unneeded right, and what to do about it. `written` is the sentence on what is written to Lucca
    /// ([`written_text`](crate::written_text)), if known.
    pub fn text(self, written: Option<&str>, language: Language) -> String {
        let key = match (self, written) {
            (Self::WritePreset, Some(written)) => {
                let values = [("written", written.into())];
                return language.fill("permission-excess-write-preset-written", &values);
            }
            (Self::WritePreset, None) => "permission-excess-write-preset",
            (Self::Leaves, _) => "permission-excess-leaves",
            (Self::CustomFields, _) => "permission-excess-custom-fields",
        };
        language.text(key).to_owned()
    }
}

pub(crate) fn people(count: u64, language: Language) -> String {
    Permission::ViewUsers.counted(count, language)
}
