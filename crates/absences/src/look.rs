//! Looks up an employee's absences in Lucca, and matches them with a submission.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use linking::Permission;
use lucca::{DateFilter, LeaveQuery, LeaveRequestQuery, Owners, Read};
use people::{Absence, AbsenceRequest, Confirmation, HalfDay, Leave, RemoteId};
use people::{FieldGroup, FieldGroups};

use crate::Absences;
use crate::draft::AbsenceDraft;
use crate::problem::{Error, Lacking};
use crate::submit::Detail;

/// Read comments of submissions: the requesting app shows the reason of a denial.
const COMMENTS: FieldGroups = FieldGroups::NONE.with(FieldGroup::LeaveReason);

/// Maximum difference between the tenant's clock and the connector's.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_hours(1);

/// The data from which an absence is assembled.
#[derive(Default)]
struct AbsenceParts {
    owner: Option<RemoteId>,
    confirmation: Confirmation,
    leaves: Vec<Leave>,
}

impl Absences<'_> {
    /// The absences of employees on the days from `first` to `last`, including pending and cancelled ones.
    /// Longer absences have only these days.
    pub(crate) async fn absences_of(
        &self,
        owners: &[RemoteId],
        first: Date,
        last: Date,
    ) -> Result<Vec<Absence>, Error> {
        let query = query_of(owners, first, last);
        let mut parts = BTreeMap::new();
        self.read_leaves(query.clone(), &mut parts).await?;
        // An absence that was cancelled while pending is unconfirmed, too, so it does not show that pending
        // ones are listed.
        let waits = |parts: &AbsenceParts| {
            parts.confirmation.is_confirmed == Some(false) && parts.leaves.iter().any(|leave| leave.is_active)
        };
        let shows_pending = parts.values().any(waits);
        if !shows_pending {
            // unverified: whether the list returns pending leaves without a filter for them.
            self.read_filtered(LeaveQuery { unconfirmed_only: true, ..query }, &mut parts).await?;
        }
        Ok(assemble(parts))
    }

    /// The current state of an absence on the days from `first` to `last`, by Lucca's id, even if it is
    /// cancelled.
    pub(crate) async fn current_absence(
        &self,
        owner: &RemoteId,
        (first, last): (Date, Date),
        id: &RemoteId,
    ) -> Result<Option<Absence>, Error> {
        let owner = std::slice::from_ref(owner);
        let mut listed = self.absences_of(owner, first, last).await?;
        if !listed.iter().any(|absence| absence.id == *id) {
            // unverified: whether the list returns cancelled leaves without a filter for them.
            let mut parts = BTreeMap::new();
            let query = LeaveQuery { inactive_only: true, ..query_of(owner, first, last) };
            self.read_filtered(query.clone(), &mut parts).await?;
            if !parts.contains_key(id) {
                self.read_filtered(LeaveQuery { unconfirmed_only: true, ..query }, &mut parts).await?;
            }
            listed = assemble(parts);
        }
        Ok(listed.into_iter().find(|absence| absence.id == *id))
    }

    /// Reads leaves with a filter that the server may refuse.
    async fn read_filtered(
        &self,
        query: LeaveQuery,
        parts: &mut BTreeMap<RemoteId, AbsenceParts>,
    ) -> Result<(), Error> {
        match self.read_leaves(query, parts).await {
            Err(Error::Lucca(error)) if error.code() == "lucca.bad_request" => Ok(()),
            other => other,
        }
    }

    async fn read_leaves(
        &self,
        query: LeaveQuery,
        parts: &mut BTreeMap<RemoteId, AbsenceParts>,
    ) -> Result<(), Error> {
        let mut leaves = self.client.leaves(query).without_raw();
        let consult = Lacking::Permission(Permission::ConsultLeaves);
        while let Some(page) = leaves.next_page().await.map_err(|error| Error::of(error, consult))? {
            for item in page.items {
                let Ok(Read { value, .. }) = item.outcome else { continue };
                let Ok(of) = normalise::leave(value, FieldGroups::NONE) else { continue };
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
        let item =
            self.client.leave_request(id, COMMENTS).await.map_err(|error| Error::of(error, consult))?;
        Ok(item
            .and_then(|item| item.outcome.ok())
            .map(|read| normalise::absence_request(read.value, COMMENTS)))
    }

    /// The request of an absence, among recently created ones; `None` if HR entered the absence.
    pub(crate) async fn request_of(
        &self,
        absence: &RemoteId,
        since: Timestamp,
    ) -> Result<Option<AbsenceRequest>, Error> {
        let since = (since - CLOCK_SKEW * 15).to_zoned(jiff::tz::TimeZone::UTC).datetime();
        let query = LeaveRequestQuery {
            groups: COMMENTS,
            // unverified: the zone in which the server compares, so the query begins half a day earlier.
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
                    found = Some(normalise::absence_request(value, COMMENTS));
                }
            }
        }
        Ok(found)
    }
}

fn query_of(owners: &[RemoteId], first: Date, last: Date) -> LeaveQuery {
    LeaveQuery { owners: Owners::Ids(owners.to_vec()), ..LeaveQuery::on(DateFilter::Between(first, last)) }
}

fn assemble(parts: BTreeMap<RemoteId, AbsenceParts>) -> Vec<Absence> {
    let made = parts
        .into_iter()
        .filter_map(|(id, parts)| Absence::from_leaves(id, parts.owner, parts.confirmation, parts.leaves));
    made.collect()
}

/// The absence that a submission created: it did not exist before, has the leave type, and covers every
/// expected half-day and none outside the period.
pub(crate) fn find_created<'a>(
    ask: &AbsenceDraft,
    detail: &Detail,
    sent_at: Timestamp,
    absences: &'a [Absence],
) -> Option<&'a Absence> {
    let is_new = |absence: &&Absence| {
        let created = absence.leaves.iter().filter_map(|leave| leave.created_at).max_by_key(|at| at.latest());
        !detail.before.contains(&absence.id)
            && (absence.is_active || created.is_some_and(|at| at.latest() + CLOCK_SKEW >= sent_at))
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
