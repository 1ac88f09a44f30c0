//! Requesting, deciding and cancelling absences. Source of the states: absences.md §2.4.

use jiff::civil::Date;

use crate::{
    changes::{
        ChangeError,
        absences::{AbsenceIds, NewAbsence},
    },
    company::{
        absences::{
            Absences, Decision, Half, Moment, Period, Stage, Withdrawal, approver, calendar, hr, number,
            place,
            rules::{self, Extent},
            span,
        },
        model::{Company, Person},
    },
    notifications::LeaveEvent,
    tenant::Tenant,
};

/// The period with that id, with everything that a decision on it needs.
pub(super) fn with_period<T>(
    tenant: &Tenant,
    id: i64,
    change: impl FnOnce(&mut Period, &Chain, Moment) -> Result<T, ChangeError>,
) -> Result<T, ChangeError> {
    let today = tenant.state().now().date();
    tenant.alter(|company, stamp| {
        let at = company.absences.place_of(id).ok_or(ChangeError::NoSuch("leave period"))?;
        let chain = Chain::of(company, at, today);
        let all = &mut company.absences;
        let fresh = all.last_decision + 1;
        let period = all.periods.get_mut(at).ok_or(ChangeError::NoSuch("leave period"))?;
        let before = period.stage;
        let changed = change(period, &Chain { fresh, ..chain }, Moment::of(stamp.at))?;
        let leave_event = LeaveEvent::between(Some(before), period.stage);
        all.last_decision = fresh;
        tenant.notify(company, id, leave_event);
        Ok(changed)
    })
}

/// The approval chain of a period.
pub(super) struct Chain {
    steps: [u32; 3],
    pub(super) hr: u32,
    /// Id of the next decision.
    pub(super) fresh: u32,
}

impl Chain {
    fn of(company: &Company, at: usize, today: Date) -> Self {
        let hr = hr(company, today);
        let owner = company.absences.periods.get(at).and_then(|one| company.person(one.owner.into()));
        let step = |n| owner.map_or(hr, |person| approver(company, person, hr, n));
        Self { steps: [step(0), step(1), step(2)], hr, fresh: 0 }
    }

    pub(super) fn step(&self, n: usize) -> u32 {
        self.steps.get(n).copied().unwrap_or(self.hr)
    }
}

pub(super) fn decision(
    period: &Period,
    chain: &Chain,
    at: Moment,
    approved: bool,
    comment: Option<u16>,
) -> Decision {
    let approver = period.next_approver.unwrap_or_else(|| chain.step(period.decisions.len()));
    Decision { id: chain.fresh, approver, substituted: None, comment, approved, at }
}

/// A new period, with a request unless HR entered it.
pub(super) fn fresh_period(
    company: &Company,
    person: &Person,
    extent: &Extent,
    by_hr: bool,
    (created, today): (Moment, Date),
) -> Period {
    let next = approver(company, person, hr(company, today), 0);
    Period {
        id: 0,
        owner: number(person.id),
        request: (!by_hr).then_some(0),
        starts: extent.starts,
        ends: extent.ends,
        starts_am: extent.starts_am,
        ends_am: extent.ends_am,
        stage: if by_hr { Stage::Approved } else { Stage::Pending },
        levels: 1,
        comment: None,
        first: 0,
        count: 0,
        created,
        confirmed: by_hr.then_some(created),
        closed: None,
        next_approver: (!by_hr).then_some(next),
        decisions: Vec::new(),
        withdrawal: None,
    }
}

pub(super) fn enter(
    company: &mut Company,
    created: Moment,
    today: Date,
    new: &NewAbsence,
) -> Result<AbsenceIds, ChangeError> {
    let person = company.person(new.owner_id).ok_or(ChangeError::NoSuch("user"))?;
    let known = |id: i64| company.leave_accounts.iter().any(|account| account.id == id);
    if !known(new.account_id) || new.then.is_some_and(|(_, id)| !known(id)) {
        return Err(ChangeError::NoSuch("leave account"));
    }
    let account = |day: Date| {
        let id = new.then.filter(|(from, _)| day >= *from).map_or(new.account_id, |(_, id)| id);
        u16::try_from(id).unwrap_or(u16::MAX)
    };
    let quarters = new.minutes.map_or(0, |minutes| u8::try_from(minutes / 15).unwrap_or(u8::MAX));
    let extent =
        Extent { starts: new.starts_on, starts_am: !new.starts_pm, ends: new.ends_on, ends_am: new.ends_am };
    if !extent.is_readable() {
        return Err(ChangeError::Conflict("the period is empty or too long"));
    }
    let halves: Vec<Half> = span(extent.starts, extent.starts_am, extent.ends, extent.ends_am)
        .filter(|(day, am)| calendar::works(person, *day, *am))
        .map(|(date, am)| Half { date, period: 0, account: account(date), am, quarters })
        .collect();
    if halves.is_empty() {
        return Err(ChangeError::Conflict("nobody works on these days"));
    }
    let taken = rules::taken(company, person.id);
    if halves.iter().any(|half| taken.contains(&(half.date, half.am))) {
        return Err(ChangeError::Conflict("a half-day is already taken"));
    }
    let mut period = fresh_period(company, person, &extent, new.by_hr, (created, today));
    period.levels = new.levels.clamp(1, 3);
    let all = &mut company.absences;
    period.comment = new.comment.as_deref().and_then(|text| all.keep_comment(text));
    let id = all.add(period, halves);
    let request = (!new.by_hr).then(|| all.last_request.into());
    Ok(AbsenceIds { leave_period_id: id.into(), leave_request_id: request })
}

impl Tenant {
    /// Requests an absence, or enters it for HR. Only half-days that the person works become leaves; one that
    /// is already taken is a conflict.
    pub fn enter_absence(&self, new: &NewAbsence) -> Result<AbsenceIds, ChangeError> {
        let today = self.state().now().date();
        self.alter(|company, stamp| enter(company, Moment::of(stamp.at), today, new))
    }

    /// The next approver approves the absence, or its cancellation.
    pub fn approve(&self, period: i64) -> Result<(), ChangeError> {
        with_period(self, period, |period, chain, at| match period.stage {
            Stage::Pending => {
                period.decisions.push(decision(period, chain, at, true, None));
                let done = period.decisions.len();
                if done >= usize::from(period.levels) {
                    period.stage = Stage::Approved;
                    period.confirmed = Some(at);
                    period.next_approver = None;
                } else {
                    period.next_approver = Some(chain.step(done));
                }
                Ok(())
            }
            Stage::CancellationPending => {
                grant(period, chain, at);
                Ok(())
            }
            _ => Err(ChangeError::Conflict("nothing is pending")),
        })
    }

    /// The next approver denies the absence, or its cancellation, and then it stays approved.
    pub fn deny(&self, period: i64, comment: Option<&str>) -> Result<(), ChangeError> {
        let comment = comment.and_then(|text| self.alter(|company, _| company.absences.keep_comment(text)));
        with_period(self, period, |period, chain, at| match period.stage {
            Stage::Pending => {
                let step = decision(period, chain, at, false, comment);
                period.closed = Some((at, step.approver));
                period.decisions.push(step);
                period.stage = Stage::Denied;
                period.next_approver = None;
                Ok(())
            }
            Stage::CancellationPending => {
                period.stage = Stage::Approved;
                if let Some(withdrawal) = &mut period.withdrawal {
                    withdrawal.next_approver = None;
                }
                Ok(())
            }
            _ => Err(ChangeError::Conflict("nothing is pending")),
        })
    }

    /// Cancels an absence: at once if it is pending or HR's own; otherwise the cancellation needs approval,
    /// and a second call grants it.
    pub fn cancel(&self, period: i64) -> Result<(), ChangeError> {
        with_period(self, period, |period, chain, at| match period.stage {
            Stage::Pending => {
                period.stage = Stage::Cancelled;
                period.closed = Some((at, period.owner));
                period.next_approver = None;
                Ok(())
            }
            Stage::Approved if period.request.is_none() => {
                period.stage = Stage::Cancelled;
                period.closed = Some((at, chain.hr));
                Ok(())
            }
            Stage::Approved => {
                period.stage = Stage::CancellationPending;
                period.withdrawal = Some(Box::new(Withdrawal {
                    id: chain.fresh,
                    author: period.owner,
                    comment: None,
                    granted: false,
                    next_approver: Some(chain.step(0)),
                    at,
                }));
                Ok(())
            }
            Stage::CancellationPending => {
                grant(period, chain, at);
                Ok(())
            }
            Stage::Cancelled | Stage::Denied => Err(ChangeError::Conflict("it is over already")),
        })
    }

    /// Deletes one half-day, by its id.
    pub fn delete_leave(&self, id: &str) -> Result<(), ChangeError> {
        let today = self.state().now().date();
        self.alter(|company, stamp| {
            let by = hr(company, today);
            let all = &mut company.absences;
            let at = all.half_by_id(id).ok_or(ChangeError::NoSuch("leave"))?;
            let period = all.halves.get(place(at)).and_then(|half| all.period_of(*half));
            if !period.is_some_and(|period| all.is_active(at, period)) {
                return Err(ChangeError::Conflict("it is over already"));
            }
            all.dropped.insert(at, (Moment::of(stamp.at), by));
            let half = company.absences.halves.get(place(at));
            if let Some(period) = half.and_then(|half| company.absences.period_of(*half)) {
                self.notify_half_days(company, period, &[at], Some(LeaveEvent::Deleted));
            }
            Ok(())
        })
    }

    /// Changes the comment of an absence; no date is changed.
    pub fn comment(&self, period: i64, text: &str) -> Result<(), ChangeError> {
        let comment = self.alter(|company, _| company.absences.keep_comment(text));
        with_period(self, period, |period, _, _| {
            period.comment = comment;
            Ok(())
        })
    }

    /// Ids of periods in one of these states, the latest first.
    pub(super) fn periods_in(&self, stages: &[Stage]) -> Vec<i64> {
        let company = self.state().company();
        let Absences { periods, .. } = &company.absences;
        let found = periods.iter().rev().filter(|period| stages.contains(&period.stage));
        found.take(500).map(|period| i64::from(period.id)).collect()
    }
}

pub(super) fn grant(period: &mut Period, chain: &Chain, at: Moment) {
    let by = period.withdrawal.as_ref().and_then(|withdrawal| withdrawal.next_approver).unwrap_or(chain.hr);
    period.stage = Stage::Cancelled;
    period.closed = Some((at, by));
    if let Some(withdrawal) = &mut period.withdrawal {
        withdrawal.granted = true;
        withdrawal.next_approver = None;
    }
}
