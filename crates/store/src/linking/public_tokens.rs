//! Public tokens: one-time proofs that a linking flow is finished. The browser gets the token, and the
//! vendor's server exchanges it for the linked account. A flow has one token, which can be issued again until
//! it is exchanged.

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;
use secrecy::SecretString;

use crate::db::{on, sql_time};
use crate::error::while_doing;
use crate::linking::link_flows::hash;
use crate::{AccountId, Error, FlowId, Store};

impl Store {
    /// Issues the public token of a finished flow until `expires_at`, for the first time or again: a page may
    /// be reloaded before the vendor's server has exchanged the token. Returns whether it can be exchanged:
    /// false if the flow is not finished, or its token was exchanged already.
    #[boxed]
    pub async fn issue_public_token(
        &self,
        flow_id: FlowId,
        token: &SecretString,
        expires_at: Timestamp,
    ) -> Result<bool, Error> {
        const DOING: &str = "issuing a public token";
        on!(self.db, pool => sqlx::query(
            "INSERT INTO public_tokens (hash, flow_id, expires_at) \
             SELECT $1, id, $3 FROM link_flows WHERE id = $2 AND status = 'finished' ON CONFLICT DO NOTHING",
        )
        .bind(hash(token))
        .bind(flow_id.to_string())
        .bind(sql_time(expires_at))
        .execute(pool)
        .await
        .map(drop))
        .map_err(while_doing(DOING))?;
        on!(self.db, pool => sqlx::query(
            "UPDATE public_tokens SET hash = $1, expires_at = $3 WHERE flow_id = $2 AND exchanged_at IS NULL",
        )
        .bind(hash(token))
        .bind(flow_id.to_string())
        .bind(sql_time(expires_at))
        .execute(pool)
        .await
        .map(|done| done.rows_affected() == 1))
        .map_err(while_doing(DOING))
    }

    /// Exchanges a public token, once, for the account that its flow linked.
    #[boxed]
    pub async fn exchange_public_token(
        &self,
        token: &SecretString,
        at: Timestamp,
    ) -> Result<Option<(FlowId, AccountId)>, Error> {
        const DOING: &str = "exchanging a public token";
        let flow_id: Option<String> = on!(self.db, pool => sqlx::query_scalar(
            "UPDATE public_tokens SET exchanged_at = $2 \
             WHERE hash = $1 AND exchanged_at IS NULL AND expires_at > $2 RETURNING flow_id",
        )
        .bind(hash(token))
        .bind(sql_time(at))
        .fetch_optional(pool)
        .await)
        .map_err(while_doing(DOING))?;
        let Some(flow_id) = flow_id else { return Ok(None) };
        let id =
            flow_id.parse().map_err(|error| Error::Corrupt { what: "flow id", source: Box::new(error) })?;
        let flow = self.link_flow(id).await?;
        Ok(flow.and_then(|flow| Some((flow.id, flow.account_id?))))
    }
}
