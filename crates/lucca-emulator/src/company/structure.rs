//! The organisation without its people: legal units, establishments, departments, lookups.

use super::{
    custom_fields,
    model::{
        Axis, Company, Deleted, Department, Establishment, LeaveAccount, LegalUnit, Lookup, Qualification,
        Section,
    },
    names,
};
use crate::dice::Dice;

/// Countries of the tenant: id, ISO code, name, currency.
pub(crate) const COUNTRIES: &[(i64, &str, &str, &str)] = &[
    (250, "FR", "France", "EUR"),
    (724, "ES", "Espagne", "EUR"),
    (756, "CH", "Suisse", "CHF"),
    (826, "GB", "Royaume-Uni", "GBP"),
    (276, "DE", "Allemagne", "EUR"),
    (380, "IT", "Italie", "EUR"),
    (504, "MA", "Maroc", "MAD"),
    (616, "PL", "Pologne", "PLN"),
    (620, "PT", "Portugal", "EUR"),
];

/// Cultures: LCID, name, code (source: directory.md §6.3).
pub(crate) const CULTURES: &[(i64, &str, &str)] = &[
    (1036, "français (France)", "fr-FR"),
    (1033, "English (United States)", "en-US"),
    (1031, "Deutsch (Deutschland)", "de-DE"),
    (3082, "español (España)", "es-ES"),
    (1040, "italiano (Italia)", "it-IT"),
];

/// Jobs, each at several levels.
const JOBS: &[&str] = &["Développement", "Vente", "Gestion", "Production", "Support"];
const LEVELS: &[&str] = &["Junior", "Confirmé", "Senior", "Expert"];

/// The top of the department position scale: records lie between 1e19 and 1e20.
const POSITION_BASE: u128 = 10_000_000_000_000_000_000;

pub(super) fn build(size: usize, seed: u64) -> Company {
    let mut dice = Dice::new(seed, 1);
    let (legal_units, establishments) = places(size, &mut dice);
    let departments = departments(size, &mut dice);
    let lookup = |pairs: &[(i64, &str)]| -> Vec<Lookup> {
        pairs.iter().map(|(id, name)| Lookup { id: *id, name: (*name).to_owned() }).collect()
    };
    let axes = vec![
        Axis { id: 4, name: "Centre de coûts".to_owned(), active: true },
        Axis { id: 7, name: "Localisation".to_owned(), active: true },
        Axis { id: 9, name: "Ancien découpage".to_owned(), active: false },
    ];
    Company {
        people: Vec::new(),
        departments,
        legal_units,
        establishments,
        categories: lookup(&[
            (0, "Cadre"),
            (1, "Employé"),
            (2, "Agent de maîtrise"),
            (3, "Ouvrier"),
            (5, "Cadre dirigeant"),
        ]),
        qualifications: qualifications(),
        roles: lookup(&[
            (1, "Administrateur"),
            (55, "Utilisateur"),
            (59, "Employé +"),
            (63, "Accès Analytics"),
            (70, "RH"),
        ]),
        calendars: lookup(&[
            (1, "Jours fériés en France"),
            (2, "Jours fériés en Alsace-Moselle"),
            (3, "Feiertage in der Schweiz"),
            (4, "Festivos en España"),
        ]),
        work_cycles: lookup(&[
            (6, "35 heures"),
            (9, "Forfait 218 jours"),
            (14, "Temps partiel 80 %"),
            (17, "3×8"),
        ]),
        sections: sections(),
        axes,
        definitions: custom_fields::definitions(),
        leave_accounts: leave_accounts(),
        logs: Vec::new(),
        absences: super::absences::Absences::default(),
        contract_owners: Vec::new(),
        deleted: Deleted::default(),
    }
}

fn places(size: usize, dice: &mut Dice) -> (Vec<LegalUnit>, Vec<Establishment>) {
    let units = match size {
        0..=19 => 1,
        20..=199 => 2,
        200..=1999 => 4,
        _ => names::LEGAL_UNITS.len(),
    };
    let mut legal_units = Vec::new();
    let mut establishments = Vec::new();
    let mut next = 1_i64;
    for (at, name) in names::LEGAL_UNITS.iter().take(units).enumerate() {
        let unit = i64::try_from(at).unwrap_or(0) + 1;
        let (country, calendar, time_zone) = match at {
            2 => (724, 4, "Europe/Madrid"),
            4 => (756, 3, "Europe/Zurich"),
            5 => (826, 1, "Europe/London"),
            _ => (250, 1, "Europe/Paris"),
        };
        let sites = if size < 10 { 1 } else { 1 + dice.below(3) };
        legal_units.push(LegalUnit {
            id: unit,
            name: (*name).to_owned(),
            code: format!("UL{unit:02}"),
            country,
            identification: (country == 250).then(|| dice.digits(9)),
            headquarters: Some(next),
            archived: false,
        });
        for site in 0..sites {
            let (zip_code, city) =
                names::CITIES.get(dice.below(names::CITIES.len())).copied().unwrap_or(("75001", "Paris"));
            // One in three has the documented values; all recorded ones have null.
            let is_described = establishments.len() % 3 == 1;
            let identification = (country == 250).then(|| dice.digits(14)).filter(|_| is_described);
            let street = format!("{} {}", dice.between(1, 180), dice.word(names::STREETS));
            let address = is_described.then(|| (street, zip_code.to_owned(), city.to_owned()));
            establishments.push(Establishment {
                id: next,
                name: if site == 0 { format!("{name} – Siège") } else { format!("{name} – {city}") },
                code: format!("ETS_{next:03}"),
                legal_unit: unit,
                identification,
                address,
                time_zone,
                calendar: (country != 826).then_some(calendar),
                archived: false,
            });
            next += 1 + i64::try_from(dice.below(3)).unwrap_or(0);
        }
    }
    if size >= 50 {
        establishments.push(Establishment {
            id: next,
            name: "Ancienne usine \"Les Prés\"".to_owned(),
            code: format!("ETS_{next:03}"),
            legal_unit: 1,
            identification: None,
            address: None,
            time_zone: "Europe/Paris",
            calendar: None,
            archived: true,
        });
    }
    (legal_units, establishments)
}

/// A tree of up to five levels, breadth first, so that every parent comes before its children.
fn departments(size: usize, dice: &mut Dice) -> Vec<Department> {
    let wanted = (size / 14).clamp(1, 700);
    let mut all: Vec<Department> = Vec::new();
    let mut children: Vec<i64> = Vec::new();
    let mut id = 2_i64;
    for n in 0..wanted {
        let parent = if n == 0 {
            None
        } else if n <= names::DIVISIONS.len() {
            Some(0)
        } else {
            // Choose a parent with room that is not on the last level; the root always has room.
            (0..8)
                .map(|_| dice.below(n))
                .find(|at| {
                    let roomy = children.get(*at).is_some_and(|count| *count < 12);
                    *at > 0 && roomy && all.get(*at).is_some_and(|department| department.level < 5)
                })
                .or(Some(1 + dice.below(names::DIVISIONS.len())))
        };
        let above = parent.and_then(|at| all.get(at));
        let level = above.map_or(1, |above| above.level + 1);
        let name = match (parent, level) {
            (None, _) => "Direction générale".to_owned(),
            (Some(0), _) => names::DIVISIONS.get(n - 1).copied().unwrap_or("Direction").to_owned(),
            (_, level) => {
                let kinds = usize::try_from(level - 3).ok().and_then(|at| names::UNITS.get(at));
                let kind = dice.word(kinds.copied().unwrap_or(&["Équipe"]));
                format!("{kind} {} {n}", dice.word(names::THEMES))
            }
        };
        let sort_order = parent.and_then(|at| children.get(at)).copied().unwrap_or(0) + 1;
        let parent_hierarchy = above.map_or("/".to_owned(), |above| above.hierarchy.clone());
        // Some closed teams; in a company large enough, the last one always is.
        let closed = (size >= 50 && n > 1 && n + 1 == wanted) || (n > 40 && n % 37 == 0);
        let step = POSITION_BASE / 50;
        let department = Department {
            id,
            code: format!("D{n:04}"),
            name,
            parent: above.map(|above| above.id),
            hierarchy: format!("{parent_hierarchy}{sort_order}/"),
            parent_hierarchy,
            level,
            sort_order,
            position: POSITION_BASE
                + step * u128::try_from(n % 200).unwrap_or(0)
                + if n % 3 == 1 { 4 * POSITION_BASE } else { 0 },
            active: !closed,
            head: None,
        };
        if let Some(count) = parent.and_then(|at| children.get_mut(at)) {
            *count += 1;
        }
        all.push(department);
        children.push(0);
        id += 1 + i64::try_from(dice.below(3)).unwrap_or(0);
    }
    all
}

fn qualifications() -> Vec<Qualification> {
    let mut all = Vec::new();
    for (at, job_name) in JOBS.iter().enumerate() {
        for (rank, level) in LEVELS.iter().enumerate() {
            let (job, level_id) = (i64::try_from(at).unwrap_or(0) + 1, i64::try_from(rank).unwrap_or(0) + 1);
            all.push(Qualification {
                id: job * 10 + level_id,
                name: format!("{job_name} – {level}"),
                job,
                job_name: (*job_name).to_owned(),
                level: level_id,
                active: !(job == 5 && level_id == 4),
            });
        }
    }
    all
}

/// The name of a qualification's level.
pub(crate) fn level_name(level: i64) -> &'static str {
    usize::try_from(level - 1).ok().and_then(|at| LEVELS.get(at)).copied().unwrap_or("")
}

fn sections() -> Vec<Section> {
    let cost = ["Siège", "R&D", "Ventes France", "Ventes export", "Production", "Frais généraux"];
    let place = ["Paris", "Lyon", "Madrid", "Genève"];
    let named = |axis: i64, first: i64, names: &[&str]| -> Vec<Section> {
        let sections = names.iter().zip(first..).map(|(name, id)| Section {
            id,
            axis,
            name: (*name).to_owned(),
            code: format!("A{axis}-{id}"),
            active: *name != "Frais généraux",
            owner: None,
        });
        sections.collect()
    };
    let mut all = named(4, 30, &cost);
    all.extend(named(7, 60, &place));
    all
}

fn leave_accounts() -> Vec<LeaveAccount> {
    let account = |id, name: &str, remote_work| LeaveAccount { id, name: name.to_owned(), remote_work };
    vec![
        account(5, "Congé sans solde", false),
        account(8, "Enfant malade", false),
        account(29, "Maladie", false),
        account(34, "Télétravail", true),
        account(41, "Heures de récupération", false),
        account(1123, "Congés payés 2025", false),
        account(1124, "Congés payés 2026", false),
        account(1224, "RTT (Forfait jours) 2026", false),
    ]
}
