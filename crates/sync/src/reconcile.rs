//! Judges stored records that a read did not return. Pure: no database, no network, no clock.
//!
//! A record is inferred to be deleted only if the enumeration was provably complete, nothing else explains
//! why it is missing, and the number is below the brake. Each record is judged by its own evidence; an
//! undecided record stays unchanged, with the reason.

use lucca::Proof;
use people::EmployeeStatus;
use serde::{Deserialize, Serialize};

/// Maximum number of records that may disappear in one run without an operator's confirmation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brake {
    /// Maximum number of records.
    pub records: usize,
    /// Maximum percentage of the stored records.
    pub percent: usize,
}

impl Default for Brake {
    fn default() -> Self {
        Self { records: 50, percent: 20 }
    }
}

/// The evidence about a stored record that was not returned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// An employee's stored status; `None` for other kinds.
    pub status: Option<EmployeeStatus>,
    /// Whether Lucca returned no employee of the employee's establishment.
    pub establishment_vanished: bool,
    /// Whether its owner is hidden.
    pub owner_is_hidden: bool,
    /// Whether its owner is stored as present and is not returned either. The record is held until the owner
    /// is judged.
    pub owner_in_doubt: bool,
    /// Whether contracts or absences of the employee were returned in the same run: then Lucca has the
    /// employee, and the key no longer sees them.
    pub has_shown_records: bool,
    /// Whether employees or departments that were returned name the employee as their manager or head.
    // unverified: whether Lucca keeps naming a manager who was deleted; so this proves neither deletion nor
    // hiding.
    pub is_referenced: bool,
    /// Whether the lookup failed, so that the record's state is unknown.
    pub unconfirmed: bool,
    /// Whether it was hidden in an earlier run. It is judged again each time, because the reason may have
    /// ended.
    pub is_hidden: bool,
    /// Why the previous run could not decide.
    pub undecided: Option<HeldBecause>,
}

/// The evidence of an enumeration and the stored records before it.
#[derive(Clone, Debug)]
pub struct Evidence<'a> {
    /// Whether the enumeration was provably complete.
    pub proof: Proof,
    /// Records stored as present before.
    pub stored: usize,
    /// Records stored as hidden before.
    pub hidden: usize,
    /// The number of former employees that were returned.
    pub seen_former: usize,
    /// The number of future employees that were returned.
    pub seen_future: usize,
    /// The stored records that were not returned, including hidden ones.
    pub missing: &'a [Missing],
    /// Whether this run found that the key lost a permission.
    pub permission_lost: bool,
    /// The brake; `None` after an operator has confirmed.
    pub brake: Option<Brake>,
}

/// The judgement of a missing record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Deleted in Lucca.
    Gone,
    /// No longer visible to the key.
    Hidden(HiddenBecause),
    /// Undecided: the record stays unchanged.
    Held(HeldBecause),
}

/// Why the key no longer sees a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HiddenBecause {
    /// Every employee of the establishment disappeared: the scope of the key's role was narrowed.
    ScopeNarrowed,
    /// No former employee is returned any more: the key lost *See former employees*.
    FormerNotShown,
    /// No future employee is returned any more: the key lost *See future employees*.
    FutureNotShown,
    /// The key sees no former employees, so a leaver disappears like a deleted employee.
    MayHaveLeft,
    /// Contracts or absences of the employee are still returned.
    RecordsStillShown,
    /// It belongs to a hidden employee.
    OwnerHidden,
}

impl HiddenBecause {
    /// The reason, as a sentence fragment.
    pub fn reason(self) -> &'static str {
        match self {
            Self::ScopeNarrowed => {
                "no employee of their establishments is returned any more: the scope of the key's role was \
                 narrowed"
            }
            Self::FormerNotShown => "former employees are no longer returned",
            Self::FutureNotShown => "future employees are no longer returned",
            Self::MayHaveLeft => "they may have left, and the key does not see former employees",
            Self::RecordsStillShown => "Lucca still returns their contracts or absences",
            Self::OwnerHidden => "the employees they belong to are hidden",
        }
    }

    /// Whether it indicates a general loss of the key, which may also explain other missing records.
    fn is_of_the_key(self) -> bool {
        matches!(
            self,
            Self::ScopeNarrowed | Self::FormerNotShown | Self::FutureNotShown | Self::RecordsStillShown
        )
    }
}

/// Why a missing record stays unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeldBecause {
    /// The enumeration was not provably complete.
    Unproven,
    /// Too many records are missing at once.
    Brake,
    /// The key lost a permission in the same run, which may be the reason.
    PermissionLost,
    /// The lookup failed.
    Unconfirmed,
    /// Its owner is not returned either, and is not judged yet.
    OwnerInDoubt,
    /// Other records still name the employee as their manager or head.
    Referenced,
    /// The last employees of their establishment: deleted, or outside the role's scope now.
    LastOfEstablishment,
}

people::names! {
    HeldBecause: "held because" {
        Unproven = "unproven",
        Brake = "brake",
        PermissionLost = "permission_lost",
        Unconfirmed = "unconfirmed",
        OwnerInDoubt = "owner_in_doubt",
        Referenced = "referenced",
        LastOfEstablishment = "last_of_establishment",
    }
}

impl HeldBecause {
    /// Whether only an operator can decide.
    pub fn asks_a_person(self) -> bool {
        self == Self::Brake
    }

    /// Whether the reason holds every record of the read.
    pub fn is_of_the_read(self) -> bool {
        matches!(self, Self::Unproven | Self::Unconfirmed | Self::Brake)
    }

    /// Whether the evidence was complete and still does not decide, so that another read alone changes
    /// nothing.
    pub fn is_undecided(self) -> bool {
        matches!(self, Self::PermissionLost | Self::Referenced | Self::LastOfEstablishment)
    }

    /// The reason, as a sentence fragment.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Unproven => "the read was not provably complete",
            Self::Brake => "too many records are missing at once; an operator must confirm",
            Self::PermissionLost => {
                "the key may have lost a permission, which would explain why they are missing"
            }
            Self::Unconfirmed => "the lookup of the missing records failed",
            Self::OwnerInDoubt => "their owners are not returned either, for an unknown reason",
            Self::Referenced => "other records still name them as manager or head of a department",
            Self::LastOfEstablishment => {
                "no other employee of their establishment is returned: they were deleted, or the key's role \
                 no longer covers it"
            }
        }
    }
}

/// From this many employees on, disappearing with their whole establishments indicates a narrowed scope
/// rather than deletions.
// unverified: the connector's own estimate; Lucca does not return the scope of a role.
const SCOPE_SIZED: usize = 3;

/// Evidence of what the key lost.
struct Losses {
    /// Whole establishments disappeared, with enough employees.
    scope: bool,
    /// Whole establishments disappeared, including active employees, so that losing former ones does not
    /// explain it.
    scope_of_employed: bool,
    former: bool,
    future: bool,
}

impl Losses {
    fn of(evidence: &Evidence<'_>) -> Self {
        let vanished = || evidence.missing.iter().filter(|one| one.establishment_vanished);
        let employed = vanished().any(|one| one.status == Some(EmployeeStatus::Active));
        let scope = vanished().count() >= SCOPE_SIZED;
        Self {
            scope,
            scope_of_employed: scope && employed,
            former: evidence.seen_former == 0,
            future: evidence.seen_future == 0,
        }
    }

    /// Why the key no longer sees a record, if the evidence shows it.
    fn cause(&self, missing: &Missing) -> Option<HiddenBecause> {
        let in_lost_scope = self.scope && missing.establishment_vanished;
        match missing.status {
            _ if missing.owner_is_hidden => Some(HiddenBecause::OwnerHidden),
            _ if in_lost_scope && self.scope_of_employed => Some(HiddenBecause::ScopeNarrowed),
            Some(EmployeeStatus::Former) if self.former => Some(HiddenBecause::FormerNotShown),
            Some(EmployeeStatus::Future) if self.future => Some(HiddenBecause::FutureNotShown),
            _ if in_lost_scope => Some(HiddenBecause::ScopeNarrowed),
            _ if missing.has_shown_records => Some(HiddenBecause::RecordsStillShown),
            Some(EmployeeStatus::Active) if self.former => Some(HiddenBecause::MayHaveLeft),
            _ => None,
        }
    }
}

/// Whether a loss of the key explains each missing record, in order. Explained records need no lookup.
pub(crate) fn explained(evidence: &Evidence<'_>) -> Vec<bool> {
    let losses = Losses::of(evidence);
    evidence.missing.iter().map(|missing| losses.cause(missing).is_some()).collect()
}

/// Judges every missing record by its own evidence; returns the judgements in order.
///
/// If all former employees disappear at once, the key lost *See former employees*; likewise for future
/// employees, and for every employee of an establishment if the scope of the key's role was narrowed. Such
/// records are hidden, with the records that belong to them. An employee whose contracts or absences are
/// returned is hidden, too. While no former employees are returned, a leaver disappears like a deleted
/// employee, and is hidden.
///
/// An employee is held, and undecided, if other records still name them as manager or head, if they were the
/// last of an establishment, or if they disappear in a run in which the key loses sight of other records,
/// which may be the reason: in that run, and while the others stay hidden. All other records are gone. Hidden
/// records are judged again in every run: once their reason has ended and they are still missing, they are
/// gone.
///
/// Without a proof, without the lookup, or above the brake, every record is held.
pub fn judge(evidence: &Evidence<'_>) -> Vec<Judgement> {
    let all = |judgement| vec![judgement; evidence.missing.len()];
    if !evidence.proof.is_complete() {
        return all(Judgement::Held(HeldBecause::Unproven));
    }
    if evidence.missing.iter().any(|missing| missing.unconfirmed) {
        // Hold all of them, so that the next run has all the evidence again.
        return all(Judgement::Held(HeldBecause::Unconfirmed));
    }
    let losses = Losses::of(evidence);
    let causes: Vec<Option<HiddenBecause>> =
        evidence.missing.iter().map(|missing| losses.cause(missing)).collect();
    let judged = || evidence.missing.iter().zip(&causes);
    let may_go =
        |(missing, cause): &(&Missing, &Option<HiddenBecause>)| cause.is_none() && !missing.owner_in_doubt;
    // Employees who may have left disappear like deleted ones, so they count for the brake.
    let vanished = judged()
        .filter(|one| may_go(one) || !one.0.is_hidden && *one.1 == Some(HiddenBecause::MayHaveLeft))
        .count();
    let is_braked = evidence.brake.is_some_and(|brake| {
        vanished > brake.records || vanished * 100 > brake.percent * (evidence.stored + evidence.hidden)
    });
    let missing_now = evidence.missing.iter().filter(|missing| !missing.is_hidden).count();
    let sees_nobody = evidence.stored > 0 && missing_now == evidence.stored;
    if is_braked || sees_nobody && evidence.brake.is_some() {
        // The cause of so many missing records may also hide the others.
        return all(Judgement::Held(HeldBecause::Brake));
    }
    let is_of_people = |missing: &Missing| missing.status.is_some();
    let shows_loss = |(missing, cause): (&Missing, &Option<HiddenBecause>)| {
        cause.is_some_and(|cause| cause.is_of_the_key() || !is_of_people(missing))
    };
    let loses_now = judged().filter(|(missing, _)| !missing.is_hidden).any(shows_loss);
    let has_lost = judged().any(shows_loss);
    judged()
        .map(|(missing, cause)| {
            let was_lost = missing.undecided == Some(HeldBecause::PermissionLost) && has_lost;
            if let Some(cause) = cause {
                Judgement::Hidden(*cause)
            } else if missing.owner_in_doubt {
                Judgement::Held(HeldBecause::OwnerInDoubt)
            } else if missing.is_referenced {
                Judgement::Held(HeldBecause::Referenced)
            } else if missing.establishment_vanished {
                Judgement::Held(HeldBecause::LastOfEstablishment)
            } else if evidence.permission_lost || loses_now || was_lost {
                Judgement::Held(HeldBecause::PermissionLost)
            } else {
                Judgement::Gone
            }
        })
        .collect()
}

#[cfg(test)]
mod tests;
