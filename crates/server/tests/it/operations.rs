//! Health and metrics for monitoring: readiness of the process and its database, and exactly the metrics that
//! dashboards and alerts use.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use jobs::SyncDuty;
use lucca_emulator::Rights;
use test_database::Engine;

use crate::support::{Service, tenant};

/// The metrics that dashboards and alerts may use: type, and whether they describe stored data.
fn known() -> BTreeMap<&'static str, (&'static str, bool)> {
    let lines = include_str!("../../../../packaging/prometheus/metrics.txt").lines();
    let lines = lines.filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| {
            let mut words = line.split(' ');
            let (name, kind) = (words.next().unwrap(), words.next().unwrap());
            (name, (kind, words.next() == Some("stored")))
        })
        .collect()
}

#[tokio::test]
async fn metrics_match_the_documented_list() {
    server::measure().unwrap();
    for engine in Engine::available() {
        let service = Service::on(engine, "").await;
        let emulator = tenant(20, Rights::all()).await;
        let account = service.linked(&emulator, &[]).await;
        let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let at = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let ended = async move { drop(stopped.await) };
        let telling = tokio::spawn(server::serve_operations(service.services.clone(), listener, ended));
        let get = async |path: &str| {
            let answer = reqwest::get(format!("{at}{path}")).await.unwrap();
            (answer.status().as_u16(), answer.text().await.unwrap())
        };
        assert_eq!(get("/healthz").await, (200, "ok\n".to_owned()));
        assert_eq!(get("/readyz").await, (200, "ok\n".to_owned()));

        let before = get("/metrics").await.1;
        assert!(before.contains("lucca_connector_accounts_overdue 1\n"), "{before}");
        assert!(before.contains("lucca_connector_accounts_never_read 1\n"), "{before}");
        service.do_due(&SyncDuty(service.services.clone())).await;
        service.get(&format!("/v1/linked-accounts/{}/employees", account.id)).await;
        let (status, text) = get("/metrics").await;
        assert_eq!(status, 200);
        for line in [
            "lucca_connector_accounts{status=\"linked\"} 1",
            "lucca_connector_accounts_overdue 0",
            "lucca_connector_accounts_never_read 0",
            "lucca_connector_account_freshness_seconds_bucket{le=\"60\"} 1",
            "lucca_connector_account_freshness_seconds_count 1",
        ] {
            assert!(text.lines().any(|one| one == line), "{line} is not in {text}");
        }
        let known = known();
        let told: BTreeMap<&str, &str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("# TYPE "))
            .map(|line| line.split_once(' ').unwrap())
            .collect();
        for (name, kind) in &told {
            assert_eq!(known.get(name).map(|(kind, _)| kind), Some(kind), "{name} is told and not listed");
        }
        for (name, (_, is_stored)) in &known {
            assert!(!is_stored || told.contains_key(name), "{name} is listed and not told");
        }
        for name in
            ["runs_total", "run_seconds", "run_start_lag_seconds", "requests_total", "http_requests_total"]
        {
            assert!(told.contains_key(&*format!("lucca_connector_{name}")), "{name} is not counted");
        }
        for secret in [account.id.to_string(), emulator.api_key().to_owned(), emulator.url()] {
            assert!(!text.contains(&secret), "no metric tells whose it is");
        }
        stop.send(()).unwrap();
        telling.await.unwrap();
    }
}
