//! The two APIs (channels) by which Lucca accepts absence requests, behind one trait, and the choice of a
//! linked account's API. An API sends each request at most once.

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
use crate::draft::AbsenceDraft;
use crate::import_format::ImportFormat;
use crate::problem::{Error, Lacking, Problem, Warning};

/// A channel by which Lucca accepts absence requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AbsenceApi {
    /// The leave request factory, which Lucca's own pages use (source: absences.md §5.1).
    Factory,
    /// The documented import of a CSV file (source: absences.md §5.2).
    Import,
}

people::names! { AbsenceApi: "absence API" { Factory = "factory", Import = "import" } }

impl AbsenceApi {
    const fn capability(self) -> &'static str {
        match self {
            Self::Factory => "absence_requests.factory",
            Self::Import => "absence_requests.import",
        }
    }
}

/// The amount of a leave type that an absence takes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Amount {
    /// The amount, in `unit`.
    pub value: f64,
    /// The leave type's unit.
    pub unit: LeaveUnit,
}

/// The balance of a leave type, in its unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Balance {
    /// Today, before the absence.
    pub before: f64,
    /// After the absence, as the connector computes it.
    pub after: f64,
    /// At the end of the absence, as Lucca estimates it.
    // unverified: whether Lucca has taken the absence off it already (source: absences.md §8).
    pub at_period_end: Option<f64>,
}

/// The employee, with the fields that an API needs.
pub(crate) struct Person {
    pub(crate) employee: Employee,
    pub(crate) establishment: Option<Establishment>,
}

/// An API's assessment of an absence before the request.
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

/// Lucca's response to a request.
#[derive(Debug)]
pub(crate) enum Submitted {
    /// Accepted; the ids may be missing or wrong, so they are verified.
    Taken { request_id: Option<RemoteId>, absence_id: Option<RemoteId> },
    /// Refused, apparently: the absence is looked up before the submission counts as refused.
    Refused { problems: Vec<Problem>, confirm: Vec<Warning> },
}

pub(crate) type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, lucca::Error>> + Send + 'a>>;

/// A channel by which Lucca accepts absence requests.
pub(crate) trait AbsenceApiClient: Send + Sync {
    /// The kind of this API.
    fn kind(&self) -> AbsenceApi;

    /// Checks an absence with Lucca without requesting it.
    fn assess<'a>(
        &'a self,
        ask: &'a AbsenceDraft,
        person: &'a Person,
        plan: &'a Plan,
    ) -> Answer<'a, Assessment>;

    /// Requests the absence from Lucca, once.
    fn submit<'a>(
        &'a self,
        ask: &'a AbsenceDraft,
        person: &'a Person,
        assessed: &'a Assessment,
    ) -> Answer<'a, Submitted>;
}

/// Remembered states of an API.
const REFUSED: &str = "refused";
const ABSENT: &str = "absent";
const OFFERED: &str = "offered";
const MADE: &str = "made";

/// How long a refusing or missing API is remembered, in minutes. It is tried again then, because permissions
/// change.
const REMEMBERED_MINUTES: i64 = 15;

impl Absences<'_> {
    /// Returns the linked account's API: the configured one, otherwise the factory unless the tenant has
    /// none. Recently refused APIs and declined features return an error without a request.
    pub(crate) async fn lucca_api(&self) -> Result<Box<dyn AbsenceApiClient>, Error> {
        self.require_features()?;
        let known = self.store.capabilities(self.account.no).await?;
        let now = self.clock.now();
        let is = |kind: AbsenceApi, state: &str| {
            known.get(kind.capability()).is_some_and(|found| {
                found.state == state && now.duration_since(found.at).as_mins() < REMEMBERED_MINUTES
            })
        };
        let chosen = self.account.settings.absence_api.as_deref();
        let kind = match AbsenceApi::ALL.into_iter().find(|kind| Some(kind.name()) == chosen) {
            Some(kind) => kind,
            None if !is(AbsenceApi::Factory, ABSENT) => AbsenceApi::Factory,
            None => AbsenceApi::Import,
        };
        if is(kind, REFUSED) {
            return Err(Error::NotPermitted(kind.permission()));
        }
        if is(kind, ABSENT) {
            return Err(Error::NoAbsenceApi);
        }
        Ok(match kind {
            AbsenceApi::Factory => Box::new(Factory::new(self.client.clone())),
            AbsenceApi::Import => Box::new(Import::new(self.client.clone(), self.remembered_column().await?)),
        })
    }

    /// Returns an error for accounts that declined absence requests or leaves.
    pub(crate) fn require_features(&self) -> Result<(), Error> {
        let declined = &self.account.settings.declined_features;
        // Without leaves a sent request could not be looked up.
        let needed = [Feature::AbsenceRequests, Feature::Leaves];
        if declined.iter().any(|name| needed.iter().any(|feature| name == feature.name())) {
            return Err(Error::NotPermitted(Lacking::Feature));
        }
        Ok(())
    }

    /// Assesses an absence; falls back to the other API if the tenant does not have this one.
    pub(crate) async fn assess(
        &self,
        ask: &AbsenceDraft,
        person: &Person,
        plan: &Plan,
    ) -> Result<(Box<dyn AbsenceApiClient>, Assessment), Error> {
        let mut lucca_api = self.lucca_api().await?;
        loop {
            let kind = lucca_api.kind();
            match lucca_api.assess(ask, person, plan).await {
                Ok(assessment) => {
                    self.note(kind, OFFERED).await?;
                    if let Some(format) = &assessment.import_format {
                        self.remember_column(format, &person.establishment).await?;
                    }
                    return Ok((lucca_api, assessment));
                }
                Err(error) => self.note_refusal(kind, error).await?,
            }
            // The factory does not exist: try the other API, unless it refused recently.
            lucca_api = self.lucca_api().await?;
            if lucca_api.kind() == kind {
                return Err(Error::NoAbsenceApi);
            }
        }
    }

    /// Remembers why an API can't be used. `Ok` only if another API may exist.
    pub(crate) async fn note_refusal(&self, kind: AbsenceApi, error: lucca::Error) -> Result<(), Error> {
        match error.code() {
            // unverified: 401 too, although the rest of the API accepts the key (source: wire-grammar.md
            // §1.7).
            "lucca.permission_missing" | "lucca.key_refused" => {
                self.note(kind, REFUSED).await?;
                Err(Error::NotPermitted(kind.permission()))
            }
            "lucca.not_found" => self.note(kind, ABSENT).await,
            _ => Err(Error::Lucca(error)),
        }
    }

    /// Remembers that an API created a request.
    pub(crate) async fn note_made(&self, kind: AbsenceApi) -> Result<(), Error> {
        self.note(kind, MADE).await
    }

    async fn note(&self, kind: AbsenceApi, state: &str) -> Result<(), Error> {
        let known = self.store.capabilities(self.account.no).await?;
        let before = known.get(kind.capability()).map(|found| found.state.as_str());
        // A created request proves more than an offer.
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

impl AbsenceApi {
    /// The permission that an API needs.
    // unverified: whether these are the permissions; the import needs one of its own (source: absences.md
    // §5.1, §10).
    fn permission(self) -> Lacking {
        match self {
            Self::Factory => Lacking::Permission(Permission::MakeAbsenceRequests),
            Self::Import => Lacking::Operation("Access to import module"),
        }
    }
}

/// The generation to try if the tenant does not have this one.
pub(crate) fn other(generation: FactoryGeneration) -> FactoryGeneration {
    match generation {
        FactoryGeneration::Older => FactoryGeneration::Newer,
        FactoryGeneration::Newer => FactoryGeneration::Older,
    }
}
