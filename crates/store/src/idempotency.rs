//! Requests that their caller named, so that each is done once: who is doing it, and what was answered, which is kept
//! sealed, as it may hold a new secret. What is asked and answered over HTTP is not known here.

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use sha2::{Digest, Sha256};

use crate::db::{Tx, in_tx, on};
use crate::error::while_doing;
use crate::vault::{Place, Sealed, SealedColumn, Vault};
use crate::{AccountId, Error, Store};

/// How long an answer is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// How long somebody may take to do it; who takes longer has ended on the way.
const LONGEST_TURN: SignedDuration = SignedDuration::from_secs(60);

/// A request that its caller named.
#[derive(Clone, Copy, Debug)]
pub struct NamedRequest<'a> {
    /// Who asks: a name of ours.
    pub caller: &'a str,
    /// The caller's name for the request.
    pub key: &'a str,
    /// All that was asked, for comparison; only its hash is kept.
    pub asked: &'a [u8],
    /// The linked account it is about, where it is about one: its answers are erased with its data.
    pub account: Option<AccountId>,
}

/// The right to do a named request: random bytes.
pub type Claim = [u8; 16];

/// How a named request stands.
#[derive(Debug)]
pub enum Named {
    /// It is new: whoever asked is to do it.
    New,
    /// It was done: what was answered.
    Done(SecretString),
    /// Somebody is doing it.
    UnderWay,
    /// The caller used the key for another request.
    Other,
}

impl NamedRequest<'_> {
    fn hash(&self) -> Vec<u8> {
        let mut hash = Sha256::new();
        // No name of ours has a NUL.
        hash.update(self.caller);
        hash.update([0]);
        hash.update(self.key);
        hash.finalize().to_vec()
    }
}

fn row(hash: &[u8]) -> String {
    use std::fmt::Write as _;
    hash.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn place(row: &str) -> Place<'_> {
    SealedColumn::Answer.of(row)
}

impl Store {
    /// Asks to do a named request, which takes the turn if it is new.
    pub async fn begin_named(
        &self,
        vault: &Vault,
        request: NamedRequest<'_>,
        claim: Claim,
        at: Timestamp,
    ) -> Result<Named, Error> {
        const DOING: &str = "looking for an idempotency key";
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
        .bind(later(at, LONGEST_TURN))
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
            Some((_, Some(answer))) => Named::Done(vault.open(&Sealed(answer), place(&row(&hash)))?),
            // Nothing: whoever did it gave it up at this moment. To ask once more is right for both.
            Some((_, None)) | None => Named::UnderWay,
        })
    }

    /// Keeps what was answered, if it is still the turn of whoever did it.
    pub async fn finish_named(
        &self,
        vault: &Vault,
        request: NamedRequest<'_>,
        (claim, nonce): (Claim, [u8; 12]),
        answer: &SecretString,
        at: Timestamp,
    ) -> Result<(), Error> {
        let hash = request.hash();
        let sealed = vault.seal(answer, place(&row(&hash)), nonce)?;
        on!(self.db, pool => sqlx::query(
            "UPDATE idempotency_keys SET answer = $3, expires_ms = $4 WHERE hash = $1 AND claim = $2",
        )
        .bind(&hash)
        .bind(&claim[..])
        .bind(&sealed.0)
        .bind(later(at, KEPT))
        .execute(pool)
        .await
        .map(drop))
        .map_err(while_doing("keeping an answer for its idempotency key"))
    }

    /// Frees the key: nothing was done.
    pub async fn give_up_named(&self, request: NamedRequest<'_>, claim: Claim) -> Result<(), Error> {
        on!(self.db, pool => sqlx::query("DELETE FROM idempotency_keys WHERE hash = $1 AND claim = $2")
            .bind(request.hash())
            .bind(&claim[..])
            .execute(pool)
            .await
            .map(drop))
        .map_err(while_doing("freeing an idempotency key"))
    }
}

/// Forgets what was answered about a linked account, as personal data may be in it.
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
