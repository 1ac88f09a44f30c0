use super::*;
use crate::learned::Learned;
use crate::proof::Note;
use crate::user_query::UserQuery;

fn refused(status: u16, message: &str) -> Error {
    let message = (!message.is_empty()).then(|| message.to_owned());
    Error::new(Kind::BadRequest).with_status(status).with_message(message)
}

fn users() -> Form {
    Form::new(Stream::Users, Asked::Users(UserQuery::default()))
}

fn query(form: &Form) -> String {
    form.request(0, None).query
}

#[test]
fn a_named_limit_is_taken() {
    let mut form = users();
    assert!(form.give_way(&refused(400, "Paging limit should be between 1 and 250"), true));
    assert_eq!(form.notes(), [Note::PageSizeReduced { from: 1000, to: 250 }]);
    assert_eq!(form.page_size(), 250);
}

#[test]
fn a_named_field_is_dropped_and_renamed_ones_are_asked_by_their_old_name() {
    let mut form = users();
    let error = refused(400, "Selected property modifiedAt does not exist on objet of type User");
    assert!(form.give_way(&error, true));
    assert_eq!(form.notes(), [Note::FieldsDropped { names: vec!["modifiedAt".into()] }]);
    let asked = query(&form);
    assert!(asked.contains("modifiedOn") && !asked.contains("modifiedAt"), "{asked}");
    // The same refusal again does not lead to the same request.
    assert!(form.give_way(&error, true));
    assert_ne!(query(&form), asked);
}

#[test]
fn a_category_goes_as_a_whole() {
    let mut form = Form::new(Stream::LeaveAccounts, Asked::All);
    let error = refused(400, "Selected property categoryId does not exist on objet of type LeaveAccount");
    assert!(form.give_way(&error, true));
    assert_eq!(
        form.notes(),
        [Note::FieldsDropped { names: vec!["categoryId".into(), "categoryName".into()] }]
    );
    assert!(query(&form).contains("fields=id,name,isRemoteWork,collection.count"), "{}", query(&form));
}

#[test]
fn former_employees_are_asked_for_in_a_second_way() {
    let mut form = users();
    assert!(form.give_way(&refused(500, "Unknown property formerEmployees on User"), true));
    assert_eq!(form.notes(), [Note::FormerFilterFallback]);
    let query = query(&form);
    assert!(query.contains("dtContractEnd=until,2999-12-31,null"), "{query}");
    assert!(!query.contains("formerEmployees"), "{query}");
}

#[test]
fn a_named_order_or_count_is_not_asked_for() {
    let mut form = users();
    assert!(form.give_way(&refused(400, "The parameter 'orderBy' is not supported"), true));
    assert!(form.give_way(&refused(400, "Selected property collection does not exist"), true));
    assert_eq!(form.notes(), [Note::OrderNotAsked, Note::CountNotAsked]);
    assert!(!query(&form).contains("orderBy") && !query(&form).contains("collection"));
    assert!(!form.can_read_by_id());
}

#[test]
fn the_ladder_is_bounded_and_never_asks_the_same_twice() {
    for (stream, asked, status, most) in [
        (Stream::Users, Asked::Users(UserQuery::default()), 400, 24),
        (Stream::Users, Asked::Users(UserQuery::default()), 500, 7),
        (Stream::HiringTypes, Asked::All, 400, 14),
        (Stream::Departments, Asked::All, 400, 27),
        (Stream::LeaveRequests, Asked::All, 400, 27),
        (Stream::LeaveRequests, Asked::All, 500, 7),
        (Stream::LegalUnits, Asked::All, 500, 2),
    ] {
        let mut form = Form::new(stream, asked);
        let ask = |form: &Form| {
            let request = form.request(0, None);
            format!("{}?{}", request.path, request.query)
        };
        let mut asked = vec![ask(&form)];
        while form.give_way(&refused(status, ""), true) {
            asked.push(ask(&form));
        }
        assert!(asked.len() <= most, "{asked:#?}");
        let mut distinct = asked.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), asked.len(), "{asked:#?}");
    }
}

#[test]
fn a_refusal_in_mid_course_is_not_answered_in_another_form_but_a_slow_page_is() {
    let mut form = users();
    assert!(!form.give_way(&refused(400, ""), false));
    for size in [500, 250, 100, 50, 25, 10] {
        assert!(form.give_way(&refused(408, ""), false));
        assert_eq!(form.page_size(), size);
    }
    assert!(!form.give_way(&refused(408, ""), false));
}

#[test]
fn groups_that_are_off_stay_off_in_the_fallback() {
    let groups = crate::FieldGroups::NONE.with(crate::FieldGroup::Contract);
    let mut form = Form::new(Stream::Users, Asked::Users(UserQuery { groups, ..UserQuery::default() }));
    while form.shape.detail == Detail::Full {
        assert!(form.give_way(&refused(400, ""), true));
    }
    let query = query(&form);
    assert!(!query.contains("mail") && !query.contains("manager"), "{query}");
}

#[test]
fn departments_fall_back_to_v3_and_then_to_trees() {
    let mut form = Form::new(Stream::Departments, Asked::All);
    assert!(query(&form).starts_with("page=1&limit=100&"));
    for expected in ["paging=0,1000&orderBy=id,asc", "", ""] {
        assert!(form.give_way(&refused(404, ""), true));
        assert!(query(&form).starts_with(expected) && query(&form).is_empty() == expected.is_empty());
    }
    assert!(!form.give_way(&refused(404, ""), true));
}

#[test]
fn what_was_learned_is_begun_with() {
    let mut form = users();
    for message in ["property quote", "property modifiedAt", "orderBy", "formerEmployees", "limit 200"] {
        assert!(form.give_way(&refused(400, message), true));
    }
    let mut next = users();
    next.apply(&form.learned());
    assert_eq!(query(&next), query(&form));
    assert_eq!((next.notes(), next.learned()), (form.notes(), form.learned()));
    assert!(next.give_way(&refused(400, ""), true));
    assert_eq!(next.page_size(), 100);

    assert_eq!(users().learned(), Learned::default());
    let mut capped = users();
    capped.cap_size(50);
    assert_eq!((capped.learned(), capped.notes()), (Learned::default(), Vec::new()));
    capped.apply(&form.learned());
    assert_eq!(capped.page_size(), 50);

    let mut departments = Form::new(Stream::Departments, Asked::All);
    assert!(departments.give_way(&refused(404, ""), true));
    let mut again = Form::new(Stream::Departments, Asked::All);
    again.apply(&departments.learned());
    assert_eq!(query(&again), query(&departments));
}
