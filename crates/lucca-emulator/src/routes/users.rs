//! `/api/v3/users` and its siblings. Source: directory.md §6, wire-grammar.md §3.

use super::{request::ReadRequest, v3};
use crate::{
    company::{
        absences::{number, place},
        model::{Person, Status},
    },
    errors::Refusal,
    grammar::{
        json::{list, write_node, write_text},
        node::Node,
        schema::{RequestedFields, Selection},
        value::Value,
    },
    resources::users::USER,
    switches::HiddenFields,
};

pub(super) fn read(call: &ReadRequest<'_>, rest: &[&str]) -> Result<String, Refusal> {
    if !call.view.rights.view_users {
        return Err(Refusal::no_right());
    }
    match rest {
        [] => all(call),
        ["help"] => Ok(v3::help(call, &USER)),
        ["me"] => Ok(me(call)),
        ["find" | "scope"] => all(call),
        ["search" | "scopedsearch"] => search(call),
        [id] => one(call, id),
        _ => Err(Refusal::no_route()),
    }
}

/// Keys handled by this endpoint.
const OWN: &[&str] = &["legalentityids", "searchbyemployeenumber"];

fn all(call: &ReadRequest<'_>) -> Result<String, Refusal> {
    let view = call.view;
    let query = v3::ListQuery::read(call, &USER, OWN)?;
    refuse_hidden(call, &query.asked.items)?;
    // Former employees are left out by default; two parameters include them (source: directory.md §1.5,
    // §6.1).
    let with_former = call.query.flag("formeremployees")
        || query.filters.iter().any(|filter| filter.is_on("dtContractEnd"));
    let clue = call.query.get("clue").map(str::to_lowercase);
    let cache_key = format!(
        "{} {} {:?} {:?} {with_former} {clue:?} {:?}",
        view.today, view.switches.hidden_fields as u8, query.filters, query.order, view.rights
    );
    let places = call.list_cache.get_or_make(cache_key, || {
        let shown = view.company.people.iter().filter(|person| {
            view.lists(person)
                && (with_former || person.status(view.today) != Status::Former)
                && clue.as_ref().is_none_or(|clue| is_clue_to(clue, person))
                && query.accepts(view, Node::User(person))
        });
        let mut rows: Vec<Node<'_>> = shown.map(Node::User).collect();
        query.order.apply(view, &mut rows);
        rows.iter()
            .filter_map(|row| {
                if let Node::User(person) = row { view.company.place_of(person.id).map(number) } else { None }
            })
            .collect()
    });
    Ok(query.answer(view, places.len(), |at| {
        places.get(at).and_then(|at| view.company.people.get(place(*at))).map(Node::User)
    }))
}

/// Refuses a request for a property that the key may not see, if the switch hides properties so.
fn refuse_hidden(call: &ReadRequest<'_>, asked: &Selection) -> Result<(), Refusal> {
    let Selection::Chosen(chosen) = asked else { return Ok(()) };
    if call.view.switches.hidden_fields != HiddenFields::Refused {
        return Ok(());
    }
    // Whether a property is hidden depends on the key alone, so any user serves as a sample.
    let Some(sample) = call.view.company.people.first().map(Node::User) else { return Ok(()) };
    let is_hidden = |property| matches!(sample.get(call.view, property), Value::Hidden);
    if chosen.iter().any(|one| is_hidden(one.property.name)) { Err(Refusal::no_right()) } else { Ok(()) }
}

/// A clue is split into words at blanks and commas: lucca-front joins them with commas. unverified: that
/// every word must be found, and that only the name is searched.
fn is_clue_to(clue: &str, person: &Person) -> bool {
    let name = person.name().to_lowercase();
    clue.split([' ', ',']).flat_map(str::split_whitespace).all(|word| name.contains(word))
}

/// unverified: the answer to a key, which is not a user; only a session's answer was observed.
fn me(call: &ReadRequest<'_>) -> String {
    let mut data = "{\"id\":0,\"name\":".to_owned();
    write_text(&mut data, call.view.principal);
    data.push('}');
    v3::envelope(call.view, &data, None, None)
}

/// Items are wrapped with their relevance (source: directory.md §6.6). Relevance is 0 without a search text
/// (recorded). unverified: its other values, and the default order; here all are equally relevant.
fn search(call: &ReadRequest<'_>) -> Result<String, Refusal> {
    let view = call.view;
    let query = v3::ListQuery::read(call, &USER, OWN)?;
    let clue = call.query.get("clue").unwrap_or("").to_lowercase();
    let with_former = call.query.flag("formeremployees");
    let people = view.company.people.iter().filter(|person| {
        view.lists(person)
            && (with_former || person.status(view.today) != Status::Former)
            && is_clue_to(&clue, person)
            && query.accepts(view, Node::User(person))
    });
    let mut found: Vec<Node<'_>> = people.map(Node::User).collect();
    query.order.apply(view, &mut found);
    let mut data = "{\"items\":".to_owned();
    let page = found.get(query.page.range(found.len())).unwrap_or(&[]);
    list(&mut data, page, |data, person| {
        data.push_str(&format!("{{\"relevance\":{},\"item\":", u8::from(!clue.trim().is_empty())));
        write_node(data, view, *person, &query.asked.items);
        data.push('}');
    });
    if query.asked.count {
        data.push_str(&format!(",\"count\":{}", found.len()));
    }
    data.push('}');
    Ok(v3::envelope(view, &data, None, None))
}

fn one(call: &ReadRequest<'_>, id: &str) -> Result<String, Refusal> {
    let id: i64 = id.parse().map_err(|_| Refusal::no_route())?;
    match call.view.company.person(id).filter(|person| call.view.sees(person)) {
        Some(person) => {
            let asked = call.query.get("fields");
            refuse_hidden(
                call,
                &RequestedFields::read(asked, &USER, Selection::Default, call.view.switches)?.items,
            )?;
            v3::record(call, Node::User(person))
        }
        None => Err(Refusal::missing_user()),
    }
}
