//! The log of a leave period, which follows from its record. Not included: its wire format
//! (`resources::absences`).

use super::{Absences, Moment, Period, Stage};

/// An entry of a period's log.
#[derive(Clone, Copy)]
pub(crate) struct PeriodLogEntry<'a> {
    pub(crate) id: i64,
    pub(crate) at: Moment,
    pub(crate) comment: Option<&'a str>,
    pub(crate) stage: Stage,
}

impl Absences {
    /// The log of a period, from its creation on.
    ///
    /// unverified: the events that add an entry; the statuses are documented.
    pub(crate) fn log_of<'a>(&'a self, period: &'a Period) -> Vec<PeriodLogEntry<'a>> {
        let mut entries = Vec::new();
        let mut add = |at, comment, stage| {
            let n = i64::try_from(entries.len()).unwrap_or(0);
            entries.push(PeriodLogEntry { id: i64::from(period.id) * 16 + n, at, comment, stage });
        };
        let first = if period.request.is_some() { Stage::Pending } else { Stage::Approved };
        add(period.created, self.comment(period.comment), first);
        for (n, step) in period.decisions.iter().enumerate() {
            let stage = match step.approved {
                false => Stage::Denied,
                true if n + 1 == usize::from(period.levels) => Stage::Approved,
                true => Stage::Pending,
            };
            add(step.at, self.comment(step.comment), stage);
        }
        if let Some(withdrawal) = &period.withdrawal {
            add(withdrawal.at, self.comment(withdrawal.comment), Stage::CancellationPending);
        }
        if let (Some((at, _)), Stage::Cancelled) = (period.closed, period.stage) {
            add(at, None, Stage::Cancelled);
        }
        entries
    }
}
