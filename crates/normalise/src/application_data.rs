//! Lucca's `applicationData`: profiles, the second manager, pay and reviews. `lucca::ApplicationMember`
//! classifies its members; unlisted members are counted by name and dropped.

use std::collections::BTreeMap;

use lucca::ApplicationMember;
use people::PayAndReviews;
use people::{FieldGroup, FieldGroups};
use serde_json::{Map, Value};

use super::custom_fields::unwrap;

/// Returns the listed members, each reduced to an id and a name.
pub(super) fn application_data(
    data: BTreeMap<String, Value>,
    groups: FieldGroups,
) -> BTreeMap<String, Value> {
    let kept = |(key, value): (String, Value)| {
        let member = ApplicationMember::of(&key);
        let value = application_value(member, value).filter(|_| member.is_in(groups))?;
        Some((key, value))
    };
    data.into_iter().filter_map(kept).collect()
}

/// Reduces a member's value: a profile to id and name, a manager to the id. URLs are dropped: Lucca writes
/// them with `http` in some responses and with `https` in others, so every record would differ.
pub fn application_value(member: ApplicationMember, value: Value) -> Option<Value> {
    match (member, value) {
        (ApplicationMember::Profile, Value::Object(profile)) => only(profile, &["id", "name"]),
        (ApplicationMember::SecondManager, Value::Object(manager)) => only(manager, &["id"]),
        (ApplicationMember::SecondManagerId, id @ (Value::Number(_) | Value::String(_))) => Some(id),
        _ => None,
    }
}

/// An object with only these members, if it has an id.
fn only(object: Map<String, Value>, names: &[&str]) -> Option<Value> {
    let is_kept = |key: &str| names.iter().any(|name| key.eq_ignore_ascii_case(name));
    let is_plain = |value: &Value| matches!(value, Value::Number(_) | Value::String(_) | Value::Null);
    let kept: Map<String, Value> =
        object.into_iter().filter(|(key, value)| is_kept(key) && is_plain(value)).collect();
    kept.keys().any(|key| key.eq_ignore_ascii_case("id")).then_some(Value::Object(kept))
}

/// Pay and reviews, if requested.
pub(super) fn pay_and_reviews(data: &BTreeMap<String, Value>, groups: FieldGroups) -> Option<PayAndReviews> {
    let text = |name: &str| {
        let value = data.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
        match unwrap(value?.clone())? {
            Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            // Other sources document bare numbers; recordings contained texts.
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    };
    let time = |name| text(name)?.parse().ok();
    groups.contains(FieldGroup::PayAndReviews).then(|| PayAndReviews {
        theoretical_remuneration: text("theoreticalRemuneration"),
        full_time_equivalent: text("fullTimeEquivalent"),
        last_annual_review_at: time("lastAnnualReviewDate"),
        last_professional_review_at: time("lastProfessionalReviewDate"),
        last_fixed_working_days_review_at: time("lastFixedWorkingDaysReviewDate"),
    })
}

/// Limits of a report: names of members, and letters per name. A server may send any number of any length.
const MOST_UNKNOWN: usize = 50;
const LONGEST_NAME: usize = 80;

/// Counts unlisted members by name, without their values.
pub fn count_unknown(data: &BTreeMap<String, Value>, counts: &mut BTreeMap<String, u64>) {
    for key in data.keys().filter(|key| ApplicationMember::of(key) == ApplicationMember::Unknown) {
        let name: String = key.chars().take(LONGEST_NAME).collect();
        if counts.len() < MOST_UNKNOWN || counts.contains_key(&name) {
            *counts.entry(name).or_default() += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use people::WorkPart;
    use serde_json::json;

    use super::*;

    fn data() -> BTreeMap<String, Value> {
        serde_json::from_value(json!({
            "profile_figgo": {"id": 1, "name": "Cadre", "url": "http://x/1"},
            "profile_utime": null,
            "profile_odd": "text",
            "manager2Id": 7,
            "manager2": {"id": 7, "name": "Anne Roux", "url": "http://x/7"},
            "theoreticalRemuneration": {"value": "€41,300", "link": {"url": "http://x/#/9", "text": "Go"}},
            "fullTimeEquivalent": 0.8,
            "lastAnnualReviewDate": {"value": "2023-04-07T14:13:28.4298549", "link": null},
            "lastProfessionalReviewDate": {"value": null, "link": null},
            "bonus": {"value": "€1"},
        }))
        .unwrap()
    }

    #[test]
    fn only_listed_members_are_kept() {
        let custom = FieldGroups::NONE.with(FieldGroup::CustomFields).with(FieldGroup::Work);
        let kept = |groups| serde_json::to_value(application_data(data(), groups)).unwrap();
        let profile = json!({"id": 1, "name": "Cadre"});
        assert_eq!(kept(custom), json!({"profile_figgo": profile, "manager2Id": 7, "manager2": {"id": 7}}));
        assert_eq!(kept(custom.leaving_out(WorkPart::Manager)), json!({"profile_figgo": profile}));
        assert_eq!(kept(FieldGroups::default()), json!({}));
        assert_eq!(kept(FieldGroups::NONE.with(FieldGroup::PayAndReviews)), json!({}));
    }

    #[test]
    fn pay_is_a_group_of_its_own() {
        assert_eq!(pay_and_reviews(&data(), FieldGroups::default()), None);
        let pay = pay_and_reviews(&data(), FieldGroups::NONE.with(FieldGroup::PayAndReviews)).unwrap();
        assert_eq!(
            serde_json::to_value(pay).unwrap(),
            json!({
                "theoretical_remuneration": "€41,300",
                "full_time_equivalent": "0.8",
                "last_annual_review_at": "2023-04-07T14:13:28.4298549",
                "last_professional_review_at": null,
                "last_fixed_working_days_review_at": null,
            })
        );
    }

    #[test]
    fn unknown_members_are_counted_within_bounds() {
        let mut counts = BTreeMap::new();
        count_unknown(&data(), &mut counts);
        count_unknown(&data(), &mut counts);
        assert_eq!(counts, BTreeMap::from([("bonus".to_owned(), 2)]));
        let many = (0..2000).map(|n| (format!("{n:0>200}"), Value::Null)).collect();
        count_unknown(&many, &mut counts);
        assert!(counts.len() <= MOST_UNKNOWN && counts.keys().all(|name| name.len() <= LONGEST_NAME));
    }
}
