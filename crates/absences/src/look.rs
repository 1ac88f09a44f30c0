//! What Lucca has of a person's absences now, and which of them a submission has become.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use linking::Permission;
use lucca::{DateFilter, LeaveQuery, LeaveRequestQuery, Owners, Read};
use people::{FieldGroup, FieldGroups};
use people::{Absence, AbsenceRequest, Confirmation, HalfDay, Leave, RemoteId};

use crate::Absences;
use crate::ask::Ask;
use crate::problem::{Error, Lacking};
use crate::submit::Detail;

/// What people wrote on a request made here is part of it: the app that made it shows why it was denied.
const WORDS: FieldGroups = FieldGroups::NONE.with(FieldGroup::LeaveReason);

/// How much the clocks of the tenant and of this machine may differ.
const CLOCKS: SignedDuration = SignedDuration::from_hours(1);

/// What an absence is put together from.
#[derive(Default)]
struct Parts {
    owner: Option<RemoteId>,
    confirmation: Confirmation,
    leaves: Vec<Leave>,
}

impl Absences<'_> {
    /// The absences of some people on the days from `first` to `last`, those that wait and those that are over among
    /// them. Of an absence that reaches further only these days.
    pub(crate) async fn absences_of(
        &self,
        owners: &[RemoteId],
        first: Date,
        last: Date,
    ) -> Result<Vec<Absence>, Error> {
        let query = query_of(owners, first, last);
        let mut parts = BTreeMap::new();
        self.read_leaves(query.clone(), &mut parts).await?;
        // One that was cancelled while it waited is not confirmed either, and proves nothing.
        let waits = |parts: &Parts| {
            parts.confirmation.is_confirmed == Some(false) && parts.leaves.iter().any(|leave| leave.is_active)
        };
        let shows_pending = parts.values().any(waits);
        if !shows_pending {
            // unverified: whether the list shows what waits for an approval without being asked for it.
            self.read_more(LeaveQuery { unconfirmed_only: true, ..query }, &mut parts).await?;
        }
        Ok(put_together(parts))
    }

    /// An absence of a person on the days from `first` to `last`, by Lucca's id, as it is now, even if it is over.
    pub(crate) async fn absence_now(
        &self,
        owner: &RemoteId,
        (first, last): (Date, Date),
        id: &RemoteId,
    ) -> Result<Option<Absence>, Error> {
        let owner = std::slice::from_ref(owner);
        let mut listed = self.absences_of(owner, first, last).await?;
        if !listed.iter().any(|absence| absence.id == *id) {
            // unverified: whether the list shows what is over without being asked for it.
            let mut parts = BTreeMap::new();
            let query = LeaveQuery { inactive_only: true, ..query_of(owner, first, last) };
            self.read_more(query.clone(), &mut parts).await?;
            if !parts.contains_key(id) {
                self.read_more(LeaveQuery { unconfirmed_only: true, ..query }, &mut parts).await?;
            }
            listed = put_together(parts);
        }
        Ok(listed.into_iter().find(|absence| absence.id == *id))
    }

    /// Reads leaves by a condition that the server may not know.
    async fn read_more(&self, query: LeaveQuery, parts: &mut BTreeMap<RemoteId, Parts>) -> Result<(), Error> {
        match self.read_leaves(query, parts).await {
            Err(Error::Lucca(error)) if error.code() == "lucca.bad_request" => Ok(()),
            other => other,
        }
    }

    async fn read_leaves(
        &self,
        query: LeaveQuery,
        parts: &mut BTreeMap<RemoteId, Parts>,
    ) -> Result<(), Error> {
        let mut leaves = self.client.leaves(query).without_raw();
        let consult = Lacking::Permission(Permission::ConsultLeaves);
        while let Some(page) = leaves.next_page().await.map_err(|error| Error::of(error, consult))? {
            for item in page.items {
                let Ok(Read { value, .. }) = item.outcome else { continue };
                let Ok(of) = sync::leave(value, FieldGroups::NONE) else { continue };
                let part = parts.entry(of.absence_id).or_default();
                part.owner = of.employee_id.or(part.owner.take());
                part.confirmation = of.confirmation;
                part.leaves.push(of.leave);
            }
        }
        Ok(())
    }

    /// A request by Lucca's id.
    pub(crate) async fn request_by_id(&self, id: &RemoteId) -> Result<Option<AbsenceRequest>, Error> {
        let consult = Lacking::Permission(Permission::ConsultLeaves);
        let item = self.client.leave_request(id, WORDS).await.map_err(|error| Error::of(error, consult))?;
        Ok(item.and_then(|item| item.outcome.ok()).map(|read| sync::absence_request(read.value, WORDS)))
    }

    /// The request that asked for an absence, looked for among those made lately; none where HR entered it.
    pub(crate) async fn request_of(
        &self,
        absence: &RemoteId,
        since: Timestamp,
    ) -> Result<Option<AbsenceRequest>, Error> {
        let since = (since - CLOCKS * 15).to_zoned(jiff::tz::TimeZone::UTC).datetime();
        let query = LeaveRequestQuery {
            groups: WORDS,
            // unverified: in which zone the server compares; half a day more is asked for than is needed.
            created_since: Some(since),
            ..LeaveRequestQuery::default()
        };
        let mut requests = self.client.leave_requests(query).without_raw();
        let mut found = None;
        let consult = Lacking::Permission(Permission::ConsultLeaves);
        while let Some(page) = requests.next_page().await.map_err(|error| Error::of(error, consult))? {
            for item in page.items {
                let Ok(Read { value, .. }) = item.outcome else { continue };
                if value.period_id.as_ref() == Some(absence) {
                    found = Some(sync::absence_request(value, WORDS));
                }
            }
        }
        Ok(found)
    }
}

fn query_of(owners: &[RemoteId], first: Date, last: Date) -> LeaveQuery {
    LeaveQuery { owners: Owners::Ids(owners.to_vec()), ..LeaveQuery::on(DateFilter::Between(first, last)) }
}

fn put_together(parts: BTreeMap<RemoteId, Parts>) -> Vec<Absence> {
    let made = parts
        .into_iter()
        .filter_map(|(id, parts)| Absence::from_leaves(id, parts.owner, parts.confirmation, parts.leaves));
    made.collect()
}

/// Which of a person's absences is the one that was asked for: one that was not there before it was sent, on the leave
/// type, that takes all the half-days it was to take and none outside the period.
pub(crate) fn made_of<'a>(
    ask: &Ask,
    detail: &Detail,
    sent_at: Timestamp,
    absences: &'a [Absence],
) -> Option<&'a Absence> {
    let is_new = |absence: &&Absence| {
        let created = absence.leaves.iter().filter_map(|leave| leave.created_at).max_by_key(|at| at.latest());
        !detail.before.contains(&absence.id)
            && (absence.is_active || created.is_some_and(|at| at.latest() + CLOCKS >= sent_at))
    };
    let fits = |absence: &&Absence| {
        let halves: Vec<HalfDay> = absence.leaves.iter().map(Leave::at).collect();
        let is_inside = halves.iter().all(|at| (ask.first..=ask.last).contains(at));
        let is_whole = detail.is_estimated || detail.expected.iter().all(|at| halves.contains(at));
        // Without *Show details of leaves* the type is hidden (source: absences.md §10).
        let is_on_type =
            absence.leave_type_ids.is_empty() || absence.leave_type_ids.contains(&ask.leave_type_id);
        absence.employee_id.as_ref().is_none_or(|owner| *owner == ask.employee_id)
            && is_inside
            && is_whole
            && is_on_type
    };
    let candidates = absences.iter().filter(is_new).filter(fits);
    candidates.max_by_key(|absence| (absence.is_active, absence.id.sort_key()))
}
