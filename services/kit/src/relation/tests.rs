//! How near a centre is to her, told sign by sign.

use super::*;
use crate::CentreId;
use serde_json::json;
use time::macros::date;
use uuid::Uuid;

const TODAY: Date = date!(2026 - 11 - 20);

fn actor(name: &str) -> ActorId {
    name.parse().unwrap()
}

#[test]
fn a_centre_is_near_while_she_is_expected_lives_there_or_has_its_aftercare() {
    let stay = |bits| StayId(Uuid::from_u128(bits));
    let mut relation = Relation::default();
    assert_eq!(relation.nearness(TODAY), Nearness::Past);
    let steps = [
        (Sign::Known(None), Nearness::Live),
        (Sign::Began(stay(1)), Nearness::Live),
        (Sign::Ended(stay(1)), Nearness::Past),
        (Sign::Began(stay(1)), Nearness::Past),
        (Sign::Aftercare, Nearness::Live),
        (Sign::Began(stay(2)), Nearness::Live),
        (Sign::AftercareOver, Nearness::Live),
        (Sign::Left, Nearness::Past),
        (Sign::Began(stay(3)), Nearness::Live),
        (Sign::Erased, Nearness::Erased),
    ];
    for (sign, nearness) in steps {
        relation.take(&sign);
        assert_eq!(relation.nearness(TODAY), nearness, "{sign:?}");
    }
}

/// That she was registered, is to come, or was offered aftercare says nothing for ever. Somebody may have forgotten to say so.
#[test]
fn nobody_waits_for_her_without_end() {
    let recorded = Some(Day::from(TODAY));
    let coming = Received { recorded, ..coming(1, &[]) };
    let (last, over) = (TODAY + WAITS, TODAY + WAITS + Duration::DAY);
    for waits in [Sign::Known(recorded), Sign::Received(coming), Sign::Offered(recorded)] {
        let relation = Relation::of(std::slice::from_ref(&waits));
        let nearness = [TODAY, last, over].map(|day| relation.nearness(day));
        assert_eq!(nearness, [Nearness::Live, Nearness::Live, Nearness::Past], "{waits:?}");
    }
    for lasts in [Sign::Aftercare, Sign::Began(StayId::default())] {
        // Aftercare that goes on is not offered away.
        let relation = Relation::of(&[Sign::Known(recorded), lasts, Sign::Offered(recorded)]);
        assert_eq!(relation.nearness(over), Nearness::Live);
    }
    // People knows of itself only that she is expected, and hears since when; what it has not heard was recorded just now.
    let own = Relation::of(&[Sign::Known(None)]);
    let heard = Relation::of(&[Sign::Known(recorded)]);
    let nearness = |heard: &Relation| own.clone().with_heard(heard).nearness(over);
    assert_eq!((nearness(&Relation::default()), nearness(&heard)), (Nearness::Live, Nearness::Past));
    // Who is seen week after week is not lost because nobody recorded that she said yes; and is no case of aftercare by that alone.
    let seen = Sign::InTouch(Some(Day::from(last)));
    assert_eq!(Relation::of(&[Sign::Offered(recorded), seen.clone()]).nearness(over), Nearness::Live);
    for none in [&[seen.clone()][..], &[Sign::Offered(recorded), Sign::AftercareOver, seen.clone()]] {
        assert_eq!(Relation::of(none).nearness(over), Nearness::Past);
    }
}

/// What is kept says on which day it was recorded, where that counts.
#[test]
fn the_day_of_recording_is_kept_where_it_counts() {
    let recorded = Some(Day::from(TODAY));
    let received = Foreign::RelocationReceived {
        arrival: ArrivalId::default(),
        from: CentreId::default(),
        along: Along::Nothing,
        until: "2026-11-20T14:30".parse().unwrap(),
        conflicts: None,
    };
    for foreign in [Foreign::WomanRegistered {}, received, Foreign::AftercareOffered {}, Foreign::ContactMade {}] {
        assert_eq!(foreign.sign(recorded).unwrap().recorded(), recorded, "{foreign:?}");
    }
    assert_eq!(Foreign::StayStarted { stay: StayId::default() }.sign(recorded).unwrap().recorded(), None);
}

#[test]
fn who_went_on_is_away_until_she_lives_here_again() {
    let stay = |bits| StayId(Uuid::from_u128(bits));
    let received = Sign::Received(coming(1, &[]));
    let steps = [
        (Sign::Known(None), false),
        (Sign::Began(stay(1)), false),
        (Sign::Left, true),
        (Sign::Ended(stay(1)), true),
        (Sign::Aftercare, true),
        // The stay she left, recorded once more; and that she comes back, before she has.
        (Sign::Began(stay(1)), true),
        (received, true),
        (Sign::Began(stay(2)), false),
        (Sign::Ended(stay(2)), false),
    ];
    let mut relation = Relation::default();
    for (sign, away) in steps {
        relation.take(&sign);
        assert_eq!(relation.moved_away(), away, "{sign:?}");
    }
}

#[test]
fn she_is_another_centres_until_she_comes_back() {
    let stay = |bits| StayId(Uuid::from_u128(bits));
    let steps = [
        (Sign::Began(stay(1)), false),
        (Sign::Left, true),
        // What is recorded late, goes on beside or ends is no return.
        (Sign::Began(stay(1)), true),
        (Sign::Known(None), true),
        (Sign::Aftercare, true),
        (Sign::Ended(stay(1)), true),
        (Sign::Began(stay(2)), false),
        (Sign::Left, true),
        (Sign::Received(coming(1, &[])), false),
    ];
    let mut relation = Relation::default();
    for (sign, elsewhere) in steps {
        relation.take(&sign);
        assert_eq!(relation.is_elsewhere(), elsewhere, "{sign:?}");
    }
}

fn coming(bits: u128, conflicts: &[&str]) -> Received {
    Received {
        arrival: ArrivalId(Uuid::from_u128(bits)),
        from: CentreId(Uuid::from_u128(9)),
        along: Along::All,
        until: "2026-11-20T14:30".parse().unwrap(),
        conflicts: conflicts.iter().map(|name| actor(name)).collect(),
        recorded: None,
    }
}

#[test]
fn what_was_withdrawn_is_over_and_what_the_centre_recorded_itself_is_not() {
    let (first, second) = (coming(1, &["w-66"]), coming(2, &[]));
    let withdrawn = |received: &Received| Sign::Withdrawn(received.arrival);
    let mut relation = Relation::of(&[Sign::Received(first.clone()), Sign::Received(second.clone())]);
    relation.take(&withdrawn(&first));
    assert_eq!((relation.nearness(TODAY), relation.received()), (Nearness::Live, &[second.clone()][..]));
    relation.take(&withdrawn(&second));
    assert_eq!((relation.nearness(TODAY), relation.received().len()), (Nearness::Past, 0));
    assert!(relation.conflicts_with(&actor("w-66")), "a conflict never ends");
    // Registered here, or living here: that is this centre's own.
    for own in [Sign::Known(None), Sign::Began(StayId::default())] {
        let relation = Relation::of(&[Sign::Received(first.clone()), own, withdrawn(&first)]);
        assert_eq!(relation.nearness(TODAY), Nearness::Live);
    }
    // Registered when the stay was over: nobody expects her by that.
    let stay = StayId::default();
    let late = [Sign::Received(first), Sign::Began(stay), Sign::Ended(stay), Sign::Known(None)];
    assert_eq!(Relation::of(&late).nearness(TODAY), Nearness::Past);
}

#[test]
fn a_tie_ends_by_its_day_and_a_conflict_never_does() {
    let until = "2026-11-30".parse::<Day>().unwrap();
    let tied = Sign::Tied { worker: actor("w-1"), role: Tie::ContactPerson, until: Some(until) };
    let helps = Sign::Tied { worker: actor("w-2"), role: Tie::Volunteer, until: None };
    let mut relation = Relation::of(&[tied, helps, Sign::Conflict(actor("w-3"))]);
    let day = |text: &str| text.parse::<Day>().unwrap().date();
    assert!(relation.is_contact_person(&actor("w-1"), day("2026-11-30")));
    assert!(!relation.is_contact_person(&actor("w-1"), day("2026-12-01")));
    assert!(!relation.is_contact_person(&actor("w-2"), day("2026-11-30")));
    relation.take(&Sign::Untied(actor("w-1")));
    relation.take(&Sign::Untied(actor("w-3")));
    assert!(!relation.is_contact_person(&actor("w-1"), day("2026-11-30")));
    assert!(relation.conflicts_with(&actor("w-3")));
}

/// What is stored of what was heard is read for years.
#[test]
fn the_stored_forms_stay() {
    let id = "5b8c1d2e-3f40-4a51-8b62-7c83d94ea011";
    let received = json!({
        "arrival": id, "from": id, "along": "all", "until": "2026-11-20T14:30", "conflicts": ["w-1"], "recorded": "2026-11-20",
    });
    for form in [
        json!({ "known": "2026-11-20" }),
        json!({ "received": received }),
        json!({ "withdrawn": id }),
        json!({ "began": id }),
        json!({ "ended": id }),
        json!("left"),
        json!({ "tied": { "worker": "w-1", "role": "contact_person", "until": null } }),
        json!({ "untied": "w-1" }),
        json!({ "conflict": "w-1" }),
        json!({ "offered": "2026-11-20" }),
        json!({ "in_touch": "2026-11-20" }),
        json!("aftercare"),
        json!("aftercare_over"),
        json!("erased"),
    ] {
        let sign: Sign = serde_json::from_value(form.clone()).expect("it reads");
        assert_eq!(serde_json::to_value(sign).unwrap(), form);
    }
}
