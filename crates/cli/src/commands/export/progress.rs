//! The progress of an export: a bar on a terminal, and a line for each file.

use std::sync::{Mutex, PoisonError};

use files::{FileEntry, Progress, Table};
use indicatif::{ProgressBar, ProgressStyle};

use crate::output::{counted, grouped, stderr_line};
use crate::progress::title;

pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{} bytes", grouped(bytes)),
        10_000..10_000_000 => format!("{} kB", grouped(bytes / 1_000)),
        _ => format!("{} MB", grouped(bytes / 1_000_000)),
    }
}

/// Shows progress: a bar on a terminal, and a line for each file.
pub(super) struct ExportProgress {
    pub(super) is_quiet: bool,
    pub(super) bar: Mutex<Option<ProgressBar>>,
}

impl ExportProgress {
    fn bar(&self) -> Option<ProgressBar> {
        self.bar.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Progress for ExportProgress {
    fn started(&self, table: Table, about: Option<u64>) {
        if self.is_quiet {
            return;
        }
        let (bar, style) = match about {
            Some(total) => {
                (ProgressBar::new(total), "{msg:26} [{bar:30}] {human_pos}/{human_len}  {per_sec}")
            }
            None => (ProgressBar::new_spinner(), "{msg:26} {spinner} {human_pos}  {per_sec}"),
        };
        bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(title(table.name()));
        *self.bar.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar);
    }

    fn advanced(&self, rows: u64) {
        if let Some(bar) = self.bar() {
            bar.set_position(rows);
        }
    }

    fn finished(&self, file: &FileEntry) {
        if let Some(bar) = self.bar() {
            bar.finish_and_clear();
            let counts = format!("{}, {}", counted(file.rows, "record"), size(file.bytes));
            stderr_line(&format!("✓ {:26} {counts}", title(file.stream)));
        }
    }
}
