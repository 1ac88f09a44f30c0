//! The sources of `airbyte` and `tap`, by their configuration file: a store that syncs keep up to date, or a
//! tenant that the command reads into a temporary store.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use delivery::mapping::Mapping;
use lucca::{ApiKey, Stream, TenantUrl};
use net::NetworkPolicy;
use people::FieldGroups;
use people::{Feature, Features, Kind};
use serde::Deserialize;
use store::{AccountSettings, LinkedAccount, MasterKey, Outcome, Store, Vault};
use sync::{Progress, RunExtent, RunReport};
use tempfile::TempDir;

use crate::Global;
use crate::commands::check;
use crate::commands::sync::sync_with;
use crate::data_dir::DataDir;
use crate::database::DatabaseAddress;
use crate::failure::{Exit, Failure};
use crate::session::{self, Hosts, Pace};

/// The configuration file. Platforms may add members of their own.
#[derive(Deserialize)]
struct Config {
    from_store: Option<FromStore>,
    tenant_url: Option<String>,
    api_key: Option<String>,
    fields: Option<Vec<String>>,
    requests_per_minute: Option<u32>,
    #[serde(default)]
    allow_loopback: bool,
}

#[derive(Default, Deserialize)]
struct FromStore {
    data_dir: Option<PathBuf>,
    database: Option<String>,
    account: Option<String>,
}

/// The options that select a configuration.
#[derive(Debug, clap::Args)]
pub(crate) struct SourceOptions {
    /// JSON configuration file: a tenant with its API key, or a store; see docs/airbyte.md
    #[arg(long, value_name = "FILE", required_unless_present = "from_store")]
    config: Option<PathBuf>,
    /// Read from the store of --data-dir and --database, without a configuration file
    #[arg(long, conflicts_with = "config")]
    from_store: bool,
}

/// The source of records. Not to be printed: it may hold a key, or a database's password.
pub(crate) enum Source {
    /// A store that is kept.
    Store(Global, Option<String>),
    /// A tenant that is read directly.
    Tenant(Box<Tenant>),
}

/// A tenant, and the settings of its read.
pub(crate) struct Tenant {
    url: TenantUrl,
    hosts: NetworkPolicy,
    key: ApiKey,
    fields: FieldGroups,
    pace: Pace,
}

/// An opened store to read records from; a temporary one is deleted when this is dropped.
pub(crate) struct Opened {
    pub(crate) store: Store,
    pub(crate) account: LinkedAccount,
    /// Kinds that could not be read completely, and why.
    pub(crate) unread: BTreeMap<Kind, Failure>,
    /// Warnings for the user that do not prove missing data.
    pub(crate) remarks: Vec<String>,
    /// The folder of a temporary store.
    _dir: Option<TempDir>,
}

impl Source {
    /// Reads the configuration.
    pub(crate) fn read(global: &Global, args: &SourceOptions) -> Result<Self, Failure> {
        let Some(path) = &args.config else {
            let global = Global {
                data_dir: global.data_dir.clone(),
                database: global.database.clone(),
                json: false,
                hosts: global.hosts,
            };
            return Ok(Self::Store(global, None));
        };
        let text = read_file(path)?;
        // serde's message may repeat a secret.
        let config: Config = serde_json::from_str(&text)
            .map_err(|error| refused(&format!("it is not the expected JSON in line {}", error.line())))?;
        match config {
            Config { from_store: Some(_), tenant_url: Some(_), .. } => {
                Err(refused("it names both a store and a tenant"))
            }
            Config { from_store: Some(from), allow_loopback, .. } => {
                let global = Global {
                    data_dir: from.data_dir.or_else(|| global.data_dir.clone()),
                    database: from.database.or_else(|| global.database.clone()),
                    json: false,
                    hosts: Hosts { allow_loopback: allow_loopback || global.hosts.allow_loopback },
                };
                Ok(Self::Store(global, from.account))
            }
            Config {
                tenant_url: Some(url),
                api_key: Some(key),
                fields,
                requests_per_minute,
                allow_loopback,
                ..
            } => {
                let key = ApiKey::parse(key.trim()).map_err(|error| {
                    Failure::usage(error.code(), error.to_string(), "Copy the key from Lucca again.")
                })?;
                let fields = match fields {
                    None => FieldGroups::default(),
                    Some(names) => names
                        .join(",")
                        .parse()
                        .map_err(|_| refused("`fields` contains an unknown field group"))?,
                };
                let pace = Pace { requests_per_minute };
                let hosts = Hosts { allow_loopback };
                Ok(Self::Tenant(Box::new(Tenant {
                    url: session::tenant_url(&url, hosts)?,
                    hosts: hosts.policy(),
                    key,
                    fields,
                    pace,
                })))
            }
            _ => Err(refused("it lacks tenant_url and api_key, or from_store")),
        }
    }

    /// Whether changes since an earlier read can be delivered.
    pub(crate) fn is_kept(&self) -> bool {
        matches!(self, Self::Store(..))
    }

    /// The mapping of delivered records: by the linked account's rules, or everything of a tenant that is
    /// read directly.
    pub(crate) async fn mapping(&self) -> Result<Mapping, Failure> {
        match self {
            Self::Store(global, account) => {
                let opened = kept(global, account.as_deref()).await?;
                let mapping = Mapping::of(&opened.account.settings.delivery);
                opened.store.close().await;
                Ok(mapping)
            }
            Self::Tenant(_) => Ok(Mapping::default()),
        }
    }

    /// Checks that a read would work, without reading.
    pub(crate) async fn check(&self) -> Result<(), Failure> {
        match self {
            Self::Store(global, account) => {
                let opened = kept(global, account.as_deref()).await?;
                opened.store.close().await;
            }
            Self::Tenant(tenant) => {
                let clock = session::clock();
                let client =
                    session::client(None, tenant.url.clone(), tenant.key.clone(), tenant.pace, &clock)
                        .await?;
                let today = session::today(&*clock);
                let checked = linking::examine(
                    &client,
                    &Features::all().without(Feature::CustomFields),
                    today,
                    &linking::Silent,
                )
                .await?;
                check::refuse_without_people(&checked)?;
            }
        }
        Ok(())
    }

    /// Opens the store, or reads the `wanted` kinds of the tenant into one.
    pub(crate) async fn open(&self, wanted: &[Kind], progress: &dyn Progress) -> Result<Opened, Failure> {
        match self {
            Self::Store(global, account) => kept(global, account.as_deref()).await,
            Self::Tenant(tenant) => tenant.sync(wanted, progress).await,
        }
    }
}

/// Reads a file as text.
pub(crate) fn read_file(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::file("reading", path, &error))
}

fn refused(why: &str) -> Failure {
    Failure::usage(
        "cli.source_config",
        format!("the configuration can't be used: {why}"),
        "Print its schema with `lucca-connector airbyte spec`; see docs/airbyte.md for examples.",
    )
}

async fn kept(global: &Global, account: Option<&str>) -> Result<Opened, Failure> {
    let data = DataDir::open(global).await?;
    let account = session::account(&data, account).await?;
    session::refuse_never_synced(&data.store, &account).await?;
    Ok(Opened { store: data.store, account, unread: BTreeMap::new(), remarks: Vec::new(), _dir: None })
}

impl Tenant {
    async fn sync(&self, wanted: &[Kind], progress: &dyn Progress) -> Result<Opened, Failure> {
        // A temporary folder that only its owner can read.
        let dir = tempfile::Builder::new().prefix("lucca-connector-").tempdir();
        let dir =
            dir.map_err(|error| Failure::file("creating a directory in", &std::env::temp_dir(), &error))?;
        let address = DatabaseAddress::File(dir.path().join("connector.db"));
        let data = DataDir {
            path: dir.path().to_owned(),
            store: address.open().await?,
            address,
            hosts: self.hosts,
            vault: Arc::new(Vault::new(MasterKey::from_random(crate::entropy::bytes()?), [])),
        };
        let clock = session::clock();
        let settings = AccountSettings {
            field_groups: self.fields.iter().map(|group| group.name().to_owned()).collect(),
            requests_per_minute: self.pace.requests_per_minute,
            declined_features: unneeded(wanted),
            ..AccountSettings::default()
        };
        let names = (self.url.origin(), self.url.origin());
        let account = session::keep_link(&data, names, &self.key, &settings, &*clock).await?;
        let client = session::account_client(&data, &account, self.pace, &clock).await?;
        let report = sync_with(&data, &account, &client, &clock, (RunExtent::Full, None), progress).await?;
        if let Some(failure) = crate::commands::sync::view(&report)?.failure() {
            return Err(failure);
        }
        if report.outcome == Outcome::Failed {
            return Err(Failure::usage(
                "sync.failed",
                "Lucca could not be read",
                "Check the key with `lucca-connector check`.",
            ));
        }
        let (unread, remarks) = judge(&report);
        Ok(Opened { store: data.store, account, unread, remarks, _dir: Some(dir) })
    }
}

/// The features that none of the `wanted` kinds needs, so they are not read.
fn unneeded(wanted: &[Kind]) -> Vec<String> {
    let needs = |kinds: &[Kind]| wanted.iter().any(|kind| kinds.contains(kind));
    let mut unneeded = Vec::new();
    if !needs(&[Kind::LeaveType, Kind::Absence, Kind::AbsenceRequest]) {
        unneeded.push(Feature::Leaves.name().to_owned());
    }
    if !needs(&[Kind::AbsenceRequest]) {
        unneeded.push(Feature::AbsenceRequests.name().to_owned());
    }
    unneeded
}

/// The kind that a Lucca stream is stored as.
fn kind_of(stream: &str) -> Option<Kind> {
    let stream = Stream::ALL.into_iter().find(|known| known.name() == stream)?;
    match stream {
        Stream::Users => Some(Kind::Employee),
        Stream::WorkContracts => Some(Kind::Employment),
        Stream::LeaveAccounts => Some(Kind::LeaveType),
        Stream::Leaves => Some(Kind::Absence),
        Stream::LeaveRequests => Some(Kind::AbsenceRequest),
        other => other.name().parse().ok(),
    }
}

fn judge(report: &RunReport) -> (BTreeMap<Kind, Failure>, Vec<String>) {
    let (mut unread, mut remarks) = (BTreeMap::new(), Vec::new());
    for stream in &report.streams {
        let Some(kind) = kind_of(&stream.stream) else { continue };
        if let Some(error) = &stream.error {
            let mut failure = Failure::usage(
                &error.code,
                format!("{kind} could not be read: {}", error.message),
                error.advice.clone(),
            );
            failure.exit = if error.not_offered { Exit::PermissionMissing } else { Exit::Unreachable };
            unread.insert(kind, failure);
        } else if !stream.complete {
            let why = stream.unproven_because.as_deref().unwrap_or("Lucca sent no count to compare with");
            remarks.push(format!("{kind}: completeness not proven: {why}"));
        }
        if stream.quarantined > 0 {
            remarks.push(format!("{} of {kind} could not be parsed and are left out", stream.quarantined));
        }
    }
    (unread, remarks)
}
