//! The streams of a full sync, each with what is special about it. People come first: they are what the rest
//! is for, and a key that opens nothing shows itself with the first request.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::civil::Date;
use lucca::resources::Lookup;
use lucca::{Client, Enumeration, FieldGroups, Read, Resource, Stream, UserQuery};
use people::{
    Department, Employee, EmployeeStatus, Employment, Establishment, Kind, Model, RemoteId, status_on,
};
use store::RecordState;

use crate::normalise::{self, Lookups};
use crate::reconcile::Missing;
use crate::report::{StreamError, StreamReport};
use crate::run::Error;
use crate::stream_sync::{Batch, Context, RawPolicy, StreamSync};

/// What is learned on the way and used by later streams.
#[derive(Default)]
struct Learned {
    /// Departments and establishments by the names that employees carry.
    departments: BTreeMap<RemoteId, Option<String>>,
    establishments: BTreeMap<RemoteId, Option<String>>,
    /// How many former and future employees were seen.
    former: usize,
    future: usize,
}

pub(crate) struct Engine<'a> {
    pub(crate) client: &'a Client,
    pub(crate) context: Context<'a>,
    /// Page sizes that earlier runs learned, by stream.
    pub(crate) hints: HashMap<String, u32>,
    pub(crate) today: Date,
}

impl Engine<'_> {
    /// Reads them all; one that fails is reported and the others go on.
    pub(crate) async fn streams(&self, groups: FieldGroups) -> Result<Vec<StreamReport>, Error> {
        let mut learned = Learned::default();
        let users = self.users(groups, &mut learned).await?;
        let people_failed = users.error.is_some();
        let mut reports = vec![users];
        if people_failed {
            // Without people the rest is of no use, and a key that is refused would only be refused again.
            return Ok(reports);
        }
        let lookups = self.lookups(&mut reports).await;
        reports.push(self.contracts(&lookups).await?);
        reports.push(self.departments(&learned).await?);
        reports.push(self.establishments(&learned).await?);
        let client = self.client;
        let raw = RawPolicy::ORGANISATION;
        let list = client.legal_units();
        let map = |r: Read<_>| normalise::legal_unit(r.value);
        reports.push(self.list(Stream::LegalUnits, list, raw, map).await?);
        let list = client.job_qualifications();
        let map = |r: Read<_>| normalise::job_qualification(r.value);
        reports.push(self.list(Stream::JobQualifications, list, raw, map).await?);
        let list = client.occupation_categories();
        let map = |r: Read<_>| normalise::occupation_category(r.value);
        reports.push(self.list(Stream::OccupationCategories, list, raw, map).await?);
        let list = client.leave_accounts();
        let map = |r: Read<_>| normalise::leave_type(r.value);
        reports.push(self.list(Stream::LeaveAccounts, list, raw, map).await?);
        let list = client.custom_field_definitions();
        let map = |r: Read<_>| normalise::custom_field_definition(r.value);
        reports.push(self.list(Stream::CustomFieldDefinitions, list, raw, map).await?);
        Ok(reports)
    }

    fn hinted<W: Resource>(
        &self,
        stream: Stream,
        enumeration: Enumeration<W>,
    ) -> (Enumeration<W>, Option<u32>) {
        let hint = self.hints.get(stream.name()).copied();
        (hint.into_iter().fold(enumeration, Enumeration::with_page_size), hint)
    }

    async fn users(&self, groups: FieldGroups, learned: &mut Learned) -> Result<StreamReport, Error> {
        let stream = Stream::Users;
        let mut sync = StreamSync::begin(&self.context, stream, Kind::Employee).await?;
        let users = self.client.users(UserQuery { groups, ..UserQuery::default() });
        let (users, hint) = self.hinted(stream, users);
        let redact = |raw: &str| normalise::least_data(raw, groups);
        let raw_policy = RawPolicy { keep: self.context.account.settings.keep_raw, redact: &redact };
        let (users, read) = sync
            .read(users, raw_policy, |Read { value: user, problems }| {
                for (reference, names) in [
                    (&user.department, &mut learned.departments),
                    (&user.legal_entity, &mut learned.establishments),
                ] {
                    if let Some(reference) = reference
                        && !names.contains_key(&reference.id)
                    {
                        names.insert(reference.id.clone(), reference.name.clone());
                    }
                }
                let employee = normalise::employee(user, problems, groups);
                match status_on(self.today, employee.contract(), []) {
                    EmployeeStatus::Former => learned.former += 1,
                    EmployeeStatus::Future => learned.future += 1,
                    EmployeeStatus::Active => {}
                }
                employee
            })
            .await?;
        if read.is_ok() {
            let missing = self.missing_employees(sync.unseen(), users.proof().is_complete()).await?;
            sync.judge_missing(users.proof(), &missing, (learned.former, learned.future)).await?;
        }
        Ok(sync.finish(&users, hint, &read))
    }

    /// What is known of stored employees that were not seen. Those that a second look by id finds are left
    /// out: a record can slip between two pages of a set that moves.
    async fn missing_employees(
        &self,
        mut unseen: Vec<RemoteId>,
        is_proven: bool,
    ) -> Result<Vec<(RemoteId, Missing)>, store::Error> {
        /// More are held back by the brake anyway.
        const SECOND_LOOK: usize = 200;
        if is_proven && !unseen.is_empty() && unseen.len() <= SECOND_LOOK {
            let query = UserQuery { groups: FieldGroups::NONE, ids: unseen.clone(), ..UserQuery::default() };
            let mut again = self.client.users(query);
            loop {
                match again.next_page().await {
                    Ok(Some(page)) => {
                        unseen.retain(|id| !page.items.iter().any(|item| item.id.as_ref() == Some(id)));
                    }
                    Ok(None) => break,
                    // No answer is no evidence that they are gone.
                    Err(_) => return Ok(Vec::new()),
                }
            }
        }
        let mut missing = Vec::with_capacity(unseen.len());
        for id in unseen {
            let stored = self.context.store.record::<Employee>(self.context.account.no, &id).await?;
            let status = stored.map(|stored| status_on(self.today, stored.record.contract(), []));
            missing.push((id, Missing { status, ..Missing::default() }));
        }
        Ok(missing)
    }

    /// The names of what contracts refer to. A list that can't be read is reported and its names are absent.
    async fn lookups(&self, reports: &mut Vec<StreamReport>) -> Lookups {
        let client = self.client;
        let (hiring_types, one) = self.names(Stream::HiringTypes, client.hiring_types()).await;
        let (termination_reasons, two) =
            self.names(Stream::TerminationReasons, client.termination_reasons()).await;
        let (temporary_contract_grounds, three) =
            self.names(Stream::TemporaryContractGrounds, client.temporary_contract_grounds()).await;
        reports.extend([one, two, three]);
        Lookups { hiring_types, termination_reasons, temporary_contract_grounds }
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
                        match item.outcome {
                            Ok(Read { value: Lookup { id, name: Some(name), .. }, .. }) => {
                                names.insert(id, name);
                            }
                            Ok(_) => {}
                            Err(_) => report.quarantined += 1,
                        }
                        report.read += 1;
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

    async fn contracts(&self, lookups: &Lookups) -> Result<StreamReport, Error> {
        let stream = Stream::WorkContracts;
        let raw_policy = RawPolicy { keep: self.context.account.settings.keep_raw, redact: &str::to_owned };
        let mut sync = StreamSync::begin(&self.context, stream, Kind::Employment).await?;
        let (contracts, hint) = self.hinted(stream, self.client.work_contracts());
        let (contracts, read) = sync
            .read(contracts, raw_policy, |read| normalise::employment(read.value, read.problems, lookups))
            .await?;
        if read.is_ok() {
            let missing = self.missing_employments(sync.unseen()).await?;
            sync.judge_missing(contracts.proof(), &missing, (0, 0)).await?;
        }
        Ok(sync.finish(&contracts, hint, &read))
    }

    /// What is known of stored employments that were not seen: they hide with the people they belong to.
    async fn missing_employments(
        &self,
        unseen: Vec<RemoteId>,
    ) -> Result<Vec<(RemoteId, Missing)>, store::Error> {
        let Context { store, account, .. } = &self.context;
        let mut missing = Vec::with_capacity(unseen.len());
        for id in unseen {
            let mut owner_is_hidden = false;
            if let Some(employment) = store.record::<Employment>(account.no, &id).await? {
                let owner = store.record::<Employee>(account.no, &employment.record.employee_id).await?;
                owner_is_hidden = owner.is_some_and(|owner| owner.state == RecordState::Hidden);
            }
            missing.push((id, Missing { status: None, owner_is_hidden }));
        }
        Ok(missing)
    }

    /// A stream with nothing special about it.
    async fn list<W: Resource, M: Model>(
        &self,
        stream: Stream,
        enumeration: Enumeration<W>,
        raw_policy: RawPolicy<'_>,
        normalise: impl FnMut(Read<W>) -> M,
    ) -> Result<StreamReport, Error> {
        let mut sync = StreamSync::begin(&self.context, stream, M::KIND).await?;
        let (enumeration, hint) = self.hinted(stream, enumeration);
        let (enumeration, read) = sync.read(enumeration, raw_policy, normalise).await?;
        if read.is_ok() {
            sync.judge_unseen(enumeration.proof()).await?;
        }
        Ok(sync.finish(&enumeration, hint, &read))
    }

    async fn departments(&self, learned: &Learned) -> Result<StreamReport, Error> {
        let stream = Stream::Departments;
        let mut sync = StreamSync::begin(&self.context, stream, Kind::Department).await?;
        let (mut enumeration, hint) = self.hinted(stream, self.client.departments());
        // Parents are found only once all departments are known; there are a few hundred at most.
        let mut batch = Batch::default();
        let mut tree = Vec::new();
        let mut raws = Vec::new();
        let read = loop {
            match enumeration.next_page().await {
                Ok(Some(page)) => {
                    for item in page.items {
                        match item.outcome {
                            Ok(read) => {
                                tree.push(normalise::department(read.value));
                                raws.push(item.raw);
                            }
                            Err(unreadable) => {
                                batch.quarantine(item.id, unreadable, &item.raw, RawPolicy::ORGANISATION);
                            }
                        }
                    }
                }
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        match &read {
            Ok(()) => {
                people::department_tree(&mut tree);
                for ((department, _), raw) in tree.iter().zip(&raws) {
                    batch.add(department, Some(raw.get()), RawPolicy::ORGANISATION);
                }
                sync.commit::<Department>(batch).await?;
                sync.judge_unseen(enumeration.proof()).await?;
            }
            Err(error) => {
                let make = normalise::partial_department;
                self.partial(&mut sync, error, &learned.departments, make, |d: &Department| d.is_partial)
                    .await?;
            }
        }
        Ok(sync.finish(&enumeration, hint, &read))
    }

    async fn establishments(&self, learned: &Learned) -> Result<StreamReport, Error> {
        let stream = Stream::Establishments;
        let mut sync = StreamSync::begin(&self.context, stream, Kind::Establishment).await?;
        let (enumeration, hint) = self.hinted(stream, self.client.establishments());
        let (enumeration, read) = sync
            .read(enumeration, RawPolicy::ORGANISATION, |read| normalise::establishment(read.value))
            .await?;
        match &read {
            Ok(()) => sync.judge_unseen(enumeration.proof()).await?,
            Err(error) => {
                let make = normalise::partial_establishment;
                self.partial(&mut sync, error, &learned.establishments, make, |e: &Establishment| {
                    e.is_partial
                })
                .await?;
            }
        }
        Ok(sync.finish(&enumeration, hint, &read))
    }

    /// Where the tenant does not offer a list, keeps what employees say of its records: ids and names. Records
    /// that were once read in full stay as they are.
    async fn partial<M: Model>(
        &self,
        sync: &mut StreamSync<'_>,
        error: &lucca::Error,
        names: &BTreeMap<RemoteId, Option<String>>,
        make: impl Fn(RemoteId, Option<String>) -> M,
        is_partial: impl Fn(&M) -> bool,
    ) -> Result<(), store::Error> {
        if !StreamError::from(error).not_offered {
            return Ok(());
        }
        let stored: Vec<M> = self.context.store.all(self.context.account.no).await?;
        let in_full: HashSet<&RemoteId> =
            stored.iter().filter(|model| !is_partial(model)).map(Model::id).collect();
        let mut batch = Batch::default();
        for (id, name) in names.iter().filter(|(id, _)| !in_full.contains(id)) {
            batch.add(&make(id.clone(), name.clone()), None, RawPolicy::ORGANISATION);
        }
        sync.commit::<M>(batch).await
    }
}
