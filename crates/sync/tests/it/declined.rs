//! Declined features: the sync requests none of their data and removes the stored data.

use lucca_emulator::Switches;
use people::{CustomFieldDefinition, Employee, Feature, JobQualification, Kind, RemoteId, UserLogEntry};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use store::{Change, ChangeFilter, Operation, RecordState};
use sync::RunExtent;

use crate::support::{App, app, app_with, with_custom_fields};

impl App {
    fn decline(&mut self, features: &[Feature]) {
        self.account.settings.declined_features =
            features.iter().map(|feature| feature.name().to_owned()).collect();
        self.emulator.tenant().clear_requests();
    }

    async fn changes_behind(&self, after: i64) -> Vec<Change> {
        let filter = ChangeFilter { after, ..ChangeFilter::default() };
        self.store.changes(self.account.no, filter, 100_000).await.unwrap()
    }

    /// Asserts that no request names a declined feature's data.
    fn assert_not_asked_for(&self, declined: &[Feature]) {
        let requests = self.emulator.requests();
        assert!(!requests.is_empty());
        for request in requests {
            let (path, query) = (request.path.to_lowercase(), request.query.to_lowercase());
            for feature in declined {
                let is_asked = match feature {
                    Feature::Leaves => {
                        path.contains("leave") || path.contains("userdates") || query.contains("leave")
                    }
                    Feature::AbsenceRequests => path.contains("leaverequests"),
                    Feature::Jobs => query.contains("jobtitle"),
                    Feature::Managers => query.contains("manager"),
                    Feature::Qualifications => {
                        query.contains("qualification") || path.contains("qualification")
                    }
                    Feature::Employees => unreachable!("people cannot be declined"),
                    Feature::CustomFields => {
                        ["extendeddata", "applicationdata", "useraxisvalues", "attributes"]
                            .iter()
                            .any(|field| query.contains(field))
                            || path.contains("extensionuserdefinitions")
                    }
                };
                assert!(!is_asked, "{feature:?}: {} {}", request.path, request.query);
            }
        }
    }

    /// Asserts that no declined feature's data is stored, nor logged with a value.
    async fn assert_not_kept(&self, declined: &[Feature]) {
        let people = self.all::<Employee>().await;
        let logged: String = self
            .changes_behind(0)
            .await
            .iter()
            .filter_map(|c| Some(c.fields.as_ref()?.get().to_owned()))
            .collect();
        for feature in declined {
            let kinds: &[Kind] = match feature {
                Feature::Leaves => &[Kind::Absence, Kind::AbsenceRequest, Kind::LeaveType, Kind::WorkingDay],
                Feature::AbsenceRequests => &[Kind::AbsenceRequest],
                Feature::Qualifications => &[Kind::JobQualification],
                Feature::CustomFields => &[Kind::CustomFieldDefinition],
                Feature::Employees | Feature::Jobs | Feature::Managers => &[],
            };
            let counts = self.store.count_records(self.account.no).await.unwrap();
            assert!(counts.keys().all(|(kind, _)| !kinds.contains(kind)), "{counts:?}");
            let has = |person: &Employee| match feature {
                Feature::Jobs => person.job_title.is_some(),
                Feature::Managers => person.manager_id.is_some(),
                Feature::Qualifications => person.job_qualification.is_some(),
                Feature::CustomFields => {
                    !person.custom_fields.is_empty()
                        || !person.axes.is_empty()
                        || !person.application_data.is_empty()
                        || person.attributes.is_some()
                }
                _ => false,
            };
            assert!(!people.is_empty() && !people.iter().any(has), "{feature:?}");
            let member = match feature {
                Feature::Jobs => "job_title",
                Feature::Managers => "manager_id",
                Feature::Qualifications => "job_qualification",
                _ => continue,
            };
            assert!(!logged.contains(&format!("\"{member}\":{{")), "{feature:?}: {logged}");
            if *feature == Feature::Managers {
                let logged = self.all::<UserLogEntry>().await;
                assert!(logged.iter().all(|entry| !entry.property.to_lowercase().contains("manager")));
            }
        }
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Features declined in any order: the sync requests none of their data, removes what is stored, holds
/// nothing and infers no deletion; features that are accepted again are complete again.
#[test]
fn declined_features_are_not_read_or_kept() {
    let features = proptest::sample::subsequence(Feature::DECLINABLE.to_vec(), 0..=6);
    let histories = (prop::collection::vec((features, any::<bool>()), 2..4), any::<bool>());
    let mut runner = TestRunner::new(Config { cases: 6, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&histories, |(history, keep_raw)| {
        runtime().block_on(async {
            let mut app = app_with(25, Switches::default(), with_custom_fields(), keep_raw).await;
            for (declined, is_full) in history {
                app.decline(&declined);
                let extent = if is_full { RunExtent::Full } else { RunExtent::Now };
                let report = app.sync_with(extent, Some(sync::Brake::default())).await;
                app.assert_not_asked_for(&declined);
                app.assert_not_kept(&declined).await;
                let gone: u64 = report.streams.iter().map(|s| s.gone + s.hidden + s.held).sum();
                assert_eq!(gone, 0, "{report:#?}");
                assert!(report.streams.iter().all(|s| s.hidden_fields.is_empty()), "{report:#?}");
                assert_eq!(app.store.holds(app.account.no).await.unwrap(), []);
            }
            app.decline(&[]);
            app.sync_changes().await;
            app.assert_matches_truth().await;
            let fresh = app_with(25, Switches::default(), with_custom_fields(), keep_raw).await;
            fresh.sync().await;
            // Addresses of employees hold the tenant's host, which differs between the two tenants.
            let stored = async |app: &App| {
                let mut fingerprints = app.store.fingerprints(app.account.no).await.unwrap();
                fingerprints.retain(|(kind, _), _| *kind != Kind::Employee);
                let people = serde_json::to_string(&app.all::<Employee>().await).unwrap();
                (fingerprints, people.replace(&app.emulator.url(), ""))
            };
            assert_eq!(stored(&app).await, stored(&fresh).await);
        });
        Ok(())
    });
    outcome.unwrap();
}

#[tokio::test]
async fn later_decline_is_logged_as_excluded() {
    let mut app = app_with(60, Switches::default(), with_custom_fields(), true).await;
    app.sync().await;
    let absences = app.present(Kind::Absence).await;
    let requests = app.present(Kind::AbsenceRequest).await;
    assert!(absences > 0 && requests > 0);
    let titled = app.all::<Employee>().await.iter().filter(|person| person.job_title.is_some()).count();
    let last = app.store.last_change(app.account.no).await.unwrap();
    app.decline(&[Feature::Leaves, Feature::Jobs]);
    let report = app.sync_changes().await;
    assert_eq!(report.outcome, store::Outcome::Succeeded, "{report:#?}");

    let changes = app.changes_behind(last).await;
    let count = |kind, operation| {
        changes.iter().filter(|c| c.kind == kind && c.operation == operation).count() as u64
    };
    assert_eq!(count(Kind::Absence, Operation::Excluded), absences);
    assert_eq!(count(Kind::AbsenceRequest, Operation::Excluded), requests);
    assert_eq!(count(Kind::Employee, Operation::Updated), titled as u64);
    assert!(changes.iter().all(|c| c.operation != Operation::Deleted));
    let updated = changes.iter().find(|c| c.kind == Kind::Employee).unwrap();
    assert_eq!(updated.fields.as_ref().unwrap().get(), r#"{"job_title":null}"#);
    // The raw records have no job title either.
    let kept = app.store.kept(app.account.no, Kind::Employee, None, 1000).await.unwrap();
    assert_eq!(kept.len(), 60);
    for record in kept {
        assert!(!record.raw.unwrap().to_lowercase().contains("jobtitle"));
    }
    // The removal is logged once.
    let last = app.store.last_change(app.account.no).await.unwrap();
    app.sync().await;
    assert_eq!(app.changes_behind(last).await.len(), 0);
}

#[tokio::test]
async fn declining_withdraws_pending_holds() {
    let mut app = app(60, Switches::default()).await;
    app.sync().await;
    let qualifications: Vec<RemoteId> =
        app.all::<JobQualification>().await.into_iter().map(|q| q.id).collect();
    let lease = app
        .store
        .take_lease(
            &app.account,
            store::RunId::mint(app.account.created_at, [9; 10]),
            "test",
            None,
            "2026-11-23T12:00:00Z".parse().unwrap(),
        )
        .await
        .unwrap()
        .unwrap();
    let commit =
        store::Commit { hold: Some(("many".to_owned(), qualifications)), ..store::Commit::default() };
    app.store.commit(&lease, Kind::JobQualification, &commit, app.account.created_at).await.unwrap();
    app.store.release_lease(&lease).await.unwrap();
    app.decline(&[Feature::Qualifications]);
    app.sync_changes().await;
    assert_eq!(app.store.holds(app.account.no).await.unwrap(), []);
}

#[tokio::test]
async fn unrequested_data_is_dropped() {
    let mut app = app(40, Switches::default()).await;
    app.account.settings.field_groups = ["identity", "work"].map(str::to_owned).to_vec();
    app.decline(&[Feature::Jobs, Feature::Managers]);
    // The server refuses the field list, so it returns its own choice.
    app.set_switches(|switches| {
        switches.faults = vec![lucca_emulator::Fault {
            query_contains: Some("fields=".to_owned()),
            ..crate::support::fault(
                "/api/v3/users",
                lucca_emulator::FaultKind::Status { code: 400, body: String::new() },
            )
        }];
    });
    app.sync().await;
    app.assert_not_asked_for(&[Feature::Jobs, Feature::Managers]);
    app.assert_not_kept(&[Feature::Jobs, Feature::Managers]).await;
    assert_eq!(app.all::<CustomFieldDefinition>().await, [], "the field group is off, so the feature is");
}

#[tokio::test]
async fn required_feature_cannot_be_declined() {
    let mut app = app(5, Switches::default()).await;
    for name in ["salaries", "employees"] {
        app.account.settings.declined_features = vec![name.to_owned()];
        let error = app.try_sync(RunExtent::Now).await.unwrap_err();
        assert!(matches!(error, sync::Error::Settings(_)), "{error:?}");
        assert_eq!(app.emulator.requests().len(), 0);
    }
    assert_eq!(app.count(Kind::Employee, RecordState::Present).await, 0);
}
