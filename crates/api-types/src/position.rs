//! Positions of employees over time: the shapes that `people::Position` has as JSON. A mapping may leave members out.

use utoipa::ToSchema;

use crate::PositionSource;

/// The position of an employee during a period. Members that are unknown for these days are left out.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes `people::Position`")]
pub struct Position {
    /// The employee.
    #[schema(example = "12")]
    employee_id: String,
    /// First day; null if it is unknown.
    #[schema(format = Date)]
    starts_on: Option<String>,
    /// Last day, inclusive; null for the current position.
    #[schema(format = Date)]
    ends_on: Option<String>,
    /// The department.
    #[schema(required = false)]
    department_id: PositionId,
    /// The manager.
    #[schema(required = false)]
    manager_id: PositionId,
    /// The establishment.
    #[schema(required = false)]
    establishment_id: PositionId,
    /// The job title, free text.
    #[schema(required = false)]
    job_title: PositionText,
    /// The job qualification. Its name is known only for the current one.
    #[schema(required = false)]
    job_qualification: PositionQualification,
    /// The occupation category.
    #[schema(required = false)]
    occupation_category_id: PositionId,
}

/// An id and the source of the knowledge.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes `people::Sourced`")]
pub struct PositionId {
    /// The id in Lucca.
    #[schema(example = "7")]
    value: String,
    /// The source.
    source: PositionSource,
}

/// A text and the source of the knowledge.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes `people::Sourced`")]
pub struct PositionText {
    /// The text.
    value: String,
    /// The source.
    source: PositionSource,
}

/// A job qualification and the source of the knowledge.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes `people::Sourced`")]
pub struct PositionQualification {
    /// The job qualification.
    value: Reference,
    /// The source.
    source: PositionSource,
}

/// Another record or value of Lucca's.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes `people::NamedRef`")]
pub struct Reference {
    /// Its id in Lucca.
    #[schema(example = "7")]
    id: String,
    /// Its name in Lucca.
    #[schema(example = "Design", required = false)]
    name: Option<String>,
}
