use super::*;
use crate::learned::Learned;
use crate::proof::Note;
use crate::user_query::UserQuery;

fn refused(status: u16, message: &str) -> Error {
    let message = (!message.is_empty()).then(|| message.to_owned());
    Error::new(Kind::BadRequest).with_status(status).with_message(message)
}

fn users() -> RequestPlan {
    RequestPlan::new(Stream::Users, StreamQuery::Users(UserQuery::default()))
}

fn query(plan: &RequestPlan) -> String {
    plan.request(0, None).query
}

#[test]
fn a_named_limit_is_taken() {
    let mut plan = users();
    assert!(plan.downgrade(&refused(400, "Paging limit should be between 1 and 250"), true));
    assert_eq!(plan.notes(), [Note::PageSizeReduced { from: 1000, to: 250 }]);
    assert_eq!(plan.page_size(), 250);
}

#[test]
fn field_named_in_refusal_is_dropped_or_renamed() {
    let mut plan = users();
    let error = refused(400, "Selected property modifiedAt does not exist on objet of type User");
    assert!(plan.downgrade(&error, true));
    assert_eq!(plan.notes(), [Note::FieldsDropped { names: vec!["modifiedAt".into()] }]);
    let asked = query(&plan);
    assert!(asked.contains("modifiedOn") && !asked.contains("modifiedAt"), "{asked}");
    // The same refusal again does not lead to the same request.
    assert!(plan.downgrade(&error, true));
    assert_ne!(query(&plan), asked);
}

#[test]
fn a_category_goes_as_a_whole() {
    let mut plan = RequestPlan::new(Stream::LeaveAccounts, StreamQuery::All);
    let error = refused(400, "Selected property categoryId does not exist on objet of type LeaveAccount");
    assert!(plan.downgrade(&error, true));
    assert_eq!(
        plan.notes(),
        [Note::FieldsDropped { names: vec!["categoryId".into(), "categoryName".into()] }]
    );
    assert!(query(&plan).contains("fields=id,name,isRemoteWork,collection.count"), "{}", query(&plan));
}

#[test]
fn former_employees_have_a_fallback_filter() {
    let mut plan = users();
    assert!(plan.downgrade(&refused(500, "Unknown property formerEmployees on User"), true));
    assert_eq!(plan.notes(), [Note::FormerFilterFallback]);
    let query = query(&plan);
    assert!(query.contains("dtContractEnd=until,2999-12-31,null"), "{query}");
    assert!(!query.contains("formerEmployees"), "{query}");
}

#[test]
fn order_or_count_named_in_refusal_is_dropped() {
    let mut plan = users();
    assert!(plan.downgrade(&refused(400, "The parameter 'orderBy' is not supported"), true));
    assert!(plan.downgrade(&refused(400, "Selected property collection does not exist"), true));
    assert_eq!(plan.notes(), [Note::OrderNotAsked, Note::CountNotAsked]);
    assert!(!query(&plan).contains("orderBy") && !query(&plan).contains("collection"));
    assert!(!plan.can_read_by_id());
}

#[test]
fn fallbacks_are_bounded_and_distinct() {
    for (stream, asked, status, most) in [
        (Stream::Users, StreamQuery::Users(UserQuery::default()), 400, 24),
        (Stream::Users, StreamQuery::Users(UserQuery::default()), 500, 7),
        (Stream::HiringTypes, StreamQuery::All, 400, 14),
        (Stream::Departments, StreamQuery::All, 400, 27),
        (Stream::LeaveRequests, StreamQuery::All, 400, 27),
        (Stream::LeaveRequests, StreamQuery::All, 500, 7),
        (Stream::LegalUnits, StreamQuery::All, 500, 2),
    ] {
        let mut plan = RequestPlan::new(stream, asked);
        let ask = |plan: &RequestPlan| {
            let request = plan.request(0, None);
            format!("{}?{}", request.path, request.query)
        };
        let mut asked = vec![ask(&plan)];
        while plan.downgrade(&refused(status, ""), true) {
            asked.push(ask(&plan));
        }
        assert!(asked.len() <= most, "{asked:#?}");
        let mut distinct = asked.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), asked.len(), "{asked:#?}");
    }
}

#[test]
fn late_refusal_keeps_plan_slow_page_shrinks() {
    let mut plan = users();
    assert!(!plan.downgrade(&refused(400, ""), false));
    for size in [500, 250, 100, 50, 25, 10] {
        assert!(plan.downgrade(&refused(408, ""), false));
        assert_eq!(plan.page_size(), size);
    }
    assert!(!plan.downgrade(&refused(408, ""), false));
}

#[test]
fn groups_that_are_off_stay_off_in_the_fallback() {
    let groups = people::FieldGroups::NONE.with(people::FieldGroup::Contract);
    let mut plan =
        RequestPlan::new(Stream::Users, StreamQuery::Users(UserQuery { groups, ..UserQuery::default() }));
    while plan.shape.detail == Detail::Full {
        assert!(plan.downgrade(&refused(400, ""), true));
    }
    let query = query(&plan);
    assert!(!query.contains("mail") && !query.contains("manager"), "{query}");
}

#[test]
fn departments_fall_back_to_v3_then_trees() {
    let mut plan = RequestPlan::new(Stream::Departments, StreamQuery::All);
    assert!(query(&plan).starts_with("page=1&limit=100&"));
    for expected in ["paging=0,1000&orderBy=id,asc", "", ""] {
        assert!(plan.downgrade(&refused(404, ""), true));
        assert!(query(&plan).starts_with(expected) && query(&plan).is_empty() == expected.is_empty());
    }
    assert!(!plan.downgrade(&refused(404, ""), true));
}

#[test]
fn learned_plan_is_applied_first() {
    let mut plan = users();
    for message in ["property quote", "property modifiedAt", "orderBy", "formerEmployees", "limit 200"] {
        assert!(plan.downgrade(&refused(400, message), true));
    }
    let mut next = users();
    next.apply(&plan.learned());
    assert_eq!(query(&next), query(&plan));
    assert_eq!((next.notes(), next.learned()), (plan.notes(), plan.learned()));
    assert!(next.downgrade(&refused(400, ""), true));
    assert_eq!(next.page_size(), 100);

    assert_eq!(users().learned(), Learned::default());
    let mut capped = users();
    capped.cap_size(50);
    assert_eq!((capped.learned(), capped.notes()), (Learned::default(), Vec::new()));
    capped.apply(&plan.learned());
    assert_eq!(capped.page_size(), 50);

    let mut departments = RequestPlan::new(Stream::Departments, StreamQuery::All);
    assert!(departments.downgrade(&refused(404, ""), true));
    let mut again = RequestPlan::new(Stream::Departments, StreamQuery::All);
    again.apply(&departments.learned());
    assert_eq!(query(&again), query(&departments));
}
