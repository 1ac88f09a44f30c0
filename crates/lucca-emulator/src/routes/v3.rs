//! Collections and records of `/api/v3`, for any resource. Source: wire-grammar.md §1.
//!
//! Included: building an answer from rows, the envelope, and the resources without special rules. Users and
//! departments have their own modules.

use jiff::{ToSpan as _, civil::DateTime};

use super::request::ReadRequest;
use crate::{
    company::{stamp::Stamp, structure::CULTURES},
    errors::Refusal,
    grammar::{
        filter::{self, Filter},
        json::{list, write_node, write_text},
        node::Node,
        order::Order,
        paging::Page,
        schema::{RequestedFields, Selection, Type},
        value::Value,
    },
    resources::{axes, extensions, lookups, organization, users},
    switches::{AccountShape, ById, CountOnly, Header, UserLogs},
    view::View,
};

/// A parsed query for a v3 list.
pub(crate) struct ListQuery {
    pub(crate) asked: RequestedFields,
    pub(crate) page: Page,
    pub(crate) order: Order,
    pub(crate) filters: Vec<Filter>,
}

impl ListQuery {
    /// `own` are keys that the endpoint handles itself.
    pub(crate) fn read(call: &ReadRequest<'_>, of: &'static Type, own: &[&str]) -> Result<Self, Refusal> {
        Self::with(call, of, own, call.view.switches.page_max, Selection::Default)
    }

    /// `most` is the largest page, `absent` the selection without `fields`.
    pub(crate) fn with(
        call: &ReadRequest<'_>,
        of: &'static Type,
        own: &[&str],
        most: Option<u64>,
        absent: Selection,
    ) -> Result<Self, Refusal> {
        let (view, query) = (call.view, call.query);
        let mut asked = RequestedFields::read(query.get("fields"), of, absent, view.switches)?;
        if view.switches.no_count {
            asked.count = false;
            asked.only_collection = false;
        }
        Ok(Self {
            asked,
            page: Page::read(query.get("paging"), most, view.switches)?,
            order: Order::read(query.get("orderby"), of)?,
            filters: filter::read_all(query, of, own, view.now, view.switches)?,
        })
    }

    pub(crate) fn accepts(&self, view: &View<'_>, node: Node<'_>) -> bool {
        self.filters.iter().all(|filter| filter.accepts(view, node))
    }

    /// Writes the answer for `total` rows; `row` returns one by its index.
    pub(crate) fn answer<'a>(
        &self,
        view: &View<'a>,
        total: usize,
        row: impl Fn(usize) -> Option<Node<'a>>,
    ) -> String {
        let mut data = String::with_capacity(4096);
        data.push('{');
        let without_items = self.asked.only_collection && view.switches.count_only == CountOnly::WithoutItems;
        if !without_items {
            data.push_str("\"items\":");
            let range = if self.asked.only_collection { 0..0 } else { self.page.range(total) };
            list(&mut data, range.filter_map(row), |data, node| {
                write_node(data, view, node, &self.asked.items);
            });
        }
        if self.asked.count {
            if !without_items {
                data.push(',');
            }
            data.push_str(&format!("\"count\":{total}"));
        }
        data.push('}');
        envelope(view, &data, self.asked.count.then_some(total), Some(self.page))
    }
}

/// Wraps `data` with the header that the switches select.
pub(crate) fn envelope(view: &View<'_>, data: &str, count: Option<usize>, page: Option<Page>) -> String {
    let generated = generated(view.now, data.len());
    let mut out = String::with_capacity(data.len() + 256);
    out.push('{');
    let header = view.switches.header;
    if header != Header::None {
        out.push_str(&format!("\"header\":{{\"generated\":\"{generated}\","));
        match header {
            Header::Core2022 => out.push_str("\"serverTime\":12,\"queryTime\":5,\"queryCount\":4,"),
            Header::Legacy => out.push_str("\"serverTime\":12,\"queryTime\":5,"),
            Header::None | Header::Current | Header::Module2022 => {}
        }
        out.push_str("\"principal\":");
        write_text(&mut out, view.principal);
        if matches!(header, Header::Current | Header::Core2022) {
            out.push_str(&format!(",\"processId\":{PROCESS}"));
        }
        if header == Header::Legacy {
            let paging = page.map_or("null".to_owned(), |page| {
                // previous and next are always null, count is 0 unless requested (wire-grammar.md §1.6).
                format!(
                    "{{\"count\":{},\"offset\":{},\"limit\":{},\"previous\":null,\"next\":null}}",
                    count.unwrap_or(0),
                    page.offset,
                    page.limit.map_or("null".to_owned(), |limit| limit.to_string())
                )
            });
            out.push_str(&format!(",\"paging\":{paging}"));
        }
        out.push_str("},");
    }
    out.push_str("\"data\":");
    out.push_str(data);
    if matches!(header, Header::Current | Header::Core2022) {
        out.push_str(",\"metadata\":null");
    }
    out.push('}');
    out
}

/// `processId` of the header.
pub(crate) const PROCESS: u32 = 3127;

/// `generated` of the header. All recorded ones have a fraction of six or seven digits; the tenant's clock
/// has whole seconds, so a fraction is derived from the answer.
pub(crate) fn generated(now: DateTime, length: usize) -> Stamp {
    let fraction = i64::try_from(length).unwrap_or(0).rem_euclid(900_000) * 1_000 + 81_250_700;
    let at = if now.subsec_nanosecond() == 0 {
        now.checked_add(fraction.nanoseconds()).unwrap_or(now)
    } else {
        now
    };
    Stamp { at, digits: 7 }
}

/// Writes one record.
pub(crate) fn record(call: &ReadRequest<'_>, node: Node<'_>) -> Result<String, Refusal> {
    let absent = match call.view.switches.by_id {
        ById::Everything => Selection::Full,
        ById::IdNameUrl => Selection::Default,
    };
    let asked = RequestedFields::read(call.query.get("fields"), node.of(), absent, call.view.switches)?;
    let mut data = String::new();
    write_node(&mut data, call.view, node, &asked.items);
    Ok(envelope(call.view, &data, None, None))
}

/// A list over given rows.
pub(crate) fn collection<'a>(
    call: &ReadRequest<'a>,
    of: &'static Type,
    rows: Vec<Node<'a>>,
    own: &[&str],
) -> Result<String, Refusal> {
    let query = ListQuery::read(call, of, own)?;
    let mut rows: Vec<Node<'a>> = rows.into_iter().filter(|node| query.accepts(call.view, *node)).collect();
    query.order.apply(call.view, &mut rows);
    Ok(query.answer(call.view, rows.len(), |at| rows.get(at).copied()))
}

/// A record by the text of its id.
pub(crate) fn by_id<'a>(
    call: &ReadRequest<'a>,
    of: &Type,
    rows: Vec<Node<'a>>,
    id: &str,
) -> Result<String, Refusal> {
    let found = rows.into_iter().find(|node| match node.get(call.view, "id") {
        Value::Int(n) => n.to_string() == id,
        Value::Text(text) => text.eq_ignore_ascii_case(id),
        _ => false,
    });
    match found {
        Some(node) => record(call, node),
        None => Err(Refusal::not_found(format!("Resource {} with ID {id} not found", of.name))),
    }
}

/// The names of a resource's properties (source: wire-grammar.md §3, `help` routes). unverified: everything
/// about the answer but `data.fields`.
pub(crate) fn help(call: &ReadRequest<'_>, of: &Type) -> String {
    let mut data = "{\"fields\":".to_owned();
    list(&mut data, of.properties, |data, property| {
        write_text(data, property.key(call.view.switches.key_casing));
    });
    data.push('}');
    envelope(call.view, &data, None, None)
}

/// The resources without special rules.
pub(crate) fn read(call: &ReadRequest<'_>, resource: &str, rest: &[&str]) -> Result<String, Refusal> {
    let view = call.view;
    let company = view.company;
    let rights = view.rights;
    let named = |of: &'static Type, all| -> (&'static Type, Vec<Node<'_>>) {
        let all: &Vec<crate::company::model::Lookup> = all;
        (of, all.iter().map(|one| Node::Named(of, one.id, one.name.as_str())).collect())
    };
    let mut own: &[&str] = &[];
    let allowed = match resource {
        "leaveaccounts" => rights.consult_leaves || rights.make_absence_requests,
        "extensionuserdefinitions" => rights.hr_file.custom_fields && rights.view_users,
        "userproperties" | "userlogs" => rights.view_users,
        _ => rights.sees_organization(),
    };
    let (of, rows): (&'static Type, Vec<Node<'_>>) = match resource {
        "legalentities" => {
            (&organization::LEGAL_ENTITY, company.establishments.iter().map(Node::Establishment).collect())
        }
        "axes" => {
            // Inactive ones are only listed on request (source: directory.md §11.6).
            let asked = call.query.get("isactive").is_some() || !rest.is_empty();
            let shown = company.axes.iter().filter(|axis| axis.active || asked);
            (&axes::AXIS, shown.map(Node::Axis).collect())
        }
        "axissections" => {
            let asked = call.query.get("active").is_some() || !rest.is_empty();
            let shown = company.sections.iter().filter(|section| section.active || asked);
            (&axes::SECTION, shown.map(Node::Section).collect())
        }
        "extensionuserdefinitions" => {
            (&extensions::DEFINITION, company.definitions.iter().map(Node::Definition).collect())
        }
        "userproperties" => {
            let custom = if rights.hr_file.custom_fields { company.definitions.as_slice() } else { &[] };
            (
                &extensions::USER_PROPERTY,
                extensions::user_properties(users::USER.properties, custom, &company.axes).collect(),
            )
        }
        "userlogs" if view.switches.userlogs == UserLogs::Gone => return Err(Refusal::no_route()),
        "userlogs" if view.switches.userlogs == UserLogs::Forbidden => return Err(Refusal::no_right()),
        "userlogs" => {
            let seen = company
                .logs
                .iter()
                .filter(|log| company.person(log.owner).is_some_and(|person| view.sees(person)))
                .filter(|log| log.name != "manager" || rights.view_managers);
            (&lookups::LOG, seen.map(Node::Log).collect())
        }
        "roles" => named(&lookups::ROLE, &company.roles),
        "workcycles" => named(&lookups::WORK_CYCLE, &company.work_cycles),
        "publicholidaycalendars" => named(&lookups::CALENDAR, &company.calendars),
        "cultures" => {
            let all = CULTURES.iter().map(|(id, name, _)| Node::Named(&lookups::CULTURE, *id, name));
            (&lookups::CULTURE, all.collect())
        }
        "leaveaccounts" => {
            let of = match view.switches.leave_accounts {
                AccountShape::Full => &lookups::LEAVE_ACCOUNT,
                AccountShape::IdName => &lookups::LEAVE_ACCOUNT_BARE,
                AccountShape::Gone => return Err(Refusal::no_route()),
            };
            (of, company.leave_accounts.iter().map(Node::LeaveAccount).collect())
        }
        _ => return Err(Refusal::no_route()),
    };
    if !allowed {
        return Err(Refusal::no_right());
    }
    if resource == "leaveaccounts" {
        own = &["isactive"];
    }
    match rest {
        [] => collection(call, of, rows, own),
        // Requested by Lucca's own front end (source: directory.md §11.3). unverified: that it answers like
        // the list, for any operations.
        ["scope"] if resource == "legalentities" => collection(call, of, rows, own),
        ["help"] => Ok(help(call, of)),
        [id] => by_id(call, of, rows, id),
        _ => Err(Refusal::no_route()),
    }
}
