//! Reads employees and their contracts, and looks missing employees up by id.

use std::collections::{BTreeMap, HashSet};

use lucca::{Proof, Read, Stream, UserLogQuery, UserQuery};
use people::catalog::Column;
use people::{Employee, EmployeeStatus, Employment, Kind, RemoteId, status_on};
use people::{FieldGroup, FieldGroups};
use store::{Commit, NewChange, Operation, RecordState};

use crate::absence_streams::AbsencesRead;
use crate::batch::RawPolicy;
use crate::not_shown::NotShown;
use crate::plan::Mode;
use crate::reconcile::Missing;
use crate::report::StreamReport;
use crate::run::Error;
use crate::stream_sync::{Context, Ending, FEW_CHANGES, SeenEmployees, StreamSync};
use crate::streams::{Engine, Learned};

/// Employee ids per request. Lucca refuses more than a thousand values per request, and servers limit the
/// length of URLs.
const IDS_A_REQUEST: usize = 200;

const KEY_REFUSED: &str = "lucca.key_refused";

/// Employees, read and not yet judged.
pub(crate) struct UsersRead<'a> {
    sync: StreamSync<'a>,
    ending: Ending,
    missing: Vec<(RemoteId, Missing)>,
    /// New or changed employees; empty after the first read.
    pub(crate) changed: Vec<RemoteId>,
}

impl UsersRead<'_> {
    /// Whether the other streams can't be read: the key is refused, or no employee could be read.
    pub(crate) fn is_unusable(&self) -> bool {
        let refused = |error: &lucca::Error| error.code() == KEY_REFUSED;
        self.ending.error.as_ref().is_some_and(|error| self.sync.report.read == 0 || refused(error))
    }
}

/// Missing employees that other records refer to.
struct References {
    /// As manager, or as head of a department.
    as_superiors: HashSet<RemoteId>,
    /// By their own contracts or absences.
    by_own_records: HashSet<RemoteId>,
}

/// Contracts, read and not yet judged.
pub(crate) struct ContractsRead<'a> {
    sync: StreamSync<'a>,
    ending: Ending,
    missing: Vec<(RemoteId, bool)>,
}

impl Engine<'_> {
    pub(crate) async fn users(&self, learned: &mut Learned) -> Result<Option<UsersRead<'_>>, Error> {
        let groups = self.groups;
        let Some(mut sync) = self.begin(Stream::Users, Kind::Employee).await? else { return Ok(None) };
        let modified_since = if sync.is_full() { None } else { sync.state.since(self.rhythms.overlap) };
        let users = self.client.users(UserQuery { groups, modified_since, ..UserQuery::default() });
        let scope = &self.context.scope;
        let redact = |raw: &str| normalise::least_data(raw, scope);
        let mut unknown = BTreeMap::new();
        let raw_policy = RawPolicy { keep: self.context.account.settings.keep_raw, redact: &redact };
        let (users, read) = sync
            .read(sync.resume_enumeration(users), raw_policy, |Read { value: user, problems }| {
                for (reference, names) in [
                    (&user.department, &mut learned.departments),
                    (&user.legal_entity, &mut learned.establishments),
                ] {
                    // Servers may send it unrequested.
                    if let Some(reference) = reference
                        && groups.contains(FieldGroup::Work)
                        && !names.contains_key(&reference.id)
                    {
                        names.insert(reference.id.clone(), reference.name.as_deref().map(str::to_owned));
                    }
                }
                normalise::count_unknown(&user.application_data, &mut unknown);
                let employee = normalise::employee(user, problems, scope);
                match status_on(self.context.today, employee.contract(), []) {
                    EmployeeStatus::Former => learned.seen.former += 1,
                    EmployeeStatus::Future => learned.seen.future += 1,
                    EmployeeStatus::Active => {}
                }
                Ok(employee)
            })
            .await?;
        sync.report.unknown_members = unknown;
        let ending = Ending::of(&users, read);
        let mut missing = Vec::new();
        if ending.is_ok() && sync.is_full() {
            sync.find_unseen().await?;
            missing = self.missing_employees(&sync, ending.proof, learned).await?;
        }
        let changed = sync.take_changed();
        Ok(Some(UsersRead { sync, ending, missing, changed }))
    }

    /// Judges missing employees, after reading the records that refer to employees.
    pub(crate) async fn judge_users(
        &self,
        users: Option<UsersRead<'_>>,
        learned: &mut Learned,
        contracts: Option<&ContractsRead<'_>>,
        absences: Option<&AbsencesRead<'_>>,
    ) -> Result<Option<StreamReport>, Error> {
        let Some(UsersRead { mut sync, ending, mut missing, .. }) = users else { return Ok(None) };
        let failed = !ending.is_ok();
        if !failed && sync.is_full() {
            if ending.proof.is_complete() && !missing.is_empty() {
                let References { as_superiors, by_own_records } =
                    self.references(&missing, contracts, absences).await?;
                for (id, known) in &mut missing {
                    known.is_referenced = as_superiors.contains(id);
                    known.has_shown_records = by_own_records.contains(id);
                }
            }
            self.judge_people(&mut sync, ending.proof, &missing, learned.seen).await?;
        }
        let report = sync.finish(ending).await?;
        learned.seen.permission_lost = report.hidden > 0 || failed;
        Ok(Some(report))
    }

    /// Judges missing employees, marks them, marks the records of hidden employees that are now gone, and
    /// updates the stream's state.
    async fn judge_people(
        &self,
        sync: &mut StreamSync<'_>,
        proof: Proof,
        missing: &[(RemoteId, Missing)],
        seen: SeenEmployees,
    ) -> Result<(), Error> {
        let Context { store, account, lease, clock, began_at, .. } = &self.context;
        let mut judged = sync.judge(proof, missing, seen);
        // An unproven read leaves the remembered employees unchanged.
        if judged.is_conclusive() {
            let undecided = sync.state.not_shown.continued(judged.undecided.iter().cloned(), *began_at);
            let asked = undecided.iter().filter(|one| one.asks_a_person()).map(|one| one.id.clone());
            judged.asked.extend(asked);
            sync.state.not_shown = NotShown {
                hidden: judged.hidden_because.clone(),
                stored: store.count_present(account.no, Kind::Employee).await?
                    + u64::try_from(missing.iter().filter(|(_, one)| one.is_hidden).count())
                        .unwrap_or(u64::MAX),
                undecided: undecided.clone(),
            };
            sync.report.hidden_because = judged.hidden_because.clone();
            sync.report.undecided = undecided;
        }
        let were_hidden: HashSet<&RemoteId> =
            missing.iter().filter(|(_, one)| one.is_hidden).map(|(id, _)| id).collect();
        let gone: Vec<RemoteId> = judged.gone.iter().filter(|id| were_hidden.contains(id)).cloned().collect();
        sync.write_judged(&judged).await?;
        if gone.is_empty() {
            return Ok(());
        }
        // Their records were hidden with them, so no judgement of a list covers them.
        for kind in [Kind::Employment, Kind::Absence, Kind::AbsenceRequest] {
            let ids = store.hidden_of(account.no, kind, &gone).await?;
            let change = |id: &RemoteId| NewChange {
                kind,
                id: id.clone(),
                operation: Operation::Deleted,
                hash: None,
                fields: None,
            };
            let changes = ids.iter().map(change).collect();
            let commit = Commit { changes, marked: vec![(RecordState::Gone, ids)], ..Commit::default() };
            store.commit(lease, kind, &commit, clock.now()).await?;
        }
        Ok(())
    }

    /// Finds missing employees that other records refer to: as managers or heads of departments, and by their
    /// own contracts and absences that this run returned.
    async fn references(
        &self,
        missing: &[(RemoteId, Missing)],
        contracts: Option<&ContractsRead<'_>>,
        absences: Option<&AbsencesRead<'_>>,
    ) -> Result<References, Error> {
        let Context { store, account, .. } = &self.context;
        let ids: Vec<RemoteId> = missing.iter().map(|(id, _)| id.clone()).collect();
        let gone: HashSet<&RemoteId> = ids.iter().collect();
        let mut as_superiors = HashSet::new();
        for kind in [Kind::Employee, Kind::Department] {
            for (id, person) in store.referring(account.no, kind, Column::ManagerId, &ids).await? {
                // A reference from another missing employee is no evidence.
                if kind != Kind::Employee || !gone.contains(&id) {
                    as_superiors.insert(person);
                }
            }
        }
        let mut by_own_records = HashSet::new();
        if let Some(read) = contracts.filter(|read| read.sync.is_full() && read.ending.is_ok()) {
            let unseen: HashSet<&RemoteId> = read.missing.iter().map(|(id, _)| id).collect();
            for (id, person) in
                store.referring(account.no, Kind::Employment, Column::EmployeeId, &ids).await?
            {
                if !unseen.contains(&id) {
                    by_own_records.insert(person);
                }
            }
        }
        if let Some(read) = absences.filter(|read| read.is_exhaustive()) {
            for (id, person) in store.referring(account.no, Kind::Absence, Column::EmployeeId, &ids).await? {
                if read.was_shown(&id) {
                    by_own_records.insert(person);
                }
            }
        }
        Ok(References { as_superiors, by_own_records })
    }

    /// The evidence about stored employees that were not returned, including those hidden in earlier runs.
    /// Employees found by id are left out: a record can slip between two pages of a changing set. Hidden
    /// employees whose reason still holds are not looked up.
    async fn missing_employees(
        &self,
        sync: &StreamSync<'_>,
        proof: Proof,
        learned: &Learned,
    ) -> Result<Vec<(RemoteId, Missing)>, Error> {
        let Context { store, account, .. } = &self.context;
        let unseen = sync.unseen();
        // The brake will hold them all, so they need no lookup.
        let is_braked = self.context.brake.is_some_and(|brake| unseen.len() > brake.records * 4);
        let hidden: HashSet<RemoteId> =
            sync.not_seen(store.hidden_ids(account.no, Kind::Employee).await?).into_iter().collect();
        let mut missing = Vec::with_capacity(unseen.len() + hidden.len());
        for id in unseen.into_iter().chain(hidden.iter().cloned()) {
            let stored = store.kept_record::<Employee>(account.no, &id).await?;
            let mut known = Missing {
                is_hidden: hidden.contains(&id),
                undecided: sync.state.not_shown.undecided_because(&id),
                ..Missing::default()
            };
            if let Some(employee) = stored.map(|stored| stored.record) {
                known.status = Some(status_on(self.context.today, employee.contract(), []));
                known.establishment_vanished =
                    employee.establishment_id.is_some_and(|id| !learned.establishments.contains_key(&id));
            }
            missing.push((id, known));
        }
        if !proof.is_complete() || is_braked {
            return Ok(missing);
        }
        let explained = sync.explained(proof, &missing, learned.seen);
        let to_find: Vec<RemoteId> = missing
            .iter()
            .zip(explained)
            .filter(|((_, known), is_explained)| !known.is_hidden || !is_explained)
            .map(|((id, _), _)| id.clone())
            .collect();
        match self.found_by_id(&to_find).await {
            Some(found) => missing.retain(|(id, _)| !found.contains(id)),
            None => missing.iter_mut().for_each(|(_, known)| known.unconfirmed = true),
        }
        Ok(missing)
    }

    /// The ids that Lucca returns when queried by id; `None` if a request fails.
    pub(crate) async fn found_by_id(&self, ids: &[RemoteId]) -> Option<HashSet<RemoteId>> {
        let mut found = HashSet::new();
        for ids in ids.chunks(IDS_A_REQUEST) {
            let query = UserQuery { groups: FieldGroups::NONE, ids: ids.to_vec(), ..UserQuery::default() };
            let mut again = self.client.users(query);
            while let Some(page) = again.next_page().await.ok()? {
                found.extend(page.items.into_iter().filter_map(|item| item.id));
            }
        }
        Some(found)
    }

    /// Reads all contracts if they are due, otherwise those of new or changed employees.
    pub(crate) async fn contracts(
        &self,
        changed: &[RemoteId],
        reports: &mut Vec<StreamReport>,
    ) -> Result<Option<ContractsRead<'_>>, Error> {
        let stream = Stream::WorkContracts;
        let sync = match self.begin(stream, Kind::Employment).await? {
            Some(sync) => Some(sync),
            None if changed.is_empty() || changed.len() > FEW_CHANGES => None,
            None => {
                let state = self.state(stream);
                let is_offered = state.full_at.is_some();
                match is_offered {
                    true => Some(
                        StreamSync::begin(&self.context, stream, Kind::Employment, Mode::Incremental, state)
                            .await?,
                    ),
                    false => None,
                }
            }
        };
        let Some(mut sync) = sync else { return Ok(None) };
        let lookups = self.lookups(reports).await?;
        let keep = self.context.account.settings.keep_raw;
        let raw_policy = RawPolicy { keep, ..RawPolicy::ORGANISATION };
        let mut normalise = |read: Read<_>| Ok(normalise::employment(read.value, read.problems, &lookups));
        if !sync.is_full() {
            let mut ending = None;
            for owners in changed.chunks(IDS_A_REQUEST) {
                let contracts = sync.start_enumeration(self.client.work_contracts_of(owners));
                let (contracts, read) = sync.read(contracts, raw_policy, &mut normalise).await?;
                let part = Ending::of(&contracts, read);
                let failed = !part.is_ok();
                ending = Some(part);
                if failed {
                    break;
                }
            }
            return Ok(ending.map(|ending| ContractsRead { sync, ending, missing: Vec::new() }));
        }
        let contracts = sync.resume_enumeration(self.client.work_contracts());
        let (contracts, read) = sync.read(contracts, raw_policy, &mut normalise).await?;
        let ending = Ending::of(&contracts, read);
        let mut missing = Vec::new();
        if ending.is_ok() {
            sync.find_unseen().await?;
            let mut unconfirmed = false;
            if ending.proof.is_complete() && sync.may_have_slipped() {
                unconfirmed =
                    !sync.recheck_unseen(sync.start_enumeration(self.client.work_contracts())).await;
            }
            missing = sync.unseen().into_iter().map(|id| (id, unconfirmed)).collect();
        }
        Ok(Some(ContractsRead { sync, ending, missing }))
    }

    /// Judges missing contracts: they are hidden with their employees, and held while the employees are
    /// undecided.
    pub(crate) async fn judge_contracts(
        &self,
        contracts: Option<ContractsRead<'_>>,
        seen: SeenEmployees,
    ) -> Result<Option<StreamReport>, Error> {
        let Some(ContractsRead { mut sync, ending, missing }) = contracts else { return Ok(None) };
        if sync.is_full() && ending.is_ok() {
            let known = |(id, unconfirmed)| (id, Missing { unconfirmed, ..Missing::default() });
            let known = missing.into_iter().map(known).collect();
            let owner = |employment: Employment| Some(employment.employee_id);
            let known = self.with_owners(ending.proof, known, owner).await?;
            sync.judge_missing(ending.proof, &known, seen).await?;
        }
        Ok(Some(sync.finish(ending).await?))
    }

    /// Reads Lucca's log of changes to departments, establishments and managers, if the key has the
    /// permission.
    pub(crate) async fn user_logs(&self) -> Result<Option<StreamReport>, Error> {
        let Some(mut sync) = self.begin(Stream::UserLogs, Kind::UserLogEntry).await? else { return Ok(None) };
        let modified_since = if sync.is_full() { None } else { sync.state.since(self.rhythms.overlap) };
        let query = UserLogQuery { modified_since, ..UserLogQuery::of(self.groups) };
        let logs = sync.resume_enumeration(self.client.user_logs(query.clone()));
        let (logs, read) = sync
            .read(logs, RawPolicy::ORGANISATION, |read: Read<_>| normalise::user_log_entry(read.value))
            .await?;
        let mut ending = Ending::of(&logs, read);
        // unverified: whether the server supports several properties per query, or returns an empty list.
        let is_refused = ending.error.as_ref().is_some_and(|error| error.status() == Some(400));
        if is_refused || (ending.is_ok() && sync.is_full() && sync.report.read == 0) {
            for query in query.one_by_one() {
                let logs = self.client.user_logs(query);
                let (logs, read) = sync
                    .read(logs, RawPolicy::ORGANISATION, |read: Read<_>| {
                        normalise::user_log_entry(read.value)
                    })
                    .await?;
                ending = Ending::of(&logs, read);
                if !ending.is_ok() {
                    break;
                }
            }
        }
        // The log is append-only, so missing entries are not judged.
        Ok(Some(sync.finish(ending).await?))
    }
}
