//! Parses a webhook from Lucca: only whose absences to read again, and for which days. Pure.

use jiff::civil::Date;
use people::RemoteId;
use serde_json::{Map, Value};
use store::{Notice, NoticeKind};

/// The content of a webhook.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum WebhookContent {
    /// Absences to read again.
    Notices(Vec<Notice>),
    /// A topic that is not read by webhooks.
    OtherTopic,
}

/// No id of Lucca's is longer.
const LONGEST_ID: usize = 64;

/// Parses a webhook; `None` if it is malformed.
pub(super) fn read(
    is_signed: bool,
    event: Option<&str>,
    resource: Option<&str>,
    body: &[u8],
) -> Option<WebhookContent> {
    if store::has_nul(body) {
        return None;
    }
    let body: Value = serde_json::from_slice(body).ok()?;
    if is_signed {
        return event_of(body.as_object()?);
    }
    if resource.is_some_and(|resource| !resource.trim().eq_ignore_ascii_case("leave")) {
        return Some(WebhookContent::OtherTopic);
    }
    // unverified: one call per half-day, or all half-days of a change in one call: Lucca's article has said
    // both (source: absences.md §9.1).
    let half_days = match &body {
        Value::Array(half_days) => half_days.as_slice(),
        half_day => std::slice::from_ref(half_day),
    };
    let read = |half_day: &Value| self::half_day(event, half_day.as_object()?);
    let notices: Option<Vec<Notice>> = half_days.iter().map(read).collect();
    notices.filter(|notices| !notices.is_empty()).map(WebhookContent::Notices)
}

/// A half-day of the *HTTP synchronisation*. Source: absences.md §9.1.
// unverified: the casing of the members, the form of the date, and whether ids come as numbers or texts.
fn half_day(event: Option<&str>, body: &Map<String, Value>) -> Option<Notice> {
    let leave_id = member(body, "id").and_then(id);
    let owner = member(body, "owner").and_then(Value::as_object).and_then(|owner| member(owner, "id"));
    let owner_id = owner.or_else(|| member(body, "ownerId")).and_then(number);
    let day = member(body, "date").and_then(date).or_else(|| day_of(leave_id.as_ref()?));
    if leave_id.is_none() && owner_id.is_none() && day.is_none() {
        return None;
    }
    let is_set = |name| member(body, name).and_then(Value::as_bool) == Some(true);
    let event = match event.map(|event| event.trim().to_ascii_lowercase()).as_deref() {
        Some("created") => NoticeKind::Created,
        Some("deleted") => NoticeKind::Deleted,
        // unverified: that the header is always there; otherwise the body shows the same.
        None if is_set("isCancelled") => NoticeKind::Deleted,
        None if !is_set("isConfirmed") => NoticeKind::Created,
        Some(_) | None => NoticeKind::Changed,
    };
    Some(Notice { event, leave_id, owner_id, days: day.map(|day| (day, day)) })
}

/// An event of the newer kind, in Lucca's own format or as a CloudEvent. Source: absences.md §9.2,
/// lucca-api-2024-11-01.md §8.1.
fn event_of(body: &Map<String, Value>) -> Option<WebhookContent> {
    let topic = member(body, "topic").and_then(Value::as_str);
    let kind = member(body, "type").and_then(Value::as_str);
    let topic = topic.or_else(|| kind?.strip_prefix("com.luccasoftware."))?;
    let (resource, what) = topic.rsplit_once('.').unwrap_or((topic, ""));
    if !matches!(resource, "leave" | "leave-request" | "leave-request-decision") {
        return Some(WebhookContent::OtherTopic);
    }
    let event = match what {
        "created" => NoticeKind::Created,
        "deleted" => NoticeKind::Deleted,
        _ => NoticeKind::Changed,
    };
    let data = member(body, "data").and_then(Value::as_object)?;
    // unverified: that an employee of this API has the id of the v3 user. An employee who is not known by it
    // is not requested.
    let employee = member(data, "employee").and_then(Value::as_object);
    let owner_id = employee.and_then(|employee| member(employee, "id")).and_then(number);
    let span = |of: &Map<String, Value>| {
        let ends = ["startsOn", "endsOn"].map(|name| member(of, name).and_then(date));
        ends.into_iter().flatten().collect::<Vec<_>>()
    };
    let mut days = span(data);
    // A moved absence had other days before. Lucca's text places the previous values in `data`, its sample
    // beside it.
    let before = member(body, "previousAttributes").or_else(|| member(data, "previousAttributes"));
    days.extend(before.and_then(Value::as_object).map(span).unwrap_or_default());
    let days = days.iter().min().copied().zip(days.iter().max().copied());
    let days = days.filter(|_| owner_id.is_some() && resource == "leave");
    Some(WebhookContent::Notices(vec![Notice { event, leave_id: None, owner_id, days }]))
}

/// Finds a member by its name in any casing.
fn member<'a>(of: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    of.get(name).or_else(|| of.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

fn id(value: &Value) -> Option<RemoteId> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (1..=LONGEST_ID).contains(&text.len()).then(|| RemoteId::from(text))
}

/// An id to request: digits only, so that it can't extend the query.
fn number(value: &Value) -> Option<RemoteId> {
    id(value).filter(|id| id.as_str().bytes().all(|byte| byte.is_ascii_digit()))
}

/// The day of a date, with or without a time.
fn date(value: &Value) -> Option<Date> {
    let day: Date = value.as_str()?.trim().get(..10)?.parse().ok()?;
    (1990..=2200).contains(&day.year()).then_some(day)
}

/// The day in a half-day's id: `78287-20180424-PM`.
fn day_of(leave: &RemoteId) -> Option<Date> {
    let day = leave.as_str().rsplit('-').nth(1).filter(|day| day.len() == 8 && day.is_ascii())?;
    date(&Value::String(format!("{}-{}-{}", &day[..4], &day[4..6], &day[6..])))
}

#[cfg(test)]
#[expect(clippy::panic, reason = "a test that cannot go on panics")]
mod tests {
    use jiff::civil::date;
    use serde_json::json;

    use super::*;

    fn parsed(is_signed: bool, event: Option<&str>, body: &Value) -> Option<WebhookContent> {
        read(is_signed, event, Some("leave"), body.to_string().as_bytes())
    }

    fn notice(
        event: NoticeKind,
        leave: Option<&str>,
        owner: Option<&str>,
        days: Option<(Date, Date)>,
    ) -> WebhookContent {
        let (leave_id, owner_id) = (leave.map(RemoteId::from), owner.map(RemoteId::from));
        WebhookContent::Notices(vec![Notice { event, leave_id, owner_id, days }])
    }

    #[test]
    fn documented_half_day_is_parsed() {
        let body = json!({
            "id": "78287-20180424-PM", "date": "2018-04-24", "isAm": false,
            "owner": { "id": 134, "name": "x", "email": "x", "employeeNumber": "00001" },
            "leaveAccount": { "id": 1718, "name": "x", "categoryId": 1, "categoryName": "x" },
            "isConfirmed": true, "confirmationDate": "2018-04-04T22:34:47.797", "isCancelled": false,
            "cancellationDate": ""
        });
        let day = date(2018, 4, 24);
        let expected = |event| Some(notice(event, Some("78287-20180424-PM"), Some("134"), Some((day, day))));
        assert_eq!(parsed(false, Some("approved"), &body), expected(NoticeKind::Changed));
        assert_eq!(parsed(false, Some("Deleted"), &body), expected(NoticeKind::Deleted));
        assert_eq!(parsed(false, None, &body), expected(NoticeKind::Changed));
    }

    #[test]
    fn undocumented_half_day_variants_are_parsed() {
        let day = Some((date(2018, 4, 24), date(2018, 4, 24)));
        let id = "78287-20180424-PM";
        for (body, leave, owner, days) in [
            (json!({ "ID": id, "Owner": { "Id": "134" } }), Some(id), Some("134"), day),
            (json!({ "id": id, "ownerId": 134 }), Some(id), Some("134"), day),
            (json!({ "date": "2018-04-24T00:00:00", "ownerId": "134" }), None, Some("134"), day),
            (json!({ "id": "other", "ownerId": 134 }), Some("other"), Some("134"), None),
            (json!({ "id": id, "owner": null, "date": null }), Some(id), None, day),
            // An owner id that extends the query is dropped.
            (json!({ "id": id, "ownerId": "greaterthan,0" }), Some(id), None, day),
        ] {
            let expected = Some(notice(NoticeKind::Created, leave, owner, days));
            assert_eq!(parsed(false, None, &body), expected, "{body}");
        }
    }

    #[test]
    fn half_days_of_a_change_may_arrive_together() {
        let both = json!([{ "id": "7-20180424-AM", "ownerId": 1 }, { "id": "7-20180424-PM", "ownerId": 1 }]);
        let Some(WebhookContent::Notices(notices)) = parsed(false, Some("approved"), &both) else {
            panic!("{both}")
        };
        assert_eq!(notices.len(), 2);
        assert_eq!(parsed(false, None, &json!([{ "id": "7-20180424-AM" }, {}])), None);
    }

    #[test]
    fn only_absence_events_yield_notices() {
        let leave = |more: Value| {
            let mut event = json!({
                "id": "1", "topic": "leave.updated",
                "data": { "id": "875", "employee": { "id": "416" }, "startsOn": "2023-01-02", "endsOn": "2023-01-13" }
            });
            event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            event
        };
        let days = (date(2023, 1, 2), date(2023, 1, 13));
        let changed = |days| Some(notice(NoticeKind::Changed, None, Some("416"), days));
        assert_eq!(parsed(true, None, &leave(json!({}))), changed(Some(days)));
        let moved = leave(json!({ "previousAttributes": { "endsOn": "2023-02-01", "status": null } }));
        assert_eq!(parsed(true, None, &moved), changed(Some((days.0, date(2023, 2, 1)))));
        let cloud = leave(json!({ "topic": null, "type": "com.luccasoftware.leave.updated" }));
        assert_eq!(parsed(true, None, &cloud), changed(Some(days)));
        let request = leave(json!({ "topic": "leave-request.updated" }));
        assert_eq!(parsed(true, None, &request), changed(None));
        assert_eq!(
            parsed(true, None, &leave(json!({ "topic": "employee.created" }))),
            Some(WebhookContent::OtherTopic)
        );
        assert_eq!(parsed(true, None, &leave(json!({ "topic": "ping" }))), Some(WebhookContent::OtherTopic));
    }

    #[test]
    fn empty_and_invalid_bodies_are_malformed() {
        for body in [&b""[..], b"[]", b"null", b"{}", b"{\"id\":", b"\xff", b"{\"date\":\"2018-13-45\"}"] {
            assert_eq!(read(false, Some("created"), Some("leave"), body), None);
            assert_eq!(read(true, None, None, body), None);
        }
        let other = read(false, Some("created"), Some("expense"), b"{\"id\":1}");
        assert_eq!(other, Some(WebhookContent::OtherTopic));
    }
}
