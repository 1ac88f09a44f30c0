//! `/v1/linked-accounts/{account_id}/employees` and the other lists of what was synced: a page or all of it as NDJSON
//! (`list`), and one record (`show`). All kinds are read alike; what each is, is the people model's. What is asked for
//! by the address is in `query`, what is shown of a record in `view`, whether the caller has the same already in `fresh`.

pub(crate) mod as_of;
pub(crate) mod changes;
pub(crate) mod fresh;
pub(crate) mod list;
pub(crate) mod positions;
pub(crate) mod query;
pub(crate) mod show;
pub(crate) mod tree;
pub(crate) mod view;
