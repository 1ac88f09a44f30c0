//! Calendar feeds.

use serde::{Deserialize, Serialize};
use store::Team;
use utoipa::ToSchema;

use crate::time;

/// The employees whose absences a feed shows: exactly one of the members.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CalendarTeam {
    /// All employees of this department and of the departments below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "7")]
    pub department_id: Option<String>,
    /// The direct reports of this employee.
    #[schema(example = "12")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manager_id: Option<String>,
    /// These employees.
    #[schema(example = json!(["12", "42"]))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub employee_ids: Option<Vec<String>>,
}

impl From<Team> for CalendarTeam {
    fn from(team: Team) -> Self {
        match team {
            Team::Department(id) => Self { department_id: Some(id.to_string()), ..Self::default() },
            Team::Manager(id) => Self { manager_id: Some(id.to_string()), ..Self::default() },
            Team::Employees(ids) => {
                Self { employee_ids: Some(ids.iter().map(ToString::to_string).collect()), ..Self::default() }
            }
        }
    }
}

/// A calendar feed of a team's absences. Its address is shown once, when it is created.
#[derive(Serialize, ToSchema)]
pub struct CalendarFeed {
    /// The feed's id.
    #[schema(example = "feed_0193a5b0c2d47b3e9f1a2b3c4d5e6f70")]
    id: String,
    /// The calendar's name in calendar apps.
    #[schema(example = "Absences, Sales")]
    name: String,
    /// The employees whose absences it shows.
    team: CalendarTeam,
    /// Whether it shows the leave type.
    show_type: bool,
    /// Whether it also shows absences that are not approved yet.
    with_pending: bool,
    /// The ISO 639-1 code of the language of its texts.
    #[schema(example = "fr")]
    language: String,
    /// How many days ahead it shows.
    #[schema(example = 365)]
    days_ahead: u16,
    /// When it was created, UTC.
    created_at: String,
}

impl From<store::CalendarFeed> for CalendarFeed {
    fn from(feed: store::CalendarFeed) -> Self {
        Self {
            id: feed.id.to_string(),
            name: feed.name,
            team: feed.team.into(),
            show_type: feed.show_type,
            with_pending: feed.with_pending,
            language: feed.language,
            days_ahead: feed.days_ahead,
            created_at: time(feed.created_at),
        }
    }
}
