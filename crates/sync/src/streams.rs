//! The streams of a full sync and their order. People come first: they are what the rest is for, and a key that
//! opens nothing shows itself with the first request. What is special about people and their contracts is in
//! `people_streams`, about departments and establishments in `organisation_streams`.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::civil::Date;
use lucca::resources::Lookup;
use lucca::{Client, Enumeration, FieldGroups, Read, Resource, Stream};
use people::{Model, RemoteId};

use crate::batch::RawPolicy;
use crate::normalise::{self, Lookups};
use crate::reconcile::Missing;
use crate::report::{Lesson, StreamError, StreamReport};
use crate::run::Error;
use crate::stream_sync::{Context, Seen, StreamSync};

/// What is learned on the way and used by later streams.
#[derive(Default)]
pub(crate) struct Learned {
    /// Departments and establishments by the names that employees carry.
    pub(crate) departments: BTreeMap<RemoteId, Option<String>>,
    pub(crate) establishments: BTreeMap<RemoteId, Option<String>>,
    /// What was seen of people.
    pub(crate) seen: Seen,
}

pub(crate) struct Engine<'a> {
    pub(crate) client: &'a Client,
    pub(crate) context: Context<'a>,
    /// What earlier runs learned, by stream.
    pub(crate) lessons: HashMap<String, Lesson>,
    pub(crate) today: Date,
    /// Requests that are already noted in the store.
    pub(crate) noted: AtomicU64,
}

impl Engine<'_> {
    /// Reads them all; one that fails is reported and the others go on.
    pub(crate) async fn streams(&self, groups: FieldGroups) -> Result<Vec<StreamReport>, Error> {
        let client = self.client;
        let raw = RawPolicy::ORGANISATION;
        let mut learned = Learned::default();
        let users = self.users(groups, &mut learned).await?;
        let is_useless = users.error.as_ref().is_some_and(|e| users.read == 0 || e.code == KEY_REFUSED);
        let mut reports = Vec::new();
        self.done(&mut reports, users).await?;
        if is_useless {
            // Without people the rest is of no use, and a key that is refused would only be refused again.
            return Ok(reports);
        }
        let lookups = self.lookups(&mut reports).await?;
        let contracts = self.contracts(&lookups, learned.seen).await?;
        self.done(&mut reports, contracts).await?;
        let departments = self.departments(&learned).await?;
        self.done(&mut reports, departments).await?;
        let establishments = self.establishments(&learned).await?;
        self.done(&mut reports, establishments).await?;

        let map = |r: Read<_>| normalise::legal_unit(r.value);
        let report = self.list(Stream::LegalUnits, || client.legal_units(), raw, map).await?;
        self.done(&mut reports, report).await?;
        let map = |r: Read<_>| normalise::job_qualification(r.value);
        let report = self.list(Stream::JobQualifications, || client.job_qualifications(), raw, map).await?;
        self.done(&mut reports, report).await?;
        let map = |r: Read<_>| normalise::occupation_category(r.value);
        let list = || client.occupation_categories();
        let report = self.list(Stream::OccupationCategories, list, raw, map).await?;
        self.done(&mut reports, report).await?;
        let map = |r: Read<_>| normalise::leave_type(r.value);
        let report = self.list(Stream::LeaveAccounts, || client.leave_accounts(), raw, map).await?;
        self.done(&mut reports, report).await?;
        let map = |r: Read<_>| normalise::custom_field_definition(r.value);
        let list = || client.custom_field_definitions();
        let report = self.list(Stream::CustomFieldDefinitions, list, raw, map).await?;
        self.done(&mut reports, report).await?;
        Ok(reports)
    }

    /// Takes in a stream's report, and notes its requests so that other processes keep within the tenant's budget.
    async fn done(&self, reports: &mut Vec<StreamReport>, report: StreamReport) -> Result<(), Error> {
        let sent = self.client.stats().by_stream.values().map(|stats| stats.requests).sum();
        let Context { store, account, clock, .. } = &self.context;
        store
            .note_requests(&account.origin, sent - self.noted.swap(sent, Ordering::Relaxed), clock.now())
            .await?;
        reports.push(report);
        Ok(())
    }

    /// An enumeration that begins with what earlier runs learned.
    pub(crate) fn taught<W: Resource>(
        &self,
        stream: Stream,
        enumeration: Enumeration<W>,
    ) -> (Enumeration<W>, Option<Lesson>) {
        match self.lessons.get(stream.name()) {
            Some(lesson) => (enumeration.with_learned(&lesson.form), Some(lesson.clone())),
            None => (enumeration, None),
        }
    }

    /// A stream with nothing special about it.
    async fn list<W: Resource, M: Model>(
        &self,
        stream: Stream,
        enumerate: impl Fn() -> Enumeration<W>,
        raw_policy: RawPolicy<'_>,
        normalise: impl FnMut(Read<W>) -> M,
    ) -> Result<StreamReport, Error> {
        let mut sync = StreamSync::begin(&self.context, stream, M::KIND).await?;
        let (enumeration, lesson) = self.taught(stream, enumerate());
        let (enumeration, read) = sync.read(enumeration, raw_policy, normalise).await?;
        if read.is_ok() {
            self.judge_unseen(&mut sync, &enumeration, || self.taught(stream, enumerate()).0).await?;
        }
        Ok(sync.finish(&enumeration, lesson, &read))
    }

    /// Judges what was not seen, where nothing more is known of it than that. A record that may have slipped
    /// between two pages is looked for in a second enumeration.
    pub(crate) async fn judge_unseen<W: Resource>(
        &self,
        sync: &mut StreamSync<'_>,
        enumeration: &Enumeration<W>,
        again: impl Fn() -> Enumeration<W>,
    ) -> Result<(), Error> {
        let proof = enumeration.proof();
        sync.find_unseen().await?;
        let mut unconfirmed = false;
        if proof.is_complete() && sync.may_have_slipped() {
            unconfirmed = !sync.look_again(again()).await;
        }
        let known = Missing { unconfirmed, ..Missing::default() };
        let missing: Vec<_> = sync.unseen().into_iter().map(|id| (id, known)).collect();
        Ok(sync.judge_missing(proof, &missing, Seen::default()).await?)
    }

    /// The names of what contracts refer to. A list that can't be read is reported and its names are absent.
    async fn lookups(&self, reports: &mut Vec<StreamReport>) -> Result<Lookups, Error> {
        let client = self.client;
        let (hiring_types, report) = self.names(Stream::HiringTypes, client.hiring_types()).await;
        self.done(reports, report).await?;
        let (termination_reasons, report) =
            self.names(Stream::TerminationReasons, client.termination_reasons()).await;
        self.done(reports, report).await?;
        let (temporary_contract_grounds, report) =
            self.names(Stream::TemporaryContractGrounds, client.temporary_contract_grounds()).await;
        self.done(reports, report).await?;
        Ok(Lookups { hiring_types, termination_reasons, temporary_contract_grounds })
    }

    async fn names(
        &self,
        stream: Stream,
        mut enumeration: Enumeration<Lookup>,
    ) -> (HashMap<RemoteId, String>, StreamReport) {
        self.context.progress.stream_started(stream);
        let mut report = StreamReport { stream: stream.name().to_owned(), ..StreamReport::default() };
        let mut names = HashMap::new();
        loop {
            match enumeration.next_page().await {
                Ok(Some(page)) => {
                    for item in page.items {
                        report.read += 1;
                        match item.outcome {
                            Ok(Read { value: Lookup { id, name: Some(name), .. }, .. }) => {
                                names.insert(id, name);
                            }
                            Ok(_) => {}
                            Err(_) => report.quarantined += 1,
                        }
                    }
                }
                Ok(None) => {
                    // Nothing is stored for these lists, so nothing hangs on a proof.
                    report.complete = true;
                    break;
                }
                Err(error) => {
                    report.error = Some(StreamError::from(&error));
                    break;
                }
            }
        }
        self.context.progress.stream_finished(stream, &report);
        (names, report)
    }
}

const KEY_REFUSED: &str = "lucca.key_refused";
