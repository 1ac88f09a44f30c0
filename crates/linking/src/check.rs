//! The check itself: what is asked, in how many requests.

use jiff::ToSpan;
use jiff::civil::Date;
use lucca::resources::User;
use lucca::{
    Action, Client, DateFilter, Enumeration, Error, FieldGroup, FieldGroups, Resource, Stream, UserQuery,
};
use serde::Serialize;

use crate::permission::Permission;
use crate::verdicts::{Finding, Verdict, people_findings};

/// What a tenant URL and an API key are good for.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// What is known of each permission.
    pub findings: Vec<Finding>,
    /// How many people the key shows, former and future ones included, where the server counts.
    pub people: Option<u64>,
    /// Lists that this key can read, by stream name.
    pub readable: Vec<String>,
    /// Lists that it can't, by stream name, each with the reason.
    pub unreadable: Vec<(String, String)>,
}

impl Check {
    /// Required permissions that are not proven.
    pub fn required_not_proven(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|f| f.permission.is_required() && f.verdict != Verdict::Proven)
    }
}

/// Asks Lucca what the key shows: three pages of people and one page of each list, about a dozen requests.
///
/// Fails when people can't be read at all, be it that the tenant can't be reached or that the key is refused.
pub async fn check(client: &Client, today: Date) -> Result<Check, Error> {
    let groups = [FieldGroup::Work, FieldGroup::Contract].into_iter().collect::<FieldGroups>();
    let everyone = UserQuery { groups, ..UserQuery::default() };
    let yesterday = today.checked_sub(1.day()).unwrap_or(today);
    let tomorrow = today.checked_add(1.day()).unwrap_or(today);
    let left = UserQuery { contract_end: Some(DateFilter::Until(yesterday)), ..everyone.clone() };
    let to_come = UserQuery { contract_start: Some(DateFilter::Since(tomorrow)), ..everyone.clone() };

    let (all, people) = first_users(client, everyone).await?;
    let former = filtered_users(client, left).await?;
    let future = filtered_users(client, to_come).await?;
    let mut check = Check {
        findings: people_findings(&all, &former, &future, today),
        people,
        readable: Vec::new(),
        unreadable: Vec::new(),
    };
    let contracts = check.list(Stream::WorkContracts, client.work_contracts()).await;
    check.findings.push(contracts_finding(contracts));
    check.list(Stream::Departments, client.departments()).await.ok();
    check.list(Stream::Establishments, client.establishments()).await.ok();
    check.list(Stream::LegalUnits, client.legal_units()).await.ok();
    check.list(Stream::JobQualifications, client.job_qualifications()).await.ok();
    check.list(Stream::OccupationCategories, client.occupation_categories()).await.ok();
    check.list(Stream::LeaveAccounts, client.leave_accounts()).await.ok();
    check.list(Stream::CustomFieldDefinitions, client.custom_field_definitions()).await.ok();
    Ok(check)
}

/// The first page of people, and how many there are.
async fn first_users(client: &Client, query: UserQuery) -> Result<(Vec<User>, Option<u64>), Error> {
    let mut users = client.users(query);
    let page = users.next_page().await?;
    let items = page.map(|page| page.items).unwrap_or_default();
    let read = items.into_iter().filter_map(|item| Some(item.outcome.ok()?.value)).collect();
    Ok((read, users.total()))
}

/// The first page of people for a filter; nobody where the server does not take the filter.
async fn filtered_users(client: &Client, query: UserQuery) -> Result<Vec<User>, Error> {
    match first_users(client, query).await {
        Ok((users, _)) => Ok(users),
        Err(error) if error.action() == Action::Relink => Err(error),
        Err(_) => Ok(Vec::new()),
    }
}

impl Check {
    /// Reads the first page of a list and notes whether that worked; gives the number of records on it.
    async fn list<T: Resource>(
        &mut self,
        stream: Stream,
        mut enumeration: Enumeration<T>,
    ) -> Result<usize, Error> {
        let stream = stream.name().to_owned();
        match enumeration.next_page().await {
            Ok(page) => {
                self.readable.push(stream);
                Ok(page.map_or(0, |page| page.items.len()))
            }
            Err(error) => {
                self.unreadable.push((stream, error.to_string()));
                Err(error)
            }
        }
    }
}

fn contracts_finding(read: Result<usize, Error>) -> Finding {
    let (verdict, evidence) = match read {
        Ok(0) => (Verdict::NotSeen, "0 contracts seen".to_owned()),
        Ok(seen) => (Verdict::Proven, format!("{seen} contracts seen on the first page")),
        Err(error) if matches!(error.action(), Action::MissingPermission | Action::Relink) => {
            (Verdict::Missing, "Lucca refused the list of contracts".to_owned())
        }
        Err(error) => (Verdict::NotSeen, error.to_string()),
    };
    Finding { permission: Permission::ViewContracts, verdict, evidence }
}
