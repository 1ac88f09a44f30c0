//! Records of the people model: written by page, looked up, listed, excluded and erased; the change log; the
//! delivery filter.

pub(crate) mod audience;
pub(crate) mod changes;
pub(crate) mod commit;
pub(crate) mod erasures;
pub(crate) mod evidence;
pub(crate) mod exclusions;
pub(crate) mod hidden;
pub(crate) mod listing;
pub(crate) mod lookup;
pub(crate) mod person_index;
pub(crate) mod position_traces;
pub(crate) mod quarantine;
pub(crate) mod search_columns;
pub(crate) mod turning;
