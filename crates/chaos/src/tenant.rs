//! The emulated tenant of a round or a history: its employees, its key, and harmless peculiarities by seed.

use jiff::Timestamp;
use jiff::civil::{Date, date};
use jiff::tz::{self, TimeZone};
use lucca_emulator::{
    AbsenceStamps, AccountShape, ById, Config, CountOnly, Emulator, EmulatorError, ErrorBody, Header,
    HiddenFields, KeyCasing, KeyConfig, LeaveValue, MalformedQuery, Nationality, NoManager, Rights,
    SinceReading, Switches, Tenant, Unsorted, UrlStyle, UserLogs,
};
use secrecy::SecretString;
use store::{
    AccountId, AccountSettings, Actor, LinkTarget, LinkedAccount, MasterKey, NewAccount, Store, Vault,
};

use crate::dice::Dice;
use crate::facts::{Facts, of_snapshot};

/// The day on which every tenant begins.
pub const FIRST_DAY: Date = date(2026, 11, 23);

/// A key with every right: it reads the whole tenant, independent of the linked key's rights.
const OMNISCIENT: &str = "eeeeeeee-eeee-4eee-8eee-eeeeeeeeeeee";

/// A key for testing other rights.
const REHEARSAL: &str = "dddddddd-dddd-4ddd-8ddd-dddddddddddd";

/// A running tenant and the key that is linked.
#[derive(Debug)]
pub struct Subject {
    emulator: Emulator,
    key: String,
}

impl Subject {
    /// Starts a tenant with this number of employees.
    ///
    /// # Errors
    ///
    /// Errors of the emulator.
    pub async fn start(employees: u32, seed: u64, switches: Switches) -> Result<Self, EmulatorError> {
        let mut config = Config::new(employees, seed, FIRST_DAY);
        config.switches = Switches { rate_limit: None, ..switches };
        let all = KeyConfig { name: "Truth".to_owned(), key: OMNISCIENT.to_owned(), rights: Rights::all() };
        config.keys.push(all);
        let emulator = Emulator::start(config).await?;
        let key = emulator.api_key().to_owned();
        Ok(Self { emulator, key })
    }

    /// The tenant, to create events in.
    pub fn tenant(&self) -> Tenant {
        self.emulator.tenant()
    }

    /// The tenant's origin.
    pub fn origin(&self) -> String {
        self.emulator.url()
    }

    /// The linked key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The tenant's date.
    pub fn today(&self) -> Date {
        self.tenant().now().date()
    }

    /// The tenant's clock as an instant. The emulator counts in Paris winter time all year.
    pub fn now(&self) -> Timestamp {
        let paris = TimeZone::fixed(tz::offset(1));
        paris.to_timestamp(self.tenant().now()).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// First day of the absences that are synced.
    pub fn since(&self) -> Date {
        // The engine's default, which moves with the year.
        date(self.today().year() - 1, 1, 1)
    }

    /// The facts that the linked key can read.
    pub fn visible(&self) -> Facts {
        self.facts(&self.key)
    }

    /// All facts.
    pub fn everything(&self) -> Facts {
        self.facts(OMNISCIENT)
    }

    /// The facts that a key with these rights can read.
    pub fn visible_with(&self, rights: &Rights) -> Facts {
        let (name, key) = ("Rehearsal".to_owned(), REHEARSAL.to_owned());
        self.tenant().put_key(KeyConfig { name, key, rights: rights.clone() });
        self.facts(REHEARSAL)
    }

    fn facts(&self, key: &str) -> Facts {
        of_snapshot(&self.tenant().snapshot(key).unwrap_or_default(), self.since())
    }

    /// The linked key's rights.
    pub fn rights(&self) -> Rights {
        self.tenant().keys().into_iter().next().map(|key| key.rights).unwrap_or_default()
    }

    /// Restores every right of the linked key.
    pub fn restore_rights(&self) {
        self.tenant().set_rights(&self.key, Rights::all());
    }

    /// The fields of employees that the linked key can't read at present.
    pub fn veiled(&self) -> Vec<&'static str> {
        let rights = self.rights();
        let fields = [("job", rights.view_jobs), ("manager", rights.view_managers)];
        fields.into_iter().filter(|(_, may)| !may).map(|(field, _)| field).collect()
    }

    /// Links the tenant in a database.
    ///
    /// # Errors
    ///
    /// Errors of the store.
    pub async fn link(&self, store: &Store) -> Result<LinkedAccount, store::Error> {
        let settings = AccountSettings {
            field_groups: ["identity", "work", "contract"].map(str::to_owned).to_vec(),
            ..AccountSettings::default()
        };
        let new = NewAccount {
            target: match store.account_by_tenant(&self.origin()).await? {
                Some(account) => LinkTarget::Relink(account.id),
                None => LinkTarget::New(AccountId::mint(self.now(), [1; 10])),
            },
            tenant: &self.origin(),
            origin: &self.origin(),
            api_key: &SecretString::from(self.key.clone()),
            settings: &settings,
            actor: Actor::Cli,
            at: self.now(),
            nonce: [1; 12],
        };
        store.link_account(&Vault::new(MasterKey::from_random([1; 32]), []), new).await
    }
}

/// Seeded differences between tenants that must lose no data: page sizes, answer shapes, time zones.
pub fn harmless(dice: &mut Dice) -> Switches {
    let default = Switches::default();
    let page = dice.pick(&[10, 25, 100, 1000]).unwrap_or(1000);
    let leaves = dice.pick(&[50, 200, 10_000]).unwrap_or(10_000);
    Switches {
        page_default: Some(page),
        page_max: Some(page),
        v4_limit_max_organization: dice.pick(&[5, 100]).unwrap_or(100),
        v4_limit_max_contracts: dice.pick(&[20, 1000]).unwrap_or(1000),
        leaves_page_max: Some(leaves),
        count_only: dice
            .pick(&[CountOnly::WithEmptyItems, CountOnly::WithoutItems])
            .unwrap_or(default.count_only),
        header: dice.pick(&[Header::Current, Header::Legacy, Header::None]).unwrap_or(default.header),
        key_casing: dice.pick(&[KeyCasing::Observed, KeyCasing::Documented]).unwrap_or(default.key_casing),
        nationality: dice.pick(&[Nationality::Object, Nationality::Code]).unwrap_or(default.nationality),
        url_style: dice.pick(&[UrlStyle::Absolute, UrlStyle::Relative]).unwrap_or(default.url_style),
        malformed_query: dice
            .pick(&[MalformedQuery::Message, MalformedQuery::Empty])
            .unwrap_or(default.malformed_query),
        v3_errors: dice
            .pick(&[ErrorBody::StatusMessage, ErrorBody::LowerCase, ErrorBody::Bare, ErrorBody::Problem])
            .unwrap_or(default.v3_errors),
        by_id: dice.pick(&[ById::Everything, ById::IdNameUrl]).unwrap_or(default.by_id),
        hidden_fields: dice
            .pick(&[HiddenFields::Null, HiddenFields::Omitted])
            .unwrap_or(default.hidden_fields),
        leaves_without_date: dice.chance(50),
        denied_have_cancellation_date: dice.chance(70),
        leaves_follow_users: dice.chance(70),
        leave_value: dice.pick(&[LeaveValue::TimeSpan, LeaveValue::Iso8601]).unwrap_or(default.leave_value),
        absence_stamps: dice
            .pick(&[AbsenceStamps::Paris, AbsenceStamps::Utc, AbsenceStamps::UtcMarked])
            .unwrap_or(default.absence_stamps),
        absence_since: dice
            .pick(&[SinceReading::Converted, SinceReading::AsWritten])
            .unwrap_or(default.absence_since),
        remote_work_flag: dice.chance(50),
        leave_accounts: dice
            .pick(&[AccountShape::Full, AccountShape::IdName])
            .unwrap_or(default.leave_accounts),
        request_status_filter: dice.chance(70),
        leave_requests_show: dice
            .pick(&[ById::Everything, ById::IdNameUrl])
            .unwrap_or(default.leave_requests_show),
        userlogs: dice.pick(&[UserLogs::Alive, UserLogs::Alive, UserLogs::Gone]).unwrap_or(default.userlogs),
        userdates: dice.chance(80),
        modified_at_moves: dice.chance(80),
        clock_offset_minutes: dice.pick(&[0, 0, 60, -60]).unwrap_or(0),
        no_manager: dice.pick(&[NoManager::Oneself, NoManager::Null]).unwrap_or(default.no_manager),
        unsorted: dice.pick(&[Unsorted::ById, Unsorted::Shuffled]).unwrap_or(default.unsorted),
        ..default
    }
}
