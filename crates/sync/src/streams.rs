//! Orders the streams of a run. Employees come first: the other streams depend on them, and a refused key
//! fails at the first request. Missing records are judged last, after every record that could refer to them
//! has been read. Not here: employees and contracts (`people_streams`), departments and establishments
//! (`organisation_streams`), absences (`absence_streams`).

use std::collections::{BTreeMap, HashMap};

use lucca::resources::Lookup;
use lucca::{Client, Enumeration, Read, Resource, Stream};
use people::FieldGroups;
use people::{Kind, Model, RemoteId};

use crate::batch::RawPolicy;
use crate::plan::{Rhythms, RunExtent};
use crate::reconcile::Missing;
use crate::remote_work::{self, RemoteWork};
use crate::report::StreamReport;
use crate::run::Error;
use crate::state::StreamState;
use crate::stream_sync::{Context, Ending, SeenEmployees, StreamSync};
use normalise::Lookups;

/// Results of earlier streams that later ones need.
#[derive(Default)]
pub(crate) struct Learned {
    /// Names of departments and establishments, as employees carry them.
    pub(crate) departments: BTreeMap<RemoteId, Option<String>>,
    pub(crate) establishments: BTreeMap<RemoteId, Option<String>>,
    /// Counts of returned employees.
    pub(crate) seen: SeenEmployees,
}

pub(crate) struct Engine<'a> {
    pub(crate) client: &'a Client,
    pub(crate) context: Context<'a>,
    /// The streams' states, JSON by stream.
    pub(crate) states: HashMap<String, String>,
    pub(crate) rhythms: Rhythms,
    pub(crate) extent: RunExtent,
    /// The field groups of employees that may be stored.
    pub(crate) groups: FieldGroups,
}

impl Engine<'_> {
    /// Reads the due streams. A failed stream is reported, and the run continues with the others.
    pub(crate) async fn streams(&self) -> Result<Vec<StreamReport>, Error> {
        if self.extent == RunExtent::Notified {
            return self.notified().await;
        }
        let mut learned = Learned::default();
        let mut reports = Vec::new();
        let users = self.users(&mut learned).await?;
        if users.as_ref().is_some_and(super::people_streams::UsersRead::is_unusable) {
            // Other streams are useless without employees, and the server would refuse the key again.
            reports.extend(self.judge_users(users, &mut learned, None, None).await?);
            return Ok(reports);
        }
        let changed = users.as_ref().map(|users| users.changed.as_slice()).unwrap_or_default();
        let contracts = self.contracts(changed, &mut reports).await?;
        self.organisation(&learned, &mut reports).await?;
        let absences = self.leaves().await?;
        let changed_absences = absences.as_ref().map(|read| read.changed.as_slice()).unwrap_or_default();
        let requests = self.leave_requests(changed_absences).await?;

        let users = self.judge_users(users, &mut learned, contracts.as_ref(), absences.as_ref()).await?;
        let contracts = self.judge_contracts(contracts, learned.seen).await?;
        let absences = self.judge_leaves(absences, learned.seen).await?;
        let requests = self.judge_requests(requests, learned.seen).await?;
        let mut in_order: Vec<StreamReport> = users.into_iter().chain(contracts).collect();
        in_order.append(&mut reports);
        in_order.extend(absences.into_iter().chain(requests));
        if let Some(report) = self.user_logs().await? {
            in_order.push(report);
        }
        in_order.extend(self.working_days().await?);
        Ok(in_order)
    }

    async fn organisation(&self, learned: &Learned, reports: &mut Vec<StreamReport>) -> Result<(), Error> {
        let client = self.client;
        reports.extend(self.departments(learned).await?);
        reports.extend(self.establishments(learned).await?);
        let map = |r: Read<_>| Ok(normalise::legal_unit(r.value));
        reports.extend(self.list(Stream::LegalUnits, || client.legal_units(), map).await?);
        let map = |r: Read<_>| Ok(normalise::job_qualification(r.value));
        reports.extend(self.list(Stream::JobQualifications, || client.job_qualifications(), map).await?);
        let map = |r: Read<_>| Ok(normalise::occupation_category(r.value));
        reports
            .extend(self.list(Stream::OccupationCategories, || client.occupation_categories(), map).await?);
        let remote_work = RemoteWork::of(&self.context.account.settings);
        let mut hints = Vec::new();
        let map = |r: Read<_>| {
            let leave_type = remote_work.applied(normalise::leave_type(r.value));
            hints.extend(remote_work::hint(&leave_type));
            Ok(leave_type)
        };
        let leave_types = self.list(Stream::LeaveAccounts, || client.leave_accounts(), map).await?;
        reports.extend(leave_types.map(|mut report| {
            report.notes.append(&mut hints);
            report
        }));
        let map = |r: Read<_>| Ok(normalise::custom_field_definition(r.value));
        let list = || client.custom_field_definitions();
        reports.extend(self.list(Stream::CustomFieldDefinitions, list, map).await?);
        Ok(())
    }

    /// The state of a stream.
    pub(crate) fn state(&self, stream: Stream) -> StreamState {
        StreamState::read(self.states.get(stream.name()))
    }

    /// Begins a stream if it is in scope and due.
    pub(crate) async fn begin(&self, stream: Stream, kind: Kind) -> Result<Option<StreamSync<'_>>, Error> {
        if !self.context.scope.keeps(kind) {
            return Ok(None);
        }
        let state = self.state(stream);
        match self.rhythms.plan(stream, &state, self.extent, self.context.began_at) {
            Some(mode) => Ok(Some(StreamSync::begin(&self.context, stream, kind, mode, state).await?)),
            None => Ok(None),
        }
    }

    /// Reads a list without special rules.
    async fn list<W: Resource, M: Model>(
        &self,
        stream: Stream,
        enumerate: impl Fn() -> Enumeration<W>,
        normalise: impl FnMut(Read<W>) -> Result<M, lucca::Unreadable>,
    ) -> Result<Option<StreamReport>, Error> {
        let Some(mut sync) = self.begin(stream, M::KIND).await? else { return Ok(None) };
        let (enumeration, read) =
            sync.read(sync.resume_enumeration(enumerate()), RawPolicy::ORGANISATION, normalise).await?;
        let ending = Ending::of(&enumeration, read);
        if ending.is_ok() {
            self.judge_unseen(&mut sync, &ending, &enumerate).await?;
        }
        Ok(Some(sync.finish(ending).await?))
    }

    /// Judges missing records without further evidence.
    pub(crate) async fn judge_unseen<W: Resource>(
        &self,
        sync: &mut StreamSync<'_>,
        ending: &Ending,
        again: impl Fn() -> Enumeration<W>,
    ) -> Result<(), Error> {
        let missing = self.missing(sync, ending, again).await?;
        Ok(sync.judge_missing(ending.proof, &missing, SeenEmployees::default()).await?)
    }

    /// Finds missing records. A second enumeration looks for those that may have slipped between two pages.
    pub(crate) async fn missing<W: Resource>(
        &self,
        sync: &mut StreamSync<'_>,
        ending: &Ending,
        again: impl Fn() -> Enumeration<W>,
    ) -> Result<Vec<(RemoteId, Missing)>, Error> {
        sync.find_unseen().await?;
        let mut unconfirmed = false;
        if ending.proof.is_complete() && sync.may_have_slipped() {
            unconfirmed = !sync.recheck_unseen(sync.start_enumeration(again())).await;
        }
        let known = Missing { unconfirmed, ..Missing::default() };
        Ok(sync.unseen().into_iter().map(|id| (id, known)).collect())
    }

    /// Returns the names that contracts refer to, read if due and remembered otherwise. A list that can't be
    /// read is reported, and its known names stay.
    pub(crate) async fn lookups(&self, reports: &mut Vec<StreamReport>) -> Result<Lookups, Error> {
        let client = self.client;
        Ok(Lookups {
            hiring_types: self.names(Stream::HiringTypes, client.hiring_types(), reports).await?,
            termination_reasons: self
                .names(Stream::TerminationReasons, client.termination_reasons(), reports)
                .await?,
            temporary_contract_grounds: self
                .names(Stream::TemporaryContractGrounds, client.temporary_contract_grounds(), reports)
                .await?,
        })
    }

    async fn names(
        &self,
        stream: Stream,
        list: Enumeration<Lookup>,
        reports: &mut Vec<StreamReport>,
    ) -> Result<BTreeMap<RemoteId, String>, Error> {
        // These lists are not stored as records, because contracts carry the names. The kind is only a label.
        let Some(mut sync) = self.begin(stream, Kind::Employment).await? else {
            return Ok(self.state(stream).names);
        };
        let mut enumeration = sync.start_enumeration(list);
        let mut names = BTreeMap::new();
        let read = loop {
            match enumeration.next_page().await {
                Ok(Some(page)) => {
                    sync.page_read();
                    sync.rows_read(page.items.len());
                    for item in page.items {
                        match item.outcome {
                            Ok(Read { value: Lookup { id, name: Some(name), .. }, .. }) => {
                                names.insert(id, name);
                            }
                            Ok(_) => {}
                            Err(_) => sync.report.quarantined += 1,
                        }
                    }
                }
                // These lists are not stored as records, so they need no proof.
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        if read.is_ok() {
            sync.report.complete = true;
            sync.state.names = names;
        }
        let names = sync.state.names.clone();
        let ending = Ending::of(&enumeration, read);
        let mut report = sync.finish(ending).await?;
        report.complete |= report.error.is_none();
        report.unproven_because = None;
        report.stale = 0;
        reports.push(report);
        Ok(names)
    }
}
