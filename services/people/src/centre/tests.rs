//! A centre's rules in the directory.

use super::Centre;
use kit::Decider;
use kit::given::{Given, given, walk};
use proptest::{collection::vec, prelude::any, proptest};
use serde_json::json;

fn centre() -> Given<Centre> {
    given("2026-11-20", "").by_leader("l-1")
}

#[test]
fn a_centre_is_registered_once_renamed_and_closed_by_a_leader() {
    let name = || json!({ "name": "Birkely" });
    centre().by_on_duty("w-1").when("register-centre", name()).refused("needs_leader");
    let registered = centre().when("register-centre", name()).events(&["CentreRegistered"]).accepted();
    registered.clone().when("register-centre", name()).refused("centre_registered");
    registered.clone().by_on_duty("w-1").when("close-centre", json!({})).refused("needs_leader");
    assert_eq!(registered.actions(), ["rename-centre", "close-centre"]);
    let closed = registered.and("rename-centre", json!({ "name": "Elmely" })).and("close-centre", json!({}));
    drop(closed.clone().when("close-centre", json!({})).already());
    assert!(closed.actions().is_empty());
}

/// However it is written, it is one name; it is free again once it is another's, or the centre takes nobody in any more.
#[test]
fn a_name_is_one_centres() {
    let held = |given: &Given<Centre>| given.case().domain().claims();
    let registered = |name: &str| centre().and("register-centre", json!({ "name": name }));
    let birkely = held(&registered("Birkely"));
    assert_eq!(birkely.len(), 2);
    for same in ["  birkely", "BIRKELY ", "Birkely"] {
        assert_eq!(held(&registered(same)), birkely, "{same}");
    }
    assert_ne!(held(&registered("Birke ly")), birkely);
    let renamed = registered("Birkely").and("rename-centre", json!({ "name": "Elmely" }));
    assert_eq!(held(&renamed), held(&registered("Elmely")));
    assert_eq!(held(&renamed.and("close-centre", json!({}))).into_iter().collect::<Vec<_>>(), ["centre"]);
    let names = |claim: &String| Centre::is_one_of_all(claim);
    assert_eq!(birkely.iter().filter(|claim| names(claim)).count(), 1);
    assert_eq!(
        birkely.iter().filter_map(|claim| Centre::claimed(claim).map(<&str>::from)).collect::<Vec<_>>(),
        ["centre_registered", "centre_name_taken"]
    );
}

proptest! {
    #[test]
    fn whatever_is_logged_in_whatever_order(steps in vec(any::<(u8, u8, u8)>(), 1..12)) {
        let facts = |event: &str| if event.ends_with("Closed") { json!({}) } else { json!({ "name": "Birkely" }) };
        let fitting = |action: &str| if action == "close-centre" { json!({}) } else { json!({ "name": "Elmely" }) };
        walk(centre(), &steps, |event, _| facts(event), |_, action| fitting(action), |given| {
            let registered = given.standing().iter().filter(|event| matches!(event, super::Event::CentreRegistered(_))).count();
            assert!(registered <= 1, "a second beginning slipped in");
        });
    }
}
