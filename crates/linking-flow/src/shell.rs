//! The frame of a flow's pages at a step: the list of steps, the way back, the way to another device. Without a
//! flow it is `Shell::bare`.

use super::visit::Visit;
use crate::pages::texts::{Texts, fill};
use crate::pages::{Device, Shell, StepLink, moment, texts};
use web::flow_progress::Step;
use web::tokens;

/// The frame of a flow's page, at one of its steps.
pub(crate) fn at(visit: &Visit, step: Step) -> Shell {
    let t = texts(visit.language);
    // The last step, `done`, is not listed.
    let listed = &Step::ALL[..Step::ALL.len() - 1];
    let number = listed.iter().position(|listed| *listed == step).map_or(listed.len(), |at| at + 1);
    let may_open = |other: Step| {
        other != step && other <= visit.progress.furthest && (!visit.is_finished() || other >= Step::Sync)
    };
    let steps = listed.iter().map(|other| StepLink {
        title: title(t, *other),
        path: may_open(*other).then(|| visit.path(other.name())),
        is_current: *other == step,
        is_done: *other < step,
    });
    let until = moment(visit.language, visit.expires_at);
    Shell {
        base: Some(visit.base()),
        csrf: tokens::form_proof(&visit.token),
        step_name: step.name(),
        steps: steps.collect(),
        step_of: fill(t.step_of, &[("n", &number.to_string()), ("m", &listed.len().to_string())]),
        back: step.before().filter(|before| may_open(*before)).map(|before| visit.path(before.name())),
        device: (step != Step::Done)
            .then(|| Device { url: visit.url(), text: fill(t.device_text, &[("until", &until)]) }),
        may_hand_over: step <= Step::EnterKey && !visit.is_finished(),
        opener: visit.flow.allowed_origin.clone().unwrap_or_default(),
        linked_at: (!visit.is_finished()).then(|| visit.path("linked")),
        ..Shell::bare(&visit.app.config.vendor, visit.app.logo.is_some(), visit.language)
    }
}

fn title(t: &'static Texts, step: Step) -> &'static str {
    match step {
        Step::Welcome => t.step_welcome,
        Step::Access => t.step_access,
        Step::Tenant => t.step_tenant,
        Step::Key => t.step_key,
        Step::Role => t.step_role,
        Step::EnterKey => t.step_enter_key,
        Step::Checks => t.step_checks,
        Step::Sync => t.step_sync,
        Step::Summary => t.step_summary,
        Step::Done => t.step_done,
    }
}
