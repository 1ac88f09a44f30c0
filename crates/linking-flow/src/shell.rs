//! The frame of a flow's pages at a step: the list of steps, the way back, the way to another device. Without a
//! flow it is `Shell::bare`.

use super::visit::Visit;
use crate::pages::{Device, Shell, StepLink};
use texts::{Texts, key};
use web::flow_progress::Step;
use web::tokens;

/// The frame of a flow's page, at one of its steps.
pub(crate) fn at(visit: &Visit, step: Step) -> Shell {
    let t = visit.language;
    // The last step, `done`, is not listed.
    let listed = &Step::ALL[..Step::ALL.len() - 1];
    let number = listed.iter().position(|listed| *listed == step).map_or(listed.len(), |at| at + 1);
    let may_open = |other: Step| {
        other != step && other <= visit.progress.furthest && (!visit.is_finished() || other >= Step::Sync)
    };
    let steps = listed.iter().map(|other| StepLink {
        title: t.text(&key("flow-step-", other.name())),
        path: may_open(*other).then(|| visit.path(other.name())),
        is_current: *other == step,
        is_done: *other < step,
    });
    Shell {
        base: Some(visit.base()),
        csrf: tokens::form_proof(&visit.token),
        step_name: step.name(),
        steps: steps.collect(),
        step_of: t.fill("flow-position", &[("step", number.into()), ("steps", listed.len().into())]),
        back: step.before().filter(|before| may_open(*before)).map(|before| visit.path(before.name())),
        device: (step != Step::Done).then(|| Device {
            url: visit.url(),
            text: t.fill("flow-device-text", &[("until", visit.expires_at.into())]),
        }),
        may_hand_over: step <= Step::EnterKey && !visit.is_finished(),
        opener: visit.flow.allowed_origin.clone().unwrap_or_default(),
        linked_at: (!visit.is_finished()).then(|| visit.path("linked")),
        ..Shell::bare(&visit.app.config.vendor, visit.app.logo.is_some(), visit.language)
    }
}
