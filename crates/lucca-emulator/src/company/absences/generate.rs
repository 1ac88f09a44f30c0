//! Plausible absences of a whole company: the last twelve months and the next six.
//!
//! Each person's time is divided into slots with one absence each, so that none overlaps another, except
//! those that were cancelled and requested again.

use jiff::{
    ToSpan as _,
    civil::{Date, DateTime},
};

use super::{
    Absences, Decision, Half, Moment, Period, Stage, Withdrawal, accounts::usual_closures, calendar::works,
    number, span,
};
use crate::{
    company::{
        dates::{add_days, working_time},
        model::{Company, LeaveAccount, Person, Status},
    },
    dice::Dice,
};

const BEFORE: i32 = 365;
const AFTER: i32 = 180;
const UNPAID: u16 = 5;
const CHILD: u16 = 8;
const SICK: u16 = 29;
const REMOTE: u16 = 34;
/// The account that counts hours.
pub(crate) const RECOVERY: u16 = 41;

const COMMENTS: &[&str] = &[
    "Bonnes vacances !",
    "OK pour moi",
    "Merci de prévoir la passation \"clients\"",
    "Effectif insuffisant cette semaine-là",
    "Projet reporté, je préfère décaler",
    "Rendez-vous médical",
    "Pont de l'Ascension",
];

/// The account of paid leave taken on a day: its year runs from June to May.
fn paid_leave(day: Date) -> u16 {
    let year = if day.month() >= 6 { day.year() } else { day.year() - 1 };
    u16::try_from(1123 + i32::from(year) - 2025).unwrap_or(1123)
}

fn reduction(day: Date) -> u16 {
    u16::try_from(1224 + i32::from(day.year()) - 2026).unwrap_or(1224)
}

/// An absence before it has its ids and its half-days.
struct Draft {
    period: Period,
    account: u16,
    /// The account from that day on.
    then: Option<(Date, u16)>,
    quarters: u8,
    drops: bool,
}

/// Gives the company its absences, and the yearly accounts they need.
pub(crate) fn generate(company: &mut Company, seed: u64, today: Date) {
    accounts(company, today);
    let mut all = Absences {
        last_period: 32_000,
        last_request: 8_000,
        last_decision: 500,
        seed,
        closures: usual_closures(&company.leave_accounts),
        ..Absences::default()
    };
    for comment in COMMENTS {
        all.keep_comment(comment);
    }
    let hr = hr(company, today);
    let mut drafts = Vec::with_capacity(company.people.len() * 6);
    for person in &company.people {
        let dice = Dice::new(seed, 0x00AB_5E00_0000 ^ u64::try_from(person.id).unwrap_or(0));
        let mut maker = Maker { company, person, hr, today, dice, drafts: &mut drafts };
        maker.person();
    }
    drafts.sort_by_key(|draft| draft.period.created);
    let mut dice = Dice::new(seed, 0xAB5E);
    for draft in drafts {
        let Some(person) = company.person(draft.period.owner.into()) else { continue };
        all.last_period += number(dice.below(3));
        all.last_request += number(dice.below(2));
        let halves = halves(person, &draft);
        let (drops, ended) = (draft.drops, draft.period.confirmed);
        all.push(draft.period, halves);
        if drops && let Some(at) = ended {
            let end = at.at().checked_add(1.hour()).unwrap_or(at.at());
            all.dropped.insert(number(all.halves.len() - 1), (Moment::of(end), hr));
        }
    }
    all.index();
    all.periods.shrink_to_fit();
    all.halves.shrink_to_fit();
    company.absences = all;
}

/// A member of HR.
pub(crate) fn hr(company: &Company, today: Date) -> u32 {
    let hr = company.people.iter().find(|one| one.role == 70 && one.status(today) == Status::Active);
    number(hr.map_or(1, |one| one.id))
}

/// The approver of each step: the manager, the manager's manager, then HR.
pub(crate) fn approver(company: &Company, person: &Person, hr: u32, step: u8) -> u32 {
    let manager = person.manager.and_then(|id| company.person(id));
    let above = manager.and_then(|one| one.manager).and_then(|id| company.person(id));
    match step {
        0 => manager.map_or(hr, |one| number(one.id)),
        1 => above.map_or(hr, |one| number(one.id)),
        _ => hr,
    }
}

fn accounts(company: &mut Company, today: Date) {
    for month in 0..=18 {
        let day = add_days(today, -BEFORE + month * 31);
        let year = if day.month() >= 6 { day.year() } else { day.year() - 1 };
        let named = [
            (paid_leave(day), format!("Congés payés {year}")),
            (reduction(day), format!("RTT (Forfait jours) {}", day.year())),
        ];
        for (id, name) in named {
            if !company.leave_accounts.iter().any(|account| account.id == i64::from(id)) {
                company.leave_accounts.push(LeaveAccount { id: id.into(), name, remote_work: false });
            }
        }
    }
    company.leave_accounts.sort_by_key(|account| account.id);
}

fn halves<'a>(person: &'a Person, draft: &Draft) -> impl Iterator<Item = Half> + use<'a> {
    let (account, then, quarters) = (draft.account, draft.then, draft.quarters);
    let Period { starts, starts_am, ends, ends_am, .. } = draft.period;
    span(starts, starts_am, ends, ends_am).filter(|(day, am)| works(person, *day, *am)).map(
        move |(date, am)| {
            let account = then.filter(|(from, _)| date >= *from).map_or(account, |(_, account)| account);
            Half { date, period: 0, account, am, quarters }
        },
    )
}

struct Maker<'a> {
    company: &'a Company,
    person: &'a Person,
    hr: u32,
    today: Date,
    dice: Dice,
    drafts: &'a mut Vec<Draft>,
}

impl Maker<'_> {
    fn person(&mut self) {
        let (starts, ends) = self.person.dates(self.today);
        let Some(starts) = starts else { return };
        let from = starts.max(add_days(self.today, -BEFORE));
        let to = ends.unwrap_or(Date::MAX).min(add_days(self.today, AFTER));
        let days = from.until(to).map_or(0, |span| span.get_days());
        // Five and a half absences in the eighteen months, on average.
        let slots = days * self.dice.between(3, 8) / (BEFORE + AFTER);
        for slot in 0..slots {
            let length = days / slots;
            let first = add_days(from, slot * length);
            self.slot(first, add_days(first, length - 1));
        }
    }

    /// One absence between two days.
    fn slot(&mut self, from: Date, to: Date) {
        let room = from.until(to).map_or(0, |span| span.get_days());
        let starts = add_days(from, self.dice.between(0, room * 2 / 3));
        let first = (0..7).map(|n| add_days(starts, n)).find(|day| works(self.person, *day, true));
        let Some(starts) = first.filter(|day| *day <= to) else { return };
        let kind = self.dice.below(100);
        let paid = paid_leave(starts);
        let (account, days) = match kind {
            0..=29 => (paid, [1, 1, 1, 2, 3, 5, 5, 8, 12, 19][self.dice.below(10)]),
            30..=43 => (reduction(starts), self.dice.between(1, 2)),
            44..=69 => (REMOTE, 1),
            70..=79 => (SICK, self.dice.between(1, 7)),
            80..=84 => (CHILD, 1),
            85..=87 => (UNPAID, self.dice.between(2, 21)),
            88..=95 => (RECOVERY, 1),
            _ => (paid, self.dice.between(4, 7)),
        };
        let ends = add_days(starts, days - 1).min(to);
        let june = Date::new(ends.year(), 6, 1).ok();
        let then = match (june, kind) {
            (_, 96..) => Some((add_days(starts, days / 2), reduction(starts))),
            (Some(june), 0..=29) if starts < june && june <= ends => Some((june, paid_leave(june))),
            _ => None,
        };
        let (mut starts_am, mut ends_am) = (true, false);
        if account == RECOVERY || (starts == ends && account != REMOTE && self.dice.chance(25)) {
            // A morning or an afternoon alone.
            starts_am = self.dice.chance(50) || !works(self.person, starts, false);
            ends_am = starts_am;
        } else if starts != ends {
            starts_am = !self.dice.chance(15);
            ends_am = self.dice.chance(15);
        }
        let quarters =
            if account == RECOVERY { u8::try_from(self.dice.between(4, 14)).unwrap_or(4) } else { 0 };
        let by_hr = account == SICK || self.dice.chance(5);
        let created = self.created(starts, account);
        let period = Period {
            id: 0,
            owner: number(self.person.id),
            request: (!by_hr).then_some(0),
            starts,
            ends,
            starts_am,
            ends_am,
            stage: Stage::Pending,
            levels: [1, 1, 1, 2, 2, 1, 1, 3, 1, 1][self.dice.below(10)],
            comment: self.comment(12),
            first: 0,
            count: 0,
            created: Moment::of(created),
            confirmed: None,
            closed: None,
            next_approver: None,
            decisions: Vec::new(),
            withdrawal: None,
        };
        let mut draft = Draft { period, account, then, quarters, drops: false };
        if halves(self.person, &draft).next().is_none() {
            return;
        }
        let stage = self.stage(starts);
        if by_hr {
            draft.period.confirmed = Some(draft.period.created);
            draft.period.stage = Stage::Approved;
            if stage == Stage::Cancelled {
                let at = self.later(created, 5);
                draft.period.stage = Stage::Cancelled;
                draft.period.closed = Some((Moment::of(at), self.hr));
            }
        } else {
            if stage == Stage::Approved && self.dice.chance(4) {
                self.cancelled_request(&draft);
            }
            self.workflow(&mut draft.period, created, stage);
        }
        draft.drops = starts != ends && draft.period.stage == Stage::Approved && self.dice.chance(2);
        self.drafts.push(draft);
    }

    /// The same absence, requested before and cancelled: a request can't be changed (absences.md §2.4).
    fn cancelled_request(&mut self, draft: &Draft) {
        let earlier = draft.period.created.at().checked_sub(3.days()).unwrap_or(draft.period.created.at());
        let mut period = Period { created: Moment::of(earlier), comment: None, ..draft.period.clone() };
        period.stage = Stage::Cancelled;
        let at = earlier.checked_add(2.hours()).unwrap_or(earlier);
        period.closed = Some((Moment::of(at), period.owner));
        self.drafts.push(Draft { period, drops: false, ..*draft });
    }

    fn stage(&mut self, starts: Date) -> Stage {
        let pending = if starts > self.today { 25 } else { 2 };
        match self.dice.below(100) {
            drawn if drawn < pending => Stage::Pending,
            drawn if drawn < pending + 4 => Stage::Denied,
            drawn if drawn < pending + 9 => Stage::Cancelled,
            drawn if drawn < pending + 11 => Stage::CancellationPending,
            _ => Stage::Approved,
        }
    }

    /// Requests are created before the absence, illnesses during it; nothing later than yesterday.
    fn created(&mut self, starts: Date, account: u16) -> DateTime {
        let day = match account {
            SICK | CHILD => add_days(starts, self.dice.between(0, 2)),
            REMOTE => add_days(starts, -self.dice.between(1, 15)),
            _ => add_days(starts, -self.dice.between(3, 70)),
        };
        let latest = add_days(self.today, -self.dice.between(1, 40));
        let at = working_time(&mut self.dice, day.min(latest)).at;
        if self.dice.chance(50) { at } else { at.date().at(at.hour(), at.minute(), at.second(), 0) }
    }

    /// A time after another, and before the tenant's first morning.
    fn later(&mut self, than: DateTime, days: i32) -> DateTime {
        let minutes = self.dice.between(3, 24 * 60 * days);
        let at = than.checked_add(i64::from(minutes).minutes()).unwrap_or(than);
        at.min(self.today.at(8, 30, 0, 0)).max(than)
    }

    fn comment(&mut self, percent: usize) -> Option<u16> {
        let at = self.dice.below(COMMENTS.len());
        if self.dice.chance(percent) { u16::try_from(at).ok() } else { None }
    }

    /// Advances a request to its stage, step by step.
    fn workflow(&mut self, period: &mut Period, created: DateTime, stage: Stage) {
        period.stage = stage;
        let cancelled_early = stage == Stage::Cancelled && self.dice.chance(50);
        let steps = match stage {
            Stage::Pending => u8::try_from(self.dice.below(period.levels.into())).unwrap_or(0),
            Stage::Cancelled if cancelled_early => 0,
            _ => period.levels,
        };
        let mut at = created;
        for step in 0..steps {
            at = self.later(at, 3);
            let denies = stage == Stage::Denied && (step + 1 == steps || self.dice.chance(40));
            let comment = if denies { Some(3) } else { self.comment(10) };
            let approver = approver(self.company, self.person, self.hr, step);
            let substituted = self.dice.chance(6).then_some(approver);
            let approver = if substituted.is_some() { self.hr } else { approver };
            period.decisions.push(Decision {
                id: 0,
                approver,
                substituted,
                comment,
                approved: !denies,
                at: Moment::of(at),
            });
            if denies {
                period.closed = Some((Moment::of(at), approver));
                break;
            }
        }
        match stage {
            Stage::Pending => {
                period.next_approver = Some(approver(self.company, self.person, self.hr, steps));
            }
            Stage::Cancelled if cancelled_early => {
                period.closed = Some((Moment::of(self.later(at, 4)), period.owner));
            }
            Stage::Denied => {}
            _ => period.confirmed = Some(Moment::of(at)),
        }
        if stage == Stage::CancellationPending || (stage == Stage::Cancelled && !cancelled_early) {
            let asked = self.later(at, 6);
            let manager = approver(self.company, self.person, self.hr, 0);
            let granted = stage == Stage::Cancelled;
            let comment = self.comment(50);
            period.withdrawal = Some(Box::new(Withdrawal {
                id: 0,
                author: period.owner,
                comment,
                granted,
                next_approver: (!granted).then_some(manager),
                at: Moment::of(asked),
            }));
            if granted {
                period.closed = Some((Moment::of(self.later(asked, 2)), manager));
            }
        }
        period.decisions.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use jiff::civil::date;

    use super::*;
    use crate::company::absences::place;

    #[test]
    fn generated_half_days_are_unique_and_worked() {
        let company = crate::company::build(3000, 7, date(2026, 11, 23));
        let all = &company.absences;
        let each = all.halves.len() / 3000;
        assert!((18..=23).contains(&each), "{each} half-days a person");
        let bytes = all.halves.len() * size_of::<Half>()
            + all.periods.len() * size_of::<Period>()
            + all.periods.iter().map(|one| one.decisions.len() * size_of::<Decision>() + 16).sum::<usize>();
        assert!(bytes / all.halves.len() <= 60, "{} bytes a half-day", bytes / all.halves.len());
        assert!(
            all.periods.windows(2).all(|pair| pair[0].id < pair[1].id && pair[0].created <= pair[1].created)
        );
        let mut taken = HashSet::new();
        for (at, half) in (0_u32..).zip(&all.halves) {
            let period = &all.periods[place(half.period)];
            let person = company.person(period.owner.into()).expect("an owner");
            assert!(works(person, half.date, half.am));
            assert!(period.places().contains(&at));
            let free = !all.is_active(at, period) || taken.insert((period.owner, half.date, half.am));
            assert!(free, "a half-day taken twice");
        }
        let limit = Moment::of(date(2026, 11, 23).at(9, 0, 0, 0));
        let mut stages = HashSet::new();
        for period in &all.periods {
            let mut at = period.created;
            for decision in &period.decisions {
                assert!(decision.at >= at);
                at = decision.at;
            }
            let moments = [Some(at), period.confirmed, period.closed.map(|(at, _)| at)];
            assert!(moments.into_iter().flatten().all(|one| one >= period.created && one < limit));
            stages.insert((period.request.is_some(), period.stage as u8));
        }
        assert_eq!(stages.len(), 7, "{stages:?}");
        assert!(all.periods.iter().any(|one| one.decisions.len() == 3));
        let accounts = |one: &Period| -> usize {
            one.places().map(|at| all.halves[place(at)].account).collect::<HashSet<_>>().len()
        };
        assert!(all.periods.iter().any(|one| accounts(one) == 2));
        assert!(!all.dropped.is_empty() && all.halves.iter().any(|half| half.quarters > 0));
    }
}
