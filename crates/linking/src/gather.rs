//! The requests of an examination; each list is read once and counted as it arrives. Only ids are kept, until
//! the end of the examination. Names are not requested.
//!
//! The number of requests does not depend on the company's size: the first page of people, one page of former
//! and one of future employees, one page of each list, and the people that these refer to, by id.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::ToSpan;
use jiff::civil::Date;
use lucca::resources::{User, WorkContract};
use lucca::{
    Client, DateFilter, Enumeration, Error, Item, LeaveQuery, LeaveRequestQuery, Note, Resource, UserField,
    UserQuery,
};
use people::{Feature, Features, RemoteId};
use serde::de::IgnoredAny;

use crate::observations::{FieldSight, FoundField, ListSight, Observations, PeopleSeen, Standing, standing};

/// Maximum number of requests for people by id, with up to [`UserQuery::MAX_IDS`] ids each.
const MOST_LOOKUPS: usize = 2;

/// The status (401 or 403) with which Lucca refused the request; `None` for any other error.
pub(crate) fn refusal_status(error: &Error) -> Option<u16> {
    error.status().filter(|status| matches!(status, 401 | 403))
}

fn sight_of_error(error: &Error) -> ListSight {
    match refusal_status(error) {
        Some(status) => ListSight::Refused { status: Some(status) },
        None => ListSight::Unreadable { code: error.code().to_owned() },
    }
}

pub(crate) struct Gatherer<'a> {
    client: &'a Client,
    features: &'a Features,
    today: Date,
    pub(crate) seen: Observations,
    /// All people seen so far.
    shown: HashSet<RemoteId>,
    /// Whether the first page held all people that the key shows.
    is_everybody: bool,
    /// The manager of each person who has not left, by the person's id.
    managers: BTreeMap<RemoteId, RemoteId>,
    /// The head of each department that has one.
    heads: Vec<RemoteId>,
    absent: BTreeSet<RemoteId>,
    /// The status of each contract owner according to the contracts, and the establishment.
    owners: BTreeMap<RemoteId, (Standing, Option<RemoteId>)>,
    establishments: BTreeSet<RemoteId>,
    /// Custom fields by lower-case key: the key as written, and the name.
    found_fields: BTreeMap<String, (String, String)>,
    are_references_read: bool,
    is_departments_answered: Option<bool>,
}

/// Limit on custom fields that are listed: more than any company has, since a server may send any number.
const MOST_FIELDS: usize = 500;

/// The first page of a list of people.
struct FirstPeople {
    items: Vec<Item<User>>,
    total: Option<u64>,
    is_whole: bool,
    notes: Vec<Note>,
}

impl<'a> Gatherer<'a> {
    pub(crate) fn new(client: &'a Client, features: &'a Features, today: Date) -> Self {
        Self {
            client,
            features,
            today,
            seen: Observations::default(),
            shown: HashSet::new(),
            is_everybody: false,
            managers: BTreeMap::new(),
            heads: Vec::new(),
            absent: BTreeSet::new(),
            owners: BTreeMap::new(),
            establishments: BTreeSet::new(),
            found_fields: BTreeMap::new(),
            are_references_read: false,
            is_departments_answered: None,
        }
    }

    pub(crate) fn wants(&self, feature: Feature) -> bool {
        self.features.contains(feature)
    }

    /// The fields in which the chosen features show.
    fn wanted_fields(&self) -> Vec<UserField> {
        let fields = [
            (Feature::Jobs, UserField::JobTitle),
            (Feature::Managers, UserField::Manager),
            (Feature::Qualifications, UserField::JobQualification),
            (Feature::CustomFields, UserField::CustomFields),
        ];
        fields.into_iter().filter(|(feature, _)| self.wants(*feature)).map(|(_, field)| field).collect()
    }

    async fn first_people(
        &self,
        fields: Vec<UserField>,
        query: UserQuery,
        size: u32,
    ) -> Result<FirstPeople, Error> {
        let query = UserQuery { only: Some(fields), ..query };
        let mut users = self.client.users(query).with_page_size(size).one_page_at_a_time();
        let items = users.next_page().await?.map(|page| page.items).unwrap_or_default();
        let total = users.total();
        let rows = items.len();
        let is_whole = match total {
            Some(total) => total <= rows as u64,
            None => u32::try_from(rows).is_ok_and(|rows| rows < users.page_size()),
        };
        Ok(FirstPeople { items, total, is_whole, notes: users.notes().to_vec() })
    }

    /// Reads the first page of all people, with the fields that the features need. If Lucca refuses these,
    /// reads the page without them and then each field on its own. Fails if Lucca refuses even the ids.
    pub(crate) async fn people(&mut self) -> Result<(), Error> {
        let wanted = self.wanted_fields();
        let base = [UserField::ContractDates, UserField::Establishment];
        let all = [&base[..], &wanted].concat();
        let first = match self.first_people(all, UserQuery::default(), LARGEST).await {
            Ok(first) => {
                for field in &wanted {
                    let sight = field_sight(&first, *field);
                    *self.sight(*field) = sight;
                }
                first
            }
            Err(error) if refusal_status(&error).is_some() => {
                let plain = match self.first_people(base.to_vec(), UserQuery::default(), LARGEST).await {
                    Err(error) if refusal_status(&error).is_some() => {
                        self.first_people(Vec::new(), UserQuery::default(), LARGEST).await
                    }
                    answered => answered,
                };
                let first = plain.map_err(|_| error)?;
                for field in &wanted {
                    let alone = self
                        .first_people(vec![UserField::ContractDates, *field], UserQuery::default(), LARGEST)
                        .await;
                    let sight = match alone {
                        Ok(first) => {
                            self.note_managers(&first.items);
                            field_sight(&first, *field)
                        }
                        Err(error) => match refusal_status(&error) {
                            status @ Some(_) => FieldSight::Refused { status },
                            None => FieldSight::NotAsked,
                        },
                    };
                    *self.sight(*field) = sight;
                }
                first
            }
            Err(error) => return Err(error),
        };
        self.is_everybody = first.is_whole;
        self.seen.people = ListSight::Answered { rows: first.items.len() as u64, total: first.total };
        self.note_people(&first.items);
        self.seen.counted.total =
            Some(self.seen.people.count()).filter(|_| first.is_whole || first.total.is_some());
        if first.is_whole {
            self.count_by_status(&first.items);
        }
        if self.seen.dated == 0 && !first.items.is_empty() {
            let current = UserQuery { former: false, ..UserQuery::default() };
            self.seen.without_former = self.client.count_users(&current).await.ok().flatten();
        }
        Ok(())
    }

    fn sight(&mut self, field: UserField) -> &mut FieldSight {
        match field {
            UserField::Manager => &mut self.seen.managers,
            UserField::JobQualification => &mut self.seen.qualifications,
            UserField::CustomFields => &mut self.seen.custom_fields,
            _ => &mut self.seen.job_titles,
        }
    }

    /// Counts the people shown, and the former and future ones among them. Each person counts once.
    fn note_people(&mut self, items: &[Item<User>]) {
        self.note_managers(items);
        for item in items {
            let Some(id) = &item.id else { continue };
            if !self.shown.insert(id.clone()) {
                continue;
            }
            let Ok(read) = &item.outcome else { continue };
            let user = &read.value;
            for key in user.extended_data.keys() {
                if self.found_fields.len() < MOST_FIELDS {
                    let lower = key.to_ascii_lowercase();
                    self.found_fields.entry(lower).or_insert_with(|| (key.clone(), key.clone()));
                }
            }
            self.establishments.extend(user.legal_entity.as_ref().map(|place| place.id.clone()));
            if user.contract_start.is_some() || user.contract_end.is_some() {
                self.seen.dated += 1;
            }
            match standing(self.today, user.contract_start, user.contract_end) {
                Standing::Former => self.seen.former_shown += 1,
                Standing::Future => self.seen.future_shown += 1,
                Standing::Active | Standing::Borderline => {}
            }
        }
    }

    /// Leaves out former employees: their manager may have left before them.
    fn note_managers(&mut self, items: &[Item<User>]) {
        for item in items {
            let (Some(id), Ok(read)) = (&item.id, &item.outcome) else { continue };
            let user = &read.value;
            let standing = standing(self.today, user.contract_start, user.contract_end);
            if let Some(manager) = user.manager.as_ref().filter(|_| standing != Standing::Former) {
                self.managers.insert(id.clone(), manager.id.clone());
            }
        }
    }

    fn count_by_status(&mut self, items: &[Item<User>]) {
        if self.seen.dated == 0 && !items.is_empty() {
            return;
        }
        let (mut active, mut future, mut former) = (0, 0, 0);
        for item in items {
            let dates =
                item.outcome.as_ref().ok().map(|read| (read.value.contract_start, read.value.contract_end));
            match dates {
                Some((Some(start), _)) if start > self.today => future += 1,
                Some((_, Some(end))) if end < self.today => former += 1,
                _ => active += 1,
            }
        }
        (self.seen.counted.active, self.seen.counted.future, self.seen.counted.former) =
            (Some(active), Some(future), Some(former));
    }

    /// Requests future employees, unless the first page held all people and some of these are future ones.
    pub(crate) async fn future(&mut self) {
        if self.seen.future_shown == 0 || !self.is_everybody {
            let tomorrow = self.today.tomorrow().unwrap_or(self.today);
            let start = Some(DateFilter::Since(tomorrow));
            let query = UserQuery { contract_start: start, ..UserQuery::default() };
            let is_to_come = |user: &User| user.contract_start.is_some_and(|start| start >= tomorrow);
            let (sight, count) = self.some_people(query, is_to_come).await;
            self.seen.future_people = sight;
            self.seen.counted.future = self.seen.counted.future.or(count);
        }
        if self.seen.future_shown == 0 {
            self.references().await;
        }
    }

    /// Requests former employees, on the same condition.
    pub(crate) async fn former(&mut self) {
        if self.seen.former_shown == 0 || !self.is_everybody {
            let yesterday = self.today.yesterday().unwrap_or(self.today);
            let query =
                UserQuery { contract_end: Some(DateFilter::Until(yesterday)), ..UserQuery::default() };
            let has_left = |user: &User| user.contract_end.is_some_and(|end| end <= yesterday);
            let (sight, count) = self.some_people(query, has_left).await;
            self.seen.former_people = sight;
            self.seen.counted.former = self.seen.counted.former.or(count);
        }
        if self.seen.counted.active.is_none()
            && let PeopleSeen { total: Some(total), future: Some(future), former: Some(former), .. } =
                self.seen.counted
        {
            self.seen.counted.active = Some(total.saturating_sub(future + former));
        }
        if self.seen.former_shown == 0 {
            self.references().await;
        }
    }

    /// Reads people matching a condition. The count is `None` if the server ignored the condition.
    async fn some_people(
        &mut self,
        query: UserQuery,
        is_meant: impl Fn(&User) -> bool,
    ) -> (ListSight, Option<u64>) {
        match self.first_people(vec![UserField::ContractDates], query, SOME).await {
            Ok(first) => {
                let mut read = first.items.iter().filter_map(|item| item.outcome.as_ref().ok());
                let is_kept = read.all(|read| is_meant(&read.value));
                self.note_people(&first.items);
                let rows = first.items.len() as u64;
                (ListSight::Answered { rows, total: first.total }, first.total.filter(|_| is_kept))
            }
            Err(error) => (sight_of_error(&error), None),
        }
    }

    /// Reads the first page of a list; returns its outcome, its records, and whether it is the whole list.
    async fn list<T: Resource>(&self, list: Enumeration<T>) -> (ListSight, Vec<T>, bool) {
        let mut list = list.without_raw().one_page_at_a_time();
        match list.next_page().await {
            Ok(page) => {
                let items = page.map(|page| page.items).unwrap_or_default();
                let rows = items.len() as u64;
                // A page that is not full is the last one.
                let total = list.total().or((rows < u64::from(list.page_size())).then_some(rows));
                let is_whole = total.is_some_and(|total| total <= rows);
                let read = items.into_iter().filter_map(|item| Some(item.outcome.ok()?.value)).collect();
                (ListSight::Answered { rows, total }, read, is_whole)
            }
            Err(error) => (sight_of_error(&error), Vec::new(), false),
        }
    }

    pub(crate) async fn contracts(&mut self) {
        if self.seen.contracts != ListSight::NotAsked {
            return;
        }
        let (sight, contracts, is_whole) = self.list(self.client.work_contracts()).await;
        self.seen.contracts = sight;
        self.owners = owners(&contracts, is_whole, self.today);
    }

    async fn departments(&mut self) -> bool {
        if let Some(is_answered) = self.is_departments_answered {
            return is_answered;
        }
        let (sight, departments, _) = self.list(self.client.departments()).await;
        self.heads = departments.into_iter().filter_map(|one| Some(one.head?.id)).collect();
        self.is_departments_answered = Some(sight.is_answered());
        sight.is_answered()
    }

    /// Whether Lucca answers this key on any list.
    pub(crate) async fn is_anything_answered(&mut self) -> bool {
        if self.departments().await {
            return true;
        }
        self.contracts().await;
        if self.seen.contracts.is_answered() {
            return true;
        }
        if self.wants(Feature::Leaves) || self.wants(Feature::AbsenceRequests) {
            self.leaves().await;
        }
        self.seen.leaves.is_answered()
    }

    pub(crate) async fn leaves(&mut self) {
        if self.seen.leaves != ListSight::NotAsked {
            return;
        }
        let (sight, leaves, _) =
            self.list(self.client.leaves(self.leave_query()).with_page_size(LARGEST)).await;
        self.absent = leaves.into_iter().filter_map(|leave| leave.owner).collect();
        self.seen.leaves = sight;
    }

    /// Checks whether the key can read any leave, without reading the owners.
    pub(crate) async fn any_leave(&mut self) {
        let query = LeaveQuery { sparse: true, ..self.leave_query() };
        (self.seen.leaves, _, _) = self.list(self.client.leaves(query).with_page_size(1)).await;
    }

    /// Covers a year: a small company may have no leave in a shorter period.
    fn leave_query(&self) -> LeaveQuery {
        let first = self.today.checked_sub(9.months()).unwrap_or(self.today);
        let last = self.today.checked_add(3.months()).unwrap_or(self.today);
        LeaveQuery {
            fallback_establishments: self.establishments.iter().cloned().collect(),
            ..LeaveQuery::on(DateFilter::Between(first, last))
        }
    }

    pub(crate) async fn requests(&mut self) {
        let query = LeaveRequestQuery { sparse: true, ..LeaveRequestQuery::default() };
        (self.seen.requests, _, _) = self.list(self.client.leave_requests(query).with_page_size(SOME)).await;
    }

    pub(crate) async fn definitions(&mut self) {
        let (sight, definitions, _) = self.list(self.client.custom_field_definitions()).await;
        self.seen.definitions = sight;
        if !self.wants(Feature::CustomFields) {
            return;
        }
        for definition in definitions.into_iter().take(MOST_FIELDS) {
            let key = definition.id.to_string();
            let name = definition.name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
            self.found_fields.insert(key.to_ascii_lowercase(), (key.clone(), name.unwrap_or(key)));
        }
        let mut found: Vec<FoundField> = self
            .found_fields
            .values()
            .map(|(key, name)| FoundField { key: key.clone(), name: name.clone() })
            .collect();
        found.sort_by_key(|field| field.name.to_lowercase());
        self.seen.found_fields = found;
    }

    /// Reads how many people the list of qualifications counts, if no person shows one.
    pub(crate) async fn qualified(&mut self) {
        if !matches!(self.seen.qualifications, FieldSight::Read { with: 0, among: 1.., .. }) {
            return;
        }
        let (sight, qualifications, _) = self.list(self.client.job_qualifications()).await;
        if sight.is_answered() {
            let counts = qualifications.iter().filter_map(|one| u64::try_from(one.users_count?).ok());
            self.seen.qualified = Some(counts.sum());
        }
    }

    /// Looks up the people that contracts, managers, departments and leaves refer to, and counts which of
    /// them are shown.
    pub(crate) async fn references(&mut self) {
        if std::mem::replace(&mut self.are_references_read, true) {
            return;
        }
        self.contracts().await;
        self.departments().await;
        if self.wants(Feature::Leaves) {
            self.leaves().await;
        }
        let others = self.managers.values().chain(&self.heads).chain(&self.absent);
        let others: BTreeSet<&RemoteId> = others.filter(|id| !self.owners.contains_key(*id)).collect();
        // Former and future owners prove most, so they are looked up first. User 0 is Lucca's own (source:
        // directory.md §1, item 8).
        let (inactive, running): (Vec<_>, Vec<_>) =
            self.owners.iter().partition(|(_, (standing, _))| *standing != Standing::Active);
        let ids = inactive.into_iter().chain(running).map(|(id, _)| id).chain(others);
        let unknown: Vec<RemoteId> =
            ids.filter(|id| id.as_str() != "0" && !self.shown.contains(*id)).cloned().collect();
        // Needed even if the first page held all people: one may have been added since.
        let looked_for = self.look_up(unknown).await;
        self.count_unseen(&looked_for);
        self.count_references(&looked_for);
    }

    /// Requests people by id; returns the ids that were requested successfully.
    async fn look_up(&mut self, ids: Vec<RemoteId>) -> Vec<RemoteId> {
        let mut looked_for = Vec::new();
        for some in ids.chunks(UserQuery::MAX_IDS).take(MOST_LOOKUPS) {
            let query = UserQuery { ids: some.to_vec(), ..UserQuery::default() };
            let fields = vec![UserField::ContractDates];
            if let Ok(first) = self.first_people(fields, query, LARGEST).await {
                self.note_people(&first.items);
                looked_for.extend_from_slice(some);
            }
        }
        looked_for
    }

    /// Counts the references that were followed, and those whose person is not shown.
    fn count_references(&mut self, looked_for: &[RemoteId]) {
        let looked_for: HashSet<&RemoteId> = looked_for.iter().collect();
        let is_explained =
            |id: &RemoteId| self.owners.get(id).is_some_and(|(standing, _)| *standing != Standing::Active);
        let running = self.owners.keys();
        // A person with an absence may have left since, which explains the reference if the key does not show
        // former employees.
        let absent = self.absent.iter().filter(|_| self.seen.former_shown > 0);
        for id in self.managers.values().chain(&self.heads).chain(running).chain(absent) {
            if id.as_str() == "0" || is_explained(id) {
                continue;
            }
            let is_shown = self.shown.contains(id);
            if is_shown || looked_for.contains(id) {
                self.seen.references.followed += 1;
                self.seen.references.dangling += u64::from(!is_shown);
            }
        }
    }

    fn count_unseen(&mut self, looked_for: &[RemoteId]) {
        let unseen = &mut self.seen.unseen;
        let is_shown = |(id, (standing, _)): &(&RemoteId, &(Standing, _))| {
            *standing == Standing::Active && self.shown.contains(*id)
        };
        unseen.running_shown = self.owners.iter().filter(is_shown).count() as u64;
        for id in looked_for.iter().filter(|id| !self.shown.contains(*id)) {
            let owner = self.owners.get(id);
            let is_nearby = owner
                .and_then(|(_, place)| place.as_ref())
                .is_some_and(|place| self.establishments.contains(place));
            match owner.map(|(standing, _)| *standing) {
                Some(Standing::Active) => unseen.running += 1,
                Some(Standing::Former) => {
                    unseen.ended += 1;
                    unseen.ended_nearby += u64::from(is_nearby);
                }
                Some(Standing::Future) => {
                    unseen.later += 1;
                    unseen.later_nearby += u64::from(is_nearby);
                }
                Some(Standing::Borderline) => {}
                None => unseen.referred += 1,
            }
        }
    }
}

/// The largest page size requested. Lucca returns fewer records if its own maximum is smaller.
const LARGEST: u32 = 1000;

/// Page size for requests that only prove that there are records.
const SOME: u32 = 100;

/// The status of contract owners by their contracts. If an owner has several, the one that Lucca marks as
/// applicable counts. Without a mark, a running contract counts before a future one, and that before an ended
/// one, provided that all contracts were read.
fn owners(
    contracts: &[WorkContract],
    is_whole: bool,
    today: Date,
) -> BTreeMap<RemoteId, (Standing, Option<RemoteId>)> {
    let mut owners: HashMap<&RemoteId, Vec<&WorkContract>> = HashMap::new();
    for contract in contracts {
        owners.entry(&contract.owner_id).or_default().push(contract);
    }
    let judged = owners.into_iter().filter_map(|(id, contracts)| {
        let standing_of = |one: &WorkContract| standing(today, Some(one.starts_on), one.ends_on);
        let applicable = contracts.iter().find(|one| one.is_applicable == Some(true));
        let by_rank = |one: &&&WorkContract| match standing_of(one) {
            Standing::Active | Standing::Borderline => 0,
            Standing::Future => 1,
            Standing::Former => 2,
        };
        let counts = applicable.or_else(|| contracts.iter().min_by_key(by_rank).filter(|_| is_whole))?;
        let place = counts.establishment.as_ref().map(|place| place.id.clone());
        Some((id.clone(), (standing_of(counts), place)))
    });
    judged.collect()
}

/// How a field shows among the people on a page.
fn field_sight(first: &FirstPeople, field: UserField) -> FieldSight {
    let names: &[&str] = match field {
        UserField::JobTitle => &["jobTitle"],
        UserField::Manager => &["managerId", "manager"],
        UserField::JobQualification => &["jobQualification"],
        UserField::CustomFields => &["extendedData"],
        UserField::ContractDates | UserField::Establishment => &[],
    };
    let is_dropped = |name: &&str| {
        first.notes.iter().any(|note| match note {
            Note::FieldsDropped { names } => names
                .iter()
                .any(|dropped| dropped.split('.').next().is_some_and(|base| base.eq_ignore_ascii_case(name))),
            Note::DefaultFields => true,
            _ => false,
        })
    };
    if names.iter().all(is_dropped) {
        return FieldSight::Unknown;
    }
    let has = |user: &User| match field {
        UserField::JobTitle => user.job_title.as_ref().is_some_and(|title| !title.trim().is_empty()),
        UserField::Manager => user.manager.is_some(),
        UserField::JobQualification => user.job_qualification.is_some(),
        UserField::CustomFields => user.extended_data.values().any(|value| !value.is_null()),
        UserField::ContractDates | UserField::Establishment => false,
    };
    let read = first.items.iter().filter_map(|item| item.outcome.as_ref().ok());
    let with = read.filter(|read| has(&read.value)).count() as u64;
    let is_omitted = with == 0 && is_omitted(&first.items, names);
    FieldSight::Read { with, among: first.items.len() as u64, is_omitted }
}

/// Whether all records lack these keys, although other empty fields are written as null: a server may omit
/// empty fields altogether.
fn is_omitted(items: &[Item<User>], names: &[&str]) -> bool {
    let mut writes_null = false;
    for item in items {
        let Ok(keys) = serde_json::from_str::<HashMap<String, IgnoredAny>>(item.raw.get()) else {
            return false;
        };
        if names.iter().any(|name| keys.keys().any(|key| key.eq_ignore_ascii_case(name))) {
            return false;
        }
        let has_no_end = item.outcome.as_ref().is_ok_and(|read| read.value.contract_end.is_none());
        writes_null |= has_no_end && keys.keys().any(|key| key.eq_ignore_ascii_case("dtContractEnd"));
    }
    writes_null
}
