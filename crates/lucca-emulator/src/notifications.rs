//! Notifications of absences that the tenant sends: the *HTTP synchronisation*, one per half-day, or signed
//! events. Source: absences.md §9.
//!
//! Included: what each says. Not included: their causes (`mutations`), their queue (`tenant`), sending them
//! (`notification_sender`), open questions (`switches`).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac as _};
use jiff::{Timestamp, civil::DateTime};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::{
    clock::PARIS,
    company::{
        absences::{Half, Moment, Period, Stage},
        model::Company,
    },
    switches::{AuthorizationAs, Telling},
};

/// An event of half-days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LeaveEvent {
    Created,
    Approved,
    Deleted,
}

impl LeaveEvent {
    /// The event of a period that was in this stage, or is new, and is now in that one.
    pub(crate) fn between(before: Option<Stage>, now: Stage) -> Option<Self> {
        use Stage::{Approved, CancellationPending, Cancelled, Denied, Pending};
        match (before, now) {
            (None, Pending) => Some(Self::Created),
            (None | Some(Pending), Approved) => Some(Self::Approved),
            (Some(Pending | Approved | CancellationPending), Cancelled | Denied) => Some(Self::Deleted),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Approved => "approved",
            Self::Deleted => "deleted",
        }
    }
}

/// A notification, ready to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Notification {
    pub(crate) url: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

/// All notifications about half-days of one period.
pub(crate) fn notifications(
    company: &Company,
    telling: &Telling,
    now: DateTime,
    (period, halves): (&Period, &[Half]),
    leave_event: LeaveEvent,
) -> Vec<Notification> {
    if telling.lost || leave_event == LeaveEvent::Created && !telling.pending {
        return Vec::new();
    }
    let mut queued = match &telling.signed_with {
        Some(secret) => vec![event(telling, secret, now, (period, halves), leave_event)],
        None => half_days(company, telling, (period, halves), leave_event),
    };
    if telling.backwards {
        queued.reverse();
    }
    let times = usize::from(telling.repeats) + 1;
    queued.into_iter().flat_map(|one| std::iter::repeat_n(one, times)).collect()
}

fn half_days(
    company: &Company,
    telling: &Telling,
    (period, halves): (&Period, &[Half]),
    leave_event: LeaveEvent,
) -> Vec<Notification> {
    let mut bodies: Vec<Value> =
        halves.iter().map(|half| half_day(company, telling, period, *half, leave_event)).collect();
    if telling.together {
        bodies = vec![Value::Array(bodies)];
    }
    let authorization = match telling.authorization_as {
        AuthorizationAs::Entered => telling.authorization.clone(),
        AuthorizationAs::Basic => format!("Basic {}", telling.authorization),
        AuthorizationAs::BasicPassword => {
            format!("Basic {}", STANDARD.encode(format!(":{}", telling.authorization)))
        }
    };
    let mut headers = vec![
        ("authorization", authorization),
        ("x-version", "1".to_owned()),
        ("x-resource-type", "leave".to_owned()),
    ];
    if !telling.without_event {
        headers.push(("x-event", leave_event.name().to_owned()));
    }
    let notification = |body: Value| Notification {
        url: telling.url.clone(),
        headers: headers.clone(),
        body: body.to_string(),
    };
    bodies.into_iter().map(notification).collect()
}

fn half_day(
    company: &Company,
    telling: &Telling,
    period: &Period,
    half: Half,
    leave_event: LeaveEvent,
) -> Value {
    let id = |id: i64| if telling.text_ids { json!(id.to_string()) } else { json!(id) };
    let owner = company.person(period.owner.into());
    let account = company.leave_accounts.iter().find(|account| account.id == i64::from(half.account));
    let stamp =
        |at: Option<DateTime>| at.map_or(String::new(), |at| at.strftime("%Y-%m-%dT%H:%M:%S").to_string());
    let date = if telling.timed_dates { format!("{}T00:00:00", half.date) } else { half.date.to_string() };
    let casing = if telling.observed_casing { "isAM" } else { "isAm" };
    let closed = period.closed.filter(|_| leave_event == LeaveEvent::Deleted);
    json!({
        "id": period.leave_id(half),
        "date": date,
        casing: half.am,
        "owner": {
            "id": id(period.owner.into()),
            "name": owner.map(|one| format!("{} {}", one.first_name, one.last_name)),
            "email": owner.and_then(|one| one.mail.as_deref()),
            "employeeNumber": owner.and_then(|one| one.employee_number.as_deref()),
        },
        "leaveAccount": { "id": half.account, "name": account.map(|one| one.name.as_str()) },
        "isConfirmed": period.confirmed.is_some(),
        "confirmationDate": stamp(period.confirmed.map(Moment::at)),
        "isCancelled": leave_event == LeaveEvent::Deleted,
        "cancellationDate": stamp(closed.map(|(at, _)| at.at())),
    })
}

/// An event of the newer kind: about the whole absence (source: lucca-api-2024-11-01.md §8).
fn event(
    telling: &Telling,
    secret: &str,
    now: DateTime,
    (period, halves): (&Period, &[Half]),
    leave_event: LeaveEvent,
) -> Notification {
    let topic = match leave_event {
        LeaveEvent::Created => "leave.created",
        LeaveEvent::Approved => "leave.updated",
        LeaveEvent::Deleted => "leave.deleted",
    };
    let position = |first| if first { "firstHalfDay" } else { "secondHalfDay" };
    let sent_at = now.to_zoned(PARIS.clone()).map_or(Timestamp::UNIX_EPOCH, |at| at.timestamp());
    let sent_at = sent_at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let body = json!({
        "id": format!("{}{}", period.id, leave_event as u8),
        "type": "event",
        "apiVersion": "2024-11-01",
        "topic": topic,
        "occurredAt": sent_at,
        "data": {
            // unverified: the ids of absences in that API; here other ones than in v3.
            "id": format!("9{}", period.id),
            "type": "leave",
            "startsOn": period.starts,
            "startPosition": position(period.starts_am),
            "endsOn": period.ends,
            "endPosition": position(period.ends_am),
            "status": if period.confirmed.is_some() { "confirmed" } else { "tentative" },
            "employee": { "id": period.owner.to_string(), "type": "employee" },
            "days": halves.len().div_ceil(2),
        },
    });
    let body = body.to_string();
    // HMAC takes a key of any length.
    let mut signature = String::new();
    if let Ok(mut mac) = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(secret.as_bytes()) {
        mac.update(format!("{sent_at}.{body}").as_bytes());
        signature = STANDARD.encode(mac.finalize().into_bytes());
    }
    let headers = vec![("lucca-timestamp", sent_at), ("lucca-signature", signature)];
    Notification { url: telling.url.clone(), headers, body }
}
