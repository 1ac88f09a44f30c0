//! Switches of absence requests: creation, import, decision, cancellation. Source: absences.md §4, §5,
//! §14, where each of these is open.

use serde::{Deserialize, Serialize};

/// The bodies that the undocumented factory accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AbsenceFactory {
    /// `POST /api/v3/leaveRequestFactory`; the discovery returns `availableAccounts` and
    /// `otherAvailableAccounts`.
    GenerationA,
    /// `POST /timmi-absences/api/v1.0/leaveRequestFactory/create`; the discovery returns `accounts`.
    GenerationB,
    /// Both are accepted; the discovery answers as generation A.
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

/// The answer to a created request, always 200.
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

/// The answer to a request that a rule refuses.
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

/// Warnings that need confirmation and that the request did not send back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unconfirmed {
    /// 200, the object of the discovery with these warnings; nothing is created.
    Echoed,
    /// Nothing is created, and the answer is that of a refusal.
    Refused,
    /// The request is created nevertheless.
    Ignored,
}

/// The effect of `autoCreate` set to false.
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

/// The value of the import's column `legalEntity`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportEstablishment {
    /// The establishment's name, according to the API's documentation.
    Name,
    /// Its code, according to Lucca's help page 360029242671.
    Code,
    /// Either.
    Either,
}

/// The result of an imported line that is not approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportUnapproved {
    /// A pending period with a request.
    Request,
    /// A pending period without a request.
    Period,
}

/// The answer to a successful cancellation, deletion or decision.
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

/// Cancelling an approved request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelApproved {
    /// The cancellation needs approval: status 5.
    Asks,
    /// It is cancelled: status 4.
    AtOnce,
}

/// The recorded author of an API key's decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecidesAs {
    /// The expected approver.
    Expected,
    /// No user: `approverId` 0.
    Nobody,
    /// A member of HR.
    Hr,
}
