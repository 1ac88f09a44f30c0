//! The account that a tenant becomes when it is linked: in the linking flow and by the API.

use store::{AccountId, AccountStatus, LinkTarget, LinkedAccount};

use crate::app::App;
use crate::config::SameTenant;

/// The account that a tenant would become.
pub enum Target {
    /// A new account, or an existing one to relink.
    Account(LinkTarget),
    /// Refused: another customer has linked the tenant.
    TakenByAnother,
    /// Refused: the account to relink belongs to another tenant.
    OtherTenant {
        /// The origin of the account's tenant.
        expected: String,
    },
}

impl Target {
    /// Decides which account a tenant becomes for a customer. `relink` is the account that the caller wants to relink.
    ///
    /// # Errors
    ///
    /// If the database or the randomness fails.
    pub async fn of(
        app: &App,
        customer_id: &str,
        relink: Option<AccountId>,
        tenant: &str,
    ) -> Result<Self, store::Error> {
        let store = &app.services.store;
        if let Some(id) = relink
            && let Some(account) = store.account(id).await?
        {
            return Ok(if account.tenant == tenant {
                Self::Account(LinkTarget::Relink(id))
            } else {
                Self::OtherTenant { expected: account.tenant }
            });
        }
        let known = store.accounts_of_tenant(tenant).await?;
        let is_theirs = |account: &&LinkedAccount| {
            // The operator linked it without a customer; this customer takes it over.
            account.customer_id.as_ref().is_none_or(|customer| customer == customer_id)
        };
        if let Some(account) = known.iter().find(is_theirs) {
            return Ok(Self::Account(LinkTarget::Relink(account.id)));
        }
        let is_taken = known.iter().any(|account| account.status != AccountStatus::Unlinked);
        if is_taken && app.config.linking.same_tenant == SameTenant::Refuse {
            return Ok(Self::TakenByAnother);
        }
        let now = app.services.clock.now();
        let random = app
            .services
            .entropy
            .bytes()
            .map_err(|error| store::Error::Corrupt { what: "randomness", source: Box::new(error) })?;
        Ok(Self::Account(LinkTarget::New(AccountId::mint(now, random))))
    }
}
