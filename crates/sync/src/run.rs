//! A full sync of one linked account, from its first to its last record in the runs' table. Which streams there
//! are, and in what order they are read, is in `streams`.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use lucca::clock::Clock;
use lucca::{Client, FieldGroups, Stream};
use store::{AccountStatus, LinkedAccount, Outcome, RunId, Store};

use crate::progress::Progress;
use crate::reconcile::Brake;
use crate::report::{Lesson, RunReport, StreamReport};
use crate::stream_sync::Context;
use crate::streams::Engine;

/// A run that could not go on. What Lucca refused is not here but in the report.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed: nothing of the page at hand was written, everything before it was.
    #[error("the run stopped because the store failed")]
    Store(#[from] store::Error),
    /// The task that fetches pages panicked: a defect.
    #[error("the run stopped because fetching pages failed unexpectedly")]
    Fetching(#[from] tokio::task::JoinError),
    /// The linked account's settings name a field group that this version does not know.
    #[error("the linked account's settings cannot be used")]
    Settings(#[from] lucca::UnknownFieldGroup),
}

/// How a run is to be done.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The date that decides who is a current, future or former employee.
    pub today: Date,
    /// How many records may vanish at once; none lets any number go, because a person has looked.
    pub brake: Option<Brake>,
}

/// A full sync, ready to run.
pub struct FullSync<'a> {
    /// Opens the tenant.
    pub client: &'a Client,
    /// Where records go.
    pub store: &'a Store,
    /// The linked account that is synced.
    pub account: &'a LinkedAccount,
    /// Tells when things happen.
    pub clock: Arc<dyn Clock>,
    /// Hears how it goes.
    pub progress: &'a dyn Progress,
    /// How it is to be done.
    pub options: Options,
}

impl FullSync<'_> {
    /// Runs. What could be read is stored even when something else fails; the report says which.
    pub async fn run(&self, run_id: RunId) -> Result<RunReport, Error> {
        let started_at = self.clock.now();
        let lessons = self.lessons(started_at).await?;
        self.store.start_run(self.account.no, run_id, started_at).await?;
        let context = Context {
            store: self.store,
            account: self.account,
            clock: Arc::clone(&self.clock),
            progress: self.progress,
            brake: self.options.brake,
        };
        let noted = AtomicU64::new(0);
        let engine = Engine { client: self.client, context, lessons, today: self.options.today, noted };
        let groups = self.account.settings.field_groups.iter().map(|name| name.parse());
        let groups = groups.collect::<Result<FieldGroups, _>>()?;
        let streams = engine.streams(groups).await?;

        let outcome = outcome(&streams);
        let stats = self.client.stats();
        let requests =
            stats.by_stream.iter().map(|(stream, s)| (stream.name().to_owned(), s.requests)).collect();
        let throttled = stats.by_stream.values().map(|s| s.throttled).sum();
        let finished_at = self.clock.now();
        let report = RunReport { run_id, started_at, finished_at, outcome, streams, requests, throttled };
        self.set_status(&report).await?;
        let json = serde_json::to_string(&report).unwrap_or_default();
        self.store.finish_run(run_id, outcome, report.total_requests(), &json, finished_at).await?;
        Ok(report)
    }

    /// What earlier runs learned of how the server wants to be asked, by stream, unless that is too long ago.
    async fn lessons(&self, now: Timestamp) -> Result<HashMap<String, Lesson>, Error> {
        #[derive(serde::Deserialize)]
        struct Earlier {
            streams: Vec<StreamReport>,
        }
        let report = self.store.last_run(self.account.no).await?.and_then(|run| run.report);
        // A report of another version is no reason to fail: its lessons only save requests.
        let earlier = report.and_then(|json| serde_json::from_str::<Earlier>(&json).ok());
        let streams = earlier.map(|report| report.streams).unwrap_or_default();
        let lessons = streams.into_iter().filter_map(|s| Some((s.stream, s.learned?)));
        Ok(lessons.filter(|(_, lesson)| now.duration_since(lesson.at) < LESSON_LASTS).collect())
    }

    async fn set_status(&self, report: &RunReport) -> Result<(), Error> {
        let status = match report.people_error() {
            Some(error) if error.code == "lucca.key_refused" => AccountStatus::RelinkNeeded,
            Some(_) => return Ok(()),
            None => AccountStatus::Linked,
        };
        Ok(self.store.set_account_status(self.account, status, report.finished_at).await?)
    }
}

/// After a day a server is asked again as it should be.
const LESSON_LASTS: SignedDuration = SignedDuration::from_hours(24);

/// Lists without which people data is not complete: that the key is not offered them is no success.
const ESSENTIAL: [Stream; 4] =
    [Stream::Users, Stream::Departments, Stream::Establishments, Stream::LegalUnits];

fn outcome(streams: &[StreamReport]) -> Outcome {
    let is_fine = |stream: &StreamReport| match &stream.error {
        Some(error) => {
            let is_essential = ESSENTIAL.iter().any(|essential| essential.name() == stream.stream);
            error.not_offered && !is_essential && stream.stale == 0
        }
        None => {
            let is_whole = stream.quarantined + stream.held + stream.hidden == 0;
            stream.complete && is_whole && stream.hidden_fields.is_empty()
        }
    };
    let users = streams.iter().find(|stream| stream.stream == Stream::Users.name());
    match users {
        Some(users) if users.error.is_none() || users.read > 0 => {
            if streams.iter().all(is_fine) {
                Outcome::Succeeded
            } else {
                Outcome::Incomplete
            }
        }
        _ => Outcome::Failed,
    }
}
