//! Finds the owners of missing records. Records of hidden employees are hidden, too; records of missing
//! employees are judged after their owners.

use std::collections::{HashMap, HashSet};

use lucca::Proof;
use people::{Kind, Model, RemoteId};
use store::RecordState;

use crate::reconcile::Missing;
use crate::run::Error;
use crate::stream_sync::Context;
use crate::streams::Engine;

/// Maximum number of owners to look up by id. Beyond it, their records stay until all employees are read.
const FEW_OWNERS: usize = 1000;

impl Engine<'_> {
    /// Adds the owners' states to the evidence of missing records.
    pub(crate) async fn with_owners<M: Model>(
        &self,
        proof: Proof,
        mut missing: Vec<(RemoteId, Missing)>,
        owner: impl Fn(M) -> Option<RemoteId>,
    ) -> Result<Vec<(RemoteId, Missing)>, Error> {
        // Without a proof every record is held anyway.
        if missing.is_empty() || !proof.is_complete() {
            return Ok(missing);
        }
        let Context { store, account, .. } = &self.context;
        let ids: Vec<RemoteId> = missing.iter().map(|(id, _)| id.clone()).collect();
        let stored = store.kept_bodies(account.no, M::KIND, &ids).await?;
        let owner_of = |(id, (body, _)): (RemoteId, (String, RecordState))| {
            Some((id, owner(serde_json::from_str(&body).ok()?)?))
        };
        let owner_of: HashMap<RemoteId, RemoteId> = stored.into_iter().filter_map(owner_of).collect();
        let owners: HashSet<&RemoteId> = owner_of.values().collect();
        let owners: Vec<RemoteId> = owners.into_iter().cloned().collect();
        let known = store.hashes(account.no, Kind::Employee, &owners).await?;
        let state = |id: &RemoteId| known.get(id).map(|owner| owner.state);
        let is_open = |id: &RemoteId| matches!(state(id), Some(RecordState::Present) | None);
        let open: Vec<RemoteId> = owners.into_iter().filter(is_open).collect();
        let shown = if open.len() > FEW_OWNERS { None } else { self.found_by_id(&open).await };
        let is_shown = |id: &RemoteId| shown.as_ref().is_some_and(|shown| shown.contains(id));
        for (id, missing) in &mut missing {
            let Some(owner) = owner_of.get(id) else { continue };
            let is_unseen = is_open(owner) && !is_shown(owner);
            // An owner who was never stored is never judged; Lucca does not return them, so the record is
            // hidden.
            let is_unknown = state(owner).is_none() && shown.is_some();
            missing.owner_is_hidden = state(owner) == Some(RecordState::Hidden) || is_unseen && is_unknown;
            missing.owner_in_doubt = is_unseen && !is_unknown;
        }
        Ok(missing)
    }
}
