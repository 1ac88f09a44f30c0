//! The request plan of a stream, and its downgrades when a server refuses a request.
//!
//! A server may support a smaller page size, fewer fields or another filter than the documented ones. If it
//! gives a reason (`words`), the plan is corrected accordingly; otherwise a bounded list of fallbacks is
//! tried (`ladder`). Pure: `enumeration` sends the requests.

mod ladder;
mod outcome;
#[cfg(test)]
mod tests;
mod words;

use std::num::{NonZeroU32, NonZeroU64};

use crate::asked::{FilterStyle, StreamQuery};
use crate::error::{Error, Kind};
use crate::query::v3::{Comparator, Fields, Filter, OrderBy, Paging, Query as V3, single};
use crate::query::v4::Query as V4;
use crate::route::{Route, Style, core_fields, routes};
use crate::stream::Stream;
use ladder::{Detail, Range, RequestShape, Upgrade, step_down};
use words::{RefusedPart, named_properties};

/// Maximum number of requests for finding a plan after the first one, not counting corrections that the
/// server named.
const MOST_TRIES: usize = 26;

/// Pages are not reduced below this size for speed.
const SMALLEST_FOR_SPEED: u32 = 100;

#[derive(Clone, Debug)]
pub(crate) struct RequestPlan {
    stream: Stream,
    stream_query: StreamQuery,
    routes: &'static [Route],
    route: &'static Route,
    /// The id after which the whole enumeration starts, if it was resumed by id.
    behind: Option<u64>,
    /// The largest size that the caller or the client allows.
    cap: Option<u32>,
    full: Fields,
    core: Fields,
    /// Fields that the server named as unknown.
    dropped: Vec<String>,
    /// The preferred shape, without the parts that the server named as wrong.
    best: RequestShape,
    shape: RequestShape,
    /// The shapes that were refused.
    refused: Vec<RequestShape>,
    /// The remaining upgrades, after the plainest request was answered.
    upgrades: &'static [Upgrade],
    /// Whether a count without records was requested again without the count.
    doubted_count: bool,
    tries: usize,
}

/// A request for one page.
#[derive(Clone, Debug)]
pub(crate) struct PageRequest {
    pub(crate) path: &'static str,
    pub(crate) query: String,
    /// First record of the page: at or before the requested offset.
    pub(crate) offset: u64,
    pub(crate) limit: u32,
    pub(crate) by_page: bool,
    /// Whether the answer is the whole set.
    pub(crate) is_whole: bool,
    pub(crate) layout: Layout,
}

/// The arrangement of records in an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Layout {
    Collection,
    Tree,
}

impl RequestPlan {
    pub(crate) fn new(stream: Stream, stream_query: StreamQuery) -> Self {
        let routes = routes(stream);
        let route = &routes[0];
        let full = stream_query.fields(stream);
        let mut core = core_fields(stream);
        // A fallback must not fetch a group that was not requested.
        for name in core.names().collect::<Vec<_>>() {
            if !full.mentions(name) {
                core.remove(name);
            }
        }
        let shape = RequestShape {
            size: route.page_size,
            detail: Detail::Full,
            filter_style: FilterStyle::Usual,
            order: stream_query.has_order(),
            count: true,
        };
        Self {
            stream,
            stream_query,
            routes,
            route,
            behind: None,
            cap: None,
            full,
            core,
            dropped: Vec::new(),
            best: shape,
            shape,
            refused: Vec::new(),
            upgrades: &[],
            doubted_count: false,
            tries: 0,
        }
    }

    /// Path of the current route.
    pub(crate) fn path(&self) -> &'static str {
        self.route.path
    }

    pub(crate) fn stream(&self) -> Stream {
        self.stream
    }

    pub(crate) fn page_size(&self) -> u32 {
        self.shape.size
    }

    /// Limits pages to `size` records.
    pub(crate) fn cap_size(&mut self, size: u32) {
        let cap = self.cap.map_or(size, |cap| cap.min(size)).max(1);
        self.cap = Some(cap);
        self.limit_size(cap);
    }

    fn limit_size(&mut self, size: u32) {
        self.best.size = self.best.size.min(size).max(1);
        self.shape.size = self.shape.size.min(size).max(1);
    }

    /// The page size if the server accepts the whole request.
    fn wanted_size(&self) -> u32 {
        self.cap.map_or(self.route.page_size, |cap| cap.min(self.route.page_size))
    }

    /// The request for the page that holds the record at `offset`; with `after`, for the records with larger
    /// ids than that instead, if the stream has such a filter.
    pub(crate) fn request(&self, offset: u64, after: Option<u64>) -> PageRequest {
        let limit = NonZeroU32::new(self.shape.size).unwrap_or(NonZeroU32::MIN);
        let size = u64::from(limit.get());
        let page = |query, offset, by_page| PageRequest {
            path: self.route.path,
            query,
            offset,
            limit: limit.get(),
            by_page,
            is_whole: false,
            layout: Layout::Collection,
        };
        match self.route.style {
            Style::V3 => page(self.v3(offset, after, limit).render(), offset, false),
            Style::V4 { archived_too, sort } => {
                let before = offset / size;
                let number = NonZeroU64::MIN.saturating_add(before);
                let owners = self.stream_query.owners().to_vec();
                let sort = sort.filter(|_| self.shape.order);
                let query = V4 { page: number, limit, count: self.shape.count, archived_too, sort, owners };
                page(query.render(), before * size, true)
            }
            Style::Tree => {
                PageRequest { is_whole: true, layout: Layout::Tree, ..page(String::new(), offset, false) }
            }
        }
    }

    fn v3(&self, offset: u64, after: Option<u64>, limit: NonZeroU32) -> V3 {
        let mut filters = self.stream_query.filters(self.shape.filter_style);
        // Documented for numbers. Source: directory.md §5.
        let behind = after.or(self.behind);
        filters.extend(behind.map(|id| Filter::new("id", Comparator::GreaterThan, [id.to_string()])));
        V3 {
            paging: Paging { offset: if after.is_some() { 0 } else { offset }, limit },
            order_by: self.shape.order.then_some(OrderBy::ID),
            filters,
            fields: match self.shape.detail {
                Detail::Full => Some(self.full.clone()),
                Detail::Core => Some(self.core.clone()),
                Detail::Default => None,
            },
            count: self.shape.count,
        }
    }

    /// Whether the query selects no record, so that no request is needed.
    pub(crate) fn is_nothing(&self) -> bool {
        self.stream_query.is_nothing()
    }

    /// Requests only records with larger ids than this; `None`: all records again.
    pub(crate) fn start_after(&mut self, id: Option<u64>) {
        self.behind = id;
    }

    /// The id after which the whole enumeration starts.
    pub(crate) fn behind(&self) -> Option<u64> {
        self.behind
    }

    /// Whether pages can be requested by the last id instead of an offset.
    pub(crate) fn can_read_by_id(&self) -> bool {
        self.route.style == Style::V3 && self.shape.order && self.stream_query.can_filter_id(self.stream)
    }

    /// Servers that silently send fewer records than requested number their v4 pages by their own size, or by
    /// the requested one; requesting their size makes both the same. Returns whether the page was such a one.
    pub(crate) fn learn_size(&mut self, offset: u64, received: usize, count: Option<u64>) -> bool {
        let Ok(received) = u32::try_from(received) else { return false };
        let more = count.is_some_and(|count| count > offset + u64::from(received));
        let is_cut = received > 0 && received < self.shape.size;
        let learns = matches!(self.route.style, Style::V4 { .. }) && is_cut && more;
        if learns {
            self.limit_size(received);
        }
        learns
    }

    /// Changes the plan to one that `error` does not rule out; returns whether there is one. `first`: whether
    /// the stream has not answered yet.
    pub(crate) fn downgrade(&mut self, error: &Error, first: bool) -> bool {
        let status = error.status();
        if matches!(status, Some(408 | 413)) || matches!(error.kind(), Kind::Timeout | Kind::BodyTooLarge) {
            return self.smaller_page(10);
        }
        // Too much work for the server, or unrelated to the page. 503 means that it is busy, for any request.
        if matches!(status, Some(502 | 504..=599)) || !first && matches!(status, Some(500 | 501)) {
            return self.smaller_page(SMALLEST_FOR_SPEED);
        }
        if !first {
            // A page limit that the server reports only now.
            return is_refusal(error)
                && error.lucca_message().is_some_and(|message| self.correct_size(message));
        }
        if is_wrong_route(error) {
            return self.next_route();
        }
        if !is_refusal(error) {
            return false;
        }
        let named = error.lucca_message().is_some_and(|message| self.correct(message));
        named || self.next_fallback(error) || self.next_route()
    }

    /// Requests more than the current page has; returns whether there is more to request.
    pub(crate) fn upgrade(&mut self, received: usize, count: Option<u64>) -> bool {
        let only_counted = received == 0 && count.is_some_and(|count| count > 0);
        if only_counted && self.shape.count && !self.doubted_count {
            // Some servers misread the count parameter as a request for the count alone.
            self.doubted_count = true;
            self.shape.count = false;
            return true;
        }
        while let Some((step, rest)) = self.upgrades.split_first() {
            self.upgrades = rest;
            let upgraded = self.range().upgraded(self.shape, *step);
            if let Some(shape) = upgraded.filter(|shape| !self.refused.contains(shape))
                && self.tries < MOST_TRIES
            {
                self.tries += 1;
                self.shape = shape;
                return true;
            }
        }
        false
    }

    pub(crate) fn shape(&self) -> RequestShape {
        self.shape
    }

    /// Restores a shape that was answered.
    pub(crate) fn restore_shape(&mut self, shape: RequestShape) {
        self.shape = shape;
    }

    /// The query for one record with the fields of the query.
    pub(crate) fn single_query(&self) -> String {
        let fields = if self.shape.detail == Detail::Full { &self.full } else { &self.core };
        single(fields)
    }

    /// Removes fields from the query for one record, if `error` is about some: those it names, or all but the
    /// core ones.
    pub(crate) fn fewer_fields(&mut self, error: &Error) -> bool {
        let named = error.lucca_message().is_some_and(|message| self.drop_named_fields(message));
        let refused = error.status() == Some(400) && self.shape.detail == Detail::Full;
        if !named && refused {
            self.shape.detail = Detail::Core;
        }
        named || refused
    }

    fn routes_left(&self) -> &'static [Route] {
        let index = self.routes.iter().position(|route| std::ptr::eq(route, self.route));
        index.and_then(|index| self.routes.get(index + 1..)).unwrap_or_default()
    }

    fn next_route(&mut self) -> bool {
        let Some(next) = self.routes_left().first() else { return false };
        self.tries += 1;
        self.take_route(next);
        true
    }

    fn take_route(&mut self, route: &'static Route) {
        self.route = route;
        self.best = RequestShape {
            size: self.wanted_size(),
            detail: Detail::Full,
            order: self.stream_query.has_order(),
            count: true,
            ..self.best
        };
        self.shape = self.best;
        (self.refused, self.upgrades) = (Vec::new(), &[]);
    }

    /// Requests the next smaller pages, but none below `least`; returns whether that is possible.
    fn smaller_page(&mut self, least: u32) -> bool {
        let to = step_down(self.shape.size).filter(|to| *to >= least);
        to.inspect(|to| self.limit_size(*to)).is_some()
    }

    /// Reduces the next pages after a page of `size` exceeded the time limit, if that can help.
    pub(crate) fn was_slow(&mut self, size: u32, received: usize) {
        let to = step_down(size).filter(|to| *to >= SMALLEST_FOR_SPEED);
        if let Some(to) = to.filter(|to| usize::try_from(*to).is_ok_and(|to| received > to)) {
            self.limit_size(to);
        }
    }

    fn correct_size(&mut self, message: &str) -> bool {
        let Some(RefusedPart::PageSize(limit)) = RefusedPart::of(message, self.shape.size) else {
            return false;
        };
        self.limit_size(limit);
        true
    }

    /// Corrects the part that the server names as wrong.
    fn correct(&mut self, message: &str) -> bool {
        let before = self.best;
        match RefusedPart::of(message, self.shape.size) {
            Some(RefusedPart::FilterStyle) if self.range().has_fallback_filter => {
                self.best.filter_style = FilterStyle::Fallback;
                self.shape.filter_style = FilterStyle::Fallback;
            }
            Some(RefusedPart::Order) => (self.best.order, self.shape.order) = (false, false),
            Some(RefusedPart::Count) => (self.best.count, self.shape.count) = (false, false),
            Some(RefusedPart::PageSize(limit)) => self.limit_size(limit),
            Some(RefusedPart::FilterStyle) | None => {}
        }
        // Each part is corrected once; if the server names it again, the fallbacks are tried.
        before != self.best || self.drop_named_fields(message)
    }

    /// Removes the fields that the message names as unknown.
    fn drop_named_fields(&mut self, message: &str) -> bool {
        if self.route.style != Style::V3 || self.shape.detail == Detail::Default {
            return false;
        }
        let named = named_properties(message);
        self.drop_fields(named.into_iter())
    }

    fn drop_fields<'a>(&mut self, named: impl Iterator<Item = &'a str>) -> bool {
        let before = self.dropped.len();
        for name in named.filter(|name| !name.eq_ignore_ascii_case("id")) {
            let mut removed = self.full.remove(name);
            self.core.remove(name);
            // A server that does not support one of the names does not support the other, and trying costs a
            // request.
            if removed.iter().any(|name| name == "categoryId") {
                removed.extend(self.full.remove("categoryName"));
            }
            // The same field's name in 2023. Source: directory.md §1, item 4.
            if removed.iter().any(|name| name == "modifiedAt") {
                self.full = std::mem::take(&mut self.full).leaf("modifiedOn");
            }
            self.dropped.extend(removed);
        }
        self.dropped.len() > before
    }

    /// The next fallback after the server refuses without a reason.
    fn next_fallback(&mut self, error: &Error) -> bool {
        if self.route.style == Style::Tree {
            return false;
        }
        self.refused.push(self.shape);
        let is_500 = matches!(error.status(), Some(500 | 501));
        let fallbacks = self.range().fallbacks();
        let next = fallbacks
            .into_iter()
            .find(|fallback| (!is_500 || fallback.may_help_500) && !self.refused.contains(&fallback.shape));
        // Attempts are reserved for the remaining routes.
        let Some(fallback) = next.filter(|_| self.tries + self.routes_left().len() < MOST_TRIES) else {
            return false;
        };
        self.tries += 1;
        self.shape = fallback.shape;
        self.upgrades = if fallback.is_plain { &Upgrade::ALL } else { &[] };
        true
    }

    fn range(&self) -> Range {
        let is_v3 = self.route.style == Style::V3;
        Range {
            best: self.best,
            is_v3,
            has_sort: matches!(self.route.style, Style::V4 { sort: Some(_), .. }),
            has_core: is_v3 && self.full != self.core,
            has_fallback_filter: self.stream_query.has_fallback_filter(),
        }
    }
}

/// Whether another route may have the stream that this one lacks.
pub(crate) fn is_wrong_route(error: &Error) -> bool {
    matches!(error.status(), Some(404 | 405 | 410)) || error.kind() == Kind::NotLucca
}

/// Whether a request of another shape may be answered. The older framework answers 500 for filters and fields
/// it doesn't support (wire-grammar.md §1.1 and §1.8).
pub(crate) fn is_refusal(error: &Error) -> bool {
    matches!(error.status(), Some(400 | 414 | 416 | 422 | 431 | 500 | 501))
}
