//! The courses: which chapters a woman lives through, and when. Days are counted from the one she came on.
//!
//! Deliberately absent: the chapters' own texts and facts.

use super::{aftercare, everyday, financial, housing, legal, people, safety};
use crate::demo::{plan::Story, staff::Staff};
use ::{
    aftercare::SERVICE as AFTERCARE, housing::SERVICE as HOUSING, legal::SERVICE as LEGAL, safety::SERVICE as SAFETY,
};
use serde_json::json;

/// The first days and weeks of nearly every stay.
pub(super) fn first_weeks(story: &mut Story) {
    safety::arrival(story);
    let granted = story.chance.of(8..=13);
    safety::protected(story, granted);
    let money = story.chance.of(3..=6);
    financial::overview(story, money);
    let outcome = story.chance.pick(&["granted", "granted", "partly_granted", "refused"]);
    let purpose = if story.children.is_empty() { "clothing" } else { "child_needs" };
    financial::grant(story, money + 2, purpose, outcome);
    if !story.children.is_empty() {
        financial::children(story, money + 7);
        let uneasy = story.happens(40);
        if uneasy {
            safety::concern(story, 15);
        }
    }
}

/// The report, and what protects her until a day. The order's id.
pub(super) fn police(story: &mut Story, day: i64, until: i64) -> String {
    legal::screening(story, day - 2, &["police_report", "protective_orders", "compensation"]);
    let late = story.chance.of(1..=5);
    legal::report(story, day, late);
    legal::restrained(story, day + 4, until)
}

/// From a room at the centre to a lease: lists, an allocation, offers.
pub(super) fn towards_a_home(story: &mut Story, from: i64, wanted: i64) -> String {
    housing::need(story, from);
    let list = housing::list(story, from + 5);
    if story.happens(50) {
        housing::belongings(story, from + 8);
    }
    let outcome = story.chance.pick(&["granted", "refused", "partly_granted"]);
    housing::allocation(story, from + 12, Some(outcome));
    if story.happens(60) {
        housing::unwanted(story, wanted - 38);
    }
    if story.happens(30) {
        housing::lost(story, wanted - 24);
    }
    let more = story.happens(30);
    housing::wanted(story, wanted, more);
    list
}

/// She gets a home of her own, moves in safety, has aftercare, and manages by herself in the end.
pub(super) fn own_home(story: &mut Story) {
    let moved = story.chance.of(118..=176);
    let moved = story.weekday(moved);
    first_weeks(story);
    let reports = story.happens(65);
    if reports {
        let order = police(story, 12, moved + 60);
        if story.happens(40) {
            legal::extended(story, moved + 40, &order, moved + 100);
        }
        legal::convicted(story, moved - 20);
        legal::ended(story, moved + 58, &order);
        legal::close(story, moved + 150, "concluded");
    } else {
        legal::screening(story, 9, &["separation_or_divorce", "division_of_property"]);
        let violence = story.happens(50);
        legal::marriage(story, 16, violence);
        legal::close(story, 130, "concluded");
    }
    if story.happens(35) {
        let when = story.chance.of(25..=70);
        safety::threat(story, when);
    }
    safety::rhythm(story, 31, moved - 45);
    let list = towards_a_home(story, 11, moved - 36);
    if story.happens(40) {
        financial::debts(story, 35, false);
    }
    if story.happens(45) {
        financial::fund(story, 50);
    }
    financial::again(story, 95);
    housing::lease(story, moved - 17, moved - 1);
    safety::revise(story, moved - 12);
    financial::grant(story, moved - 14, "furniture_and_household", "granted");
    aftercare::agreed(story, moved - 9, moved - 5);
    housing::moved(story, moved);
    people::moves_out(story, moved, "new_home");
    housing::after_move(story, moved);
    safety::locks(story, moved);
    aftercare::contacts(story, moved, 4);
    let cancelled = story.happens(25);
    let meeting = story.one_with(&["municipality", "court", "health", "money"], &["school_or_daycare"]);
    aftercare::companion(story, moved + 40, meeting, cancelled);
    if story.happens(45) {
        aftercare::counselling(story, moved + 8, 150);
        everyday::close(story, AFTERCARE, moved + 130, "counselling/end", "done", Some("Planen er lagt med kommunen."));
    }
    if story.happens(50) {
        let topic = story.one_with(&["loneliness", "money"], &["children"]);
        aftercare::lifeline(story, moved + 65, topic, "can_wait");
    }
    housing::close(story, moved + 62, "new_home", Some(&list));
    financial::close(story, moved + 70, "finances_in_order");
    safety::close(story, moved + 98, "protection_in_place");
    aftercare::close(story, moved + 195, "completed", &[]);
    people::released(story, moved + 195);
    // The way back stays open.
    if story.happens(50) {
        aftercare::lifeline(story, moved + 225, "violence_or_threats", "urgent");
        everyday::note(
            story,
            AFTERCARE,
            moved + 226,
            "Han er set i byen. Hun vil gerne have et opkald om ugen den næste tid.",
        );
    }
}

/// A year of ups and downs, and much that is open now.
pub(super) fn eventful(story: &mut Story) {
    let now = story.now();
    first_weeks(story);
    police(story, 10, now + 200);
    safety::threat(story, 24);
    safety::tracker(story, 41, "tag");
    safety::rhythm(story, 33, now - 20);
    let loan = safety::alarm(story, 43, now - 60);
    safety::returned(story, now - 60, &loan);
    safety::set_off(story, 77, &loan);
    legal::marriage(story, 60, true);
    legal::custody(story, 75);
    financial::debts(story, 70, false);
    for day in [100, 196, 290] {
        financial::again(story, day);
    }
    housing::need(story, 9);
    let list = housing::list(story, 14);
    housing::lost(story, 60);
    housing::unwanted(story, 140);
    housing::pet(story, 16);
    housing::belongings(story, 18);
    housing::renewed(story, now - 12, &list);
    housing::meanwhile(story, now - 70, now + 16, false);
    everyday::slip(story, HOUSING, now - 6, "place-pet");
    housing::allocation(story, now - 40, None);
    safety::renewed(story, now - 30);
    // Open now: an answer within three days, and a viewing today.
    let facts = json!({ "rent": 735_000, "rooms": 3, "answer_by": story.day(now + 3) });
    let made = story.log(HOUSING, now - 5, "make-offer", facts);
    let (offer, entry) = (made.id(), made.version());
    let facts = json!({ "rent": 725_000, "rooms": 3, "answer_by": story.day(now + 3) });
    everyday::correct(story, HOUSING, now - 4, &entry, &facts);
    everyday::remark(story, HOUSING, now - 4, &entry, "Et værelse til hvert af børnene.");
    let today = story.day(now);
    housing::viewing(story, now - 4, &offer, &format!("{today}T15:30"));
    everyday::hand_over(story, HOUSING, now - 3, "allocation/chase", Staff::DayDuty);
    let text = "Hun håber på den bolig, hun skal se i dag, og tør næsten ikke tro på det.";
    everyday::note(story, SAFETY, now - 1, text).by(Staff::NightDuty);
}

/// She came yesterday.
pub(super) fn begun(story: &mut Story) {
    safety::arrival(story);
    people::conflict(story, 1);
}

/// Two days: the risk, a plan, a bed, a number to call. Later she asks to be forgotten.
pub(super) fn brief(story: &mut Story) {
    let note = story.one_of(&["Kom med politiet om natten. Ville kun sove.", "Kom til fods. Vil se tiden an."]);
    story.open(SAFETY, 0, false).note(note).by(Staff::NightDuty);
    safety::risk(story, 1, "high", true);
    safety::plan(story, 1);
    let text = story.one_of(&[
        "Vil hjem efter sine ting. Vi har talt om, hvad hun gør, hvis han er der.",
        "Savner sin egen seng og sin kat. Er i tvivl hele dagen.",
    ]);
    everyday::note(story, SAFETY, 1, text).by(Staff::NightDuty);
    legal::screening(story, 1, &["protective_orders"]);
    aftercare::refused(story, 2, 3);
    people::moves_out(story, 2, "back_to_perpetrator");
    safety::close(story, 3, "no_longer_needed");
    legal::close(story, 4, "no_longer_needed");
    aftercare::lifeline(story, 34, "thinking_of_going_back", "soon");
    people::forget(story, 41, story.now() > 300);
}

/// At the centre, with lists and an allocation, and nothing offered yet.
pub(super) fn waiting(story: &mut Story) {
    let now = story.now();
    first_weeks(story);
    police(story, 9, now + 400);
    housing::need(story, 8);
    housing::list(story, 12);
    housing::list(story, 13);
    housing::allocation(story, now - 20, None);
    housing::meanwhile(story, now - 10, now + 11, false);
    safety::rhythm(story, 32, now);
    everyday::slip(story, LEGAL, 20, "secure-passport");
    everyday::too_soon(story, SAFETY, 34, "digital-safety/again");
    everyday::note(story, HOUSING, now - 3, "Talt om, hvilke kvarterer hun kan føle sig tryg i.");
}

/// An offer to be answered within days, and a viewing before that.
pub(super) fn offered(story: &mut Story) {
    let now = story.now();
    first_weeks(story);
    legal::screening(story, 7, &["separation_or_divorce"]);
    legal::marriage(story, 12, false);
    housing::need(story, 7);
    housing::list(story, 11);
    safety::rhythm(story, 31, now);
    let answer_in = story.chance.of(3..=6);
    let offer = housing::offer(story, now - 3, Some(answer_in));
    let (seen_in, hour) = (story.chance.of(0..=2), story.chance.of(10..=16));
    let day = story.day(now + seen_in);
    housing::viewing(story, now - 2, &offer, &format!("{day}T{hour}:00"));
    everyday::hand_over(story, HOUSING, now - 1, &format!("offer/{offer}/answer"), Staff::DayDuty);
}

/// She moves in today. The plan of whoever has no children is old by now; aftercare offers itself.
pub(super) fn moves_today(story: &mut Story) {
    let now = story.now();
    first_weeks(story);
    police(story, 14, now + 500);
    safety::rhythm(story, 31, now - 48);
    towards_a_home(story, 10, now - 38);
    housing::lease(story, now - 15, now - 1);
    housing::moved(story, now);
    people::moves_out(story, now, "new_home");
    let alert = safety::alerted(story, "no_safety_plan");
    if story.children.is_empty() {
        everyday::hand_over(story, SAFETY, now, "risk/reassess", Staff::Leader);
        aftercare::offered_by_itself(story, None);
    } else {
        safety::revise(story, now);
        safety::clear(story, now, &alert, "Planen er gennemgået med hende i den nye bolig.");
        aftercare::offered_by_itself(story, Some("accept-aftercare"));
    }
}

/// She signs today, and the protection of her address is not there yet.
pub(super) fn signs_today(story: &mut Story) {
    let now = story.now();
    safety::arrival(story);
    financial::overview(story, 4);
    financial::children(story, 9);
    legal::screening(story, 8, &["custody"]);
    legal::advice(story, 30, 2);
    everyday::postpone(story, SAFETY, 6, "address-protection/chase", 12, "Kommunen beder om et skema mere.");
    safety::rhythm(story, 32, now - 8);
    towards_a_home(story, 12, now - 20);
    story.log(HOUSING, now, "sign-lease", json!({ "from": story.day(now + 18) }));
    safety::alerted(story, "address_unprotected");
    let text = "Lejekontrakten er underskrevet. Adressen må ikke registreres, før beskyttelsen er på plads.";
    everyday::note(story, SAFETY, now, text);
}
