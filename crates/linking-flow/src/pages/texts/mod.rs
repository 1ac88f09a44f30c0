//! All texts of the linking flow, English and French side by side: a text without one of them does not
//! compile. One file per step; this one has the texts of every page.
//!
//! [`fill`] replaces `{name}`. Lucca's own labels are not here but in `linking`.

// unverified: the French names of the settings *Authentication, SSO and API*, of the tab *Co-workers* and of
// the usage *Third-party publisher*: no French page of Lucca's that shows them is known.

macro_rules! texts {
    ($([$($step:ident),+])? $($name:ident { $en:literal, $fr:literal })+) => {
        /// The texts of one language.
        pub(crate) struct Texts {
            $($(pub(crate) $step: $step::Texts,)+)?
            $(pub(crate) $name: &'static str,)+
        }

        /// English.
        pub(crate) const EN: Texts = Texts { $($($step: $step::EN,)+)? $($name: $en,)+ };

        /// French.
        pub(crate) const FR: Texts = Texts { $($($step: $step::FR,)+)? $($name: $fr,)+ };

        /// Every text with its name, in English and French.
        #[cfg(test)]
        pub(crate) fn all() -> Vec<(&'static str, &'static str, &'static str)> {
            let own = vec![$((concat!(module_path!(), "::", stringify!($name)), $en, $fr)),+];
            [own $($(, $step::all())+)?].concat()
        }
    };
}

mod access;
mod checks;
mod done;
mod enter_key;
mod hand_over;
mod key;
mod pictures;
mod refused;
mod role;
mod summary;
mod sync;
mod tenant;
mod welcome;

/// Replaces the placeholders of a text.
pub(crate) fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    // In one pass, so that placeholders in the inserted values are not replaced.
    while let Some(at) = rest.find('{') {
        let (before, after) = rest.split_at(at);
        filled.push_str(before);
        let named = values
            .iter()
            .find(|(name, _)| after[1..].starts_with(name) && after[1 + name.len()..].starts_with('}'));
        match named {
            Some((name, value)) => {
                filled.push_str(value);
                rest = &after[name.len() + 2..];
            }
            None => {
                filled.push('{');
                rest = &after[1..];
            }
        }
    }
    filled + rest
}

texts! {
    [welcome, access, pictures, hand_over, tenant, key, role, enter_key, checks, sync, summary, done, refused]
    other_language {
        "Français",
        "English"
    }
    other_language_code {
        "fr",
        "en"
    }
    skip {
        "Skip to the content",
        "Aller au contenu"
    }
    steps {
        "Steps",
        "Étapes"
    }
    step_of {
        "Step {n} of {m}",
        "Étape {n} sur {m}"
    }
    back {
        "Back",
        "Retour"
    }
    next {
        "Continue",
        "Continuer"
    }
    copy {
        "Copy",
        "Copier"
    }
    copied {
        "Copied",
        "Copié"
    }
    cancel {
        "Stop and leave",
        "Arrêter et quitter"
    }
    colon {
        ":",
        " :"
    }
    required {
        "required",
        "obligatoire"
    }
    optional {
        "optional",
        "facultatif"
    }
    or {
        "or",
        "ou"
    }
    label_in_english {
        "label shown in English",
        "libellé affiché en anglais"
    }
    opens_in_new_tab {
        "opens in a new tab",
        "s’ouvre dans un nouvel onglet"
    }
    error_heading {
        "There is a problem",
        "Il y a un problème"
    }
    device_title {
        "Continue on another device",
        "Continuer sur un autre appareil"
    }
    device_text {
        "Open this link there. It works until {until}; whoever has it can go on for you, so share it with care.",
        "Ouvrez ce lien sur l’autre appareil. Il est valable jusqu’au {until} ; toute personne qui l’a peut continuer à votre place : partagez-le avec précaution."
    }
    device_label {
        "Link to this page",
        "Lien vers cette page"
    }
    not_admin {
        "I’m not an administrator of Lucca",
        "Je ne suis pas administrateur de Lucca"
    }
    privacy {
        "How {vendor} protects your data",
        "Comment {vendor} protège vos données"
    }
    support {
        "Get help",
        "Obtenir de l’aide"
    }
    step_welcome {
        "Welcome",
        "Bienvenue"
    }
    step_access {
        "Your rights",
        "Vos droits"
    }
    step_tenant {
        "Lucca’s address",
        "Adresse de Lucca"
    }
    step_key {
        "API key",
        "Clé API"
    }
    step_role {
        "Role",
        "Rôle"
    }
    step_enter_key {
        "Enter the key",
        "Saisie de la clé"
    }
    step_checks {
        "Checks",
        "Vérifications"
    }
    step_sync {
        "Sync",
        "Synchronisation"
    }
    step_summary {
        "Summary",
        "Résumé"
    }
    step_done {
        "Done",
        "Terminé"
    }
    too_often {
        "That was too often. Wait a minute, then try again.",
        "C’était trop fréquent. Patientez une minute, puis réessayez."
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_have_the_same_placeholders() {
        let holes = |text: &str| {
            let mut names: Vec<String> =
                text.split('{').skip(1).filter_map(|part| Some(part.split_once('}')?.0.to_owned())).collect();
            names.sort();
            names.dedup();
            names
        };
        for (name, en, fr) in all() {
            assert!(!en.trim().is_empty() && !fr.trim().is_empty(), "{name}");
            assert_eq!(holes(en), holes(fr), "{name}");
        }
    }

    #[test]
    fn french_keeps_its_punctuation_on_the_line() {
        for (name, _, fr) in all() {
            for wrong in [" :", " ;", " ?", " !", " »", "« "] {
                assert!(!fr.contains(wrong), "{name}: {wrong:?}");
            }
        }
    }

    #[test]
    fn inserted_values_are_not_filled() {
        assert_eq!(fill("{a} and {b} {c}", &[("a", "{b}"), ("b", "2")]), "{b} and 2 {c}");
    }
}
