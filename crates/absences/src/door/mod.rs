//! The two doors through which Lucca takes absence requests, behind one trait, and which of them serves a linked
//! account. Nothing is sent through a door here twice.

mod factory;
mod import;

use std::future::Future;
use std::pin::Pin;

use linking::Permission;
use lucca::{FactoryGeneration, LeaveRequestOffer};
use people::{Employee, Establishment, Feature, LeaveUnit, Plan, RemoteId};
use serde::{Deserialize, Serialize};

pub(crate) use factory::Factory;
pub(crate) use import::{Import, row};

use crate::Absences;
use crate::ask::Ask;
use crate::import_format::ImportFormat;
use crate::problem::{Error, Lacking, Problem, Warning};

/// A way into Lucca.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoorKind {
    /// The factory of leave requests, which Lucca's own pages use (source: absences.md §5.1).
    Factory,
    /// The documented import of a CSV file (source: absences.md §5.2).
    Import,
}

impl DoorKind {
    /// Both doors, the better first.
    pub const ALL: [Self; 2] = [Self::Factory, Self::Import];

    /// The door's name, as settings and JSON write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Factory => "factory",
            Self::Import => "import",
        }
    }

    const fn capability(self) -> &'static str {
        match self {
            Self::Factory => "absence_requests.factory",
            Self::Import => "absence_requests.import",
        }
    }
}

/// How much of a leave type an absence takes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Amount {
    /// How much, in the unit.
    pub value: f64,
    /// What it is counted in.
    pub unit: LeaveUnit,
}

/// What is left of a leave type, in its unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Balance {
    /// Today, before the absence.
    pub before: f64,
    /// After it, by our own subtraction.
    pub after: f64,
    /// At the end of the absence, as Lucca estimates it.
    // unverified: whether Lucca has taken the absence off it already (source: absences.md §8).
    pub at_period_end: Option<f64>,
}

/// Who would be away, as far as a door needs to know.
pub(crate) struct Person {
    pub(crate) employee: Employee,
    pub(crate) establishment: Option<Establishment>,
}

/// What a door says of an absence before it is asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Assessment {
    pub(crate) leave_type_name: Option<String>,
    pub(crate) amount: Option<Amount>,
    pub(crate) balance: Option<Balance>,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) offer: Option<LeaveRequestOffer>,
    pub(crate) import_format: Option<ImportFormat>,
}

/// What became of a request that a door was asked for and that was answered.
#[derive(Debug)]
pub(crate) enum Submitted {
    /// It was taken: what may be its ids, which are to be looked at.
    Taken { request_id: Option<RemoteId>, absence_id: Option<RemoteId> },
    /// It was not, or so it seems: it is to be looked for before that is believed.
    Refused { problems: Vec<Problem>, confirm: Vec<Warning> },
}

pub(crate) type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, lucca::Error>> + Send + 'a>>;

/// A way into Lucca.
pub(crate) trait Door: Send + Sync {
    /// Which one.
    fn kind(&self) -> DoorKind;

    /// What Lucca says of an absence. Nothing is asked for.
    fn assess<'a>(&'a self, ask: &'a Ask, person: &'a Person, plan: &'a Plan) -> Answer<'a, Assessment>;

    /// Asks Lucca for the absence, once.
    fn submit<'a>(
        &'a self,
        ask: &'a Ask,
        person: &'a Person,
        assessed: &'a Assessment,
    ) -> Answer<'a, Submitted>;
}

/// What was found of a door.
const REFUSED: &str = "refused";
const ABSENT: &str = "absent";
const OFFERED: &str = "offered";
const MADE: &str = "made";

/// How long a door that was refused or absent is believed to be so: boxes are ticked.
const BELIEVED_MINUTES: i64 = 15;

impl Absences<'_> {
    /// The door that serves this linked account: the one that was chosen, or the factory, unless the tenant has none.
    /// Refuses without a request what was refused a moment ago, and what the account was never linked for.
    pub(crate) async fn door(&self) -> Result<Box<dyn Door>, Error> {
        self.must_be_wanted()?;
        let known = self.store.capabilities(self.account.no).await?;
        let now = self.clock.now();
        let is = |kind: DoorKind, state: &str| {
            known.get(kind.capability()).is_some_and(|found| {
                found.state == state && now.duration_since(found.at).as_mins() < BELIEVED_MINUTES
            })
        };
        let chosen = self.account.settings.absence_door.as_deref();
        let kind = match DoorKind::ALL.into_iter().find(|kind| Some(kind.name()) == chosen) {
            Some(kind) => kind,
            None if !is(DoorKind::Factory, ABSENT) => DoorKind::Factory,
            None => DoorKind::Import,
        };
        if is(kind, REFUSED) {
            return Err(Error::NotPermitted(kind.permission()));
        }
        if is(kind, ABSENT) {
            return Err(Error::NoDoor);
        }
        Ok(match kind {
            DoorKind::Factory => Box::new(Factory::new(self.client.clone())),
            DoorKind::Import => Box::new(Import::new(self.client.clone(), self.remembered_column().await?)),
        })
    }

    /// What the linked account was made for.
    pub(crate) fn must_be_wanted(&self) -> Result<(), Error> {
        let declined = &self.account.settings.declined_features;
        // Without leaves there are no requests either: nothing could be looked for.
        let needed = [Feature::AbsenceRequests, Feature::Leaves];
        if declined.iter().any(|name| needed.iter().any(|feature| name == feature.name())) {
            return Err(Error::NotPermitted(Lacking::Feature));
        }
        Ok(())
    }

    /// What a door says of an absence; goes to the other door where the tenant does not have this one.
    pub(crate) async fn assess(
        &self,
        ask: &Ask,
        person: &Person,
        plan: &Plan,
    ) -> Result<(Box<dyn Door>, Assessment), Error> {
        let mut door = self.door().await?;
        loop {
            let kind = door.kind();
            match door.assess(ask, person, plan).await {
                Ok(assessment) => {
                    self.note(kind, OFFERED).await?;
                    if let Some(format) = &assessment.import_format {
                        self.remember_column(format, &person.establishment).await?;
                    }
                    return Ok((door, assessment));
                }
                Err(error) => self.turned_away(kind, error).await?,
            }
            // The factory is not there: the other door, if that is not known to be closed.
            door = self.door().await?;
            if door.kind() == kind {
                return Err(Error::NoDoor);
            }
        }
    }

    /// Notes why a door could not be used. An error, unless there may be another.
    pub(crate) async fn turned_away(&self, kind: DoorKind, error: lucca::Error) -> Result<(), Error> {
        match error.code() {
            // unverified: 401 too, where the rest of the API takes the key (source: wire-grammar.md §1.7).
            "lucca.permission_missing" | "lucca.key_refused" => {
                self.note(kind, REFUSED).await?;
                Err(Error::NotPermitted(kind.permission()))
            }
            "lucca.not_found" => self.note(kind, ABSENT).await,
            _ => Err(Error::Lucca(error)),
        }
    }

    /// Notes that a door made a request.
    pub(crate) async fn note_made(&self, kind: DoorKind) -> Result<(), Error> {
        self.note(kind, MADE).await
    }

    async fn note(&self, kind: DoorKind, state: &str) -> Result<(), Error> {
        let known = self.store.capabilities(self.account.no).await?;
        let before = known.get(kind.capability()).map(|found| found.state.as_str());
        // What was made proves more than what was offered.
        if before == Some(state) && state != REFUSED && state != ABSENT
            || before == Some(MADE) && state == OFFERED
        {
            return Ok(());
        }
        let now = self.clock.now();
        self.store.set_capability(self.account.no, kind.capability(), state, now).await?;
        Ok(())
    }
}

impl DoorKind {
    /// What lets a key through.
    // unverified: that these are the boxes; the import takes a right of its own (source: absences.md §5.1, §10).
    fn permission(self) -> Lacking {
        match self {
            Self::Factory => Lacking::Permission(Permission::MakeAbsenceRequests),
            Self::Import => Lacking::Operation("Access to import module"),
        }
    }
}

/// The generation to try after one that the tenant does not have.
pub(crate) fn other(generation: FactoryGeneration) -> FactoryGeneration {
    match generation {
        FactoryGeneration::Older => FactoryGeneration::Newer,
        FactoryGeneration::Newer => FactoryGeneration::Older,
    }
}
