//! The object that the request factory returns, in the format of either generation. Source: absences.md §5.1.
//! unverified: the meaning of most of its fields; their order does not matter.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::{Value as Json, json};

use crate::{
    company::{
        absences::{
            accounts::{Balance, Unit, balance, terms},
            rules::{self, Extent, Share, Warning, Weight},
        },
        model::{LeaveAccount, Person},
    },
    view::View,
};

/// The content of the object.
pub(super) struct OfferContext<'a> {
    pub(super) person: &'a Person,
    pub(super) extent: Extent,
    /// Amounts already assigned to accounts.
    pub(super) shares: &'a [Share],
    pub(super) warnings: Vec<Warning>,
    pub(super) generation_b: bool,
}

/// A number in the tenant's notation: without a fraction if there is none.
fn amount(parts: i32, of: i32) -> Json {
    if parts % of == 0 { json!(parts / of) } else { json!(f64::from(parts) / f64::from(of)) }
}

pub(super) fn warning(one: &Warning) -> Json {
    let mut said = json!({
        "ruleId": one.rule,
        "description": one.text,
        "error": one.weight == Weight::Blocks,
        "info": one.weight == Weight::Informs,
        "concernedUsers": [],
    });
    if let (Some(account), Some(said)) = (one.account, said.as_object_mut()) {
        said.insert("accountId".to_owned(), json!(account));
    }
    said
}

pub(super) fn object(view: &View<'_>, context: &OfferContext<'_>) -> Json {
    let Extent { starts, starts_am, ends, ends_am } = context.extent;
    let worked = context.extent.worked_by(context.person);
    let halves = i32::try_from(worked.len()).unwrap_or(0);
    let day = |day: Date| {
        if context.generation_b { json!(day) } else { json!(format!("{day}T00:00:00")) }
    };
    let offered = view
        .company
        .leave_accounts
        .iter()
        .filter(|account| worked.is_empty() || !rules::offered(account.id, &worked).is_empty());
    let (managed, others): (Vec<&LeaveAccount>, Vec<&LeaveAccount>) =
        offered.partition(|account| terms(account.id).entitlement.is_some());
    let items = |accounts: &[&LeaveAccount]| -> Vec<Json> {
        accounts.iter().map(|one| account(view, context, one, &worked)).collect()
    };
    let groups: Vec<Json> = [Unit::Days, Unit::BusinessDays, Unit::Hours]
        .into_iter()
        .map(|unit| {
            let of = managed.iter().chain(&others).filter(|one| terms(one.id).unit == unit);
            let named = of.map(
                |one| json!({"id": one.id, "name": one.name, "isRecurring": terms(one.id).window.is_some()}),
            );
            json!({"unit": unit as i64, "leaveAccounts": named.collect::<Vec<_>>()})
        })
        .collect();
    let blocked = context.warnings.iter().any(|one| one.weight == Weight::Blocks);
    let mut answer = json!({
        "daysUnit": !context.generation_b,
        "displayAllUnits": false,
        "allUnitAccounts": groups,
        "warnings": context.warnings.iter().map(warning).collect::<Vec<_>>(),
        "agreementWarnings": [],
        "daysOff": {},
        "unlimitedDaysOffCalculation": true,
        "duration": amount(halves, 2),
        "isValid": !blocked,
        "areSupportingDocumentsManaged": true,
        "withCandidate": false,
        "startsAM": starts_am,
        "endsAM": ends_am,
        "isHalfDay": starts == ends && starts_am == ends_am,
        "unit": 0,
        "autoCreate": false,
        "ownerId": context.person.id,
        "startsOn": day(starts),
        "endsOn": day(ends),
        "balanceEstimateEndsOn": day(ends.last_of_month()),
    });
    let more = if context.generation_b {
        let all: Vec<&LeaveAccount> = managed.iter().chain(&others).copied().collect();
        let days = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
        json!({
            "accounts": items(&all),
            "ownerName": context.person.name(),
            "comments": "",
            "chosenApproverIds": [],
            "nextApprover": null,
            "balanceEstimateEndsOn": "0001-01-01T00:00:00",
            "daysOff": days.map(|day| (day, Json::Null)).into_iter().collect::<BTreeMap<_, _>>(),
        })
    } else {
        json!({"availableAccounts": items(&managed), "otherAvailableAccounts": items(&others)})
    };
    if let (Some(answer), Json::Object(more)) = (answer.as_object_mut(), more) {
        answer.extend(more);
    }
    answer
}

/// An account with its constraint. Its warnings are those of the whole part of the period within its window.
fn account(
    view: &View<'_>,
    context: &OfferContext<'_>,
    account: &LeaveAccount,
    worked: &rules::Days,
) -> Json {
    let (company, id) = (view.company, account.id);
    let terms = terms(id);
    let parts = terms.unit.parts();
    let borne = rules::offered(id, worked);
    let given = context.shares.iter().find(|share| share.account == id).map(|share| share.amount);
    let halves = i32::try_from(borne.len()).unwrap_or(0);
    // The smallest possible amount, so that an empty balance shows; `maxValue` shows a short one.
    let least = if terms.unit == Unit::Hours { terms.least } else { 1 };
    let warnings = rules::of_account(company, context.person, id, &borne, given.unwrap_or(least));
    let closure = borne.iter().find_map(|(day, _)| company.absences.closure_on(id, *day));
    let until = |day| balance(company, context.person.id, id, day);
    let last = terms.window.map_or(Date::MAX, |(_, to)| to);
    let shown = |parts_left: Option<i32>| parts_left.map_or(Json::Null, |left| amount(left, parts));
    let whole = until(last);
    let room = whole.filter(|_| !terms.debit).map(Balance::left);
    let most = if terms.unit == Unit::Hours { 14 * halves } else { halves };
    let edge = |day: Option<Date>| day.map_or(Json::Null, |day| json!(format!("{day}T00:00:00")));
    let remote = account.remote_work && view.switches.remote_work_flag;
    json!({
        "leaveAccountId": id,
        "leaveAccountName": account.name,
        "leaveAccountColor": "#7547D1",
        "i18nLabels": [],
        "autoCredit": terms.entitlement.is_none(),
        // unverified: any category but "PUN".
        "categoryType": if terms.entitlement.is_some() { "CP" } else { "PUN" },
        "categoryValue": null,
        "consumptionEndDate": edge(terms.window.map(|(_, to)| to)),
        "unit": terms.unit as i64,
        // unverified: that a discovery assigns no duration to any account yet.
        "duration": amount(given.unwrap_or(0), parts),
        "isRemoteWork": remote,
        "constraint": {
            "maxValue": amount(room.map_or(most, |room| room.clamp(0, most)), parts),
            "warnings": warnings.iter().map(warning).collect::<Vec<_>>(),
            // unverified: that these exclude the request itself.
            "currentBalance": shown(until(view.today).map(Balance::left_by_then)),
            "leavePeriodEndDateBalance": shown(until(context.extent.ends).map(Balance::left_by_then)),
            "entitlementEndDateBalance": shown(whole.map(Balance::left)),
            "entitlementEndDateEntitlement": shown(whole.map(|one| one.entitlement)),
            "entitlementEndDateConsumption": shown(whole.map(|one| one.taken)),
            "allowSelect": !warnings.iter().any(|one| one.weight == Weight::Blocks),
            "consumptionStartDate": edge(terms.window.map(|(from, _)| from)),
            "consumptionEndDate": edge(terms.window.map(|(_, to)| to)),
            "debitAuthorization": terms.debit,
            "halfDayAuthorization": terms.half_day,
            "allowOuterConsumption": 0,
            "allowHalfDay": terms.half_day,
            "durationHour": f64::from(terms.least) / 4.0,
            "stepHour": f64::from(terms.step) / 4.0,
            "completeConsumption": false,
            "leaveAccountForbiddenPeriodMessage": closure.map(|one| one.message.clone()),
            "leaveAccountForbiddenPeriodStartDate": edge(closure.map(|one| one.from)),
            "leaveAccountForbiddenPeriodEndDate": edge(closure.map(|one| one.to)),
        },
    })
}
