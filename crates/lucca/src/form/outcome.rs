//! The outcome of a plan: notes for the readers of the records, and the learned plan for the next run.

use super::RequestPlan;
use super::ladder::{Detail, RequestShape};
use crate::asked::FilterStyle;
use crate::learned::{FieldsLevel, Learned};
use crate::proof::Note;
use crate::route::Style;
use crate::stream::Stream;

impl RequestPlan {
    /// Starts with the results of an earlier run.
    pub(crate) fn apply(&mut self, learned: &Learned) {
        let path = learned.route.as_deref();
        if let Some(route) = self.routes.iter().find(|route| path == Some(route.path)) {
            self.take_route(route);
        }
        self.drop_fields(learned.dropped_fields.iter().filter_map(|name| name.rsplit('.').next()));
        let fallback = learned.second_idiom && self.stream_query.has_fallback_filter();
        self.best = RequestShape {
            size: learned.page_size.map_or(self.best.size, |size| size.clamp(1, self.best.size)),
            detail: match learned.fields {
                FieldsLevel::Asked => Detail::Full,
                FieldsLevel::Core => Detail::Core,
                FieldsLevel::ServerDefault => Detail::Default,
            },
            filter_style: if fallback { FilterStyle::Fallback } else { self.best.filter_style },
            order: self.stream_query.has_order() && !learned.order_refused,
            count: !learned.count_refused,
        };
        self.shape = self.best;
    }

    /// The plan for the next run; the default if it is unchanged.
    pub(crate) fn learned(&self) -> Learned {
        let RequestShape { size, detail, filter_style, order, count } = self.shape;
        let is_default = detail == Detail::Default;
        Learned {
            page_size: (size < self.wanted_size()).then_some(size),
            dropped_fields: self.dropped.clone(),
            fields: match detail {
                Detail::Full => FieldsLevel::Asked,
                Detail::Core => FieldsLevel::Core,
                Detail::Default => FieldsLevel::ServerDefault,
            },
            second_idiom: filter_style == FilterStyle::Fallback,
            order_refused: self.stream_query.has_order() && !order,
            // The server's default fields leave no place for a count, so the server did not refuse one.
            count_refused: !count && !is_default,
            route: (!std::ptr::eq(self.route, &raw const self.routes[0])).then(|| self.route.path.to_owned()),
        }
    }

    /// The differences between this plan and the documented one.
    pub(crate) fn notes(&self) -> Vec<Note> {
        let (shape, is_v3) = (self.shape, self.route.style == Style::V3);
        let mut notes = Vec::new();
        let first = &self.routes[0];
        if !std::ptr::eq(self.route, first) {
            notes.push(Note::FallbackRoute { from: first.path, to: self.route.path });
        }
        let from = self.wanted_size();
        if shape.size < from {
            notes.push(Note::PageSizeReduced { from, to: shape.size });
        }
        if shape.filter_style == FilterStyle::Fallback {
            let of_users = self.stream == Stream::Users;
            notes.push(if of_users { Note::FormerFilterFallback } else { Note::LeaveFilterFallback });
        }
        if self.stream_query.has_order() && !shape.order {
            notes.push(Note::OrderNotAsked);
        }
        // A tree holds names and little else.
        if self.route.style == Style::Tree || is_v3 && shape.detail == Detail::Default {
            notes.push(Note::DefaultFields);
            return notes;
        }
        let mut names = self.dropped.clone();
        if is_v3 && shape.detail == Detail::Core {
            let kept: Vec<_> = self.core.names().collect();
            names.extend(self.full.names().filter(|name| !kept.contains(name)).map(str::to_owned));
        }
        if !names.is_empty() {
            notes.push(Note::FieldsDropped { names });
        }
        if !shape.count {
            notes.push(Note::CountNotAsked);
        }
        notes
    }
}
