//! Aliases that are made never run out; one that was chosen and is taken says so in one word, however it is written; and those of before
//! find her.

use engine::http::command_key;
use futures::{StreamExt as _, future::join_all, stream};
use kit::access::Role;
use kit::{AggregateId, ids::derive_id};
use livline_tests::{Answer, CENTRE, Client, Ground, OTHER_CENTRE, People, women::people as own_people};
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

/// A key of visible ASCII for a text, its spaces at both ends too.
fn key_of(text: &str) -> String {
    format!("[{}]", text.escape_default())
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

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_is_taken_however_it_is_written() {
    let ground = Ground::start().await;
    let leader = ground.leader();
    ground.people().await;
    for (first, others) in [
        ("Åse", vec!["A\u{30a}se", "ÅSE"]),
        (
            "Birk-471",
            vec![
                "Birk\u{2011}471",
                "Birk\u{2011} 471",
                "Birk-471\u{200b}",
                "Birk\u{ad}-471",
                "\u{412}irk-471",
                "birk471",
            ],
        ),
        ("Ellen", vec!["E\u{ff4c}len", "ELLEN", " Ellen ", "Ell\u{435}n", "\u{202e}Ellen"]),
    ] {
        registers(&leader, &key_of(first), json!({ "alias": first })).await.ok();
        for other in others {
            let answer = registers(&leader, &key_of(other), json!({ "alias": other })).await;
            assert_eq!((answer.status.as_u16(), answer.code()), (409, "alias_taken"), "{other:?}");
        }
    }
    for nothing in ["\u{200b}", "\u{2800}", "\u{3164}", "\u{ad}", "\u{200e}", " \u{a0}"] {
        let answer = registers(&leader, &key_of(nothing), json!({ "alias": nothing })).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (422, "facts_invalid"), "{nothing:?}");
    }
    let one_line = registers(&leader, "line", json!({ "alias": "Bøg\n12\u{202e}" })).await.ok();
    assert_eq!(called(&leader, &one_line).await, "Bøg 12");
    // Another centre's are its own.
    registers(&ground.client(Role::Leader, Some(OTHER_CENTRE)), "there", json!({ "alias": "Ellen" })).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_of_before_finds_her_and_is_nobody_elses() {
    let ground = Ground::start().await;
    let leader = ground.leader();
    ground.people().await;
    let her = registers(&leader, "her", json!({ "alias": "Rose" })).await.ok();
    let act = async |action: &str, facts: Value| {
        let path = format!("/v1/women/{}/{action}", her.text("id"));
        leader.post("people", &path, action, json!({ "facts": facts })).await
    };
    let events = |answer: &Answer| answer.body["events"][0]["event"].clone();
    let learnt = act("learn-identity", json!({ "name": "Ana Lund", "language": "Dari" })).await.ok();
    assert_eq!((events(&learnt), called(&leader, &her).await.as_str()), (json!("IdentityLearned"), "Rose"));
    assert_eq!(events(&act("change-alias", json!({ "alias": "Slåen-3" })).await.ok()), "AliasChanged");
    assert_eq!(called(&leader, &her).await, "Slåen-3");
    for text in ["rose", "slåen", "slaaen 3", "ana"] {
        let found = leader.post("people", "/v1/women/search", "-", json!({ "text": text })).await.ok().body;
        assert_eq!(
            (&found["women"][0]["woman"], &found["women"][0]["alias"]),
            (&her.body["id"], &json!("Slåen-3")),
            "{text}"
        );
    }
    for taken in ["Rose", "ROSE", "slåen\u{2011}3"] {
        assert_eq!(
            registers(&leader, &key_of(taken), json!({ "alias": taken })).await.code(),
            "alias_taken",
            "{taken}"
        );
    }
    let other = registers(&leader, "other", json!({})).await.ok();
    let path = format!("/v1/women/{}/change-alias", other.text("id"));
    let refused = leader.post("people", &path, "changed", json!({ "facts": { "alias": "R\u{43e}se" } })).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (409, "alias_taken"));
}

/// As the fifteenth migration leaves claims of before: noted, and held by nobody.
#[tokio::test(flavor = "multi_thread")]
async fn aliases_of_before_are_claimed_anew_when_the_service_starts() {
    let ground = Ground::start().await;
    let (running, _women) = own_people(&ground).await;
    let leader = ground.leader();
    registers(&leader, "first", json!({ "alias": "Åse" })).await.ok();
    let pool = ground.pool("livline_people").await;
    let migration = include_str!("../../services/engine/migrations/service/0015_normal_claims.sql");
    sqlx::raw_sql(migration).execute(&pool).await.unwrap();
    running.stop().await;
    let (_running, _women) = own_people(&ground).await;
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM claims_to_retake").fetch_one(&pool).await.unwrap();
    assert_eq!(left, 0);
    assert_eq!(registers(&leader, "second", json!({ "alias": "A\u{30a}se" })).await.code(), "alias_taken");
}
