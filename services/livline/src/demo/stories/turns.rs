//! More courses: those that turn on one thing, such as the children, an order, a debt, or the way back.
//!
//! Deliberately absent: the common road to a home ([`super::courses`]).

use super::{
    aftercare,
    courses::{first_weeks, police, towards_a_home},
    everyday, financial, housing, legal, people, safety,
};
use crate::demo::{plan::Story, staff::Staff};
use ::{
    aftercare::SERVICE as AFTERCARE, financial::SERVICE as FINANCIAL, housing::SERVICE as HOUSING,
    legal::SERVICE as LEGAL, safety::SERVICE as SAFETY,
};
use serde_json::json;

/// A long case about the children. He may not come near her, and from today they see him, where the order still runs.
pub(super) fn over_the_children(story: &mut Story) {
    let now = story.now();
    let many = story.children.len() > 2;
    first_weeks(story);
    let until = if many { now + 190 } else { now - 60 };
    police(story, 11, until);
    legal::custody(story, 28);
    legal::passports(story, 20);
    safety::concern(story, 35);
    safety::rhythm(story, 31, now - 6);
    housing::need(story, 14);
    housing::list(story, 20);
    housing::allocation(story, 44, Some("refused"));
    financial::again(story, 96);
    everyday::slip(story, FINANCIAL, 50, "open-own-account");
    everyday::too_soon(story, LEGAL, 176, "compensation/apply");
    if many {
        people::asked(story, 120);
        legal::interim_contact(story, now);
        let alert = safety::alerted(story, "contact_during_order");
        safety::revise(story, now);
        let reason = "Aflevering sker gennem en tredje; hun og han mødes ikke. Politiet kender aftalen.";
        safety::clear(story, now, &alert, reason);
    } else {
        legal::interim_contact(story, now - 45);
        everyday::postpone(story, LEGAL, now - 19, "interim-contact/review", now - 4, "Der har kun været ét samvær.");
    }
}

/// She went back to him, called the lifeline, and came again.
pub(super) fn returning(story: &mut Story) {
    let (now, left) = (story.now(), story.chance.of(48..=62));
    let back = now - story.chance.of(24..=40);
    safety::arrival(story);
    safety::protected(story, 10);
    financial::overview(story, 6);
    legal::screening(story, 8, &["separation_or_divorce", "police_report"]);
    safety::rhythm(story, 31, 35);
    housing::need(story, 15);
    safety::revise(story, left - 7);
    aftercare::agreed(story, left - 6, left - 4);
    housing::close(story, left, "no_longer_needed", None);
    legal::close(story, left, "no_longer_needed");
    financial::close(story, left, "no_longer_needed");
    safety::close(story, left, "no_longer_needed");
    everyday::note(story, AFTERCARE, left, "Rejste hjem til ham. Hun ved, at døren er åben.").by(Staff::Contact);
    people::moves_out(story, left, "back_to_perpetrator");
    aftercare::contacts(story, left, 2);
    aftercare::lifeline(story, left + 60, "loneliness", "can_wait");
    aftercare::relapse(story, left + 75);
    aftercare::lifeline(story, back - 60, "thinking_of_going_back", "soon");
    everyday::hand_over(story, AFTERCARE, back - 59, "contact/next", Staff::DayDuty);
    aftercare::lifeline(story, back - 1, "violence_or_threats", "urgent");
    people::returns(story, back);
    aftercare::readmitted(story, back);
    everyday::close(story, AFTERCARE, back, "contact/next", "not_needed", Some("Hun bor her igen."));
    again_with_us(story, back);
    everyday::slip(story, SAFETY, back + 8, "change-locks");
    housing::list(story, back + 9);
    housing::allocation(story, back + 10, None);
    let violence = story.happens(60);
    legal::marriage(story, back + 12, violence);
    everyday::note(story, LEGAL, now - 2, "Denne gang vil hun have det på skrift, siger hun.");
}

/// New cases in every domain; what was before stays as it was.
fn again_with_us(story: &mut Story, back: i64) {
    let opened = story.open(SAFETY, back, false).note("Tilbage hos os. Vi begynder forfra, i hendes tempo.");
    opened.by(Staff::NightDuty);
    safety::risk(story, back + 1, "high", true);
    safety::plan(story, back + 1);
    let reason = "Hun vil ikke ud at gå endnu; vi tager det indendørs.";
    everyday::postpone(story, SAFETY, back + 6, "safety-plan/review", back + 30, reason);
    story.open(LEGAL, back + 2, false);
    legal::report(story, back + 2, 2);
    legal::restrained(story, back + 5, back + 400);
    housing::need(story, back + 8);
    story.open(FINANCIAL, back + 5, false);
    financial::grant(story, back + 6, "transport", "granted");
    financial::again(story, back + 14);
}

/// He finds out where she goes: trackers, threats, an alarm that is set off and once lost. Who has a child moves on today.
pub(super) fn hunted(story: &mut Story) {
    let now = story.now();
    first_weeks(story);
    // It ends in some weeks: the calendar tells of it.
    police(story, 6, now + story.children.len().try_into().map_or(25, |count: i64| 25 + count * 12));
    let loan = safety::alarm(story, 9, 70);
    safety::returned(story, 70, &loan);
    let kind = story.one_with(&["gps_device", "tag"], &["on_child"]);
    safety::tracker(story, 18, kind);
    safety::threat(story, 29);
    safety::rhythm(story, 36, now - 9);
    safety::set_off(story, 52, &loan);
    safety::special(story, 55);
    safety::threat(story, 66);
    let second = safety::alarm(story, 71, 84);
    safety::lose(story, 84, &second);
    safety::alarm(story, 86, now);
    legal::advice(story, 40, 3);
    housing::need(story, 16);
    housing::belongings(story, 19);
    let list = housing::list(story, 20);
    everyday::hand_over(story, HOUSING, 30, &format!("list/{list}/renewal"), Staff::DayDuty);
    financial::grant(story, 48, "phone", "granted");
    financial::again(story, 94);
    let today = story.log(
        SAFETY,
        now - 1,
        "raise-safety-alert",
        json!({ "interlock": "new_threat", "details":
        "Naboen har set en fremmed bil to aftener i træk. Intet bevis, men vi ser på det i dag." }),
    );
    today.by(Staff::NightDuty);
    people::in_doubt(story, 30);
    if !story.children.is_empty() {
        people::relocates(story, now);
    }
}

/// He has to leave, and she keeps the home.
pub(super) fn keeps(story: &mut Story) {
    let now = story.now();
    safety::arrival(story);
    safety::protected(story, 9);
    legal::screening(story, 1, &["protective_orders", "police_report"]);
    legal::report(story, 1, 1);
    legal::expelled(story, 2);
    legal::marriage(story, 21, true);
    financial::overview(story, 5);
    financial::children(story, 12);
    financial::debts(story, 30, true);
    housing::need(story, 6);
    housing::meanwhile(story, 12, 24, true);
    safety::locks(story, 24);
    housing::kept(story, 25);
    people::moves_out(story, 26, "former_home");
    aftercare::agreed(story, 20, 23);
    aftercare::contacts(story, 26, 3);
    aftercare::companion(story, 45, "family_law", true);
    safety::rhythm(story, 31, 100.min(now - 20));
    everyday::slip(story, AFTERCARE, 60, "request-companion");
    housing::close(story, 72, "tenancy_kept", None);
    if now > 300 {
        financial::close(story, 170, "finances_in_order");
        safety::close(story, 175, "threat_over");
        legal::convicted(story, 150);
        legal::close(story, 310, "concluded");
        aftercare::close(story, 215, "her_wish", &[]);
        aftercare::lifeline(story, 290, "children", "soon");
    }
}

/// She manages with the police beside her: an alarm and an order are there when aftercare is to end.
pub(super) fn ends_today(story: &mut Story) {
    let (now, moved) = (story.now(), 150);
    first_weeks(story);
    let order = police(story, 10, now + 300);
    safety::rhythm(story, 31, moved - 45);
    let list = towards_a_home(story, 12, moved - 36);
    housing::lease(story, moved - 17, moved - 1);
    safety::revise(story, moved - 12);
    aftercare::agreed(story, moved - 9, moved - 5);
    housing::moved(story, moved);
    people::moves_out(story, moved, "new_home");
    housing::after_move(story, moved);
    aftercare::contacts(story, moved, 4);
    housing::close(story, moved + 62, "new_home", Some(&list));
    financial::again(story, 96);
    financial::close(story, moved + 70, "finances_in_order");
    safety::rhythm(story, moved + 22, now - 12);
    let loan = safety::alarm(story, moved + 20, now);
    aftercare::close_too_early(story, now - 2, "completed");
    let text = "Efterværnet kunne ikke afsluttes: alarmen er ude, og tilholdet løber. Aftalt med politiet i dag.";
    everyday::note(story, AFTERCARE, now - 1, text).by(Staff::Leader);
    safety::returned(story, now - 1, &loan);
    aftercare::close(story, now, "completed", &[&order]);
}

/// She was somewhere else before she came to us; some of it is known to the month, one thing not at all.
pub(super) fn from_another_centre(story: &mut Story) {
    let now = story.now();
    let before =
        story.open(SAFETY, 0, true).note("Flyttet hertil, fordi han fandt det første sted. Papirerne kom med.");
    before.by(Staff::Leader);
    let (month, later) = (story.month(-60), story.month(-40));
    story.log(SAFETY, 0, "assess-risk", json!({ "tool": "sara_v3", "level": "high" })).with("when", month.into());
    let granted = json!({ "until": story.day(39), "children": safety::covered(story) });
    story.log(SAFETY, 0, "record-address-protection-grant", granted).with("when", later.into());
    let threat = json!({ "kind": "death", "channel": "in_person", "details": "Fortalt af hende selv; hun ved ikke længere hvornår." });
    if story.children.is_empty() {
        let alert =
            format!("{}.alert", story.log(SAFETY, 1, "record-threat", threat).with("when", "unknown".into()).id());
        safety::clear(story, 1, &alert, "Ligger før os. Risikoen er vurderet på ny her.");
    }
    safety::risk(story, 1, "medium", true);
    safety::plan(story, 1);
    safety::ran_out(story, 40);
    safety::rhythm(story, 31, now - 15);
    story.open(HOUSING, 2, true);
    let offer = kit::ids::derive_id(&["demo", "offer-from-before", &story.woman.to_string()]).to_string();
    housing::accept(story, 3, &offer);
    let loan = json!({ "amount": story.chance.of(180..=360) * 10_000 });
    story.log(HOUSING, 8, "apply-for-deposit-loan", loan).note("Lejekontrakten eftersendes.");
    everyday::hand_over(story, HOUSING, 9, "deposit-loan/lease", Staff::DayDuty);
    story.open(LEGAL, 4, true);
    let issued = json!({ "from": story.day(-70), "until": story.day(now + 210), "protects": ["woman"] });
    let month = story.month(-70).into();
    story.log(LEGAL, 4, "issue-restraining-order", issued).with("when", month);
    legal::advice(story, 12, 2);
    financial::overview(story, 6);
    financial::grant(story, 9, "documents", "partly_granted");
    financial::fund(story, 24);
    everyday::too_soon(story, HOUSING, 20, "deposit-loan/chase");
}

/// Nobody reaches her any more; what was open still is, until she has died.
pub(super) fn silent(story: &mut Story) {
    first_weeks(story);
    legal::screening(story, 7, &["custody", "separation_or_divorce"]);
    housing::need(story, 9);
    housing::list(story, 13);
    housing::allocation(story, 18, Some("refused"));
    aftercare::agreed(story, 36, 38);
    safety::rhythm(story, 31, 32);
    everyday::note(story, SAFETY, 41, "Rejste om morgenen uden at sige farvel. Værelset er tomt.").by(Staff::NightDuty);
    people::moves_out(story, 41, "unknown");
    aftercare::contacts(story, 41, 1);
    everyday::note(story, HOUSING, 78, "Svarer ikke på beskeder. Den aftalte sikre kontakt er brugt.");
    aftercare::missed(story, 77, None);
    everyday::postpone(story, AFTERCARE, 78, "contact/retry", 90, "Vi prøver igen, når børnene er i skole.");
    housing::close(story, 120, "contact_lost", None);
    safety::close(story, 121, "contact_lost");
    aftercare::close(story, 150, "contact_lost", &[]);
    people::died(story, 171);
}

/// Her permit hangs on the marriage she has left.
pub(super) fn her_permit(story: &mut Story) {
    let now = story.now();
    first_weeks(story);
    police(story, 12, now + 420);
    legal::permit(story, 19);
    legal::passports(story, 22);
    legal::marriage(story, 40, true);
    safety::rhythm(story, 32, now - 11);
    everyday::slip(story, SAFETY, 76, "change-locks");
    financial::grant(story, 30, "documents", "refused");
    financial::fund(story, 60);
    financial::again(story, 98);
    towards_a_home(story, 45, now - 24);
    people::compelled(story, 112);
    everyday::note(story, LEGAL, 118, "Hun græd, da svaret kom. Nu tør hun planlægge mere end en uge frem.");
    everyday::note(story, HOUSING, now - 12, "Lejekontrakten er på vej; hun har spurgt til cykelkælderen.");
}

/// She has moved, and twice in a row there was no contact: the rule asks whoever is her contact to look.
pub(super) fn unanswered(story: &mut Story) {
    let (now, moved) = (story.now(), story.weekday(160));
    first_weeks(story);
    legal::screening(story, 9, &["separation_or_divorce"]);
    legal::marriage(story, 18, false);
    safety::rhythm(story, 31, moved - 45);
    let list = towards_a_home(story, 12, moved - 36);
    housing::lease(story, moved - 17, moved - 1);
    safety::revise(story, moved - 12);
    aftercare::agreed(story, moved - 9, moved - 5);
    housing::moved(story, moved);
    people::moves_out(story, moved, "new_home");
    housing::after_move(story, moved);
    housing::close(story, moved + 62, "new_home", Some(&list));
    aftercare::contacts(story, moved, 3);
    aftercare::counselling(story, moved + 20, 175);
    financial::close(story, moved + 70, "finances_in_order");
    safety::close(story, moved + 90, "protection_in_place");
    aftercare::missed(story, now - 5, None);
    aftercare::missed(story, now, None);
    safety::alerted(story, "contacts_missed");
    everyday::note(story, AFTERCARE, now, "Ikke flere opkald. Kontaktpersonen tager derhen sammen med en kollega.");
}

/// Debts that he made in her name.
pub(super) fn in_debt(story: &mut Story) {
    let now = story.now();
    first_weeks(story);
    let order = police(story, 13, 180);
    legal::convicted(story, 160);
    legal::ended(story, 178, &order);
    financial::debts(story, 22, true);
    financial::fund(story, 45);
    financial::grant(story, 66, "transport", "partly_granted");
    financial::again(story, 93);
    financial::again(story, 190);
    safety::rhythm(story, 33, 120);
    housing::need(story, 30);
    let list = housing::list(story, 34);
    housing::meanwhile(story, 90, now + 40, false);
    safety::revise(story, 86);
    aftercare::agreed(story, 84, 88);
    people::moves_out(story, 90, "new_home");
    aftercare::contacts(story, 90, 3);
    aftercare::companion(story, 120, "money", false);
    everyday::hand_over(story, HOUSING, 130, &format!("list/{list}/renewal"), Staff::Aftercare);
    everyday::too_soon(story, AFTERCARE, 200, "contact/next");
    everyday::note(story, FINANCIAL, now - 8, "Ansøgningen om gældssanering er modtaget; der kan gå et halvt år.");
}

/// He has broken the order: the rule raises the alert, and the risk is assessed the same day.
pub(super) fn broken_order(story: &mut Story) {
    let now = story.now();
    first_weeks(story);
    let order = police(story, 8, now + 42);
    legal::custody(story, 30);
    safety::rhythm(story, 31, now - 12);
    housing::need(story, 11);
    housing::list(story, 15);
    housing::allocation(story, 22, Some("granted"));
    legal::broken(story, now, &order);
    let alert = safety::alerted(story, "new_threat");
    safety::risk(story, now, "high", false);
    safety::clear(story, now, &alert, "Politiet er orienteret. Skolen har fået billede og besked.");
}

/// She lives with her family, and the municipality goes on with it.
pub(super) fn lives_with_family(story: &mut Story) {
    let now = story.now();
    first_weeks(story);
    legal::screening(story, 10, &["custody"]);
    legal::custody(story, 25);
    housing::need(story, 12);
    housing::meanwhile(story, 52, 140, true);
    safety::rhythm(story, 31, 40);
    aftercare::agreed(story, 44, 48);
    people::moves_out(story, 52, "family_or_friends");
    aftercare::contacts(story, 52, 4);
    aftercare::companion(story, 80, "family_law", false);
    aftercare::counselling(story, 60, 200);
    everyday::close(story, AFTERCARE, 229, "counselling/end", "done", Some("Kommunen fortsætter."));
    housing::close(story, 150, "others_help", None);
    financial::close(story, 155, "others_help");
    safety::close(story, 160, "others_help");
    aftercare::hand_over(story, 262, &[]);
    aftercare::lifeline(story, now - 12, "children", "can_wait");
}
