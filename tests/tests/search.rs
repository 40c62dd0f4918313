//! Looking for a woman, the check for duplicates, and letters: what somebody who works at a centre can learn by them, and what not.

use kit::access::Role;
use livline_tests::{
    Answer, CENTRE, Client, Ground, OTHER_CENTRE, raw,
    raw::Log,
    women::{Woman, Women, at, identity, location, people, personal, registered, somebody},
};
use serde_json::{Value, json};
use std::time::Instant;
use uuid::Uuid;

async fn search(client: &Client, text: &str) -> Answer {
    client.post("people", "/v1/women/search", "-", json!({ "text": text })).await
}

async fn duplicates(client: &Client, newcomer: Value) -> Answer {
    client.post("people", "/v1/women/duplicates", "-", newcomer).await
}

async fn letter(client: &Client, her: &Woman, rest: &str) -> (u16, String) {
    let path = format!("/v1/women/{}/letters/{rest}", her.woman);
    let url = format!("{}{path}", client.address("people"));
    let token = client.authorization().trim_start_matches("authorization: ").to_owned();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = http.get(url).header("authorization", token).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// The women of an answer.
fn found(answer: &Answer) -> Vec<Uuid> {
    let hits = answer.body.get("women").or(answer.body.get("possible")).and_then(Value::as_array);
    hits.expect("an answer").iter().map(|hit| hit["woman"].as_str().unwrap().parse().unwrap()).collect()
}

async fn finds(client: &Client, text: &str) -> Vec<Uuid> {
    found(&search(client, text).await.ok())
}

fn stay(stay: Uuid) -> Value {
    json!({ "stay": stay, "centre": location("Kanariehuset, Skjulvej 9"), "children": personal(json!([])) })
}

async fn anna(women: &Women) -> Woman {
    women.register(somebody(), registered("Birk-47", Some("Anna Lund Sørensen"), Some("0101909996"))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn she_is_found_by_what_the_caller_may_see() {
    let ground = Ground::start().await;
    let (_people, women) = people(&ground).await;
    let (leader, worker) = (ground.leader(), ground.client(Role::Worker, Some(CENTRE)));
    let mut her = anna(&women).await;
    women.record(&mut her, &[("StayStarted", stay(Uuid::new_v4()))]).await;
    let expected = women.register(somebody(), registered("Ask-3", None, None)).await;
    let answer = search(&leader, "soerensen an").await.ok().body;
    assert_eq!(
        answer,
        json!({
            "women": [{ "woman": her.woman, "alias": "Birk-47", "name": "Anna Lund Sørensen", "lives_here": true,
                        "former": false, "why": [] }],
            "complete": true, "masked": false,
        })
    );
    for text in ["birk", "ANNA", "010190", "0101909996"] {
        assert_eq!(finds(&leader, text).await, [her.woman], "{text}");
    }
    assert_eq!(finds(&leader, "ask 3").await, [expected.woman]);
    // Whoever may not see names and numbers looks for an alias alone, and is told that there are names.
    let answer = search(&worker, "birk-47").await.ok().body;
    assert_eq!((&answer["women"][0]["name"], &answer["masked"]), (&Value::Null, &json!(true)));
    for text in ["anna", "010190"] {
        assert!(finds(&worker, text).await.is_empty(), "{text}");
    }
    // What was corrected counts, and not what stood there before; what was taken back counts no more.
    let corrected = registered("Birk-47", Some("Hanne Lund"), None);
    let correction = json!({ "version": 1, "event": "WomanRegistered", "schema": 1, "facts": corrected });
    women.correct(&mut her, correction).await;
    assert_eq!(finds(&leader, "hanne").await, [her.woman]);
    assert!(finds(&leader, "anna").await.is_empty() && finds(&leader, "010190").await.is_empty());
    for (body, refused) in [
        (json!({ "text": "  -" }), (422, "facts_invalid")),
        (json!({ "text": 7 }), (422, "facts_invalid")),
        (json!({ "text": "anna", "centre": OTHER_CENTRE }), (422, "facts_invalid")),
        (json!({}), (422, "facts_invalid")),
    ] {
        let answer = leader.post("people", "/v1/women/search", "-", body).await;
        assert_eq!((answer.status.as_u16(), answer.code()), refused);
    }
    for role in [Role::Volunteer, Role::Secretariat] {
        assert_eq!(search(&ground.client(role, Some(CENTRE)), "anna").await.status, 403);
        assert_eq!(duplicates(&ground.client(role, Some(CENTRE)), json!({ "name": "Anna" })).await.status, 403);
    }
    let nowhere = Uuid::new_v4().to_string();
    assert_eq!(leader.get("people", "/v1/women/search").await.status, 405, "{nowhere}");
}

/// With and without diacritics, whatever keyboard a name or a number was typed on; and where nobody is called so, who sounds so.
#[tokio::test(flavor = "multi_thread")]
async fn she_is_found_as_people_type_her() {
    let ground = Ground::start().await;
    let (_people, women) = people(&ground).await;
    let leader = ground.leader();
    let mut number = 0;
    for (name, texts) in [
        ("Łucja Đặng", vec!["lucja", "dang"]),
        ("Işıl Yıldız", vec!["isil", "ISIL", "I\u{15f}IL", "yildiz"]),
        ("Özlem Kaya", vec!["ozlem", "oezlem"]),
        ("Mary O'Brien", vec!["Mary O\u{2019}Brien", "obrien"]),
        ("Fatima Al-Zahra", vec!["alzahra", "al zahra"]),
        ("علی\u{200c}رضا", vec!["علیرضا"]),
        ("Soe\u{ad}rensen Bodil", vec!["soerensen", "s\u{f8}rensen", "sorensen"]),
        ("李 娜", vec!["李", "李娜"]),
        ("Lærke Holm", vec!["lærke", "laerke"]),
    ] {
        number += 1;
        let her = women.register(somebody(), registered(&format!("Ask-{number}"), Some(name), None)).await;
        for text in texts {
            assert_eq!(finds(&leader, text).await, [her.woman], "{text}");
        }
    }
    let answer = search(&leader, "Lerke").await.ok().body;
    let proposed: Vec<_> = answer["women"].as_array().unwrap().iter().map(|her| (&her["name"], &her["why"])).collect();
    assert_eq!(proposed, [(&json!("Lærke Holm"), &json!(["sounds_alike"]))]);
    let her = women.register(somebody(), registered("Ø", None, Some("0101909996"))).await;
    let mut other = registered("Elm-5", None, None);
    other["replacement_number"] = identity("0202900AB2");
    let other = women.register(somebody(), other).await;
    for text in [
        "010190-9996",
        "010190\u{2011}9996",
        "010190.9996",
        "\u{660}\u{661}\u{660}\u{661}\u{669}\u{660}",
        "010190\u{a0}9996",
        "Ø",
    ] {
        assert_eq!(finds(&leader, text).await, [her.woman], "{text}");
    }
    assert_eq!(finds(&leader, "020290-0ab2").await, [other.woman]);
    let possible = duplicates(&leader, json!({ "cpr": "010190\u{2013}9996" })).await.ok();
    assert_eq!(found(&possible), [her.woman]);
}

/// Whoever registers somebody, or learns who she is, is told of the centre's own who is most likely the same: as far as they may see her.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_registration_is_warned_about_with_her_alias() {
    let ground = Ground::start().await;
    ground.people().await;
    let (leader, there) = (ground.leader(), ground.client(Role::Leader, Some(OTHER_CENTRE)).named("n-chief"));
    let worker = ground.client(Role::Worker, Some(CENTRE)).named("w-8");
    let registers = async |client: &Client, facts: Value| {
        client.post("people", "/v1/women", &Uuid::new_v4().to_string(), json!({ "facts": facts })).await.ok()
    };
    let warned = |answer: &Answer| -> Vec<String> {
        let warnings = answer.body["warnings"].as_array().unwrap().iter();
        let known = warnings.filter(|warning| warning["code"] == "may_be_known");
        known
            .flat_map(|warning| warning["women"].as_array().unwrap().clone())
            .map(|her| her["alias"].as_str().unwrap().into())
            .collect()
    };
    let facts = |alias: &str, name: &str, cpr: &str| json!({ "alias": alias, "name": name, "cpr": cpr });
    // Another centre's is nobody's here.
    registers(&there, facts("Eg-1", "Anna Lund", "0101909996")).await;
    let first = registers(&leader, facts("Eg-2", "Anna Lund", "0101909996")).await;
    assert!(warned(&first).is_empty(), "{}", first.body);
    // By her number, however it is written; by name and birth date; not by either alone.
    assert_eq!(warned(&registers(&leader, json!({ "cpr": "010190\u{2011}9996" })).await), ["Eg-2"]);
    let second = registers(&leader, facts("Eg-3", "ANNA LUND", "010190-1234")).await;
    assert_eq!(warned(&second), ["Eg-2"], "{}", second.body);
    let words = second.body["warnings"].to_string();
    assert!(words.contains("(Eg-2)") && words.contains("i forvejen"), "{words}");
    assert!(warned(&registers(&leader, facts("Eg-4", "Anna Lund", "0202909996")).await).is_empty());
    assert!(warned(&registers(&leader, facts("Eg-5", "Ida Holm", "0101905555")).await).is_empty());
    // What is learnt later counts as well, and what is corrected.
    let nameless = registers(&leader, json!({ "alias": "Eg-6" })).await;
    let act = async |her: &Answer, action: &str, body: Value| {
        let path = format!("/v1/women/{}/{action}", her.text("id"));
        leader.post("people", &path, &Uuid::new_v4().to_string(), body).await.ok()
    };
    let learnt = act(&nameless, "learn-identity", json!({ "facts": { "replacement_number": "030390-0AB2" } })).await;
    assert!(warned(&learnt).is_empty());
    let again = registers(&leader, json!({ "alias": "Eg-7", "replacement_number": "0303900ab2" })).await;
    assert_eq!(warned(&again), ["Eg-6"]);
    let correction = json!({ "facts": { "version": 2, "facts": { "cpr": "0202909996", "replacement_number": null } } });
    assert_eq!(warned(&act(&again, "correct-entry", correction).await), ["Eg-4"]);
    // Whoever may not see names and numbers is told nothing by them.
    assert!(warned(&registers(&worker, json!({ "cpr": "0101909996" })).await).is_empty());
}

/// What a colleague could learn by asking: nothing of another centre's women, of one who must be hidden from the colleague, of one who
/// was forgotten; of former ones only whoever leads the centre or is on duty.
#[tokio::test(flavor = "multi_thread")]
async fn an_insider_learns_nothing_beyond_what_is_the_insiders() {
    let ground = Ground::start().await;
    let (_people, women) = people(&ground).await;
    let (leader, stranger) = (ground.leader().named("w-9"), ground.client(Role::Leader, Some(OTHER_CENTRE)));
    let facts = || registered("Birk-47", Some("Anna Lund"), Some("0101909996"));
    let elsewhere = women.register(at(Uuid::new_v4(), OTHER_CENTRE), facts()).await;
    let newcomer = json!({ "name": "Anna Lund", "cpr": "010190-9996", "birth_date": "1990-01-01" });
    let asked = async |client: &Client, name: &str| {
        let mut newcomer = newcomer.clone();
        newcomer["name"] = name.into();
        if name != "Anna Lund" {
            (newcomer["cpr"], newcomer["birth_date"]) = ("0202909996".into(), "1990-02-02".into());
        }
        let answers = [search(client, name).await.ok(), duplicates(client, newcomer).await.ok()];
        answers.map(|answer| (answer.body, answer.headers.get("content-length").cloned()))
    };
    // Hers elsewhere, and nobody at all: the same answers to the byte, and she is found where she is known.
    assert_eq!(asked(&leader, "Anna Lund").await, asked(&leader, "Ingen Kendt").await);
    assert_eq!(finds(&stranger, "anna").await, [elsewhere.woman]);
    assert_eq!(found(&duplicates(&stranger, newcomer.clone()).await), [elsewhere.woman]);

    let mut former = women.register(somebody(), facts()).await;
    let stayed = Uuid::new_v4();
    women.record(&mut former, &[("StayStarted", stay(stayed)), ("StayEnded", json!({ "stay": stayed }))]).await;
    for (role, seen) in [(Role::Leader, true), (Role::Worker, false), (Role::Temp, false)] {
        let client = ground.client(role, Some(CENTRE));
        assert_eq!(finds(&client, "birk").await == [former.woman], seen, "{role:?}");
        assert_eq!(found(&duplicates(&client, newcomer.clone()).await) == [former.woman], seen, "{role:?}");
        if !seen {
            assert_eq!(asked(&client, "Anna Lund").await, asked(&client, "Ingen Kendt").await, "{role:?}");
        }
    }
    assert_eq!(search(&leader, "anna").await.body["women"][0]["former"], true);

    let conflict = json!({ "kind": personal("worker"), "who": "w-9" });
    women.record(&mut former, &[("ConflictOfInterestRecorded", conflict)]).await;
    assert_eq!(asked(&leader, "Anna Lund").await, asked(&leader, "Ingen Kendt").await, "a conflict of interest");
    assert_eq!(finds(&ground.leader(), "anna").await, [former.woman], "others still find her");
    women.record(&mut former, &[("PersonErased", json!({ "erasure": Uuid::new_v4() }))]).await;
    assert_eq!(asked(&ground.leader(), "Anna Lund").await, asked(&ground.leader(), "Ingen Kendt").await, "forgotten");
}

/// One row that does not open hides her, and nobody else.
#[tokio::test(flavor = "multi_thread")]
async fn one_unreadable_row_hides_nobody_else() {
    let ground = Ground::start().await;
    let (_people, women) = people(&ground).await;
    let (leader, anna) = (ground.leader(), anna(&women).await);
    let facts = registered("Ask-3", Some("Anna Holm"), Some("0202909988"));
    let other = women.register(somebody(), facts).await;
    let newcomer = json!({ "name": "Anna Lund Sørensen" });
    assert_eq!(finds(&leader, "anna").await.len(), 2);
    assert_eq!(found(&duplicates(&leader, newcomer.clone()).await.ok()), [anna.woman]);
    let pool = ground.pool("livline_people").await;
    let swapped = sqlx::query(
        "UPDATE relations SET relation = (SELECT relation FROM relations WHERE woman = $2) WHERE woman = $1",
    );
    swapped.bind(anna.woman).bind(other.woman).execute(&pool).await.unwrap();
    let answer = search(&leader, "anna").await.ok();
    assert_eq!((found(&answer), &answer.body["complete"]), (vec![other.woman], &json!(false)));
    let answer = duplicates(&leader, newcomer).await.ok();
    assert_eq!((found(&answer), &answer.body["complete"]), (Vec::<Uuid>::new(), &json!(false)));
}

/// A search opens at most so much and shows at most so many, and says that there may be more; who lives here comes first.
#[tokio::test(flavor = "multi_thread")]
async fn a_search_is_bounded_and_says_so() {
    let ground = Ground::start().await;
    let (_people, women) = people(&ground).await;
    let leader = ground.leader();
    let mut crowd = women.crowd(21).await;
    let answer = search(&leader, "karla").await.ok();
    assert_eq!((found(&answer).len(), &answer.body["complete"]), (20, &json!(false)));
    let possible = duplicates(&leader, json!({ "name": "Karla Madsen" })).await.ok();
    assert_eq!((found(&possible).len(), &possible.body["complete"]), (20, &json!(false)));
    let one = search(&leader, "lærk-7").await.ok();
    assert_eq!((found(&one).len(), &one.body["complete"]), (1, &json!(true)));
    // One who left comes behind everybody who lives here, however lately she left.
    let mut former = women.register(somebody(), registered("Lærk-99", Some("Karla Frandsen"), None)).await;
    let stayed = Uuid::new_v4();
    women.record(&mut former, &[("StayStarted", stay(stayed)), ("StayEnded", json!({ "stay": stayed }))]).await;
    assert_eq!(finds(&leader, "frandsen").await, [former.woman]);
    assert_eq!(finds(&leader, "lærk-99").await, [former.woman]);
    // One registration corrected two thousand times: of whom there is more to open than the bound is none to be found.
    let facts = registered("Lærk-0", Some("Karla Madsen"), None);
    let correction = json!({ "version": 1, "event": "WomanRegistered", "schema": 1, "facts": facts });
    women.correct_often(&mut crowd[3], correction, 2000).await;
    let answer = search(&leader, "frandsen").await.ok();
    assert_eq!((found(&answer).len(), &answer.body["complete"]), (0, &json!(false)));
    let members: Vec<_> = answer.body.as_object().unwrap().keys().collect();
    assert_eq!(members, ["women", "complete", "masked"], "how much was opened is not told");
}

/// A centre of five hundred women, the first search after a start: every key is fetched, with two questions. (The bench holds the
/// figure of a release build.)
#[tokio::test(flavor = "multi_thread")]
async fn a_large_centre_is_searched_at_once() {
    let ground = Ground::start().await;
    let (running, women) = people(&ground).await;
    women.crowd(500).await;
    running.stop().await;
    // A machine that stands still once is no failure.
    let mut took = Vec::new();
    for _ in 0..3 {
        let (running, _women) = people(&ground).await;
        let leader = ground.leader();
        let begun = Instant::now();
        assert_eq!(finds(&leader, "karla opp").await.len(), 1);
        took.push(begun.elapsed());
        running.stop().await;
    }
    assert!(took.iter().any(|took| took.as_secs() < 5), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_be_known_already_is_shown_with_why() {
    let ground = Ground::start().await;
    let (_people, women) = people(&ground).await;
    let (leader, worker) = (ground.leader(), ground.client(Role::Worker, Some(CENTRE)));
    let her = anna(&women).await;
    let other = women.register(somebody(), registered("Ask-3", Some("Anna Holm"), Some("0101909988"))).await;
    women.register(somebody(), registered("Elm-5", None, None)).await;
    let why = async |newcomer: Value| {
        let answer = duplicates(&leader, newcomer).await.ok().body;
        let possible = answer["possible"].as_array().unwrap().clone();
        possible.into_iter().map(|hit| (hit["woman"].as_str().unwrap().parse().unwrap(), hit["why"].clone())).collect()
    };
    let found: Vec<(Uuid, Value)> = why(json!({ "cpr": "010190-9996" })).await;
    let both = [(other.woman, json!(["birth_date"])), (her.woman, json!(["cpr", "birth_date"]))];
    assert_eq!(found.len(), 2);
    assert!(both.iter().all(|expected| found.contains(expected)), "{found:?}");
    let found: Vec<(Uuid, Value)> = why(json!({ "name": "soerensen ANNA lund" })).await;
    assert_eq!(found, [(her.woman, json!(["name"]))]);
    let found: Vec<(Uuid, Value)> = why(json!({ "name": "Anna Elisabeth Holm", "birth_date": "1991-01-01" })).await;
    assert_eq!(found, [(other.woman, json!(["name_alike"]))]);
    let none: Vec<(Uuid, Value)> = why(json!({})).await;
    assert!(none.is_empty());
    // Whoever may not see names is told that they were not compared.
    let masked = duplicates(&worker, json!({ "cpr": "0101909996" })).await.ok().body;
    assert_eq!(masked, json!({ "possible": [], "complete": true, "masked": true }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_says_what_the_law_asks_and_never_where() {
    let ground = Ground::start().await;
    let (_people, women) = people(&ground).await;
    let (leader, worker) = (ground.leader(), ground.client(Role::Worker, Some(CENTRE)));
    let mut her = anna(&women).await;
    assert_eq!(letter(&leader, &her, "municipality-in").await.0, 404, "there is no stay yet");
    assert_eq!(letter(&leader, &her, "municipality-out").await.0, 404);
    let (with_her, numbered, elsewhere, stayed) = (Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4());
    let child = |child: Uuid, name: &str| {
        let of = |value: Value| json!({ "child": child, "value": value });
        json!({ "child": child, "name": of(identity(name)), "birth_date": of(identity("2020-02-01")),
                "whereabouts": of(location("Kanarieskolen")) })
    };
    let mut begins = stay(stayed);
    begins["children"] = personal(json!([with_her, numbered]));
    let mut has_number = child(numbered, "Ea Lund");
    has_number["cpr"] = json!({ "child": numbered, "value": identity("0202219996") });
    begins["grounds"] = personal(json!(["physical_violence", "stalking"]));
    begins["decided_on"] = personal("2026-11-19");
    women
        .record(
            &mut her,
            &[
                ("ChildRegistered", child(with_her, "Bo Lund")),
                ("ChildRegistered", has_number),
                ("ChildRegistered", child(elsewhere, "Ib Lund")),
                ("StayStarted", begins),
            ],
        )
        .await;
    let (status, told) = letter(&leader, &her, "municipality-in").await;
    assert_eq!(status, 200);
    for said in
        ["19. november 2026", "20. november 2026", "Anna Lund Sørensen", "010190-9996", "Bo Lund", "1. februar 2020"]
    {
        assert!(told.contains(said), "{said}: {told}");
    }
    assert!(told.contains("Barn: Ea Lund\nCPR-nummer: 020221-9996"), "a child has a number too: {told}");
    assert!(told.contains("talking") && !told.contains("physical_violence"), "grounds are said in words: {told}");
    assert!(!told.contains("Ib Lund"), "a child who is not with her: {told}");
    let (status, anonymous) = letter(&worker, &her, "municipality-in?anonymous=true").await;
    assert_eq!(status, 200);
    for identity in ["Anna", "Lund", "Sørensen", "9996", "Bo", "Ea", "2020", "Birk"] {
        assert!(!anonymous.contains(identity), "{identity}: {anonymous}");
    }
    assert_eq!(letter(&worker, &her, "municipality-in").await.0, 403, "without identity only the anonymous one");
    // It is told before she leaves, where possible: of the stay that goes on.
    let (_, leaves) = letter(&leader, &her, "municipality-out").await;
    assert!(leaves.contains("fraflytning: ikke oplyst") && leaves.contains("020221-9996"), "{leaves}");
    assert_eq!(letter(&leader, &her, "to-his-lawyer").await.0, 404);
    assert_eq!(letter(&leader, &her, "municipality-in?anonymous=perhaps").await.0, 400);
    let left = json!({ "stay": stayed, "municipality": location("Kanarieby") });
    women.record(&mut her, &[("StayEnded", left)]).await;
    let (_, out) = letter(&leader, &her, "municipality-out").await;
    assert!(out.contains("fraflytning: 20. november 2026") && out.contains("Anna Lund Sørensen"));
    for letter in [&told, &anonymous, &leaves, &out] {
        for place in ["Kanarie", "Skjulvej"] {
            assert!(!letter.contains(place), "{place}: {letter}");
        }
    }
    let mut back = stay(Uuid::new_v4());
    back["grounds"] = personal(json!(["threats"]));
    women.record(&mut her, &[("StayStarted", back)]).await;
    let (_, again) = letter(&leader, &her, "municipality-out").await;
    assert!(again.contains("fraflytning: ikke oplyst") && !again.contains("talking"), "the stay that goes on: {again}");
    // A stay without a name is told of without one, unless somebody asks for it.
    let mut nameless = anna(&women).await;
    let mut begins = stay(Uuid::new_v4());
    begins["anonymous"] = true.into();
    women.record(&mut nameless, &[("StayStarted", begins)]).await;
    assert!(!letter(&leader, &nameless, "municipality-in").await.1.contains("Anna"));
    assert!(letter(&leader, &nameless, "municipality-in?anonymous=false").await.1.contains("Anna"));
}

/// Canaries by every route, right and wrong; then the raw bytes of the clusters and all logs at TRACE are searched. One thread runs it
/// all, so that its log is whole.
#[tokio::test]
async fn nothing_kept_or_looked_for_stands_anywhere_in_clear() {
    let log = Log::default();
    let _logging = log.everything();
    let ground = Ground::start().await;
    let (running, women) = people(&ground).await;
    let leader = ground.leader();
    let her = women.register(somebody(), registered("Kanariebirk-1", Some("Kanarie Lund"), Some("0101909996"))).await;
    let put = async |slot: &str, body: Value| {
        let path = format!("/v1/women/{}/vault/{slot}", her.woman);
        leader.put("people", &path, &Uuid::new_v4().to_string(), body).await
    };
    let contact = format!("contact/{}", Uuid::new_v4());
    for (slot, value) in [
        ("address", "Kanariegade 11"),
        ("address", "Kanariegade 12"),
        (contact.as_str(), "kanarie@example.org"),
        ("code-word", "kanariegul cykel"),
    ] {
        put(slot, json!({ "value": value })).await.ok();
    }
    put("address", json!({ "value": 7, "Kanariefelt": 1 })).await;
    put("Kanarieslot", json!({ "value": "Kanariegade 13" })).await;
    let check = format!("/v1/women/{}/vault/code-word/check", her.woman);
    for word in ["kanariegul cykel", "kanarierød cykel"] {
        leader.post("people", &check, "-", json!({ "word": word })).await.ok();
    }
    assert_eq!(finds(&leader, "kanarie lund").await, [her.woman]);
    assert!(finds(&leader, "kanariefugl").await.is_empty());
    search(&leader, "0101909996").await.ok();
    duplicates(&leader, json!({ "name": "Kanarie Lund", "cpr": "0101909996" })).await.ok();
    duplicates(&leader, json!({ "name": "Kanarie Lund", "cpr": ["0101909996"] })).await;
    let list = leader.get("people", &format!("/v1/women/{}/vault", her.woman)).await.ok();
    for entry in list.body["values"].as_array().unwrap() {
        let reference = entry["reference"].as_str().unwrap();
        let shown = leader.get("people", &format!("/v1/women/{}/vault/{reference}", her.woman)).await.ok();
        assert!(shown.body.to_string().to_lowercase().contains("kanarie"), "whoever may see it sees it");
    }
    let pool = ground.pool("livline_people").await;
    sqlx::query("CHECKPOINT").execute(&pool).await.unwrap();
    running.stop().await;
    log.write(ground.path());
    // The search finds what is there in the open.
    for open in ["stopping", "TRACE", "code-word"] {
        assert!(!raw::holding(ground.path(), &raw::text(open)).is_empty(), "{open}");
    }
    for canary in ["Kanarie", "kanarie", "0101909996", "010190-9996"] {
        assert_eq!(raw::holding(ground.path(), &raw::text(canary)), Vec::<String>::new(), "{canary}");
    }
}
