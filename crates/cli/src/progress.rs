//! Showing how a run is getting on: a progress bar on a terminal, nothing elsewhere.

use std::fmt::Write;
use std::sync::Mutex;

use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use lucca::Stream;
use sync::{Mode, Progress, StreamReport};

use crate::output::{counted, grouped};

/// One bar for the stream being read, and a line for each that is done.
pub(crate) struct Bars {
    bar: Mutex<ProgressBar>,
}

impl Bars {
    /// Bars on standard error.
    pub(crate) fn new() -> Self {
        Self { bar: Mutex::new(ProgressBar::hidden()) }
    }

    fn with(&self, act: impl FnOnce(&mut ProgressBar)) {
        // A bar that another thread left half-drawn is still a bar.
        act(&mut self.bar.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }
}

/// `Work contracts` for `work_contracts`.
fn title(stream: Stream) -> String {
    let name = stream.name().replace('_', " ");
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

impl Progress for Bars {
    fn stream_started(&self, stream: Stream, _mode: Mode) {
        self.with(|bar| {
            *bar = ProgressBar::new_spinner();
            bar.set_message(title(stream));
            bar.tick();
        });
    }

    fn page_committed(&self, _stream: Stream, done: u64, total: Option<u64>) {
        self.with(|bar| {
            if let Some(total) = total.filter(|&total| bar.length() != Some(total)) {
                let style = "{msg:28} [{bar:30}] {human_pos}/{human_len}  {rate}  {eta} left";
                let style =
                    ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar());
                bar.set_style(style.with_key("rate", |state: &ProgressState, out: &mut dyn Write| {
                    // A bar that cannot be drawn is no reason to stop.
                    let _ = write!(out, "{:.0}/s", state.per_sec());
                }));
                bar.set_length(total);
            }
            bar.set_position(done);
        });
    }

    fn stream_finished(&self, stream: Stream, report: &StreamReport) {
        self.with(|bar| {
            bar.finish_and_clear();
            let outcome = match &report.error {
                Some(error) if error.not_offered => "not offered to this key".to_owned(),
                Some(error) => error.message.clone(),
                None => {
                    let changed = report.created + report.updated + report.gone + report.hidden;
                    let what = match changed {
                        0 => "nothing new".to_owned(),
                        _ => format!("{} written", grouped(changed)),
                    };
                    format!("{}, {what}", counted(report.read, "record"))
                }
            };
            let mark = if report.error.is_none() && report.complete { "✓" } else { "!" };
            crate::output::complain(&format!("{mark} {:28} {outcome}", title(stream)));
        });
    }
}
