//! Switches of absence requests: creation, import, decision, cancellation. Source: absences.md §4, §5,
//! §14, where each of these is open.

use serde::{Deserialize, Serialize};

/// Which bodies the undocumented factory takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AbsenceFactory {
    /// `POST /api/v3/leaveRequestFactory`; the discovery answers `availableAccounts` and
    /// `otherAvailableAccounts`.
    GenerationA,
    /// `POST /timmi-absences/api/v1.0/leaveRequestFactory/create`; the discovery answers `accounts`.
    GenerationB,
    /// Both are taken; the discovery answers as generation A.
    Both,
    /// 404, the discovery too.
    None,
}

impl AbsenceFactory {
    pub(crate) fn has_a(self) -> bool {
        matches!(self, Self::GenerationA | Self::Both)
    }
    pub(crate) fn has_b(self) -> bool {
        matches!(self, Self::GenerationB | Self::Both)
    }
}

/// Whether an API key, rather than a session, may use the factory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactoryAccess {
    /// It may, with the right to make requests.
    Allowed,
    /// 403.
    Forbidden,
    /// 401.
    Unauthorized,
}

/// The answer to a request that was created, always 200.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactoryAnswer {
    /// `{"header":…,"data":{"id":…}}` with the id of the request.
    RequestId,
    /// The object of the discovery, without any id.
    Echo,
    /// Nothing.
    Empty,
}

/// The answer to a request that is refused by a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactoryRefusal {
    /// 400, RFC 7807, the rules in `detail`.
    #[serde(rename = "problem_400")]
    Problem400,
    /// 400, the rules as a text.
    #[serde(rename = "text_400")]
    Text400,
    /// 409, RFC 7807.
    #[serde(rename = "problem_409")]
    Problem409,
    /// 200, the object of the discovery with `isValid` false and warnings with `error` true.
    #[serde(rename = "invalid_200")]
    Invalid200,
}

/// Warnings to be confirmed that the request did not send back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unconfirmed {
    /// 200, the object of the discovery with these warnings; nothing is created.
    Echoed,
    /// Nothing is created, and the answer is that to a refusal.
    Refused,
    /// The request is created all the same.
    Ignored,
}

/// What `autoCreate` set to false does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AutoCreateFalse {
    /// Simulates in generation A; creates in generation B, whose known client sends false.
    CreatesInB,
    /// Simulates.
    Simulates,
    /// Creates.
    Creates,
}

/// What the import's column `legalEntity` holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportEstablishment {
    /// The establishment's name, as the API's documentation says.
    Name,
    /// Its code, as Lucca's help page 360029242671 says.
    Code,
    /// Either.
    Either,
}

/// What the import makes of a line that is not approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportUnapproved {
    /// A pending period with a request.
    Request,
    /// A pending period without a request.
    Period,
}

/// The answer to a cancellation, a deletion or a decision that was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WriteAnswer {
    /// 200 without a body.
    Empty,
    /// 204.
    NoContent,
    /// 200 with `{"header":…,"data":{"id":…}}`.
    Envelope,
}

/// Cancelling a request that was approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelApproved {
    /// The wish is to be approved: status 5.
    Asks,
    /// It is cancelled: status 4.
    AtOnce,
}

/// Who a decision of an API key is recorded of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecidesAs {
    /// The approver expected.
    Expected,
    /// Nobody: `approverId` 0.
    Nobody,
    /// Somebody of HR.
    Hr,
}
