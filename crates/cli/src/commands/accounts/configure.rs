//! `accounts configure`: sets how often and how far back syncs read a linked account, the features that they
//! skip, the values in the change log, and the delivery rules.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use absences::AbsenceApi;
use jiff::civil::Date;
use linking::Permission;
use people::FieldGroup;
use people::{Feature, LeaveType};
use serde_json::{Map, Value, json};
use store::{AccountSettings, Actor, AudienceChange, DeliveryRules, LinkedAccount, SettingsChange};
use sync::Rhythms;

use crate::Global;
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::output::{counted, grouped, line};
use crate::session;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The linked account, by id or tenant [default: the only one]
    account: Option<String>,
    #[command(flatten)]
    rhythms: Minutes,
    /// First day of the absences to read [default: 1 January of last year]
    #[arg(long, value_name = "DATE")]
    absences_since: Option<Date>,
    /// Store the values of personal fields in the change log, not only the field names [default: false]
    #[arg(long, value_name = "true|false")]
    personal_values_in_changes: Option<bool>,
    /// Features not to read: leaves, absence_requests, jobs, managers, qualifications, custom_fields. The next
    /// sync removes their stored data
    #[arg(long, value_name = "FEATURE,…", value_delimiter = ',', value_parser = Feature::declinable)]
    decline: Vec<Feature>,
    /// Declined features to read again
    #[arg(long, value_name = "FEATURE,…", value_delimiter = ',', value_parser = Feature::declinable)]
    accept: Vec<Feature>,
    /// Custom fields not to store, by their keys (e_…), as in employees and the stream
    /// custom_field_definitions. The next sync removes their stored values
    #[arg(long, value_name = "KEY,…", value_delimiter = ',')]
    exclude_custom_fields: Vec<String>,
    /// Excluded custom fields to store again
    #[arg(long, value_name = "KEY,…", value_delimiter = ',')]
    include_custom_fields: Vec<String>,
    /// Leave types to count as remote work although Lucca does not flag them, by id or name
    #[arg(long, value_name = "LEAVE_TYPE,…", value_delimiter = ',')]
    remote_work: Vec<String>,
    /// Leave types to count again as Lucca flags them, by id or name
    #[arg(long, value_name = "LEAVE_TYPE,…", value_delimiter = ',')]
    no_remote_work: Vec<String>,
    /// Permissions of the API key to confirm as granted if Lucca's data can't prove them, such as
    /// see_future_employees in a company without future employees; the next check resolves the issue
    #[arg(long, value_name = "PERMISSION,…", value_delimiter = ',')]
    confirm: Vec<Permission>,
    /// Lucca interface for absence requests: factory (used by Lucca's own pages), import (its documented file
    /// import), or auto: the first of them that the tenant has [default: auto]
    #[arg(long, value_name = "API")]
    absence_api: Option<AbsenceApiChoice>,
    /// Allow passthrough requests with this account's API key [default: false]
    #[arg(long, value_name = "true|false")]
    passthrough: Option<bool>,
    /// Delivery rules as a JSON file: employee filter, fields and their names: {"people": {…}, "fields": {…},
    /// "renames": {…}}; {} delivers all employees and fields. See docs/mapping.md
    #[arg(long, value_name = "FILE.json")]
    delivery: Option<PathBuf>,
    /// With --delivery: only print how many employees would be delivered, added and removed
    #[arg(long, requires = "delivery")]
    dry_run: bool,
    /// Reset the settings to their defaults, then apply the other options; keeps declined features
    #[arg(long)]
    reset: bool,
}

/// The Lucca interface for absence requests, as an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum AbsenceApiChoice {
    Factory,
    Import,
    Auto,
}

impl AbsenceApiChoice {
    fn chosen(self) -> Option<String> {
        match self {
            Self::Factory => Some(AbsenceApi::Factory.name().to_owned()),
            Self::Import => Some(AbsenceApi::Import.name().to_owned()),
            Self::Auto => None,
        }
    }
}

/// Intervals between reads, in minutes.
#[derive(Debug, clap::Args)]
struct Minutes {
    /// Minutes between two reads of changed employees [default: 15]
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..=525_600))]
    people: Option<u32>,
    /// Minutes between two reads of departments, establishments, legal units, job qualifications and Lucca's log
    /// of employees [default: 60]
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..=525_600))]
    organisation: Option<u32>,
    /// Minutes between two reads of all contracts [default: 360]
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..=525_600))]
    contracts: Option<u32>,
    /// Minutes between two reads of the small lists, working days and public holidays [default: 1440]
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..=525_600))]
    lists: Option<u32>,
    /// Minutes between two reads of changed absences and absence requests [default: 15]
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..=525_600))]
    absences: Option<u32>,
    /// Minutes between two full reads of employees and absences, which find deleted records [default: 1440]
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..=525_600))]
    sweep: Option<u32>,
    /// Minutes by which reads of changes overlap: they start this long before the last read [default: 180]
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(0..=10_080))]
    overlap: Option<u32>,
}

impl Args {
    /// Returns `settings` with these arguments applied.
    fn apply(&self, settings: &AccountSettings) -> AccountSettings {
        let mut settings = settings.clone();
        if self.reset {
            let AccountSettings {
                personal_values_in_changes,
                rhythms,
                absences_since,
                absence_api,
                passthrough,
                ..
            } = AccountSettings::default();
            // A reset keeps declined features: the customer declined them, and they are no default.
            settings = AccountSettings {
                personal_values_in_changes,
                rhythms,
                absences_since,
                absence_api,
                passthrough,
                ..settings
            };
        }
        let Minutes { people, organisation, contracts, lists, absences, sweep, overlap } = self.rhythms;
        let given = [people, organisation, contracts, lists, absences, sweep, overlap];
        for (name, minutes) in Rhythms::NAMES.into_iter().zip(given) {
            if let Some(minutes) = minutes {
                settings.rhythms.insert(name.to_owned(), minutes);
            }
        }
        for feature in &self.accept {
            settings.declined_features.retain(|declined| declined != feature.name());
            // A field group that is off counts as its feature declined.
            let group = FieldGroup::CustomFields.name();
            if *feature == Feature::CustomFields && !settings.field_groups.iter().any(|on| on == group) {
                settings.field_groups.push(group.to_owned());
            }
        }
        for feature in &self.decline {
            if !settings.declined_features.iter().any(|declined| declined == feature.name()) {
                settings.declined_features.push(feature.name().to_owned());
            }
        }
        change_list(
            &mut settings.excluded_custom_fields,
            &self.exclude_custom_fields,
            &self.include_custom_fields,
        );
        change_list(&mut settings.remote_work_leave_types, &self.remote_work, &self.no_remote_work);
        for permission in self.confirm.iter().map(|permission| permission.name()) {
            if !settings.confirmed_permissions.iter().any(|known| known == permission) {
                settings.confirmed_permissions.push(permission.to_owned());
            }
        }
        if let Some(lucca_api) = self.absence_api {
            settings.absence_api = lucca_api.chosen();
        }
        settings.passthrough = self.passthrough.unwrap_or(settings.passthrough);
        settings.absences_since = self.absences_since.or(settings.absences_since);
        settings.personal_values_in_changes =
            self.personal_values_in_changes.unwrap_or(settings.personal_values_in_changes);
        settings
    }
}

/// Adds to a list and removes from it, ignoring case.
fn change_list(list: &mut Vec<String>, added: &[String], taken: &[String]) {
    let is_same = |one: &str, other: &str| one.trim().to_lowercase() == other.trim().to_lowercase();
    list.retain(|known| !taken.iter().any(|given| is_same(given, known)));
    for given in added {
        if !list.iter().any(|known| is_same(given, known)) {
            list.push(given.trim().to_owned());
        }
    }
}

/// Refuses a leave type that no sync has read, and lists those that exist.
async fn must_be_leave_types(
    data: &DataDir,
    account: &LinkedAccount,
    given: &[String],
) -> Result<(), Failure> {
    if given.is_empty() {
        return Ok(());
    }
    let known: Vec<LeaveType> = data.store.all(account.no).await?;
    let fits = |given: &str, one: &LeaveType| {
        let name = one.name.as_deref().unwrap_or_default();
        one.id.as_str() == given || name.trim().to_lowercase() == given.to_lowercase()
    };
    match given.iter().find(|given| !known.iter().any(|one| fits(given.trim(), one))) {
        None => Ok(()),
        Some(missing) => Err(Failure::usage(
            "cli.leave_type",
            format!("no leave type has the id or name {missing:?}"),
            "List the leave types with `lucca-connector export leave_types --format jsonl`.",
        )),
    }
}

fn read_delivery(path: &Path) -> Result<DeliveryRules, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::file("reading", path, &error))?;
    let rules = serde_json::from_str::<DeliveryRules>(&text).map_err(|error| {
        let message = format!("{} is not a valid file of delivery rules: {error}", path.display());
        Failure::usage("delivery.rules", message, "See docs/mapping.md for the format.")
    })?;
    let refused = |error: delivery::mapping::RulesError| {
        Failure::usage(
            error.code(),
            error.to_string(),
            "List the fields with `lucca-connector accounts fields`.",
        )
    };
    delivery::mapping::Mapping::new(&rules).map_err(refused)?;
    Ok(rules.plain())
}

pub(crate) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    let data = DataDir::open(global).await?;
    let account = session::account(&data, args.account.as_deref()).await?;
    if let Some(both) = args.decline.iter().find(|feature| args.accept.contains(feature)) {
        return Err(Failure::usage(
            "cli.features",
            format!("{} is both declined and accepted", both.name()),
            "Pass each feature to either --decline or --accept.",
        ));
    }
    must_be_leave_types(&data, &account, &args.remote_work).await?;
    let mut settings = args.apply(&account.settings);
    let mut audience = None;
    if let Some(path) = &args.delivery {
        settings.delivery = read_delivery(path)?;
        let today = session::today(&*session::clock());
        let people = settings.delivery.people.as_ref();
        audience = Some(sync::preview_audience(&data.store, &account, people, today).await?);
    }
    let rhythms = Rhythms::with(&settings.rhythms).map_err(sync::Error::from)?;
    let is_changed = settings != account.settings && !args.dry_run;
    if !args.dry_run {
        let by = (Actor::Cli, session::clock().now());
        let change = SettingsChange { settings: &settings, gives_delivery: args.delivery.is_some() };
        data.store.set_account_settings(&account, change, by).await?;
    }
    let minutes = [
        rhythms.people,
        rhythms.organisation,
        rhythms.contracts,
        rhythms.lists,
        rhythms.absences,
        rhythms.sweep,
        rhythms.overlap,
    ];
    let minutes = || Rhythms::NAMES.into_iter().zip(minutes);
    if global.json {
        let minutes: Map<String, Value> =
            minutes().map(|(name, minutes)| (name.to_owned(), json!(minutes))).collect();
        crate::output::json(&json!({
            "linked_account_id": account.id,
            "tenant": account.tenant,
            "changed": is_changed,
            "rhythms": minutes,
            "absences_since": settings.absences_since,
            "personal_values_in_changes": settings.personal_values_in_changes,
            "declined_features": settings.declined_features,
            "excluded_custom_fields": settings.excluded_custom_fields,
            "remote_work_leave_types": settings.remote_work_leave_types,
            "passthrough": settings.passthrough,
            "confirmed_permissions": settings.confirmed_permissions,
            "absence_api": settings.absence_api.as_deref().unwrap_or("auto"),
            "delivery": settings.delivery,
            "audience": audience.map(|AudienceChange { before, enter, leave }| json!({
                "delivered": before + enter - leave, "enter": enter, "leave": leave,
            })),
        }));
        return Ok(ExitCode::SUCCESS);
    }
    line(&format!("{} ({})", account.tenant, account.id));
    for (name, minutes) in minutes() {
        let default = if settings.rhythms.contains_key(name) { "" } else { " (default)" };
        let every = if name == "overlap" { "minutes before the last read" } else { "minutes" };
        line(&format!("  {name:28} {minutes:>6} {every}{default}"));
    }
    let since =
        settings.absences_since.map_or("1 January of last year (default)".to_owned(), |day| day.to_string());
    line(&format!("  {:28} {since}", "absences since"));
    let values = if settings.personal_values_in_changes { "stored" } else { "not stored (default)" };
    line(&format!("  {:28} {values}", "personal values in changes"));
    let passthrough = if settings.passthrough { "allowed" } else { "not allowed (default)" };
    line(&format!("  {:28} {passthrough}", "passthrough requests"));
    let lucca_api = settings.absence_api.as_deref().unwrap_or("auto (default)");
    line(&format!("  {:28} {lucca_api}", "absence API"));
    let declined = match settings.declined_features.is_empty() {
        true => "none (default)".to_owned(),
        false => settings.declined_features.join(", "),
    };
    line(&format!("  {:28} {declined}", "declined features"));
    let excluded = match settings.excluded_custom_fields.is_empty() {
        true => "none (default)".to_owned(),
        false => settings.excluded_custom_fields.join(", "),
    };
    line(&format!("  {:28} {excluded}", "custom fields excluded"));
    if !settings.remote_work_leave_types.is_empty() {
        let remote_work = settings.remote_work_leave_types.join(", ");
        line(&format!("  {:28} {remote_work}", "counted as remote work"));
    }
    let confirmed = match settings.confirmed_permissions.is_empty() {
        true => "none (default)".to_owned(),
        false => settings.confirmed_permissions.join(", "),
    };
    line(&format!("  {:28} {confirmed}", "permissions confirmed"));
    let people = if settings.delivery.people.is_none() { "all (default)" } else { "filtered" };
    line(&format!("  {:28} {people}", "employees delivered"));
    let is_mapped = !settings.delivery.fields.is_empty() || !settings.delivery.renames.is_empty();
    let fields = if is_mapped { "see `accounts fields`" } else { "all fields read (default)" };
    line(&format!("  {:28} {fields}", "fields delivered"));
    if let Some(AudienceChange { before, enter, leave }) = audience {
        let when = if args.dry_run {
            "No changes made."
        } else {
            "The change applies from the next sync on. Next: lucca-connector sync"
        };
        let delivered = counted(before + enter - leave, "employee");
        line(&format!("{delivered} delivered: {} added, {} removed. {when}", grouped(enter), grouped(leave)));
    }
    let scope = |settings: &AccountSettings| {
        (settings.declined_features.clone(), settings.excluded_custom_fields.clone())
    };
    if scope(&settings) != scope(&account.settings) {
        line("The next sync removes declined data and reads accepted data. Next: lucca-connector sync");
    }
    if settings.remote_work_leave_types != account.settings.remote_work_leave_types {
        line("The next sync applies the change of remote work. Next: lucca-connector sync");
    }
    if settings.absences_since != account.settings.absences_since {
        line("The next full sync reads earlier absences. Next: lucca-connector sync --full");
    }
    Ok(ExitCode::SUCCESS)
}
