//! Texts of permissions and findings, English and French side by side; `summary_texts` has those of the whole
//! diagnosis. Counts only: no name, no id, no key. French has a no-break space (U+00A0) before double
//! punctuation and inside quotes.
//!
//! Lucca's labels: directory.md §4.2. If the French label is unknown, the English one is used and marked as
//! unverified. Lucca's own pages spell some rights in several ways; the remedies name each spelling.

use crate::diagnosis::{Evidence, Excess, Finding, Likelier, Verdict};
use crate::{Label, LuccaForm, Need, Permission, Probe};
use people::Language;

impl Permission {
    /// Lucca's label of the box.
    pub const fn label(self, language: Language) -> Label {
        const fn known(text: &'static str) -> Label {
            Label { text, also: &[], is_verified: true }
        }
        const VIEW_ABSENCES: &[&str] = &["View absences"];
        const SUBMIT_REQUESTS: &[&str] = &["Submit and cancel requests"];
        match (self, language) {
            (Self::ViewUsers, Language::English) => known("Consult / create / modify users"),
            (Self::ViewUsers, Language::French) => known("Consulter / créer / modifier les utilisateurs"),
            (Self::SeeFutureEmployees, Language::English) => known("See future employees"),
            (Self::SeeFutureEmployees, Language::French) => known("Voir les futurs employés"),
            (Self::SeeFormerEmployees, Language::English) => known("See former employees"),
            (Self::SeeFormerEmployees, Language::French) => known("Voir les employés partis"),
            (Self::ViewContracts, Language::English) => known("Consult contractual information of employees"),
            (Self::ViewContracts, Language::French) => {
                known("Consulter les informations contractuelles des collaborateurs")
            }
            (Self::ViewJobs, Language::English) => known("View employee jobs"),
            (Self::ViewJobs, Language::French) => known("Consulter les postes des collaborateurs"),
            (Self::ViewManagers, Language::English) => known("View employee managers"),
            (Self::ViewManagers, Language::French) => known("Consulter les managers des collaborateurs"),
            (Self::ViewQualifications, Language::English) => known("View employee qualifications"),
            (Self::ViewQualifications, Language::French) => {
                known("Consulter les qualifications des collaborateurs")
            }
            // unverified: the French labels of these two; none was found.
            (Self::ConsultLeaves, language) => Label {
                text: "Consult leaves",
                also: VIEW_ABSENCES,
                is_verified: matches!(language, Language::English),
            },
            (Self::MakeAbsenceRequests, language) => Label {
                text: "Make absence requests",
                also: SUBMIT_REQUESTS,
                is_verified: matches!(language, Language::English),
            },
            (Self::ConsultHrFiles, Language::English) => known("Consult HR files"),
            // unverified: that both are the same right; a page on a Lucca partner's site has the French one
            // (source: recorded-more.md).
            (Self::ConsultHrFiles, Language::French) => Label {
                text: "Consulter le dossier du personnel",
                also: &["Consult HR files"],
                is_verified: true,
            },
        }
    }

    /// The consequence of going without the permission.
    pub const fn consequence(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::ViewUsers, Language::English) => "Without it, nobody can be read at all.",
            (Self::ViewUsers, Language::French) => "Sans elle, aucun collaborateur ne peut être lu.",
            (Self::SeeFutureEmployees, Language::English) => {
                "Without it, new hires appear only on their first day."
            }
            (Self::SeeFutureEmployees, Language::French) => {
                "Sans elle, les nouveaux arrivants n’apparaissent que le jour de leur arrivée."
            }
            (Self::SeeFormerEmployees, Language::English) => {
                "Without it, people vanish on the day after their last, instead of being marked as having left."
            }
            (Self::SeeFormerEmployees, Language::French) => {
                "Sans elle, les collaborateurs disparaissent le lendemain de leur départ au lieu d’être signalés comme partis."
            }
            (Self::ViewContracts, Language::English) => {
                "Without it, only the current contract’s first and last day are known: no contract type, no history."
            }
            (Self::ViewContracts, Language::French) => {
                "Sans elle, seules les dates du contrat en cours sont connues : ni type de contrat, ni historique."
            }
            (Self::ViewJobs, Language::English) => "Without it, job titles stay empty.",
            (Self::ViewJobs, Language::French) => "Sans elle, les intitulés de poste restent vides.",
            (Self::ViewManagers, Language::English) => {
                "Without it, nobody’s manager is known and there is no org chart."
            }
            (Self::ViewManagers, Language::French) => {
                "Sans elle, les managers restent inconnus et l’organigramme ne peut pas être établi."
            }
            (Self::ViewQualifications, Language::English) => "Without it, job qualifications stay empty.",
            (Self::ViewQualifications, Language::French) => "Sans elle, les qualifications restent vides.",
            (Self::ConsultLeaves, Language::English) => "Without it, no absence can be read.",
            (Self::ConsultLeaves, Language::French) => "Sans elle, aucune absence ne peut être lue.",
            (Self::MakeAbsenceRequests, Language::English) => {
                "Without it, no absence can be requested, and requests that wait for an approval may stay unknown."
            }
            (Self::MakeAbsenceRequests, Language::French) => {
                "Sans elle, aucune absence ne peut être demandée, et les demandes en attente peuvent rester inconnues."
            }
            (Self::ConsultHrFiles, Language::English) => "Without it, your own custom fields stay empty.",
            (Self::ConsultHrFiles, Language::French) => "Sans elle, vos champs personnalisés restent vides.",
        }
    }

    /// The records that the permission opens, with their count.
    fn counted(self, count: u64, language: Language) -> String {
        let (english, french) = match self {
            Self::ViewUsers => (("person", "people"), ("personne", "personnes")),
            Self::SeeFutureEmployees => {
                (("future employee", "future employees"), ("futur collaborateur", "futurs collaborateurs"))
            }
            Self::SeeFormerEmployees => {
                (("former employee", "former employees"), ("collaborateur parti", "collaborateurs partis"))
            }
            Self::ViewContracts => (("contract", "contracts"), ("contrat", "contrats")),
            Self::ViewJobs => (
                ("person with a job title", "people with a job title"),
                ("personne avec un intitulé de poste", "personnes avec un intitulé de poste"),
            ),
            Self::ViewManagers => (
                ("person with a manager", "people with a manager"),
                ("personne avec un manager", "personnes avec un manager"),
            ),
            Self::ViewQualifications => (
                ("person with a qualification", "people with a qualification"),
                ("personne avec une qualification", "personnes avec une qualification"),
            ),
            Self::ConsultLeaves => (
                ("half-day of absence", "half-days of absence"),
                ("demi-journée d’absence", "demi-journées d’absence"),
            ),
            Self::MakeAbsenceRequests => {
                (("absence request", "absence requests"), ("demande d’absence", "demandes d’absence"))
            }
            Self::ConsultHrFiles => (
                ("person with custom fields", "people with custom fields"),
                ("personne avec des champs personnalisés", "personnes avec des champs personnalisés"),
            ),
        };
        counted(count, language.pick(english, french), language)
    }

    /// The field of people that the permission guards.
    const fn field(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::ViewJobs, Language::English) => "job title",
            (Self::ViewJobs, Language::French) => "intitulé de poste",
            (Self::ViewManagers, Language::English) => "manager",
            (Self::ViewManagers, Language::French) => "manager",
            (Self::ViewQualifications, Language::English) => "qualification",
            (Self::ViewQualifications, Language::French) => "qualification",
            (_, Language::English) => "custom fields",
            (_, Language::French) => "champs personnalisés",
        }
    }
}

impl LuccaForm {
    /// The form that has the box, as the end of a sentence (*tick … on the API key's form*).
    // unverified: the French names of the menu and of the tab *Co-workers*.
    pub const fn text(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::KeyForm, Language::English) => {
                "on the API key’s form (Settings > Authentication, SSO and API > API keys)"
            }
            (Self::KeyForm, Language::French) => "dans le formulaire de la clé API (roue crantée > Clés API)",
            (Self::RoleCoworkers, Language::English) => {
                "in the API key’s role (last in the list of roles), tab Co-workers"
            }
            (Self::RoleCoworkers, Language::French) => {
                "dans le rôle de la clé API (tout en bas de la liste des rôles), onglet des collaborateurs (Co-workers)"
            }
        }
    }
}

impl Need {
    /// The need as a word.
    pub const fn text(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Required, Language::English) => "required",
            (Self::Required, Language::French) => "obligatoire",
            (Self::Optional, Language::English) => "optional",
            (Self::Optional, Language::French) => "facultative",
        }
    }
}

impl Verdict {
    /// The verdict in a word or two, describing a permission.
    pub const fn text(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Granted, Language::English) => "granted",
            (Self::Granted, Language::French) => "accordée",
            (Self::Missing, Language::English) => "missing",
            (Self::Missing, Language::French) => "manquante",
            (Self::CannotTell, Language::English) => "can’t tell",
            (Self::CannotTell, Language::French) => "à confirmer",
        }
    }
}

impl Probe {
    /// The question that the step answers.
    pub const fn label(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Tenant, Language::English) => "Your Lucca can be reached",
            (Self::Tenant, Language::French) => "Votre Lucca est joignable",
            (Self::Key, Language::English) => "The API key is accepted",
            (Self::Key, Language::French) => "La clé API est acceptée",
            (Self::People, Language::English) => "Employees can be read",
            (Self::People, Language::French) => "Les collaborateurs sont lisibles",
            (Self::Future, Language::English) => "Future employees are shown",
            (Self::Future, Language::French) => "Les futurs collaborateurs sont visibles",
            (Self::Former, Language::English) => "Former employees are shown",
            (Self::Former, Language::French) => "Les collaborateurs partis sont visibles",
            (Self::Contracts, Language::English) => "Contracts can be read",
            (Self::Contracts, Language::French) => "Les contrats sont lisibles",
            (Self::Jobs, Language::English) => "Job titles are shown",
            (Self::Jobs, Language::French) => "Les intitulés de poste sont visibles",
            (Self::Managers, Language::English) => "Managers are shown",
            (Self::Managers, Language::French) => "Les managers sont visibles",
            (Self::Qualifications, Language::English) => "Job qualifications are shown",
            (Self::Qualifications, Language::French) => "Les qualifications sont visibles",
            (Self::Leaves, Language::English) => "Absences can be read",
            (Self::Leaves, Language::French) => "Les absences sont lisibles",
            (Self::AbsenceRequests, Language::English) => "Absence requests can be read",
            (Self::AbsenceRequests, Language::French) => "Les demandes d’absence sont lisibles",
            (Self::CustomFields, Language::English) => "Custom fields are shown",
            (Self::CustomFields, Language::French) => "Les champs personnalisés sont visibles",
            (Self::Excess, Language::English) => "Rights that are not needed",
            (Self::Excess, Language::French) => "Droits superflus",
        }
    }
}

impl Finding {
    /// The verdict in a few words; for an open verdict with the likelier explanation, or that nothing is
    /// lost.
    pub const fn verdict_text(&self, language: Language) -> &'static str {
        match (self.likelier, language) {
            (Some(Likelier::Granted), Language::English) => "nothing missing",
            (Some(Likelier::Granted), Language::French) => "rien ne manque",
            (Some(Likelier::Missing), Language::English) => "can’t tell, probably missing",
            (Some(Likelier::Missing), Language::French) => "à confirmer, sans doute manquante",
            _ => self.verdict.text(language),
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
        let permission =
            if self.evidence == Evidence::PeopleRefused { Permission::ViewUsers } else { self.permission };
        let box_ = boxed(permission, language);
        let place = permission.place().text(language);
        let text = match (self.verdict, language) {
            _ if self.evidence == Evidence::PeopleRefused => match language {
                Language::English => format!("First tick {box_} {place}, then check again."),
                Language::French => format!("Cochez d’abord {box_} {place}, puis relancez la vérification."),
            },
            (Verdict::Missing, Language::English) => {
                format!("Tick {box_} {place}, save, and check again.")
            }
            (Verdict::Missing, Language::French) => {
                format!("Cochez {box_} {place}, enregistrez, puis relancez la vérification.")
            }
            (_, Language::English) => {
                format!("Make sure that {box_} is ticked {place}. If it is, please confirm it.")
            }
            (_, Language::French) => {
                format!("Vérifiez que {box_} est cochée {place}. Si c’est le cas, merci de le confirmer.")
            }
        };
        Some(text)
    }

    /// The consequence of going without the permission.
    pub fn consequence_text(&self, language: Language) -> String {
        self.permission.consequence(language).to_owned()
    }
}

fn boxed(permission: Permission, language: Language) -> String {
    let label = permission.label(language);
    let spellings = |quote: fn(&str) -> String, or: &str| {
        let all: Vec<String> = [label.text].iter().chain(label.also).map(|text| quote(text)).collect();
        all.join(or)
    };
    match language {
        Language::English => spellings(|text| format!("“{text}”"), " or "),
        Language::French => {
            let spellings = spellings(|text| format!("« {text} »"), " ou ");
            let note = match (label.is_verified, label.also) {
                (true, _) => "",
                (false, []) => " (libellé anglais)",
                (false, _) => " (libellés anglais)",
            };
            format!("la case {spellings}{note}")
        }
    }
}

fn evidence(permission: Permission, evidence: &Evidence, language: Language) -> String {
    let people = |count: u64| people(count, language);
    let field = permission.field(language);
    let (english, french) = match evidence {
        Evidence::Shown { count } => {
            let what = permission.counted(*count, language);
            (format!("Lucca shows {what}."), format!("Lucca montre {what}."))
        }
        Evidence::AtLeast { count } => {
            let what = permission.counted(*count, language);
            (format!("Lucca shows at least {what}."), format!("Lucca montre au moins {what}."))
        }
        Evidence::ShownAmong { count, among } => {
            let (what, among) = (permission.counted(*count, language), people(*among));
            (
                format!("Lucca shows {what}, among the first {among} that were looked at."),
                format!("Lucca montre {what}, parmi les {among} examinées en premier."),
            )
        }
        Evidence::CountsDiffer { with, without } => (
            format!("Lucca counts {} with former employees and {} without.", people(*with), people(*without)),
            format!("Lucca compte {} avec les partis et {} sans eux.", people(*with), people(*without)),
        ),
        Evidence::Refused { status } => {
            let code = status.map(|status| format!(" ({status})")).unwrap_or_default();
            (format!("Lucca refused it to this key{code}."), format!("Lucca l’a refusé à cette clé{code}."))
        }
        Evidence::ContractsOfUnseen { people: count } => {
            let (english, french) = match permission {
                Permission::SeeFutureEmployees => ("are yet to begin", "à venir"),
                _ => ("have ended", "terminés"),
            };
            (
                format!(
                    "Lucca shows contracts that {english} of {} whose own records it does not show.",
                    people(*count)
                ),
                format!(
                    "Lucca laisse lire des contrats {french} de {} dont la fiche n’est pas visible.",
                    people(*count)
                ),
            )
        }
        Evidence::ReferredUnseen { people: count } => (
            format!(
                "Managers, heads of departments or absences point to {} whose records Lucca does not show: probably \
                 leavers, or the key’s role is narrowed to a part of the company.",
                people(*count)
            ),
            format!(
                "Des managers, des responsables de département ou des absences renvoient à {} dont la fiche n’est pas \
                 visible : sans doute des départs, ou un rôle limité à une partie de l’entreprise.",
                people(*count)
            ),
        ),
        Evidence::WereShown { people: count } => (
            format!("Earlier, Lucca showed {} whose records it no longer shows.", people(*count)),
            format!("Lucca montrait auparavant {} dont la fiche n’est plus visible.", people(*count)),
        ),
        Evidence::NobodyShown => (
            "Lucca answers, but shows nobody: the company is empty, or the key’s role is narrowed to nobody.".to_owned(),
            "Lucca répond, mais ne montre personne : l’entreprise est vide, ou le rôle de la clé ne couvre personne."
                .to_owned(),
        ),
        Evidence::NoneAmong { people: count } => {
            let (english, french) = match permission {
                Permission::SeeFutureEmployees => (
                    "Nobody is yet to begin: there is no such hire, or the key may not see it",
                    "Aucune arrivée à venir : soit il n’y en a pas, soit la clé n’a pas le droit de les voir",
                ),
                _ => (
                    "Nobody has left: there is no leaver, or the key may not see them",
                    "Aucun départ : soit il n’y en a pas, soit la clé n’a pas le droit de les voir",
                ),
            };
            let shown = people(*count);
            (format!("Lucca shows {shown}. {english}."), format!("Lucca montre {shown}. {french}."))
        }
        Evidence::NoDates { people: count } => (
            format!("Among {}, nobody shows a first or a last day, so that it can’t be told who has left.", people(*count)),
            format!("Sur {}, aucune date de contrat n’est visible : impossible de savoir qui est parti ou à venir.", people(*count)),
        ),
        Evidence::FieldEmpty { people: count } => (
            format!(
                "Empty ({field}) for {}: not used in your company, or hidden from the key.",
                people(*count)
            ),
            format!(
                "Donnée vide ({field}) pour {} : non utilisée dans votre entreprise, ou masquée à la clé.",
                people(*count)
            ),
        ),
        Evidence::FieldOmitted { people: count } => (
            format!(
                "Lucca leaves the field ({field}) out for {}, as if the key had no right to see it.",
                people(*count)
            ),
            format!(
                "Lucca ne transmet pas cette donnée ({field}) pour {}, comme si la clé n’avait pas le droit de la voir.",
                people(*count)
            ),
        ),
        Evidence::FieldUnknown => (
            format!("Your Lucca says that it knows no such field ({field})."),
            format!("Votre Lucca indique ne pas connaître cette donnée ({field})."),
        ),
        Evidence::FieldLost { stored } => (
            format!("Lucca showed it ({field}) earlier and no longer does; the values of {} were kept.", people(*stored)),
            format!("Lucca montrait cette donnée ({field}) et ne la montre plus ; les valeurs de {} ont été conservées.", people(*stored)),
        ),
        Evidence::QualificationsInUse { people: count } => (
            format!("Lucca counts {} with a qualification, and shows none of anybody.", people(*count)),
            format!("Lucca compte {} avec une qualification, et n’en montre aucune.", people(*count)),
        ),
        Evidence::NoneDefined => (
            "Your company has no custom fields: nothing is missing.".to_owned(),
            "Votre entreprise n’a pas de champs personnalisés : il ne manque rien.".to_owned(),
        ),
        Evidence::ListEmpty if permission == Permission::ViewContracts => (
            "Lucca answers, but shows no contract, although everybody has one.".to_owned(),
            "Lucca répond, mais ne montre aucun contrat, alors que chacun en a un.".to_owned(),
        ),
        Evidence::ListEmpty => (
            "Lucca answers, and there is nothing to be shown yet: probably nothing is missing.".to_owned(),
            "Lucca répond, et il n’y a encore rien à montrer : il ne manque sans doute rien.".to_owned(),
        ),
        Evidence::ListUnreadable { code } => (
            format!("It could not be read, for another reason than a permission ({code})."),
            format!("La lecture a échoué pour une autre raison qu’une permission ({code})."),
        ),
        Evidence::RequestsReadable { rows } => {
            let what = permission.counted(*rows, language);
            (
                format!("Requests can be read ({what}). Whether the key may make some is not tried: this check writes nothing."),
                format!("Les demandes sont lisibles ({what}). Nous ne testons pas si la clé peut en créer : cette vérification n’écrit rien."),
            )
        }
        Evidence::PeopleRefused => (
            "This can’t be told until employees can be read.".to_owned(),
            "Impossible à déterminer tant que les collaborateurs ne sont pas lisibles.".to_owned(),
        ),
        Evidence::NotRead => (
            "It has not been read yet.".to_owned(),
            "Cette donnée n’a pas encore été lue.".to_owned(),
        ),
    };
    language.pick(english, french)
}

impl Excess {
    /// The unneeded right, and what to do about it. `written` is the sentence on what is written to Lucca
    /// ([`written_text`](crate::written_text)), if known.
    pub fn text(self, written: Option<&str>, language: Language) -> String {
        let (english, french) = match self {
            Self::WritePreset => {
                let written = written.map(|text| format!(" {text}")).unwrap_or_default();
                let english = format!(
                    "The box “Consult / create / modify users” also lets a key create and modify people; Lucca offers \
                     no smaller one.{written} In the key’s role you can untick what modifies."
                );
                let french = format!(
                    "La case « Consulter / créer / modifier les utilisateurs » permet aussi de créer et de modifier \
                     des collaborateurs ; Lucca n’en propose pas de plus restreinte.{written} Vous pouvez décocher les \
                     droits de modification dans le rôle de la clé."
                );
                return language.pick(english, french);
            }
            Self::Leaves => (
                "The key can read absences, which are not needed: untick “Consult leaves” on the API key’s form.",
                "La clé peut lire les absences, qui ne sont pas nécessaires : décochez « Consult leaves » (libellé \
                 anglais) dans le formulaire de la clé API.",
            ),
            Self::CustomFields => (
                "The key can read your custom fields, which are not needed: untick “Consult HR files” in the API \
                 key’s role.",
                "La clé peut lire vos champs personnalisés, qui ne sont pas nécessaires : décochez « Consulter \
                 le dossier du personnel » dans le rôle de la clé API.",
            ),
        };
        language.pick(english, french).to_owned()
    }
}

pub(crate) fn people(count: u64, language: Language) -> String {
    Permission::ViewUsers.counted(count, language)
}

/// A count with its noun, formatted for the language. French uses the singular for 0 as well.
fn counted(count: u64, (one, many): (&str, &str), language: Language) -> String {
    let is_one = match language {
        Language::English => count == 1,
        Language::French => count < 2,
    };
    format!("{} {}", number(count, language), if is_one { one } else { many })
}

/// A number with thousands separators of the language.
pub(crate) fn number(count: u64, language: Language) -> String {
    let digits = count.to_string();
    let mut number = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            number.push(language.pick(',', '\u{202f}'));
        }
        number.push(digit);
    }
    number
}
