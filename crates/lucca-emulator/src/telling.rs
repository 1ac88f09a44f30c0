//! What the tenant tells by itself of its absences: the *HTTP synchronisation*, half-day by half-day, or signed events.
//! Source: absences.md §9.
//!
//! Not here: when (`mutations`), and what is not known of it (`switches`).

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac as _};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use jiff::{Timestamp, civil::DateTime};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpStream;
use url::Url;

use crate::{
    company::{
        absences::{Half, Moment, Period, Stage, place},
        model::Company,
    },
    grammar::dates::PARIS,
    resources::absences::leave_id,
    switches::{AuthorizationAs, Telling},
    tenant::Tenant,
};

/// What happened to half-days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Happened {
    Created,
    Approved,
    Deleted,
}

impl Happened {
    /// What is to be told of a period that was in this stage, or is new, and is now in that one.
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

/// Something that is told, ready to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Telegram {
    url: String,
    headers: Vec<(&'static str, String)>,
    body: String,
}

/// Everything that is to be told of half-days of one period.
pub(crate) fn telegrams(
    company: &Company,
    telling: &Telling,
    now: DateTime,
    (period, halves): (&Period, &[Half]),
    happened: Happened,
) -> Vec<Telegram> {
    if telling.lost || happened == Happened::Created && !telling.pending {
        return Vec::new();
    }
    let mut told = match &telling.signed_with {
        Some(secret) => vec![event(telling, secret, now, (period, halves), happened)],
        None => half_days(company, telling, (period, halves), happened),
    };
    if telling.backwards {
        told.reverse();
    }
    let times = usize::from(telling.repeats) + 1;
    told.into_iter().flat_map(|one| std::iter::repeat_n(one, times)).collect()
}

fn half_days(
    company: &Company,
    telling: &Telling,
    (period, halves): (&Period, &[Half]),
    happened: Happened,
) -> Vec<Telegram> {
    let mut bodies: Vec<Value> =
        halves.iter().map(|half| half_day(company, telling, period, *half, happened)).collect();
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
        headers.push(("x-event", happened.name().to_owned()));
    }
    let telegram =
        |body: Value| Telegram { url: telling.url.clone(), headers: headers.clone(), body: body.to_string() };
    bodies.into_iter().map(telegram).collect()
}

fn half_day(company: &Company, telling: &Telling, period: &Period, half: Half, happened: Happened) -> Value {
    let id = |id: i64| if telling.text_ids { json!(id.to_string()) } else { json!(id) };
    let owner = company.person(period.owner.into());
    let account = company.leave_accounts.iter().find(|account| account.id == i64::from(half.account));
    let stamp =
        |at: Option<DateTime>| at.map_or(String::new(), |at| at.strftime("%Y-%m-%dT%H:%M:%S").to_string());
    let date = if telling.timed_dates { format!("{}T00:00:00", half.date) } else { half.date.to_string() };
    let casing = if telling.observed_casing { "isAM" } else { "isAm" };
    let closed = period.closed.filter(|_| happened == Happened::Deleted);
    json!({
        "id": leave_id(period, half),
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
        "isCancelled": happened == Happened::Deleted,
        "cancellationDate": stamp(closed.map(|(at, _)| at.at())),
    })
}

/// An event of the newer kind: of the whole absence (source: lucca-api-2024-11-01.md §8).
fn event(
    telling: &Telling,
    secret: &str,
    now: DateTime,
    (period, halves): (&Period, &[Half]),
    happened: Happened,
) -> Telegram {
    let topic = match happened {
        Happened::Created => "leave.created",
        Happened::Approved => "leave.updated",
        Happened::Deleted => "leave.deleted",
    };
    let position = |first| if first { "firstHalfDay" } else { "secondHalfDay" };
    let sent_at = now.to_zoned(PARIS.clone()).map_or(Timestamp::UNIX_EPOCH, |at| at.timestamp());
    let sent_at = sent_at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let body = json!({
        "id": format!("{}{}", period.id, happened as u8),
        "type": "event",
        "apiVersion": "2024-11-01",
        "topic": topic,
        "occurredAt": sent_at,
        "data": {
            // unverified: which ids absences have in that API; here other ones than in v3.
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
    Telegram { url: telling.url.clone(), headers, body }
}

impl Tenant {
    /// Tells what became of a period, where anybody is told.
    pub(crate) fn tell(&self, company: &Company, id: i64, happened: Option<Happened>) {
        let all = &company.absences;
        let Some(period) = all.place_of(id).and_then(|at| all.periods.get(at)) else { return };
        let places: Vec<u32> = period.places().filter(|at| !all.dropped.contains_key(at)).collect();
        self.tell_of(company, period, &places, happened);
    }

    /// Tells what became of half-days.
    pub(crate) fn tell_of(
        &self,
        company: &Company,
        period: &Period,
        places: &[u32],
        happened: Option<Happened>,
    ) {
        let switches = self.state().switches();
        let (Some(telling), Some(happened)) = (&switches.telling, happened) else { return };
        let halves: Vec<Half> =
            places.iter().filter_map(|at| company.absences.halves.get(place(*at)).copied()).collect();
        let told = telegrams(company, telling, self.now(), (period, &halves), happened);
        drop(switches);
        self.state().queue_telegrams(told);
    }
}

/// Sends what is to be told, in order, for ever. Whoever does not answer is told the next one.
// unverified: whether, and how often, the HTTP synchronisation is tried again (source: absences.md §9.1): here never.
pub(crate) async fn keep_telling(tenant: Tenant) {
    loop {
        for telegram in tenant.state().telegrams().await {
            let sent = tokio::time::timeout(Duration::from_secs(3), send(&telegram)).await;
            let status = sent.ok().and_then(Result::ok).unwrap_or(0);
            tenant.state().told(status);
        }
    }
}

async fn send(telegram: &Telegram) -> Result<u16, Box<dyn std::error::Error + Send + Sync>> {
    let url: Url = telegram.url.parse()?;
    let (host, port) = (url.host_str().unwrap_or("localhost"), url.port_or_known_default().unwrap_or(80));
    let stream = TcpStream::connect((host, port)).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let mut request = hyper::Request::post(url.path())
        .header("host", format!("{host}:{port}"))
        .header("content-type", "application/json");
    for (name, value) in &telegram.headers {
        request = request.header(*name, value);
    }
    let answer = sender.send_request(request.body(telegram.body.clone())?).await?;
    connection.abort();
    Ok(answer.status().as_u16())
}
