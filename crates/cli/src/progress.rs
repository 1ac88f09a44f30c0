//! Shows the progress of a run: a bar for each stream on a terminal, nothing elsewhere.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};

use indicatif::{HumanDuration, MultiProgress, ProgressBar, ProgressState, ProgressStyle};
use lucca::Stream;
use store::StreamProgress;
use sync::{Mode, Progress, StreamReport};

use crate::output::{counted, grouped};

/// A bar for each stream being read, and a line for each finished one.
pub(crate) struct Bars {
    all: MultiProgress,
    of: Mutex<HashMap<String, ProgressBar>>,
}

impl Bars {
    /// Bars on standard error.
    pub(crate) fn new() -> Self {
        Self { all: MultiProgress::new(), of: Mutex::default() }
    }

    /// The bars' display, so that callers can print lines between the bars.
    pub(crate) fn drawn(&self) -> MultiProgress {
        self.all.clone()
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<String, ProgressBar>) -> T) -> T {
        // A panic of another thread does not invalidate the bars.
        act(&mut self.of.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Shows a stream from its current count; its rate is measured from here.
    fn begin(&self, stream: &str, mode: &str, done: u64) {
        let bar = self.all.add(ProgressBar::new_spinner());
        let what = if mode == Mode::Incremental.name() { ", changes" } else { "" };
        bar.set_message(format!("{}{what}", title(stream)));
        bar.set_position(done);
        bar.reset_eta();
        bar.tick();
        self.with(|bars| bars.insert(stream.to_owned(), bar));
    }

    fn advance(&self, stream: &str, done: u64, total: Option<u64>) {
        let Some(bar) = self.with(|bars| bars.get(stream).cloned()) else { return };
        // A server may count other units than those done, such as half-days and not absences.
        let total = total.filter(|&total| total >= done);
        if bar.length() != total {
            let style = match total {
                Some(total) => {
                    bar.set_length(total);
                    "{msg:34} [{bar:30}] {human_pos}/{human_len}  {rate}{left}"
                }
                None => {
                    bar.unset_length();
                    "{msg:34} {spinner} {human_pos}  {rate}"
                }
            };
            let style = ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar());
            // A failure to draw is no reason to stop.
            let rate = |state: &ProgressState, out: &mut dyn Write| {
                if rate_is_known(state) {
                    let _ = write!(out, "{:.0}/s", state.per_sec());
                }
            };
            let left = |state: &ProgressState, out: &mut dyn Write| {
                if state.len() == Some(state.pos()) {
                    let _ = write!(out, "  checked at the end of the run");
                } else if rate_is_known(state) {
                    let _ = write!(out, "  {:#} left", HumanDuration(state.eta()));
                }
            };
            bar.set_style(style.with_key("rate", rate).with_key("left", left));
        }
        bar.set_position(done);
    }

    /// Replaces a stream's bar with a line.
    fn end(&self, stream: &str, text: &str) {
        if let Some(bar) = self.with(|bars| bars.remove(stream)) {
            bar.finish_and_clear();
            self.all.remove(&bar);
        }
        self.all.suspend(|| crate::output::stderr_line(text));
    }

    /// Shows the progress of a run in another process.
    pub(crate) fn follow(&self, streams: &[StreamProgress], reported: &mut Vec<String>) {
        for now in streams.iter().filter(|now| !reported.contains(&now.stream)).collect::<Vec<_>>() {
            if now.finished {
                self.end(
                    &now.stream,
                    &format!("✓ {:34} {}", title(&now.stream), counted(now.done, "record")),
                );
                reported.push(now.stream.clone());
                continue;
            }
            if !self.with(|bars| bars.contains_key(&now.stream)) {
                self.begin(&now.stream, &now.mode, now.done);
            }
            self.advance(&now.stream, now.done, now.total);
        }
    }

    /// Removes all bars.
    pub(crate) fn clear(&self) {
        for (_, bar) in self.with(std::mem::take) {
            bar.finish_and_clear();
        }
    }
}

/// Returns false for a stream that this process began to follow halfway: its rate is not measured yet.
fn rate_is_known(state: &ProgressState) -> bool {
    state.per_sec() >= 0.5
}

/// The title of a stream: `Work contracts` for `work_contracts`.
pub(crate) fn title(stream: &str) -> String {
    let name = stream.replace('_', " ");
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

impl Progress for Bars {
    fn stream_started(&self, stream: Stream, mode: Mode) {
        self.begin(stream.name(), mode.name(), 0);
    }

    fn page_committed(&self, stream: Stream, done: u64, total: Option<u64>) {
        self.advance(stream.name(), done, total);
    }

    fn stream_finished(&self, stream: Stream, report: &StreamReport) {
        let outcome = match &report.error {
            Some(error) if error.not_offered => "not available to this API key".to_owned(),
            Some(error) => error.message.clone(),
            None => {
                let changed = report.created + report.updated + report.gone + report.hidden;
                let what = match changed {
                    0 => "no changes".to_owned(),
                    _ => format!("{} written", grouped(changed)),
                };
                format!("{}, {what}", counted(report.read, "record"))
            }
        };
        let mark = if report.error.is_none() && report.complete { "✓" } else { "!" };
        self.end(stream.name(), &format!("{mark} {:34} {outcome}", title(stream.name())));
    }
}
