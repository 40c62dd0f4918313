//! Chapters of housing: the need, lists and allocation, offers and viewings, a roof meanwhile, the move.
//!
//! Deliberately absent: where she moves to; no address stands anywhere, not even an invented one.

use super::{everyday, places};
use crate::demo::plan::Story;
use ::housing::SERVICE as HOUSING;
use serde_json::{Value, json};

/// What she needs; said more exactly some days later.
pub(super) fn need(story: &mut Story, day: i64) {
    story.open(HOUSING, day, false);
    let persons = i64::try_from(story.children.len()).unwrap_or_default() + 1;
    let ceiling = story.chance.of(55..=105) * 10_000;
    let excluded = story.happens(60).then(|| [story.one_of(places::MUNICIPALITIES)]);
    let facts = json!({ "persons": persons, "rent_ceiling": ceiling, "excluded_municipalities": excluded });
    let entry = story.log(HOUSING, day, "assess-need", facts).version();
    if story.happens(25) {
        let facts =
            json!({ "persons": persons, "rent_ceiling": ceiling + 50_000, "excluded_municipalities": excluded });
        everyday::correct(story, HOUSING, day + 6, &entry, &facts);
    }
}

/// She is on a waiting list. Its id.
pub(super) fn list(story: &mut Story, day: i64) -> String {
    let (organisation, number) = (story.one_of(places::ORGANISATIONS), story.chance.of(10_000..=99_999).to_string());
    story.log(HOUSING, day, "join-list", json!({ "organisation": organisation, "list_number": number })).id()
}

/// Her place on a list is good for another year.
pub(super) fn renewed(story: &mut Story, day: i64, list: &str) {
    story.log(HOUSING, day, "join-list", json!({ "list": list })).note("Gebyret er betalt.");
}

/// The municipality is asked, and answers where `outcome` says what.
pub(super) fn allocation(story: &mut Story, day: i64, outcome: Option<&str>) {
    let (municipality, grounds) = (
        story.one_of(places::MUNICIPALITIES),
        story.one_with(
            &["Bor på krisecenter og kan ikke vende hjem", "Akut behov efter vold"],
            &["Bor på krisecenter med børn"],
        ),
    );
    story.log(HOUSING, day, "request-allocation", json!({ "municipality": municipality, "grounds": grounds }));
    if story.happens(40) {
        let reason = story.one_of(&["Sagsbehandleren er på ferie.", "De mangler en udtalelse, som er på vej."]);
        everyday::postpone(story, HOUSING, day + 15, "allocation/chase", day + 24, reason);
    }
    if let Some(outcome) = outcome {
        let after = story.chance.of(26..=40);
        let decided = story.weekday(day + after);
        let facts = json!({ "municipality": municipality, "outcome": outcome, "day": story.day(decided) });
        story.log(HOUSING, decided, "record-allocation-decision", facts);
    }
}

/// A home for a while, left again where she has moved by then.
pub(super) fn meanwhile(story: &mut Story, from: i64, until: i64, left: bool) {
    let facts = json!({ "from": story.day(from), "until": story.day(until) });
    let home = story.log(HOUSING, from - 5, "arrange-temporary-housing", facts).id();
    if left {
        let left = story.weekday(until);
        let facts = json!({ "temporary_housing": home, "until": story.day(left) });
        story.log(HOUSING, left, "end-temporary-housing", facts);
    }
}

/// An offer; `answer_in`: days until it must be answered, where that is known. Its id.
pub(super) fn offer(story: &mut Story, day: i64, answer_in: Option<i64>) -> String {
    let (rent, rooms) = (story.chance.of(48..=105) * 10_000, story.chance.of(2..=4));
    let answer_by = answer_in.map(|days| story.day(day + days));
    let facts = json!({ "rent": rent, "rooms": rooms, "answer_by": answer_by });
    let made = story.log(HOUSING, day, "make-offer", facts);
    let (offer, entry) = (made.id(), made.version());
    if story.happens(20) {
        let facts = json!({ "rent": rent + 35_000, "rooms": rooms, "answer_by": answer_by });
        everyday::correct(story, HOUSING, day + 1, &entry, &facts);
    }
    offer
}

/// She is going to see the home at a time that is told, such as `2026-11-20T15:30`.
pub(super) fn viewing(story: &mut Story, day: i64, offer: &str, when: &str) {
    let companion = story.chance.pick(&["contact_person", "worker", "volunteer", "family_or_friend"]);
    story.log(HOUSING, day, "arrange-viewing", json!({ "offer": offer, "when": when, "companion": companion }));
}

/// She has seen it.
pub(super) fn seen(story: &mut Story, day: i64, offer: &str) {
    let (day, time) = (story.weekday(day), story.time(10..=16));
    let when = format!("{}{time}", story.day(day));
    viewing(story, day - 2, offer, &when);
    let note = story.one_with(
        &["To indgange og porttelefon. Hun stod længe ved vinduet.", "Køkkenet er slidt, men døren er solid."],
        &["Lys og rolig. Børnene valgte værelser med det samme."],
    );
    if day < story.now() {
        story.log(HOUSING, day, "hold-viewing", json!({ "offer": offer, "when": when })).note(note).at(&time);
    }
}

pub(super) fn accept(story: &mut Story, day: i64, offer: &str) {
    story.log(HOUSING, day, "accept-offer", json!({ "offer": offer }));
}

pub(super) fn decline(story: &mut Story, day: i64, offer: &str) {
    let reason = story.one_with(
        &["Stueetage ud til vejen; der kan hun ikke sove.", "Han har familie i kvarteret."],
        &["For langt fra børnenes skole.", "Kun ét værelse, og de er flere."],
    );
    story.log(HOUSING, day, "decline-offer", json!({ "offer": offer, "reason": reason }));
}

/// An offer that she loses.
pub(super) fn lost(story: &mut Story, day: i64) {
    let offer = offer(story, day, None);
    let lapsed = story.log(HOUSING, day + 10, "lapse-offer", json!({ "offer": offer }));
    lapsed.note("Brevet kom først frem, da fristen var gået.");
}

/// An offer that she sees and does not want.
pub(super) fn unwanted(story: &mut Story, day: i64) {
    let offer = offer(story, day, Some(9));
    seen(story, day + 4, &offer);
    decline(story, day + 6, &offer);
}

/// An offer that she sees and takes, with more time to answer where `more` says so.
pub(super) fn wanted(story: &mut Story, day: i64, more: bool) {
    let offer = offer(story, day, Some(8));
    seen(story, day + 4, &offer);
    if more {
        let facts = json!({ "offer": offer, "answer_by": story.day(day + 13) });
        story
            .log(HOUSING, day + 6, "extend-offer-answer", facts)
            .note("Aftalt med udlejer; hun venter på svar fra banken.");
    }
    accept(story, day + if more { 10 } else { 7 }, &offer);
}

/// The lease is signed on a day; loan and grant go with it.
pub(super) fn lease(story: &mut Story, day: i64, from: i64) {
    story.log(HOUSING, day, "sign-lease", json!({ "from": story.day(from) }));
    let loan: Value = (story.chance.of(180..=360) * 10_000).into();
    story.log(HOUSING, day + 1, "apply-for-deposit-loan", json!({ "amount": loan }));
    let (grant, municipality) = (story.chance.of(30..=90) * 10_000, story.one_of(places::MUNICIPALITIES));
    let facts = json!({ "amount": grant, "municipality": municipality });
    story.log(HOUSING, day + 2, "apply-for-moving-grant", facts);
    let facts = json!({ "amount": loan, "outcome": "granted" });
    story.log(HOUSING, from - 4, "record-deposit-loan-decision", facts);
    let outcome = story.chance.pick(&["granted", "partly_granted", "refused"]);
    let facts = json!({ "outcome": outcome, "amount": if outcome == "refused" { 0 } else { grant } });
    story.log(HOUSING, from - 2, "record-moving-grant-decision", facts);
}

/// She moves in; nothing about the day of it is offices' business.
pub(super) fn moved(story: &mut Story, day: i64) {
    let day = story.weekday(day);
    story.log(HOUSING, day, "move-in", json!({ "day": story.day(day) }));
}

/// What follows a move: the police, and housing benefit.
pub(super) fn after_move(story: &mut Story, day: i64) {
    everyday::close(
        story,
        HOUSING,
        day,
        "address-change/police",
        "done",
        Some("Talt med politiet, før flytningen blev meldt."),
    );
    story.log(HOUSING, day + 4, "apply-for-housing-benefit", json!({}));
    let decided = day + story.chance.of(30..=50);
    story.log(HOUSING, decided, "record-housing-benefit-decision", json!({ "outcome": "granted" }));
}

/// Her things are fetched, with the police where it must be.
pub(super) fn belongings(story: &mut Story, day: i64) {
    let (day, time) = (story.weekday(day), story.time(9..=12));
    let escort = story.happens(60);
    let note = story.one_with(
        &["Han var ikke hjemme. Alt af værdi var væk.", "Naboen havde pakket det meste i forvejen."],
        &["Tyve minutter. Hun fik papirerne, børnenes tøj og syskrinet."],
    );
    let facts = json!({ "when": format!("{}{time}", story.day(day)), "police_escort": escort });
    if day < story.now() {
        story.log(HOUSING, day, "fetch-belongings", facts).note(note).at(&time);
    }
}

pub(super) fn pet(story: &mut Story, day: i64) {
    let animal = story.one_of(&["Hunden er i trygge hænder.", "Begge katte er kommet med."]);
    story.log(HOUSING, day, "place-pet", json!({ "place": "Dyrepension Eksempel" })).note(animal);
}

/// She keeps the home she has.
pub(super) fn kept(story: &mut Story, day: i64) {
    story.log(HOUSING, day, "keep-tenancy", json!({})).note("Han er flyttet ud; lejekontrakten er nu hendes alene.");
    everyday::postpone(story, HOUSING, day + 1, "tenancy/safety", day + 5, "Låsesmeden kan først på mandag.");
    everyday::close(
        story,
        HOUSING,
        day + 5,
        "tenancy/safety",
        "done",
        Some("Låse er skiftet, og hjemmet er gennemgået."),
    );
}

/// The case ends; `list`: a place on a waiting list that is left as it is.
pub(super) fn close(story: &mut Story, day: i64, outcome: &str, list: Option<&str>) {
    if let Some(list) = list {
        let reason = "Hun beholder sin anciennitet; gebyret betaler hun selv.";
        everyday::close(story, HOUSING, day, &format!("list/{list}/renewal"), "not_needed", Some(reason));
    }
    let note = everyday::farewell(story, outcome);
    story.log(HOUSING, day, "close-case", json!({ "outcome": outcome })).note(note);
}
