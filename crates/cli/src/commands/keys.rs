//! `keys`: lists and rotates the master keys that seal the database's secrets. Rotation on several machines
//! is described in docs/operations.md.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::ProgressBar;
use serde_json::{Value, json};
use store::{Actor, KeyFingerprint, MasterKey, NewAuditEntry, Reseal, ResealPlace, Store, Vault};

use crate::Global;
use crate::data_dir::DataDir;
use crate::failure::{Exit, Failure};
use crate::key_file::{KeyFile, KeyLock};
use crate::output::{counted, grouped, line, table};
use crate::session;

/// How many secrets are resealed between two updates of the bar.
const A_STEP: usize = 50;
/// How long another process may take between reading the keys and writing a secret sealed with them.
const GRACE: Duration = Duration::from_secs(2);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the master keys by fingerprint, with the number of secrets that each one seals
    List,
    /// Create a new master key and reseal every secret in the database with it; run again to finish an
    /// interrupted rotation
    Rotate(RotateArgs),
}

#[derive(Debug, clap::Args)]
struct RotateArgs {
    /// Only create the key of the next rotation, so that you can copy it to other machines first
    #[arg(long, conflicts_with = "drop_old")]
    prepare: bool,
    /// Create no key: reseal with the first key the secrets that other keys have sealed since, and remove the
    /// unused keys from master.key
    #[arg(long)]
    drop_old: bool,
}

pub(crate) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    let data = DataDir::open(global).await?;
    match &args.action {
        Action::List => list(global, &data).await,
        Action::Rotate(args) if args.prepare => prepare(global, &data),
        Action::Rotate(args) if args.drop_old => drop_old(global, &data).await,
        Action::Rotate(_) => rotate(global, &data).await,
    }
}

fn read(dir: &Path) -> Result<KeyFile, Failure> {
    KeyFile::read(dir).map_err(|error| error.into_failure(dir))
}

async fn sealed_by(store: &Store) -> Result<BTreeMap<KeyFingerprint, u64>, Failure> {
    let mut sums = BTreeMap::new();
    for count in store.sealed_counts().await? {
        *sums.entry(count.key).or_default() += count.secrets;
    }
    Ok(sums)
}

async fn list(global: &Global, data: &DataDir) -> Result<ExitCode, Failure> {
    let file = read(&data.path)?;
    let counts = data.store.sealed_counts().await?;
    let mut sums = sealed_by(&data.store).await?;
    let mut keys = Vec::new();
    for (n, key) in file.keys.iter().enumerate() {
        keys.push((key.fingerprint(), if n == 0 { "seals" } else { "former" }));
    }
    keys.extend(file.next.iter().map(|key| (key.fingerprint(), "next")));
    let mut shown: Vec<(KeyFingerprint, &str, u64)> =
        keys.into_iter().map(|(key, role)| (key, role, sums.remove(&key).unwrap_or(0))).collect();
    shown.extend(sums.into_iter().map(|(key, secrets)| (key, "missing", secrets)));
    if global.json {
        let list = shown.iter().map(|(key, role, secrets)| {
            let by_table: Vec<_> = counts.iter().filter(|count| count.key == *key).collect();
            json!({ "fingerprint": key, "role": role, "secrets": secrets, "sealed": by_table })
        });
        crate::output::json(&list.collect::<Vec<_>>());
    } else {
        let mut rows = table(&["key", "role", "secrets"]);
        for (key, role, secrets) in &shown {
            rows.add_row([key.to_string(), (*role).to_owned(), grouped(*secrets)]);
        }
        line(&rows.to_string());
        if shown.iter().any(|(_, role, _)| *role == "missing") {
            line("The secrets of a missing key can't be opened: restore its line in master.key.");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn prepare(global: &Global, data: &DataDir) -> Result<ExitCode, Failure> {
    let _lock = KeyLock::take(&data.path)?;
    let mut file = read(&data.path)?;
    if file.next.is_none() {
        file.next = Some(MasterKey::from_random(crate::entropy::bytes()?));
        file.replace(&data.path)?;
    }
    let next = file.next.as_ref().map(MasterKey::fingerprint);
    if global.json {
        crate::output::json(&json!({ "next": next }));
    } else if let Some(next) = next {
        line(&format!("Next key: {next}. It seals no secret yet."));
        line(
            "Next: copy master.key to every machine that uses this database, then run `lucca-connector keys rotate` on one.",
        );
    }
    Ok(ExitCode::SUCCESS)
}

async fn rotate(global: &Global, data: &DataDir) -> Result<ExitCode, Failure> {
    let _lock = KeyLock::take(&data.path)?;
    let mut file = read(&data.path)?;
    let sums = sealed_by(&data.store).await?;
    let is_unfinished = file.keys.iter().skip(1).any(|key| sums.contains_key(&key.fingerprint()));
    // A prepared key is used; a further key is not made while some secrets still wait for the last rotation.
    let is_new = file.next.is_some() || !is_unfinished;
    if is_new {
        let key = match file.next.take() {
            Some(key) => key,
            None => MasterKey::from_random(crate::entropy::bytes()?),
        };
        file.keys.insert(0, key);
        file.replace(&data.path)?;
    }
    let primary = file.keys[0].fingerprint();
    let former = file.keys.len() - 1;
    let done = seal_all_anew(global, &data.store, &file.vault(&data.path)).await?;
    audit(&data.store, "keys.rotated", json!({ "key": primary, "secrets": done.resealed })).await?;
    if global.json {
        crate::output::json(&json!({
            "key": primary, "is_new": is_new, "resealed": done.resealed, "unopened": done.unopened, "former_keys": former,
        }));
    } else {
        let what =
            if is_new { "Rotated to the new key" } else { "Finished the interrupted rotation to the key" };
        line(&format!("{what} {primary}: {} resealed.", counted(done.resealed, "secret")));
        line(
            "Next: copy master.key to every machine that uses this database, store the old file with the old backups, then \
             remove the old keys with `lucca-connector keys rotate --drop-old`.",
        );
    }
    done.refuse_unopened()?;
    Ok(ExitCode::SUCCESS)
}

async fn drop_old(global: &Global, data: &DataDir) -> Result<ExitCode, Failure> {
    let _lock = KeyLock::take(&data.path)?;
    // Opens with the old keys, even if the file changes meanwhile.
    let vault = read(&data.path)?.fixed_vault();
    let mut file = read(&data.path)?;
    let primary = file.keys[0].fingerprint();
    let mut done = seal_all_anew(global, &data.store, &vault).await?;
    let dropped = file.keys.split_off(1);
    let old: Vec<KeyFingerprint> = dropped.iter().map(MasterKey::fingerprint).collect();
    refuse_needed(&data.store, &old).await?;
    if !old.is_empty() {
        file.replace(&data.path)?;
        // Another process may have read the keys just before, and may write now.
        session::clock().sleep(GRACE).await;
        done.resealed += seal_all_anew(global, &data.store, &vault).await?.resealed;
        if let Err(failure) = refuse_needed(&data.store, &old).await {
            file.keys.extend(dropped);
            file.replace(&data.path)?;
            return Err(failure);
        }
    }
    audit(&data.store, "keys.dropped", json!({ "key": primary, "dropped": old })).await?;
    if global.json {
        crate::output::json(&json!({ "key": primary, "resealed": done.resealed, "dropped": old }));
    } else if old.is_empty() {
        line(&format!("No old keys: {primary} is the only key."));
    } else {
        let count = counted(u64::try_from(old.len()).unwrap_or(u64::MAX), "old key");
        line(&format!("Removed {count} from master.key: no secret needs them. Remaining key: {primary}."));
        line(
            "Next: copy master.key to every machine that uses this database. Earlier backups need the old file.",
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// Refuses to drop keys that some secret is sealed under.
async fn refuse_needed(store: &Store, keys: &[KeyFingerprint]) -> Result<(), Failure> {
    let sums = sealed_by(store).await?;
    let needed: u64 = keys.iter().filter_map(|key| sums.get(key)).sum();
    if needed == 0 {
        return Ok(());
    }
    let mut failure = Failure::usage(
        "keys.needed",
        format!("{} can be opened only with an old key, so no key was removed", counted(needed, "secret")),
        "List the keys with `lucca-connector keys list`. Replace damaged secrets: link the tenant again, set a new secret \
         for the endpoint. If another machine still seals with an old key, copy the new master.key to it first.",
    );
    failure.exit = Exit::Internal;
    Err(failure)
}

async fn audit(store: &Store, action: &str, detail: Value) -> Result<(), Failure> {
    let by = (Actor::Cli, session::clock().now());
    let entry = NewAuditEntry::new(by, action, None, detail);
    Ok(store.audit(entry).await?)
}

/// Counts of resealed secrets.
#[derive(Clone, Copy, Debug, Default)]
struct Done {
    resealed: u64,
    unopened: u64,
}

impl Done {
    fn refuse_unopened(self) -> Result<(), Failure> {
        if self.unopened == 0 {
            return Ok(());
        }
        let mut failure = Failure::usage(
            "keys.unopened",
            format!(
                "{} can't be opened with any key in master.key, and stay unchanged",
                counted(self.unopened, "secret")
            ),
            "Find the missing key with `lucca-connector keys list`, and restore its line in master.key. Replace damaged \
             secrets: link the tenant again, set a new secret for the endpoint.",
        );
        failure.exit = Exit::Internal;
        Err(failure)
    }
}

async fn seal_all_anew(global: &Global, store: &Store, vault: &Vault) -> Result<Done, Failure> {
    let sums = sealed_by(store).await?;
    let wait: u64 = sums.iter().filter(|(key, _)| **key != vault.primary()).map(|(_, secrets)| secrets).sum();
    let bar = if global.json || wait == 0 { ProgressBar::hidden() } else { ProgressBar::new(wait) };
    let (mut done, mut place) = (Done::default(), Some(ResealPlace::default()));
    while let Some(from) = place {
        let mut nonces = [[0; 12]; A_STEP];
        for nonce in &mut nonces {
            *nonce = crate::entropy::bytes()?;
        }
        let step = store.reseal(vault, Reseal::All, from, &nonces).await?;
        done.resealed += step.resealed;
        done.unopened += step.unopened;
        bar.set_position(done.resealed + done.unopened);
        place = step.next;
    }
    bar.finish_and_clear();
    Ok(done)
}
