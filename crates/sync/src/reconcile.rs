//! What it means that stored records were not seen. Pure: no database, no network, no clock.
//!
//! Nothing is taken for deleted by inference unless the enumeration was provably complete, nothing else explains why the
//! record is missing, and the number is below the brake. Each record is judged by its own evidence; what that does not
//! decide stays as it is, with the reason.

use lucca::Proof;
use people::EmployeeStatus;
use serde::{Deserialize, Serialize};

/// How many records may vanish in one run before a person has to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brake {
    /// At most this many.
    pub records: usize,
    /// And at most this many in a hundred of what is stored.
    pub percent: usize,
}

impl Default for Brake {
    fn default() -> Self {
        Self { records: 50, percent: 20 }
    }
}

/// What is known of a stored record that was not seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// An employee's status by what is stored; other kinds have none.
    pub status: Option<EmployeeStatus>,
    /// Whether nobody of the employee's establishment was seen.
    pub establishment_vanished: bool,
    /// Whether it belongs to a record that is itself hidden.
    pub owner_is_hidden: bool,
    /// Whether it belongs to somebody who stands as present and is not shown either: until it is known why, nothing
    /// follows for what is theirs.
    pub owner_in_doubt: bool,
    /// Whether contracts or absences of the employee were shown in the same run: then Lucca has the employee, and it is
    /// the key that no longer sees them.
    pub has_shown_records: bool,
    /// Whether people or departments that are shown name the employee as their manager or head.
    // unverified: whether Lucca keeps naming a manager who was deleted; so this proves neither.
    pub is_referenced: bool,
    /// Whether asking for it once more failed, so that nothing is known.
    pub unconfirmed: bool,
    /// Whether it is hidden since an earlier run: it is judged again each time, because its reason may have ended.
    pub is_hidden: bool,
    /// Why the run before could not decide.
    pub undecided: Option<HeldBecause>,
}

/// What an enumeration showed, and what was stored before it.
#[derive(Clone, Debug)]
pub struct Evidence<'a> {
    /// Whether everything was seen.
    pub proof: Proof,
    /// Records that stood as present before.
    pub stored: usize,
    /// Records that stood as hidden before.
    pub hidden: usize,
    /// How many former and how many future employees were seen.
    pub seen_former: usize,
    /// See `seen_former`.
    pub seen_future: usize,
    /// Those of the stored that were not seen, hidden ones included.
    pub missing: &'a [Missing],
    /// Whether the key was found, in this run, to have lost a permission.
    pub permission_lost: bool,
    /// The brake; none when a person has looked and agreed.
    pub brake: Option<Brake>,
}

/// What is to become of a missing record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It is no longer at the source.
    Gone,
    /// The key no longer shows it.
    Hidden(HiddenBecause),
    /// It stays as it is.
    Held(HeldBecause),
}

/// Why the key no longer shows a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HiddenBecause {
    /// Everybody of their establishment vanished: the scope of the key's role was narrowed.
    ScopeNarrowed,
    /// No former employee is shown any more: *See former employees* was lost.
    FormerNotShown,
    /// No future employee is shown any more: *See future employees* was lost.
    FutureNotShown,
    /// No former employee is shown, so that a leaver vanishes like a deleted person.
    MayHaveLeft,
    /// Contracts or absences of theirs are still shown.
    RecordsStillShown,
    /// It belongs to a hidden person.
    OwnerHidden,
}

impl HiddenBecause {
    /// The reason, as a sentence fragment.
    pub fn reason(self) -> &'static str {
        match self {
            Self::ScopeNarrowed => {
                "no person of their establishments is shown any more: the scope of the key's role was narrowed"
            }
            Self::FormerNotShown => "no former employees are shown any more",
            Self::FutureNotShown => "no future employees are shown any more",
            Self::MayHaveLeft => "they may have left, and the key shows no former employees",
            Self::RecordsStillShown => "Lucca still shows their contracts or absences",
            Self::OwnerHidden => "the people they belong to are hidden",
        }
    }

    /// Whether it shows that the key lost something in general, which may also be why others are missing.
    fn is_of_the_key(self) -> bool {
        matches!(
            self,
            Self::ScopeNarrowed | Self::FormerNotShown | Self::FutureNotShown | Self::RecordsStillShown
        )
    }
}

/// Why a missing record stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeldBecause {
    /// The enumeration was not provably complete.
    Unproven,
    /// Too many are missing at once.
    Brake,
    /// The key lost a permission in the same run, which may be the reason.
    PermissionLost,
    /// Asking for it once more failed.
    Unconfirmed,
    /// Whom it belongs to is not shown either, and is not judged yet.
    OwnerInDoubt,
    /// Others still name them as their manager or head.
    Referenced,
    /// They are all that their establishment had: deleted, or the role no longer covers it.
    LastOfEstablishment,
}

impl HeldBecause {
    /// Whether only a person can decide.
    pub fn asks_a_person(self) -> bool {
        self == Self::Brake
    }

    /// Whether it holds all records of a read alike.
    pub fn is_of_the_read(self) -> bool {
        matches!(self, Self::Unproven | Self::Unconfirmed | Self::Brake)
    }

    /// Whether the evidence was whole, and still does not decide: reading once more changes nothing by itself.
    pub fn is_undecided(self) -> bool {
        matches!(self, Self::PermissionLost | Self::Referenced | Self::LastOfEstablishment)
    }

    /// The reason's stable name, as JSON writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unproven => "unproven",
            Self::Brake => "brake",
            Self::PermissionLost => "permission_lost",
            Self::Unconfirmed => "unconfirmed",
            Self::OwnerInDoubt => "owner_in_doubt",
            Self::Referenced => "referenced",
            Self::LastOfEstablishment => "last_of_establishment",
        }
    }

    /// The reason, as a sentence fragment.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Unproven => "the list was not provably complete",
            Self::Brake => "too many are missing at once; a person has to look",
            Self::PermissionLost => {
                "the key seems to have lost a permission, which may be why they are missing"
            }
            Self::Unconfirmed => "asking for them once more failed",
            Self::OwnerInDoubt => "whom they belong to is not shown either, and it is not known why",
            Self::Referenced => "others still name them as manager or head of a department",
            Self::LastOfEstablishment => {
                "no other person of their establishment is shown: they were deleted, or the key's role no longer covers it"
            }
        }
    }
}

/// So many people who vanish with all of their establishments are a narrowed scope rather than deletions.
// unverified: our own estimate; Lucca does not tell what a role's scope covers.
const SCOPE_SIZED: usize = 3;

/// Which evidence there is of what the key lost.
struct Losses {
    /// Establishments vanished whole, with enough people.
    scope: bool,
    /// The same by people who were employed, so that it can't be former ones alone who are no longer shown.
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

    /// Why the key no longer shows a record, where that is what the evidence says.
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

/// Whether each missing record is explained by what the key lost, in order: those need no second look.
pub(crate) fn explained(evidence: &Evidence<'_>) -> Vec<bool> {
    let losses = Losses::of(evidence);
    evidence.missing.iter().map(|missing| losses.cause(missing).is_some()).collect()
}

/// Judges every missing record, in order and each by its own evidence.
///
/// All former employees vanishing at once, with none left, is what losing *See former employees* looks like; likewise for
/// future ones, and for everybody of an establishment when the scope of the key's role is narrowed. Such records are
/// hidden, and so is what belongs to them. A person whose contracts or absences are shown is hidden, too. While no former
/// employees are seen, a leaver vanishes like a deleted person, and is hidden.
///
/// Held, and undecided, is who others still name as manager or head; who was the last of an establishment; and who
/// vanishes in the run in which the key loses sight of others: that may be the reason, in that run and while the others
/// stay hidden. All else is gone. Records that are hidden are judged again with every run, because their reason may have
/// ended: then they are gone, if they are still missing.
///
/// Nothing is concluded without a proof, without the second look, or above the brake.
pub fn judge(evidence: &Evidence<'_>) -> Vec<Judgement> {
    let all = |judgement| vec![judgement; evidence.missing.len()];
    if !evidence.proof.is_complete() {
        return all(Judgement::Held(HeldBecause::Unproven));
    }
    if evidence.missing.iter().any(|missing| missing.unconfirmed) {
        // All of them, so that the next run has all the evidence again.
        return all(Judgement::Held(HeldBecause::Unconfirmed));
    }
    let losses = Losses::of(evidence);
    let causes: Vec<Option<HiddenBecause>> =
        evidence.missing.iter().map(|missing| losses.cause(missing)).collect();
    let judged = || evidence.missing.iter().zip(&causes);
    let may_go =
        |(missing, cause): &(&Missing, &Option<HiddenBecause>)| cause.is_none() && !missing.owner_in_doubt;
    // Who may have left has vanished like the deleted: so many at once need a look either way.
    let vanished = judged()
        .filter(|one| may_go(one) || !one.0.is_hidden && *one.1 == Some(HiddenBecause::MayHaveLeft))
        .count();
    let is_braked = evidence.brake.is_some_and(|brake| {
        vanished > brake.records || vanished * 100 > brake.percent * (evidence.stored + evidence.hidden)
    });
    let missing_now = evidence.missing.iter().filter(|missing| !missing.is_hidden).count();
    let sees_nobody = evidence.stored > 0 && missing_now == evidence.stored;
    if is_braked || sees_nobody && evidence.brake.is_some() {
        // Whatever makes so many vanish may be what hides the others, too.
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
