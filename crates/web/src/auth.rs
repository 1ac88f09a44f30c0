//! API authentication: the operator, with the key in the data directory or another key of that role; the
//! vendor's server; and readers of one linked account. Handlers declare the least privileged extractor that
//! suffices, so none can omit the check.

use std::net::IpAddr;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use people::RemoteId;
use secrecy::SecretString;
use store::{AccountId, AccountView, Actor, LinkedAccount, Role};

use crate::app::App;
use crate::caller_key::CallerKey;
use crate::problem::Problem;
use crate::tokens::API_KEY_PREFIX;

/// The authenticated caller of a request. Resolved once, before the handler runs.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    /// The key that the caller sent.
    pub key: CallerKey,
    role: Role,
    /// The only linked account that a read-only key may access.
    account_id: Option<AccountId>,
}

/// Proof that the request carries an operator's key.
#[derive(Clone, Copy, Debug)]
pub struct Operator;

/// Proof that the request carries the key of a vendor's server, or an operator's.
#[derive(Clone, Copy, Debug)]
pub struct Vendor {
    role: Role,
}

/// The linked account in the path, to which the caller's key has at least read access.
#[derive(Clone, Debug)]
pub struct Reader {
    /// The account, which the path names by its id.
    pub account: LinkedAccount,
    /// The caller's key.
    key: CallerKey,
    /// The caller, as named in the audit log.
    pub actor: Actor,
}

impl Vendor {
    /// The caller, as named in the audit log.
    pub fn actor(self) -> Actor {
        actor(self.role)
    }
}

fn actor(role: Role) -> Actor {
    match role {
        Role::Operator => Actor::Operator,
        Role::Vendor => Actor::Vendor,
        Role::ReadOnly => Actor::Reader,
    }
}

impl Caller {
    /// Authenticates the caller by the request's bearer token.
    ///
    /// # Errors
    ///
    /// 401 without a valid key; 429 after too many invalid ones from this address.
    pub async fn identify(app: &App, headers: &HeaderMap, from: IpAddr) -> Result<Self, Problem> {
        let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = header.and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(token.trim().to_owned())
        });
        let Some(token) = token else { return Err(unauthorized()) };
        if app.is_operator(&token) {
            return Ok(Self { key: CallerKey::Operator, role: Role::Operator, account_id: None });
        }
        // Tokens without a key's prefix need no database read.
        let known = if token.starts_with(API_KEY_PREFIX) {
            app.services.store.api_key(&SecretString::from(token)).await?
        } else {
            None
        };
        match known.filter(|key| key.revoked_at.is_none()) {
            Some(key) => {
                Ok(Self { key: CallerKey::Issued(key.id), role: key.role, account_id: key.account_id })
            }
            None => {
                app.limits.refused_key(from)?;
                Err(unauthorized())
            }
        }
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        // The crate `api` has already enforced what the operation's description requires of keys.
        parts.extensions.get::<Self>().copied().ok_or_else(unauthorized)
    }
}

fn unauthorized() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "unauthorized",
        "The request has no valid API key. Send one as Authorization: Bearer KEY: the operator's key from \
         the file operator-token in the data directory, or a key created with it.",
    )
}

fn forbidden() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "forbidden",
        "This API key's role does not permit the request. Use a key with the required role.",
    )
}

impl FromRequestParts<App> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        match Caller::from_request_parts(parts, app).await?.role {
            Role::Operator => Ok(Self),
            Role::Vendor | Role::ReadOnly => Err(forbidden()),
        }
    }
}

impl FromRequestParts<App> for Vendor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        match Caller::from_request_parts(parts, app).await?.role {
            role @ (Role::Operator | Role::Vendor) => Ok(Self { role }),
            Role::ReadOnly => Err(forbidden()),
        }
    }
}

impl FromRequestParts<App> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, app).await?;
        let missing = || Problem::not_found("linked account");
        let path = RawPathParams::from_request_parts(parts, app).await.map_err(|_| missing())?;
        let id = path.iter().find(|(name, _)| *name == "linked_account_id").map(|(_, id)| id);
        let id: AccountId = id.and_then(|id| id.parse().ok()).ok_or_else(missing)?;
        // Answers as if accounts outside the key's scope did not exist.
        if caller.account_id.is_some_and(|only| only != id) {
            return Err(missing());
        }
        let account = app.services.store.account(id).await?.ok_or_else(missing)?;
        Ok(Self { account, key: caller.key, actor: actor(caller.role) })
    }
}

impl Reader {
    /// Records in the audit log that the caller viewed the account, or an employee of it: at most once an
    /// hour per key.
    ///
    /// # Errors
    ///
    /// If the entry can't be stored.
    pub async fn note_view(&self, app: &App, person: Option<&RemoteId>) -> Result<(), Problem> {
        let at = app.services.clock.now();
        let Self { account, key, actor } = self;
        if !app.noted_views.is_first(at, (*key, account.id, person.cloned())) {
            return Ok(());
        }
        let key = key.to_string();
        let view = AccountView { key: &key, actor: *actor, account: account.id, person, at };
        Ok(app.services.store.note_view(view).await?)
    }
}
