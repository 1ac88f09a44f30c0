//! Examines a tenant and a key, step by step. The requests are in `gather`, the judgement in `judge`.

use async_recursion::async_recursion as boxed;
use jiff::civil::Date;
use lucca::{Client, Error};
use people::{Feature, Features};

use crate::diagnosis::Diagnosis;
use crate::gather::{Gatherer, refusal_status};
use crate::judge::{excess, judge, judge_all, narrowed};
use crate::observations::{ListSight, Observations};
use crate::probe::{Probe, ProbeOutcome, Watcher};

/// Diagnoses a key in about ten requests, independent of the company's size. Only reads.
///
/// # Errors
///
/// If no diagnosis is possible: the tenant is unreachable, does not exist, or does not accept the key. A key
/// without the right to read people yields a finding instead, where Lucca distinguishes it: by a 403, or by
/// answering another list for the same key.
#[boxed]
pub async fn examine(
    client: &Client,
    features: &Features,
    today: Date,
    watcher: &dyn Watcher,
) -> Result<Diagnosis, Error> {
    let mut gatherer = Gatherer::new(client, features, today);
    check_access(&mut gatherer, watcher).await?;
    for probe in Probe::wanted(features).filter(|probe| *probe > Probe::Key) {
        watcher.started(probe);
        gather(&mut gatherer, probe).await;
        let finding = probe.permission().map(|permission| judge(&gatherer.seen, permission));
        watcher.finished(&ProbeOutcome { probe, finding, failed: None });
    }
    Ok(conclude(gatherer.seen, features, today))
}

/// Builds the diagnosis from the counts.
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

/// The first request shows whether the tenant exists. Deciding whether it accepts the key may take further
/// ones.
async fn check_access(gatherer: &mut Gatherer<'_>, watcher: &dyn Watcher) -> Result<(), Error> {
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
        // Lucca answers 401 everywhere for an unknown key, and older parts of Lucca answer 401 for a missing
        // permission too (source: wire-grammar.md §1.7). A list that does answer distinguishes the two.
        if status == Some(401) && !gatherer.is_anything_answered().await {
            done(Probe::Key, Some(&error));
            return Err(error);
        }
        gatherer.seen.people = ListSight::Refused { status };
    }
    done(Probe::Key, None);
    Ok(())
}

/// Reads the data that a step is judged by, unless an earlier step has read it.
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
