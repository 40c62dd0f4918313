//! Aliases that are made never run out, and one that was chosen and is taken says so in one word.

use engine::http::command_key;
use futures::{StreamExt as _, future::join_all, stream};
use kit::{AggregateId, ids::derive_id};
use livline_tests::{Answer, CENTRE, Client, Ground, People};
use people::woman::made_alias;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What the leader's registration under a key is called if so many earlier choices are taken.
fn choice(people: &People, key: &str, choice: u32) -> String {
    let key = command_key(people::SERVICE, CENTRE, &"w-1".parse().unwrap(), key);
    let aggregate = AggregateId(derive_id(&["woman", people::SERVICE, &key.to_string()]));
    made_alias(&people.executor.secret, aggregate, choice).unwrap().as_str().to_owned()
}

async fn registers(client: &Client, key: &str, facts: Value) -> Answer {
    client.post("people", "/v1/women", key, json!({ "facts": facts })).await
}

async fn called(client: &Client, registered: &Answer) -> String {
    let path = format!("/v1/women/{}/alias", registered.text("id"));
    client.get("people", &path).await.ok().text("alias").clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_without_an_alias_is_never_refused() {
    let ground = Ground::start().await;
    let (people, leader) = (ground.people().await, ground.leader());
    // Whatever choices are taken, the next one is hers.
    for taken in 0..6 {
        let key = format!("after {taken}");
        for earlier in 0..taken {
            let facts = json!({ "alias": choice(people, &key, earlier) });
            registers(&leader, &format!("{key}, {earlier}"), facts).await.ok();
        }
        let registered = registers(&leader, &key, json!({})).await.ok();
        assert_eq!(called(&leader, &registered).await, choice(people, &key, taken));
        assert_eq!(registers(&leader, &key, json!({})).await.ok().body, registered.body, "sent again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_at_once_the_chosen_alias_is_refused_in_its_own_word_and_the_made_one_is_another() {
    let ground = Ground::start().await;
    let (people, leader) = (ground.people().await, ground.leader());
    let mut refused = 0;
    for round in 0..8 {
        let keys: Vec<String> = (0..16).map(|number| format!("{round}/{number}")).collect();
        let made = join_all(keys.iter().map(|key| registers(&leader, key, json!({}))));
        let chosen = keys.iter().map(|key| (format!("{key}, chosen"), json!({ "alias": choice(people, key, 0) })));
        let chosen = join_all(chosen.map(async |(key, facts)| registers(&leader, &key, facts).await));
        let (made, chosen) = tokio::join!(made, chosen);
        for answer in &chosen {
            assert!(answer.status.is_success() || answer.code() == "alias_taken", "{}", answer.code());
            refused += usize::from(!answer.status.is_success());
        }
        let mut names = BTreeSet::new();
        for answer in made.iter().chain(&chosen).filter(|answer| answer.status.is_success()) {
            assert!(names.insert(called(&leader, answer).await), "two women have one alias");
        }
        assert!(made.iter().all(|answer| answer.status.is_success()));
    }
    // One that is hers is taken for everybody else, and for a correction too.
    let hers = registers(&leader, "hers", json!({})).await.ok();
    let facts = json!({ "alias": called(&leader, &hers).await });
    assert_eq!(registers(&leader, "same", facts.clone()).await.code(), "alias_taken");
    let other = registers(&leader, "other", json!({})).await.ok();
    let path = format!("/v1/women/{}/correct-entry", other.text("id"));
    let correction = json!({ "facts": { "version": 2, "facts": facts } });
    let corrected = leader.post("people", &path, "corrected", correction).await;
    assert_eq!((corrected.status.as_u16(), corrected.code()), (409, "alias_taken"), "after {refused} others");
}

/// So many at one centre that some have the same first choice for certain.
#[tokio::test(flavor = "multi_thread")]
async fn hundreds_at_once_all_get_an_alias_of_their_own() {
    let ground = Ground::start().await;
    let (people, leader) = (ground.people().await, ground.leader());
    let keys: Vec<String> = (0..400).map(|number| format!("crowd {number}")).collect();
    let first: BTreeSet<String> = keys.iter().map(|key| choice(people, key, 0)).collect();
    assert!(first.len() < keys.len(), "no two have the same first choice");
    let all = keys.iter().map(|key| registers(&leader, key, json!({})));
    let answers: Vec<Answer> = stream::iter(all).buffered(32).collect().await;
    let mut names = BTreeSet::new();
    for answer in answers {
        let answer = answer.ok();
        assert!(names.insert(called(&leader, &answer).await), "two women have one alias");
    }
}
