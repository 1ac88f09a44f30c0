//! `link`: checks a tenant URL and an API key, and stores the key.

use std::process::ExitCode;

use linking::Readiness;
use people::{Feature, Features};
use people::{FieldGroup, FieldGroups};
use serde_json::json;
use store::{AccountSettings, Actor, DiagnosisSource};

use crate::Global;
use crate::commands::check;
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::key_input::KeySource;
use crate::output::line;
use crate::session::{self, Pace};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Address of the tenant, or of any of its pages, such as https://acme.ilucca.net/home
    tenant: String,
    #[command(flatten)]
    key: KeySource,
    /// Field groups to read and store: identity, work, contract, custom_fields, contact, birth, address,
    /// identifiers, bank, pay_and_reviews, leave_reason [default: the first three; for a linked tenant, its
    /// present groups]
    #[arg(long, value_name = "GROUP,…")]
    fields: Option<FieldGroups>,
    /// Also store employee records as Lucca sent them
    #[arg(long)]
    keep_raw: bool,
    #[command(flatten)]
    check: check::CheckOptions,
    #[command(flatten)]
    pace: Pace,
}

/// The field groups to fetch: the named ones, else the account's present ones, else the default; plus custom
/// fields if that feature is named.
fn field_groups(args: &Args, before: &AccountSettings) -> Vec<String> {
    let mut groups: Vec<String> = match args.fields {
        None if !before.field_groups.is_empty() => before.field_groups.clone(),
        given => given.unwrap_or_default().iter().map(|group| group.name().to_owned()).collect(),
    };
    let custom = FieldGroup::CustomFields.name();
    let names_custom =
        args.check.features.as_ref().is_some_and(|features| features.contains(Feature::CustomFields));
    if names_custom && !groups.iter().any(|group| group == custom) {
        groups.push(custom.to_owned());
    }
    groups
}

/// The features that are not in `wanted`.
fn declined(wanted: &Features) -> Vec<String> {
    let declined = Feature::DECLINABLE.into_iter().filter(|feature| !wanted.contains(*feature));
    declined.map(|feature| feature.name().to_owned()).collect()
}

pub(crate) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    let tenant = session::tenant_url(&args.tenant, global.hosts)?;
    let key = args.key.read()?;
    let clock = session::reporting_clock(global, None);
    let data = DataDir::open_or_create(global, &global.data_dir()).await?;
    let client = session::client(Some(&data), tenant.clone(), key.clone(), args.pace, &clock).await?;
    let known = data.store.account_by_tenant(tenant.origin()).await?;
    // Without `--features`, a linked tenant keeps its features.
    let features = match (&args.check.features, &known) {
        (None, Some(account)) => linking::account_features(&account.settings),
        _ => args.check.features(),
    };
    let checked = linking::examine(&client, &features, session::today(&*clock), &linking::Silent).await?;
    check::refuse_without_people(&checked)?;
    let was_linked = known.is_some();
    let before = known.map(|account| account.settings).unwrap_or_default();
    let settings = AccountSettings {
        field_groups: field_groups(args, &before),
        keep_raw: args.keep_raw,
        requests_per_minute: args.pace.requests_per_minute,
        declined_features: args.check.features.as_ref().map(declined).unwrap_or(before.declined_features),
        // Settings made with `accounts configure` are kept.
        ..before
    };
    let names = (tenant.origin(), tenant.origin());
    let account = session::keep_link(&data, names, &key, &settings, &*clock).await?;
    let services = session::services(&data, &clock);
    let source = DiagnosisSource::Linking;
    let headline = services.note_check(&account, &checked, source, Actor::Cli).await?.headline;
    if global.json {
        let mut answer = json!({
            "linked_account_id": account.id,
            "tenant": account.tenant,
            "relinked": was_linked,
            "field_groups": settings.field_groups,
            "declined_features": settings.declined_features,
        });
        check::add_to_json(&mut answer, &checked, &headline, args.check.language);
        crate::output::json(&answer);
    } else {
        check::show(&tenant, &checked, &headline, args.check.language);
        line("");
        let (groups, features) = (check::account_groups(&settings), linking::account_features(&settings));
        check::show_read(groups, &features, args.check.language);
        let verb = if was_linked { "Relinked" } else { "Linked" };
        line(&format!("{verb} {} as {}.", account.tenant, account.id));
        if headline.readiness == Readiness::NotReady {
            line(
                "Some employees may be missing: tick the permissions marked ✗ or ? above in Lucca, then run `lucca-connector check`.",
            );
        }
        line(&match global.database {
            None => format!("Next: lucca-connector --data-dir {} sync", data.path.display()),
            // Not shown: the URL may hold a password.
            Some(_) => {
                "Next: lucca-connector sync, with the same --data-dir and --database. If `serve` or `worker` runs, it \
                 syncs the account by itself."
                    .to_owned()
            }
        });
    }
    Ok(ExitCode::SUCCESS)
}
