//! Leaves, leave periods, leave requests and user dates.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use lucca_emulator::{
    AbsenceStamps, AccountShape, ById, KeyCasing, LeaveValue, Rights, SinceReading, Snapshot, UserLogs,
};
use serde_json::{Value, json};

use crate::client::Lab;

const ALL: &str = "/api/v3/leaves?date=since,2000-01-01&leavePeriod.ownerId=greaterthan,0";

impl Lab {
    fn snapshot(&self) -> Snapshot {
        self.emulator.tenant().snapshot(&self.key).expect("a known key")
    }

    /// Every item of a v3 list, page by page.
    async fn all(&self, path: &str, size: usize) -> Vec<Value> {
        let mut items: Vec<Value> = Vec::new();
        loop {
            let page = self.get(&format!("{path}&paging={},{size}", items.len())).await.items();
            if page.is_empty() {
                return items;
            }
            items.extend(page);
        }
    }
}

fn texts<'a>(items: &'a [Value], key: &str) -> Vec<&'a str> {
    items.iter().filter_map(|item| item[key].as_str()).collect()
}

#[tokio::test]
async fn a_listing_holds_what_the_snapshot_does() {
    let lab = Lab::of(300).await;
    let truth = lab.snapshot();
    let fields =
        "id,date,isAM,leaveAccountId,leavePeriodId,isActive,comment,value,leavePeriod[ownerId,isConfirmed]";
    let leaves = lab.all(&format!("{ALL}&fields={fields}"), 1777).await;
    assert_eq!(leaves.len(), truth.leaves.len());
    assert_eq!(lab.emulator.truth().leaves, truth.leaves.len() as u64);
    for (leave, fact) in leaves.iter().zip(&truth.leaves) {
        assert_eq!(leave["id"], fact.id);
        assert_eq!(leave["date"], format!("{}T00:00:00", fact.date));
        assert_eq!(leave["isAM"], fact.am);
        assert_eq!(leave["leaveAccountId"], json!(fact.account_id));
        assert_eq!(leave["isActive"], fact.is_active);
        assert_eq!(leave["comment"], json!(fact.comment));
        assert_eq!(leave["leavePeriod"]["ownerId"], fact.owner_id);
        assert_eq!(leave["leavePeriod"]["isConfirmed"], fact.is_confirmed);
        let period = leave["leavePeriodId"].as_i64().expect("an id");
        let half = if fact.am { "AM" } else { "PM" };
        assert_eq!(fact.id, format!("{period}-{}-{half}", fact.date.strftime("%Y%m%d")));
    }
    let requests = lab.all("/api/v3/leaveRequests?fields=id,status,leavePeriodId,approvals", 500).await;
    let facts: Vec<_> =
        truth.leave_requests.iter().map(|one| (one.id, one.status, u64::from(one.approvals))).collect();
    let seen: Vec<_> = requests
        .iter()
        .filter_map(|one| {
            Some((one["id"].as_i64()?, one["status"].as_i64()?, one["approvals"].as_array()?.len() as u64))
        })
        .collect();
    assert_eq!(seen, facts);
    let periods = lab.all("/api/v3/leaveperiods?fields=id,startsOn,startsAM,endsOn,endsAM,leaves", 500).await;
    assert_eq!(periods.len(), truth.leave_periods.len());
    let halves: usize = periods.iter().filter_map(|one| one["leaves"].as_array()).map(Vec::len).sum();
    assert_eq!(halves, truth.leaves.len());
    let control = lab.control("GET", "/snapshot", None).await;
    assert_eq!(serde_json::from_str::<Snapshot>(&control.text).expect("a snapshot"), truth);
}

#[tokio::test]
async fn a_date_and_owners_are_required() {
    let lab = Lab::of(60).await;
    for query in
        ["", "?date=since,2026-01-01", "?leavePeriod.ownerId=greaterthan,0", "?date=2026-01-01&ownerId=1"]
    {
        let refused = lab.get(&format!("/api/v3/leaves{query}")).await;
        assert_eq!(refused.status, 400, "{query}");
    }
    let refused = lab.get("/api/v3/leaves?date=today").await;
    assert!(
        refused.headers["content-type"]
            .to_str()
            .is_ok_and(|label| label.starts_with("application/problem+json"))
    );
    assert!(refused.json()["detail"].is_string() && refused.json()["status"] == 400);
    let since = "/api/v3/leaves?leavePeriod.owner.legalEntityId=1&creationDate=since,2026-11-01";
    assert_eq!(lab.get(since).await.status, 200);
    lab.switch(|switches| switches.leaves_without_date = false);
    assert_eq!(lab.get(since).await.status, 400);
    assert_eq!(lab.get(&format!("{since}&date=until,2030-01-01")).await.status, 200);
}

#[tokio::test]
async fn filters_narrow_leaves_as_they_say() {
    let lab = Lab::of(200).await;
    let truth = lab.snapshot();
    let fields = "fields=id,creationDate,cancellationDate,leavePeriod.confirmationDate";
    let all = lab.all(&format!("{ALL}&{fields}"), 10_000).await;
    let count = async |filter: &str| -> usize {
        let path = format!("{ALL}&fields=collection.count&{filter}");
        usize::try_from(lab.get(&path).await.count()).unwrap_or(0)
    };
    let facts = |holds: &dyn Fn(&lucca_emulator::LeaveFacts) -> bool| {
        truth.leaves.iter().filter(|one| holds(one)).count()
    };
    assert_eq!(count("isActive=false").await, facts(&|one| !one.is_active));
    assert_eq!(count("leavePeriod.isConfirmed=true").await, facts(&|one| one.is_confirmed));
    assert_eq!(count("leaveAccountId=29,34").await, facts(&|one| matches!(one.account_id, Some(29 | 34))));
    let user = &truth.users[20];
    let site = user.establishment_id;
    let there: HashSet<i64> =
        truth.users.iter().filter(|one| one.establishment_id == site).map(|one| one.id).collect();
    assert_eq!(
        count(&format!("leavePeriod.owner.legalEntityId={site}")).await,
        facts(&|one| there.contains(&one.owner_id))
    );
    let department = user.department_id;
    let mates: HashSet<i64> =
        truth.users.iter().filter(|one| one.department_id == department).map(|one| one.id).collect();
    let own = "/api/v3/leaves?date=until,2100-01-01&fields=collection.count&leavePeriod.owner.departmentId=";
    assert_eq!(
        lab.get(&format!("{own}{department}")).await.count(),
        facts(&|one| mates.contains(&one.owner_id)) as u64
    );
    let day = jiff::civil::date(2026, 6, 1);
    let between = "/api/v3/leaves?date=between,2026-06-01,2026-06-30&leavePeriod.ownerId=greaterthan,0&fields=collection.count";
    let june = facts(&|one| one.date >= day && one.date < jiff::civil::date(2026, 7, 1));
    assert_eq!(lab.get(between).await.count(), june as u64);
    // The three dates of the incremental sync.
    for (filter, pointer) in [
        ("creationDate", "/creationDate"),
        ("cancellationDate", "/cancellationDate"),
        ("leavePeriod.confirmationDate", "/leavePeriod/confirmationDate"),
    ] {
        let stamp = |one: &Value| one.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let later = all.iter().filter_map(stamp).filter(|at| at.as_str() >= "2026-10-01T10:00:00").count();
        assert!(later > 0 && later < all.len());
        assert_eq!(count(&format!("{filter}=since,2026-10-01T10:00:00")).await, later, "{filter}");
        assert_eq!(count(&format!("{filter}=since,2026-10-01T08:00:00Z")).await, later, "{filter}, in UTC");
    }
    let dates = lab.all(&format!("{ALL}&fields=date&orderBy=date,desc"), 10_000).await;
    assert!(texts(&dates, "date").windows(2).all(|pair| pair[0] >= pair[1]));
    let refused = lab.get(&format!("{ALL}&paging=0,10001")).await;
    assert_eq!(refused.status, 400);
    assert_eq!(lab.get(ALL).await.items().len(), 1000, "a page is a thousand unless asked otherwise");
}

#[tokio::test]
async fn the_shapes_of_absences() {
    let lab = Lab::of(60).await;
    let truth = lab.snapshot();
    let hours = truth.leaves.iter().find(|one| one.minutes.is_some()).expect("an absence in hours");
    let steps = truth
        .leave_requests
        .iter()
        .find(|one| one.approvals > 1 && one.status == 4)
        .or_else(|| truth.leave_requests.iter().find(|one| one.approvals > 1))
        .expect("a request of several steps");
    let mut shapes = serde_json::Map::new();
    for path in [
        format!("leaves/{}", hours.id),
        format!("leaveRequests/{}", steps.id),
        format!("leavePeriods/{}", steps.leave_period_id),
        "leaves?date=since,2026-01-01&leavePeriod.ownerId=greaterthan,0&paging=0,1".to_owned(),
        "leaveRequests?paging=0,1&fields=collection.count,id".to_owned(),
        "leaveperiods?paging=0,2&fields=id,startsOn,startsAM,endsOn,endsAM,ownerId,owner.name,owner.mail&startsOn=until,2026-11-27&endsOn=since,2026-11-23&isConfirmed=true".to_owned(),
        "userdates?ownerId=12&date=between,2026-11-10,2026-11-11&fields=ownerId,date,dtt,drt,draj,isHoliday,items[startsAt,duration,type,timeline],am.isOff".to_owned(),
    ] {
        shapes.insert(path.clone(), lab.get(&format!("/api/v3/{path}")).await.json()["data"].clone());
    }
    insta::assert_json_snapshot!("absences", shapes);
}

#[tokio::test]
async fn open_questions_have_switches() {
    let lab = Lab::of(200).await;
    let truth = lab.snapshot();
    let hours = truth.leaves.iter().find(|one| one.minutes.is_some()).expect("an absence in hours");
    let path = format!("/api/v3/leaves/{}?fields=isAm,value,creationDate", hours.id.to_lowercase());
    let minutes = hours.minutes.unwrap_or(0);
    let one = async || lab.get(&path).await.json()["data"].clone();
    let paris = one().await;
    assert_eq!(paris["value"], format!("{:02}:{:02}:00", minutes / 60, minutes % 60));
    assert!(paris["isAM"].is_boolean());
    lab.switch(|switches| {
        switches.leave_value = LeaveValue::Number;
        switches.key_casing = KeyCasing::Documented;
        switches.absence_stamps = AbsenceStamps::UtcMarked;
    });
    let utc = one().await;
    assert_eq!(utc["value"], f64::from(minutes) / 60.0);
    assert!(utc["isAm"].is_boolean());
    let instant = |text: &Value| {
        text.as_str().and_then(|text| text.trim_end_matches('Z').parse::<jiff::civil::DateTime>().ok())
    };
    let apart = instant(&paris["creationDate"])
        .zip(instant(&utc["creationDate"]))
        .map(|(a, b)| b.duration_until(a).as_hours());
    assert!(matches!(apart, Some(1 | 2)), "{apart:?}");
    let count = async |filter: &str| lab.get(&format!("{ALL}&fields=collection.count{filter}")).await.count();
    let since = "&creationDate=since,2026-10-01T08:00:00Z";
    let converted = count(since).await;
    lab.switch(|switches| switches.absence_stamps = AbsenceStamps::Paris);
    assert_eq!(count(since).await, converted);
    lab.switch(|switches| switches.absence_since = SinceReading::AsWritten);
    assert_eq!(count(since).await, count("&creationDate=since,2026-10-01T08:00:00").await);

    let inactive = truth.leaves.iter().filter(|one| !one.is_active).count() as u64;
    let all = truth.leaves.len() as u64;
    lab.switch(|switches| switches.leaves_show_inactive = false);
    assert_eq!(count("").await, all - inactive);
    assert_eq!(count("&isActive=false").await, inactive);
    lab.switch(|switches| switches.leaves_show_pending = false);
    let pending: HashSet<i64> =
        truth.leave_requests.iter().filter(|one| one.status == 0).map(|one| one.leave_period_id).collect();
    let pending = truth.leaves.iter().filter(|one| pending.contains(&one.leave_period_id)).count() as u64;
    assert!(pending > 0);
    assert_eq!(count("").await, all - inactive - pending);

    let denied =
        truth.leave_requests.iter().find(|one| one.status == 3).expect("a denied request").leave_period_id;
    let denied = truth.leaves.iter().find(|one| one.leave_period_id == denied).expect("its leave").id.clone();
    let end = async || {
        lab.get(&format!("/api/v3/leaves/{denied}?fields=cancellationDate")).await.json()["data"]["cancellationDate"].clone()
    };
    assert!(end().await.is_string());
    lab.switch(|switches| switches.denied_have_cancellation_date = false);
    assert!(end().await.is_null());

    let requests = async |filter: &str| {
        lab.get(&format!("/api/v3/leaveRequests?fields=collection.count{filter}")).await.count()
    };
    let waiting = truth.leave_requests.iter().filter(|one| one.status == 0).count() as u64;
    assert_eq!(requests("&status=0").await, waiting);
    lab.switch(|switches| {
        switches.request_status_filter = false;
        switches.leave_requests_show = ById::Everything;
    });
    assert_eq!(requests("&status=0").await, truth.leave_requests.len() as u64);
    let shown = lab.get("/api/v3/leaveRequests").await;
    assert_eq!(shown.count(), truth.leave_requests.len() as u64);
    assert!(shown.items()[0]["approvals"].is_array());

    let flag = async || lab.get("/api/v3/leaveAccounts/34").await.json()["data"]["isRemoteWork"].clone();
    assert_eq!(flag().await, true);
    lab.switch(|switches| switches.remote_work_flag = false);
    assert_eq!(flag().await, false);
    lab.switch(|switches| {
        switches.leave_accounts = AccountShape::IdName;
        switches.userlogs = UserLogs::Forbidden;
        switches.userdates = false;
    });
    assert_eq!(lab.get("/api/v3/leaveAccounts?fields=id,isRemoteWork").await.status, 400);
    assert_eq!(lab.get("/api/v3/userlogs").await.status, 403);
    assert_eq!(lab.get("/api/v3/userdates?ownerId=12&date=today").await.status, 404);
    lab.switch(|switches| {
        switches.leave_accounts = AccountShape::Gone;
        switches.userlogs = UserLogs::Gone;
    });
    assert_eq!(lab.get("/api/v3/leaveAccounts").await.status, 404);
    assert_eq!(lab.get("/api/v3/userlogs").await.status, 404);
}

#[tokio::test]
async fn rights_narrow_absences() {
    let lab = Lab::of(200).await;
    let full = lab.snapshot();
    let tenant = lab.emulator.tenant();
    tenant.set_rights(&lab.key, Rights { show_leave_details: false, ..Rights::all() });
    let leave =
        &lab.get(&format!("{ALL}&paging=0,1&fields=leaveAccount,leaveAccountId,date")).await.items()[0];
    assert!(
        leave["leaveAccount"].is_null() && leave["leaveAccountId"].is_null() && leave["date"].is_string()
    );
    assert!(lab.snapshot().leaves.iter().all(|one| one.account_id.is_none()));
    tenant.set_rights(&lab.key, Rights { consult_leaves: false, ..Rights::all() });
    for path in [ALL, "/api/v3/leaveRequests", "/api/v3/leavePeriods"] {
        assert_eq!(lab.get(path).await.status, 403, "{path}");
    }
    assert_eq!(lab.snapshot().leaves.len(), 0);
    let site = full.users[20].establishment_id;
    tenant.set_rights(&lab.key, Rights { establishment_scope: Some(vec![site]), ..Rights::all() });
    let scoped = lab.snapshot();
    let owners: BTreeSet<i64> = scoped.leaves.iter().map(|one| one.owner_id).collect();
    let there: BTreeMap<i64, i64> = full.users.iter().map(|one| (one.id, one.establishment_id)).collect();
    assert!(!owners.is_empty() && owners.iter().all(|owner| there[owner] == site));
    assert_eq!(lab.get(&format!("{ALL}&fields=collection.count")).await.count(), scoped.leaves.len() as u64);
    let hidden =
        full.leaves.iter().find(|one| there[&one.owner_id] != site).expect("a user of another establishment");
    assert_eq!(lab.get(&format!("/api/v3/leaves/{}", hidden.id)).await.status, 404);
    tenant.set_rights(&lab.key, Rights { see_former: false, ..Rights::all() });
    let without = lab.snapshot().leaves.len();
    assert!(without < full.leaves.len());
    lab.switch(|switches| switches.leaves_follow_users = false);
    assert_eq!(lab.get(&format!("{ALL}&fields=collection.count")).await.count(), full.leaves.len() as u64);
}

#[tokio::test]
async fn days_of_people_agree_with_their_leaves() {
    let lab = Lab::of(100).await;
    let truth = lab.snapshot();
    let remote = 34;
    let leave = truth
        .leaves
        .iter()
        .find(|one| one.is_active && one.minutes.is_none() && one.account_id != Some(remote))
        .expect("an absence");
    let path = format!(
        "/api/v3/userdates?ownerId={}&date={}&fields=date,dtt,draj,source,am[isOff,draj],pm.draj",
        leave.owner_id, leave.date
    );
    let day = &lab.get(&path).await.items()[0];
    assert_eq!(day["source"], 5);
    let half = if leave.am { &day["am"] } else { &day["pm"] };
    assert!(half["draj"] == "03:30:00" || half["draj"] == "12:00:00", "{day}");
    let holiday =
        &lab.get("/api/v3/userdates?ownerId=12&date=2026-11-11&fields=dtt,isHoliday,source").await.items()[0];
    assert_eq!(holiday, &json!({"dtt": "00:00:00", "isHoliday": true, "source": 2}));
    assert_eq!(lab.get("/api/v3/userdates?ownerId=12").await.status, 400);
    let asked =
        "scope,workingTimeType,calendar,leaveAccountDuration,isRealLeave,startDateTime,startsAt,endsAt";
    let path = format!(
        "/api/v3/leaves?date={}&leavePeriod.ownerId={}&fields=isAM,date,{asked},leaveAccount[i18nLabels[name,cultureCodeIso6391]]",
        leave.date, leave.owner_id
    );
    for half in lab.get(&path).await.items() {
        assert!(half["leaveAccountDuration"].is_number() && half["isRealLeave"].is_boolean(), "{half}");
        assert!(
            half["startsAt"].as_str() < half["endsAt"].as_str() && half["startsAt"] == half["startDateTime"]
        );
        assert_eq!(half["leaveAccount"]["i18nLabels"][0]["cultureCodeIso6391"], "fr");
    }
    let everybody = lab.get("/api/v3/userdates?date=today&fields=ownerId").await.items();
    assert!(everybody.len() > 100, "live clients ask without owners");
    let month =
        lab.get("/api/v3/userdates?ownerId=12,13&date=between,2026-11-01,2026-11-30&fields=date").await;
    assert!(matches!(month.items().len(), 30 | 60));
}
