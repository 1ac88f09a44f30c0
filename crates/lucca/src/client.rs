//! The client of one tenant: builds enumerations and reads single records.

use std::sync::Arc;
use std::time::Duration;

use async_recursion::async_recursion as boxed;
use jiff::civil::Date;
use net::Jitter;
use net::clock::{Clock, SystemClock};
use people::FieldGroups;
use people::RemoteId;

use crate::absence_query::{LeaveQuery, LeaveRequestQuery, UserDateQuery, UserLogQuery};
use crate::api_key::ApiKey;
use crate::asked::StreamQuery;
use crate::budget::RequestBudget;
use crate::enumeration::{Enumeration, TypedPage, decode, read_single};
use crate::envelope;
use crate::error::{Error, Kind};
use crate::form::{PageRequest, RequestPlan};
use crate::item::Item;
use crate::observer::{Observer, Unobserved};
use crate::resources::{
    CustomFieldDefinition, Department, Establishment, JobQualification, Leave, LeaveAccount, LeaveRequest,
    LegalUnit, Lookup, OccupationCategory, Resource, User, UserDate, UserLog, WorkContract,
};
use crate::retry::Effort;
use crate::stats::{Counters, Stats};
use crate::stream::Stream;
use crate::tenant_url::TenantUrl;
use crate::transport::{Limits, Transport, USER_AGENT, http_client};
use crate::user_query::UserQuery;

/// A client for one tenant with one key. Clones share its budget and counters.
#[derive(Clone, Debug)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    transport: Transport,
    max_page_size: Option<u32>,
    pages_in_flight: usize,
    page_time_limit: Duration,
}

/// Options of a [`Client`].
#[derive(Debug)]
pub struct ClientBuilder {
    tenant: TenantUrl,
    key: ApiKey,
    clock: Arc<dyn Clock>,
    budget: Option<Arc<RequestBudget>>,
    jitter_seed: u64,
    user_agent: String,
    observer: Arc<dyn Observer>,
    limits: Limits,
    max_page_size: Option<u32>,
    pages_in_flight: usize,
    page_time_limit: Duration,
}

impl ClientBuilder {
    /// The clock for waits; the system's by default.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The tenant's budget, shared by all its clients; by default one of its own, with a share of 40 of the
    /// tenant's 50 requests a minute.
    #[must_use]
    pub fn budget(mut self, budget: Arc<RequestBudget>) -> Self {
        self.budget = Some(budget);
        self
    }

    /// The seed of the randomness in waits between retries. Use a different one in each process, so that
    /// processes that fail together don't retry together.
    #[must_use]
    pub fn jitter_seed(mut self, seed: u64) -> Self {
        self.jitter_seed = seed;
        self
    }

    /// Time limit of one request, its body included; 90 seconds by default, because large v3 lists have been
    /// observed to take that long. Connecting may take 10 of them.
    #[must_use]
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.limits.request_timeout = timeout;
        self
    }

    /// Maximum number of attempts of a request; 5 by default, and at least one. If Lucca answers 429 and the
    /// wait is a minute or more, read requests are still repeated for ten minutes.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.limits.max_attempts = attempts.max(1);
        self
    }

    /// Maximum size of a body, after decompression; 64 MiB by default.
    #[must_use]
    pub fn max_body_bytes(mut self, bytes: u64) -> Self {
        self.limits.max_body_bytes = bytes;
        self
    }

    /// Maximum page size to request, in records.
    #[must_use]
    pub fn max_page_size(mut self, size: u32) -> Self {
        self.max_page_size = Some(size);
        self
    }

    /// Number of pages of one enumeration that are requested at once, after the first page; 4 by default, and
    /// at least one. Pages still arrive in order, and each waits in the budget. If the server gives no count,
    /// all but one of them are requested in vain at the end.
    #[must_use]
    pub fn pages_in_flight(mut self, pages: usize) -> Self {
        self.pages_in_flight = pages.max(1);
        self
    }

    /// The `User-Agent` header of all requests: the program's name and version. `lucca/` and this crate's version by default.
    #[must_use]
    pub fn user_agent(mut self, user_agent: &str) -> Self {
        user_agent.clone_into(&mut self.user_agent);
        self
    }

    /// Receives the outcome of each request, for metrics.
    #[must_use]
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = observer;
        self
    }

    /// How long a page may take before smaller ones are requested; 2.5 seconds by default. Lucca gives up on
    /// a request after 5. Source: absences.md §1 (rate limits).
    #[must_use]
    pub fn page_time_limit(mut self, limit: Duration) -> Self {
        self.page_time_limit = limit;
        self
    }

    /// Builds the client. Sends no request.
    ///
    /// # Errors
    ///
    /// `lucca.setup`, if the machine's root certificates can't be used.
    pub fn build(self) -> Result<Client, Error> {
        let http = http_client(&self.tenant, &self.key, &self.user_agent, self.limits.request_timeout)?;
        let transport = Transport {
            http,
            tenant: self.tenant,
            key: self.key,
            clock: self.clock,
            budget: self.budget.unwrap_or_default(),
            jitter: Jitter::new(self.jitter_seed),
            limits: self.limits,
            observer: self.observer,
            counters: Counters::default(),
        };
        let Self { max_page_size, pages_in_flight, page_time_limit, .. } = self;
        Ok(Client(Arc::new(Inner { transport, max_page_size, pages_in_flight, page_time_limit })))
    }
}

impl Client {
    /// Options for a client of `tenant` with `key`.
    pub fn builder(tenant: TenantUrl, key: ApiKey) -> ClientBuilder {
        let limits = Limits {
            request_timeout: Duration::from_secs(90),
            max_attempts: 5,
            max_body_bytes: 64 * 1024 * 1024,
        };
        let clock = Arc::new(SystemClock);
        ClientBuilder {
            tenant,
            key,
            clock,
            budget: None,
            jitter_seed: 0,
            user_agent: USER_AGENT.to_owned(),
            observer: Arc::new(Unobserved),
            limits,
            max_page_size: None,
            pages_in_flight: 4,
            page_time_limit: Duration::from_millis(2500),
        }
    }

    /// The tenant of this client.
    pub fn tenant(&self) -> &TenantUrl {
        self.0.transport.tenant()
    }

    /// Requests and bytes so far.
    pub fn stats(&self) -> Stats {
        self.0.transport.counters.snapshot()
    }

    /// All companies, archived ones included.
    pub fn legal_units(&self) -> Enumeration<LegalUnit> {
        self.enumerate(Stream::LegalUnits)
    }

    /// All establishments, archived ones included.
    pub fn establishments(&self) -> Enumeration<Establishment> {
        self.enumerate(Stream::Establishments)
    }

    /// All departments: from v4, else from v3, else from the department tree of either.
    pub fn departments(&self) -> Enumeration<Department> {
        self.enumerate(Stream::Departments)
    }

    /// All socio-professional categories.
    pub fn occupation_categories(&self) -> Enumeration<OccupationCategory> {
        self.enumerate(Stream::OccupationCategories)
    }

    /// All job qualifications.
    pub fn job_qualifications(&self) -> Enumeration<JobQualification> {
        self.enumerate(Stream::JobQualifications)
    }

    /// All reasons for hiring.
    pub fn hiring_types(&self) -> Enumeration<Lookup> {
        self.enumerate(Stream::HiringTypes)
    }

    /// All reasons for a contract's end.
    pub fn termination_reasons(&self) -> Enumeration<Lookup> {
        self.enumerate(Stream::TerminationReasons)
    }

    /// All grounds for temporary contracts.
    pub fn temporary_contract_grounds(&self) -> Enumeration<Lookup> {
        self.enumerate(Stream::TemporaryContractGrounds)
    }

    /// All work contracts that the key may see.
    pub fn work_contracts(&self) -> Enumeration<WorkContract> {
        self.enumerate(Stream::WorkContracts)
    }

    /// All kinds of leave, as far as the undocumented endpoint returns them.
    pub fn leave_accounts(&self) -> Enumeration<LeaveAccount> {
        self.enumerate(Stream::LeaveAccounts)
    }

    /// All definitions of the tenant's own user fields.
    pub fn custom_field_definitions(&self) -> Enumeration<CustomFieldDefinition> {
        self.enumerate(Stream::CustomFieldDefinitions)
    }

    /// The users that match `query` and that the key may see.
    pub fn users(&self, query: UserQuery) -> Enumeration<User> {
        self.start(RequestPlan::new(Stream::Users, StreamQuery::Users(query)))
    }

    /// The work contracts of these users; no contract for an empty list. At most a few hundred users: servers
    /// refuse longer URLs. The endpoint has no condition on the time of a contract's change. Source:
    /// directory.md §8.
    pub fn work_contracts_of(&self, owners: &[RemoteId]) -> Enumeration<WorkContract> {
        self.start(RequestPlan::new(Stream::WorkContracts, StreamQuery::ContractsOf(owners.to_vec())))
    }

    /// The half-days of absence that match `query`.
    pub fn leaves(&self, query: LeaveQuery) -> Enumeration<Leave> {
        self.start(RequestPlan::new(Stream::Leaves, StreamQuery::Leaves(query)))
    }

    /// The leave requests that match `query`.
    pub fn leave_requests(&self, query: LeaveRequestQuery) -> Enumeration<LeaveRequest> {
        self.start(RequestPlan::new(Stream::LeaveRequests, StreamQuery::LeaveRequests(query)))
    }

    /// The changes of users' properties that match `query`.
    pub fn user_logs(&self, query: UserLogQuery) -> Enumeration<UserLog> {
        self.start(RequestPlan::new(Stream::UserLogs, StreamQuery::UserLogs(query)))
    }

    /// These users' calendar days from `first` to `last`, both included. Lucca recommends about ten users and
    /// a month in one request. Source: absences.md §8.
    pub fn user_dates(&self, owners: &[RemoteId], first: Date, last: Date) -> Enumeration<UserDate> {
        let query = UserDateQuery { owners: owners.to_vec(), first, last };
        self.start(RequestPlan::new(Stream::UserDates, StreamQuery::UserDates(query)))
    }

    /// One user, with these groups of fields; `None` if the user does not exist or the key can't see them.
    ///
    /// # Errors
    ///
    /// When the request fails. A missing user is not an error, although Lucca documents a status of 500 for
    /// it (directory.md §6.2).
    #[boxed]
    pub async fn user(&self, id: &RemoteId, groups: FieldGroups) -> Result<Option<Item<User>>, Error> {
        if id.as_str().is_empty() || !id.as_str().bytes().all(|byte| byte.is_ascii_digit()) {
            // Users have whole numbers as ids; any other text would form another path.
            return Ok(None);
        }
        let path = format!("/api/v3/users/{id}");
        let mut plan =
            RequestPlan::new(Stream::Users, StreamQuery::Users(UserQuery { groups, ..UserQuery::default() }));
        loop {
            let query = plan.single_query();
            let sent = self.0.transport.get(Stream::Users, &path, &query, Effort::Usual, envelope::single);
            match sent.await {
                Ok((raw, _)) => return Ok(Some(read_single(raw))),
                Err(error) if is_not_found(&error) => return Ok(None),
                Err(error) if matches!(error.status(), Some(400 | 500)) && plan.fewer_fields(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Number of users that match `query`, in one request; `None` if the server gives no count or does not
    /// understand the query. Its groups of fields don't matter.
    ///
    /// # Errors
    ///
    /// When the request fails: an unreachable tenant, a refused key, a missing permission.
    #[boxed]
    pub async fn count_users(&self, query: &UserQuery) -> Result<Option<u64>, Error> {
        let mut plan = RequestPlan::new(
            Stream::Users,
            StreamQuery::Users(UserQuery { groups: FieldGroups::NONE, only: None, ..query.clone() }),
        );
        plan.cap_size(1);
        match self.page::<User>(Stream::Users, &plan.request(0, None), Effort::Usual, false).await {
            // A count below the number of records received counts something else.
            Ok(page) => Ok(page.count.filter(|count| *count >= page.items.len() as u64)),
            Err(error) if error.kind() == Kind::BadRequest => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(crate) async fn page<T: Resource>(
        &self,
        stream: Stream,
        request: &PageRequest,
        effort: Effort,
        keep_raw: bool,
    ) -> Result<TypedPage<T>, Error> {
        let layout = request.layout;
        let read = move |body: &[u8]| decode::<T>(layout, body, keep_raw);
        let (page, took) = self.0.transport.get(stream, request.path, &request.query, effort, read).await?;
        Ok(TypedPage { took, ..page })
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.0.transport
    }

    pub(crate) fn pages_in_flight(&self) -> usize {
        self.0.pages_in_flight
    }

    pub(crate) fn page_time_limit(&self) -> Duration {
        self.0.page_time_limit
    }

    fn enumerate<T: Resource>(&self, stream: Stream) -> Enumeration<T> {
        self.start(RequestPlan::new(stream, StreamQuery::All))
    }

    fn start<T: Resource>(&self, mut plan: RequestPlan) -> Enumeration<T> {
        if let Some(size) = self.0.max_page_size {
            plan.cap_size(size);
        }
        Enumeration::new(self.clone(), plan)
    }
}

/// Whether a user does not exist, or is hidden: 404, or 500 with this message.
fn is_not_found(error: &Error) -> bool {
    let says_so =
        || error.lucca_message().is_some_and(|message| message.to_lowercase().contains("not found"));
    error.kind() == Kind::NotFound || (error.status() == Some(500) && says_so())
}
