//! What the terminal is told of events that are held back.

use super::*;
use uuid::Uuid;

fn held(number: u64, woman: u128, reason: &str, bytes: &str) -> Held {
    Held {
        reader: "timeline".into(),
        service: "housing".into(),
        number,
        woman: WomanId(Uuid::from_u128(woman)),
        reason: reason.into(),
        bytes: bytes.into(),
        retry: false,
    }
}

const MADE: &str = r#"{"type":"dk.livline.housing.HousingOfferMade.v1","version":"a name"}"#;

#[test]
fn each_cause_has_a_line_and_tells_how_many_wait() {
    let all = [
        held(3, 1, "does_not_read", MADE),
        held(4, 1, WAITS, "{}"),
        held(7, 2, "cannot_be_applied", "not json"),
        held(9, 1, WAITS, "{}"),
    ];
    assert_eq!(
        table(&all),
        "timeline        housing:3         HousingOfferMade            the event does not read; 2 events wait\n\
         timeline        housing:7         ?                           the event does not fit what is there"
    );
    assert_eq!(table(&[]), "Nothing is held back.");
}

#[test]
fn what_only_waits_is_not_passed_over() {
    let all = [held(4, 1, WAITS, MADE), held(9, 1, WAITS, "{}")];
    assert!(table(&all).ends_with("waits behind an earlier one; 1 event waits"), "{}", table(&all));
}

#[test]
fn an_event_is_shown_with_the_place_that_does_not_read_and_without_what_stands_there_said_twice() {
    let text = whole(&held(3, 1, "does_not_read", MADE));
    let first: Vec<&str> = text.lines().take(2).collect();
    assert_eq!(
        first,
        ["housing:3, held back by timeline: the event does not read", "what does not read stands at version"]
    );
    assert_eq!(text.matches("a name").count(), 1);
}

#[test]
fn a_position_is_a_service_and_a_number() {
    assert_eq!("housing:12".parse(), Ok(Position { service: "housing".into(), number: 12 }));
    for bad in ["housing", "housing:", "housing:-1", "12", ""] {
        assert!(bad.parse::<Position>().is_err(), "{bad}");
    }
}
