//! A page's records, normalised for comparison with the store.

use jiff::civil::Date;
use lucca::{Checkpoint, Item, Read, Unreadable};
use people::{Model, RemoteId};
use serde::Deserialize;
use serde_json::value::RawValue;
use store::{Quarantined, RecordUpsert, has_nul};

/// Removes data that may not be stored from a raw record.
pub(crate) type Redact<'a> = &'a (dyn Fn(&str) -> String + Sync);

/// How the raw JSON of a kind's records is stored.
#[derive(Clone, Copy)]
pub(crate) struct RawPolicy<'a> {
    /// Whether to store the raw JSON of readable records with the model. Raw JSON of unreadable records is
    /// always stored, in quarantine.
    pub(crate) keep: bool,
    /// Applied to every raw record before it is stored.
    pub(crate) redact: Redact<'a>,
}

impl RawPolicy<'_> {
    /// The policy for the organisation's records, which are few and small: stored raw, without the employees
    /// that they name.
    pub(crate) const ORGANISATION: RawPolicy<'static> =
        RawPolicy { keep: true, redact: &normalise::without_people };
}

/// A page's records for comparison and commit.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) records: Vec<RecordUpsert>,
    pub(crate) quarantined: Vec<Quarantined>,
    /// The server's count of all records.
    pub(crate) total: Option<u64>,
    /// The page's rows, if they differ in number from its records.
    pub(crate) rows: Option<usize>,
    /// The position to resume at after this page is committed: the part of the stream, and the checkpoint.
    pub(crate) checkpoint: Option<(Option<Date>, Option<Checkpoint>)>,
}

impl Batch {
    /// Normalises a page's items.
    pub(crate) fn of_items<W, M: Model>(
        items: Vec<Item<W>>,
        total: Option<u64>,
        raw_policy: RawPolicy<'_>,
        mut normalise: impl FnMut(Read<W>) -> Result<M, Unreadable>,
    ) -> Self {
        let mut batch = Self { total, ..Self::default() };
        for item in items {
            match item.outcome.and_then(&mut normalise) {
                Ok(model) => batch.add(&model, Some(item.raw.get()), raw_policy),
                Err(unreadable) => batch.quarantine(item.id, unreadable, &item.raw, raw_policy),
            }
        }
        batch
    }

    /// Adds an unreadable record.
    pub(crate) fn quarantine(
        &mut self,
        id: Option<RemoteId>,
        unreadable: Unreadable,
        raw: &RawValue,
        raw_policy: RawPolicy<'_>,
    ) {
        self.quarantined.push(Quarantined {
            id,
            // Read before redaction, which may remove the owner.
            owner_id: normalise::owner_of(raw.get()),
            field: unreadable.field.into_owned(),
            reason: unreadable.reason,
            raw: (raw_policy.redact)(raw.get()),
        });
    }

    /// Adds one record.
    pub(crate) fn add<M: Model>(&mut self, model: &M, raw: Option<&str>, raw_policy: RawPolicy<'_>) {
        let raw = raw.filter(|_| raw_policy.keep).map(raw_policy.redact);
        match serde_json::to_string(model) {
            Ok(body)
                if has_nul(body.as_bytes()) || raw.as_ref().is_some_and(|raw| has_nul(raw.as_bytes())) =>
            {
                #[derive(Deserialize)]
                struct Owned {
                    employee_id: Option<RemoteId>,
                }
                let owner = serde_json::from_str::<Owned>(&body).ok().and_then(|owned| owned.employee_id);
                self.quarantined.push(Quarantined {
                    id: Some(model.id().clone()),
                    owner_id: owner.filter(|owner| !owner.as_str().contains('\0')),
                    field: String::new(),
                    reason: "a text contains a NUL character".to_owned(),
                    raw: raw.unwrap_or(body),
                });
            }
            Ok(body) => {
                self.records.push(RecordUpsert::of(model, body, raw));
            }
            // No model has map keys that JSON can't represent; should one ever have, quarantine stores the
            // record.
            Err(error) => self.quarantined.push(Quarantined {
                id: Some(model.id().clone()),
                owner_id: None,
                field: String::new(),
                reason: format!("it can't be serialised as JSON: {error}"),
                raw: raw.unwrap_or_default(),
            }),
        }
    }
}
