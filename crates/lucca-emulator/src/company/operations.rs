//! Operations of roles on users, and the scopes in which they may be granted. Source: recorded answers, which
//! show operation 35 only.
//!
//! Not included: what a key may do (`rights`).

/// An operation of a role and the scopes in which it may be granted.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) id: i64,
    pub(crate) label: &'static str,
    pub(crate) scopes: &'static [Scope],
}

/// A set of people for which an operation may be granted; its id is its value.
#[derive(Debug)]
pub(crate) struct Scope {
    pub(crate) id: i64,
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
}

const fn scope(id: i64, code: &'static str, name: &'static str, description: &'static str) -> Scope {
    Scope { id, code, name, description }
}

/// Grants access to the HR file. The names of scopes are ours, their ids and codes are recorded.
pub(crate) static VIEW_EMPLOYEE_DATA: Operation = Operation {
    id: 35,
    label: "View the Lucca employee data",
    scopes: &[
        scope(0, "AllDepartments", "All departments", "Every department"),
        scope(1, "DepartementLevel1", "Departments from level 1", "Departments from level 1 down"),
        scope(10, "DepartmentAndSubs", "Department and below", "My department and those below"),
        scope(11, "DepartmentOnly", "Department", "My department"),
        scope(20, "SpecificDepartment", "Chosen departments", ""),
        scope(13, "Manager", "Manager", "My manager"),
        scope(14, "User", "Oneself", "Myself"),
        scope(12, "Collaborators", "Direct reports", "My direct reports"),
        scope(22, "SpecificUser", "Chosen users", ""),
    ],
};
