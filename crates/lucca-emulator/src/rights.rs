//! API keys and their rights. Source: directory.md §3 and §4.
//!
//! Included: keys, rights, permissions that a change grants or withdraws, parsing the `Authorization` header.
//! Not included: the effects of a missing right, which are in `view` and in each resource.

use serde::{Deserialize, Serialize};

use crate::dice::Dice;

/// An API key of the tenant.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyConfig {
    /// Name of the key, returned by answers as the principal.
    pub name: String,
    /// The key: a GUID.
    pub key: String,
    /// Rights of its role.
    #[serde(default)]
    pub rights: Rights,
}

impl std::fmt::Debug for KeyConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyConfig")
            .field("name", &self.name)
            .field("rights", &self.rights)
            .finish_non_exhaustive()
    }
}

impl KeyConfig {
    /// A key with every right, the same for the same seed.
    pub fn full(seed: u64) -> Self {
        Self { name: "Emulator".to_owned(), key: Dice::new(seed, 0x4B45).guid(), rights: Rights::all() }
    }
}

/// The rights of a key's role. A field missing in the JSON is a right that is not granted.
///
/// The rights are Lucca's own (source: directory.md §4.2); it is unverified which of them guards which v3
/// field, as no matrix is published.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rights {
    /// Consult users: without it `/api/v3/users` is refused.
    pub view_users: bool,
    /// See employees whose contract has not started.
    pub see_future: bool,
    /// See employees whose contract has ended.
    pub see_former: bool,
    /// View employee jobs: `jobTitle`.
    pub view_jobs: bool,
    /// View employee managers: `manager`, `managerId`.
    pub view_managers: bool,
    /// View employee qualifications: `jobQualification`.
    pub view_qualifications: bool,
    /// Consult contractual information: without it work contracts are refused.
    pub view_contracts: bool,
    /// Sections of the HR file.
    pub hr_file: HrFile,
    /// Consult leaves.
    pub consult_leaves: bool,
    /// Show details of leaves: without it their type is hidden (source: absences.md §10).
    pub show_leave_details: bool,
    /// Submit and cancel a leave request, "Make absence requests" to integrators: without it the factory and
    /// the cancellation of requests are refused (source: absences.md §5.1, §10). unverified: that it guards
    /// the discovery of accounts.
    pub make_absence_requests: bool,
    /// Approve and deny leave requests. unverified: the name, and which operation gives a key this right;
    /// Lucca names "Approve requests as a substitute for".
    pub approve_absence_requests: bool,
    /// Delete a leave: a single half-day (source: absences.md §3, §10).
    pub delete_leaves: bool,
    /// Access to the import module (source: absences.md §5.1).
    pub import_absences: bool,
    /// View the organisation structure; implied by `view_users`.
    pub view_organization: bool,
    /// Modify users and their contracts: without it every write is refused. unverified: the rights to modify
    /// managers, jobs, contracts… are separate; which guards which field is not published.
    pub edit_users: bool,
    /// Only employees of these establishments; `null` is all.
    pub establishment_scope: Option<Vec<i64>>,
}

/// Sections of the HR file that a key may consult. It is unverified which field belongs to which section: no
/// matrix is published (source: directory.md §4.2).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HrFile {
    /// Gender, civil title, nationality, personal phone and e-mail.
    pub personal: bool,
    /// Date of birth.
    pub birth: bool,
    /// Personal address.
    pub address: bool,
    /// Social security number.
    pub identifiers: bool,
    /// Bank name, RIB, IBAN, BIC.
    pub bank: bool,
    /// `extendedData` and the definitions of its entries.
    pub custom_fields: bool,
    /// Pay, monthly hours and dates of reviews in `applicationData`. Recorded with operation 35 ("View the
    /// Lucca employee data"), together with the rest of the file: that one right may grant all of it.
    pub remuneration: bool,
}

impl Rights {
    /// Every right, on all employees.
    pub fn all() -> Self {
        Self {
            view_users: true,
            see_future: true,
            see_former: true,
            view_jobs: true,
            view_managers: true,
            view_qualifications: true,
            view_contracts: true,
            hr_file: HrFile {
                personal: true,
                birth: true,
                address: true,
                identifiers: true,
                bank: true,
                custom_fields: true,
                remuneration: true,
            },
            consult_leaves: true,
            show_leave_details: true,
            make_absence_requests: true,
            approve_absence_requests: true,
            delete_leaves: true,
            import_absences: true,
            view_organization: true,
            edit_users: true,
            establishment_scope: None,
        }
    }

    /// No right at all.
    pub fn none() -> Self {
        Self::default()
    }

    pub(crate) fn sees_organization(&self) -> bool {
        self.view_organization || self.view_users
    }
}

/// A permission that a key may lose and regain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// See former employees.
    SeeFormer,
    /// See future employees.
    SeeFuture,
    /// View employee jobs.
    ViewJobs,
    /// View employee managers.
    ViewManagers,
    /// Consult contractual information.
    ViewContracts,
    /// Consult leaves.
    ConsultLeaves,
    /// Show details of leaves.
    ShowLeaveDetails,
    /// Submit and cancel a leave request.
    MakeAbsenceRequests,
    /// Approve and deny leave requests.
    ApproveAbsenceRequests,
    /// Delete a leave.
    DeleteLeaves,
    /// Access to the import module.
    ImportAbsences,
}

impl Permission {
    /// The right that it grants.
    pub(crate) fn granted_in(self, rights: &mut Rights) -> &mut bool {
        match self {
            Self::SeeFormer => &mut rights.see_former,
            Self::SeeFuture => &mut rights.see_future,
            Self::ViewJobs => &mut rights.view_jobs,
            Self::ViewManagers => &mut rights.view_managers,
            Self::ViewContracts => &mut rights.view_contracts,
            Self::ConsultLeaves => &mut rights.consult_leaves,
            Self::ShowLeaveDetails => &mut rights.show_leave_details,
            Self::MakeAbsenceRequests => &mut rights.make_absence_requests,
            Self::ApproveAbsenceRequests => &mut rights.approve_absence_requests,
            Self::DeleteLeaves => &mut rights.delete_leaves,
            Self::ImportAbsences => &mut rights.import_absences,
        }
    }
}

/// A key as its 32 hexadecimal digits, for comparison; `None` if the text is not a GUID.
pub(crate) fn digits_of(key: &str) -> Option<String> {
    let key = key.strip_prefix('{').and_then(|key| key.strip_suffix('}')).unwrap_or(key);
    let digits: String = key.chars().filter(|c| *c != '-').collect::<String>().to_lowercase();
    (digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit())).then_some(digits)
}

/// The key of an `Authorization` header: the scheme word in any case, one space, then
/// `application=` and the GUID with or without dashes or braces (source: wire-grammar.md §1.7).
pub(crate) fn key_of_header(header: &str) -> Option<String> {
    let (scheme, rest) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("lucca") {
        return None;
    }
    digits_of(rest.strip_prefix("application=")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorization_headers_with_and_without_keys() {
        let plain = "0123456789abcdef0123456789abcdef";
        for header in [
            "lucca application=01234567-89ab-cdef-0123-456789abcdef",
            "Lucca application=0123456789ABCDEF0123456789ABCDEF",
            "LUCCA application={01234567-89ab-cdef-0123-456789abcdef}",
        ] {
            assert_eq!(key_of_header(header).as_deref(), Some(plain), "{header}");
        }
        for header in [
            "lucca  application=01234567-89ab-cdef-0123-456789abcdef",
            "lucca Application=01234567-89ab-cdef-0123-456789abcdef",
            "Bearer 01234567-89ab-cdef-0123-456789abcdef",
            "lucca application=secret",
            "lucca",
        ] {
            assert_eq!(key_of_header(header), None, "{header}");
        }
    }

    #[test]
    fn a_key_is_not_printed() {
        let key = KeyConfig::full(1);
        assert!(!format!("{key:?}").contains(&key.key));
    }
}
