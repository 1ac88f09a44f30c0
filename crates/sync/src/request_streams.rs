//! Absence requests: all of them at a long interval; in between, undecided ones, new ones and those of
//! changed absences.

use std::collections::HashSet;

use lucca::{LeaveRequestQuery, Read, Stream};
use people::catalog::Column;
use people::{AbsenceRequest, AbsenceRequestStatus, Kind, RemoteId};
use store::OpenRequest;

use crate::batch::RawPolicy;
use crate::reconcile::Missing;
use crate::report::StreamReport;
use crate::run::Error;
use crate::stream_sync::{Context, Ending, SeenEmployees, StreamSync};
use crate::streams::Engine;

/// Ids per request, because servers limit the length of URLs.
pub(crate) const IDS_A_REQUEST: usize = 200;

/// Above this number of requests to look up, the next run reads all of them.
const FEW_REQUESTS: usize = 1000;

/// Requests, read and not yet judged.
pub(crate) struct RequestsRead<'a> {
    sync: StreamSync<'a>,
    ending: Ending,
    missing: Vec<(RemoteId, Missing)>,
}

impl Engine<'_> {
    pub(crate) async fn leave_requests(
        &self,
        changed_absences: &[RemoteId],
    ) -> Result<Option<RequestsRead<'_>>, Error> {
        let Some(mut sync) = self.begin(Stream::LeaveRequests, Kind::AbsenceRequest).await? else {
            return Ok(None);
        };
        let enumerate = || self.client.leave_requests(self.request_query());
        let mut missing = Vec::new();
        let ending = if sync.is_full() {
            let requests = sync.resume_enumeration(enumerate());
            let ending = self.read_requests(&mut sync, requests).await?;
            if ending.is_ok() {
                missing = self.missing(&mut sync, &ending, enumerate).await?;
            }
            ending
        } else {
            self.changed_requests(&mut sync, changed_absences).await?
        };
        Ok(Some(RequestsRead { sync, ending, missing }))
    }

    /// Judges missing requests: like absences, they are hidden with their employees.
    pub(crate) async fn judge_requests(
        &self,
        requests: Option<RequestsRead<'_>>,
        seen: SeenEmployees,
    ) -> Result<Option<StreamReport>, Error> {
        let Some(RequestsRead { mut sync, ending, missing }) = requests else { return Ok(None) };
        if sync.is_full() && ending.is_ok() {
            let owner = |request: AbsenceRequest| request.employee_id;
            let missing = self.with_owners(ending.proof, missing, owner).await?;
            sync.judge_missing(ending.proof, &missing, seen).await?;
        }
        Ok(Some(sync.finish(ending).await?))
    }

    pub(crate) fn request_query(&self) -> LeaveRequestQuery {
        LeaveRequestQuery { groups: self.groups, ..LeaveRequestQuery::default() }
    }

    pub(crate) async fn read_requests(
        &self,
        sync: &mut StreamSync<'_>,
        requests: lucca::Enumeration<lucca::resources::LeaveRequest>,
    ) -> Result<Ending, Error> {
        let groups = self.groups;
        let map = |read: Read<_>| Ok(normalise::absence_request(read.value, groups));
        let (requests, read) = sync.read(requests.without_raw(), RawPolicy::ORGANISATION, map).await?;
        Ok(Ending::of(&requests, read))
    }

    /// Reads requests that may have changed. Lucca can't filter requests by change, so a short query lists
    /// undecided ones with their next approvers, and those that differ from the store are read by id.
    // unverified: whether Lucca filters requests by status or creation; other results are compared all the
    // same (source: absences.md §4).
    async fn changed_requests(
        &self,
        sync: &mut StreamSync<'_>,
        changed_absences: &[RemoteId],
    ) -> Result<Ending, Error> {
        let Context { store, account, .. } = &self.context;
        let mut waited = store.open_absence_requests(account.no).await?;
        let mut wanted = HashSet::new();
        let query = LeaveRequestQuery { pending_only: true, sparse: true, ..LeaveRequestQuery::default() };
        let mut waiting = sync.start_enumeration(self.client.leave_requests(query)).without_raw();
        loop {
            match waiting.next_page().await {
                Ok(Some(page)) => {
                    for Read { value, .. } in page.items.into_iter().filter_map(|item| item.outcome.ok()) {
                        let request = normalise::absence_request(value, self.groups);
                        let is_open = matches!(
                            request.status,
                            AbsenceRequestStatus::Pending | AbsenceRequestStatus::CancellationPending
                        );
                        let known = waited.remove(&request.id);
                        let is_as_stored = known.as_ref() == Some(&waiting_for(&request));
                        // A server that ignores the filter returns decided ones, too: the full read covers
                        // those.
                        if !is_as_stored && (is_open || known.is_some()) {
                            wanted.insert(request.id);
                        }
                    }
                }
                Ok(None) => break,
                Err(error) => return Ok(Ending::of(&waiting, Err(error))),
            }
        }
        // A stored undecided request that is not listed was decided or deleted.
        wanted.extend(waited.into_keys());

        let query = LeaveRequestQuery {
            created_since: sync.state.since(self.rhythms.overlap),
            ..self.request_query()
        };
        let requests = sync.start_enumeration(self.client.leave_requests(query));
        sync.collect_seen_ids();
        let mut ending = self.read_requests(sync, requests).await?;
        let shown: HashSet<RemoteId> = sync.take_seen_ids().into_iter().collect();
        if !ending.is_ok() {
            return Ok(ending);
        }
        for absences in changed_absences.chunks(IDS_A_REQUEST) {
            let of_absences =
                store.referring(account.no, Kind::AbsenceRequest, Column::AbsenceId, absences).await?;
            wanted.extend(of_absences.into_iter().map(|(id, _)| id));
        }
        let wanted: Vec<RemoteId> = wanted.into_iter().filter(|id| !shown.contains(id)).collect();
        if wanted.len() > FEW_REQUESTS {
            sync.state.sweep_again = true;
            return Ok(ending);
        }
        for ids in wanted.chunks(IDS_A_REQUEST) {
            let query = LeaveRequestQuery { ids: ids.to_vec(), ..self.request_query() };
            let requests = sync.start_enumeration(self.client.leave_requests(query));
            ending = self.read_requests(sync, requests).await?;
            if !ending.is_ok() {
                break;
            }
        }
        Ok(ending)
    }
}

/// A request's status and next step, comparable with the stored one.
fn waiting_for(request: &AbsenceRequest) -> OpenRequest {
    let approvals = request.approvals.iter().map(|approval| &approval.id);
    let cancellations = request.cancellation_requests.iter().map(|cancellation| &cancellation.id);
    OpenRequest {
        status: request.status.name().to_owned(),
        next_approver_id: request.next_approver_id.clone(),
        steps: approvals.chain(cancellations).flatten().cloned().collect(),
    }
}
