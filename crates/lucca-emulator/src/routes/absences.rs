//! `/api/v3/leaves`, `leavePeriods`, `leaveRequests`, `userdates`. Source: absences.md §3, §4, §8.

use std::collections::HashMap;

use jiff::{ToSpan as _, civil::Date};

use super::{
    request::ReadRequest,
    v3::{self, ListQuery},
};
use crate::{
    company::absences::{Stage, number, place},
    errors::Refusal,
    grammar::{
        filter::Filter,
        node::Node,
        schema::{Selection, Type},
    },
    resources::{
        absences::{LEAVE, LEAVE_PERIOD, LEAVE_REQUEST},
        user_dates::USER_DATE,
    },
    switches::ById,
};

/// Largest number of user dates in one answer.
const MOST_DATES: usize = 100_000;

pub(super) fn read(call: &ReadRequest<'_>, resource: &str, rest: &[&str]) -> Result<String, Refusal> {
    let view = call.view;
    if resource == "userdates" {
        if !view.switches.userdates {
            return Err(Refusal::no_route());
        }
        // unverified: the required right.
        if !view.rights.view_users && !view.rights.consult_leaves {
            return Err(Refusal::no_right());
        }
        return match rest {
            [] => user_dates(call),
            ["help"] => Ok(v3::help(call, &USER_DATE)),
            _ => Err(Refusal::no_route()),
        };
    }
    if !view.rights.consult_leaves {
        return Err(Refusal::no_right());
    }
    let (of, node): (&'static Type, fn(u32) -> Node<'static>) = match resource {
        "leaves" => (&LEAVE, Node::Leave),
        "leaverequests" => (&LEAVE_REQUEST, Node::LeaveRequest),
        _ => (&LEAVE_PERIOD, Node::LeavePeriod),
    };
    match rest {
        [] if resource == "leaves" => leaves(call),
        [] => periods(call, of, node),
        ["help"] => Ok(v3::help(call, of)),
        [id] => {
            let all = &view.company.absences;
            let found = match resource {
                "leaves" => all.half_by_id(id),
                "leaverequests" => {
                    let id: u32 = id.parse().map_err(|_| Refusal::no_route())?;
                    let found = all.periods.iter().position(|one| one.request == Some(id));
                    found.map(number)
                }
                _ => all.place_of(id.parse().map_err(|_| Refusal::no_route())?).map(number),
            };
            let period = |at: u32| match resource {
                "leaves" => all.halves.get(place(at)).map_or(u32::MAX, |half| half.period),
                _ => at,
            };
            let seen = found.filter(|at| sees(call, &mut HashMap::new(), period(*at)));
            match seen {
                Some(at) => v3::record(call, node(at)),
                None => Err(Refusal::not_found(format!("Resource {} with ID {id} not found", of.name))),
            }
        }
        _ => Err(Refusal::no_route()),
    }
}

/// Whether the key sees the owner of a period; `known` caches owners.
fn sees(call: &ReadRequest<'_>, known: &mut HashMap<u32, bool>, period: u32) -> bool {
    let company = call.view.company;
    let Some(period) = company.absences.periods.get(place(period)) else { return false };
    *known.entry(period.owner).or_insert_with(|| {
        company.person(period.owner.into()).is_some_and(|person| call.view.sees_absences_of(person))
    })
}

fn list_query(
    call: &ReadRequest<'_>,
    of: &'static Type,
    own: &[&str],
    absent: Selection,
) -> Result<ListQuery, Refusal> {
    ListQuery::with(call, of, own, call.view.switches.leaves_page_max, absent)
}

/// The cache key of a list.
fn cache_key(call: &ReadRequest<'_>, of: &Type, query: &ListQuery) -> String {
    let view = call.view;
    format!("{} {} {:?} {:?} {:?}", of.plural, view.today, query.filters, query.order, view.rights)
}

/// Leaves need a date range and a set of people (source: absences.md §3). unverified: the messages.
fn check(call: &ReadRequest<'_>, filters: &[Filter]) -> Result<(), Refusal> {
    let on = |path: &[&str]| filters.iter().any(|filter| filter.path() == path);
    let dated = on(&["date"])
        || (call.view.switches.leaves_without_date
            && (on(&["creationDate"])
                || on(&["cancellationDate"])
                || on(&["leavePeriod", "confirmationDate"])));
    let owned = filters
        .iter()
        .any(|filter| matches!(filter.path(), ["leavePeriod", "ownerId"] | ["leavePeriod", "owner", ..]));
    if !dated {
        return Err(Refusal::problem("The Date filter is required to query leaves."));
    }
    if !owned {
        return Err(Refusal::problem("A filter on the owners is required to query leaves."));
    }
    Ok(())
}

fn leaves(call: &ReadRequest<'_>) -> Result<String, Refusal> {
    let (view, switches) = (call.view, call.view.switches);
    let query = list_query(call, &LEAVE, &[], Selection::Default)?;
    check(call, &query.filters)?;
    let on = |path: &[&str]| query.filters.iter().any(|filter| filter.path() == path);
    let inactive = switches.leaves_show_inactive || on(&["isActive"]) || on(&["cancellationDate"]);
    let pending = switches.leaves_show_pending || on(&["leavePeriod", "isConfirmed"]);
    let places = call.list_cache.get_or_make(cache_key(call, &LEAVE, &query), || {
        let all = &view.company.absences;
        // Filters on periods are evaluated once per period, not once per half-day.
        let above: Vec<Filter> = query.filters.iter().filter_map(|one| one.within("leavePeriod")).collect();
        let here: Vec<&Filter> =
            query.filters.iter().filter(|one| one.within("leavePeriod").is_none()).collect();
        let mut known = HashMap::new();
        let mut places = Vec::new();
        for (at, period) in (0_u32..).zip(&all.periods) {
            let node = Node::LeavePeriod(at);
            if (!pending && period.stage == Stage::Pending)
                || !above.iter().all(|filter| filter.accepts(view, node))
                || !sees(call, &mut known, at)
            {
                continue;
            }
            places.extend(period.places().filter(|half| {
                (inactive || all.is_active(*half, period))
                    && here.iter().all(|filter| filter.accepts(view, Node::Leave(*half)))
            }));
        }
        sorted(call, &query, places, Node::Leave)
    });
    Ok(query.answer(view, places.len(), |at| places.get(at).copied().map(Node::Leave)))
}

/// Leave periods, or their requests.
fn periods(
    call: &ReadRequest<'_>,
    of: &'static Type,
    node: fn(u32) -> Node<'static>,
) -> Result<String, Refusal> {
    let (view, switches) = (call.view, call.view.switches);
    let requests = of.plural == LEAVE_REQUEST.plural;
    let full = requests && switches.leave_requests_show == ById::Everything;
    let own: &[&str] = if requests && !switches.request_status_filter { &["status"] } else { &[] };
    let absent = if full { Selection::Full } else { Selection::Default };
    let mut query = list_query(call, of, own, absent)?;
    query.asked.count |= full && call.query.get("fields").is_none();
    let places = call.list_cache.get_or_make(cache_key(call, of, &query), || {
        let mut known = HashMap::new();
        let all = (0_u32..).zip(&view.company.absences.periods);
        let places = all.filter(|(at, period)| {
            (!requests || period.request.is_some())
                && query.accepts(view, node(*at))
                && sees(call, &mut known, *at)
        });
        let places = places.map(|(at, _)| at).collect();
        sorted(call, &query, places, node)
    });
    Ok(query.answer(view, places.len(), |at| places.get(at).copied().map(node)))
}

fn sorted(
    call: &ReadRequest<'_>,
    query: &ListQuery,
    mut places: Vec<u32>,
    node: fn(u32) -> Node<'static>,
) -> Vec<u32> {
    let all = &call.view.company.absences;
    if query.order.is_natural() {
        return places;
    }
    if let (Some(("date", descending)), Some(Node::Leave(_))) =
        (query.order.only(), places.first().map(|at| node(*at)))
    {
        let date = |at: &u32| all.halves.get(place(*at)).map(|half| half.date);
        if descending {
            places.sort_by_key(|at| std::cmp::Reverse(date(at)));
        } else {
            places.sort_by_key(date);
        }
        return places;
    }
    let mut rows: Vec<Node<'_>> = places.into_iter().map(node).collect();
    query.order.apply(call.view, &mut rows);
    rows.iter()
        .filter_map(|row| match row {
            Node::Leave(at) | Node::LeavePeriod(at) | Node::LeaveRequest(at) => Some(*at),
            _ => None,
        })
        .collect()
}

/// Every requested day of every requested person. Days are required; live clients send no owners.
fn user_dates(call: &ReadRequest<'_>) -> Result<String, Refusal> {
    let view = call.view;
    let query = list_query(call, &USER_DATE, &[], Selection::Full)?;
    let range = query.filters.iter().filter(|filter| filter.is_on("date")).find_map(Filter::days);
    let Some((from, to)) = range else {
        return Err(Refusal::problem("The Date filter is required to query user dates."));
    };
    let (owners, others): (Vec<&Filter>, Vec<&Filter>) =
        query.filters.iter().partition(|filter| matches!(filter.path(), ["ownerId"] | ["owner", ..]));
    let shown = view.company.people.iter().filter(|person| {
        (view.sees(person) || view.sees_absences_of(person))
            && owners.iter().all(|filter| filter.accepts(view, Node::UserDate(person, from)))
    });
    let days: Vec<Date> = std::iter::successors(Some(from), |day| day.checked_add(1.day()).ok())
        .take_while(|day| *day <= to)
        .take(MOST_DATES)
        .collect();
    let mut rows = Vec::new();
    for person in shown {
        if rows.len() + days.len() > MOST_DATES {
            return Err(Refusal::problem("Too many user dates are asked for at once."));
        }
        let all = days.iter().map(|day| Node::UserDate(person, *day));
        rows.extend(all.filter(|node| others.iter().all(|filter| filter.accepts(view, *node))));
    }
    query.order.apply(view, &mut rows);
    Ok(query.answer(view, rows.len(), |at| rows.get(at).copied()))
}
