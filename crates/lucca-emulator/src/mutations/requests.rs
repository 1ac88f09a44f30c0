//! Changes of absences through the API: requested, imported, cancelled, decided. Each is one step, so that
//! two concurrent requests can't both take a half-day.
//!
//! Not included: bodies and answers (`absence_apis`), the rules (`company::absences::rules`).

use std::collections::BTreeMap;

use super::absences::{decision, fresh_period, grant, with_period};
use crate::{
    changes::{ChangeError, absences::AbsenceIds},
    company::{
        absences::{
            Absences, Half, Moment, Period, Stage, Withdrawal, accounts,
            rules::{self, Extent, Judgement, Share, Warning, Weight},
        },
        model::Company,
    },
    switches::{CancelApproved, DecidesAs, ImportUnapproved, Switches, Unconfirmed},
    tenant::Tenant,
};

/// A request for an absence.
#[derive(Debug, Clone)]
pub(crate) struct RequestDraft {
    pub(crate) owner: i64,
    pub(crate) extent: Extent,
    pub(crate) shares: Vec<Share>,
    pub(crate) comment: Option<String>,
    /// Rules whose warnings are sent back.
    pub(crate) acknowledged: Vec<i64>,
}

/// The outcome of a request.
#[derive(Debug)]
pub(crate) enum RequestOutcome {
    Created(AbsenceIds),
    Refused(Vec<Warning>),
    /// Nothing was created: these warnings need confirmation.
    ToConfirm(Vec<Warning>),
}

/// A parsed line of an import.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    pub(crate) owner: i64,
    pub(crate) account: i64,
    pub(crate) extent: Extent,
    pub(crate) approved: bool,
    /// Quarters of an hour in total, if the account counts hours and the line has them.
    pub(crate) quarters: Option<i32>,
}

/// Options of an import.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Import {
    pub(crate) create: bool,
    /// The balances do not include the imported absences.
    pub(crate) recredit: bool,
}

impl Tenant {
    /// Requests an absence. `None` if there is no such owner.
    pub(crate) fn request_absence(
        &self,
        draft: &RequestDraft,
        switches: &Switches,
    ) -> Option<RequestOutcome> {
        let today = self.state().now().date();
        self.alter(|company, stamp| {
            let person = company.person(draft.owner)?;
            let judgement = rules::judge(company, person, &draft.extent, &draft.shares, today);
            if judgement.blocks() {
                return Some(RequestOutcome::Refused(judgement.warnings));
            }
            let open =
                |one: &Warning| one.weight == Weight::ToConfirm && !draft.acknowledged.contains(&one.rule);
            if switches.unconfirmed_warnings != Unconfirmed::Ignored && judgement.warnings.iter().any(open) {
                return Some(match switches.unconfirmed_warnings {
                    Unconfirmed::Refused => RequestOutcome::Refused(judgement.warnings),
                    _ => RequestOutcome::ToConfirm(judgement.warnings),
                });
            }
            let Judgement { halves, .. } = judgement;
            let at = Moment::of(stamp.at);
            let of_account = |account: i64| match switches.accounts_without_approval.contains(&account) {
                true => 0,
                false => accounts::terms(account).levels,
            };
            let by_account = || halves.iter().map(|half| of_account(half.account.into())).max();
            let levels = switches.request_levels.or_else(by_account).unwrap_or(1).min(3);
            let mut period = fresh_period(company, person, &draft.extent, false, (at, today));
            period.levels = levels;
            if levels == 0 {
                confirm(&mut period, at);
            }
            Some(RequestOutcome::Created(keep(company, period, halves, draft.comment.as_deref())))
        })
    }

    /// Imports lines, each `None` if it was unreadable; returns the created absences, and whether every line
    /// is good.
    pub(crate) fn import(
        &self,
        lines: &[Option<Line>],
        how: Import,
        switches: &Switches,
    ) -> (Vec<(i64, AbsenceIds)>, bool) {
        let today = self.state().now().date();
        self.alter(|company, stamp| {
            let at = Moment::of(stamp.at);
            let mut made = Vec::new();
            let mut taken = BTreeMap::new();
            let mut good = true;
            for line in lines {
                let planned = line.as_ref().and_then(|line| {
                    let halves = halves_of(company, line)?;
                    let owned = taken.entry(line.owner).or_insert_with(|| rules::taken(company, line.owner));
                    let free = halves.iter().all(|half| owned.insert((half.date, half.am)));
                    free.then_some((line, halves))
                });
                match planned {
                    Some(planned) => made.push(planned),
                    None => {
                        good = false;
                        break;
                    }
                }
            }
            if !how.create || !(good || switches.import_partial) {
                return (Vec::new(), good);
            }
            let made = made.into_iter().filter_map(|(line, halves)| {
                let person = company.person(line.owner)?;
                let mut period = fresh_period(company, person, &line.extent, line.approved, (at, today));
                if !line.approved && switches.import_unapproved == ImportUnapproved::Period {
                    period.request = None;
                }
                let ids = keep(company, period, halves, None);
                if how.recredit {
                    company.absences.uncounted.insert(company.absences.last_period);
                }
                Some((line.owner, ids))
            });
            (made.collect(), good)
        })
    }

    /// Cancels a request: at once if it is pending, otherwise according to the switch.
    pub(crate) fn cancel_request(&self, period: i64, how: CancelApproved) -> Result<(), ChangeError> {
        with_period(self, period, |period, chain, at| {
            match (period.stage, how) {
                (Stage::Pending, _) | (Stage::Approved, CancelApproved::AtOnce) => {
                    period.stage = Stage::Cancelled;
                    period.closed = Some((at, period.owner));
                    period.next_approver = None;
                }
                (Stage::Approved, CancelApproved::Asks) => {
                    period.stage = Stage::CancellationPending;
                    period.withdrawal = Some(Box::new(Withdrawal {
                        id: chain.fresh,
                        author: period.owner,
                        comment: None,
                        granted: false,
                        next_approver: Some(chain.step(0)),
                        at,
                    }));
                }
                _ => return Err(ChangeError::Conflict("The leave request can't be cancelled.")),
            }
            Ok(())
        })
    }

    /// Approves or denies a pending request.
    pub(crate) fn decide(
        &self,
        period: i64,
        approved: bool,
        comment: Option<&str>,
        switches: &Switches,
    ) -> Result<(), ChangeError> {
        let comment = comment.and_then(|text| self.alter(|company, _| company.absences.keep_comment(text)));
        with_period(self, period, |period, chain, at| match period.stage {
            Stage::Pending => {
                let mut step = decision(period, chain, at, approved, comment);
                match switches.decides_as {
                    DecidesAs::Expected => {}
                    DecidesAs::Nobody => step.approver = 0,
                    DecidesAs::Hr => step.approver = chain.hr,
                }
                let by = step.approver;
                period.decisions.push(step);
                let done = period.decisions.len();
                if !approved {
                    period.stage = Stage::Denied;
                    period.closed = Some((at, by));
                    period.next_approver = None;
                } else if switches.approval_settles_all || done >= usize::from(period.levels) {
                    confirm(period, at);
                } else {
                    period.next_approver = Some(chain.step(done));
                }
                Ok(())
            }
            Stage::CancellationPending if switches.approvals_decide_cancellations => {
                if approved {
                    grant(period, chain, at);
                } else {
                    period.stage = Stage::Approved;
                    if let Some(withdrawal) = &mut period.withdrawal {
                        withdrawal.next_approver = None;
                    }
                }
                Ok(())
            }
            _ => Err(ChangeError::Conflict(
                "Only the leave requests pending approval can be approved or denied.",
            )),
        })
    }
}

fn confirm(period: &mut Period, at: Moment) {
    period.stage = Stage::Approved;
    period.confirmed = Some(at);
    period.next_approver = None;
}

fn keep(company: &mut Company, mut period: Period, halves: Vec<Half>, comment: Option<&str>) -> AbsenceIds {
    let all: &mut Absences = &mut company.absences;
    period.comment = comment.and_then(|text| all.keep_comment(text));
    let asked = period.request.is_some();
    let id = all.add(period, halves);
    AbsenceIds { leave_period_id: id.into(), leave_request_id: asked.then(|| all.last_request.into()) }
}

/// The half-days of a line, if there are any; on an account in hours each has three and a half, as the file
/// has no column for them.
fn halves_of(company: &Company, line: &Line) -> Option<Vec<Half>> {
    let worked = line.extent.worked_by(company.person(line.owner)?);
    let halves = i32::try_from(worked.len()).ok()?;
    let amount = match accounts::terms(line.account).unit {
        accounts::Unit::Hours => line.quarters.unwrap_or(halves * 14),
        _ => halves,
    };
    let share = Share { account: line.account, amount };
    let halves = rules::halves(&[(line.account, worked)], &[share]);
    (!halves.is_empty()).then_some(halves)
}
