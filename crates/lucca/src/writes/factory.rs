//! The leave request factory: an undocumented API that Lucca's own pages use. It offers leave accounts for a
//! period, and creates the request. Source: absences.md §5.1.
// unverified: whether an API key can use it; it was observed with a browser's session and in public clients.

use async_recursion::async_recursion as boxed;
use people::{Half, LeaveUnit};
use people::{HalfDay, RemoteId};
use serde_json::{Map, Value, json};

use super::{AbsencePeriod, JSON};
use crate::client::Client;
use crate::envelope::{Body, Undecodable, failure, text_of};
use crate::error::Error;
use crate::reader::{Object, Record};
use crate::retry::Effort;
use crate::stream::Stream;

/// The wire format of the factory: it changed at least once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FactoryGeneration {
    /// `POST /api/v3/leaveRequestFactory`, with accounts in `availableAccounts` and `otherAvailableAccounts`.
    Older,
    /// `POST /timmi-absences/api/v1.0/leaveRequestFactory/create`, with all of them in `accounts`.
    Newer,
}

impl FactoryGeneration {
    /// Both, the newer first.
    pub const ALL: [Self; 2] = [Self::Newer, Self::Older];
}

/// The factory's offer to an employee for a period.
#[derive(Clone, Debug, PartialEq)]
pub struct LeaveRequestOffer {
    /// The shape of the answer.
    pub generation: FactoryGeneration,
    /// Length of the period in days, if it is counted in days.
    pub duration: Option<f64>,
    /// Whether Lucca marks the period as valid for a request.
    pub is_valid: Option<bool>,
    /// The leave accounts that may be used, those with a balance first.
    pub accounts: Vec<OfferedAccount>,
    /// Lucca's warnings about the period, for any account.
    pub warnings: Vec<RequestWarning>,
    raw: Map<String, Value>,
}

/// A leave account offered for a period.
#[derive(Clone, Debug, PartialEq)]
pub struct OfferedAccount {
    /// Its id.
    pub id: RemoteId,
    /// Its name, in the language of the key.
    pub name: Option<String>,
    /// Its unit.
    pub unit: Option<LeaveUnit>,
    /// The amount that the period takes, in the account's unit.
    pub duration: Option<f64>,
    /// Whether it counts remote work; not always set when it should be.
    pub is_remote_work: Option<bool>,
    /// Whether it was offered among those with a balance; `None` if the answer does not distinguish them.
    // unverified: whether this distinguishes `availableAccounts` from `otherAvailableAccounts`.
    pub has_balance: Option<bool>,
    /// Its limits.
    pub constraint: Constraint,
    /// Lucca's warnings about using it for the period.
    pub warnings: Vec<RequestWarning>,
    raw: Map<String, Value>,
}

/// An account's limits for a period, as far as the answer has them. Amounts are in the account's unit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Constraint {
    /// Balance today.
    pub current_balance: Option<f64>,
    /// Balance at the period's end.
    pub period_end_balance: Option<f64>,
    /// Balance at the end of the entitlement.
    pub entitlement_end_balance: Option<f64>,
    /// Maximum amount that may be requested.
    pub max: Option<f64>,
    /// Whether half-days may be requested.
    pub allows_half_days: Option<bool>,
    /// Step of requests, in hours.
    pub step_hours: Option<f64>,
    /// The reason why the account is closed for some time.
    pub closed: Option<String>,
}

/// Lucca's warning about a request before it is created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestWarning {
    /// The number of the rule.
    pub rule_id: Option<RemoteId>,
    /// Lucca's message, in the language of the key.
    pub description: String,
    /// Its effect on the request.
    pub level: WarningLevel,
    /// The account concerned; absent if it is the whole request.
    pub account_id: Option<RemoteId>,
    raw: Map<String, Value>,
}

/// The effect of a [`RequestWarning`] on a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WarningLevel {
    /// Information only (`info`).
    Informs,
    /// The request is created once the warning is sent back with it (neither `error` nor `info`).
    Confirm,
    /// The request is refused (`error`).
    Blocks,
}

/// A request to create.
#[derive(Clone, Debug)]
pub struct LeaveRequestDraft<'a> {
    /// The employee and the half-days.
    pub period: &'a AbsencePeriod,
    /// The offer for this period; it is sent back unchanged.
    pub offer: &'a LeaveRequestOffer,
    /// The accounts to use in order, each with its amount in the account's unit.
    pub accounts: &'a [(RemoteId, f64)],
    /// The employee's comment.
    pub comment: Option<&'a str>,
    /// Whether warnings that need confirmation are sent back, which confirms them.
    pub acknowledges: bool,
}

/// The factory's answer to a request. It may be empty: search for the period then.
// unverified: every field. No answer has been published.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Created {
    /// Possibly the leave request's id.
    pub request_id: Option<RemoteId>,
    /// Possibly the leave period's id.
    pub period_id: Option<RemoteId>,
    /// False if Lucca marks the request as invalid.
    pub is_valid: Option<bool>,
    /// Lucca's warnings about the request.
    pub warnings: Vec<RequestWarning>,
}

impl Client {
    /// Requests the factory's offer for a period. It creates no absence.
    ///
    /// # Errors
    ///
    /// When the request fails: `lucca.not_found` if the tenant has no factory, `lucca.permission_missing` or
    /// `lucca.key_refused` if the key may not use it, `lucca.bad_request` if the period is refused.
    #[boxed]
    pub async fn leave_request_offer(&self, period: &AbsencePeriod) -> Result<LeaveRequestOffer, Error> {
        let (first, last) = (period.first, period.last);
        let query = format!(
            "ownerId={}&startsOn={}&startsAM={}&endsOn={}&endsAM={}",
            period.owner,
            first.date,
            first.half == Half::Am,
            last.date,
            last.half == Half::Am
        );
        let path = "/api/v3/services/leaveRequestFactory";
        let get = self.transport().get(Stream::LeaveRequests, path, &query, Effort::Usual, offer);
        Ok(get.await?.0)
    }

    /// Creates a leave request through the factory.
    ///
    /// # Errors
    ///
    /// When Lucca refused it, or it may not have arrived: [`Error::may_have_happened`].
    pub async fn create_leave_request(
        &self,
        generation: FactoryGeneration,
        draft: &LeaveRequestDraft<'_>,
    ) -> Result<Created, Error> {
        let body = body(generation, draft).to_string();
        match generation {
            FactoryGeneration::Older => {
                let path = "/api/v3/leaveRequestFactory";
                self.post(path, "isCreation=true", JSON, body.as_bytes(), created).await
            }
            FactoryGeneration::Newer => {
                let path = "/timmi-absences/api/v1.0/leaveRequestFactory/create";
                self.post(path, "", JSON, body.as_bytes(), created).await
            }
        }
    }
}

/// The body to post: the offer with the choice in it. Unknown members are sent back unchanged.
fn body(generation: FactoryGeneration, draft: &LeaveRequestDraft<'_>) -> Value {
    let LeaveRequestDraft { period, offer, accounts, comment, acknowledges } = draft;
    let is_newer = generation == FactoryGeneration::Newer;
    let date = |at: HalfDay| if is_newer { at.date.to_string() } else { format!("{}T00:00:00", at.date) };
    let chosen = |is_balanced: Option<bool>| -> Value {
        let of = |id: &RemoteId| offer.accounts.iter().find(|account| account.id == *id);
        let all = accounts.iter().filter_map(|(id, amount)| Some((of(id)?, amount)));
        let here = all.filter(|(account, _)| {
            is_balanced.is_none_or(|balanced| account.has_balance.unwrap_or(false) == balanced)
        });
        here.map(|(account, amount)| {
            let mut item = account.raw.clone();
            put(&mut item, "duration", json!(amount));
            Value::Object(item)
        })
        .collect()
    };
    let mut body = offer.raw.clone();
    for name in ["availableAccounts", "otherAvailableAccounts", "accounts", "warnings"] {
        body.retain(|key, _| !key.eq_ignore_ascii_case(name));
    }
    if is_newer {
        put(&mut body, "accounts", chosen(None));
        put(&mut body, "comments", json!(comment.unwrap_or_default()));
    } else {
        put(&mut body, "availableAccounts", chosen(Some(true)));
        put(&mut body, "otherAvailableAccounts", chosen(Some(false)));
        // A public client that creates requests for other users sends this; a browser, for its own user, does
        // not.
        put(&mut body, "users", json!({ "userIds": [number_or_text(&period.owner)] }));
        if let Some(comment) = comment {
            // unverified: whether the older format has a comment, and under this name; the newer one has.
            put(&mut body, "comments", json!(comment));
        }
    }
    let confirmed = offer.warnings.iter().filter(|_| *acknowledges).map(|one| Value::Object(one.raw.clone()));
    put(&mut body, "warnings", confirmed.collect());
    put(&mut body, "ownerId", number_or_text(&period.owner));
    put(&mut body, "startsOn", json!(date(period.first)));
    put(&mut body, "startsAM", json!(period.first.half == Half::Am));
    put(&mut body, "endsOn", json!(date(period.last)));
    put(&mut body, "endsAM", json!(period.last.half == Half::Am));
    put(&mut body, "isHalfDay", json!(period.first == period.last));
    let unit = accounts.first().and_then(|(id, _)| offer.accounts.iter().find(|account| account.id == *id));
    if let Some(unit) = unit.and_then(|account| account.raw.get("unit")) {
        put(&mut body, "unit", unit.clone());
    }
    let total: f64 = accounts.iter().map(|(_, amount)| amount).sum();
    put(&mut body, "duration", json!(total));
    // unverified: its effect. Working clients send true in the older format and false in the newer one.
    put(&mut body, "autoCreate", json!(!is_newer));
    Value::Object(body)
}

/// Sets a member under its existing name, in any case.
fn put(object: &mut Map<String, Value>, name: &str, value: Value) {
    let known = object.keys().find(|key| key.eq_ignore_ascii_case(name)).cloned();
    object.insert(known.unwrap_or_else(|| name.to_owned()), value);
}

fn number_or_text(id: &RemoteId) -> Value {
    id.as_str().parse::<u64>().map_or_else(|_| json!(id.as_str()), |number| json!(number))
}

/// The object in an answer: bare, as observed, or in an envelope as in other answers.
fn in_envelope(text: &str) -> Result<&str, Undecodable> {
    let Body::Object(top) = Body::of(text)? else { return Err(Undecodable::NotLucca) };
    Ok(top.get("data").filter(|data| data.starts_with('{')).unwrap_or(text))
}

fn raw_object(json: &str) -> Map<String, Value> {
    serde_json::from_str(json).unwrap_or_default()
}

fn offer(body: &[u8]) -> Result<LeaveRequestOffer, Undecodable> {
    let text = text_of(body);
    let inner = in_envelope(&text)?;
    let object = Object::parse(inner).ok_or(Undecodable::NotLucca)?;
    let list = |name: &str| object.get(name).filter(|raw| raw.starts_with('['));
    let (balanced, others, all) =
        (list("availableAccounts"), list("otherAvailableAccounts"), list("accounts"));
    if balanced.is_none() && others.is_none() && all.is_none() {
        return Err(failure(&object));
    }
    let read = |raw: Option<&str>, has_balance: Option<bool>| {
        objects(raw).into_iter().filter_map(move |item| account(item, has_balance)).collect::<Vec<_>>()
    };
    let mut accounts = read(balanced, Some(true));
    accounts.extend(read(others, Some(false)));
    let generation = if accounts.is_empty() && all.is_some() {
        FactoryGeneration::Newer
    } else {
        FactoryGeneration::Older
    };
    accounts.extend(
        read(all, None)
            .into_iter()
            .filter(|one| !accounts.iter().any(|known| known.id == one.id))
            .collect::<Vec<_>>(),
    );
    let mut record = Record::new(&object);
    Ok(LeaveRequestOffer {
        generation,
        duration: amount(&mut record, "duration"),
        is_valid: record.flag("isValid"),
        accounts,
        warnings: [object.get("warnings"), object.get("agreementWarnings")]
            .into_iter()
            .flat_map(warnings)
            .collect(),
        raw: raw_object(inner),
    })
}

fn created(body: &[u8]) -> Result<Created, Undecodable> {
    let text = text_of(body);
    if text.trim().is_empty() || text.trim() == "null" {
        return Ok(Created::default());
    }
    let text = match Body::of(&text)? {
        Body::Object(_) => in_envelope(&text)?,
        // A bare text or a list contains no reliable data.
        Body::Text(_) | Body::List(_) => return Ok(Created::default()),
    };
    let object = Object::parse(text).ok_or(Undecodable::NotLucca)?;
    let status = object.get("status").and_then(crate::reader::unsigned);
    if status.is_some_and(|status| (400..600).contains(&status)) {
        return Err(failure(&object));
    }
    let inner_id = |name: &str| Object::parse(object.get(name)?)?.id();
    let mut record = Record::new(&object);
    let accounts = ["availableAccounts", "otherAvailableAccounts", "accounts"];
    let of_accounts = accounts.into_iter().flat_map(|name| objects(object.get(name)));
    let of_accounts = of_accounts.filter_map(|raw| account(raw, None)).flat_map(|account| account.warnings);
    Ok(Created {
        request_id: record
            .id_field("leaveRequestId")
            .or_else(|| inner_id("leaveRequest"))
            .or_else(|| object.id()),
        period_id: record.id_field("leavePeriodId").or_else(|| inner_id("leavePeriod")),
        is_valid: record.flag("isValid"),
        warnings: warnings(object.get("warnings")).into_iter().chain(of_accounts).collect(),
    })
}

/// The objects of a list; other members are ignored.
fn objects(list: Option<&str>) -> Vec<&str> {
    let Some(items) =
        list.and_then(|raw| serde_json::from_str::<Vec<&serde_json::value::RawValue>>(raw).ok())
    else {
        return Vec::new();
    };
    items.into_iter().map(serde_json::value::RawValue::get).filter(|item| item.starts_with('{')).collect()
}

fn account(raw: &str, has_balance: Option<bool>) -> Option<OfferedAccount> {
    let object = Object::parse(raw)?;
    let mut record = Record::new(&object);
    let id = record.id_field("leaveAccountId").or_else(|| object.id())?;
    let constraint = object.get("constraint").and_then(Object::parse);
    let warned = |object: &Object<'_>| warnings(object.get("warnings"));
    let mut said = warned(&object);
    said.extend(constraint.as_ref().map(warned).unwrap_or_default());
    for warning in &mut said {
        warning.account_id.get_or_insert_with(|| id.clone());
    }
    Some(OfferedAccount {
        name: record.text_of(&["leaveAccountName", "name"]).filter(|name| !name.trim().is_empty()),
        unit: record.text("unit").map(|code| LeaveUnit::of_code(&code)),
        duration: amount(&mut record, "duration"),
        is_remote_work: record.flag("isRemoteWork"),
        has_balance,
        constraint: constraint.as_ref().map(constraint_of).unwrap_or_default(),
        warnings: said,
        raw: raw_object(raw),
        id,
    })
}

fn constraint_of(object: &Object<'_>) -> Constraint {
    let mut record = Record::new(object);
    Constraint {
        current_balance: amount(&mut record, "currentBalance"),
        period_end_balance: amount(&mut record, "leavePeriodEndDateBalance"),
        entitlement_end_balance: amount(&mut record, "entitlementEndDateBalance"),
        max: amount(&mut record, "maxValue"),
        allows_half_days: record.flag("allowHalfDay"),
        step_hours: amount(&mut record, "stepHour").filter(|step| *step > 0.0),
        closed: record.text("leaveAccountForbiddenPeriodMessage").filter(|text| !text.trim().is_empty()),
    }
}

fn amount(record: &mut Record<'_>, name: &'static str) -> Option<f64> {
    match record.measure(name)? {
        crate::reader::Measure::Number(number) => Some(number),
        // unverified: whether an amount of hours may be written as a duration here, as leaves have it.
        #[expect(clippy::cast_precision_loss, reason = "minutes of a leave are few")]
        crate::reader::Measure::Minutes(minutes) => Some(minutes as f64 / 60.0),
    }
}

fn warnings(list: Option<&str>) -> Vec<RequestWarning> {
    let read = |raw: &str| {
        let object = Object::parse(raw)?;
        let mut record = Record::new(&object);
        let level = if record.flag("error") == Some(true) {
            WarningLevel::Blocks
        } else if record.flag("info") == Some(true) {
            WarningLevel::Informs
        } else {
            WarningLevel::Confirm
        };
        Some(RequestWarning {
            rule_id: record.id_field("ruleId"),
            description: record.text_of(&["description", "message"]).unwrap_or_default(),
            level,
            account_id: record.id_field("accountId"),
            raw: raw_object(raw),
        })
    };
    objects(list).into_iter().filter_map(read).collect()
}
