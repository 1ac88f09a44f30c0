//! What is asked of a stream: its query, where it has one, as the fields and filters of a request.

use people::RemoteId;

use crate::absence_query::{LeaveQuery, LeaveRequestQuery, UserDateQuery, UserLogQuery};
use crate::query::v3::{Fields, Filter};
use crate::route;
use crate::stream::Stream;
use crate::user_query::UserQuery;

/// Which records of a stream are asked for.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    All,
    Users(UserQuery),
    ContractsOf(Vec<RemoteId>),
    Leaves(LeaveQuery),
    LeaveRequests(LeaveRequestQuery),
    UserLogs(UserLogQuery),
    UserDates(UserDateQuery),
}

/// In which of two ways the same set is asked for, where there are two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Idiom {
    Usual,
    Fallback,
}

impl Asked {
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

    pub(crate) fn filters(&self, idiom: Idiom) -> Vec<Filter> {
        match self {
            Self::Users(query) => query.filters(idiom),
            Self::Leaves(query) => query.filters(idiom),
            Self::LeaveRequests(query) => query.filters(),
            Self::UserLogs(query) => query.filters(),
            Self::UserDates(query) => query.filters(),
            Self::All | Self::ContractsOf(_) => Vec::new(),
        }
    }

    /// The owners a v4 stream is asked for; empty means all.
    pub(crate) fn owners(&self) -> &[RemoteId] {
        if let Self::ContractsOf(owners) = self { owners } else { &[] }
    }

    pub(crate) fn has_second_idiom(&self) -> bool {
        match self {
            Self::Users(query) => query.has_former_flag(),
            Self::Leaves(query) => query.has_second_idiom(),
            _ => false,
        }
    }

    /// Whether the records are asked for in the order of their ids.
    pub(crate) fn has_order(&self) -> bool {
        // Days have no documented id, and all that may be asked for at once fit on one page.
        !matches!(self, Self::UserDates(_))
    }

    /// Whether a condition on the id is free to be used for paging.
    pub(crate) fn can_filter_id(&self, stream: Stream) -> bool {
        match self {
            Self::Users(query) => query.ids.is_empty(),
            Self::LeaveRequests(query) => query.ids.is_empty(),
            // Their ids are no numbers.
            Self::Leaves(_) | Self::UserDates(_) => false,
            Self::All | Self::ContractsOf(_) | Self::UserLogs(_) => stream != Stream::CustomFieldDefinitions,
        }
    }

    /// Whether nothing is asked for: an empty list of owners is nobody, and a filter without values would be
    /// everybody.
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
