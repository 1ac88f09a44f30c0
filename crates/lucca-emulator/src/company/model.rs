//! The records of a company, and values derived from them and a date.

use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};

use super::stamp::Stamp;

/// All records of the tenant.
#[derive(Debug, Clone, Default)]
pub(crate) struct Company {
    /// Ascending ids.
    pub(crate) people: Vec<Person>,
    pub(crate) departments: Vec<Department>,
    pub(crate) legal_units: Vec<LegalUnit>,
    pub(crate) establishments: Vec<Establishment>,
    pub(crate) categories: Vec<Lookup>,
    pub(crate) qualifications: Vec<Qualification>,
    pub(crate) roles: Vec<Lookup>,
    pub(crate) calendars: Vec<Lookup>,
    pub(crate) work_cycles: Vec<Lookup>,
    pub(crate) axes: Vec<Axis>,
    pub(crate) sections: Vec<Section>,
    pub(crate) definitions: Vec<super::custom_fields::Definition>,
    pub(crate) leave_accounts: Vec<LeaveAccount>,
    pub(crate) logs: Vec<Log>,
    pub(crate) absences: super::absences::Absences,
    /// Id of a contract → its owner's index in `people`, ascending by contract id.
    pub(crate) contract_owners: Vec<(i64, usize)>,
    /// The highest ids of deleted records: new ids lie above.
    pub(crate) deleted: Deleted,
}

/// The highest ids of deleted records.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Deleted {
    pub(crate) user: i64,
    pub(crate) contract: i64,
    pub(crate) department: i64,
    pub(crate) log: i64,
}

impl Company {
    pub(crate) fn place_of(&self, id: i64) -> Option<usize> {
        self.people.binary_search_by_key(&id, |person| person.id).ok()
    }
    pub(crate) fn person(&self, id: i64) -> Option<&Person> {
        self.place_of(id).and_then(|place| self.people.get(place))
    }
    pub(crate) fn department(&self, id: i64) -> Option<&Department> {
        let place = self.departments.binary_search_by_key(&id, |department| department.id).ok()?;
        self.departments.get(place)
    }
    pub(crate) fn establishment(&self, id: i64) -> Option<&Establishment> {
        self.establishments.iter().find(|establishment| establishment.id == id)
    }

    pub(crate) fn next_user(&self) -> i64 {
        self.people.last().map_or(0, |last| last.id).max(self.deleted.user) + 1
    }
    pub(crate) fn next_contract(&self) -> i64 {
        self.contract_owners.last().map_or(100, |(last, _)| *last).max(self.deleted.contract) + 1
    }
    pub(crate) fn next_department(&self) -> i64 {
        self.departments.last().map_or(1, |last| last.id).max(self.deleted.department) + 1
    }
    pub(crate) fn next_log(&self) -> i64 {
        self.logs.last().map_or(900, |last| last.id).max(self.deleted.log) + 1
    }

    /// Inserts a record in the order of ids.
    pub(crate) fn add_person(&mut self, person: Person) {
        let at = self.people.partition_point(|one| one.id < person.id);
        self.people.insert(at, person);
        self.index_contracts();
    }

    /// Deletes a user with all related records. Returns false if there is no such user.
    pub(crate) fn remove_person(&mut self, id: i64) -> bool {
        let Some(place) = self.place_of(id) else { return false };
        self.deleted.user = self.deleted.user.max(id);
        self.deleted.contract = self.next_contract() - 1;
        self.deleted.log = self.next_log() - 1;
        self.people.remove(place);
        self.logs.retain(|log| log.owner != id);
        self.absences.forget(id);
        self.index_contracts();
        true
    }

    /// Rebuilds the index of contracts after people were added, removed or hired.
    pub(crate) fn index_contracts(&mut self) {
        self.contract_owners = self
            .people
            .iter()
            .enumerate()
            .flat_map(|(place, person)| person.contracts.iter().map(move |contract| (contract.id, place)))
            .collect();
        self.contract_owners.sort_unstable();
    }

    /// Assigns an id to every contract, ascending with its owner's and with gaps.
    pub(crate) fn renumber_contracts(&mut self) {
        let mut id = 100_i64;
        for person in &mut self.people {
            for contract in &mut person.contracts {
                id += 1 + i64::from(contract.starts.day_of_year().rem_euclid(3));
                contract.id = id;
            }
        }
        self.index_contracts();
    }
}

/// A `{id, name}` record.
#[derive(Debug, Clone)]
pub(crate) struct Lookup {
    pub(crate) id: i64,
    pub(crate) name: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Department {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) code: String,
    pub(crate) parent: Option<i64>,
    /// Its own path, such as `/1/2/`: opaque to clients.
    pub(crate) hierarchy: String,
    pub(crate) parent_hierarchy: String,
    pub(crate) level: i64,
    pub(crate) sort_order: i64,
    /// Between 1e19 and 1e20: beyond `u64` for some (source: directory.md §11.1).
    pub(crate) position: u128,
    pub(crate) active: bool,
    pub(crate) head: Option<i64>,
}

#[derive(Debug, Clone)]
pub(crate) struct LegalUnit {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) code: String,
    pub(crate) country: i64,
    pub(crate) identification: Option<String>,
    pub(crate) headquarters: Option<i64>,
    pub(crate) archived: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Establishment {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) code: String,
    pub(crate) legal_unit: i64,
    pub(crate) identification: Option<String>,
    /// Street, postcode and city; null in all recordings, an object in the documentation.
    pub(crate) address: Option<(String, String, String)>,
    pub(crate) time_zone: &'static str,
    /// Null in one of three recordings.
    pub(crate) calendar: Option<i64>,
    pub(crate) archived: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Qualification {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) job: i64,
    pub(crate) job_name: String,
    pub(crate) level: i64,
    pub(crate) active: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Axis {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) active: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Section {
    pub(crate) id: i64,
    pub(crate) axis: i64,
    pub(crate) name: String,
    pub(crate) code: String,
    pub(crate) active: bool,
    pub(crate) owner: Option<i64>,
}

#[derive(Debug, Clone)]
pub(crate) struct LeaveAccount {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) remote_work: bool,
}

/// An entry of the log of changes to users (source: directory.md §11.6).
#[derive(Debug, Clone)]
pub(crate) struct Log {
    pub(crate) id: i64,
    pub(crate) name: &'static str,
    pub(crate) owner: i64,
    pub(crate) author: i64,
    pub(crate) at: Stamp,
    pub(crate) value: String,
}

/// A person's status on a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// A contract covers the day.
    Active,
    /// No contract covers the day, but one starts later.
    Future,
    /// The last contract has ended.
    Former,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gender {
    Undefined,
    Male,
    Female,
}

impl Gender {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Undefined => "Undefined",
            Self::Male => "Male",
            Self::Female => "Female",
        }
    }
}

/// One user record.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: i64,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) login: String,
    pub(crate) mail: Option<String>,
    pub(crate) employee_number: Option<String>,
    pub(crate) created: Stamp,
    pub(crate) modified: Stamp,
    pub(crate) department: i64,
    /// Establishment of the person without a contract.
    pub(crate) establishment: i64,
    /// Dates without a contract; if both are absent, the person is active.
    pub(crate) starts: Option<Date>,
    pub(crate) ends: Option<Date>,
    pub(crate) manager: Option<i64>,
    pub(crate) role: i64,
    pub(crate) extra_roles: Vec<i64>,
    pub(crate) culture: i64,
    pub(crate) calendar: Option<i64>,
    pub(crate) nationality: Option<&'static str>,
    pub(crate) gender: Gender,
    pub(crate) birth: Option<Date>,
    pub(crate) seniority: Option<Date>,
    pub(crate) job_title: Option<String>,
    pub(crate) qualification: Option<i64>,
    pub(crate) external_id: Option<String>,
    pub(crate) picture: Option<u64>,
    pub(crate) work_cycles: Vec<CycleSpan>,
    /// Pairs of axis and section.
    pub(crate) axes: Vec<(i64, i64)>,
    pub(crate) custom: Vec<super::custom_fields::Entry>,
    pub(crate) private: Private,
    pub(crate) applications: super::applications::ApplicationFacts,
    /// In order of their start.
    pub(crate) contracts: Vec<Contract>,
}

/// Contact, identity and bank data of one person.
#[derive(Debug, Clone, Default)]
pub(crate) struct Private {
    pub(crate) address: Option<String>,
    pub(crate) direct_line: Option<String>,
    pub(crate) professional_mobile: Option<String>,
    pub(crate) personal_mobile: Option<String>,
    pub(crate) personal_email: Option<String>,
    pub(crate) quote: Option<String>,
    pub(crate) insurance_number: Option<String>,
    pub(crate) bank_name: Option<String>,
    pub(crate) iban: Option<String>,
    pub(crate) bic: Option<String>,
    /// Six digits; recorded as a text.
    pub(crate) personal_account: Option<String>,
    pub(crate) car_tax_horse_power: Option<i64>,
}

/// A stretch of a work cycle; an open end is 1900-01-01 or 9999-12-31.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CycleSpan {
    pub(crate) id: i64,
    pub(crate) cycle: i64,
    pub(crate) starts: Date,
    pub(crate) ends: Date,
}

/// One work contract; `ends` is its last day.
#[derive(Debug, Clone)]
pub(crate) struct Contract {
    pub(crate) id: i64,
    pub(crate) starts: Date,
    pub(crate) ends: Option<Date>,
    pub(crate) template: i64,
    pub(crate) establishment: i64,
    pub(crate) category: Option<i64>,
    pub(crate) hiring_type: Option<i64>,
    pub(crate) termination_reason: Option<i64>,
    pub(crate) ground: Option<i64>,
    pub(crate) supervisor: Option<i64>,
    pub(crate) trial_days: Option<i64>,
    pub(crate) renewed_trial_days: Option<i64>,
    pub(crate) author: i64,
    pub(crate) created: Stamp,
    pub(crate) modified: Stamp,
    pub(crate) external_id: Option<String>,
}

impl Contract {
    fn covers(&self, day: Date) -> bool {
        self.starts <= day && self.ends.is_none_or(|end| end >= day)
    }
}

impl Person {
    /// A record with only the fields that every record has.
    pub(crate) fn blank(
        id: i64,
        first_name: String,
        last_name: String,
        department: i64,
        establishment: i64,
        stamp: Stamp,
    ) -> Self {
        let cycle =
            CycleSpan { id: id * 4 + 1, cycle: 6, starts: date(1900, 1, 1), ends: date(9999, 12, 31) };
        Self {
            id,
            login: format!("user{id}"),
            mail: None,
            employee_number: Some(format!("{id:05}")),
            first_name,
            last_name,
            created: stamp,
            modified: stamp,
            department,
            establishment,
            starts: None,
            ends: None,
            manager: None,
            role: 55,
            extra_roles: Vec::new(),
            culture: 1036,
            calendar: Some(1),
            nationality: None,
            gender: Gender::Undefined,
            birth: None,
            seniority: None,
            job_title: None,
            qualification: None,
            external_id: None,
            picture: None,
            work_cycles: vec![cycle],
            axes: Vec::new(),
            custom: Vec::new(),
            private: Private::default(),
            applications: super::applications::ApplicationFacts::default(),
            contracts: Vec::new(),
        }
    }

    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }

    /// The contract that counts: the ongoing one, else the first upcoming, else the last (source:
    /// directory.md §8).
    pub(crate) fn applicable(&self, today: Date) -> Option<&Contract> {
        self.contracts
            .iter()
            .find(|contract| contract.covers(today))
            .or_else(|| {
                let upcoming = self.contracts.iter().filter(|contract| contract.starts > today);
                upcoming.min_by_key(|contract| contract.starts)
            })
            .or_else(|| self.contracts.iter().max_by_key(|contract| contract.starts))
    }

    /// First and last day, of the applicable contract if there is one.
    pub(crate) fn dates(&self, today: Date) -> (Option<Date>, Option<Date>) {
        self.applicable(today)
            .map_or((self.starts, self.ends), |contract| (Some(contract.starts), contract.ends))
    }

    pub(crate) fn status(&self, today: Date) -> Status {
        match self.dates(today) {
            (Some(start), _) if start > today => Status::Future,
            (_, Some(end)) if end < today => Status::Former,
            _ => Status::Active,
        }
    }

    pub(crate) fn current_establishment(&self, today: Date) -> i64 {
        self.applicable(today).map_or(self.establishment, |contract| contract.establishment)
    }
}
