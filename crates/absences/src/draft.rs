//! The absence to request: employee, leave type, period. No I/O.

use std::fmt;

use people::{HalfDay, RemoteId};
use serde::{Deserialize, Serialize};

use crate::problem::{Problem, ProblemCode};

/// The longest period in days; HR enters longer absences.
const LONGEST_DAYS: i32 = 366;

const LONGEST_COMMENT: usize = 2_000;

/// An absence to request.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AbsenceDraft {
    /// The absent employee.
    pub employee_id: RemoteId,
    /// Lucca's leave account.
    pub leave_type_id: RemoteId,
    /// The first half-day.
    pub first: HalfDay,
    /// The last half-day.
    pub last: HalfDay,
    /// The duration within one day, for leave types counted in hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u32>,
    /// The employee's comment to the approvers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl fmt::Debug for AbsenceDraft {
    /// Omits the comment.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbsenceDraft")
            .field("employee_id", &self.employee_id)
            .field("leave_type_id", &self.leave_type_id)
            .field("first", &self.first)
            .field("last", &self.last)
            .field("minutes", &self.minutes)
            .finish_non_exhaustive()
    }
}

/// Parses a duration to minutes: `7.5`, `7,5`, `7h30` or `7:30`; from a minute to a day.
pub fn minutes_of_hours(text: &str) -> Option<u32> {
    let text = text.trim().to_lowercase();
    let minutes = match text.split_once(['h', ':']) {
        Some((hours, "")) => f64::from(hours.parse::<u16>().ok()?) * 60.0,
        Some((hours, minutes)) => {
            let minutes = minutes.parse::<u8>().ok().filter(|minutes| *minutes < 60)?;
            f64::from(hours.parse::<u16>().ok()?) * 60.0 + f64::from(minutes)
        }
        // Round values that a spreadsheet rounded, such as 7.333.
        None => (text.replace(',', ".").parse::<f64>().ok()? * 60.0).round(),
    };
    let is_within_a_day = (1.0..=24.0 * 60.0).contains(&minutes);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "used within a day only")]
    let whole = minutes as u32;
    is_within_a_day.then_some(whole)
}

impl AbsenceDraft {
    /// Returns the problems that can be found without other data.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.first > self.last {
            problems.push(
                Problem::new(ProblemCode::InvalidPeriod, "the last half-day must not be before the first")
                    .on("ends_on"),
            );
        } else if (self.last.date - self.first.date).get_days() >= LONGEST_DAYS {
            let message =
                format!("the period must be at most {LONGEST_DAYS} days: HR enters longer absences in Lucca");
            problems.push(Problem::new(ProblemCode::InvalidPeriod, message).on("ends_on"));
        }
        if let Some(minutes) = self.minutes {
            if self.first.date != self.last.date {
                let message = "a duration in hours requires an absence within one day";
                problems.push(Problem::new(ProblemCode::InvalidDuration, message).on("minutes"));
            } else if minutes == 0 || minutes > 24 * 60 {
                let message = "the duration must be between a minute and a day";
                problems.push(Problem::new(ProblemCode::InvalidDuration, message).on("minutes"));
            }
        }
        if self.comment.as_ref().is_some_and(|text| text.chars().count() > LONGEST_COMMENT) {
            let message = format!("the comment must have at most {LONGEST_COMMENT} characters");
            problems.push(Problem::new(ProblemCode::InvalidComment, message).on("comment"));
        }
        problems
    }

    /// The stored form, also compared with earlier requests under the same idempotency key.
    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_parsed_in_common_forms() {
        for (text, minutes) in
            [("7.5", 450), (" 7,5 ", 450), ("7h30", 450), ("7:05", 425), ("2H", 120), ("7.333", 440)]
        {
            assert_eq!(minutes_of_hours(text), Some(minutes), "{text}");
        }
        for text in ["", "0", "-1", "24.1", "7h75", "h30", "7h-5", "NaN", "inf", "soon", "99999999999h"] {
            assert_eq!(minutes_of_hours(text), None, "{text}");
        }
    }
}
