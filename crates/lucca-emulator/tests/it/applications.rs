//! `applicationData`: data of other Lucca applications about a person.

use lucca_emulator::{DictionaryMembers, PersonPatch, Rights};
use serde_json::{Value, json};

use crate::client::{Answer, Lab};

const PAY: [&str; 5] = [
    "fullTimeEquivalent",
    "theoreticalRemuneration",
    "lastAnnualReviewDate",
    "lastProfessionalReviewDate",
    "lastFixedWorkingDaysReviewDate",
];

fn keys(of: &Value) -> Vec<String> {
    of.as_object().expect("an object").keys().cloned().collect()
}

#[tokio::test]
async fn pay_and_reviews_need_their_right() {
    let lab = Lab::of(60).await;
    let read = async || -> Vec<Value> {
        let items = lab.get("/api/v3/users?fields=id,applicationData").await.items();
        items.into_iter().map(|item| item["applicationData"].clone()).collect()
    };
    let all = read().await;
    for data in &all {
        let pay = data["theoreticalRemuneration"]["value"].as_str().expect("a text");
        let digits = pay.trim_start_matches(['€', '£']);
        let (thousands, rest) = digits.split_once(',').expect("thousands are set off");
        assert!(digits != pay && rest.len() == 3 && thousands.parse::<u32>().is_ok(), "{pay}");
        assert_eq!(keys(&data["theoreticalRemuneration"]["link"]), ["text", "url"]);
        let hours = data["fullTimeEquivalent"]["value"].as_str().expect("a text, not a number");
        assert!(hours.parse::<f64>().is_ok_and(|hours| hours > 100.0), "{hours}");
    }
    assert!(all.iter().any(|data| data["lastAnnualReviewDate"]["value"].is_string()));
    assert!(all.iter().any(|data| data["lastAnnualReviewDate"]["value"].is_null()));

    let mut rights = Rights::all();
    rights.hr_file.remuneration = false;
    assert!(lab.emulator.tenant().set_rights(&lab.key, rights));
    for data in read().await {
        let keys = keys(&data);
        assert!(PAY.iter().all(|name| !keys.iter().any(|key| key == name)), "{keys:?}");
        assert!(keys.iter().any(|key| key == "profile_figgo"));
    }
}

#[tokio::test]
async fn pay_changes_on_demand() {
    let lab = Lab::of(5).await;
    let patch = PersonPatch { remuneration: Some(Some("€33,000".to_owned())), ..PersonPatch::default() };
    lab.emulator.tenant().change(1, patch).expect("user 1 exists");
    let user = lab.get("/api/v3/users/1").await.json();
    let pay = &user["data"]["applicationData"]["theoreticalRemuneration"];
    assert_eq!(pay["value"], "€33,000");
    assert_eq!(pay["link"]["url"], "http://tenant.example/popleerem/remunerations#/1");
}

#[tokio::test]
async fn dictionary_members_asked_by_name() {
    let lab = Lab::of(5).await;
    let ask = async |members: DictionaryMembers| -> Answer {
        lab.switch(|switches| switches.dictionary_members = members);
        lab.get("/api/v3/users?paging=0,1&fields=id,applicationData[profile_figgo,MANAGER2ID,nothing]").await
    };
    let honoured = &ask(DictionaryMembers::Honoured).await.items()[0]["applicationData"];
    assert_eq!(keys(honoured), ["manager2Id", "nothing", "profile_figgo"]);
    assert_eq!((&honoured["nothing"], &honoured["manager2Id"]), (&json!(null), &json!(null)));
    let ignored = &ask(DictionaryMembers::Ignored).await.items()[0]["applicationData"];
    assert_eq!(ignored.as_object().map(serde_json::Map::len), Some(9));
    let refused = ask(DictionaryMembers::Refused).await;
    assert_eq!(refused.status, 400);
    assert!(refused.text.contains("Selected property profile_figgo does not exist"), "{}", refused.text);
    assert_eq!(lab.get("/api/v3/users?fields=id,applicationData").await.status, 200);
}
