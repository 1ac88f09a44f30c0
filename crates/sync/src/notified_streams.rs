//! What Lucca told of by itself: the absences that it named are read again, each where it stands, and their requests. What
//! was told is never taken for data; it only says where to look. Where looking one by one would take more requests than
//! asking for whatever changed, that is asked.

use std::collections::{BTreeMap, HashSet};

use jiff::civil::Date;
use lucca::{DateFilter, LeaveQuery, LeaveRequestQuery, Owners, Stream};
use people::{Kind, RemoteId};
use store::{Commit, Notice, NoticeOf};

use crate::absence_streams::Assembly;
use crate::plan::Mode;
use crate::report::StreamReport;
use crate::request_streams::IDS_A_REQUEST;
use crate::run::Error;
use crate::stream_sync::{Context, Ending, Seen, StreamSync};
use crate::streams::Engine;

/// What changed of absences takes this many questions, so more than that are not worth it.
const MOST_QUESTIONS: usize = 3;
/// People in one question: addresses have a length.
const MOST_OWNERS: usize = 100;
/// Days that one question spans, unless one absence alone does: Lucca has five seconds for an answer.
const MOST_DAYS: i32 = 200;
/// The same for a question about everybody.
const MOST_DAYS_OF_EVERYBODY: i32 = 7;

/// Whose absences to read, on which days. Nobody named is everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Question {
    owners: Vec<RemoteId>,
    first: Date,
    last: Date,
}

impl Question {
    fn spans_with(&self, first: Date, last: Date) -> i32 {
        let (first, last) = (self.first.min(first), self.last.max(last));
        first.until(last).map_or(i32::MAX, |span| span.get_days())
    }

    fn widen(&mut self, first: Date, last: Date) {
        self.first = self.first.min(first);
        self.last = self.last.max(last);
    }

    fn query(&self) -> LeaveQuery {
        let owners =
            if self.owners.is_empty() { Owners::Everybody } else { Owners::Ids(self.owners.clone()) };
        LeaveQuery { owners, ..LeaveQuery::on(DateFilter::Between(self.first, self.last)) }
    }
}

/// The fewest questions that cover what was told; none where that is too much, or says neither who nor when.
fn questions(notices: &[Notice]) -> Option<Vec<Question>> {
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
    let mut questions: Vec<Question> = Vec::new();
    for (owner, first, last) in in_order {
        let Some(owner) = owner else {
            let question = Question { owners: Vec::new(), first, last };
            if question.spans_with(first, last) > MOST_DAYS_OF_EVERYBODY {
                return None;
            }
            questions.push(question);
            continue;
        };
        let fits = |question: &&mut Question| {
            (1..MOST_OWNERS).contains(&question.owners.len()) && question.spans_with(first, last) <= MOST_DAYS
        };
        match questions.last_mut().filter(fits) {
            Some(question) => {
                question.owners.push(owner.clone());
                question.widen(first, last);
            }
            None => questions.push(Question { owners: vec![owner.clone()], first, last }),
        }
    }
    (questions.len() <= MOST_QUESTIONS).then_some(questions)
}

impl Engine<'_> {
    /// Reads what Lucca told of, and forgets that it was told once all of it is read.
    pub(crate) async fn notified(&self) -> Result<Vec<StreamReport>, Error> {
        let Context { store, lease, clock, .. } = &self.context;
        let notices = store.take_notices(lease, self.context.began_at).await?;
        let reports = match questions(&notices) {
            _ if notices.is_empty() => Vec::new(),
            Some(questions) if self.are_known(&questions).await? => {
                self.told_of(&notices, &questions).await?
            }
            _ => self.whatever_changed().await?,
        };
        if reports.iter().all(|report| report.error.is_none()) {
            let read = Commit { notices_read: true, ..Commit::default() };
            store.commit(lease, Kind::Absence, &read, clock.now()).await?;
        }
        Ok(reports)
    }

    /// Whether everybody named is somebody who is known. Whoever is not may have another id here than was told.
    async fn are_known(&self, questions: &[Question]) -> Result<bool, Error> {
        let Context { store, account, .. } = &self.context;
        let named: Vec<RemoteId> = questions.iter().flat_map(|question| question.owners.clone()).collect();
        Ok(store.hashes(account.no, Kind::Employee, &named).await?.len() == named.len())
    }

    /// As the rhythm would, before it is due.
    async fn whatever_changed(&self) -> Result<Vec<StreamReport>, Error> {
        let absences = self.leaves().await?;
        let changed = absences.as_ref().map(|read| read.changed.as_slice()).unwrap_or_default();
        let requests = self.leave_requests(changed).await?;
        let absences = self.judge_leaves(absences, Seen::default()).await?;
        let requests = self.judge_requests(requests, Seen::default()).await?;
        Ok(absences.into_iter().chain(requests).collect())
    }

    async fn told_of(&self, notices: &[Notice], questions: &[Question]) -> Result<Vec<StreamReport>, Error> {
        let Some(mut sync) = self.begin_notified(Stream::Leaves, Kind::Absence).await? else {
            return Ok(Vec::new());
        };
        let mut assembly = Assembly::new(false);
        let named = notices.iter().filter_map(|notice| notice.leave_id.clone());
        assembly.looked_for = named.map(|leave| (leave, None)).collect();
        let ending = self.leaves_told_of(&mut sync, notices, questions, &mut assembly).await?;
        let is_read = ending.is_ok();
        let mut absences: HashSet<RemoteId> = sync.take_changed().into_iter().collect();
        absences.extend(assembly.looked_for.into_values().flatten());
        let mut reports = vec![sync.finish(ending).await?];
        if is_read {
            reports.extend(self.requests_of(absences.into_iter().collect()).await?);
        }
        Ok(reports)
    }

    /// Begins a stream of which a part is read. None where it is not wanted, or never was read in full: then the next sync
    /// reads all of it.
    async fn begin_notified(&self, stream: Stream, kind: Kind) -> Result<Option<StreamSync<'_>>, Error> {
        let state = self.state(stream);
        if !self.context.scope.keeps(kind) || state.full_at.is_none() {
            return Ok(None);
        }
        Ok(Some(StreamSync::begin(&self.context, stream, kind, Mode::Notified, state).await?))
    }

    async fn leaves_told_of(
        &self,
        sync: &mut StreamSync<'_>,
        notices: &[Notice],
        questions: &[Question],
        assembly: &mut Assembly,
    ) -> Result<Ending, Error> {
        let fallback = self.establishment_ids().await?;
        let query = |question: &Question| LeaveQuery {
            groups: self.groups,
            fallback_establishments: fallback.clone(),
            ..question.query()
        };
        let mut ending = Ending::nothing();
        for question in questions {
            let leaves = sync.informed(self.client.leaves(query(question)));
            ending = self.read_leaves(sync, leaves, assembly).await?;
            if !ending.is_ok() {
                return Ok(ending);
            }
        }
        // unverified: whether the list shows what waits or is over without being asked for it (source: absences.md §3).
        let (over, waits) = ((true, false), (false, true));
        let ways = if notices.iter().all(|notice| notice.event == NoticeOf::Deleted) {
            [over, (true, true), waits]
        } else {
            [waits, over, (true, true)]
        };
        for (inactive_only, unconfirmed_only) in ways {
            let is_missing = |notice: &&Notice| match &notice.leave_id {
                Some(leave) => matches!(assembly.looked_for.get(leave), Some(None)),
                // What was not named can't be known to be missing: it is looked for where it would be.
                None => (notice.event == NoticeOf::Deleted) == inactive_only,
            };
            let missing: Vec<&Notice> = notices.iter().filter(is_missing).collect();
            let concerns = |question: &&Question| {
                missing.iter().any(|notice| match &notice.owner_id {
                    Some(owner) => question.owners.contains(owner),
                    None => question.owners.is_empty(),
                })
            };
            for question in questions.iter().filter(concerns) {
                let query = LeaveQuery { inactive_only, unconfirmed_only, ..query(question) };
                let leaves = sync.informed(self.client.leaves(query));
                let read = self.read_leaves(sync, leaves, assembly).await?;
                // A server that does not know the condition has shown what it has.
                if read.error.as_ref().is_some_and(|error| !matches!(error.status(), Some(400 | 422))) {
                    return Ok(read);
                }
            }
        }
        Ok(ending)
    }

    /// Reads the requests of these absences: those that are known by their ids, and whichever were made lately where one is
    /// not. What HR entered has none.
    async fn requests_of(&self, absences: Vec<RemoteId>) -> Result<Option<StreamReport>, Error> {
        let Context { store, account, .. } = &self.context;
        let mut known = Vec::new();
        let mut has_request = HashSet::new();
        for some in absences.chunks(IDS_A_REQUEST) {
            for (request, absence) in
                store.referring(account.no, Kind::AbsenceRequest, "absence_id", some).await?
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
            let requests = sync.informed(self.client.leave_requests(query));
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
            event: NoticeOf::Changed,
            leave_id: None,
            owner_id: owner.map(RemoteId::from),
            days: Some((day, day)),
        }
    }

    #[test]
    fn the_half_days_of_an_absence_are_one_question() {
        let days = [date(2027, 1, 4), date(2027, 1, 5), date(2027, 1, 5)];
        let asked = questions(&days.map(|day| notice(Some("7"), day))).unwrap();
        let owners = vec!["7".into()];
        assert_eq!(asked, [Question { owners, first: date(2027, 1, 4), last: date(2027, 1, 5) }]);
    }

    #[test]
    fn people_share_a_question_while_it_is_small() {
        let many: Vec<_> = (0..150).map(|n| notice(Some(&format!("{n}")), date(2027, 1, 4))).collect();
        let asked = questions(&many).unwrap();
        assert_eq!(asked.iter().map(|one| one.owners.len()).collect::<Vec<_>>(), [100, 50]);
        let far = [notice(Some("7"), date(2027, 1, 4)), notice(Some("8"), date(2028, 1, 4))];
        assert_eq!(questions(&far).unwrap().len(), 2);
    }

    #[test]
    fn what_is_too_much_or_says_too_little_is_no_question() {
        let years: Vec<_> = (0..5_i16).map(|n| notice(Some(&format!("{n}")), date(2020 + n, 1, 4))).collect();
        assert_eq!(questions(&years), None);
        assert_eq!(questions(&[Notice { days: None, ..notice(Some("7"), date(2027, 1, 4)) }]), None);
        let nobody = [notice(None, date(2027, 1, 4)), notice(None, date(2027, 2, 4))];
        assert_eq!(questions(&nobody), None);
        assert!(questions(&nobody[..1]).unwrap()[0].owners.is_empty());
    }
}
