//! People and their contracts: what is learned from them, and the second look at those that are missing.

use std::collections::HashSet;

use lucca::{FieldGroups, Read, Stream, UserQuery};
use people::{Employee, EmployeeStatus, Employment, Kind, RemoteId, status_on};
use store::RecordState;

use crate::batch::RawPolicy;
use crate::normalise::{self, Lookups};
use crate::reconcile::Missing;
use crate::report::StreamReport;
use crate::run::Error;
use crate::stream_sync::{Context, Seen, StreamSync};
use crate::streams::{Engine, Learned};

/// Ids in one request: Lucca refuses more than a thousand values, and addresses have a length.
const IDS_A_REQUEST: usize = 200;

impl Engine<'_> {
    pub(crate) async fn users(
        &self,
        groups: FieldGroups,
        learned: &mut Learned,
    ) -> Result<StreamReport, Error> {
        let stream = Stream::Users;
        let mut sync = StreamSync::begin(&self.context, stream, Kind::Employee).await?;
        let users = self.client.users(UserQuery { groups, ..UserQuery::default() });
        let (users, lesson) = self.taught(stream, users);
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
                    EmployeeStatus::Former => learned.seen.former += 1,
                    EmployeeStatus::Future => learned.seen.future += 1,
                    EmployeeStatus::Active => {}
                }
                employee
            })
            .await?;
        if read.is_ok() {
            sync.find_unseen().await?;
            let establishments = learned.establishments.keys().collect();
            let is_proven = users.proof().is_complete();
            let missing = self.missing_employees(sync.unseen(), is_proven, &establishments).await?;
            sync.judge_missing(users.proof(), &missing, learned.seen).await?;
        }
        let report = sync.finish(&users, lesson, &read);
        learned.seen.permission_lost = report.hidden > 0 || read.is_err();
        Ok(report)
    }

    /// What is known of stored employees that were not seen. Those that a second look by id finds are left
    /// out: a record can slip between two pages of a set that moves.
    async fn missing_employees(
        &self,
        mut unseen: Vec<RemoteId>,
        is_proven: bool,
        establishments: &HashSet<&RemoteId>,
    ) -> Result<Vec<(RemoteId, Missing)>, Error> {
        // What the brake holds back anyway needs no second look.
        let is_braked = self.context.brake.is_some_and(|brake| unseen.len() > brake.records * 4);
        let mut unconfirmed = false;
        if is_proven && !is_braked {
            let found = self.found_by_id(&unseen).await;
            unconfirmed = found.is_none();
            unseen.retain(|id| !found.as_ref().is_some_and(|found| found.contains(id)));
        }
        let mut missing = Vec::with_capacity(unseen.len());
        for id in unseen {
            let stored = self.context.store.record::<Employee>(self.context.account.no, &id).await?;
            let known = stored.map(|stored| Missing {
                status: Some(status_on(self.today, stored.record.contract(), [])),
                establishment_vanished: stored
                    .record
                    .establishment_id
                    .is_some_and(|establishment| !establishments.contains(&establishment)),
                ..Missing::default()
            });
            missing.push((id, Missing { unconfirmed, ..known.unwrap_or_default() }));
        }
        Ok(missing)
    }

    /// Which of `ids` Lucca shows when asked for by id; none if it does not answer.
    async fn found_by_id(&self, ids: &[RemoteId]) -> Option<HashSet<RemoteId>> {
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

    pub(crate) async fn contracts(&self, lookups: &Lookups, seen: Seen) -> Result<StreamReport, Error> {
        let stream = Stream::WorkContracts;
        let keep = self.context.account.settings.keep_raw;
        let raw_policy = RawPolicy { keep, ..RawPolicy::ORGANISATION };
        let mut sync = StreamSync::begin(&self.context, stream, Kind::Employment).await?;
        let enumerate = || self.taught(stream, self.client.work_contracts());
        let (contracts, lesson) = enumerate();
        let (contracts, read) = sync
            .read(contracts, raw_policy, |read| normalise::employment(read.value, read.problems, lookups))
            .await?;
        if read.is_ok() {
            sync.find_unseen().await?;
            let mut unconfirmed = false;
            if contracts.proof().is_complete() && sync.may_have_slipped() {
                unconfirmed = !sync.look_again(enumerate().0).await;
            }
            let missing = self.missing_employments(sync.unseen(), unconfirmed).await?;
            sync.judge_missing(contracts.proof(), &missing, seen).await?;
        }
        Ok(sync.finish(&contracts, lesson, &read))
    }

    /// What is known of stored employments that were not seen: they hide with the people they belong to.
    async fn missing_employments(
        &self,
        unseen: Vec<RemoteId>,
        unconfirmed: bool,
    ) -> Result<Vec<(RemoteId, Missing)>, Error> {
        let Context { store, account, .. } = &self.context;
        let mut missing = Vec::with_capacity(unseen.len());
        for id in unseen {
            let mut owner_is_hidden = false;
            if let Some(employment) = store.record::<Employment>(account.no, &id).await? {
                let owner = store.record::<Employee>(account.no, &employment.record.employee_id).await?;
                owner_is_hidden = owner.is_some_and(|owner| owner.state == RecordState::Hidden);
            }
            missing.push((id, Missing { owner_is_hidden, unconfirmed, ..Missing::default() }));
        }
        Ok(missing)
    }
}
