//! What changes in the vault: who is told, and how she is recognised.

use super::{CHILD, CONTACT, ERASURE, VALUE, mother, open, woman};
use crate::woman::Woman;
use kit::{
    ActorId,
    facets::Weight,
    given::{Given, Then},
};
use serde_json::{Value, json};

fn change(slot: &str, more: &Value) -> Value {
    let mut facts = json!({ "slot": slot, "reference": VALUE });
    facts.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    facts
}

/// Hers, whose contact person is w-2.
fn hers() -> Given<Woman> {
    woman().and("assign-worker", json!({ "worker": "w-2", "role": "contact_person" }))
}

/// Who holds what is open, by key.
fn held(given: &Given<Woman>) -> Vec<(&str, Option<&str>)> {
    let open = given.case().follow_ups().iter().filter(|(_, follow_up)| follow_up.open);
    open.map(|(key, follow_up)| (key.as_str(), follow_up.responsible.as_ref().map(ActorId::as_str))).collect()
}

fn changed(given: &Given<Woman>, actor: &str, slot: &str, more: &Value) -> Then<Woman> {
    given.clone().by_route(actor).when("change-vault-value", change(slot, more))
}

#[test]
fn her_contact_person_is_told_where_somebody_else_changed_it() {
    for (slot, more, key, weight) in [
        ("address", json!({}), "vault/address".to_owned(), Weight::Alert),
        ("code_word", json!({}), "vault/code-word".to_owned(), Weight::Alert),
        ("contact", json!({ "contact": CONTACT }), format!("vault/contact/{CONTACT}"), Weight::Routine),
        ("address", json!({ "child": CHILD }), format!("vault/child/{CHILD}/address"), Weight::Alert),
    ] {
        let told = changed(&hers(), "w-9", slot, &more).weighs(weight);
        let told = told.opens(&key, "look_at_changed_field", Some("2026-11-20")).accepted();
        assert_eq!(held(&told), [(key.as_str(), Some("w-2"))]);
        // She knows what she changed herself.
        let own = changed(&hers(), "w-2", slot, &more).weighs(Weight::Routine).accepted();
        assert!(open(&own).is_empty());
        // Where there is none, it is nobody's, whoever changed it.
        let nobodys = changed(&mother(), "w-9", slot, &more).weighs(weight).accepted();
        assert_eq!(held(&nobodys), [(key.as_str(), None)]);
    }
}

#[test]
fn each_of_her_contact_persons_is_told_and_nobody_else() {
    let two = hers().and("assign-worker", json!({ "worker": "w-3", "role": "contact_person" }));
    let two = two.and("assign-worker", json!({ "worker": "w-4", "role": "volunteer" }));
    let told = changed(&two, "w-9", "address", &json!({})).accepted();
    assert_eq!(held(&told), [("vault/address", Some("w-2")), ("vault/address/2", Some("w-3"))]);
    let other = changed(&two, "w-2", "address", &json!({})).accepted();
    assert_eq!(held(&other), [("vault/address", Some("w-3"))]);
    // Whose tie is over, and who must see nothing of her, is told nothing.
    let tie = json!({ "worker": "w-3", "role": "contact_person", "until": "2026-11-20" });
    let later = two.clone().and("assign-worker", tie).on("2026-11-21");
    assert_eq!(held(&changed(&later, "w-9", "address", &json!({})).accepted()), [("vault/address", Some("w-2"))]);
    let conflict = two.and("record-conflict-of-interest", json!({ "kind": "worker", "who": "w-2" }));
    let told = changed(&conflict, "w-9", "address", &json!({})).accepted();
    assert_eq!(held(&told), [("conflict/w-2/leader", None), ("vault/address", Some("w-3"))]);
}

#[test]
fn nobody_records_a_change_without_a_value() {
    for action in ["change-vault-value", "lock-code-word", "unlock-code-word"] {
        let facts = if action == "change-vault-value" { change("address", &json!({})) } else { json!({}) };
        let leader = hers().by_leader("l-1");
        leader.clone().when(action, facts.clone()).refused("only_by_rule");
        let stands = leader.by_route("l-1").and(action, facts);
        let entry = stands.case().version();
        // Nor is one corrected or taken back, by whomever.
        stands.clone().when_in_error(entry).refused("not_correctable");
        stands.by_leader("l-1").when_corrected(entry, json!({})).refused("not_correctable");
    }
}

#[test]
fn by_her_code_word_she_is_recognised_where_whoever_acts_has_just_checked_it() {
    let request = json!({ "erasure": ERASURE, "recognised": "code_word" });
    let cancel = json!({ "erasure": ERASURE, "recognised": "code_word" });
    hers().when("request-erasure", request.clone()).refused("not_recognised");
    let asked = hers().word_checked().and("request-erasure", request);
    drop(asked.when("cancel-erasure", cancel.clone()).accepted());
    let met = hers().and("request-erasure", json!({ "erasure": ERASURE, "recognised": "meeting" }));
    met.clone().when("cancel-erasure", cancel).refused("not_recognised");
    drop(met.when("cancel-erasure", json!({ "erasure": ERASURE, "recognised": "meeting" })).accepted());
    let by_word = json!({ "recognised": "code_word" });
    changed(&hers(), "w-9", "address", &by_word).refused("not_recognised");
    drop(changed(&hers().word_checked(), "w-9", "address", &by_word).accepted());
}

#[test]
fn another_code_word_needs_her_to_be_recognised() {
    let first = changed(&hers(), "w-9", "code_word", &json!({})).accepted();
    changed(&first, "w-2", "code_word", &json!({})).refused("recognition_missing");
    drop(changed(&first, "w-2", "code_word", &json!({ "recognised": "meeting" })).accepted());
    // A child's is another one.
    drop(changed(&first, "w-2", "code_word", &json!({ "child": CHILD })).accepted());
}

#[test]
fn a_lock_out_is_told_until_it_is_lifted() {
    let locked = hers().by_route("w-9").when("lock-code-word", json!({ "worker": "w-9" })).weighs(Weight::Alert);
    let locked = locked.opens("code-word/locked", "look_at_lock_out", Some("2026-11-20")).accepted();
    assert_eq!(held(&locked), [("code-word/locked", Some("w-2"))]);
    drop(locked.by_route("l-1").when("unlock-code-word", json!({})).closes("code-word/locked"));
    // Whoever locked it out does not look at that alone.
    let own = hers().by_route("w-2").and("lock-code-word", json!({ "worker": "w-2" }));
    assert_eq!(held(&own), [("code-word/locked", None)]);
    // Of whom nothing can be hers any more, nothing is looked at.
    let died = own.by_leader("l-1").and("record-death", json!({}));
    assert!(open(&died).is_empty());
}

/// Number and agreement are one command: all of it or nothing.
#[test]
fn a_contact_is_agreed_together_with_its_number() {
    use crate::woman::{Command, SafeContact, ValueChange};
    use kit::case::Ask;
    let read = |facts: Value| serde_json::from_value::<SafeContact>(facts).unwrap();
    let kept = Command::ChangeVaultValue(
        serde_json::from_value::<ValueChange>(change("contact", &json!({ "contact": CONTACT }))).unwrap(),
    );
    let agree = |on: &str| {
        let facts = json!({ "contact": CONTACT, "channel": "phone", "value": VALUE, "confirmed_on": on });
        Ask::Together(vec![kept.clone(), Command::AgreeSafeContact(read(facts))])
    };
    let asked = hers().by_route("w-2");
    let decided = asked.case().decide(agree("2026-11-20"), None, &asked.looking()).unwrap();
    let names: Vec<_> = decided.entries.iter().map(kit::entry::Entry::name).collect();
    assert_eq!(names, ["VaultValueChanged", "SafeContactAgreed"]);
    assert!(asked.case().decide(agree("2026-11-21"), None, &asked.looking()).is_err());
}
