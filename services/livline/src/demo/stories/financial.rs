//! Chapters of money: the overview, accounts of her own, grants, what she gets for the children, debts.
//!
//! Deliberately absent: account numbers, which no text may hold.

use super::{everyday, places};
use crate::demo::{plan::Story, staff::Staff};
use ::financial::SERVICE as FINANCIAL;
use serde_json::{Value, json};

const REVIEW: &str = "situation/review";

fn thousands(story: &mut Story, range: std::ops::RangeInclusive<i64>) -> i64 {
    story.chance.of(range) * 100_000
}

/// What she has, pays and owes, and what he did to her money.
pub(super) fn overview(story: &mut Story, day: i64) {
    story.open(FINANCIAL, day, false);
    let joint = story.happens(60);
    mapped(story, day, joint);
    let (all, first) = (
        ["control_of_income", "debt_in_her_name", "joint_account_emptied", "mit_id_misused", "no_access_to_money"],
        story.chance.of(0..=2),
    );
    let forms: Vec<_> = all.into_iter().skip(usize::try_from(first).unwrap_or_default()).take(2).collect();
    if story.happens(75) {
        let note = story.one_of(&[
            "Fik lommepenge og skulle vise boner. Har ikke selv set et kontoudtog i årevis.",
            "Han har taget lån i hendes navn; hun kendte kun til det ene.",
            "Lønnen gik ind på hans konto. Hun troede, det var sådan, man gjorde.",
        ]);
        story.log(FINANCIAL, day + 1, "identify-economic-abuse", json!({ "forms": forms })).note(note);
        let facts = json!({ "day": story.day(story.weekday(day + 2)) });
        story.log(FINANCIAL, day + 2, "register-credit-warning", facts);
    }
    story.log(FINANCIAL, day + 4, "open-own-account", json!({}));
    story.log(FINANCIAL, day + 5, "change-nem-konto", json!({}));
    if joint {
        story
            .log(FINANCIAL, day + 9, "close-joint-account", json!({}))
            .note("Banken var hjælpsom, da først de kendte grunden.");
    }
}

fn mapped(story: &mut Story, day: i64, joint: bool) -> (String, Value) {
    let (income, costs, debts) = (thousands(story, 9..=19), thousands(story, 6..=11), thousands(story, 0..=180));
    let facts = json!({ "income": income, "fixed_costs": costs, "debts": debts, "joint_accounts": joint });
    (story.log(FINANCIAL, day, "map-situation", facts.clone()).version(), facts)
}

/// Gone through again after some months; one of the sums is mended.
pub(super) fn again(story: &mut Story, day: i64) {
    if story.happens(35) {
        everyday::postpone(story, FINANCIAL, day - 3, REVIEW, day + 9, "Årsopgørelsen er ikke kommet endnu.");
    }
    let (entry, mut facts) = mapped(story, day, false);
    if story.happens(45) {
        let costs = thousands(story, 6..=11);
        facts.as_object_mut().and_then(|facts| facts.insert("fixed_costs".to_owned(), costs.into()));
        everyday::correct(story, FINANCIAL, day + 1, &entry, &facts);
    }
}

/// A single grant; refused, it is complained about or not.
pub(super) fn grant(story: &mut Story, day: i64, purpose: &str, outcome: &str) {
    let amount = story.chance.of(15..=120) * 10_000;
    let applied = story.log(FINANCIAL, day, "apply-for-single-grant", json!({ "purpose": purpose, "amount": amount }));
    let grant = applied.id();
    if story.happens(25) {
        let key = format!("single-grant/{grant}/chase");
        everyday::hand_over(story, FINANCIAL, day + 6, &key, Staff::DayDuty);
    }
    let decided = day + story.chance.of(8..=19);
    let given = match outcome {
        "granted" => amount,
        "partly_granted" => amount / 2,
        _ => 0,
    };
    let facts = json!({ "grant": grant, "amount": given, "outcome": outcome });
    story.log(FINANCIAL, decided, "record-single-grant-decision", facts);
    if outcome != "granted" {
        let reason = story.one_of(&[
            "Klagen er sendt med bilag fra os.",
            "Hun har ikke kræfter til at klage over det beløb.",
            "Kommunen tager den op igen af sig selv.",
        ]);
        let key = format!("single-grant/{grant}/complaint");
        everyday::close(story, FINANCIAL, decided + 11, &key, "done", Some(reason));
    }
}

/// What she gets as one who provides alone, child by child.
pub(super) fn children(story: &mut Story, day: i64) {
    let children = story.children.clone();
    story.log(FINANCIAL, day, "apply-for-child-allowance", json!({ "children": children }));
    let year = story.day(day).get(..4).and_then(|year| year.parse::<u16>().ok());
    story.log(FINANCIAL, day, "declare-sole-provider", json!({ "year": year }));
    for child in &children {
        story.log(FINANCIAL, day + 1, "redirect-child-benefit", json!({ "child": child }));
    }
    everyday::close(story, FINANCIAL, day + 12, "child-allowance/received", "done", Some("Kvittering modtaget."));
    let Some(youngest) = children.last() else { return };
    let applied = story.log(FINANCIAL, day + 6, "apply-for-daycare-free-place", json!({ "child": youngest }));
    applied.by(Staff::Children);
    let outcome = story.chance.pick(&["granted", "granted", "partly_granted"]);
    let facts = json!({ "child": youngest, "outcome": outcome });
    story.log(FINANCIAL, day + 27, "record-daycare-free-place-decision", facts);
    if story.happens(50) {
        let sought = story.log(FINANCIAL, day + 40, "seek-child-support", json!({ "child": youngest }));
        sought.note("Sikkerheden er drøftet først: han får besked om sagen.");
        story.log(FINANCIAL, day + 75, "request-advance", json!({ "child": youngest })).note("Han har ikke betalt.");
    }
}

/// Advice on her debts, and a plan that is changed once; where there is no way to pay, relief.
pub(super) fn debts(story: &mut Story, day: i64, relief: bool) {
    let creditors = [story.one_of(places::CREDITORS), "Eksempelkreditten"];
    let (total, monthly) = (thousands(story, 30..=220), story.chance.of(5..=14) * 10_000);
    let note = "Tre af lånene er optaget digitalt, mens hun sov. Indsigelse er på vej.";
    let facts = json!({ "creditors": creditors, "total": total, "instalments": monthly });
    story.log(FINANCIAL, day, "give-debt-advice", facts).note(note).by(Staff::Adviser);
    let first = story.day(day + 40);
    let plan = |instalments: i64, first: &str| json!({ "creditors": creditors, "total": total, "instalments": instalments, "first_instalment": first });
    let agreed = story.log(FINANCIAL, day + 14, "agree-debt-plan", plan(monthly, &first)).id();
    let key = format!("debt-plan/{agreed}/instalment");
    everyday::close(story, FINANCIAL, day + 41, &key, "done", Some("Første rate er betalt til tiden."));
    if relief {
        everyday::reopen(story, FINANCIAL, day + 70, &key, day + 75);
        let facts = json!({ "creditors": creditors, "total": total });
        story
            .log(FINANCIAL, day + 80, "apply-for-debt-relief", facts)
            .note("Raterne kan ikke holdes; gælden er ikke hendes.");
        everyday::close(
            story,
            FINANCIAL,
            day + 80,
            &key,
            "not_needed",
            Some("Afløst af ansøgningen om gældssanering."),
        );
    }
}

/// A fund is asked, and answers after a while.
pub(super) fn fund(story: &mut Story, day: i64) {
    let (fund, amount) = (story.one_of(places::FUNDS), story.chance.of(2..=8) * 100_000);
    let applied = story.log(FINANCIAL, day, "apply-for-fund-grant", json!({ "fund": fund, "amount": amount })).id();
    let granted = story.happens(60);
    let (outcome, given) = if granted { ("granted", amount) } else { ("refused", 0) };
    let facts = json!({ "grant": applied, "amount": given, "outcome": outcome });
    let text = if granted {
        "Til møbler og en uges ferie. Hun måtte sætte sig ned."
    } else {
        "Puljen var brugt; prøv igen til foråret."
    };
    story.log(FINANCIAL, day + 48, "record-fund-grant-decision", facts).note(text);
}

/// Her money is in order, or others help her on.
pub(super) fn close(story: &mut Story, day: i64, outcome: &str) {
    everyday::tidy(story, FINANCIAL, day, &[(REVIEW, "not_needed")]);
    story.log(FINANCIAL, day, "close-case", json!({ "outcome": outcome }));
}
