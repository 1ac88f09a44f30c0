//! In which form a stream is asked for, and how that form gives way when a server refuses it.
//!
//! A server may know a smaller page size, fewer fields or another filter than the documented ones. What
//! it refuses with a reason is corrected by that reason; what it refuses without one is tried along a
//! bounded ladder. Pure: requests are made in `transport`.

use std::num::{NonZeroU32, NonZeroU64};

use crate::error::{Error, Kind};
use crate::proof::Note;
use crate::query::v3::{Fields, OrderBy, Paging, Query as V3, single};
use crate::query::v4::Query as V4;
use crate::route::{Route, Style, core_fields, fields, routes};
use crate::stream::Stream;
use crate::user_query::{FormerFilter, UserQuery, user_fields};

/// Page sizes to try when a server refuses a page without saying why.
const LADDER_SIZES: [u32; 4] = [100, 50, 20, 10];

#[derive(Clone, Debug)]
pub(crate) struct Form {
    stream: Stream,
    users: Option<UserQuery>,
    routes: &'static [Route],
    route: &'static Route,
    /// The size the caller or the client wants at most.
    cap: Option<u32>,
    /// The size the ladder starts from.
    base_size: u32,
    full: Fields,
    core: Fields,
    shape: Shape,
    /// How former employees are asked for, unless a step of the ladder tries the other way.
    former: FormerFilter,
    /// How many steps of the ladder were taken.
    rung: usize,
}

/// What is varied along the ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shape {
    size: u32,
    detail: Detail,
    former: FormerFilter,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Detail {
    /// Every field wanted, and the count.
    Full,
    /// The fields every server is expected to know, and the count.
    Core,
    /// What the server gives when nothing is said.
    Default,
}

/// A request for one page.
pub(crate) struct PageRequest {
    pub(crate) path: &'static str,
    pub(crate) query: String,
    /// Where the page begins: at or before where it was asked to.
    pub(crate) offset: u64,
    pub(crate) limit: u32,
    pub(crate) by_page: bool,
}

impl Form {
    pub(crate) fn new(stream: Stream, users: Option<UserQuery>) -> Self {
        let routes = routes(stream);
        let route = &routes[0];
        let full = users.as_ref().map_or_else(|| fields(stream), |query| user_fields(query.groups));
        let mut core = core_fields(stream);
        // A group that was not asked for is not fetched for the sake of a fallback either.
        for name in core.names().collect::<Vec<_>>() {
            if !full.mentions(name) {
                core.remove(name);
            }
        }
        let shape = Shape { size: route.page_size, detail: Detail::Full, former: FormerFilter::Flag };
        let (base_size, cap, former) = (route.page_size, None, shape.former);
        Self { stream, users, routes, route, cap, base_size, full, core, shape, former, rung: 0 }
    }

    pub(crate) fn stream(&self) -> Stream {
        self.stream
    }

    pub(crate) fn page_size(&self) -> u32 {
        self.shape.size
    }

    /// Asks for no larger pages than `size`.
    pub(crate) fn cap_size(&mut self, size: u32) {
        self.cap = Some(self.cap.map_or(size, |cap| cap.min(size)).max(1));
        self.set_base_size(self.route.page_size);
    }

    fn set_base_size(&mut self, size: u32) {
        self.base_size = self.cap.map_or(size, |cap| cap.min(size));
        self.shape.size = self.base_size;
    }

    /// The request for the page that holds the record at `offset`.
    pub(crate) fn request(&self, offset: u64) -> PageRequest {
        let limit = NonZeroU32::new(self.shape.size).unwrap_or(NonZeroU32::MIN);
        let size = u64::from(limit.get());
        let (query, offset, by_page) = match self.route.style {
            Style::V3 => (self.v3(offset, limit).render(), offset, false),
            Style::V4 { archived_too } => {
                let before = offset / size;
                let page = NonZeroU64::MIN.saturating_add(before);
                let count = self.shape.detail != Detail::Default;
                (V4 { page, limit, count, archived_too }.render(), before * size, true)
            }
        };
        PageRequest { path: self.route.path, query, offset, limit: limit.get(), by_page }
    }

    fn v3(&self, offset: u64, limit: NonZeroU32) -> V3 {
        V3 {
            paging: Paging { offset, limit },
            order_by: OrderBy::ID,
            filters: self.users.as_ref().map(|query| query.filters(self.shape.former)).unwrap_or_default(),
            fields: match self.shape.detail {
                Detail::Full => Some(self.full.clone()),
                Detail::Core => Some(self.core.clone()),
                Detail::Default => None,
            },
            count: true,
        }
    }

    /// The v4 pages of a server that silently gives fewer records than were asked for are numbered in its
    /// own size, or in ours: asking for its size makes both the same.
    pub(crate) fn learn_size(&mut self, received: usize, count: Option<u64>) -> Option<Note> {
        let received = u32::try_from(received).ok()?;
        let more = count.is_some_and(|count| count > u64::from(received));
        let from = self.shape.size;
        if self.route.style == Style::V3 || received == 0 || received >= from || !more {
            return None;
        }
        self.shape.size = received;
        Some(Note::PageSizeReduced { from, to: received })
    }

    /// Changes the form to one that `error` doesn't speak against. `None`: there is none left to try.
    /// `first`: whether the stream has not answered yet.
    pub(crate) fn give_way(&mut self, error: &Error, first: bool) -> Option<Vec<Note>> {
        let status = error.status();
        if first && matches!(status, Some(404 | 405 | 410)) {
            return self.next_route().map(|note| vec![note]);
        }
        if matches!(status, Some(408 | 413)) || matches!(error.kind(), Kind::Timeout | Kind::BodyTooLarge) {
            return self.smaller_page().map(|note| vec![note]);
        }
        if !matches!(status, Some(400 | 422 | 500)) || !first {
            return None;
        }
        if let Some(message) = error.lucca_message()
            && let Some(note) = self.correct(message)
        {
            return Some(vec![note]);
        }
        // A 500 says nothing about the request, unless its message does.
        if status == Some(500) { None } else { self.next_rung() }
    }

    /// The query for one record with the fields wanted.
    pub(crate) fn single_query(&self) -> String {
        let fields = if self.shape.detail == Detail::Full { &self.full } else { &self.core };
        single(fields)
    }

    /// Asks for fewer fields of one record, if `error` speaks against some: those it names, or all but the
    /// core ones.
    pub(crate) fn fewer_fields(&mut self, error: &Error) -> bool {
        let named = error.lucca_message().and_then(|message| self.drop_named_fields(message));
        let refused = error.status() == Some(400) && self.shape.detail == Detail::Full;
        if named.is_none() && refused {
            self.shape.detail = Detail::Core;
        }
        named.is_some() || refused
    }

    fn next_route(&mut self) -> Option<Note> {
        let index = self.routes.iter().position(|route| std::ptr::eq(route, self.route))?;
        let (from, next) = (self.route.path, self.routes.get(index + 1)?);
        self.route = next;
        self.shape.detail = Detail::Full;
        self.rung = 0;
        self.set_base_size(next.page_size);
        Some(Note::FallbackRoute { from, to: next.path })
    }

    fn smaller_page(&mut self) -> Option<Note> {
        let from = self.shape.size;
        let to = (from / 4).max(10);
        if to >= from {
            return None;
        }
        self.shape.size = to;
        Some(Note::PageSizeReduced { from, to })
    }

    /// Corrects what the server names as wrong.
    fn correct(&mut self, message: &str) -> Option<Note> {
        let lower = message.to_lowercase();
        if lower.contains("formeremployees") {
            return self.ask_former_by_contract_end();
        }
        if let Some(limit) = named_page_limit(&lower, self.shape.size) {
            let from = self.shape.size;
            self.set_base_size(limit);
            return Some(Note::PageSizeReduced { from, to: self.shape.size });
        }
        self.drop_named_fields(message)
    }

    /// Asks no more for the fields that the message names as unknown.
    fn drop_named_fields(&mut self, message: &str) -> Option<Note> {
        if self.route.style != Style::V3 || self.shape.detail == Detail::Default {
            return None;
        }
        let named = named_properties(message);
        let mut names: Vec<String> = Vec::new();
        for name in named.iter().filter(|name| !name.eq_ignore_ascii_case("id")) {
            names.extend(self.full.remove(name));
            self.core.remove(name);
        }
        if names.is_empty() {
            return None;
        }
        // 2023's name of the same field. Source: directory.md §1, item 4.
        if names.iter().any(|name| name == "modifiedAt") {
            self.full = std::mem::take(&mut self.full).leaf("modifiedOn");
        }
        Some(Note::FieldsDropped { names })
    }

    fn ask_former_by_contract_end(&mut self) -> Option<Note> {
        let asked_by_flag = self.users.as_ref().is_some_and(UserQuery::has_former_flag);
        if !asked_by_flag || self.former == FormerFilter::ContractEnd {
            return None;
        }
        self.former = FormerFilter::ContractEnd;
        self.shape.former = FormerFilter::ContractEnd;
        Some(Note::FormerFilterFallback)
    }

    /// The next shape to try when the server refuses without a reason.
    fn next_rung(&mut self) -> Option<Vec<Note>> {
        let before = self.shape;
        let shapes = self.ladder();
        loop {
            let shape = *shapes.get(self.rung)?;
            self.rung += 1;
            if shape != before {
                self.shape = shape;
                return Some(self.difference(before));
            }
        }
    }

    fn ladder(&self) -> Vec<Shape> {
        let former = self.former;
        let shape = |size: u32, detail| Shape { size: size.min(self.base_size), detail, former };
        let mut shapes: Vec<Shape> = LADDER_SIZES
            .into_iter()
            .filter(|size| *size < self.base_size)
            .map(|size| shape(size, Detail::Full))
            .collect();
        let mut fallbacks = vec![Detail::Default];
        if self.route.style == Style::V3 && self.full != self.core {
            fallbacks.insert(0, Detail::Core);
        }
        if self.users.as_ref().is_some_and(UserQuery::has_former_flag) && former == FormerFilter::Flag {
            shapes.push(Shape { former: FormerFilter::ContractEnd, ..shape(self.base_size, Detail::Full) });
        }
        for detail in fallbacks {
            for size in [self.base_size, 100, 10] {
                let next = shape(size, detail);
                if shapes.last() != Some(&next) {
                    shapes.push(next);
                }
            }
        }
        shapes
    }

    fn difference(&self, before: Shape) -> Vec<Note> {
        let after = self.shape;
        let mut notes = Vec::new();
        if after.size < before.size {
            notes.push(Note::PageSizeReduced { from: before.size, to: after.size });
        }
        if after.former != before.former && after.former == FormerFilter::ContractEnd {
            notes.push(Note::FormerFilterFallback);
        }
        if after.detail != before.detail {
            notes.push(match after.detail {
                Detail::Core => {
                    let kept: Vec<_> = self.core.names().collect();
                    let gone = self.full.names().filter(|name| !kept.contains(name));
                    Note::FieldsDropped { names: gone.map(str::to_owned).collect() }
                }
                Detail::Default if self.route.style == Style::V3 => Note::DefaultFields,
                Detail::Full | Detail::Default => Note::CountNotAsked,
            });
        }
        notes
    }
}

/// The largest page a message speaks of, if it speaks of pages and of a number below `size`.
/// ("Paging limit should be between 1 and 1000", wire-grammar.md §1.2.)
fn named_page_limit(lower: &str, size: u32) -> Option<u32> {
    let speaks_of_pages =
        ["paging", "page size", "pagesize", "limit"].iter().any(|word| lower.contains(word));
    // "Paging offset should be …" is about where the page begins.
    if !speaks_of_pages || lower.contains("offset") {
        return None;
    }
    let numbers = lower.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse::<u32>().ok());
    numbers.filter(|number| (1..size).contains(number)).max()
}

/// The names a message may mean as unknown properties: what is quoted, and what follows "property" or
/// "field". ("Selected property X does not exist on objet of type T", wire-grammar.md §1.1.)
fn named_properties(message: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut follows = false;
    for word in message.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '\'' | '"' | '`' | '.'))) {
        let bare = word.trim_matches(['\'', '"', '`', '.']);
        if bare.is_empty() {
            continue;
        }
        let quoted = word.starts_with(['\'', '"', '`']);
        if quoted || follows {
            names.push(bare.rsplit('.').next().unwrap_or(bare));
        }
        let lower = bare.to_lowercase();
        follows =
            matches!(lower.as_str(), "property" | "properties" | "field" | "fields" | "propriété" | "champ");
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, message: &str) -> Error {
        let message = (!message.is_empty()).then(|| message.to_owned());
        Error::new(Kind::BadRequest).with_status(status).with_message(message)
    }

    fn users() -> Form {
        Form::new(Stream::Users, Some(UserQuery::default()))
    }

    #[test]
    fn a_named_limit_is_taken() {
        let mut form = users();
        let notes = form.give_way(&refused(400, "Paging limit should be between 1 and 250"), true).unwrap();
        assert_eq!(notes, [Note::PageSizeReduced { from: 1000, to: 250 }]);
        assert_eq!(form.page_size(), 250);
    }

    #[test]
    fn a_named_field_is_dropped_and_renamed_ones_are_asked_by_their_old_name() {
        let mut form = users();
        let error = refused(400, "Selected property modifiedAt does not exist on objet of type User");
        let notes = form.give_way(&error, true).unwrap();
        assert_eq!(notes, [Note::FieldsDropped { names: vec!["modifiedAt".into()] }]);
        let query = form.request(0).query;
        assert!(query.contains("modifiedOn") && !query.contains("modifiedAt"), "{query}");
        // The same refusal again is not answered with the same request.
        assert_ne!(form.give_way(&error, true).unwrap(), notes);
    }

    #[test]
    fn former_employees_are_asked_for_in_a_second_way() {
        let mut form = users();
        let error = refused(500, "Unknown property formerEmployees on User");
        assert_eq!(form.give_way(&error, true), Some(vec![Note::FormerFilterFallback]));
        let query = form.request(0).query;
        assert!(query.contains("dtContractEnd=until,2999-12-31,null"), "{query}");
        assert!(!query.contains("formerEmployees"), "{query}");
    }

    #[test]
    fn the_ladder_is_bounded_and_never_asks_the_same_twice() {
        for (stream, query) in [(Stream::Users, Some(UserQuery::default())), (Stream::HiringTypes, None)] {
            let mut form = Form::new(stream, query);
            let mut asked = vec![form.request(0).query];
            while form.give_way(&refused(400, ""), true).is_some() {
                asked.push(form.request(0).query);
            }
            assert!(asked.len() <= 12, "{asked:#?}");
            let mut distinct = asked.clone();
            distinct.sort();
            distinct.dedup();
            assert_eq!(distinct.len(), asked.len(), "{asked:#?}");
        }
    }

    #[test]
    fn a_refusal_in_mid_course_is_final_but_a_slow_page_is_not() {
        let mut form = users();
        assert_eq!(form.give_way(&refused(400, ""), false), None);
        assert!(form.give_way(&refused(408, ""), false).is_some());
        assert_eq!(form.page_size(), 250);
    }

    #[test]
    fn groups_that_are_off_stay_off_in_the_fallback() {
        let groups = crate::FieldGroups::NONE.with(crate::FieldGroup::Contract);
        let mut form = Form::new(Stream::Users, Some(UserQuery { groups, ..UserQuery::default() }));
        while form.shape.detail == Detail::Full {
            form.give_way(&refused(400, ""), true).unwrap();
        }
        let query = form.request(0).query;
        assert!(!query.contains("mail") && !query.contains("manager"), "{query}");
    }

    #[test]
    fn departments_fall_back_to_v3_once() {
        let mut form = Form::new(Stream::Departments, None);
        assert!(form.request(0).query.starts_with("page=1&limit=100&"));
        assert!(form.give_way(&refused(404, ""), true).is_some());
        assert!(form.request(0).query.starts_with("paging=0,1000&orderBy=id,asc"));
        assert_eq!(form.give_way(&refused(404, ""), true), None);
    }
}
