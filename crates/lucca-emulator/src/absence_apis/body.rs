//! The bodies of the request factory, both generations. Source: absences.md §5.1.

use jiff::civil::Date;
use serde_json::{Map, Value as Json};

use crate::{
    company::absences::{
        accounts::{Unit, terms},
        rules::{Extent, Share},
    },
    errors::Refusal,
    mutations::requests::RequestDraft,
};

/// A JSON object whose keys are compared in any case.
pub(super) struct Object<'a>(pub(super) &'a Map<String, Json>);

impl<'a> Object<'a> {
    pub(super) fn get(&self, key: &str) -> Option<&'a Json> {
        let found = self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(key));
        found.map(|(_, value)| value).filter(|value| !value.is_null())
    }
    fn day(&self, key: &str) -> Result<Date, Refusal> {
        // With or without a time.
        self.get(key).and_then(Json::as_str).and_then(|text| text.parse().ok()).ok_or_else(|| invalid(key))
    }
    pub(super) fn flag(&self, key: &str) -> Result<bool, Refusal> {
        self.get(key).and_then(Json::as_bool).ok_or_else(|| invalid(key))
    }
    pub(super) fn list(&self, key: &str) -> Result<&'a [Json], Refusal> {
        match self.get(key) {
            None => Ok(&[]),
            Some(list) => list.as_array().map(Vec::as_slice).ok_or_else(|| invalid(key)),
        }
    }
    pub(super) fn int(&self, key: &str) -> Option<i64> {
        self.get(key).and_then(Json::as_i64)
    }
}

/// unverified: the message.
pub(super) fn invalid(key: &str) -> Refusal {
    Refusal::problem(format!("The {key} field is missing or not valid."))
}

/// A body that is a JSON object.
pub(super) fn object(label: Option<&str>, body: Option<&[u8]>) -> Result<Map<String, Json>, Refusal> {
    let kind = label.unwrap_or("").split(';').next().unwrap_or("").trim().to_lowercase();
    if kind != "application/json" {
        return Err(Refusal::unsupported(format!("Unsupported media type {kind}")));
    }
    let body = body.ok_or_else(Refusal::too_large)?;
    serde_json::from_slice(body).map_err(|_| Refusal::problem("The body is not a valid JSON object."))
}

/// A parsed factory body.
pub(super) struct FactoryBody {
    pub(super) draft: RequestDraft,
    /// `autoCreate`; absent is false.
    pub(super) auto_create: bool,
    /// `duration` of the request, in halves of a day or quarters of an hour.
    duration_fits: bool,
}

impl FactoryBody {
    pub(super) fn read(body: &Map<String, Json>, generation_b: bool) -> Result<Self, Refusal> {
        let body = Object(body);
        let extent = Extent {
            starts: body.day("startsOn")?,
            starts_am: body.flag("startsAM")?,
            ends: body.day("endsOn")?,
            ends_am: body.flag("endsAM")?,
        };
        let lists: &[&str] =
            if generation_b { &["accounts"] } else { &["availableAccounts", "otherAvailableAccounts"] };
        let mut shares = Vec::new();
        let mut acknowledged = rules_of(body.list("warnings")?);
        for list in lists {
            for account in body.list(list)? {
                let account = Object(account.as_object().ok_or_else(|| invalid(list))?);
                shares.extend(share(&account)?);
                let constraint = account.get("constraint").and_then(Json::as_object);
                if let Some(constraint) = constraint {
                    acknowledged.extend(rules_of(Object(constraint).list("warnings")?));
                }
            }
        }
        let comment = body.get("comments").or(body.get("comment")).and_then(Json::as_str);
        let comment = comment.filter(|text| !text.trim().is_empty()).map(str::to_owned);
        let duration_fits = match body.get("duration") {
            None => true,
            Some(whole) => {
                // Days of several accounts are summed; hours are never mixed with them.
                let hours = |one: &Share| terms(one.account).unit == Unit::Hours;
                let parts = if shares.iter().any(hours) { 4 } else { 2 };
                let sum: i32 = shares.iter().map(|one| one.amount).sum();
                parts_of(whole, parts) == Some(sum)
            }
        };
        let auto_create = body.get("autoCreate").and_then(Json::as_bool).unwrap_or(false);
        let draft = RequestDraft { owner: owner(&body)?, extent, shares, comment, acknowledged };
        Ok(Self { draft, auto_create, duration_fits })
    }

    /// Without shares that match the duration nothing can be distributed.
    pub(super) fn into_draft(self) -> RequestDraft {
        if self.duration_fits { self.draft } else { RequestDraft { shares: Vec::new(), ..self.draft } }
    }
}

/// `ownerId`, a number or a number as text as live clients send, or the one user of `users` if it is 0, as in
/// a captured body.
fn owner(body: &Object<'_>) -> Result<i64, Refusal> {
    let alone = || {
        let users = Object(body.get("users")?.as_object()?);
        match users.get("userIds")?.as_array()?.as_slice() {
            [only] => only.as_i64(),
            _ => None,
        }
    };
    let text = || body.get("ownerId")?.as_str()?.trim().parse().ok();
    body.int("ownerId").or_else(text).filter(|id| *id > 0).or_else(alone).ok_or_else(|| invalid("ownerId"))
}

/// An account with a duration; one without is not used.
fn share(account: &Object<'_>) -> Result<Option<Share>, Refusal> {
    let id = account.int("leaveAccountId").ok_or_else(|| invalid("leaveAccountId"))?;
    let Some(duration) = account.get("duration").filter(|one| one.as_f64() != Some(0.0)) else {
        return Ok(None);
    };
    let unit = terms(id).unit;
    let said = account.int("unit");
    let in_hours = |unit: i64| unit == Unit::Hours as i64;
    if said.is_some_and(|said| in_hours(said) != in_hours(unit as i64)) {
        return Err(invalid("unit"));
    }
    let amount = parts_of(duration, unit.parts()).filter(|amount| *amount > 0);
    Ok(Some(Share { account: id, amount: amount.ok_or_else(|| invalid("duration"))? }))
}

/// A number in parts; none if it is not a whole number of them. unverified: that half a day is 0.5.
fn parts_of(number: &Json, parts: i32) -> Option<i32> {
    let number = number.as_f64()?;
    (0..=4000).find(|n| (f64::from(*n) / f64::from(parts) - number).abs() < 1e-6)
}

fn rules_of(warnings: &[Json]) -> Vec<i64> {
    warnings.iter().filter_map(|one| Object(one.as_object()?).int("ruleId")).collect()
}
