//! Converts an absence to all-day calendar events. Pure.
//!
//! Half-days have no clock times in Lucca, so an event with hours would be invented: a half-day becomes an
//! all-day event whose title names the half. Consecutive whole days become one event, including weekends in
//! between; cancelled half-days are left out.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::Date;
use people::Language;
use people::{Absence, Half, HalfDay, LeaveType, RemoteId};
use store::AccountId;
use texts::Texts;

/// An all-day event of one or several days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    /// Stable as long as a part of the absence ends on this day.
    pub(super) uid: String,
    pub(super) summary: String,
    pub(super) starts_on: Date,
    /// The last day, inclusive.
    pub(super) ends_on: Date,
    pub(super) is_tentative: bool,
    /// When the absence was last written to the store.
    pub(super) written_at: Timestamp,
}

/// Builds events in the language and with the detail of a feed.
pub(super) struct EventBuilder<'a> {
    pub(super) account_id: AccountId,
    pub(super) types: &'a HashMap<RemoteId, LeaveType>,
    pub(super) show_type: bool,
    pub(super) language: Language,
}

impl EventBuilder<'_> {
    /// The events of an absence; empty if all of it is cancelled or it is remote work.
    pub(super) fn events(&self, absence: &Absence, name: &str, written_at: Timestamp) -> Vec<Event> {
        let is_tentative = absence.is_confirmed != Some(true);
        let title = self.title(absence);
        let event = |part: Part| {
            let mut notes = Vec::new();
            notes.extend(part.half.map(|half| match half {
                Half::Am => self.language.text("calendar-morning"),
                Half::Pm => self.language.text("calendar-afternoon"),
            }));
            notes.extend(is_tentative.then(|| self.language.text("calendar-pending")));
            let [name, title] = [("name", name.into()), ("title", title.as_str().into())];
            let summary = if notes.is_empty() {
                self.language.fill("calendar-event", &[name, title])
            } else {
                let notes = ("notes", self.language.list(&notes).into());
                self.language.fill("calendar-event-with-notes", &[name, title, notes])
            };
            Event {
                // The UID contains the last day, so that cancelling earlier days changes neither this UID nor
                // another part's.
                uid: format!("{}.{}@{}", absence.id, part.last.strftime("%Y%m%d"), self.account_id),
                summary,
                starts_on: part.first,
                ends_on: part.last,
                is_tentative,
                written_at,
            }
        };
        parts(&self.taken(absence)).into_iter().map(event).collect()
    }

    /// The title: the leave types if the feed shows them, otherwise a neutral word.
    fn title(&self, absence: &Absence) -> String {
        let names = absence.leave_type_ids.iter().filter_map(|id| self.types.get(id)?.name.clone());
        let names: Vec<String> = if self.show_type { names.collect() } else { Vec::new() };
        if names.is_empty() {
            self.language.text("calendar-absent").to_owned()
        } else {
            self.language.list(&names)
        }
    }

    /// The half-days of the absence in order, including non-working ones in between.
    fn taken(&self, absence: &Absence) -> Vec<HalfDay> {
        let is_remote = |id: &RemoteId| self.types.get(id).and_then(|one| one.is_remote_work) == Some(true);
        let mut away: HashMap<HalfDay, bool> = HashMap::new();
        for leave in &absence.leaves {
            let is_away = leave.is_active && !leave.leave_type_id.as_ref().is_some_and(is_remote);
            *away.entry(leave.at()).or_default() |= is_away;
        }
        let ends = away.iter().filter(|(_, is_away)| **is_away).map(|(at, _)| *at);
        let (Some(first), Some(last)) = (ends.clone().min(), ends.max()) else { return Vec::new() };
        let all = std::iter::successors(Some(first), |at| at.next()).take_while(|at| *at <= last);
        all.filter(|at| away.get(at).copied().unwrap_or(true)).collect()
    }
}

/// Consecutive whole days, or one half-day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    first: Date,
    last: Date,
    half: Option<Half>,
}

/// Groups ordered half-days into parts, in order.
fn parts(taken: &[HalfDay]) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for day in taken.chunk_by(|a, b| a.date == b.date) {
        let date = day[0].date;
        let half = if day.len() == 1 { Some(day[0].half) } else { None };
        match parts.last_mut() {
            Some(part)
                if half.is_none()
                    && part.half.is_none()
                    && part.last.tomorrow().is_ok_and(|next| next == date) =>
            {
                part.last = date;
            }
            _ => parts.push(Part { first: date, last: date, half }),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use people::{Confirmation, Leave};

    use super::*;

    fn leave(day: i8, half: Half, type_: i64, is_active: bool) -> Leave {
        Leave {
            id: format!("1-{day}-{half}").into(),
            date: date(2026, 5, day),
            half,
            leave_type_id: Some(type_.into()),
            minutes: None,
            value: None,
            is_active,
            created_at: None,
            cancelled_at: None,
            cancelled_by: None,
            comment: Some("a secret".to_owned()),
        }
    }

    fn whole(days: impl IntoIterator<Item = i8>) -> Vec<Leave> {
        days.into_iter().flat_map(|day| Half::BOTH.map(|half| leave(day, half, 1, true))).collect()
    }

    fn summaries(leaves: Vec<Leave>, is_confirmed: bool, show_type: bool, language: Language) -> Vec<String> {
        let events = events(leaves, is_confirmed, show_type, language);
        events.iter().map(|one| format!("{}..{} {}", one.starts_on, one.ends_on, one.summary)).collect()
    }

    fn events(leaves: Vec<Leave>, is_confirmed: bool, show_type: bool, language: Language) -> Vec<Event> {
        let confirmation = Confirmation { is_confirmed: Some(is_confirmed), confirmed_at: None };
        let absence = Absence::from_leaves(7.into(), Some(1.into()), confirmation, leaves).unwrap();
        let type_ = |id: i64, name: &str, is_remote| LeaveType {
            id: id.into(),
            name: Some(name.to_owned()),
            is_remote_work: Some(is_remote),
            category: None,
            unit: None,
            unit_native: None,
        };
        let types = [type_(1, "Maladie", false), type_(2, "Télétravail", true)];
        let types = types.into_iter().map(|one| (one.id.clone(), one)).collect();
        let account_id = AccountId::mint(Timestamp::UNIX_EPOCH, [0; 10]);
        let builder = EventBuilder { account_id, types: &types, show_type, language };
        builder.events(&absence, "Anne Roux", Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn uids_survive_earlier_cancellations() {
        let uids = |cancelled: &[(i8, Half)]| {
            let leaves =
                whole([4, 5, 6]).into_iter().chain(whole([11, 12])).chain([leave(14, Half::Am, 1, true)]);
            let leaves = leaves.map(|one| Leave {
                is_active: !cancelled.iter().any(|(day, half)| one.date.day() == *day && one.half == *half),
                ..one
            });
            let rest = Half::BOTH.map(|half| [7, 8, 13].map(|day| leave(day, half, 2, true))).concat();
            let events = events(leaves.chain(rest).collect(), true, false, Language::English);
            events.into_iter().map(|event| (event.ends_on, event.uid)).collect::<HashMap<_, _>>()
        };
        let before = uids(&[]);
        assert_eq!(before.len(), 3, "{before:?}");
        for cancelled in [
            vec![(4, Half::Am)],
            vec![(4, Half::Am), (4, Half::Pm)],
            vec![(5, Half::Pm)],
            vec![(4, Half::Am), (4, Half::Pm), (5, Half::Am), (5, Half::Pm), (6, Half::Am), (6, Half::Pm)],
        ] {
            let after = uids(&cancelled);
            for (ends_on, uid) in after {
                assert!(before.get(&ends_on).is_none_or(|known| *known == uid), "{cancelled:?}: {uid}");
            }
        }
    }

    #[test]
    fn half_days_are_named_and_whole_days_merged() {
        let mut leaves = vec![leave(7, Half::Pm, 1, true), leave(12, Half::Am, 1, true)];
        leaves.extend(whole([8, 11]));
        assert_eq!(
            summaries(leaves, true, false, Language::English),
            [
                "2026-05-07..2026-05-07 Anne Roux: absent (afternoon)",
                "2026-05-08..2026-05-11 Anne Roux: absent",
                "2026-05-12..2026-05-12 Anne Roux: absent (morning)",
            ]
        );
    }

    #[test]
    fn cancelled_half_days_are_not_shown() {
        let mut leaves = whole([4, 6]);
        leaves.extend(Half::BOTH.map(|half| leave(5, half, 1, false)));
        let events = summaries(leaves, true, false, Language::French);
        assert_eq!(
            events,
            ["2026-05-04..2026-05-04 Anne Roux : absence", "2026-05-06..2026-05-06 Anne Roux : absence"]
        );
        assert!(summaries(vec![leave(4, Half::Am, 1, false)], true, true, Language::French).is_empty());
    }

    #[test]
    fn type_is_optional_and_pending_is_marked() {
        let events = |shows| summaries(whole([4]), false, shows, Language::French);
        assert_eq!(events(true), ["2026-05-04..2026-05-04 Anne Roux : Maladie (non validé)"]);
        assert_eq!(events(false), ["2026-05-04..2026-05-04 Anne Roux : absence (non validé)"]);
    }

    #[test]
    fn remote_work_is_not_an_event() {
        let remote = vec![leave(4, Half::Am, 2, true), leave(4, Half::Pm, 1, true)];
        assert_eq!(
            summaries(remote, true, false, Language::English),
            ["2026-05-04..2026-05-04 Anne Roux: absent (afternoon)"]
        );
    }
}
