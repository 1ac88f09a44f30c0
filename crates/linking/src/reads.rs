//! Texts that list which data the connector reads and writes with an account's features; used by `check`, the
//! linking flow and the README. The crate `lucca` defines the fields of each group.

use people::{Feature, Features};
use people::{FieldGroup, FieldGroups, WorkPart};

use people::Language;
use texts::{Texts, key};

/// The contents of a field group, as a list in words. [`FieldGroup::Work`] excludes its parts, which have own
/// texts.
pub fn group_contents(group: FieldGroup, language: Language) -> &'static str {
    language.text(&key("reads-group-", group.name()))
}

/// The contents of a part of [`FieldGroup::Work`], in words.
pub fn part_contents(part: WorkPart, language: Language) -> &'static str {
    language.text(match part {
        WorkPart::JobTitle => "reads-part-job-title",
        WorkPart::Manager => "reads-part-manager",
        WorkPart::Qualification => "reads-part-qualification",
    })
}

/// The data of people that is read with these groups, as one list in words.
pub fn read_contents(groups: FieldGroups, language: Language) -> String {
    let own = groups.iter().map(|group| group_contents(group, language));
    let parts = WorkPart::ALL.into_iter().filter(|part| groups.contains_part(*part));
    language.list(&own.chain(parts.map(|part| part_contents(part, language))).collect::<Vec<_>>())
}

/// The data of people that is not read with these groups, as one list in words.
pub fn unread_contents(groups: FieldGroups, language: Language) -> String {
    let unread = FieldGroup::ALL.into_iter().filter(|group| !groups.contains(*group));
    language.list(&unread.map(|group| group_contents(group, language)).collect::<Vec<_>>())
}

/// The features among these that write to Lucca. All others only read.
pub fn written(features: &Features) -> impl Iterator<Item = Feature> + '_ {
    features.iter().filter(|feature| *feature == Feature::AbsenceRequests)
}

/// One sentence on what these features write to Lucca. All texts about writing use it, so that they agree.
pub fn written_text(features: &Features, language: Language) -> &'static str {
    let is_written = written(features).next().is_some();
    language.text(if is_written { "writes-absence-requests" } else { "writes-nothing" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readme_lists_what_is_read_by_default() {
        let readme = include_str!("../../../README.md").split_whitespace().collect::<Vec<_>>().join(" ");
        for list in [read_contents, unread_contents] {
            let list = list(FieldGroups::default(), Language::English);
            assert!(readme.contains(&list), "README.md lacks: {list}");
        }
    }
}
