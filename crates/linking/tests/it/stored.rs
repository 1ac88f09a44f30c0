//! The doctor's verdicts by stored data. These tests write the records that a sync would store, since this
//! crate must not use the engine.

use jiff::Timestamp;
use jiff::civil::{Date, date};
use linking::{
    Diagnosis, DiagnosisSummary, Evidence, Likelier, Narrowed, Permission, Verdict, drift, examine_stored,
};
use people::{Features, Kind, RemoteId};
use secrecy::SecretString;
use serde_json::{Value, json};
use store::{
    AccountId, AccountSettings, Actor, Commit, Lease, LinkTarget, LinkedAccount, MasterKey, NewAccount,
    Outcome, RecordState, RecordUpsert, RunId, Store, Vault,
};
use test_database::{Engine, TestDatabase};

use crate::support::TODAY;

struct Stored {
    store: Store,
    account: LinkedAccount,
    lease: Lease,
    _database: TestDatabase,
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

async fn stored(engine: Engine) -> Stored {
    let database = TestDatabase::new(engine).await;
    let store = database.store.clone();
    let vault = Vault::new(MasterKey::from_random([9; 32]), []);
    let groups = ["identity", "work", "contract", "custom_fields"].map(str::to_owned).to_vec();
    let settings = AccountSettings { field_groups: groups, ..AccountSettings::default() };
    let tenant = "https://acme.ilucca.net";
    let new = NewAccount {
        target: LinkTarget::New(AccountId::mint(at(0), [1; 10])),
        actor: Actor::Cli,
        tenant,
        origin: tenant,
        api_key: &SecretString::from("0f8fad5b-d9cb-469f-a165-70867728950e"),
        settings: &settings,
        at: at(0),
        nonce: [1; 12],
    };
    let account = store.link_account(&vault, new).await.unwrap();
    let lease =
        store.take_lease(&account, RunId::mint(at(1), [2; 10]), "test", None, at(1)).await.unwrap().unwrap();
    store.start_run(&lease, at(1)).await.unwrap();
    Stored { store, account, lease, _database: database }
}

impl Stored {
    async fn write(&self, kind: Kind, records: impl IntoIterator<Item = Value>) {
        let upserts = records.into_iter().map(|record| {
            let id = record["id"].as_str().unwrap();
            RecordUpsert::of_json(kind, id.into(), record.to_string(), None)
        });
        let commit = Commit { upserts: upserts.collect(), ..Commit::default() };
        self.store.commit(&self.lease, kind, &commit, at(2)).await.unwrap();
    }

    async fn mark(&self, state: RecordState, ids: &[String]) {
        let ids = ids.iter().map(|id| RemoteId::from(id.as_str())).collect();
        let commit = Commit { marked: vec![(state, ids)], ..Commit::default() };
        self.store.commit(&self.lease, Kind::Employee, &commit, at(3)).await.unwrap();
    }

    /// Ends a run with this report, and begins the next one.
    async fn report(&mut self, second: i64, streams: Value) {
        let report = json!({"outcome": "succeeded", "streams": streams}).to_string();
        self.store.finish_run(&self.lease, Outcome::Succeeded, 1, Some(&report), at(second)).await.unwrap();
        self.store.release_lease(&self.lease).await.unwrap();
        let run = RunId::mint(at(second), [3; 10]);
        let lease = self.store.take_lease(&self.account, run, "test", None, at(second)).await.unwrap();
        self.lease = lease.unwrap();
        self.store.start_run(&self.lease, at(second)).await.unwrap();
    }

    async fn diagnosis(&self) -> Diagnosis {
        examine_stored(&self.store, &self.account, &Features::all(), TODAY).await.unwrap()
    }
}

/// An employee with a value in every field that a permission guards.
fn employee(id: usize, (start, end): (Date, Option<Date>)) -> Value {
    json!({
        "id": id.to_string(), "contract_start": start, "contract_end": end, "job_title": "Chef",
        "manager_id": "1", "job_qualification": {"id": "3"}, "custom_fields": {"e_size": "M"},
        "establishment_id": "7",
    })
}

fn contract(id: usize, (start, end): (Date, Option<Date>)) -> Value {
    json!({
        "id": format!("c{id}"), "employee_id": id.to_string(), "starts_on": start, "ends_on": end,
        "is_applicable": true, "establishment_id": "7",
    })
}

const RUNS: (Date, Option<Date>) = (date(2020, 1, 1), None);
const ENDED: (Date, Option<Date>) = (date(2020, 1, 1), Some(date(2024, 6, 30)));
const LATER: (Date, Option<Date>) = (date(2027, 2, 1), None);

/// Sixty people: fifty active, six former, four future; each with a contract.
async fn company(engine: Engine) -> Stored {
    let stored = stored(engine).await;
    let dates = |id: usize| {
        if id < 50 {
            RUNS
        } else if id < 56 {
            ENDED
        } else {
            LATER
        }
    };
    stored.write(Kind::Employee, (0..60).map(|id| employee(id, dates(id)))).await;
    stored.write(Kind::Employment, (0..60).map(|id| contract(id, dates(id)))).await;
    stored
}

async fn everything_stored_is_granted(mut stored: Stored) {
    let absence = json!({"id": "5", "employee_id": "1"});
    stored.write(Kind::Absence, [absence.clone()]).await;
    stored.write(Kind::AbsenceRequest, [absence]).await;
    stored.report(10, json!([{"stream": "users", "read": 60}, {"stream": "leaves", "read": 1}])).await;
    let diagnosis = stored.diagnosis().await;
    let doubted: Vec<_> = diagnosis
        .findings
        .iter()
        .filter(|one| one.verdict != Verdict::Granted)
        .map(|one| one.permission)
        .collect();
    assert_eq!(doubted, [Permission::MakeAbsenceRequests]);
    assert_eq!((diagnosis.unsettled(&[]).count(), diagnosis.narrowed), (0, None));
    let people = diagnosis.people;
    assert_eq!((people.total, people.active), (Some(60), Some(50)));
    assert_eq!((people.former, people.future), (Some(6), Some(4)));
}

async fn hidden_people_mean_a_lost_permission(stored: Stored) {
    let before = stored.diagnosis().await;
    let former: Vec<String> = (50..56).map(|id: usize| id.to_string()).collect();
    stored.mark(RecordState::Hidden, &former).await;
    // Their contracts are hidden with them.
    let ids = former.iter().map(|id| RemoteId::from(format!("c{id}").as_str())).collect();
    let commit = Commit { marked: vec![(RecordState::Hidden, ids)], ..Commit::default() };
    stored.store.commit(&stored.lease, Kind::Employment, &commit, at(3)).await.unwrap();
    let now = stored.diagnosis().await;
    let finding = now.finding(Permission::SeeFormerEmployees).unwrap();
    assert_eq!((finding.verdict, finding.likelier), (Verdict::CannotTell, Some(Likelier::Missing)));
    assert_eq!(finding.evidence, Evidence::WereShown { people: 6 });
    let before = DiagnosisSummary::new(None, &before, &[]);
    for before in [Some(&before), None] {
        let drift = drift(&DiagnosisSummary::new(before, &now, &[]), &[]);
        assert_eq!(drift.open.len(), 1);
        assert_eq!(drift.open[0].code, "permission.lost.see_former_employees");
    }
}

async fn contracts_of_unseen_make_missing_likely(stored: Stored) {
    let strangers = async || {
        let seen = stored.diagnosis().await.observations.unseen;
        (seen.running, seen.running_shown, seen.ended, seen.later)
    };
    // People in the state "gone" were shown once; contracts that they still have were only read earlier.
    let gone: Vec<String> = (50..60).map(|id: usize| id.to_string()).collect();
    stored.mark(RecordState::Gone, &gone).await;
    assert_eq!(strangers().await, (0, 50, 0, 0));
    // Never stored as people: three former, two future, and one whose last day was yesterday.
    let brink = (date(2020, 1, 1), Some(TODAY.yesterday().unwrap()));
    let never = [ENDED, ENDED, ENDED, LATER, LATER, brink].into_iter().enumerate();
    stored.write(Kind::Employment, never.map(|(n, dates)| contract(900 + n, dates))).await;
    assert_eq!(strangers().await, (0, 50, 3, 2));
    let owners = stored.store.evidence(stored.account.no, TODAY).await.unwrap().owners;
    assert_eq!((owners.ended_nearby, owners.later_nearby), (3, 2));
    let diagnosis = stored.diagnosis().await;
    let finding = diagnosis.finding(Permission::SeeFormerEmployees).unwrap();
    assert_eq!((finding.verdict, finding.likelier), (Verdict::CannotTell, Some(Likelier::Missing)));
    assert_eq!(finding.evidence, Evidence::ContractsOfUnseen { people: 3 });
}

async fn unseen_managers_and_heads_are_counted_once(stored: Stored) {
    stored
        .write(
            Kind::Employee,
            [json!({"id": "70", "manager_id": "800"}), json!({"id": "71", "manager_id": "0"})],
        )
        .await;
    stored
        .write(
            Kind::Department,
            [
                json!({"id": "1", "head_id": "800"}),
                json!({"id": "2", "head_id": "801"}),
                json!({"id": "3", "head_id": "1"}),
            ],
        )
        .await;
    assert_eq!(stored.diagnosis().await.observations.unseen.referred, 2);
}

async fn missing_managers_indicate_a_narrowed_role(stored: Stored) {
    // No future employees: they could explain dangling references.
    let to_come: Vec<String> = (56..60).map(|id: usize| id.to_string()).collect();
    stored.mark(RecordState::Gone, &to_come).await;
    assert_eq!(stored.diagnosis().await.narrowed, None);
    let managed = (70..74).map(|id| json!({"id": id.to_string(), "manager_id": "800"}));
    stored.write(Kind::Employee, managed).await;
    assert_eq!(stored.diagnosis().await.narrowed, None, "four of a hundred");
    let managed = (74..80).map(|id| json!({"id": id.to_string(), "manager_id": "800"}));
    stored.write(Kind::Employee, managed).await;
    let Narrowed { unseen, of } = stored.diagnosis().await.narrowed.unwrap();
    // Fifty active people name a manager and have a contract; the others name a manager who is not there.
    assert_eq!((unseen, of), (10, 110));
    // The manager of a former employee may have left before.
    let left =
        (70..80).map(|id| json!({"id": id.to_string(), "manager_id": "800", "contract_end": "2024-01-01"}));
    stored.write(Kind::Employee, left).await;
    assert_eq!(stored.diagnosis().await.narrowed, None);
}

async fn unreadable_streams_of_last_runs_are_reported(mut stored: Stored) {
    let refused = |code: &str| json!({"code": code, "message": "", "advice": "", "not_offered": true});
    stored
        .report(
            10,
            json!([
                {"stream": "users", "read": 60, "hidden_fields": ["job_title"]},
                {"stream": "work_contracts", "read": 0, "error": refused("lucca.permission_missing")},
                {"stream": "leaves", "read": 0, "error": refused("lucca.not_found")},
            ]),
        )
        .await;
    // A later run that read no people, and one whose report can't be parsed.
    stored.report(20, json!([{"stream": "users", "read": 0}])).await;
    stored.report(30, json!("of another version")).await;
    let diagnosis = stored.diagnosis().await;
    assert_eq!(diagnosis.verdict(Permission::ViewContracts), Some(Verdict::Missing));
    let evidence = |permission| &diagnosis.finding(permission).unwrap().evidence;
    assert_eq!(*evidence(Permission::ViewJobs), Evidence::FieldLost { stored: 60 });
    assert_eq!(
        *evidence(Permission::ConsultLeaves),
        Evidence::ListUnreadable { code: "lucca.not_found".to_owned() }
    );
    assert_eq!(*evidence(Permission::MakeAbsenceRequests), Evidence::NotRead);
    assert_eq!(diagnosis.verdict(Permission::ViewManagers), Some(Verdict::Granted));

    stored.report(40, json!([{"stream": "work_contracts", "read": 60}])).await;
    assert_eq!(stored.diagnosis().await.verdict(Permission::ViewContracts), Some(Verdict::Granted));
}

async fn empty_store_leaves_verdicts_open(stored: Stored) {
    let gone: Vec<String> = (0..60).map(|id: usize| id.to_string()).collect();
    stored.mark(RecordState::Gone, &gone).await;
    let diagnosis = stored.diagnosis().await;
    assert_eq!(diagnosis.verdict(Permission::ViewUsers), Some(Verdict::CannotTell));
    assert_eq!(diagnosis.missing().count(), 0);
}

/// Makes each function a test on both engines; on PostgreSQL only if a server is configured.
macro_rules! on_both_engines {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $test() {
                super::$test(super::company(test_database::Engine::Sqlite).await).await;
            })+
        }

        mod postgres {
            $(#[tokio::test]
            async fn $test() {
                if test_database::Engine::available().contains(&test_database::Engine::Postgres) {
                    super::$test(super::company(test_database::Engine::Postgres).await).await;
                }
            })+
        }
    };
}

on_both_engines!(
    everything_stored_is_granted,
    hidden_people_mean_a_lost_permission,
    contracts_of_unseen_make_missing_likely,
    unseen_managers_and_heads_are_counted_once,
    missing_managers_indicate_a_narrowed_role,
    unreadable_streams_of_last_runs_are_reported,
    empty_store_leaves_verdicts_open,
);
