//! Links from records to resources of a SCIM service, with the hash of the last push.

use std::collections::HashMap;

use async_recursion::async_recursion as boxed;
use people::RemoteId;

use crate::db::on;
use crate::error::while_doing;
use crate::{DestinationId, Error, Store};

/// Kind of a SCIM resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScimResource {
    /// Employees.
    User,
    /// Departments.
    Group,
}

people::names! { ScimResource: "scim resource" { User = "user", Group = "group" } }

/// Link from a stored record to a resource of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScimLink {
    /// The service's id of the resource.
    pub remote_id: String,
    /// Content hash of the resource as last pushed.
    pub hash: u128,
    /// Whether it was last pushed as active.
    pub active: bool,
}

impl Store {
    /// Returns the links of a service, by Lucca's id of the record.
    #[boxed]
    pub async fn scim_links(
        &self,
        target: DestinationId,
        resource: ScimResource,
    ) -> Result<HashMap<RemoteId, ScimLink>, Error> {
        let rows: Vec<(String, String, Vec<u8>, bool)> = on!(self.db, pool => sqlx::query_as(
            "SELECT local_id, remote_id, hash, active FROM scim_links WHERE target_id = $1 AND resource = $2",
        )
        .bind(target.to_string())
        .bind(resource.name())
        .fetch_all(pool)
        .await)
        .map_err(while_doing("reading links of a SCIM service"))?;
        let read = |(local, remote_id, hash, active): (String, String, Vec<u8>, bool)| {
            // An unreadable hash matches nothing, so the resource is compared again.
            let hash = <[u8; 16]>::try_from(hash).map_or(0, u128::from_be_bytes);
            (RemoteId::from(local), ScimLink { remote_id, hash, active })
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// Stores a record's link with the hash of the pushed resource; `None` deletes it.
    #[boxed]
    pub async fn keep_scim_link(
        &self,
        target: DestinationId,
        resource: ScimResource,
        local: &RemoteId,
        link: Option<&ScimLink>,
    ) -> Result<(), Error> {
        const DOING: &str = "storing a link of a SCIM service";
        let Some(link) = link else {
            return on!(self.db, pool => sqlx::query(
                "DELETE FROM scim_links WHERE target_id = $1 AND resource = $2 AND local_id = $3",
            )
            .bind(target.to_string())
            .bind(resource.name())
            .bind(local.as_str())
            .execute(pool)
            .await
            .map(drop))
            .map_err(while_doing(DOING));
        };
        on!(self.db, pool => sqlx::query(
            "INSERT INTO scim_links (target_id, resource, local_id, remote_id, hash, active) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (target_id, resource, local_id) DO UPDATE SET \
             remote_id = excluded.remote_id, hash = excluded.hash, active = excluded.active",
        )
        .bind(target.to_string())
        .bind(resource.name())
        .bind(local.as_str())
        .bind(&link.remote_id)
        .bind(&link.hash.to_be_bytes()[..])
        .bind(link.active)
        .execute(pool)
        .await
        .map(drop))
        .map_err(while_doing(DOING))
    }
}
