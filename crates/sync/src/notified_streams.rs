//! Reads the absences that Lucca's webhooks named, and their requests. A notice only selects the records to
//! read; its content is never stored. If that would take more requests than an incremental read, the
//! connector makes an incremental read instead.

use std::collections::{BTreeMap, HashSet};

use jiff::civil::Date;
use lucca::{DateFilter, LeaveQuery, LeaveRequestQuery, Owners, Stream};
use people::catalog::Column;
use people::{Kind, RemoteId};
use store::{Commit, Notice, NoticeKind};

use crate::absence_streams::Assembly;
use crate::plan::Mode;
use crate::report::StreamReport;
use crate::request_streams::IDS_A_REQUEST;
use crate::run::Error;
use crate::stream_sync::{Context, Ending, SeenEmployees, StreamSync};
use crate::streams::Engine;

/// Maximum number of queries; an incremental read of absences takes as many.
const MOST_QUERIES: usize = 3;
/// Maximum number of employees per query, because servers limit the length of URLs.
const MOST_OWNERS: usize = 100;
/// Maximum number of days per query, unless a single absence has more: Lucca has to respond within five
/// seconds.
const MOST_DAYS: i32 = 200;
/// Maximum number of days of a query about every employee.
const MOST_DAYS_OF_EVERYBODY: i32 = 7;

/// Selects absences by owners and days. Without owners it selects every employee's.
#[derive(Clone, Debug, PartialEq, Eq)]
struct NoticeQuery {
    owners: Vec<RemoteId>,
    first: Date,
    last: Date,
}

impl NoticeQuery {
    fn spans_with(&self, first: Date, last: Date) -> i32 {
        let (first, last) = (self.first.min(first), self.last.max(last));
        first.until(last).map_or(i32::MAX, |span| span.get_days())
    }

    fn widen(&mut self, first: Date, last: Date) {
        self.first = self.first.min(first);
        self.last = self.last.max(last);
    }

    fn leave_query(&self) -> LeaveQuery {
        let owners =
            if self.owners.is_empty() { Owners::Everybody } else { Owners::Ids(self.owners.clone()) };
        LeaveQuery { owners, ..LeaveQuery::on(DateFilter::Between(self.first, self.last)) }
    }
}

/// The smallest set of queries that covers the notices; `None` if it exceeds the maximum, or a notice has no
/// days.
fn queries_for(notices: &[Notice]) -> Option<Vec<NoticeQuery>> {
    let mut by_owner: BTreeMap<&str, (Option<&RemoteId>, Date, Date)> = BTreeMap::new();
    for notice in notices {
        let (first, last) = notice.days?;
        let owner = notice.owner_id.as_ref();
        let days = by_owner.entry(owner.map_or("", RemoteId::as_str)).or_insert((owner, first, last));
        days.1 = days.1.min(first);
        days.2 = days.2.max(last);
    }
    let mut in_order: Vec<_> = by_owner.into_values().collect();
    in_order.sort_by_key(|(_, first, _)| *first);
    let mut queries: Vec<NoticeQuery> = Vec::new();
    for (owner, first, last) in in_order {
        let Some(owner) = owner else {
            let query = NoticeQuery { owners: Vec::new(), first, last };
            if query.spans_with(first, last) > MOST_DAYS_OF_EVERYBODY {
                return None;
            }
            queries.push(query);
            continue;
        };
        let fits = |query: &&mut NoticeQuery| {
            (1..MOST_OWNERS).contains(&query.owners.len()) && query.spans_with(first, last) <= MOST_DAYS
        };
        match queries.last_mut().filter(fits) {
            Some(query) => {
                query.owners.push(owner.clone());
                query.widen(first, last);
            }
            None => queries.push(NoticeQuery { owners: vec![owner.clone()], first, last }),
        }
    }
    (queries.len() <= MOST_QUERIES).then_some(queries)
}

impl Engine<'_> {
    /// Reads the records of pending notices, and removes the notices once all of them are read.
    pub(crate) async fn notified(&self) -> Result<Vec<StreamReport>, Error> {
        let Context { store, lease, clock, .. } = &self.context;
        let notices = store.take_notices(lease, self.context.began_at).await?;
        let reports = match queries_for(&notices) {
            _ if notices.is_empty() => Vec::new(),
            Some(queries) if self.are_known(&queries).await? => {
                self.read_notified(&notices, &queries).await?
            }
            _ => self.read_changes().await?,
        };
        if reports.iter().all(|report| report.error.is_none()) {
            let read = Commit { notices_read: true, ..Commit::default() };
            store.commit(lease, Kind::Absence, &read, clock.now()).await?;
        }
        Ok(reports)
    }

    /// Whether every owner is a stored employee. An unknown owner's notice may use another kind of id.
    async fn are_known(&self, queries: &[NoticeQuery]) -> Result<bool, Error> {
        let Context { store, account, .. } = &self.context;
        let named: Vec<RemoteId> = queries.iter().flat_map(|query| query.owners.clone()).collect();
        Ok(store.hashes(account.no, Kind::Employee, &named).await?.len() == named.len())
    }

    /// Makes an incremental read before it is due.
    async fn read_changes(&self) -> Result<Vec<StreamReport>, Error> {
        let absences = self.leaves().await?;
        let changed = absences.as_ref().map(|read| read.changed.as_slice()).unwrap_or_default();
        let requests = self.leave_requests(changed).await?;
        let absences = self.judge_leaves(absences, SeenEmployees::default()).await?;
        let requests = self.judge_requests(requests, SeenEmployees::default()).await?;
        Ok(absences.into_iter().chain(requests).collect())
    }

    async fn read_notified(
        &self,
        notices: &[Notice],
        queries: &[NoticeQuery],
    ) -> Result<Vec<StreamReport>, Error> {
        let Some(mut sync) = self.begin_notified(Stream::Leaves, Kind::Absence).await? else {
            return Ok(Vec::new());
        };
        let mut assembly = Assembly::new(false);
        let named = notices.iter().filter_map(|notice| notice.leave_id.clone());
        assembly.notified_leaves = named.map(|leave| (leave, None)).collect();
        let ending = self.read_notified_leaves(&mut sync, notices, queries, &mut assembly).await?;
        let is_read = ending.is_ok();
        let mut absences: HashSet<RemoteId> = sync.take_changed().into_iter().collect();
        absences.extend(assembly.notified_leaves.into_values().flatten());
        let mut reports = vec![sync.finish(ending).await?];
        if is_read {
            reports.extend(self.requests_of(absences.into_iter().collect()).await?);
        }
        Ok(reports)
    }

    /// Begins a partial read of a stream. `None` if the stream is out of scope or was never read in full: the
    /// next sync reads all of it.
    async fn begin_notified(&self, stream: Stream, kind: Kind) -> Result<Option<StreamSync<'_>>, Error> {
        let state = self.state(stream);
        if !self.context.scope.keeps(kind) || state.full_at.is_none() {
            return Ok(None);
        }
        Ok(Some(StreamSync::begin(&self.context, stream, kind, Mode::Notified, state).await?))
    }

    async fn read_notified_leaves(
        &self,
        sync: &mut StreamSync<'_>,
        notices: &[Notice],
        queries: &[NoticeQuery],
        assembly: &mut Assembly,
    ) -> Result<Ending, Error> {
        let fallback = self.establishment_ids().await?;
        let leave_query = |query: &NoticeQuery| LeaveQuery {
            groups: self.groups,
            fallback_establishments: fallback.clone(),
            ..query.leave_query()
        };
        let mut ending = Ending::nothing();
        for query in queries {
            let leaves = sync.start_enumeration(self.client.leaves(leave_query(query)));
            ending = self.read_leaves(sync, leaves, assembly).await?;
            if !ending.is_ok() {
                return Ok(ending);
            }
        }
        // unverified: whether the list returns unconfirmed and cancelled leaves without a filter for them
        // (source: absences.md §3).
        let (over, waits) = ((true, false), (false, true));
        let ways = if notices.iter().all(|notice| notice.event == NoticeKind::Deleted) {
            [over, (true, true), waits]
        } else {
            [waits, over, (true, true)]
        };
        for (inactive_only, unconfirmed_only) in ways {
            let is_missing = |notice: &&Notice| match &notice.leave_id {
                Some(leave) => matches!(assembly.notified_leaves.get(leave), Some(None)),
                // A notice without a leave id can't be matched: query the list that would have its leave.
                None => (notice.event == NoticeKind::Deleted) == inactive_only,
            };
            let missing: Vec<&Notice> = notices.iter().filter(is_missing).collect();
            let concerns = |query: &&NoticeQuery| {
                missing.iter().any(|notice| match &notice.owner_id {
                    Some(owner) => query.owners.contains(owner),
                    None => query.owners.is_empty(),
                })
            };
            for query in queries.iter().filter(concerns) {
                let query = LeaveQuery { inactive_only, unconfirmed_only, ..leave_query(query) };
                let leaves = sync.start_enumeration(self.client.leaves(query));
                let read = self.read_leaves(sync, leaves, assembly).await?;
                // A server that refuses the filter has already returned its leaves.
                if read.error.as_ref().is_some_and(|error| !matches!(error.status(), Some(400 | 422))) {
                    return Ok(read);
                }
            }
        }
        Ok(ending)
    }

    /// Reads these absences' requests: known ones by id, and recently created ones if an absence has no known
    /// request. Absences that HR entered have none.
    async fn requests_of(&self, absences: Vec<RemoteId>) -> Result<Option<StreamReport>, Error> {
        let Context { store, account, .. } = &self.context;
        let mut known = Vec::new();
        let mut has_request = HashSet::new();
        for some in absences.chunks(IDS_A_REQUEST) {
            for (request, absence) in
                store.referring(account.no, Kind::AbsenceRequest, Column::AbsenceId, some).await?
            {
                known.push(request);
                has_request.insert(absence);
            }
        }
        let is_one_unknown = absences.iter().any(|absence| !has_request.contains(absence));
        if known.is_empty() && !is_one_unknown {
            return Ok(None);
        }
        let Some(mut sync) = self.begin_notified(Stream::LeaveRequests, Kind::AbsenceRequest).await? else {
            return Ok(None);
        };
        let mut queries: Vec<LeaveRequestQuery> = known
            .chunks(IDS_A_REQUEST)
            .map(|ids| LeaveRequestQuery { ids: ids.to_vec(), ..self.request_query() })
            .collect();
        if is_one_unknown {
            let created_since = sync.state.since(self.rhythms.overlap);
            queries.push(LeaveRequestQuery { created_since, ..self.request_query() });
        }
        let mut ending = Ending::nothing();
        for query in queries {
            let requests = sync.start_enumeration(self.client.leave_requests(query));
            ending = self.read_requests(&mut sync, requests).await?;
            if !ending.is_ok() {
                break;
            }
        }
        Ok(Some(sync.finish(ending).await?))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn notice(owner: Option<&str>, day: Date) -> Notice {
        Notice {
            event: NoticeKind::Changed,
            leave_id: None,
            owner_id: owner.map(RemoteId::from),
            days: Some((day, day)),
        }
    }

    #[test]
    fn half_days_of_an_absence_share_a_query() {
        let days = [date(2027, 1, 4), date(2027, 1, 5), date(2027, 1, 5)];
        let made = queries_for(&days.map(|day| notice(Some("7"), day))).unwrap();
        let owners = vec!["7".into()];
        assert_eq!(made, [NoticeQuery { owners, first: date(2027, 1, 4), last: date(2027, 1, 5) }]);
    }

    #[test]
    fn owners_share_a_query_up_to_its_limits() {
        let many: Vec<_> = (0..150).map(|n| notice(Some(&format!("{n}")), date(2027, 1, 4))).collect();
        let made = queries_for(&many).unwrap();
        assert_eq!(made.iter().map(|one| one.owners.len()).collect::<Vec<_>>(), [100, 50]);
        let far = [notice(Some("7"), date(2027, 1, 4)), notice(Some("8"), date(2028, 1, 4))];
        assert_eq!(queries_for(&far).unwrap().len(), 2);
    }

    #[test]
    fn oversized_or_undated_notices_make_no_query() {
        let years: Vec<_> = (0..5_i16).map(|n| notice(Some(&format!("{n}")), date(2020 + n, 1, 4))).collect();
        assert_eq!(queries_for(&years), None);
        assert_eq!(queries_for(&[Notice { days: None, ..notice(Some("7"), date(2027, 1, 4)) }]), None);
        let ownerless = [notice(None, date(2027, 1, 4)), notice(None, date(2027, 2, 4))];
        assert_eq!(queries_for(&ownerless), None);
        assert!(queries_for(&ownerless[..1]).unwrap()[0].owners.is_empty());
    }
}
