//! The examination of a tenant and a key, step by step. What is asked is in `gather`, what it proves in `judge`.

use async_recursion::async_recursion as boxed;
use jiff::civil::Date;
use lucca::{Client, Error};
use people::{Feature, Features};

use crate::diagnosis::Diagnosis;
use crate::gather::{Gatherer, refusal_status};
use crate::judge::{excess, judge, judge_all, narrowed};
use crate::observations::{ListSight, Observations};
use crate::probe::{Probe, ProbeOutcome, Watcher};

/// Finds out what a key is good for, in some ten requests however large the company is. Only reads.
///
/// # Errors
///
/// When nothing can be found out: the tenant can't be reached, is none, or does not accept the key. That the key may
/// not read people is no error but a finding, where it can be told apart: Lucca says so (403), or answers something
/// else to the same key.
#[boxed]
pub async fn examine(
    client: &Client,
    features: &Features,
    today: Date,
    watcher: &dyn Watcher,
) -> Result<Diagnosis, Error> {
    let mut gatherer = Gatherer::new(client, features, today);
    knock(&mut gatherer, watcher).await?;
    for probe in Probe::wanted(features).filter(|probe| *probe > Probe::Key) {
        watcher.started(probe);
        gather(&mut gatherer, probe).await;
        let finding = probe.permission().map(|permission| judge(&gatherer.seen, permission));
        watcher.finished(&ProbeOutcome { probe, finding, failed: None });
    }
    Ok(conclude(gatherer.seen, features, today))
}

/// Puts together what is said of a key from what was seen.
pub(crate) fn conclude(seen: Observations, features: &Features, today: Date) -> Diagnosis {
    Diagnosis {
        today,
        features: features.clone(),
        people: seen.counted,
        findings: judge_all(&seen, features),
        narrowed: narrowed(&seen),
        excess: excess(&seen, features),
        observations: seen,
    }
}

/// The first request tells whether the tenant is there; whether the key is good may take more.
async fn knock(gatherer: &mut Gatherer<'_>, watcher: &dyn Watcher) -> Result<(), Error> {
    let done = |probe, failed: Option<&Error>| {
        let failed = failed.map(|error| error.code().to_owned());
        watcher.finished(&ProbeOutcome { probe, finding: None, failed });
    };
    watcher.started(Probe::Tenant);
    let refused = match gatherer.people().await {
        Ok(()) => None,
        Err(error) if refusal_status(&error).is_some() => Some(error),
        Err(error) => {
            done(Probe::Tenant, Some(&error));
            return Err(error);
        }
    };
    done(Probe::Tenant, None);
    watcher.started(Probe::Key);
    if let Some(error) = refused {
        let status = refusal_status(&error);
        // A key that is unknown is answered 401 everywhere, and older parts of Lucca answer 401 for a permission
        // too (source: wire-grammar.md §1.7): a list that does answer tells them apart.
        if status == Some(401) && !gatherer.is_anything_answered().await {
            done(Probe::Key, Some(&error));
            return Err(error);
        }
        gatherer.seen.people = ListSight::Refused { status };
    }
    done(Probe::Key, None);
    Ok(())
}

/// Reads what a step is judged by, as far as it was not read for an earlier one.
async fn gather(gatherer: &mut Gatherer<'_>, probe: Probe) {
    let is_open = gatherer.seen.people.is_answered();
    match probe {
        Probe::Future if is_open => gatherer.future().await,
        Probe::Former if is_open => gatherer.former().await,
        Probe::Contracts => gatherer.contracts().await,
        Probe::Qualifications if is_open => gatherer.qualified().await,
        Probe::Leaves => gatherer.leaves().await,
        Probe::AbsenceRequests => gatherer.requests().await,
        Probe::CustomFields if is_open => gatherer.definitions().await,
        Probe::Excess if is_open => {
            gatherer.references().await;
            if !gatherer.wants(Feature::CustomFields) {
                gatherer.definitions().await;
            }
            if !gatherer.wants(Feature::Leaves) && !gatherer.wants(Feature::AbsenceRequests) {
                gatherer.any_leave().await;
            }
        }
        _ => {}
    }
}
