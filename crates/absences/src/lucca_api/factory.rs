//! The leave request factory: reads its offer, checks the absence against it, and creates requests.

use lucca::{
    AbsencePeriod, Client, LeaveRequestDraft, LeaveRequestOffer, OfferedAccount, RequestWarning, WarningLevel,
};
use people::{LeaveUnit, Plan};

use super::{AbsenceApi, AbsenceApiClient, Amount, Answer, Assessment, Balance, Person, Submitted, other};
use crate::draft::AbsenceDraft;
use crate::problem::{Problem, ProblemCode, Warning};

pub(crate) struct Factory {
    client: Client,
}

impl Factory {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }
}

fn period(ask: &AbsenceDraft) -> AbsencePeriod {
    AbsencePeriod { owner: ask.employee_id.clone(), first: ask.first, last: ask.last }
}

impl AbsenceApiClient for Factory {
    fn kind(&self) -> AbsenceApi {
        AbsenceApi::Factory
    }

    fn assess<'a>(&'a self, ask: &'a AbsenceDraft, _: &'a Person, plan: &'a Plan) -> Answer<'a, Assessment> {
        Box::pin(async move {
            let offer = match self.client.leave_request_offer(&period(ask)).await {
                Ok(offer) => offer,
                // Lucca refuses the period itself.
                Err(error) if error.code() == "lucca.bad_request" => {
                    let problems = vec![Problem::of_refusal(&error)];
                    return Ok(Assessment { problems, ..Assessment::default() });
                }
                Err(error) => return Err(error),
            };
            Ok(judge(ask, plan, offer))
        })
    }

    fn submit<'a>(
        &'a self,
        ask: &'a AbsenceDraft,
        _: &'a Person,
        assessed: &'a Assessment,
    ) -> Answer<'a, Submitted> {
        Box::pin(async move {
            let (Some(offer), Some(amount)) = (&assessed.offer, assessed.amount) else {
                return Ok(Submitted::Refused { problems: Vec::new(), confirm: Vec::new() });
            };
            let period = period(ask);
            let accounts = [(ask.leave_type_id.clone(), amount.value)];
            let draft = LeaveRequestDraft {
                period: &period,
                offer,
                accounts: &accounts,
                comment: ask.comment.as_deref(),
                acknowledges: true,
            };
            let mut sent = self.client.create_leave_request(offer.generation, &draft).await;
            if sent.as_ref().is_err_and(|error| error.code() == "lucca.not_found") {
                // unverified: whether a tenant may read in one shape and write in another.
                sent = self.client.create_leave_request(other(offer.generation), &draft).await;
            }
            let created = match sent {
                Ok(created) => created,
                // Lucca has read the request and refuses it; other errors are not Lucca's decision about it.
                Err(error) if error.code() == "lucca.bad_request" => {
                    let problems = vec![Problem::of_refusal(&error)];
                    return Ok(Submitted::Refused { problems, confirm: Vec::new() });
                }
                Err(error) => return Err(error),
            };
            let (problems, warnings) = split_messages(ask, &created.warnings);
            // Acknowledged warnings need no confirmation again.
            let is_new = |warning: &Warning| {
                warning.must_be_confirmed && !assessed.warnings.iter().any(|known| known.id == warning.id)
            };
            let confirm: Vec<Warning> = warnings.into_iter().filter(is_new).collect();
            if created.is_valid == Some(false) || !problems.is_empty() || !confirm.is_empty() {
                return Ok(Submitted::Refused { problems, confirm });
            }
            Ok(Submitted::Taken { request_id: created.request_id, absence_id: created.period_id })
        })
    }
}

fn judge(ask: &AbsenceDraft, plan: &Plan, offer: LeaveRequestOffer) -> Assessment {
    let (mut problems, mut warnings) = split_messages(ask, &offer.warnings);
    let Some(account) = offer.accounts.iter().find(|account| account.id == ask.leave_type_id) else {
        let names: Vec<&str> = offer.accounts.iter().filter_map(|account| account.name.as_deref()).collect();
        let message = if names.is_empty() {
            "Lucca offers this employee no leave type for this period; check the employee's leave types in \
             Lucca"
                .to_owned()
        } else {
            format!("Lucca does not offer this leave type for this period; it offers {}", names.join(", "))
        };
        problems.push(Problem::new(ProblemCode::TypeNotOffered, message).on("leave_type_id"));
        return Assessment { problems, warnings, ..Assessment::default() };
    };
    let (more, account_warnings) = split_messages(ask, &account.warnings);
    problems.extend(more);
    warnings.extend(
        account_warnings
            .into_iter()
            .filter(|one| !warnings.iter().any(|known| known.id == one.id))
            .collect::<Vec<_>>(),
    );
    let amount = match amount(ask, plan, &offer, account) {
        Ok(amount) => Some(amount),
        Err(problem) => {
            problems.push(problem);
            None
        }
    };
    if account.constraint.allows_half_days == Some(false) && takes_half_days(plan) {
        let message = "this leave type does not allow half-days: request whole days";
        problems.push(Problem::new(ProblemCode::HalfDayNotAllowed, message).on("leave_type_id"));
    }
    if let Some(words) = &account.constraint.closed {
        let message = "this leave type is closed for this period: change the period or the leave type";
        let problem = Problem::new(ProblemCode::Closed, message).on("starts_on");
        problems.push(problem.in_lucca_s_words(Some(words)));
    }
    if let (Some(max), Some(amount)) = (account.constraint.max, amount)
        && amount.value > max
    {
        let message = format!("at most {max} can be requested on this leave type");
        problems.push(Problem::new(ProblemCode::InvalidDuration, message).on("ends_on"));
    }
    let balance = account.constraint.current_balance.zip(amount).map(|(before, amount)| Balance {
        before,
        after: before - amount.value,
        at_period_end: account.constraint.period_end_balance,
    });
    let leave_type_name = account.name.clone();
    Assessment {
        leave_type_name,
        amount,
        balance,
        warnings,
        problems,
        offer: Some(offer),
        import_format: None,
    }
}

/// The amount to request: Lucca's value for the period, or the requested hours.
fn amount(
    ask: &AbsenceDraft,
    plan: &Plan,
    offer: &LeaveRequestOffer,
    account: &OfferedAccount,
) -> Result<Amount, Problem> {
    let unit = account.unit.unwrap_or(LeaveUnit::Days);
    let wrong = |message: String| Problem::new(ProblemCode::InvalidDuration, message).on("minutes");
    if unit == LeaveUnit::Hours {
        let asked = ask.minutes.map(|minutes| f64::from(minutes) / 60.0);
        let Some(hours) = asked.or(account.duration.filter(|hours| *hours > 0.0)) else {
            return Err(wrong("this leave type is counted in hours: add the duration".to_owned()));
        };
        if let (Some(step), Some(_)) = (account.constraint.step_hours, asked) {
            let steps = hours / step;
            if (steps - steps.round()).abs() > 1e-6 {
                return Err(wrong(format!(
                    "this leave type is taken in steps of {step} hours: change the duration"
                )));
            }
        }
        return Ok(Amount { value: hours, unit });
    }
    if ask.minutes.is_some() {
        return Err(wrong("this leave type is not counted in hours: leave out the duration".to_owned()));
    }
    // unverified: whether half a day is 0.5 of an account counted in days (source: absences.md §5.1).
    let offered = account.duration.filter(|value| *value > 0.0);
    let offered = offered.or(offer.duration.filter(|value| *value > 0.0 && unit == LeaveUnit::Days));
    Ok(Amount { value: offered.unwrap_or_else(|| plan.days()), unit })
}

/// Whether the plan takes only one of two worked half-days of a day.
fn takes_half_days(plan: &Plan) -> bool {
    let ends = plan.taken.first().into_iter().chain(plan.taken.last());
    ends.into_iter().any(|at| plan.taken.iter().filter(|other| other.date == at.date).count() == 1)
}

/// Splits Lucca's messages into problems and warnings.
fn split_messages(ask: &AbsenceDraft, warnings: &[RequestWarning]) -> (Vec<Problem>, Vec<Warning>) {
    let (mut problems, mut distinct) = (Vec::new(), Vec::<Warning>::new());
    let ours = |warning: &&RequestWarning| {
        warning.account_id.as_ref().is_none_or(|account| *account == ask.leave_type_id)
    };
    for warning in warnings.iter().filter(ours) {
        if warning.level == WarningLevel::Blocks {
            let problem = Problem::new(ProblemCode::Refused, "a rule in Lucca forbids it");
            problems.push(problem.in_lucca_s_words(Some(&warning.description)));
            continue;
        }
        let id = warning_id(warning);
        if !distinct.iter().any(|known| known.id == id) {
            distinct.push(Warning {
                id,
                text: warning.description.clone(),
                must_be_confirmed: warning.level == WarningLevel::Confirm,
            });
        }
    }
    (problems, distinct)
}

/// A warning's id, from its rule and text, because one rule may have several texts.
fn warning_id(warning: &RequestWarning) -> String {
    let words = store::content_hash(&warning.description);
    let rule = warning.rule_id.as_ref().map_or("none", |rule| rule.as_str());
    format!("{rule}-{:08x}", words & 0xFFFF_FFFF)
}
