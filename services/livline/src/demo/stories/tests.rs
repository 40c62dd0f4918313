//! The demo held against what was asked of it: every action of every service, women, centres, numbers.

use super::*;
use crate::token::demo_centre;
use crate::{
    demo::plan::{Act, CENTRES, Entry, Made, filled},
    services,
};
use engine::http::{command_key, woman_of};
use serde_json::Value;
use std::collections::BTreeSet;
use time::{Duration, macros::date};

/// A week, for the courses go around weekends.
fn days() -> impl Iterator<Item = Vec<Story>> {
    (0..7).map(|later| all(date!(2026 - 11 - 20) + Duration::days(later)))
}

fn sent(story: &Story) -> impl Iterator<Item = (&'static str, &'static str, &serde_json::Map<String, Value>)> {
    story.steps.iter().filter_map(|step| match &step.act {
        Act::Send { action, body, .. } => Some((step.service, *action, body)),
        Act::Find { .. } => None,
    })
}

#[test]
fn forty_women_at_six_centres_and_two_thousand_actions() {
    for stories in days() {
        let women: BTreeSet<_> = stories.iter().map(|story| story.woman).collect();
        let centres: BTreeSet<_> = stories.iter().map(|story| story.centre).collect();
        assert_eq!((women.len(), centres.len()), (40, usize::from(CENTRES)));
        let actions: usize = stories.iter().map(|story| sent(story).count()).sum();
        assert!(actions >= 2_000, "{actions}");
    }
}

#[test]
fn every_action_of_every_domain_occurs() {
    let contracts =
        services::all().into_iter().filter_map(|service| service.contract).map(|contract| contract().unwrap());
    let known: BTreeSet<(String, String)> = contracts
        .flat_map(|contract| {
            let entries = contract.aggregates.into_iter().flat_map(|aggregate| aggregate.entries);
            entries.map(move |entry| (contract.service.clone(), entry.action)).collect::<Vec<_>>()
        })
        .collect();
    let not_sent: BTreeSet<_> = NOT_SENT.map(|(service, action, _)| (service.to_owned(), action.to_owned())).into();
    for (at, stories) in days().enumerate() {
        let all = centres(date!(2026 - 11 - 20) + Duration::days(i64::try_from(at).unwrap()));
        let sent: BTreeSet<_> = stories
            .iter()
            .chain(&all)
            .flat_map(sent)
            .map(|(service, action, _)| (service.to_owned(), action.to_owned()))
            .collect();
        assert_eq!(known.difference(&sent).cloned().collect::<BTreeSet<_>>(), not_sent, "never sent");
        assert_eq!(sent.difference(&known).collect::<Vec<_>>(), Vec::<&_>::new(), "not known");
    }
}

/// What a demo cannot send, and why.
const NOT_SENT: [(&str, &str, &str); 12] = [
    ("people", "receive-relocation", "only a rule records it"),
    ("people", "accept-relocation", "only somebody at the other centre does it, and by another way"),
    ("people", "decline-relocation", "only somebody at the other centre does it, and by another way"),
    ("people", "relocate-to-centre", "it follows from an acceptance"),
    ("people", "report-unanswered-relocation", "only a rule records it"),
    ("people", "offer-arrival", "only a rule records it"),
    ("people", "end-arrival-offer", "only a rule records it"),
    ("people", "withdraw-relocation", "only a rule records it"),
    ("people", "change-vault-value", "only the vault records it"),
    ("people", "lock-code-word", "only the vault records it"),
    ("people", "unlock-code-word", "only the vault records it"),
    ("people", "approve-erasure", "nobody is forgotten before the wait is over"),
];

#[test]
fn one_ending_is_refused() {
    let refusals = |story: &Story| {
        story.steps.iter().filter(|step| matches!(step.act, Act::Send { refused: Some(_), .. })).count()
    };
    for stories in days() {
        assert_eq!(stories.iter().map(refusals).sum::<usize>(), 1);
    }
}

#[test]
fn the_same_each_time_and_no_two_alike() {
    let told = || all(date!(2026 - 11 - 20)).iter().map(|story| format!("{:?}", story.steps)).collect::<Vec<_>>();
    assert_eq!(told(), told());
    assert_eq!(told().into_iter().collect::<BTreeSet<_>>().len(), 40);
}

/// Every course begins with her registration, under the id that her steps name her by.
#[test]
fn she_is_registered_before_anything_else() {
    for story in days().flatten() {
        let first = story.steps.first().unwrap();
        let key = command_key("people", demo_centre(story.centre), &story.actor(first.staff), &story.key(&first.name));
        assert!(matches!(first.act, Act::Send { action: "register-woman", .. }), "{first:?}");
        assert_eq!(story.woman, woman_of("people", key));
        assert!(!story.steps.iter().skip(1).any(|step| step.begins() && step.service == "people"));
    }
}

/// Whom the README looks at is the first of them.
#[test]
fn the_readme_names_the_first() {
    let first = all(date!(2026 - 11 - 20)).first().unwrap().woman.to_string();
    assert!(include_str!("../../../../../README.md").matches(&first).count() == 2, "{first}");
}

/// Who has left and has no aftercare is found by those alone who are on duty or lead: whatever else would be refused.
#[test]
fn nobody_else_takes_a_step_once_she_has_left() {
    let mut after = 0;
    for story in days().flatten() {
        let of = |names: [&str; 2]| {
            story.steps.iter().rposition(|step| matches!(step.act, Act::Send { action, .. } if names.contains(&action)))
        };
        let (Some(left), Some(over)) = (of(["end-stay", "end-stay"]), of(["close-aftercare", "hand-over-aftercare"]))
        else {
            continue;
        };
        if of(["start-stay", "start-stay"]).is_none_or(|back| back < left) {
            let later = story.steps.iter().skip(left.max(over) + 1);
            after += later.inspect(|step| assert!(step.staff.answers(), "{step:?}")).count();
        }
    }
    assert!(after > 100, "{after}");
}

/// Nobody has these names, and nobody can have these numbers.
#[test]
fn identities_are_nobodys() {
    let mut named = 0;
    for story in days().flatten() {
        for (_, _, body) in sent(&story).filter(|(_, action, _)| *action == "register-woman") {
            let facts = &body["facts"];
            let Some(cpr) = facts["cpr"].as_str() else { continue };
            assert!(cpr.starts_with("3002") && places::NAMES.contains(&facts["name"].as_str().unwrap()), "{facts}");
            named += 1;
        }
    }
    assert_eq!(named, 7 * 13);
}

/// Every name in a body is that of an earlier step.
#[test]
fn steps_name_what_was_before() {
    for story in days().flatten() {
        let mut made = Made::new();
        for step in &story.steps {
            if let Act::Send { body, .. } = &step.act {
                let body = filled(&Value::Object(body.clone()), &made).to_string();
                assert!(!body.contains('@') && !body.contains("\"#"), "{} of {}: {body}", step.name, story.woman);
            }
            let ids = ["id", "alert", "stay", "request"].map(|fact| (fact.to_owned(), "i".to_owned())).to_vec();
            made.insert(step.name.clone(), Entry { ids, version: 1 });
        }
    }
}

/// Whoever goes with one woman goes with no other that day: who would be warned depended on who was sent first.
#[test]
fn companions_and_alarms_are_in_one_place() {
    for stories in days() {
        let mut taken = BTreeSet::new();
        for (number, story) in stories.iter().enumerate() {
            for (_, action, body) in sent(story) {
                let fact =
                    |name: &str| body["facts"][name].as_str().map(|text| text.split('T').next().unwrap().to_owned());
                let what = match action {
                    "book-companion" => format!("{:?} {:?}", fact("who"), fact("when")),
                    "issue-alarm" => fact("alarm").unwrap(),
                    _ => continue,
                };
                let own = action == "issue-alarm" && taken.contains(&(what.clone(), number));
                let others = taken.iter().any(|(other, of)| *other == what && *of != number);
                assert!(own || !others, "{what} of {}", story.woman);
                taken.insert((what, number));
            }
        }
    }
}

/// Nothing that could be somebody: no long numbers, no addresses.
#[test]
fn texts_hold_no_numbers_that_can_be_called() {
    for story in days().flatten() {
        for (_, _, body) in sent(&story) {
            let texts =
                [body.get("note"), body.get("facts").and_then(|facts| facts.get("details").or(facts.get("text")))];
            for text in texts.into_iter().flatten().filter_map(Value::as_str) {
                assert!(!text.contains('@') && text.chars().filter(char::is_ascii_digit).count() < 4, "{text}");
            }
        }
    }
}
