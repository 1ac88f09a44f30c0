//! Every permission, verdict and evidence has its text in both languages, and no text contains personal data.

use linking::{
    Evidence, Excess, Finding, Headline, Likelier, LuccaForm, Narrowed, Need, PeopleSeen, Permission, Probe,
    Readiness, Verdict, written_text,
};
use people::Language;
use people::{Feature, Features};

fn evidences(count: u64) -> Vec<Evidence> {
    vec![
        Evidence::Shown { count },
        Evidence::AtLeast { count },
        Evidence::ShownAmong { count, among: count + 3 },
        Evidence::CountsDiffer { with: count + 3, without: count },
        Evidence::Refused { status: Some(403) },
        Evidence::Refused { status: None },
        Evidence::ContractsOfUnseen { people: count },
        Evidence::ReferredUnseen { people: count },
        Evidence::WereShown { people: count },
        Evidence::NobodyShown,
        Evidence::NoneAmong { people: count },
        Evidence::NoDates { people: count },
        Evidence::FieldEmpty { people: count },
        Evidence::FieldOmitted { people: count },
        Evidence::FieldUnknown,
        Evidence::FieldLost { stored: count },
        Evidence::QualificationsInUse { people: count },
        Evidence::NoneDefined,
        Evidence::ListEmpty,
        Evidence::ListUnreadable { code: "lucca.timeout".to_owned() },
        Evidence::RequestsReadable { rows: count },
        Evidence::PeopleRefused,
        Evidence::NotRead,
    ]
}

fn findings() -> Vec<Finding> {
    let mut findings = Vec::new();
    for permission in Permission::ALL {
        for verdict in [Verdict::Granted, Verdict::Missing, Verdict::CannotTell] {
            for likelier in [None, Some(Likelier::Missing), Some(Likelier::Granted)] {
                for evidence in [0, 1, 1234].into_iter().flat_map(evidences) {
                    let likelier = likelier.filter(|_| verdict == Verdict::CannotTell);
                    findings.push(Finding {
                        permission,
                        need: permission.need(),
                        verdict,
                        likelier,
                        evidence,
                    });
                }
            }
        }
    }
    findings
}

/// Asserts that a sentence begins with a capital or a number, ends with a full stop, and has typographic
/// apostrophes; in French also no-break spaces.
fn assert_sentence(text: &str, language: Language) {
    let first = text.chars().next().unwrap();
    assert!(first.is_uppercase() || first.is_numeric(), "{text}");
    assert!(text.ends_with('.'), "{text}");
    assert!(!text.contains("  ") && !text.contains('\''), "{text}");
    if language == Language::French {
        for wrong in [" :", " ;", "« ", " »"] {
            assert!(!text.contains(wrong), "{text}");
        }
    }
}

#[test]
fn every_finding_has_texts_in_both_languages() {
    for finding in findings() {
        let mut told = Vec::new();
        for language in Language::ALL {
            let evidence = finding.evidence_text(language);
            assert_sentence(&evidence, language);
            assert_sentence(&finding.consequence_text(language), language);
            let remedy = finding.remedy_text(language);
            let is_needed =
                finding.verdict != Verdict::Granted && finding.likelier != Some(Likelier::Granted);
            assert_eq!(remedy.is_some(), is_needed, "{finding:?}");
            if let Some(remedy) = &remedy {
                assert_sentence(remedy, language);
                let named = match finding.evidence {
                    Evidence::PeopleRefused => Permission::ViewUsers,
                    _ => finding.permission,
                };
                let label = named.label(language);
                for spelling in [label.text].iter().chain(&label.also) {
                    assert!(remedy.contains(spelling), "{remedy}");
                }
            }
            told.push((evidence, finding.consequence_text(language)));
        }
        assert_ne!(finding.verdict_text(Language::English), finding.verdict_text(Language::French));
        let is_told_apart = (finding.verdict_text(Language::English) == "can’t tell")
            == (finding.verdict == Verdict::CannotTell && finding.likelier.is_none());
        assert!(is_told_apart, "{finding:?}");
        assert!(told[0].0 != told[1].0 && told[0].1 != told[1].1, "not translated: {told:?}");
    }
}

#[test]
fn other_texts_exist_in_both_languages() {
    for language in Language::ALL {
        for excess in Excess::ALL {
            for written in [None, Some(written_text(&Features::all(), language))] {
                assert_sentence(&excess.text(written, language), language);
            }
        }
        assert_sentence(&Narrowed { unseen: 31, of: 1340 }.text(language), language);
        for probe in Probe::ALL {
            assert!(!probe.label(language).is_empty());
        }
        for text in [
            Need::Required.text(language),
            Need::Optional.text(language),
            LuccaForm::KeyForm.text(language),
            LuccaForm::RoleCoworkers.text(language),
        ] {
            assert!(!text.is_empty());
        }
        let known = PeopleSeen { total: Some(1300), active: Some(1000), future: Some(0), former: Some(300) };
        assert_sentence(&known.text(language).unwrap(), language);
        assert_sentence(
            &PeopleSeen { total: Some(1), ..PeopleSeen::default() }.text(language).unwrap(),
            language,
        );
        assert_eq!(PeopleSeen::default().text(language), None);
    }
}

#[test]
fn labels_are_luccas_own_or_unverified() {
    let labels = |language| Permission::ALL.map(|permission| permission.label(language));
    assert!(labels(Language::English).iter().all(|label| label.is_verified));
    let french = Permission::SeeFormerEmployees.label(Language::French);
    assert_eq!((french.text, french.is_verified), ("Voir les employés partis", true));
    let unknown: Vec<_> =
        Permission::ALL.into_iter().filter(|one| !one.label(Language::French).is_verified).collect();
    assert_eq!(unknown, [Permission::ConsultLeaves, Permission::MakeAbsenceRequests]);
    for permission in unknown {
        assert_eq!(permission.label(Language::French).text, permission.label(Language::English).text);
    }
}

#[test]
fn numbers_and_plurals_follow_the_language() {
    let text = |count, language| {
        let permission = Permission::ViewUsers;
        let evidence = Evidence::Shown { count };
        Finding { permission, need: Need::Required, verdict: Verdict::Granted, likelier: None, evidence }
            .evidence_text(language)
    };
    assert_eq!(text(1, Language::English), "Lucca shows 1 person.");
    assert_eq!(text(0, Language::English), "Lucca shows 0 people.");
    assert_eq!(text(12_345, Language::English), "Lucca shows 12,345 people.");
    assert_eq!(text(0, Language::French), "Lucca montre 0 personne.");
    assert_eq!(text(1_234_567, Language::French), "Lucca montre 1\u{202f}234\u{202f}567 personnes.");
}

#[test]
fn names_read_back() {
    for permission in Permission::ALL {
        assert_eq!(permission.name().parse(), Ok(permission));
        assert_eq!(serde_json::to_value(permission).unwrap(), permission.name());
    }
    for probe in Probe::ALL {
        assert_eq!(serde_json::to_value(probe).unwrap(), probe.name());
    }
    for excess in Excess::ALL {
        assert_eq!(serde_json::to_value(excess).unwrap(), excess.name());
    }
    assert_eq!("fr-CH".parse(), Ok(Language::French));
    assert!("xx".parse::<Language>().is_err());
}

#[test]
fn headlines_name_what_is_missing() {
    let headline = |readiness, missing: &[Permission], is_certain, is_narrowed| Headline {
        readiness,
        missing: missing.to_vec(),
        is_certain,
        is_narrowed,
    };
    let (managers, jobs) = (Permission::ViewManagers, Permission::ViewJobs);
    for (headline, english) in [
        (headline(Readiness::Ready, &[], true, false), "Ready: everything that you chose is there."),
        (
            headline(Readiness::Limited, &[managers], true, false),
            "Ready, but 1 of your choices is missing: “View employee managers”.",
        ),
        (
            headline(Readiness::Limited, &[jobs, managers], false, true),
            "Ready, but 2 of your choices are missing or not confirmed: “View employee jobs”, “View employee \
             managers”; and the key’s role seems narrowed to a part of the company.",
        ),
        (
            headline(Readiness::Limited, &[], true, true),
            "Ready, but the key’s role seems narrowed to a part of the company.",
        ),
        (
            headline(Readiness::NotReady, &[Permission::SeeFormerEmployees], false, false),
            "Not ready: what is required is missing or not confirmed: “See former employees”.",
        ),
    ] {
        assert_eq!(headline.text(Language::English), english);
        let french = headline.text(Language::French);
        assert_sentence(&french, Language::French);
        for permission in &headline.missing {
            assert!(french.contains(permission.label(Language::French).text), "{french}");
        }
    }
}

#[test]
fn written_text_follows_from_the_features() {
    for (language, only_reads) in [(Language::English, "only read"), (Language::French, "que lire")] {
        let reads = written_text(&Features::all().without(Feature::AbsenceRequests), language);
        let writes = written_text(&Features::all(), language);
        for text in [reads, writes] {
            assert_sentence(text, language);
        }
        assert!(reads.contains(only_reads) && !writes.contains(only_reads), "{reads} {writes}");
    }
}
