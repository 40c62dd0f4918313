//! Twenty courses, from one that has just begun to one that is over: what the demo's women have lived through.
//!
//! Days count back from the demo's own day. Places are invented. Deliberately absent: ids and dates of their own ([`super::plan`]).

use super::plan::Story;
use serde_json::{Value, json};
use time::Date;

/// Courses by the women's numbers; the first is the one to look at.
const COURSES: [fn(&mut Story); 20] = [
    eventful, waiting, settled, offered, just_moved, declined, keeps, lapsed, mid_story, silent, waiting, settled,
    returning, offered, just_moved, begun, declined, settled, lapsed, mid_story,
];

/// Everybody's course as of a day.
pub(super) fn all(today: Date) -> Vec<Story> {
    let told = |(number, course): (usize, fn(&mut Story))| {
        let mut story = Story::new(number, today);
        course(&mut story);
        story
    };
    COURSES.into_iter().enumerate().map(told).collect()
}

const MUNICIPALITIES: &[&str] = &["Eksempelby Kommune", "Prøvestad Kommune", "Fiktivkøbing Kommune", "Tænkeby Kommune"];
const ORGANISATIONS: &[&str] = &["Boligselskabet Eksempel", "Boligforeningen Prøven", "Andelsforeningen Tænkehøj"];

fn need(story: &mut Story, ago: i64) {
    let (persons, ceiling) = (story.chance.of(2..=5), story.chance.of(55..=110) * 10_000);
    let excluded = (story.chance.of(0..=1) == 0).then(|| [story.chance.pick(MUNICIPALITIES)]);
    let facts = json!({ "persons": persons, "rent_ceiling": ceiling, "excluded_municipalities": excluded });
    story.log("need", ago, "assess-need", facts);
}

fn list(story: &mut Story, name: &str, ago: i64) {
    let (organisation, number) = (story.chance.pick(ORGANISATIONS), story.chance.of(10_000..=99_999).to_string());
    story.log(name, ago, "join-list", json!({ "organisation": organisation, "list_number": number }));
}

fn allocation(story: &mut Story, ago: i64, decided: Option<(i64, &str)>) {
    let municipality = story.chance.pick(MUNICIPALITIES);
    let facts = json!({ "municipality": municipality, "grounds": "Bor på krisecenter med børn" });
    story.log("allocation", ago, "request-allocation", facts);
    if let Some((ago, outcome)) = decided {
        let day = story.day(ago);
        let facts = json!({ "municipality": municipality, "outcome": outcome, "day": day });
        story.log("allocation-decision", ago, "record-allocation-decision", facts);
    }
}

/// An offer; `answer_in`: days until it must be answered, where that is known.
fn offer(story: &mut Story, name: &str, ago: i64, answer_in: Option<i64>) {
    let (rent, rooms) = (story.chance.of(48..=105) * 10_000, story.chance.of(2..=4));
    let answer_by = answer_in.map(|days| story.day(-days));
    story.log(name, ago, "make-offer", json!({ "rent": rent, "rooms": rooms, "answer_by": answer_by }));
}

fn viewing(story: &mut Story, name: &str, ago: i64, when: &str) {
    let companion = story.chance.pick(&["contact_person", "worker", "volunteer", "family_or_friend"]);
    let facts = json!({ "offer": format!("@{name}"), "when": when, "companion": companion });
    story.log(&format!("{name}-viewing"), ago, "arrange-viewing", facts);
}

fn seen(story: &mut Story, name: &str, arranged: i64, held: i64) {
    let day = story.day(held);
    viewing(story, name, arranged, &day);
    story.log(&format!("{name}-seen"), held, "hold-viewing", json!({ "offer": format!("@{name}"), "when": day }));
}

fn accept(story: &mut Story, name: &str, ago: i64) {
    story.log(&format!("{name}-yes"), ago, "accept-offer", json!({ "offer": format!("@{name}") }));
}

fn decline(story: &mut Story, name: &str, ago: i64, reason: &str) {
    story.log(&format!("{name}-no"), ago, "decline-offer", json!({ "offer": format!("@{name}"), "reason": reason }));
}

fn note(story: &mut Story, name: &str, ago: i64, text: &str) {
    story.log(name, ago, "write-note", json!({ "text": text }));
}

fn amount(story: &mut Story) -> Value {
    (story.chance.of(180..=360) * 10_000).into()
}

/// Lease, loan, grant and move; she moves in `moved` days ago.
fn moves(story: &mut Story, moved: i64) {
    let (from, day) = (story.day(moved + 2), story.day(moved));
    story.log("lease", moved + 14, "sign-lease", json!({ "from": from }));
    let loan = amount(story);
    story.log("loan", moved + 13, "apply-for-deposit-loan", json!({ "amount": loan }));
    story.log(
        "loan-decision",
        moved + 5,
        "record-deposit-loan-decision",
        json!({ "amount": loan, "outcome": "granted" }),
    );
    let (grant, municipality) = (story.chance.of(30..=90) * 10_000, story.chance.pick(MUNICIPALITIES));
    story.log("grant", moved + 12, "apply-for-moving-grant", json!({ "amount": grant, "municipality": municipality }));
    let outcome = story.chance.pick(&["granted", "partly_granted", "refused"]);
    story.log("grant-decision", moved + 3, "record-moving-grant-decision", json!({ "outcome": outcome }));
    story.log("move", moved, "move-in", json!({ "day": day }));
}

fn done(story: &mut Story, name: &str, ago: i64, key: &str) {
    story.log(name, ago, "close-follow-up", json!({ "key": key, "outcome": "done" }));
}

fn benefit(story: &mut Story, applied: i64, granted: Option<i64>) {
    story.log("benefit", applied, "apply-for-housing-benefit", json!({}));
    if let Some(granted) = granted {
        story.log("benefit-decision", granted, "record-housing-benefit-decision", json!({ "outcome": "granted" }));
    }
}

/// A year of ups and downs, and much that is open now.
fn eventful(story: &mut Story) {
    story.open("case", 340, false);
    need(story, 338);
    list(story, "list", 330);
    offer(story, "first", 240, None);
    seen(story, "first", 238, 235);
    decline(story, "first", 233, "For langt fra børnenes skole.");
    offer(story, "second", 180, None);
    story
        .log("second-gone", 170, "lapse-offer", json!({ "offer": "@second" }))
        .note("Brevet kom først frem, da fristen var gået.");
    let until = story.day(-16);
    story.log("temporary", 75, "arrange-temporary-housing", json!({ "from": story.day(70), "until": until }));
    allocation(story, 20, None);
    story.log("belongings", 12, "fetch-belongings", json!({ "when": story.day(12), "police_escort": true }));
    story.log("pet", 11, "place-pet", json!({ "place": "Dyrepension Eksempel" }));
    offer(story, "third", 6, Some(3));
    story.log(
        "correction",
        5,
        "correct-entry",
        json!({ "version": "#third", "facts": { "rent": 725_000, "rooms": 3, "answer_by": story.day(-3) } }),
    );
    let today = story.day(0);
    viewing(story, "third", 4, &format!("{today}T15:30"));
    story.log("wrong", 3, "place-pet", json!({})).by("demo-1-vikar");
    story.log(
        "in-error",
        3,
        "record-in-error",
        json!({ "version": "#wrong", "reason": "Skrevet på den forkerte sag." }),
    );
    story.log("hand-over", 2, "assign-follow-up", json!({ "key": "allocation/chase", "responsible": "demo-worker" }));
    note(story, "note", 1, "Hun håber på den tredje bolig: der er et værelse til hvert af børnene.");
}

/// Lists and an allocation, and nothing offered yet.
fn waiting(story: &mut Story) {
    let since = story.chance.of(60..=120);
    story.open("case", since, false);
    need(story, since - 2);
    list(story, "list", since - 5);
    list(story, "other-list", since - 6);
    let asked = story.chance.of(8..=18);
    allocation(story, asked, None);
    let left = story.chance.of(8..=20);
    let until = story.day(-left);
    story.log("temporary", 30, "arrange-temporary-housing", json!({ "from": story.day(28), "until": until }));
    note(story, "note", 5, "Talt om, hvilke kvarterer hun kan føle sig tryg i.");
}

/// She has a home, and the case is closed.
fn settled(story: &mut Story) {
    let moved = story.chance.of(60..=180);
    story.open("case", moved + 120, false);
    need(story, moved + 118);
    list(story, "list", moved + 110);
    allocation(story, moved + 100, Some((moved + 80, "granted")));
    offer(story, "offer", moved + 30, None);
    seen(story, "offer", moved + 28, moved + 26);
    accept(story, "offer", moved + 25);
    moves(story, moved);
    done(story, "police", moved, "address-change/police");
    benefit(story, moved - 3, Some(moved - 35));
    done(story, "list-kept", moved - 36, "list/@list/renewal");
    story
        .log("closed", moved - 40, "close-case", json!({ "outcome": "new_home" }))
        .note("Faldet til. Børnene er begyndt i den nye skole.");
    story.aftercare = Some(story.chance.pick(&["accept-aftercare", "decline-aftercare"]));
}

/// An offer to be answered within days, and a viewing before that.
fn offered(story: &mut Story) {
    let since = story.chance.of(40..=90);
    story.open("case", since, false);
    need(story, since - 1);
    list(story, "list", since - 4);
    let answer_in = story.chance.of(0..=4);
    offer(story, "offer", 3, Some(answer_in));
    let (seen_in, hour) = (story.chance.of(0..=answer_in), story.chance.of(10..=16));
    let day = story.day(-seen_in);
    viewing(story, "offer", 2, &format!("{day}T{hour}:00"));
}

/// In her home for some days: the police and the benefit wait.
fn just_moved(story: &mut Story) {
    let moved = story.chance.of(2..=9);
    story.open("case", moved + 95, false);
    need(story, moved + 93);
    list(story, "list", moved + 90);
    offer(story, "offer", moved + 25, None);
    seen(story, "offer", moved + 24, moved + 22);
    accept(story, "offer", moved + 21);
    moves(story, moved);
}

/// She said no once, has more time for the next one, and somebody else holds it.
fn declined(story: &mut Story) {
    story.open("case", 130, false);
    need(story, 128);
    offer(story, "first", 60, None);
    decline(story, "first", 55, "Kun ét værelse; de er tre.");
    offer(story, "second", 10, Some(1));
    let answer_in = story.chance.of(5..=8);
    let answer_by = story.day(-answer_in);
    story
        .log("more-time", 1, "extend-offer-answer", json!({ "offer": "@second", "answer_by": answer_by }))
        .note("Aftalt med udlejer.");
    story.log(
        "hand-over",
        0,
        "assign-follow-up",
        json!({ "key": "offer/@second/answer", "responsible": "demo-nattevagt" }),
    );
}

/// She keeps the home she had.
fn keeps(story: &mut Story) {
    story.open("case", 30, false);
    need(story, 29);
    story.log("kept", 8, "keep-tenancy", json!({})).note("Han er flyttet ud; lejekontrakten er nu hendes alene.");
    let today = story.day(0);
    story.log(
        "moved-date",
        5,
        "move-follow-up",
        json!({ "key": "tenancy/safety", "due": today, "reason": "Låsesmeden kan først i dag." }),
    );
}

/// One offer is gone, and another one has been left to lie: the rule lapses it when its day is over.
fn lapsed(story: &mut Story) {
    let since = story.chance.of(100..=200);
    story.open("case", since, false);
    need(story, since - 3);
    list(story, "list", since - 10);
    offer(story, "first", 45, None);
    story.log("first-gone", 30, "lapse-offer", json!({ "offer": "@first" }));
    let late = story.chance.of(1..=2);
    offer(story, "second", 9, Some(-late));
    note(story, "note", 2, "Kan ikke træffes på telefonen; prøver igen i morgen.");
}

/// She arrives in the middle: the offer and the lease are from before, the loan comes early.
fn mid_story(story: &mut Story) {
    story.open("case", 50, true);
    let id = kit::ids::derive_id(&["demo", "offer-from-before", &story.woman.to_string()]).to_string();
    story.log("yes", 48, "accept-offer", json!({ "offer": id }));
    let loan = amount(story);
    let asked = story.chance.of(10..=16);
    story.log("loan", asked, "apply-for-deposit-loan", json!({ "amount": loan }));
    let (grant, due_in) = (story.chance.of(30..=90) * 10_000, story.chance.of(0..=3));
    let due = story.day(-due_in);
    story.log("grant", 6, "apply-for-moving-grant", json!({ "amount": grant })).due(due);
}

/// Nobody reaches her any more; what was open still is.
fn silent(story: &mut Story) {
    story.open("case", 210, false);
    need(story, 205);
    list(story, "list", 200);
    allocation(story, 190, Some((160, "refused")));
    note(story, "note", 90, "Svarer ikke på beskeder. Den aftalte sikre kontakt er brugt.");
    story.log("closed", 40, "close-case", json!({ "outcome": "contact_lost" }));
}

/// She was here before, and is here again.
fn returning(story: &mut Story) {
    story.open("before", 355, true);
    story.log("kept", 350, "keep-tenancy", json!({}));
    done(story, "locks", 348, "tenancy/safety");
    story.log("closed", 300, "close-case", json!({ "outcome": "tenancy_kept" }));
    story.open("case", 14, false);
    need(story, 13);
    allocation(story, 12, None);
    note(story, "note", 12, "Flyttet fra den gamle bolig af hensyn til sikkerheden.");
}

/// Since yesterday.
fn begun(story: &mut Story) {
    story.open("case", 1, false);
    need(story, 0);
}
