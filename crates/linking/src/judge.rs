//! Judges what the counts prove. Pure.
//!
//! Lucca mostly hides data that a key may not see, instead of refusing it. Seeing data therefore proves the
//! permission; not seeing it proves nothing. A refusal proves that the permission is missing, and so do
//! contracts of people who are not shown, if nothing else explains them. If two explanations remain, the
//! verdict is open and names the likelier one.

use people::{Feature, Features};

use crate::Permission;
use crate::diagnosis::{Evidence, Excess, Finding, Likelier, Narrowed, Verdict};
use crate::observations::{FieldSight, ListSight, Observations, References};

/// From this number on, cases are no accident, such as a cancelled hire or an erased leaver.
const SEVERAL: u64 = 3;

/// A company with this many people almost certainly has former employees.
const SOME_HAVE_LEFT: u64 = 50;

/// A company with this many people almost certainly has future employees.
const SOME_ARE_TO_COME: u64 = 1000;

/// From this number of people on, it is no accident that all lack a job title or a manager.
const SOME_HAVE_VALUES: u64 = 20;

/// The judgement on a permission, before its need is added.
struct Opinion(Verdict, Option<Likelier>, Evidence);

fn granted(evidence: Evidence) -> Opinion {
    Opinion(Verdict::Granted, None, evidence)
}

fn missing(evidence: Evidence) -> Opinion {
    Opinion(Verdict::Missing, None, evidence)
}

fn unsure(evidence: Evidence) -> Opinion {
    Opinion(Verdict::CannotTell, None, evidence)
}

fn unsure_missing(evidence: Evidence) -> Opinion {
    Opinion(Verdict::CannotTell, Some(Likelier::Missing), evidence)
}

fn unsure_granted(evidence: Evidence) -> Opinion {
    Opinion(Verdict::CannotTell, Some(Likelier::Granted), evidence)
}

/// Unsure; missing is likelier if `is_likely`.
fn unsure_if(is_likely: bool, evidence: Evidence) -> Opinion {
    Opinion(Verdict::CannotTell, is_likely.then_some(Likelier::Missing), evidence)
}

/// Judges one permission by the counts.
pub fn judge(seen: &Observations, permission: Permission) -> Finding {
    let Opinion(verdict, likelier, evidence) = match permission {
        Permission::ViewUsers => view_users(seen),
        Permission::SeeFutureEmployees => see_future(seen),
        Permission::SeeFormerEmployees => see_former(seen),
        Permission::ViewContracts => view_contracts(seen),
        Permission::ViewJobs => field(seen, &seen.job_titles, true),
        Permission::ViewManagers => field(seen, &seen.managers, true),
        Permission::ViewQualifications => view_qualifications(seen),
        Permission::ConsultLeaves => consult_leaves(seen),
        Permission::MakeAbsenceRequests => make_requests(seen),
        Permission::ConsultHrFiles => consult_hr_files(seen),
    };
    Finding { permission, need: permission.need(), verdict, likelier, evidence }
}

/// Judges every permission that these features need.
pub fn judge_all(seen: &Observations, features: &Features) -> Vec<Finding> {
    Permission::wanted(features).map(|permission| judge(seen, permission)).collect()
}

fn view_users(seen: &Observations) -> Opinion {
    match &seen.people {
        // `examine` has already decided whether Lucca accepts the key.
        ListSight::Refused { status } => missing(Evidence::Refused { status: *status }),
        ListSight::Unreadable { code } => unsure(Evidence::ListUnreadable { code: code.clone() }),
        ListSight::NotAsked => unsure(Evidence::NotRead),
        ListSight::Answered { .. } => match seen.people.count() {
            // Every tenant has people, but a role may be narrowed so far that it shows none.
            0 => unsure(Evidence::NobodyShown),
            _ => granted(seen.people.shown()),
        },
    }
}

/// The verdict for permissions that are judged by people, if people could not be read.
fn without_people(seen: &Observations) -> Option<Opinion> {
    match &seen.people {
        ListSight::Refused { .. } => Some(unsure(Evidence::PeopleRefused)),
        ListSight::Unreadable { code } => Some(unsure(Evidence::ListUnreadable { code: code.clone() })),
        ListSight::NotAsked => Some(unsure(Evidence::NotRead)),
        ListSight::Answered { .. } => None,
    }
}

/// Whether people with running contracts are shown and none of them is missing. The role is then not
/// narrowed, and contract owners who are not shown are hidden for another reason.
fn is_wide(seen: &Observations) -> bool {
    seen.unseen.running == 0 && seen.unseen.running_shown >= SEVERAL
}

/// No person with the status was seen: neither in the list `asked` for it nor in `counted`. If that list was
/// not answered, or the server ignored the condition, only the first page of people was examined.
fn none_among(seen: &Observations, asked: &ListSight, counted: Option<u64>, usual: u64) -> Opinion {
    let people = match (asked, counted, &seen.people) {
        (ListSight::Unreadable { code }, None, _) => {
            return unsure(Evidence::ListUnreadable { code: code.clone() });
        }
        (_, None, ListSight::Answered { rows, .. }) => *rows,
        _ => seen.people.count(),
    };
    unsure_if(people >= usual, Evidence::NoneAmong { people })
}

/// The server's count of people with a status, or else the number seen.
fn counted_people(counted: Option<u64>, shown: u64) -> Evidence {
    match counted {
        Some(count) => Evidence::Shown { count: count.max(shown) },
        None => Evidence::AtLeast { count: shown },
    }
}

fn see_future(seen: &Observations) -> Opinion {
    if let Some(opinion) = without_people(seen) {
        return opinion;
    }
    let (unseen, shown) = (&seen.unseen, seen.people.count());
    if seen.future_shown > 0 {
        granted(counted_people(seen.counted.future, seen.future_shown))
    } else if let ListSight::Refused { status } = seen.future_people {
        missing(Evidence::Refused { status })
    } else if unseen.later_nearby >= SEVERAL && is_wide(seen) {
        missing(Evidence::ContractsOfUnseen { people: unseen.later_nearby })
    } else if unseen.later > 0 {
        unsure_missing(Evidence::ContractsOfUnseen { people: unseen.later })
    } else if seen.hidden.future > 0 {
        unsure_missing(Evidence::WereShown { people: seen.hidden.future })
    } else if shown == 0 {
        unsure(Evidence::NobodyShown)
    } else if seen.dated == 0 {
        unsure(Evidence::NoDates { people: shown })
    } else {
        none_among(seen, &seen.future_people, seen.counted.future, SOME_ARE_TO_COME)
    }
}

fn see_former(seen: &Observations) -> Opinion {
    if let Some(opinion) = without_people(seen) {
        return opinion;
    }
    let (unseen, shown) = (&seen.unseen, seen.people.count());
    if seen.former_shown > 0 {
        return granted(counted_people(seen.counted.former, seen.former_shown));
    }
    // People may have been added or removed between the two counts, hence the threshold.
    if let (0, Some(without)) = (seen.dated, seen.without_former)
        && shown.saturating_sub(without) >= SEVERAL
    {
        return granted(Evidence::CountsDiffer { with: shown, without });
    }
    if let ListSight::Refused { status } = seen.former_people {
        missing(Evidence::Refused { status })
    } else if unseen.ended_nearby >= SEVERAL && is_wide(seen) {
        missing(Evidence::ContractsOfUnseen { people: unseen.ended_nearby })
    } else if unseen.ended > 0 {
        unsure_missing(Evidence::ContractsOfUnseen { people: unseen.ended })
    } else if seen.hidden.former > 0 {
        unsure_missing(Evidence::WereShown { people: seen.hidden.former })
    } else if unseen.referred > 0 {
        unsure_missing(Evidence::ReferredUnseen { people: unseen.referred })
    } else if shown == 0 {
        unsure(Evidence::NobodyShown)
    } else if seen.dated == 0 {
        unsure(Evidence::NoDates { people: shown })
    } else {
        none_among(seen, &seen.former_people, seen.counted.former, SOME_HAVE_LEFT)
    }
}

/// Judges a list with a permission of its own. `when_empty` judges a readable, empty list.
fn list(seen: &Observations, list: &ListSight, when_empty: impl FnOnce() -> Opinion) -> Opinion {
    match list {
        ListSight::NotAsked => unsure(Evidence::NotRead),
        ListSight::Unreadable { code } => unsure(Evidence::ListUnreadable { code: code.clone() }),
        // unverified: that each list has a right of its own. If people are refused too, that may be the
        // reason.
        ListSight::Refused { .. } if !seen.people.is_answered() => unsure_missing(Evidence::PeopleRefused),
        ListSight::Refused { status } => missing(Evidence::Refused { status: *status }),
        ListSight::Answered { .. } if list.count() == 0 => when_empty(),
        ListSight::Answered { .. } => granted(list.shown()),
    }
}

fn view_contracts(seen: &Observations) -> Opinion {
    list(seen, &seen.contracts, || match seen.people.count() {
        0 => without_people(seen).unwrap_or_else(|| unsure(Evidence::NobodyShown)),
        // Every person has a contract (source: directory.md §8).
        _ => unsure_missing(Evidence::ListEmpty),
    })
}

fn consult_leaves(seen: &Observations) -> Opinion {
    list(seen, &seen.leaves, || unsure_granted(Evidence::ListEmpty))
}

/// unverified: which lists this box opens for reading, if any. By its name it allows creating requests, which
/// only creating one would prove; the features need only that requests can be read.
fn make_requests(seen: &Observations) -> Opinion {
    match &seen.requests {
        ListSight::NotAsked => unsure(Evidence::NotRead),
        ListSight::Unreadable { code } => unsure(Evidence::ListUnreadable { code: code.clone() }),
        ListSight::Refused { status } => unsure_missing(Evidence::Refused { status: *status }),
        ListSight::Answered { .. } => {
            unsure_granted(Evidence::RequestsReadable { rows: seen.requests.count() })
        }
    }
}

/// Judges a field of people. `is_usual`: whether a company of some size normally has values in it.
fn field(seen: &Observations, field: &FieldSight, is_usual: bool) -> Opinion {
    if let Some(opinion) = without_people(seen) {
        return opinion;
    }
    match *field {
        FieldSight::NotAsked => unsure(Evidence::NotRead),
        FieldSight::Refused { status } => missing(Evidence::Refused { status }),
        FieldSight::Unknown => unsure(Evidence::FieldUnknown),
        FieldSight::Lost { stored } => unsure_missing(Evidence::FieldLost { stored }),
        FieldSight::Read { with: 0, among: 0, .. } => unsure(Evidence::NobodyShown),
        FieldSight::Read { with: 0, among, is_omitted: true } => {
            unsure_missing(Evidence::FieldOmitted { people: among })
        }
        FieldSight::Read { with: 0, among, .. } => {
            unsure_if(is_usual && among >= SOME_HAVE_VALUES, Evidence::FieldEmpty { people: among })
        }
        FieldSight::Read { with, among, .. } if among < seen.people.count() => {
            granted(Evidence::ShownAmong { count: with, among })
        }
        FieldSight::Read { with, .. } => granted(Evidence::Shown { count: with }),
    }
}

fn view_qualifications(seen: &Observations) -> Opinion {
    let opinion = field(seen, &seen.qualifications, false);
    match (opinion, seen.qualified) {
        (Opinion(Verdict::CannotTell, _, Evidence::FieldEmpty { .. }), Some(people)) if people > 0 => {
            unsure_missing(Evidence::QualificationsInUse { people })
        }
        (opinion, _) => opinion,
    }
}

fn consult_hr_files(seen: &Observations) -> Opinion {
    let values = field(seen, &seen.custom_fields, false);
    if values.0 != Verdict::CannotTell || !seen.people.is_answered() {
        return values;
    }
    match &seen.definitions {
        ListSight::Refused { status } => missing(Evidence::Refused { status: *status }),
        ListSight::Answered { .. } if seen.definitions.count() == 0 => unsure_granted(Evidence::NoneDefined),
        _ => values,
    }
}

/// Whether the key seems narrowed to a part of the company. Some references always dangle, for example those
/// to a manager who left and was not replaced; hence the threshold.
pub fn narrowed(seen: &Observations) -> Option<Narrowed> {
    const FEWEST: u64 = 5;
    const SHARE: u64 = 20;
    let References { followed, dangling } = seen.references;
    (dangling >= FEWEST && dangling * SHARE >= followed)
        .then_some(Narrowed { unseen: dangling, of: followed })
}

/// Rights beyond what these features need.
///
/// Write access is not tested, and no readable field shows it. unverified: `authorizedOperations`, which
/// leaves have in a public schema (source: absences.md §2.1), has ids without a published meaning. Fields
/// that no feature needs (bank details, addresses) are not requested either, since testing them would mean
/// reading them.
pub(crate) fn excess(seen: &Observations, features: &Features) -> Vec<Excess> {
    let wants = |feature| features.contains(feature);
    let is_there = |excess: &Excess| match excess {
        Excess::WritePreset => seen.people.is_answered(),
        Excess::Leaves => {
            !wants(Feature::Leaves) && !wants(Feature::AbsenceRequests) && seen.leaves.count() > 0
        }
        Excess::CustomFields => !wants(Feature::CustomFields) && seen.definitions.count() > 0,
    };
    Excess::ALL.into_iter().filter(is_there).collect()
}
