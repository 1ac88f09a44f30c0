//! Leaves, leave requests, user logs and days, in every spelling.

use jiff::civil::{Date, date};
use lucca::resources::{Approval, Half, HalfDay, Leave, LeaveRequestStatus, UserDate};
use lucca::{
    Client, DateFilter, Item, LeaveQuery, LeaveRequestQuery, Note, Owners, Proof, Resource, UserLogQuery,
    UserProperty,
};
use people::{FieldGroup, FieldGroups};
use people::{RemoteId, SourceTime};
use serde_json::{Value, json};

use crate::support::{block_on, client, counted, ok, parameter, tenant, text, users_with};

const MARCH: DateFilter = DateFilter::Between(date(2026, 3, 1), date(2026, 3, 31));

/// Reads these records through the request that `ask` makes; the server answers every query with them.
fn read<T: Resource>(records: &Value, ask: impl FnOnce(&Client) -> lucca::Enumeration<T>) -> Vec<Item<T>> {
    block_on(async {
        let count = records.as_array().unwrap().len();
        let body = json!({"data": {"items": records, "count": count}});
        let server = tenant(move |_, _| ok(body.clone())).await;
        let mut enumeration = ask(&client(&server));
        enumeration.next_page().await.unwrap().unwrap().items
    })
}

fn leave(record: &Value) -> Leave {
    let items = read(&json!([record]), |client| client.leaves(LeaveQuery::on(MARCH)));
    let read = items.into_iter().next().unwrap().outcome.unwrap();
    assert_eq!(read.problems, []);
    read.value
}

fn id(id: &str) -> RemoteId {
    RemoteId::from(id)
}

#[test]
fn a_leave_in_both_casings_and_with_everything() {
    for am in ["isAM", "isAm"] {
        let mut record = json!({
            "id": "78287-20180424-PM", "date": "2018-04-24T00:00:00", "leaveAccountId": 1718,
            "leaveAccount": {"id": 1718, "name": "Annual leave 2018"}, "leavePeriodId": 78287,
            "leavePeriod": {"id": 78287, "ownerId": 134, "isConfirmed": true,
                "confirmationDate": "2018-04-04T22:34:47.797", "startsOn": "2018-04-24T00:00:00",
                "startsAM": false, "endsOn": "2018-04-25", "endsAM": true},
            "value": "03:30:00", "creationDate": "2018-04-04T22:30:00", "isActive": false,
            "cancellationDate": "2018-04-05T08:00:00Z", "cancellationUserId": 7, "comment": "Ski",
            "isRemoteWork": false,
        });
        record[am] = json!(false);
        let leave = leave(&record);
        assert_eq!((leave.date, leave.half), (date(2018, 4, 24), Half::Pm));
        assert_eq!((leave.owner, leave.minutes, leave.value), (Some(id("134")), Some(210), None));
        assert_eq!(leave.account.unwrap().name.as_deref(), Some("Annual leave 2018"));
        assert!(matches!(leave.created_at, Some(SourceTime::Unzoned(_))));
        assert!(matches!(leave.cancelled_at, Some(SourceTime::Exact(_))));
        assert_eq!((leave.cancelled_by, leave.is_active), (Some(id("7")), Some(false)));
        assert_eq!((leave.comment.as_deref(), leave.is_remote_work), (Some("Ski"), Some(false)));
        let period = leave.period.unwrap();
        assert_eq!(
            (period.id, period.owner_id, period.is_confirmed),
            (id("78287"), Some(id("134")), Some(true))
        );
        assert_eq!((period.starts_on, period.starts_am), (Some(date(2018, 4, 24)), Some(false)));
        assert_eq!((period.ends_on, period.ends_am), (Some(date(2018, 4, 25)), Some(true)));
    }
}

#[test]
fn a_leave_by_its_id_alone() {
    let bare = leave(&json!({"id": "32710-20220711-AM", "name": "32710-20220711-AM", "url": "https://x"}));
    assert_eq!((bare.date, bare.half), (date(2022, 7, 11), Half::Am));
    assert_eq!(bare.period.map(|period| period.id), Some(id("32710")));
    assert_eq!((bare.owner, bare.account, bare.is_active), (None, None, None));

    // The explicit fields take precedence over the id; an odd id is ignored.
    let explicit = leave(&json!({"id": "9-20220711-AM", "date": "2022-07-12", "isAM": false,
        "leavePeriod": {"id": "1", "owner": {"id": 3, "name": "X"}}}));
    assert_eq!((explicit.date, explicit.half, explicit.owner), (date(2022, 7, 12), Half::Pm, Some(id("3"))));
    assert_eq!(explicit.period.map(|period| period.id), Some(id("1")));
    for odd in ["32710-20220711", "x-20220711-AM", "1-20221340-AM", "-20220711-AM", "1-2022071-AM"] {
        let items = read::<Leave>(&json!([{"id": odd, "isAM": true}]), |c| c.leaves(LeaveQuery::on(MARCH)));
        assert!(items[0].outcome.is_err(), "{odd}");
    }
}

#[test]
fn how_long_an_hourly_leave_is() {
    for (value, minutes, number) in [
        (json!("03:30:00"), Some(210), None),
        (json!("03:30"), Some(210), None),
        (json!("1.02:00:00.0000000"), Some(26 * 60), None),
        (json!("PT3H30M"), Some(210), None),
        (json!("P1DT2H"), Some(26 * 60), None),
        (json!(3.5), None, Some(3.5)),
        (json!("0.5"), None, Some(0.5)),
        (json!(""), None, None),
        (json!(null), None, None),
    ] {
        let read = leave(&json!({"id": "1-20260302-AM", "value": value}));
        assert_eq!((read.minutes, read.value), (minutes, number), "{value}");
    }
    for odd in [json!("a while"), json!("25:61:00"), json!(true), json!("P1M"), json!("NaN")] {
        let record = json!([{"id": "1-20260302-AM", "value": odd}]);
        let items = read::<Leave>(&record, |client| client.leaves(LeaveQuery::on(MARCH)));
        assert_eq!(items[0].outcome.as_ref().unwrap().problems[0].field, "value", "{odd}");
    }
}

/// The parameters of the one request sent.
fn sent_parameters<T: Resource>(ask: impl FnOnce(&Client) -> lucca::Enumeration<T>) -> Vec<(String, String)> {
    block_on(async {
        let server = tenant(|_, _| ok(json!({"data": {"items": [], "count": 0}}))).await;
        assert!(ask(&client(&server)).next_page().await.unwrap().is_none());
        let requests = server.received_requests().await.unwrap();
        let pairs = requests.iter().flat_map(|request| request.url.query_pairs().into_owned());
        pairs.filter(|(key, _)| !matches!(key.as_str(), "orderBy")).collect()
    })
}

fn has(asked: &[(String, String)], key: &str, value: &str) -> bool {
    asked.iter().any(|(k, v)| k == key && v == value)
}

#[test]
fn leave_query_parameters() {
    let query =
        LeaveQuery { created_since: Some(date(2026, 3, 1).at(8, 25, 45, 0)), ..LeaveQuery::on(MARCH) };
    let pairs = sent_parameters(|client| client.leaves(query.clone()));
    assert!(has(&pairs, "paging", "0,10000"));
    assert!(has(&pairs, "date", "between,2026-03-01,2026-03-31"));
    assert!(has(&pairs, "leavePeriod.ownerId", "greaterthan,0"));
    assert!(has(&pairs, "creationDate", "since,2026-03-01T08:25:45Z"));
    let fields = |pairs: &[(String, String)]| pairs.iter().find(|(k, _)| k == "fields").unwrap().1.clone();
    assert!(fields(&pairs).contains("isAM") && !fields(&pairs).contains("comment"), "{pairs:?}");

    let groups = FieldGroups::NONE.with(FieldGroup::LeaveReason);
    let owners = Owners::Ids(vec![id("1"), id("2")]);
    let pairs = sent_parameters(|client| client.leaves(LeaveQuery { groups, owners, ..query.clone() }));
    assert!(fields(&pairs).contains(",comment"), "{pairs:?}");
    assert!(has(&pairs, "leavePeriod.ownerId", "1,2"));

    let owners = Owners::Establishments(vec![id("5")]);
    let cancelled_since = Some(date(2026, 3, 1).at(0, 0, 0, 0));
    let query =
        LeaveQuery { owners, cancelled_since, sparse: true, ..LeaveQuery::on(DateFilter::Since(MARCH_1)) };
    let pairs = sent_parameters(|client| client.leaves(query));
    assert!(has(&pairs, "leavePeriod.owner.legalEntityId", "5") && has(&pairs, "isActive", "false"));
    assert_eq!(fields(&pairs), "id,isActive,cancellationDate,collection.count");
}

const MARCH_1: Date = date(2026, 3, 1);

#[test]
fn all_owners_fall_back_to_establishments() {
    let outcome = users_with(
        |request, _| match parameter(request, "leavePeriod.owner.legalEntityId").as_deref() {
            Some("1,2") => counted(request, 30),
            _ => text(400, "\"ownerId: greaterthan is not supported\""),
        },
        |client| {
            let fallback_establishments = vec![id("1"), id("2")];
            client.leave_requests(LeaveRequestQuery::default());
            client.leaves(LeaveQuery { fallback_establishments, ..LeaveQuery::on(MARCH) })
        },
    );
    outcome.has_each_once(30);
    assert_eq!((outcome.notes, outcome.requests), (vec![Note::LeaveFilterFallback], 2));
}

#[test]
fn empty_owners_send_no_request() {
    block_on(async {
        let server = tenant(|_, _| text(500, "")).await;
        let client = client(&server);
        let mut leaves =
            client.leaves(LeaveQuery { owners: Owners::Ids(Vec::new()), ..LeaveQuery::on(MARCH) });
        assert!(leaves.next_page().await.unwrap().is_none());
        assert_eq!(leaves.proof(), Proof::Complete { rows: 0 });
        assert!(client.work_contracts_of(&[]).next_page().await.unwrap().is_none());
        assert!(client.user_dates(&[], MARCH_1, MARCH_1).next_page().await.unwrap().is_none());
        assert_eq!(client.stats().requests(), 0);
    });
    let pairs = sent_parameters(|client| client.work_contracts_of(&[id("4"), id("9")]));
    assert!(has(&pairs, "ownerId", "4,9"), "{pairs:?}");
}

#[test]
fn a_leave_request_with_its_approvals() {
    let record = json!({
        "id": 5, "leavePeriodId": 9, "leavePeriod": {"id": 9, "ownerId": 3,
            "logs": [{"id": 1, "status": 2, "comment": "fine"}, {"id": 2, "status": 0, "comment": "Please"}]},
        "status": 0, "creationDate": "2026-03-01T10:00:00", "nextApproverId": null,
        "cancellationUserId": null, "cancellationDate": "", "isActive": true,
        "approvals": [{"id": 1, "date": "2026-03-02T10:00:00", "approverId": 4, "substitutedApproverId": 6,
            "approved": true, "comment": "ok"}],
        "cancellationRequests": [{"id": 8, "authorId": 3, "comment": "No", "rank": 0, "approved": false,
            "creationDate": "2026-03-03T10:00:00", "nextApproverId": 4, "isActive": true}],
    });
    let items = read(&json!([record]), |client| client.leave_requests(LeaveRequestQuery::default()));
    let read = items.into_iter().next().unwrap().outcome.unwrap();
    assert_eq!(read.problems, []);
    let request = read.value;
    assert_eq!((request.period_id, request.owner_id), (Some(id("9")), Some(id("3"))));
    assert_eq!(request.owner_comment.as_deref(), Some("Please"));
    let Approval { approver_id, substituted_approver_id, approved, .. } = &request.approvals[0];
    assert_eq!(
        (approver_id, substituted_approver_id, approved),
        (&Some(id("4")), &Some(id("6")), &Some(true))
    );
    let cancellation = &request.cancellation_requests[0];
    assert_eq!((cancellation.author_id.clone(), cancellation.rank), (Some(id("3")), Some(0)));
    assert_eq!(cancellation.next_approver_id, Some(id("4")));
}

#[test]
fn a_status_in_numbers_and_words() {
    use LeaveRequestStatus::{Approved, CancellationPending, Cancelled, Denied, Other, Pending};
    for (sent, expected) in [
        (json!(0), Some(Pending)),
        (json!("0"), Some(Pending)),
        (json!("PENDING_APPROVAL"), Some(Pending)),
        (json!(2), Some(Approved)),
        (json!("approved"), Some(Approved)),
        (json!(3), Some(Denied)),
        (json!(4), Some(Cancelled)),
        (json!("Canceled"), Some(Cancelled)),
        (json!(5), Some(CancellationPending)),
        (json!("CancellationPending"), Some(CancellationPending)),
        (json!(1), Some(Other("1".into()))),
        (json!("Lost"), Some(Other("Lost".into()))),
        (json!(null), None),
    ] {
        let items = read(&json!([{"id": 1, "status": sent}]), |client| {
            client.leave_requests(LeaveRequestQuery::default())
        });
        assert_eq!(items[0].outcome.as_ref().unwrap().value.status, expected, "{sent}");
    }
}

#[test]
fn leave_request_query_parameters() {
    let query = LeaveRequestQuery {
        pending_only: true,
        created_since: Some(MARCH_1.at(0, 0, 0, 0)),
        ids: vec![id("1"), id("7")],
        ..LeaveRequestQuery::default()
    };
    let pairs = sent_parameters(|client| client.leave_requests(query.clone()));
    assert!(has(&pairs, "status", "0,5") && has(&pairs, "id", "1,7"), "{pairs:?}");
    assert!(has(&pairs, "creationDate", "since,2026-03-01T00:00:00Z"), "{pairs:?}");
    assert!(pairs.iter().all(|(_, value)| !value.contains("comment")), "{pairs:?}");
    let groups = FieldGroups::NONE.with(FieldGroup::LeaveReason);
    let pairs = sent_parameters(|client| client.leave_requests(LeaveRequestQuery { groups, ..query }));
    assert!(pairs.iter().any(|(_, value)| value.contains("approved,comment]")), "{pairs:?}");
}

#[test]
fn user_logs_with_values_of_both_kinds() {
    let items = read(
        &json!([
            {"id": 1, "name": "departmentid", "owner": {"id": 3}, "value": "12", "modifiedAt": "2026-03-01T10:00:00",
             "author": {"id": 0, "name": "Lucca Admin"}},
            {"ID": "2", "name": "manager", "ownerId": 3, "value": {"id": 9, "name": "X"}},
        ]),
        |client| client.user_logs(UserLogQuery::default()),
    );
    let logs: Vec<_> = items.into_iter().map(|item| item.outcome.unwrap()).collect();
    assert!(logs.iter().all(|log| log.problems.is_empty()));
    assert_eq!(logs[0].value.property.as_deref(), Some("departmentid"));
    assert_eq!(
        (logs[0].value.author_id.clone(), logs[1].value.owner_id.clone()),
        (Some(id("0")), Some(id("3")))
    );
    assert_eq!((logs[0].value.value.as_deref(), logs[1].value.value.as_deref()), (Some("12"), Some("9")));

    let pairs = sent_parameters(|client| client.user_logs(UserLogQuery::default()));
    assert!(has(&pairs, "name", "departmentid,legalentityid,manager"), "{pairs:?}");
    let single: Vec<_> = UserLogQuery::default().one_by_one().map(|query| query.properties).collect();
    assert_eq!(single, UserProperty::ALL.map(|property| vec![property]));
}

#[test]
fn a_day_of_a_user() {
    let items = read(
        &json!([
            {"ownerId": 3, "date": "2026-03-02T00:00:00", "dtt": "07:00:00", "isHoliday": false, "isWeeklyRest": false,
             "am": {"dtt": "03:30:00", "isOff": false}, "pm": {"dtt": "00:00:00", "isOff": true}},
            {"owner": {"id": 3}, "date": "2026-03-03"},
            {"date": "2026-03-03"},
        ]),
        |client| client.user_dates(&[id("3")], MARCH_1, date(2026, 3, 31)),
    );
    let am = HalfDay { theoretical_minutes: Some(210), is_off: Some(false) };
    let pm = HalfDay { theoretical_minutes: Some(0), is_off: Some(true) };
    let expected = UserDate {
        owner_id: id("3"),
        date: date(2026, 3, 2),
        is_holiday: Some(false),
        is_weekly_rest: Some(false),
        am,
        pm,
    };
    assert_eq!(items[0].outcome.as_ref().unwrap().value, expected);
    assert_eq!(items[0].id, Some(id("3-2026-03-02")));
    assert_eq!(items[1].id, Some(id("3-2026-03-03")));
    assert!(items[2].id.is_none() && items[2].outcome.is_err());
    let pairs = sent_parameters(|client| client.user_dates(&[id("3"), id("4")], MARCH_1, date(2026, 3, 31)));
    assert!(
        has(&pairs, "ownerId", "3,4") && has(&pairs, "date", "between,2026-03-01,2026-03-31"),
        "{pairs:?}"
    );
}

#[test]
fn a_leave_account_with_its_category() {
    let items = read(
        &json!([
            {"id": 1, "name": "Congés 2026", "categoryId": 4, "categoryName": "Congés", "unit": 0},
            {"id": 2, "name": "Télétravail", "category": {"id": 5, "name": "Remote"}, "isRemoteWork": true},
        ]),
        |client| client.leave_accounts(),
    );
    let accounts: Vec<_> = items.into_iter().map(|item| item.outcome.unwrap().value).collect();
    let categories: Vec<_> = accounts.iter().map(|a| a.category.clone().unwrap().name.unwrap()).collect();
    assert_eq!(categories, ["Congés", "Remote"]);
    assert_eq!((accounts[0].unit.as_deref(), accounts[1].is_remote_work), (Some("0"), Some(true)));
}
