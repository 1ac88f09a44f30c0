//! Diagnoses a key by the data that a sync has stored, without a request.

use std::collections::HashMap;

use async_recursion::async_recursion as boxed;
use jiff::civil::Date;
use lucca::Stream;
use people::{Feature, Features, Kind};
use people::{FieldGroup, FieldGroups};
use serde::Deserialize;
use store::{AccountSettings, LinkedAccount, RecordState, Store};

use crate::diagnosis::Diagnosis;
use crate::examine::conclude;
use crate::observations::{FieldSight, Hidden, ListSight, Observations, PeopleSeen, References, Unseen};

/// How many of the latest runs are examined. Small lists are read daily, people every quarter of an hour.
const LATEST_RUNS: u32 = 120;

/// The parts of a run report that matter here. The sync engine writes these reports.
#[derive(Clone, Debug, Default, Deserialize)]
struct StreamReport {
    stream: String,
    #[serde(default)]
    read: u64,
    #[serde(default)]
    hidden_fields: Vec<String>,
    error: Option<StreamError>,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct StreamError {
    code: String,
}

#[derive(Default, Deserialize)]
struct Report {
    #[serde(default)]
    streams: Vec<StreamReport>,
}

/// The features that an account is linked with: all that were not declined; custom fields only if their field
/// group is read.
pub fn account_features(settings: &AccountSettings) -> Features {
    let named = |names: &[String], feature: Feature| names.iter().any(|name| name == feature.name());
    // The field group and the feature have the same name.
    let reads_custom = named(&settings.field_groups, Feature::CustomFields);
    let is_kept = |feature: &Feature| {
        !named(&settings.declined_features, *feature) && (*feature != Feature::CustomFields || reads_custom)
    };
    Feature::ALL.into_iter().filter(is_kept).collect()
}

/// Diagnoses a linked account's key by the stored data. Cheap: a few counts.
#[boxed]
pub async fn examine_stored(
    store: &Store,
    account: &LinkedAccount,
    features: &Features,
    today: Date,
) -> Result<Diagnosis, store::Error> {
    let counts = store.evidence(account.no, today).await?;
    let records = store.count_kept(account.no).await?;
    let present = |kind| records.get(&(kind, RecordState::Present)).copied().unwrap_or(0);
    let reports = latest_reports(store, account.no).await?;
    let hidden = HiddenCauses::read(store, account.no).await?;
    let list = |stream: Stream, kind| sight(reports.get(stream.name()), present(kind));

    let groups: FieldGroups =
        account.settings.field_groups.iter().filter_map(|name| name.parse().ok()).collect();
    let users = reports.get(Stream::Users.name());
    let people_count = present(Kind::Employee);
    let field = |group: FieldGroup, feature: Feature, name: &str, with: u64| {
        if !groups.contains(group) || !features.contains(feature) {
            FieldSight::NotAsked
        } else if users.is_some_and(|report| report.hidden_fields.iter().any(|hidden| hidden == name)) {
            FieldSight::Lost { stored: with }
        } else {
            FieldSight::Read { with, among: people_count, is_omitted: false }
        }
    };
    let seen = Observations {
        people: list(Stream::Users, Kind::Employee),
        counted: PeopleSeen {
            total: Some(people_count),
            active: Some(counts.today.active),
            future: Some(counts.today.future),
            former: Some(counts.today.former),
        },
        dated: counts.dated,
        former_shown: counts.certain.former,
        future_shown: counts.certain.future,
        contracts: list(Stream::WorkContracts, Kind::Employment),
        unseen: Unseen {
            running: counts.owners.running,
            ended: counts.owners.ended,
            later: counts.owners.later,
            // Contracts and people are read at different times, so hires and leavers in between prove
            // nothing.
            ended_nearby: 0,
            later_nearby: 0,
            referred: counts.referred,
            running_shown: counts.owners.running_shown,
        },
        references: References {
            followed: counts.references.followed + counts.owners.running + counts.owners.running_shown,
            dangling: counts.references.dangling + counts.owners.running,
        },
        hidden: Hidden {
            active: counts.hidden.active,
            future: hidden.by("future_not_shown").unwrap_or(counts.hidden.future),
            former: hidden.by("former_not_shown").unwrap_or(counts.hidden.former),
        },
        job_titles: field(FieldGroup::Work, Feature::Jobs, "job_title", counts.job_titles),
        managers: field(FieldGroup::Work, Feature::Managers, "manager_id", counts.managers),
        qualifications: field(
            FieldGroup::Work,
            Feature::Qualifications,
            "job_qualification",
            counts.qualifications,
        ),
        custom_fields: field(
            FieldGroup::CustomFields,
            Feature::CustomFields,
            "custom_fields",
            counts.custom_fields,
        ),
        definitions: list(Stream::CustomFieldDefinitions, Kind::CustomFieldDefinition),
        leaves: list(Stream::Leaves, Kind::Absence),
        requests: list(Stream::LeaveRequests, Kind::AbsenceRequest),
        ..Observations::default()
    };
    Ok(conclude(seen, features, today))
}

/// Why people are hidden, from the state of the stream `users`, which the sync writes. A narrowed role hides
/// former and future employees too, which says nothing about the permissions to see them.
#[derive(Default, Deserialize)]
#[serde(default)]
struct HiddenCauses {
    hidden: HashMap<String, u64>,
}

impl HiddenCauses {
    async fn read(store: &Store, account_no: i64) -> Result<Self, store::Error> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct State {
            not_shown: HiddenCauses,
        }
        let states = store.stream_states(account_no).await?;
        let state =
            states.get(Stream::Users.name()).and_then(|json| serde_json::from_str::<State>(json).ok());
        Ok(state.unwrap_or_default().not_shown)
    }

    /// How many people are hidden for this cause; `None` if the causes are unknown.
    fn by(&self, cause: &str) -> Option<u64> {
        if self.hidden.is_empty() { None } else { Some(self.hidden.get(cause).copied().unwrap_or(0)) }
    }
}

/// Each stream's report from the last run that read it.
async fn latest_reports(
    store: &Store,
    account_no: i64,
) -> Result<HashMap<String, StreamReport>, store::Error> {
    let mut latest: HashMap<String, StreamReport> = HashMap::new();
    for run in store.runs(Some(account_no), None, LATEST_RUNS).await? {
        let Some(report) = run.report else { continue };
        // A report in another version's format counts as empty.
        let report: Report = serde_json::from_str(&report).unwrap_or_default();
        for stream in report.streams {
            // A run that read no people says nothing about their fields.
            let says_nothing =
                stream.stream == Stream::Users.name() && stream.read == 0 && stream.error.is_none();
            if !says_nothing {
                latest.entry(stream.stream.clone()).or_insert(stream);
            }
        }
    }
    Ok(latest)
}

/// A list's outcome by its last report and its stored records, which stay stored when the list becomes
/// unreadable.
fn sight(report: Option<&StreamReport>, present: u64) -> ListSight {
    match report.and_then(|report| report.error.as_ref()) {
        Some(error) if error.code == "lucca.permission_missing" => ListSight::Refused { status: None },
        Some(error) => ListSight::Unreadable { code: error.code.clone() },
        None if report.is_none() && present == 0 => ListSight::NotAsked,
        None => ListSight::Answered { rows: present, total: Some(present) },
    }
}
