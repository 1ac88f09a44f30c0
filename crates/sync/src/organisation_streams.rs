//! Reads departments, whose tree needs all of them, and establishments; stores partial records of both if
//! their lists can't be read.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use lucca::{Note, Stream};
use people::{Department, Establishment, Kind, Model, ParentClue, RemoteId};

use crate::batch::{Batch, RawPolicy};
use crate::report::StreamReport;
use crate::run::Error;
use crate::stream_sync::{Ending, StreamSync};
use crate::streams::{Engine, Learned};

impl Engine<'_> {
    pub(crate) async fn departments(&self, learned: &Learned) -> Result<Option<StreamReport>, Error> {
        let Some(mut sync) = self.begin(Stream::Departments, Kind::Department).await? else {
            return Ok(None);
        };
        let enumerate = || self.client.departments();
        // Never resumed: parents can be resolved only once all departments are read.
        let mut enumeration = sync.start_enumeration(enumerate());
        // Hold all departments in memory: there are a few hundred at most.
        let mut batch = Batch::default();
        let mut tree = Vec::new();
        let mut raws = Vec::new();
        let read = loop {
            match enumeration.next_page().await {
                Ok(Some(page)) => {
                    for item in page.items {
                        match item.outcome {
                            Ok(read) => {
                                tree.push(normalise::department(read.value));
                                raws.push(item.raw);
                            }
                            Err(unreadable) => {
                                batch.quarantine(item.id, unreadable, &item.raw, RawPolicy::ORGANISATION);
                            }
                        }
                    }
                    sync.page_read();
                }
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        let ending = Ending::of(&enumeration, read);
        match ending.is_ok() {
            true => {
                people::department_tree(&mut tree);
                if enumeration.notes().contains(&Note::DefaultFields) {
                    self.keep_full(&mut tree).await?;
                }
                for ((department, _), raw) in tree.iter().zip(&raws) {
                    batch.add(department, Some(raw.get()), RawPolicy::ORGANISATION);
                }
                sync.commit::<Department>(batch, &BTreeSet::new()).await?;
                self.judge_unseen(&mut sync, &ending, enumerate).await?;
            }
            false => {
                let is_partial = |department: &Department| department.is_partial;
                let make = normalise::partial_department;
                self.partial(&mut sync, &learned.departments, make, is_partial).await?;
            }
        }
        Ok(Some(sync.finish(ending).await?))
    }

    /// A tree of names adds new departments only; departments that were once read in full keep their fields.
    async fn keep_full(&self, tree: &mut [(Department, ParentClue)]) -> Result<(), Error> {
        let stored: Vec<Department> = self.context.store.all(self.context.account.no).await?;
        let mut in_full: HashMap<RemoteId, Department> =
            stored.into_iter().filter(|d| !d.is_partial).map(|d| (d.id.clone(), d)).collect();
        for (department, _) in tree {
            match in_full.remove(&department.id) {
                Some(full) => *department = full,
                None => department.is_partial = true,
            }
        }
        Ok(())
    }

    pub(crate) async fn establishments(&self, learned: &Learned) -> Result<Option<StreamReport>, Error> {
        let Some(mut sync) = self.begin(Stream::Establishments, Kind::Establishment).await? else {
            return Ok(None);
        };
        let enumerate = || self.client.establishments();
        let (enumeration, read) = sync
            .read(sync.resume_enumeration(enumerate()), RawPolicy::ORGANISATION, |read| {
                Ok(normalise::establishment(read.value))
            })
            .await?;
        let ending = Ending::of(&enumeration, read);
        if ending.is_ok() {
            self.judge_unseen(&mut sync, &ending, enumerate).await?;
        } else {
            let is_partial = |establishment: &Establishment| establishment.is_partial;
            let make = normalise::partial_establishment;
            self.partial(&mut sync, &learned.establishments, make, is_partial).await?;
        }
        Ok(Some(sync.finish(ending).await?))
    }

    /// If a list can't be read, stores the ids and names that employees carry. Records that were once read in
    /// full stay unchanged.
    async fn partial<M: Model>(
        &self,
        sync: &mut StreamSync<'_>,
        names: &BTreeMap<RemoteId, Option<String>>,
        make: impl Fn(RemoteId, Option<String>) -> M,
        is_partial: impl Fn(&M) -> bool,
    ) -> Result<(), Error> {
        let stored: Vec<M> = self.context.store.all(self.context.account.no).await?;
        let in_full: HashSet<&RemoteId> =
            stored.iter().filter(|model| !is_partial(model)).map(Model::id).collect();
        let mut batch = Batch::default();
        for (id, name) in names.iter().filter(|(id, _)| !in_full.contains(id)) {
            batch.add(&make(id.clone(), name.clone()), None, RawPolicy::ORGANISATION);
        }
        Ok(sync.commit::<M>(batch, &BTreeSet::new()).await?)
    }
}
