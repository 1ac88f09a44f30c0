//! Draws calendars for a terminal: two cells per day, morning and afternoon. Pure: takes dates and cells,
//! returns lines.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use people::{Half, HalfDay};
use serde::Serialize;

/// What is drawn for a half-day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Cell {
    /// Worked.
    Free,
    /// Away, and approved.
    Absent,
    /// Away, waiting for approval.
    AbsentPending,
    /// Remote work.
    Remote,
    /// Remote work, waiting for approval.
    RemotePending,
    /// Weekly rest.
    WeeklyRest,
    /// A public holiday.
    PublicHoliday,
    /// Part-time, or no contract.
    NotWorked,
    /// Already away, on a half-day that the draft also takes.
    Overlap,
    /// Outside the requested period.
    Outside,
}

impl Cell {
    /// The cells that the legend explains, in its order.
    const LEGEND_ORDER: [Self; 9] = [
        Self::Absent,
        Self::AbsentPending,
        Self::Remote,
        Self::RemotePending,
        Self::Overlap,
        Self::WeeklyRest,
        Self::PublicHoliday,
        Self::NotWorked,
        Self::Free,
    ];

    const fn meaning(self) -> &'static str {
        match self {
            Self::Free => "worked",
            Self::Absent => "away",
            Self::AbsentPending => "away, pending",
            Self::Remote => "remote work",
            Self::RemotePending => "remote work, pending",
            Self::WeeklyRest => "weekly rest",
            Self::PublicHoliday => "public holiday",
            Self::NotWorked => "not worked",
            Self::Overlap => "already away",
            Self::Outside => "",
        }
    }
}

/// How calendars are drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pen {
    /// Whether non-ASCII characters may be used.
    pub(super) is_unicode: bool,
    /// Width in columns.
    pub(super) width: usize,
}

impl Pen {
    /// Takes the settings of this terminal; a width of 100 without one.
    pub(super) fn here() -> Self {
        Self { is_unicode: crate::output::is_unicode(), width: crate::output::width().unwrap_or(100) }
    }

    const fn mark(self, cell: Cell) -> char {
        match (cell, self.is_unicode) {
            (Cell::Free, true) => '·',
            (Cell::Free, false) => '.',
            (Cell::Absent, true) => '█',
            (Cell::Absent, false) => '#',
            (Cell::AbsentPending, true) => '▒',
            (Cell::AbsentPending, false) => '?',
            (Cell::Remote, true) => '●',
            (Cell::Remote, false) => 'R',
            (Cell::RemotePending, true) => '○',
            (Cell::RemotePending, false) => 'r',
            (Cell::WeeklyRest, true) => '─',
            (Cell::WeeklyRest, false) => '-',
            (Cell::PublicHoliday, _) => '*',
            (Cell::NotWorked, true) => '╱',
            (Cell::NotWorked, false) => '/',
            (Cell::Overlap, _) => '!',
            (Cell::Outside, _) => ' ',
        }
    }

    /// Both halves of a day.
    fn day(self, date: Date, cell: &impl Fn(HalfDay) -> Cell) -> String {
        Half::BOTH.iter().map(|half| self.mark(cell(HalfDay::new(date, *half)))).collect()
    }

    /// The legend of the marks drawn.
    fn legend(self, drawn: &[Cell]) -> Vec<String> {
        let explained = Cell::LEGEND_ORDER.into_iter().filter(|cell| drawn.contains(cell));
        let mut lines: Vec<String> = Vec::new();
        for text in explained.map(|cell| format!("{} {}", self.mark(cell), cell.meaning())) {
            match lines.last_mut() {
                Some(line) if line.chars().count() + 3 + text.chars().count() <= self.width => {
                    line.push_str("   ");
                    line.push_str(&text);
                }
                _ => lines.push(text),
            }
        }
        lines
    }
}

/// The days from the first to the last.
pub(super) fn days(first: Date, last: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(first), |date| date.tomorrow().ok()).take_while(move |date| *date <= last)
}

fn monday_of(date: Date) -> Date {
    date.saturating_sub(i64::from(date.weekday().to_monday_zero_offset()).days())
}

/// The cells in these days, each once.
fn kinds(first: Date, last: Date, cell: &impl Fn(HalfDay) -> Cell) -> Vec<Cell> {
    let mut found: Vec<Cell> = Vec::new();
    for date in days(first, last) {
        for half in Half::BOTH {
            let kind = cell(HalfDay::new(date, half));
            if !found.contains(&kind) {
                found.push(kind);
            }
        }
    }
    found
}

/// One employee's days, one line per week, with a legend.
pub(super) fn weeks(first: Date, last: Date, cell: impl Fn(HalfDay) -> Cell, pen: Pen) -> Vec<String> {
    let mut lines = vec!["          Mon    Tue    Wed    Thu    Fri    Sat    Sun".to_owned()];
    let mut month = None;
    let mut monday = monday_of(first);
    while monday <= last {
        let sunday = monday.saturating_add(6.days());
        let shown = monday.max(first);
        // A month is named on its first line.
        let name = if month == Some((shown.year(), shown.month())) {
            String::new()
        } else {
            month = Some((shown.year(), shown.month()));
            shown.strftime("%b %Y").to_string()
        };
        let mut line = format!("{name:8} ");
        for date in days(monday, sunday) {
            if date < first || date > last {
                line.push_str("       ");
            } else {
                line.push_str(&format!("{:2} {}  ", date.day(), pen.day(date, &cell)));
            }
        }
        lines.push(line.trim_end().to_owned());
        let Ok(next) = sunday.tomorrow() else { break };
        monday = next;
    }
    lines.extend(pen.legend(&kinds(first, last, &cell)));
    lines
}

/// A team's days: one line per employee, one column per day, cut into blocks of whole weeks where they don't
/// fit.
pub(super) fn team(
    first: Date,
    last: Date,
    names: &[String],
    cell: impl Fn(usize, HalfDay) -> Cell,
    pen: Pen,
) -> Vec<String> {
    let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let name_width = longest.min(24).min(pen.width / 3).max(8);
    let fitting = (pen.width.saturating_sub(name_width + 1) / 3).max(1);
    let mut lines = Vec::new();
    let mut from = first;
    while from <= last {
        let to = block_end(from, last, fitting);
        if !lines.is_empty() {
            lines.push(String::new());
        }
        let header = |text: String, of: &dyn Fn(Date) -> String| {
            let line =
                days(from, to).fold(format!("{text:name_width$}"), |line, date| line + " " + &of(date));
            line.trim_end().to_owned()
        };
        lines.push(header(from.strftime("%b %Y").to_string(), &|date| {
            // A month that begins within the block is marked with the last digit of its number.
            if date.day() == 1 && date != from {
                format!("/{}", date.month() % 10)
            } else {
                initials(date.weekday()).to_owned()
            }
        }));
        lines.push(header(String::new(), &|date| format!("{:2}", date.day())));
        for (at, name) in names.iter().enumerate() {
            let of_person = |half_day: HalfDay| cell(at, half_day);
            let row = header(cut(name, name_width, pen), &|date| pen.day(date, &of_person));
            lines.push(row);
        }
        let Ok(next) = to.tomorrow() else { break };
        from = next;
    }
    let mut found: Vec<Cell> = Vec::new();
    for at in 0..names.len() {
        found.extend(kinds(first, last, &|half_day: HalfDay| cell(at, half_day)));
    }
    lines.push(String::new());
    lines.extend(pen.legend(&found));
    lines
}

/// The last day of a block: as many days as fit, up to the end of a week if more than one week fits.
fn block_end(from: Date, last: Date, fitting: usize) -> Date {
    let fitting = i64::try_from(fitting).unwrap_or(i64::MAX).min(400);
    let furthest = from.saturating_add((fitting - 1).days());
    if furthest >= last {
        return last;
    }
    let before_monday = monday_of(furthest).saturating_sub(1.days());
    let is_sunday = furthest.weekday() == Weekday::Sunday;
    if is_sunday || before_monday < from { furthest } else { before_monday }
}

const fn initials(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Mo",
        Weekday::Tuesday => "Tu",
        Weekday::Wednesday => "We",
        Weekday::Thursday => "Th",
        Weekday::Friday => "Fr",
        Weekday::Saturday => "Sa",
        Weekday::Sunday => "Su",
    }
}

fn cut(name: &str, width: usize, pen: Pen) -> String {
    if name.chars().count() <= width {
        return name.to_owned();
    }
    let more = if pen.is_unicode { '…' } else { '.' };
    name.chars().take(width - 1).chain([more]).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    /// May 2026: away on the afternoon of the 4th and on the 5th; the 8th is a holiday.
    fn cell(at: HalfDay) -> Cell {
        match (at.date.day(), at.half) {
            (4, Half::Pm) | (5, _) => Cell::Absent,
            (6, _) => Cell::RemotePending,
            (8, _) => Cell::PublicHoliday,
            _ if matches!(at.date.weekday(), Weekday::Saturday | Weekday::Sunday) => Cell::WeeklyRest,
            _ => Cell::Free,
        }
    }

    #[test]
    fn one_employee_is_drawn_week_by_week() {
        let pen = Pen { is_unicode: true, width: 60 };
        let drawn = weeks(date(2026, 4, 30), date(2026, 5, 12), cell, pen);
        insta::assert_snapshot!(drawn.join("\n"), @r"
                  Mon    Tue    Wed    Thu    Fri    Sat    Sun
        Apr 2026                      30 ··   1 ··   2 ──   3 ──
        May 2026  4 ·█   5 ██   6 ○○   7 ··   8 **   9 ──  10 ──
                 11 ··  12 ··
        █ away   ○ remote work, pending   ─ weekly rest
        * public holiday   · worked
        ");
    }

    #[test]
    fn wide_team_calendar_is_cut_into_weeks() {
        let names = ["Anne Roux".to_owned(), "Maximilien de la Rochefoucauld-Montbel".to_owned()];
        let of = |at: usize, half_day: HalfDay| if at == 0 { cell(half_day) } else { Cell::Free };
        let pen = Pen { is_unicode: false, width: 60 };
        let drawn = team(date(2026, 4, 27), date(2026, 5, 12), &names, of, pen);
        assert!(drawn.iter().all(|line| line.chars().count() <= 60));
        insta::assert_snapshot!(drawn.join("\n"), @r"
        Apr 2026             Mo Tu We Th /5 Sa Su
                             27 28 29 30  1  2  3
        Anne Roux            .. .. .. .. .. -- --
        Maximilien de la Ro. .. .. .. .. .. .. ..

        May 2026             Mo Tu We Th Fr Sa Su Mo Tu
                              4  5  6  7  8  9 10 11 12
        Anne Roux            .# ## rr .. ** -- -- .. ..
        Maximilien de la Ro. .. .. .. .. .. .. .. .. ..

        # away   r remote work, pending   - weekly rest
        * public holiday   . worked
        ");
    }

    #[test]
    fn every_day_is_in_one_block_at_any_width() {
        let (first, last) = (date(2026, 5, 6), date(2026, 7, 1));
        for fitting in 1..70 {
            let mut from = first;
            while from <= last {
                let to = block_end(from, last, fitting);
                assert!(to >= from && (to - from).get_days() < i32::try_from(fitting).unwrap());
                from = to.tomorrow().unwrap();
            }
        }
    }
}
