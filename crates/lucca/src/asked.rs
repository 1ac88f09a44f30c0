//! The query of a stream, if it has one, as fields and filters of a request.

use people::RemoteId;

use crate::absence_query::{LeaveQuery, LeaveRequestQuery, UserDateQuery, UserLogQuery};
use crate::query::v3::{Fields, Filter};
use crate::route;
use crate::stream::Stream;
use crate::user_query::UserQuery;

/// The records to request from a stream.
#[derive(Clone, Debug)]
pub(crate) enum StreamQuery {
    All,
    Users(UserQuery),
    ContractsOf(Vec<RemoteId>),
    Leaves(LeaveQuery),
    LeaveRequests(LeaveRequestQuery),
    UserLogs(UserLogQuery),
    UserDates(UserDateQuery),
}

/// The two ways to request the same set, for streams that have both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FilterStyle {
    Usual,
    Fallback,
}

impl StreamQuery {
    pub(crate) fn fields(&self, stream: Stream) -> Fields {
        match self {
            Self::Users(query) => query.fields(),
            Self::Leaves(query) => query.fields(),
            Self::LeaveRequests(query) => query.fields(),
            Self::UserLogs(_) => UserLogQuery::fields(),
            Self::UserDates(_) => UserDateQuery::fields(),
            Self::All | Self::ContractsOf(_) => route::fields(stream),
        }
    }

    pub(crate) fn filters(&self, filter_style: FilterStyle) -> Vec<Filter> {
        match self {
            Self::Users(query) => query.filters(filter_style),
            Self::Leaves(query) => query.filters(filter_style),
            Self::LeaveRequests(query) => query.filters(),
            Self::UserLogs(query) => query.filters(),
            Self::UserDates(query) => query.filters(),
            Self::All | Self::ContractsOf(_) => Vec::new(),
        }
    }

    /// The owners in the query of a v4 stream; empty means all.
    pub(crate) fn owners(&self) -> &[RemoteId] {
        if let Self::ContractsOf(owners) = self { owners } else { &[] }
    }

    pub(crate) fn has_fallback_filter(&self) -> bool {
        match self {
            Self::Users(query) => query.has_former_flag(),
            Self::Leaves(query) => query.has_fallback_filter(),
            _ => false,
        }
    }

    /// Whether the records are requested in the order of their ids.
    pub(crate) fn has_order(&self) -> bool {
        // Days have no documented id, and one page holds the largest query for them.
        !matches!(self, Self::UserDates(_))
    }

    /// Whether paging may add a condition on the id.
    pub(crate) fn can_filter_id(&self, stream: Stream) -> bool {
        match self {
            Self::Users(query) => query.ids.is_empty(),
            Self::LeaveRequests(query) => query.ids.is_empty(),
            // Their ids are not numbers.
            Self::Leaves(_) | Self::UserDates(_) => false,
            Self::All | Self::ContractsOf(_) | Self::UserLogs(_) => stream != Stream::CustomFieldDefinitions,
        }
    }

    /// Whether the query selects no record: an empty list of owners selects no employee, but a filter without
    /// values would select all of them.
    pub(crate) fn is_nothing(&self) -> bool {
        match self {
            Self::ContractsOf(owners) => owners.is_empty(),
            Self::Leaves(query) => query.owners.is_nobody(),
            Self::UserDates(query) => query.owners.is_empty(),
            Self::UserLogs(query) => query.properties.is_empty(),
            Self::All | Self::Users(_) | Self::LeaveRequests(_) => false,
        }
    }
}
