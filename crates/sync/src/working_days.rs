//! Working days and public holidays. Lucca lists them by employee and day. Employees with the same calendar
//! and work cycle have the same days, so one employee per pair is queried.

use std::collections::{BTreeMap, HashMap};

use jiff::ToSpan;
use jiff::civil::Date;
use lucca::{Read, Stream};
use people::{Kind, NamedRef, RemoteId, WorkCycle};

use crate::batch::RawPolicy;
use crate::report::StreamReport;
use crate::run::Error;
use crate::stream_sync::{Context, Ending};
use crate::streams::Engine;

/// Employees per request. Lucca recommends at most about ten owners and a month per request (source:
/// absences.md §8).
const OWNERS_A_REQUEST: usize = 10;

/// Maximum number of pairs of calendar and work cycle; a tenant's rarest pairs beyond it are skipped.
const MOST_PAIRS: usize = 50;

/// Months to read after the current one.
const MONTHS_AHEAD: i8 = 3;

type Pair = (Option<RemoteId>, Option<RemoteId>);

impl Engine<'_> {
    pub(crate) async fn working_days(&self) -> Result<Option<StreamReport>, Error> {
        let Some(mut sync) = self.begin(Stream::UserDates, Kind::WorkingDay).await? else { return Ok(None) };
        let mut pairs = Pairs::default();
        let Context { store, account, today, .. } = &self.context;
        let add = |id, calendar: Option<&str>, cycles: Option<&str>| pairs.add(id, calendar, cycles, *today);
        store.calendars_on(account.no, *today, add).await?;
        let pairs = pairs.representatives();
        let owners: Vec<RemoteId> = pairs.keys().cloned().collect();
        let mut ending = Ending::nothing();
        'months: for month in 0..=MONTHS_AHEAD {
            let first = self.context.today.first_of_month().saturating_add(i64::from(month).months());
            for owners in owners.chunks(OWNERS_A_REQUEST) {
                let days =
                    sync.start_enumeration(self.client.user_dates(owners, first, first.last_of_month()));
                let map = |Read { value, .. }: Read<lucca::resources::UserDate>| {
                    let (calendar, cycle) = pairs.get(&value.owner_id).cloned().unwrap_or_default();
                    Ok(normalise::working_day(&value, calendar, cycle))
                };
                let (days, read) = sync.read(days.without_raw(), RawPolicy::ORGANISATION, map).await?;
                ending = Ending::of(&days, read);
                if !ending.is_ok() {
                    break 'months;
                }
            }
        }
        // Past days were not queried, so no records are judged.
        ending.assume_complete();
        Ok(Some(sync.finish(ending).await?))
    }
}

/// By pair: its number of current employees, and the first of them.
#[derive(Default)]
struct Pairs(HashMap<Pair, (usize, RemoteId)>);

impl Pairs {
    fn add(&mut self, id: RemoteId, calendar: Option<&str>, cycles: Option<&str>, today: Date) {
        let calendar = calendar.and_then(|json| serde_json::from_str::<NamedRef>(json).ok());
        let cycles = cycles.and_then(|json| serde_json::from_str::<Vec<WorkCycle>>(json).ok());
        let runs = |cycle: &WorkCycle| {
            cycle.starts_on.is_none_or(|start| start <= today) && cycle.ends_on.is_none_or(|end| today <= end)
        };
        let cycle = cycles.unwrap_or_default().into_iter().find(runs).and_then(|cycle| cycle.work_cycle);
        let pair = (calendar.map(|calendar| calendar.id), cycle.map(|cycle| cycle.id));
        if pair == (None, None) {
            return;
        }
        let (members, first) = self.0.entry(pair).or_insert_with(|| (0, id.clone()));
        *members += 1;
        if id.sort_key() < first.sort_key() {
            *first = id;
        }
    }

    /// One employee per pair; the most common pairs if there are too many.
    fn representatives(self) -> BTreeMap<RemoteId, Pair> {
        let mut pairs: Vec<_> = self.0.into_iter().collect();
        pairs.sort_by(|(a, (m, _)), (b, (n, _))| n.cmp(m).then_with(|| a.cmp(b)));
        pairs.truncate(MOST_PAIRS);
        pairs.into_iter().map(|(pair, (_, id))| (id, pair)).collect()
    }
}
