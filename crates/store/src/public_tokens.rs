//! Public tokens: the one-time proof that a flow is finished, which the browser gets and the vendor's server exchanges
//! for the linked account. A flow has at most one.

use jiff::Timestamp;
use secrecy::SecretString;

use crate::db::{on, sql_time};
use crate::error::while_doing;
use crate::link_flows::hash;
use crate::{AccountId, Error, FlowId, Store};

impl Store {
    /// Gives a finished flow a public token, in place of one that it may have. Gives whether it got it: not where the
    /// flow is not finished, or its token was exchanged already.
    pub async fn set_public_token(
        &self,
        flow_id: FlowId,
        token: &SecretString,
        expires_at: Timestamp,
    ) -> Result<bool, Error> {
        on!(self.db, pool => sqlx::query(
            "INSERT INTO public_tokens (hash, flow_id, expires_at) \
             SELECT $1, id, $3 FROM link_flows WHERE id = $2 AND status = 'finished' \
             ON CONFLICT (flow_id) DO UPDATE SET hash = excluded.hash, expires_at = excluded.expires_at \
             WHERE public_tokens.exchanged_at IS NULL",
        )
        .bind(hash(token))
        .bind(flow_id.to_string())
        .bind(sql_time(expires_at))
        .execute(pool)
        .await
        .map(|done| done.rows_affected() == 1))
        .map_err(while_doing("making a public token"))
    }

    /// Exchanges a public token, once, for the account that its flow linked.
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
