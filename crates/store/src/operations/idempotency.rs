//! Named requests, each of which runs once: the process that runs it, and its answer, sealed because it may
//! contain a new secret. The HTTP requests and answers are not interpreted here.

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use sha2::{Digest, Sha256};

use crate::db::{Tx, in_tx, on};
use crate::error::while_doing;
use crate::vault::{Sealed, SealedColumn, SecretLocation, Vault};
use crate::{AccountId, Error, Store};

/// How long an answer is stored.
const ANSWER_LIFETIME: SignedDuration = SignedDuration::from_hours(24);
/// How long a request may run; a process that takes longer is considered ended.
const LONGEST_RUN: SignedDuration = SignedDuration::from_secs(60);

/// A request with an idempotency key.
#[derive(Clone, Copy, Debug)]
pub struct NamedRequest<'a> {
    /// The caller's name, as the connector defines it.
    pub caller: &'a str,
    /// The idempotency key, which the caller chooses.
    pub key: &'a str,
    /// The whole request, for comparison; only its hash is stored.
    pub asked: &'a [u8],
    /// The linked account that it is about, if any: its answers are erased with its data.
    pub account: Option<AccountId>,
}

/// The right to run a named request: random bytes.
pub type Claim = [u8; 16];

/// State of a named request.
#[derive(Debug)]
pub enum Named {
    /// It is new: the caller must run it.
    New,
    /// It was done, with this answer.
    Done(SecretString),
    /// Another process is running it.
    UnderWay,
    /// The caller used the key for another request.
    Other,
}

impl NamedRequest<'_> {
    fn hash(&self) -> Vec<u8> {
        let mut hash = Sha256::new();
        // No caller's name has a NUL.
        hash.update(self.caller);
        hash.update([0]);
        hash.update(self.key);
        hash.finalize().to_vec()
    }
}

fn location(row: &str) -> SecretLocation<'_> {
    SealedColumn::Answer.of(row)
}

impl Store {
    /// Claims a named request if it is new; otherwise returns its state.
    pub async fn begin_named(
        &self,
        vault: &Vault,
        request: NamedRequest<'_>,
        claim: Claim,
        at: Timestamp,
    ) -> Result<Named, Error> {
        const DOING: &str = "reading an idempotency key";
        on!(self.db, pool => sqlx::query("DELETE FROM idempotency_keys WHERE expires_ms <= $1")
            .bind(at.as_millisecond())
            .execute(pool)
            .await
            .map(drop))
        .map_err(while_doing(DOING))?;
        let (hash, asked) = (request.hash(), Sha256::digest(request.asked).to_vec());
        let is_new = on!(self.db, pool => sqlx::query(
            "INSERT INTO idempotency_keys (hash, request, claim, account_no, expires_ms) \
             VALUES ($1, $2, $3, (SELECT no FROM linked_accounts WHERE id = $4), $5) ON CONFLICT (hash) DO NOTHING",
        )
        .bind(&hash)
        .bind(&asked)
        .bind(&claim[..])
        .bind(request.account.map(|id| id.to_string()))
        .bind(later(at, LONGEST_RUN))
        .execute(pool)
        .await
        .map(|done| done.rows_affected() == 1))
        .map_err(while_doing(DOING))?;
        if is_new {
            return Ok(Named::New);
        }
        let found: Option<(Vec<u8>, Option<Vec<u8>>)> = on!(self.db, pool => sqlx::query_as(
            "SELECT request, answer FROM idempotency_keys WHERE hash = $1",
        )
        .bind(&hash)
        .fetch_optional(pool)
        .await)
        .map_err(while_doing(DOING))?;
        Ok(match found {
            Some((known, _)) if known != asked => Named::Other,
            Some((_, Some(answer))) => {
                Named::Done(vault.open(&Sealed(answer), location(&hex::encode(&hash)))?)
            }
            // No row: the process that ran it has just released the key. Retrying is right in both cases.
            Some((_, None)) | None => Named::UnderWay,
        })
    }

    /// Stores the answer, if the claim is still valid.
    pub async fn finish_named(
        &self,
        vault: &Vault,
        request: NamedRequest<'_>,
        (claim, nonce): (Claim, [u8; 12]),
        answer: &SecretString,
        at: Timestamp,
    ) -> Result<(), Error> {
        let hash = request.hash();
        let sealed = vault.seal(answer, location(&hex::encode(&hash)), nonce)?;
        on!(self.db, pool => sqlx::query(
            "UPDATE idempotency_keys SET answer = $3, expires_ms = $4 WHERE hash = $1 AND claim = $2",
        )
        .bind(&hash)
        .bind(&claim[..])
        .bind(&sealed.0)
        .bind(later(at, ANSWER_LIFETIME))
        .execute(pool)
        .await
        .map(drop))
        .map_err(while_doing("storing the response of an idempotency key"))
    }

    /// Releases the key: the request was not executed.
    pub async fn give_up_named(&self, request: NamedRequest<'_>, claim: Claim) -> Result<(), Error> {
        on!(self.db, pool => sqlx::query("DELETE FROM idempotency_keys WHERE hash = $1 AND claim = $2")
            .bind(request.hash())
            .bind(&claim[..])
            .execute(pool)
            .await
            .map(drop))
        .map_err(while_doing("releasing an idempotency key"))
    }
}

/// Deletes the answers about a linked account, as they may contain personal data.
pub(crate) async fn forget(tx: &mut Tx, account_no: i64) -> Result<(), sqlx::Error> {
    in_tx!(tx, connection => sqlx::query("DELETE FROM idempotency_keys WHERE account_no = $1")
        .bind(account_no)
        .execute(connection)
        .await
        .map(drop))
}

fn later(at: Timestamp, by: SignedDuration) -> i64 {
    at.checked_add(by).unwrap_or(at).as_millisecond()
}
