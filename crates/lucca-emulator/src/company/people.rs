//! The people of a company: names, departments and managers.
//!
//! The regular part; `oddities` adds the odd records.

use std::collections::HashMap;

use jiff::civil::{Date, date};

use super::{
    applications::ApplicationFacts,
    contracts::{self, Terms},
    custom_fields,
    dates::{add_days, working_time},
    model::{Company, CycleSpan, Gender, Log, Person, Private, Status},
    names,
    stamp::Stamp,
};
use crate::dice::Dice;

/// From this size on a company has a technical first user of id 0, who is in no list, and every oddity.
pub(super) const FULL_SIZE: usize = 50;

/// Creates exactly `size` people and assigns heads to departments; the technical user is extra.
pub(super) fn populate(company: &mut Company, size: usize, seed: u64, today: Date) {
    let has_admin = size >= FULL_SIZE;
    let sites: Vec<i64> =
        company.establishments.iter().filter(|site| !site.archived).map(|site| site.id).collect();
    let open: Vec<usize> =
        company.departments.iter().enumerate().filter(|(_, d)| d.active).map(|(at, _)| at).collect();
    let heads = open.len().min(size.div_ceil(6));
    let mut next_id = 1_i64;
    let mut next_entry = 4000_i64;
    let mut logins: HashMap<String, u32> = HashMap::with_capacity(size);
    company.people.reserve(size + 1);
    for n in 0..size + usize::from(has_admin) {
        let mut dice = Dice::new(seed, 1000 + u64::try_from(n).unwrap_or(0));
        if has_admin && n == 0 {
            company.people.push(admin(&mut dice, sites.first().copied().unwrap_or(1), today));
            continue;
        }
        let rank = n - usize::from(has_admin);
        let id = next_id;
        next_id += 1 + if dice.chance(20) { i64::from(dice.between(1, 9)) } else { 0 };
        let leads = (rank < heads).then(|| open.get(rank).copied()).flatten();
        let department = leads.or_else(|| open.get(dice.below(open.len())).copied()).unwrap_or(0);
        let manager = above(company, department, leads.is_some(), id);
        let department_id = company.departments.get(department).map_or(1, |department| department.id);
        if leads.is_some()
            && let Some(department) = company.departments.get_mut(department)
        {
            department.head = Some(id);
        }
        // In a small company the odd records alone are a good part of the leavers and newcomers.
        let (leavers, newcomers) = if size < 200 { (60, 5) } else { (100, 18) };
        let status = match dice.below(1000) {
            _ if leads.is_some() || size < 10 => Status::Active,
            drawn if drawn < leavers => Status::Former,
            drawn if drawn < leavers + newcomers => Status::Future,
            _ => Status::Active,
        };
        let terms = Terms {
            establishment: sites.get(dice.below(sites.len())).copied().unwrap_or(1),
            category: Some([0, 0, 1, 1, 2, 3][dice.below(6)]),
            author: 1,
            supervisor: manager,
            stable: leads.is_some(),
        };
        let seat = Seat {
            id,
            department: department_id,
            manager: if leads.is_none() && dice.chance(2) { None } else { manager },
            terms,
            status,
        };
        let mut person = person(&mut dice, &seat, &mut logins, &mut next_entry, today);
        person.applications = ApplicationFacts::draw(seed, id, today);
        let mut dice = Dice::new(seed, 0x5ACC ^ id.unsigned_abs().wrapping_mul(0x9E37_79B9));
        person.private.personal_account = dice.chance(70).then(|| dice.digits(6));
        person.private.car_tax_horse_power = dice.chance(10).then(|| i64::from(dice.between(3, 9)));
        company.people.push(person);
    }
}

/// The head of the department, or of the nearest one above that has another head.
fn above(company: &Company, department: usize, leads: bool, id: i64) -> Option<i64> {
    let mut here = company.departments.get(department);
    if leads {
        here = here.and_then(|here| here.parent).and_then(|parent| company.department(parent));
    }
    while let Some(department) = here {
        match department.head {
            Some(head) if head != id => return Some(head),
            _ => here = department.parent.and_then(|parent| company.department(parent)),
        }
    }
    None
}

struct Seat {
    id: i64,
    department: i64,
    manager: Option<i64>,
    terms: Terms,
    status: Status,
}

fn person(
    dice: &mut Dice,
    seat: &Seat,
    logins: &mut HashMap<String, u32>,
    next_entry: &mut i64,
    today: Date,
) -> Person {
    let gender = match dice.below(100) {
        0..=48 => Gender::Female,
        49..=97 => Gender::Male,
        _ => Gender::Undefined,
    };
    let first_name = dice.word(if gender == Gender::Male { names::MEN } else { names::WOMEN }).to_owned();
    let mut last_name = dice.word(names::FAMILIES).to_owned();
    if dice.chance(25) {
        last_name = last_name.to_uppercase();
    }
    let (login, address) = account(&first_name, &last_name, logins);
    let contracts = contracts::history(dice, seat.status, today, &seat.terms);
    let started = contracts.first().map_or(today, |contract| contract.starts);
    let entered = add_days(started, -dice.between(1, 60)).min(add_days(today, -1));
    let created = Stamp::coarse(working_time(dice, entered).at);
    let modified = if dice.chance(30) {
        created
    } else {
        let days = dice.between(1, 500);
        let day = add_days(today, -days).max(created.at.date());
        let at = working_time(dice, day).at.max(created.at);
        // An earlier version drew the precision here: without this draw, all later draws would give another
        // company.
        dice.next();
        Stamp::coarse(at)
    };
    let abroad = dice.below(100);
    Person {
        id: seat.id,
        mail: (!dice.chance(3)).then(|| {
            let mail = format!("{address}@horizon.example");
            if dice.chance(4) { mail.to_uppercase() } else { mail }
        }),
        login,
        employee_number: (!dice.chance(2)).then(|| format!("{:05}", seat.id)),
        created,
        modified,
        department: seat.department,
        establishment: seat.terms.establishment,
        starts: None,
        ends: None,
        manager: seat.manager,
        role: if dice.chance(3) { 70 } else { 55 },
        extra_roles: if dice.chance(12) { vec![59, 63] } else { Vec::new() },
        culture: match abroad {
            0..=79 => 1036,
            80..=89 => 1033,
            90..=93 => 1031,
            94..=96 => 3082,
            _ => 1040,
        },
        calendar: Some(if dice.chance(2) { 2 } else { 1 }),
        nationality: (!dice.chance(5)).then_some(match abroad {
            0..=84 => "FR",
            85..=89 => "GB",
            90..=93 => "DE",
            94..=96 => "ES",
            _ => "IT",
        }),
        gender,
        birth: (!dice.chance(4)).then(|| add_days(started, -dice.between(6_600, 17_000))),
        seniority: dice.chance(30).then_some(started),
        job_title: (!dice.chance(3)).then(|| dice.word(names::JOBS).to_owned()),
        qualification: dice.chance(70).then(|| {
            let (job, level) = (dice.between(1, 5), dice.between(1, 4));
            i64::from(job * 10 + level)
        }),
        external_id: dice.chance(15).then(|| format!("EXT-{}", dice.digits(7))),
        picture: dice.chance(40).then(|| dice.next()),
        work_cycles: cycles(dice, seat.id, started),
        axes: axes(dice),
        custom: custom_fields::fill(dice, today, next_entry),
        private: private(dice, &first_name, &last_name),
        applications: ApplicationFacts::default(),
        first_name,
        last_name,
        contracts,
    }
}

/// The technical first user: id 0, no contract, no manager (source: directory.md §1.8).
fn admin(dice: &mut Dice, establishment: i64, today: Date) -> Person {
    let created = Stamp::coarse(working_time(dice, add_days(today, -3000)).at);
    let mut admin = Person::blank(0, "Lucca".to_owned(), "Admin".to_owned(), 2, establishment, created);
    "lucca.admin".clone_into(&mut admin.login);
    admin.employee_number = None;
    admin.calendar = None;
    admin.role = 1;
    admin.work_cycles.clear();
    admin
}

/// A unique login, and the local part of an address.
fn account(first: &str, last: &str, taken: &mut HashMap<String, u32>) -> (String, String) {
    let (first, last) = (plain(first), plain(last));
    let base = format!("{}{last}", first.get(..1).unwrap_or(""));
    let address = format!("{first}.{last}");
    let times = taken.entry(base.clone()).or_default();
    *times += 1;
    if *times == 1 { (base, address) } else { (format!("{base}{times}"), format!("{address}{times}")) }
}

/// A name in lower case ASCII letters.
fn plain(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    for c in name.to_lowercase().chars() {
        match c {
            'a'..='z' | '0'..='9' => plain.push(c),
            'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => plain.push('a'),
            'ç' | 'č' | 'ć' => plain.push('c'),
            'è' | 'é' | 'ê' | 'ë' => plain.push('e'),
            'ì' | 'í' | 'î' | 'ï' => plain.push('i'),
            'ł' => plain.push('l'),
            'ñ' => plain.push('n'),
            'ò' | 'ó' | 'ô' | 'ö' | 'ø' | 'ọ' => plain.push('o'),
            'ù' | 'ú' | 'û' | 'ü' => plain.push('u'),
            'ÿ' | 'ỹ' | 'ễ' => plain.push(if c == 'ễ' { 'e' } else { 'y' }),
            'ß' => plain.push_str("ss"),
            'œ' => plain.push_str("oe"),
            _ => {}
        }
    }
    if plain.is_empty() { "user".to_owned() } else { plain }
}

/// Work cycles without gaps, open at both ends by sentinels (source: directory.md §6.1).
fn cycles(dice: &mut Dice, id: i64, started: Date) -> Vec<CycleSpan> {
    let (open_start, open_end) = (date(1900, 1, 1), date(9999, 12, 31));
    let pick = |dice: &mut Dice| [6, 9, 14, 17][dice.below(4)];
    let span = |n: i64, cycle, starts, ends| CycleSpan { id: id * 4 + n, cycle, starts, ends };
    if dice.chance(75) {
        return vec![span(1, pick(dice), open_start, open_end)];
    }
    let change = add_days(started, dice.between(30, 900));
    vec![span(1, pick(dice), open_start, add_days(change, -1)), span(2, pick(dice), change, open_end)]
}

fn axes(dice: &mut Dice) -> Vec<(i64, i64)> {
    let mut axes = Vec::new();
    if dice.chance(85) {
        axes.push((4, i64::from(dice.between(30, 34))));
    }
    if dice.chance(50) {
        axes.push((7, i64::from(dice.between(60, 63))));
    }
    axes
}

fn private(dice: &mut Dice, first: &str, last: &str) -> Private {
    let mobile = |dice: &mut Dice| format!("+336{}", dice.digits(8));
    let (zip, city) =
        names::CITIES.get(dice.below(names::CITIES.len())).copied().unwrap_or(("75001", "Paris"));
    let address = format!("{}, {}, {zip} {city}", dice.between(1, 200), dice.word(names::STREETS));
    let bank = dice.chance(80);
    Private {
        address: dice.chance(90).then_some(address),
        direct_line: dice.chance(40).then(|| format!("01{}", dice.digits(8))),
        professional_mobile: dice.chance(40).then(|| mobile(dice)),
        personal_mobile: dice.chance(70).then(|| mobile(dice)),
        personal_email: dice.chance(60).then(|| format!("{}.{}@perso.example", plain(first), plain(last))),
        quote: dice.chance(5).then(|| "« Un pas après l'autre »".to_owned()),
        insurance_number: dice.chance(85).then(|| format!("1{}", dice.digits(14))),
        bank_name: bank.then(|| dice.word(names::BANKS).to_owned()),
        iban: bank.then(|| format!("FR76{}", dice.digits(23))),
        bic: bank.then(|| "HORLFRPPXXX".to_owned()),
        personal_account: None,
        car_tax_horse_power: None,
    }
}

/// A log of changes to departments, managers and establishments, for one person in five.
pub(super) fn logs(company: &Company, seed: u64, today: Date) -> Vec<Log> {
    let mut dice = Dice::new(seed, 2);
    let mut logs = Vec::new();
    let mut id = 900_i64;
    for person in &company.people {
        if person.id == 0 || !dice.chance(20) {
            continue;
        }
        id += 1 + i64::try_from(dice.below(3)).unwrap_or(0);
        let day = add_days(today, -dice.between(1, 900)).max(person.created.at.date());
        let section = |axis| person.axes.iter().find(|(of, _)| *of == axis).map(|(_, section)| *section);
        let (name, value) = match (dice.below(5), person.manager, section(4), section(7)) {
            (0, Some(manager), ..) => ("manager", manager),
            (1, ..) => ("legalentityid", person.current_establishment(today)),
            (2, _, Some(section), _) => ("userAxisValues_4", section),
            (3, _, _, Some(section)) => ("userAxisValues_7", section),
            _ => ("departmentid", person.department),
        };
        // unverified: that stamps of the log are as coarse as those of users.
        let at = Stamp::coarse(working_time(&mut dice, day).at);
        logs.push(Log { id, name, owner: person.id, author: 1, at, value: value.to_string() });
    }
    logs
}
