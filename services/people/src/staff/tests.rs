//! A worker's rules in the directory.

use super::Staff;
use kit::given::{Given, given, walk};
use proptest::{collection::vec, prelude::any, proptest};
use serde_json::{Value, json};

fn staff() -> Given<Staff> {
    given("2026-11-20", "").by_leader("l-1")
}

fn anna() -> Value {
    json!({ "worker": "w-17", "name": "Anna Holm", "role": "worker", "from": "2026-11-01" })
}

#[test]
fn a_worker_is_registered_once_and_by_a_leader() {
    let register = |given: Given<Staff>| given.when("register-worker", anna());
    for worker in [staff().by("w-1"), staff().by_on_duty("w-1"), staff().by_temp("w-1")] {
        register(worker).refused("needs_leader");
    }
    let registered = register(staff()).events(&["WorkerRegistered"]).accepted();
    drop(register(registered.clone()).already());
    registered
        .clone()
        .when("register-worker", json!({ "worker": "w-17", "name": "A", "role": "temp" }))
        .refused("worker_registered");
    for action in ["change-worker", "end-work"] {
        let facts =
            if action == "end-work" { json!({ "last_day": "2026-11-20" }) } else { json!({ "role": "leader" }) };
        registered.clone().by_on_duty("w-1").when(action, facts).refused("needs_leader");
    }
    registered.by("w-1").when_in_error(2).refused("needs_leader");
    let service = json!({ "worker": "service:people", "name": "A", "role": "worker" });
    staff().when("register-worker", service).refused("not_a_person");
}

#[test]
fn a_last_day_is_not_before_the_first() {
    let backwards =
        json!({ "worker": "w-17", "name": "A", "role": "temp", "from": "2026-11-02", "until": "2026-11-01" });
    staff().when("register-worker", backwards).refused("until_before_from");
    let registered = staff().and("register-worker", anna());
    registered.clone().when("change-worker", json!({ "until": "2026-10-31" })).refused("until_before_from");
    registered.clone().when("end-work", json!({ "last_day": "2026-10-31" })).refused("until_before_from");
    drop(registered.when("end-work", json!({ "last_day": "2026-11-01" })).accepted());
}

#[test]
fn what_is_so_already_is_nothing_new_and_the_id_is_free_again_in_the_end() {
    let registered = staff().and("register-worker", anna());
    let claims = |given: &Given<Staff>| kit::Decider::claims(given.case().domain()).len();
    drop(registered.clone().when("change-worker", json!({ "name": "Anna Holm", "role": "worker" })).already());
    let changed = registered.and("change-worker", json!({ "role": "leader" }));
    assert_eq!((changed.actions(), claims(&changed)), (vec!["change-worker", "end-work"], 1));
    let left = changed.and("end-work", json!({ "last_day": "2026-11-20" }));
    assert_eq!((left.actions(), claims(&left)), (Vec::new(), 0));
    drop(left.when("end-work", json!({ "last_day": "2026-11-20" })).already());
}

proptest! {
    #[test]
    fn whatever_is_logged_in_whatever_order(steps in vec(any::<(u8, u8, u8)>(), 1..12)) {
        let facts = |event: &str, byte: u8| match event {
            "WorkerRegistered" => anna(),
            "WorkerChanged" => json!({ "role": if byte & 1 == 0 { "leader" } else { "temp" } }),
            _ => json!({ "last_day": format!("2026-11-{:02}", 1 + byte % 30) }),
        };
        let fitting = |given: &Given<Staff>, action: &str| match action {
            "register-worker" => anna(),
            "change-worker" => json!({ "until": "2026-12-31" }),
            _ => json!({ "last_day": given.now().today.to_string() }),
        };
        walk(staff(), &steps, facts, fitting, |_| {});
    }
}
