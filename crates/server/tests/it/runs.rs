//! Runs that are requested by the API.

use lucca_emulator::Rights;
use serde_json::json;
use test_database::Engine;

use crate::support::{Service, tenant};

#[tokio::test]
async fn some_streams_are_read_by_a_requested_run() {
    for engine in Engine::available() {
        let service = Service::on(engine, "").await;
        let emulator = tenant(12, Rights::all()).await;
        let account = service.linked(&emulator, &[]).await;
        service.sync(&account).await;
        let runs = format!("/v1/linked-accounts/{}/runs", account.id);
        let (status, run) = service.post(&runs, json!({ "streams": ["departments"] })).await;
        assert_eq!(status, 202, "{run}");
        let (_, same) = service.post(&runs, json!({ "streams": ["legal_units"] })).await;
        assert_eq!(same["id"], run["id"]);
        let (status, refused) = service.post(&runs, json!({ "full": true })).await;
        assert_eq!((status, &refused["code"]), (409, &json!("sync.busy")), "{refused}");
        service.do_due(&jobs::SyncDuty(service.services.clone())).await;
        let (_, done) = service.get(&format!("{runs}/{}", run["id"].as_str().unwrap())).await;
        assert_eq!(done["outcome"], "succeeded", "{done}");
        let streams = done["report"]["streams"].as_array().unwrap();
        let names: Vec<&str> = streams.iter().map(|stream| stream["stream"].as_str().unwrap()).collect();
        assert_eq!(names, ["departments", "legal_units"], "{engine:?}");
        assert!(streams.iter().all(|stream| stream["mode"] == "full"), "{done}");
        for wrong in [json!([]), json!(["users"]), json!("departments")] {
            assert_eq!(service.post(&runs, json!({ "streams": wrong })).await.0, 422, "{wrong}");
        }
    }
}
