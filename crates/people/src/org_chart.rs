//! The org chart: reporting lines as a forest, for any input, cycles included. Rendering is not done here.

use std::collections::HashMap;

use crate::RemoteId;

/// One employee of the chart, in reading order from top to bottom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrgChartEntry {
    /// Index of the employee in the list the chart was built from.
    pub index: usize,
    /// Number of managers above; 0 at the top.
    pub depth: usize,
    /// Number of direct reports.
    pub direct_reports: usize,
    /// Number of employees below, at any depth.
    pub all_reports: usize,
}

/// A forest of employees. Every employee appears exactly once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrgChart {
    entries: Vec<OrgChartEntry>,
    cycles: Vec<Vec<usize>>,
}

impl OrgChart {
    /// Builds the chart from `(id, manager id)` pairs.
    ///
    /// Employees who have no manager, manage themselves, or whose manager is not in the list are at the top.
    /// A cycle of managers is cut above its first member in list order. The largest teams come first; ties
    /// keep the order of the list.
    pub fn build<'a>(people: impl IntoIterator<Item = (&'a RemoteId, Option<&'a RemoteId>)>) -> Self {
        let people: Vec<_> = people.into_iter().collect();
        let index_of: HashMap<&RemoteId, usize> =
            people.iter().enumerate().map(|(index, (id, _))| (*id, index)).collect();
        let mut managers: Vec<Option<usize>> = people
            .iter()
            .enumerate()
            .map(|(index, (_, manager))| index_of.get((*manager)?).copied().filter(|&m| m != index))
            .collect();
        let cycles = cut_cycles(&mut managers);

        let mut reports: Vec<Vec<usize>> = vec![Vec::new(); people.len()];
        let mut tops = Vec::new();
        for (index, manager) in managers.iter().enumerate() {
            match manager {
                Some(manager) => reports[*manager].push(index),
                None => tops.push(index),
            }
        }
        let below = count_below(&managers, &reports);
        for team in reports.iter_mut().chain([&mut tops]) {
            team.sort_by_key(|&index| std::cmp::Reverse(below[index]));
        }

        let mut entries = Vec::with_capacity(people.len());
        let mut stack: Vec<(usize, usize)> = tops.into_iter().rev().map(|top| (top, 0)).collect();
        while let Some((index, depth)) = stack.pop() {
            entries.push(OrgChartEntry {
                index,
                depth,
                direct_reports: reports[index].len(),
                all_reports: below[index],
            });
            stack.extend(reports[index].iter().rev().map(|&report| (report, depth + 1)));
        }
        Self { entries, cycles }
    }

    /// All employees, each manager before their team, depth first.
    pub fn entries(&self) -> &[OrgChartEntry] {
        &self.entries
    }

    /// The cycles of managers that were cut, each from its first member in list order upwards.
    pub fn cycles(&self) -> &[Vec<usize>] {
        &self.cycles
    }
}

/// Removes one manager from every cycle; returns the cycles.
fn cut_cycles(managers: &mut [Option<usize>]) -> Vec<Vec<usize>> {
    const NEW: usize = usize::MAX;
    let mut walked_from = vec![NEW; managers.len()];
    let mut cycles = Vec::new();
    for start in 0..managers.len() {
        let mut at = start;
        while walked_from[at] == NEW {
            walked_from[at] = start;
            match managers[at] {
                Some(manager) => at = manager,
                None => break,
            }
        }
        // The walk has reached its own path again at an employee who still has a manager: the path has
        // closed.
        if walked_from[at] == start && managers[at].is_some() {
            let mut cycle = vec![at];
            let mut next = managers[at];
            while let Some(member) = next.filter(|&member| member != at) {
                cycle.push(member);
                next = managers[member];
            }
            let first = (0..cycle.len()).min_by_key(|&i| cycle[i]).unwrap_or(0);
            cycle.rotate_left(first);
            managers[cycle[0]] = None;
            cycles.push(cycle);
        }
    }
    cycles
}

/// Number of employees below each. The reporting lines must be free of cycles.
fn count_below(managers: &[Option<usize>], reports: &[Vec<usize>]) -> Vec<usize> {
    let mut below = vec![0; managers.len()];
    let mut waiting: Vec<usize> = reports.iter().map(Vec::len).collect();
    let mut ready: Vec<usize> = (0..managers.len()).filter(|&index| waiting[index] == 0).collect();
    while let Some(index) = ready.pop() {
        if let Some(manager) = managers[index] {
            below[manager] += below[index] + 1;
            waiting[manager] -= 1;
            if waiting[manager] == 0 {
                ready.push(manager);
            }
        }
    }
    below
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chart(lines: &[(i64, Option<i64>)]) -> OrgChart {
        let people: Vec<(RemoteId, Option<RemoteId>)> =
            lines.iter().map(|&(id, manager)| (id.into(), manager.map(Into::into))).collect();
        OrgChart::build(people.iter().map(|(id, manager)| (id, manager.as_ref())))
    }

    #[test]
    fn largest_team_first_and_counted() {
        let chart = chart(&[(9, None), (0, None), (1, Some(0)), (2, Some(0)), (3, Some(2)), (4, Some(77))]);
        let shown: Vec<_> = chart.entries().iter().map(|e| (e.index, e.depth, e.all_reports)).collect();
        assert_eq!(shown, [(1, 0, 3), (3, 1, 1), (4, 2, 0), (2, 1, 0), (0, 0, 0), (5, 0, 0)]);
    }

    #[test]
    fn a_cycle_is_cut_once_and_reported() {
        let chart = chart(&[(1, Some(1)), (2, Some(4)), (3, Some(2)), (4, Some(3)), (5, Some(4))]);
        assert_eq!(chart.cycles(), [vec![1, 3, 2]]);
        assert_eq!(chart.entries().len(), 5);
        assert_eq!(chart.entries()[0].index, 1, "the cycle's first member stands at the top");
    }

    proptest! {
        #[test]
        fn everyone_appears_exactly_once(managers in prop::collection::vec(prop::option::of(0i64..60), 0..60)) {
            let lines: Vec<_> = managers.iter().enumerate().map(|(i, m)| (i64::try_from(i).unwrap(), *m)).collect();
            let chart = chart(&lines);
            let mut seen: Vec<_> = chart.entries().iter().map(|e| e.index).collect();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..managers.len()).collect::<Vec<_>>());
            let tops: usize = chart.entries().iter().filter(|e| e.depth == 0).map(|e| e.all_reports + 1).sum();
            prop_assert_eq!(tops, managers.len());
        }
    }
}
