//! `POST /v1/linked-accounts`: links a tenant with its URL and API key, without the linking flow.

use api_types::UnsettledPermission;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use linking::{Diagnosis, Permission, Silent, Verdict};
use lucca::{ApiKey, TenantUrl};
use people::{Feature, FieldGroup, FieldGroups};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use store::{
    AccountOwner, AccountSettings, Actor, DiagnosisSource, LinkTarget, LinkedAccount, NewAccount, RunRequest,
};
use utoipa::ToSchema;
use web::app::App;
use web::auth::Vendor;
use web::link_target::Target;
use web::problem::{More, Problem, sentence};

use crate::Body;
use crate::answers::{Conflict, Forbidden, Unauthorized, Unprocessable};
use crate::detached::{run_detached, still_running};
use crate::new_link_token::{features, text};

/// The number of times that linking is tried while other requests link the same tenant.
const MAX_ATTEMPTS: usize = 5;

/// A tenant to link.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({
    "customer_id": "cust_42",
    "organization": "Acme SAS",
    "tenant_url": "https://acme.ilucca.net",
    "api_key": "the API key",
    "features": ["employees", "leaves", "jobs", "managers"],
}))]
#[serde(deny_unknown_fields)]
pub(crate) struct LinkedAccountCreate {
    /// The vendor's own id of the customer, 1 to 200 characters.
    #[schema(example = "cust_42", min_length = 1, max_length = 200)]
    customer_id: String,
    /// The customer's name.
    #[schema(example = "Acme SAS", max_length = 200)]
    organization: Option<String>,
    /// The address of the tenant, as a browser shows it.
    #[schema(example = "https://acme.ilucca.net", min_length = 1, max_length = 2000)]
    tenant_url: String,
    /// The tenant's API key. It is stored encrypted, and never returned.
    #[schema(value_type = String, example = "the API key", format = "password")]
    api_key: SecretString,
    /// The features that the app uses: employees (always), leaves, absence_requests, jobs, managers, qualifications,
    /// custom_fields. By default all except absence_requests and custom_fields. A relinked account keeps its features
    /// by default.
    #[schema(example = json!(["employees", "leaves", "jobs", "managers"]))]
    features: Option<Vec<String>>,
    /// The field groups of employees to read: by default identity, work and contract. A relinked account keeps its
    /// groups by default.
    #[schema(example = json!(["identity", "work", "contract"]))]
    field_groups: Option<Vec<String>>,
    /// Permissions that a person has checked in Lucca, for those that no request can prove: such as
    /// `see_future_employees`.
    #[schema(example = json!(["see_future_employees"]))]
    #[serde(default)]
    confirmed_permissions: Vec<String>,
    /// Whether to link although a required permission is missing or unconfirmed. Only if the operator's setting
    /// `allow_missing_permissions` allows it, and never without the permission to see employees.
    #[serde(default)]
    allow_missing_permissions: bool,
}

/// Links a tenant by its URL and API key.
///
/// For migrations, and for tenants of your own: a customer's administrator uses the linking flow, which explains each
/// permission. The checks are those of the flow, about ten requests to Lucca. A tenant that the customer has linked
/// before is relinked and keeps its id and data. The first sync begins at once.
#[utoipa::path(
    post, path = "/v1/linked-accounts", tag = "Linked accounts", security(("key" = [])),
    request_body = LinkedAccountCreate,
    responses(
        (status = 200, description = "The account was relinked.", body = api_types::LinkedAccount),
        (
            status = 201, description = "The account was created.", body = api_types::LinkedAccount,
            headers(("Location" = String, description = "The address of the linked account."))
        ),
        Unauthorized,
        Forbidden,
        Conflict,
        Unprocessable,
    )
)]
pub(crate) async fn create_linked_account(
    State(app): State<App>,
    vendor: Vendor,
    Body(create): Body<LinkedAccountCreate>,
) -> Result<Response, Problem> {
    let request = LinkRequest::read(&app, create)?;
    let actor = vendor.actor();
    let (target, account) =
        run_detached(async move { request.link(&app, actor).await }).await?.ok_or_else(still_running)?;
    Ok(match target {
        LinkTarget::Relink(_) => (StatusCode::OK, Json(account)).into_response(),
        LinkTarget::New(id) => {
            let place = format!("/v1/linked-accounts/{id}");
            (StatusCode::CREATED, [(header::LOCATION, place)], Json(account)).into_response()
        }
    })
}

/// A validated request.
struct LinkRequest {
    customer_id: String,
    organization: Option<String>,
    tenant: TenantUrl,
    key: ApiKey,
    features: Option<Vec<Feature>>,
    field_groups: Option<FieldGroups>,
    confirmed: Vec<Permission>,
    allow_missing: bool,
}

impl LinkRequest {
    fn read(app: &App, create: LinkedAccountCreate) -> Result<Self, Problem> {
        let invalid = |field, detail: String| Problem::field(field, "request.invalid", detail);
        let names = |known: Vec<&str>| format!("The value must be a list of: {}.", known.join(", "));
        let customer_id = text("customer_id", Some(create.customer_id), 200)?
            .ok_or_else(|| invalid("customer_id", "It must not be empty.".to_owned()))?;
        let tenant = TenantUrl::parse(&create.tenant_url, app.hosts)
            .map_err(|error| Problem::field("tenant_url", error.code(), sentence(&error.to_string())))?;
        let key = ApiKey::parse(create.api_key.expose_secret())
            .map_err(|error| Problem::field("api_key", error.code(), sentence(&error.to_string())))?;
        let field_groups = create.field_groups.map(|groups| {
            let groups = groups.iter().map(|name| name.parse()).collect::<Result<FieldGroups, _>>();
            groups.map_err(|_| {
                invalid("field_groups", names(FieldGroup::ALL.iter().map(|group| group.name()).collect()))
            })
        });
        let confirmed = create.confirmed_permissions.iter().map(|name| name.parse::<Permission>());
        let confirmed = confirmed.collect::<Result<Vec<_>, _>>().map_err(|_| {
            let known = Permission::ALL.iter().map(|permission| permission.name()).collect();
            invalid("confirmed_permissions", names(known))
        })?;
        Ok(Self {
            customer_id,
            organization: text("organization", create.organization, 200)?,
            tenant,
            key,
            features: create.features.as_deref().map(features).transpose()?,
            field_groups: field_groups.transpose()?,
            confirmed,
            allow_missing: create.allow_missing_permissions && app.config.linking.allow_missing_permissions,
        })
    }

    /// Checks the key and links the tenant.
    async fn link(self, app: &App, actor: Actor) -> Result<(LinkTarget, api_types::LinkedAccount), Problem> {
        let services = &app.services;
        // Before the checks, so that a refusal costs no request to Lucca.
        let before = self.account_before(app).await?;
        let features = match (&self.features, &before) {
            (Some(features), _) => features.iter().copied().collect(),
            (None, Some(account)) => linking::account_features(&account.settings),
            (None, None) => crate::new_link_token::DEFAULT_FEATURES.into_iter().collect(),
        };
        lucca::reach(&self.tenant).await.map_err(|error| refused("tenant_url", &error))?;
        let pace = app.config.linking.requests_per_minute;
        let client = services.tenants.client(self.tenant.clone(), self.key.clone(), pace).await?;
        let examined = linking::examine(&client, &features, services.today(), &Silent).await;
        let diagnosis = examined.map_err(|error| match error.code() {
            "lucca.key_refused" => refused("api_key", &error),
            "lucca.not_found" | "lucca.not_lucca" => refused("tenant_url", &error),
            _ => Problem::from(&error),
        })?;
        self.refuse_unsettled(&diagnosis)?;
        for _ in 0..MAX_ATTEMPTS {
            let Some((target, account)) = self.write(app, actor, &features).await? else { continue };
            services.note_check(&account, &diagnosis, DiagnosisSource::Linking, actor).await?;
            // If this fails, the scheduler still syncs the account when it is due.
            if let Err(error) = services.request_run(&account, RunRequest::Changes).await {
                tracing::error!(account = %account.id, code = error.code(), %error, "no first sync was requested");
            }
            return Ok((target, api_types::LinkedAccount::of(&services.store, &account).await?));
        }
        let detail = "Other requests are linking the same tenant. Send the request again.";
        Err(Problem::new(StatusCode::CONFLICT, "linking.concurrent", detail).retry_after(1))
    }

    /// The account that would be relinked.
    async fn account_before(&self, app: &App) -> Result<Option<LinkedAccount>, Problem> {
        Ok(match self.target(app).await? {
            LinkTarget::Relink(id) => app.services.store.account(id).await?,
            LinkTarget::New(_) => None,
        })
    }

    async fn target(&self, app: &App) -> Result<LinkTarget, Problem> {
        match Target::of(app, &self.customer_id, None, self.tenant.origin()).await? {
            Target::Account(target) => Ok(target),
            Target::TakenByAnother | Target::OtherTenant { .. } => Err(Problem::new(
                StatusCode::CONFLICT,
                "linking.tenant_taken",
                "Another customer has linked this tenant. Unlink it there first, or set same_tenant = \"allow\" under \
                 [linking].",
            )),
        }
    }

    /// Refuses a key that lacks a required permission.
    fn refuse_unsettled(&self, diagnosis: &Diagnosis) -> Result<(), Problem> {
        let unsettled: Vec<_> = diagnosis.required_unsettled(&self.confirmed).collect();
        let sees_people = diagnosis.verdict(Permission::ViewUsers) != Some(Verdict::Missing);
        if unsettled.is_empty() || (self.allow_missing && sees_people) {
            return Ok(());
        }
        let detail = "The API key lacks required permissions, or they can't be proven. `permissions` names each with \
                      its remedy. Tick the boxes in Lucca; name those that no request can prove in \
                      confirmed_permissions.";
        let permissions = unsettled.into_iter().map(UnsettledPermission::from).collect();
        Err(Problem::field("api_key", "linking.permissions_missing", detail)
            .with(More { permissions, ..More::default() }))
    }

    /// Writes the account. Returns `None` if the accounts of the tenant changed meanwhile.
    async fn write(
        &self,
        app: &App,
        actor: Actor,
        features: &people::Features,
    ) -> Result<Option<(LinkTarget, LinkedAccount)>, Problem> {
        let services = &app.services;
        let tenant = self.tenant.origin();
        let known = services.store.accounts_of_tenant(tenant).await?;
        let known_accounts: Vec<_> = known.iter().map(|account| account.id).collect();
        let target = self.target(app).await?;
        let before = known.into_iter().find(|account| target == LinkTarget::Relink(account.id));
        let before = before.map(|account| account.settings).unwrap_or_default();
        let declined = Feature::ALL.into_iter().filter(|feature| !features.contains(*feature));
        let mut groups: Vec<String> = match self.field_groups {
            None if !before.field_groups.is_empty() => before.field_groups.clone(),
            groups => groups.unwrap_or_default().iter().map(|group| group.name().to_owned()).collect(),
        };
        let custom = FieldGroup::CustomFields.name();
        if features.contains(Feature::CustomFields) && !groups.iter().any(|group| group == custom) {
            groups.push(custom.to_owned());
        }
        let settings = AccountSettings {
            field_groups: groups,
            declined_features: declined.map(|feature| feature.name().to_owned()).collect(),
            confirmed_permissions: self.confirmed.iter().map(|one| one.name().to_owned()).collect(),
            requests_per_minute: before.requests_per_minute.or(app.config.linking.requests_per_minute),
            ..before
        };
        let new = NewAccount {
            target,
            tenant,
            origin: tenant,
            api_key: &SecretString::from(self.key.expose()),
            settings: &settings,
            actor,
            at: services.clock.now(),
            nonce: services.entropy.bytes()?,
        };
        let owner = AccountOwner {
            customer_id: &self.customer_id,
            organization: self.organization.as_deref(),
            known_accounts: &known_accounts,
        };
        let linked = services.store.link_for_customer(&services.vault, new, owner).await?;
        Ok(linked.map(|account| (target, account)))
    }
}

/// The refusal of the tenant URL or the API key because of an error of Lucca's.
fn refused(field: &'static str, error: &lucca::Error) -> Problem {
    tracing::info!(code = error.code(), status = error.status(), "a tenant was not linked");
    Problem::field(field, error.code(), error.advice())
}
