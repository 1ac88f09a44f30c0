//! HTML pages and texts of the linking flow, rendered from plain values. The files of the steps decide
//! their content; rendering reads neither the store nor Lucca.

use askama::Template;
use people::Language;
use texts::Texts;
use web::config::Vendor;

/// The frame of every page.
pub(crate) struct Shell {
    pub(crate) language: Language,
    pub(crate) vendor: String,
    pub(crate) has_logo: bool,
    pub(crate) privacy_url: Option<String>,
    pub(crate) privacy_text: String,
    pub(crate) support_email: Option<String>,
    /// The flow's path, such as `/link/lnk_…`; `None` if no flow was found.
    pub(crate) base: Option<String>,
    pub(crate) csrf: String,
    /// The step's name, for the embedding page, and for returning after a change of language.
    pub(crate) step_name: &'static str,
    pub(crate) steps: Vec<StepLink>,
    pub(crate) step_of: String,
    pub(crate) back: Option<String>,
    pub(crate) device: Option<Device>,
    pub(crate) may_hand_over: bool,
    /// The origin that may embed the flow; empty if none may.
    pub(crate) opener: String,
    pub(crate) public_token: Option<String>,
    /// Whether the account is linked.
    pub(crate) is_linked: bool,
    /// The path that the page polls, while the flow is open, for whether the account was linked elsewhere.
    pub(crate) linked_at: Option<String>,
    /// Whether the page polls for progress.
    pub(crate) refreshes: bool,
    /// Whether the page shows a form again with its error.
    pub(crate) has_error: bool,
}

impl Shell {
    /// The other languages of the flow, for its language switch.
    pub(crate) fn other_languages(&self) -> impl Iterator<Item = Language> {
        let current = self.language;
        Language::ALL.into_iter().filter(move |language| *language != current)
    }

    /// The frame of a page without a flow.
    pub(crate) fn bare(vendor: &Vendor, has_logo: bool, language: Language) -> Self {
        Self {
            language,
            vendor: vendor.name.clone(),
            has_logo,
            privacy_url: vendor.privacy_url.as_ref().map(ToString::to_string),
            privacy_text: language.fill("flow-privacy", &[("vendor", (&vendor.name).into())]),
            support_email: vendor.support_email.clone(),
            base: None,
            csrf: String::new(),
            step_name: "refused",
            steps: Vec::new(),
            step_of: String::new(),
            back: None,
            device: None,
            may_hand_over: false,
            opener: String::new(),
            public_token: None,
            is_linked: false,
            linked_at: None,
            refreshes: false,
            has_error: false,
        }
    }
}

/// A step in the list of steps.
pub(crate) struct StepLink {
    pub(crate) title: &'static str,
    /// Its path, if it may be opened and is not the current step.
    pub(crate) path: Option<String>,
    pub(crate) is_current: bool,
    pub(crate) is_done: bool,
}

/// The link for continuing on another device.
pub(crate) struct Device {
    pub(crate) url: String,
    pub(crate) text: String,
}

/// A box to tick in Lucca.
#[derive(Clone, Debug)]
pub(crate) struct TickBox {
    pub(crate) label: &'static str,
    /// Other spellings of the same right.
    pub(crate) also: Vec<&'static str>,
    /// False if the label in the reader's language is unknown; the label is then the English one.
    pub(crate) is_translated: bool,
    pub(crate) is_required: bool,
}

/// A feature that the app requests.
pub(crate) struct Offer {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) why: String,
    pub(crate) is_required: bool,
    pub(crate) is_on: bool,
}

/// `welcome`. Posts `features` (the ticked ones) to `welcome`.
#[derive(Template)]
#[template(path = "welcome.html")]
pub(crate) struct Welcome<'a> {
    pub(crate) t: Language,
    pub(crate) shell: &'a Shell,
    pub(crate) base: &'a str,
    pub(crate) title: String,
    pub(crate) organization: Option<String>,
    pub(crate) relinks: Option<String>,
    pub(crate) text: String,
    pub(crate) data: String,
    pub(crate) offers: Vec<Offer>,
    pub(crate) has_choice: bool,
    /// The data that is never read, with any choice of features.
    pub(crate) never: String,
    /// The data that is written to Lucca with the current choice, if known.
    pub(crate) written: Option<&'static str>,
}

/// `access`. Posts `can` (`yes` or `no`) to `access`.
#[derive(Template)]
#[template(path = "access.html")]
pub(crate) struct Access<'a> {
    pub(crate) t: Language,
    pub(crate) shell: &'a Shell,
    pub(crate) base: &'a str,
}

/// A link to hand over.
pub(crate) struct HandedOverLink {
    pub(crate) url: String,
    pub(crate) mailto: String,
    pub(crate) until: String,
}

/// `hand-over`. Posts to `hand-over`.
#[derive(Template)]
#[template(path = "hand_over.html")]
pub(crate) struct HandOver<'a> {
    pub(crate) t: Language,
    pub(crate) shell: &'a Shell,
    pub(crate) base: &'a str,
    pub(crate) made: Option<HandedOverLink>,
}

/// The tenant at a pasted address, or the error in it.
#[derive(Default)]
pub(crate) struct Preview {
    pub(crate) error: Option<String>,
    pub(crate) origin: String,
    pub(crate) environment: &'static str,
    pub(crate) region: &'static str,
}

/// `tenant`. Posts `tenant` to `tenant`, and to `tenant/preview` while it is typed.
#[derive(Template)]
#[template(path = "tenant.html")]
pub(crate) struct TenantPage<'a> {
    pub(crate) t: Language,
    pub(crate) shell: &'a Shell,
    pub(crate) base: &'a str,
    pub(crate) value: String,
    pub(crate) error: Option<String>,
    pub(crate) preview: Option<Preview>,
}

/// The fragment that previews a pasted address while the person types.
#[derive(Template)]
#[template(path = "preview_alone.html")]
pub(crate) struct PreviewAlone {
    pub(crate) t: Language,
    pub(crate) preview: Preview,
}

/// `key`. Posts to `key`.
#[derive(Template)]
#[template(path = "key.html")]
pub(crate) struct KeyPage<'a> {
    pub(crate) t: Language,
    pub(crate) shell: &'a Shell,
    pub(crate) base: &'a str,
    pub(crate) tenant: String,
    pub(crate) key_name: String,
    pub(crate) publisher: String,
    pub(crate) contact: Option<String>,
    pub(crate) write: String,
    pub(crate) boxes: Vec<TickBox>,
    pub(crate) form_height: usize,
}

/// `role`. Posts to `role`.
#[derive(Template)]
#[template(path = "role.html")]
pub(crate) struct RolePage<'a> {
    pub(crate) t: Language,
    pub(crate) shell: &'a Shell,
    pub(crate) base: &'a str,
    pub(crate) roles: String,
    pub(crate) key_name: String,
    pub(crate) boxes: Vec<TickBox>,
    pub(crate) role_height: usize,
}

/// `enter-key`. Posts `key` to `enter-key`.
#[derive(Template)]
#[template(path = "enter_key.html")]
pub(crate) struct EnterKey<'a> {
    pub(crate) t: Language,
    pub(crate) shell: &'a Shell,
    pub(crate) base: &'a str,
    pub(crate) key_name: String,
    pub(crate) error: Option<String>,
    pub(crate) has_key: bool,
}

/// One line of the checks.
pub(crate) struct CheckLine {
    /// `waiting`, `running`, `done`, `granted`, `missing` or `unsure`: the line's style.
    pub(crate) look: &'static str,
    pub(crate) title: &'static str,
    /// Lucca's label of the permission.
    pub(crate) label: Option<&'static str>,
    pub(crate) verdict: &'static str,
    pub(crate) evidence: Option<String>,
    pub(crate) remedy: Option<String>,
    /// The permission's name, if the person may confirm it.
    pub(crate) confirm: Option<&'static str>,
    pub(crate) is_confirmed: bool,
}

/// Why the examination failed.
pub(crate) struct CheckFailure {
    pub(crate) text: String,
    pub(crate) about_key: bool,
}

/// The content of the page of checks, and of the fragment that replaces it.
#[derive(Default)]
pub(crate) struct ChecksBody {
    pub(crate) status: String,
    /// The version of the checks.
    pub(crate) checks_version: u64,
    pub(crate) lines: Vec<CheckLine>,
    pub(crate) failure: Option<CheckFailure>,
    pub(crate) notes: Vec<String>,
    pub(crate) excess: Vec<String>,
    /// Custom fields with checkboxes; empty if the app does not request them, or if there are none.
    pub(crate) own_fields: Vec<OwnField>,
    pub(crate) may_begin: bool,
    pub(crate) may_link: bool,
    pub(crate) is_blocked: bool,
    /// The consequences of continuing without permissions; empty if that is not allowed.
    pub(crate) consequences: Vec<String>,
}

/// A custom field of the company.
#[derive(Debug)]
pub(crate) struct OwnField {
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) is_kept: bool,
}

/// `checks`. Posts to `checks/again`, `permission` to `checks/confirm`, and to `checks/link`, the latter with
/// `anyway` if a required permission is missing.
#[derive(Template)]
#[template(path = "checks.html")]
pub(crate) struct Checks<'a> {
    pub(crate) t: Language,
    pub(crate) shell: &'a Shell,
    pub(crate) base: &'a str,
    pub(crate) body: &'a ChecksBody,
}

/// The fragment that replaces the checks.
#[derive(Template)]
#[template(path = "checks_progress.html")]
pub(crate) struct ChecksProgress<'a> {
    pub(crate) t: Language,
    pub(crate) shell: &'a Shell,
    pub(crate) base: &'a str,
    pub(crate) body: &'a ChecksBody,
}

/// A list of the sync.
pub(crate) struct ListLine {
    pub(crate) title: &'static str,
    pub(crate) max: u64,
    pub(crate) value: Option<u64>,
    pub(crate) count: String,
}

/// The content of the page of the sync, and of the fragment that replaces it.
#[derive(Default)]
pub(crate) struct SyncBody {
    /// Whether the account was linked before, so that only changes are read.
    pub(crate) is_again: bool,
    pub(crate) status: String,
    pub(crate) lists: Vec<ListLine>,
    pub(crate) is_over: bool,
}

/// `sync`.
#[derive(Template)]
#[template(path = "sync.html")]
pub(crate) struct SyncPage<'a> {
    pub(crate) t: Language,
    pub(crate) shell: &'a Shell,
    pub(crate) base: &'a str,
    pub(crate) body: &'a SyncBody,
    pub(crate) return_to: Option<String>,
    pub(crate) return_text: String,
}

/// The fragment that replaces the progress.
#[derive(Template)]
#[template(path = "sync_progress.html")]
pub(crate) struct SyncProgress<'a> {
    pub(crate) t: Language,
    pub(crate) shell: &'a Shell,
    pub(crate) base: &'a str,
    pub(crate) body: &'a SyncBody,
}

/// A number of the summary.
pub(crate) struct Number {
    pub(crate) title: &'static str,
    pub(crate) count: String,
    pub(crate) detail: Option<String>,
}

/// `summary`. Posts to `done`.
#[derive(Template)]
#[template(path = "summary.html")]
pub(crate) struct Summary<'a> {
    pub(crate) t: Language,
    pub(crate) shell: &'a Shell,
    pub(crate) base: &'a str,
    pub(crate) numbers: Vec<Number>,
    pub(crate) headline: String,
    pub(crate) missing: Vec<String>,
}

/// `done`.
#[derive(Template)]
#[template(path = "done.html")]
pub(crate) struct Done<'a> {
    pub(crate) t: Language,
    pub(crate) shell: &'a Shell,
    pub(crate) title: &'static str,
    pub(crate) text: String,
    pub(crate) return_to: Option<String>,
    pub(crate) return_text: String,
    pub(crate) revoke: String,
}

/// The error page.
#[derive(Template)]
#[template(path = "refused.html")]
pub(crate) struct Refused<'a> {
    pub(crate) t: Language,
    pub(crate) shell: &'a Shell,
    pub(crate) title: String,
    pub(crate) text: String,
    pub(crate) reload: Option<String>,
}

#[cfg(test)]
mod tests {
    use linking::Probe;
    use texts::key;
    use web::flow_progress::Step;

    use super::*;

    #[test]
    fn steps_and_probes_have_titles() {
        for language in Language::ALL {
            for step in Step::ALL {
                assert_ne!(language.text(&key("flow-step-", step.name())), "");
            }
            for probe in Probe::ALL {
                assert_ne!(language.text(&key("flow-checks-probe-", probe.name())), "");
            }
        }
    }
}
