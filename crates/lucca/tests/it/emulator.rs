//! Reads of an emulated tenant, which shares no code with this crate: every stream, at the sizes where pages
//! begin and end.

use lucca::{Action, ApiKey, Client, Enumeration, Proof, Resource, Stream, TenantUrl, UserQuery};
use lucca_emulator::{
    ById, Config, Emulator, ErrorBody, Header, KeyCasing, Switches, Truth, UnknownFilter, Unsorted,
    V3Departments,
};
use net::NetworkPolicy;

use crate::support::{block_on, builder};

const TODAY: jiff::civil::Date = jiff::civil::Date::constant(2026, 3, 2);

async fn start(employees: u32, switches: Switches) -> Emulator {
    Emulator::start(Config { switches, ..Config::new(employees, 7, TODAY) }).await.unwrap()
}

fn client(emulator: &Emulator, max_page_size: u32) -> Client {
    let tenant = TenantUrl::parse(&emulator.url(), NetworkPolicy::AllowLoopback).unwrap();
    let key = ApiKey::parse(emulator.api_key()).unwrap();
    let (_, clock) = builder(&emulator.url());
    let builder = Client::builder(tenant, key).clock(clock);
    builder
        .budget(std::sync::Arc::new(lucca::RequestBudget::unlimited()))
        .max_page_size(max_page_size)
        .pages_in_flight(1)
        .build()
        .unwrap()
}

/// Number of records read, none of them unreadable for lack of an id; and the proof.
async fn drain<T: Resource>(mut enumeration: Enumeration<T>) -> (u64, Proof, Vec<String>) {
    let mut seen = 0;
    while let Some(page) = enumeration.next_page().await.unwrap_or_else(|error| panic!("{error:?}")) {
        seen += page.items.len() as u64;
    }
    (seen, enumeration.proof(), enumeration.notes().iter().map(ToString::to_string).collect())
}

async fn everything(client: &Client) -> Vec<(Stream, u64, Proof, Vec<String>)> {
    let mut found = Vec::new();
    macro_rules! read {
        ($stream:ident, $enumeration:expr) => {
            let (seen, proof, notes) = drain($enumeration).await;
            found.push((Stream::$stream, seen, proof, notes));
        };
    }
    read!(LegalUnits, client.legal_units());
    read!(Establishments, client.establishments());
    read!(Departments, client.departments());
    read!(OccupationCategories, client.occupation_categories());
    read!(JobQualifications, client.job_qualifications());
    read!(HiringTypes, client.hiring_types());
    read!(TerminationReasons, client.termination_reasons());
    read!(TemporaryContractGrounds, client.temporary_contract_grounds());
    read!(WorkContracts, client.work_contracts());
    read!(Users, client.users(UserQuery::default()));
    read!(LeaveAccounts, client.leave_accounts());
    read!(CustomFieldDefinitions, client.custom_field_definitions());
    found
}

fn expected(truth: &Truth, stream: Stream) -> Option<u64> {
    Some(match stream {
        Stream::LegalUnits => truth.legal_units,
        Stream::Establishments => truth.establishments,
        Stream::Departments => truth.departments,
        Stream::OccupationCategories => truth.occupation_categories,
        Stream::JobQualifications => truth.job_qualifications,
        Stream::WorkContracts => truth.employments,
        Stream::Users => truth.employees,
        Stream::LeaveAccounts => truth.leave_accounts,
        Stream::CustomFieldDefinitions => truth.custom_fields,
        _ => return None,
    })
}

fn unlimited() -> Switches {
    Switches { rate_limit: None, ..Switches::default() }
}

#[test]
fn every_stream_is_read_whole_at_every_size() {
    for (employees, page_size) in
        [(0, 1000), (1, 1000), (999, 1000), (1000, 1000), (1001, 1000), (0, 10), (101, 10), (1001, 10)]
    {
        block_on(async {
            let emulator = start(employees, unlimited()).await;
            let (truth, client) = (emulator.truth(), client(&emulator, page_size));
            assert_eq!(truth.employees, u64::from(employees));
            for (stream, seen, proof, notes) in everything(&client).await {
                let expected = expected(&truth, stream).unwrap_or(seen);
                assert_eq!(seen, expected, "{stream}, {employees} employees, pages of {page_size}");
                assert_eq!(proof, Proof::Complete { rows: expected }, "{stream} {employees} {page_size}");
                // The fields of this undocumented list are unknown: some may be refused.
                assert!(notes.is_empty() || stream == Stream::LeaveAccounts, "{stream}: {notes:?}");
                let pages = expected.div_ceil(u64::from(page_size)).max(1);
                if stream == Stream::Users || stream == Stream::WorkContracts {
                    assert!(client.stats().by_stream[&stream].requests <= pages + 1, "{stream}");
                }
            }
        });
    }
}

#[test]
fn users_take_no_request_too_many() {
    block_on(async {
        let emulator = start(4500, unlimited()).await;
        let client = client(&emulator, 1000);
        let (seen, proof, _) = drain(client.users(UserQuery::default())).await;
        assert_eq!((seen, proof), (4500, Proof::Complete { rows: 4500 }));
        assert_eq!(client.stats().requests(), 5);
    });
}

#[test]
fn tenants_that_differ_are_read_all_the_same() {
    let variants = [
        Switches { short_pages_of: Some(7), ..unlimited() },
        Switches { page_max: Some(100), ..unlimited() },
        Switches {
            page_max: Some(30),
            malformed_query: lucca_emulator::MalformedQuery::Empty,
            ..unlimited()
        },
        Switches { header: Header::Legacy, key_casing: KeyCasing::Documented, ..unlimited() },
        Switches { v3_errors: ErrorBody::Bare, unknown_filter: UnknownFilter::ServerError, ..unlimited() },
        Switches { by_id: ById::IdNameUrl, missing_user_status: 404, ..unlimited() },
        Switches { v3_departments: V3Departments::Alive, ..unlimited() },
    ];
    for switches in variants {
        block_on(async {
            let emulator = start(150, switches.clone()).await;
            let (truth, client) = (emulator.truth(), client(&emulator, 1000));
            for (stream, seen, proof, _) in everything(&client).await {
                if let Some(expected) = expected(&truth, stream) {
                    assert_eq!(seen, expected, "{stream} {switches:?}");
                    assert!(proof.is_complete(), "{stream} {proof} {switches:?}");
                }
            }
        });
    }
}

#[test]
fn missing_resources_stop_no_other_stream() {
    block_on(async {
        let switches = Switches {
            organization_gone: true,
            no_count: true,
            known_page_sizes: Some(vec![1000]),
            ..unlimited()
        };
        let emulator = start(1500, switches).await;
        let client = client(&emulator, 1000);
        for error in [
            client.legal_units().next_page().await.unwrap_err(),
            client.departments().next_page().await.unwrap_err(),
            client.occupation_categories().next_page().await.unwrap_err(),
        ] {
            assert_eq!((error.code(), error.action()), ("lucca.not_found", Action::Stop));
        }
        let (seen, proof, notes) = drain(client.users(UserQuery::default())).await;
        assert_eq!((seen, proof.is_complete(), notes.len()), (1500, false, 0));
        assert_eq!(client.stats().by_stream[&Stream::Users].requests, 3);
    });
}

#[test]
fn v4_lists_are_sorted_where_a_sort_is_known() {
    block_on(async {
        let emulator = start(1001, unlimited()).await;
        everything(&client(&emulator, 10)).await;
        let sort_of = |list: &str| -> Vec<Option<String>> {
            let requests = emulator.requests().into_iter().filter(|one| one.path.ends_with(list));
            let sort = |query: String| {
                let pairs: Vec<_> = query.split('&').filter_map(|pair| pair.strip_prefix("sort=")).collect();
                pairs.first().map(|sort| (*sort).to_owned())
            };
            let mut sorts: Vec<_> = requests.map(|one| sort(one.query)).collect();
            sorts.dedup();
            sorts
        };
        for (list, sort) in [
            ("/establishments", Some("legalunit.name,name")),
            ("/occupation-categories", Some("name")),
            ("/job-qualifications", Some("job.name,level.position")),
            ("/departments", None),
            ("/legal-units", None),
            ("/work-contracts", None),
        ] {
            assert_eq!(sort_of(list), [sort.map(str::to_owned)], "{list}");
        }
    });
}

#[test]
fn unordered_lists_are_complete_or_unproven() {
    let mut repeated = 0;
    for seed in 1..=6 {
        block_on(async {
            let switches = Switches { unsorted: Unsorted::ChangesEveryTime, ..unlimited() };
            let emulator =
                Emulator::start(Config { switches, ..Config::new(1001, seed, TODAY) }).await.unwrap();
            let (truth, client) = (emulator.truth(), client(&emulator, 10));
            let (seen, proof, notes) = drain(client.departments()).await;
            // Pages in different orders overlap and miss records: more is read, and a proof needs all ids.
            assert!(seen <= truth.departments, "each id once");
            if proof.is_complete() {
                assert_eq!((seen, proof), (truth.departments, Proof::Complete { rows: truth.departments }));
            }
            repeated += usize::from(!notes.is_empty());
            let (seen, proof, _) = drain(client.establishments()).await;
            assert_eq!((seen, proof), (truth.establishments, Proof::Complete { rows: truth.establishments }));
        });
    }
    assert!(repeated > 0, "no list without an order repeated a record");
}

#[test]
fn a_key_that_is_not_the_tenants() {
    block_on(async {
        let emulator = start(3, unlimited()).await;
        let (builder, _) = builder(&emulator.url());
        let error = builder.build().unwrap().users(UserQuery::default()).next_page().await.unwrap_err();
        assert_eq!((error.code(), error.action()), ("lucca.key_refused", Action::Relink));
    });
}
