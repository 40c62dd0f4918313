//! The real program with real servers, from an empty folder to its end.
//!
//! One data folder for all that needs a running `livline up`, in the order of its life; what is refused before anything starts has
//! tests of its own.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what was not as expected by stopping"
)]

mod authentic;
mod backup;
mod erasure;
mod keys;
mod livline;
#[path = "../../../../tests/src/midnight.rs"]
mod midnight;
mod rotation;

use ::livline::cluster::Which;
use livline::{Livline, Place};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use std::{fs, net::TcpListener, path::Path, process::Command};

#[tokio::test]
async fn a_life_of_a_data_folder() {
    let place = Place::new();
    let first = place.up(&[]);
    let housing = place.url("housing");
    for service in ["people", "housing", "aftercare", "timeline"] {
        ready(&place.url(service), service).await;
    }
    the_first_steps_can_be_pasted(&first);
    a_command_shows_on_the_timeline(&place).await;
    the_operator_keeps_the_directory(&place);
    what_is_held_back_is_shown_and_tried_again(&place).await;
    roles_may_do_what_they_need_and_nothing_else(&place).await;
    nobody_touches_the_stream_of_another(&place).await;
    one_service_runs_alone_beside_it(&place).await;
    the_tables_are_brought_up_to_date_again(&place);
    the_demo_is_there_once(&place);
    // Names stand beside the ids that the terminal shows.
    place.eventually(&["timeline", &woman()], |course| course.contains("Demo Bruger (demo-worker)"));
    refused(&place.start_up(&[]), "is already running on the data folder");
    let course = place.course(&woman());
    assert_eq!(first.stop(), Some(0));

    // Nothing of it is lost by a stop, nor by the end of everything at once.
    let second = place.up(&["--demo"]);
    assert!(second.said().contains("nothing was added"), "{}", second.said());
    assert_eq!(place.course(&woman()), course);
    second.kill();
    let third = place.up(&[]);
    assert_eq!(place.course(&woman()), course);
    a_server_that_ends_is_started_again(&place, &third, &housing).await;
    assert_eq!(third.stop(), Some(0));

    without_its_own_master_key_it_refuses(&place);
    // And with it, everything is as it was.
    let last = place.up(&[]);
    assert_eq!(place.course(&woman()), course);
    assert_eq!(last.stop(), Some(0));
    the_files_are_ours_alone(place.folder());
}

fn woman() -> String {
    livline::woman_of("woman")
}

/// Until what is there says that it is ready, and that it is this service.
async fn ready(url: &str, service: &str) {
    livline::until(&format!("{service} is ready"), async || {
        let Ok(answer) = reqwest::get(format!("{url}/readyz")).await else { return false };
        answer.json().await.is_ok_and(|said: Value| said["ready"] == true && said["service"] == service)
    })
    .await;
}

/// What `up` says first, as a person pastes it, again and again: she is there once, with her stay and a case.
fn the_first_steps_can_be_pasted(running: &Livline) {
    let said = running.said();
    let lines = said.lines().skip_while(|line| !line.starts_with("Register a made-up")).skip(2);
    let script = lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
    livline::eventually(&script, || {
        let ran = Command::new("sh").args(["-euc", &script]).output().unwrap();
        let said = String::from_utf8(ran.stdout).unwrap();
        let all = ["housing:1", "Forløb for ", "Oprettet", "Indflytning", "Bolig 1"].map(|text| said.contains(text));
        ran.status.success() && all == [true; 5]
    });
}

async fn a_command_shows_on_the_timeline(place: &Place) {
    let woman = place.registered("woman").await;
    let case = place.case("housing", &woman, "open").await;
    let need = json!({ "facts": { "persons": 3, "excluded_municipalities": ["Eksempelby"] } });
    let answer = place.post("housing", &format!("cases/{case}/assess-need"), "need", &need).await;
    assert!(answer["position"].as_str().unwrap().starts_with("housing:"));
    let course = place.eventually(&["timeline", &woman], |course| course.contains("Eksempelby"));
    assert!(course.contains("Boligbehov afklaret") && course.contains("Antal personer i boligen: 3"), "{course}");
    assert!(!course.contains('\u{1b}'), "no colours in a pipe");
    let heading = course.lines().next().unwrap();
    let (alias, rest) = heading.strip_prefix("Forløb for ").unwrap().split_once('-').unwrap();
    assert!(alias.chars().all(char::is_alphabetic) && rest.ends_with(&format!(" ({woman})")), "{heading}");
    let masked = place.run(&["timeline", &woman, "--role", "worker", "--lang", "en"]);
    assert!(masked.contains("Hidden") && !masked.contains("Eksempelby"), "{masked}");
    let whole: Value = serde_json::from_str(&place.run(&["timeline", &woman, "--json"])).unwrap();
    assert_eq!((whole["entries"].as_array().unwrap().len(), &whole["next"]), (4, &Value::Null));
    let elsewhere = place.start(&["timeline", &woman, "--centre", &woman]);
    refused(&elsewhere, "There is nothing about");
}

/// A centre and its first leader are registered, changed and ended by the operator; her name stands beside her id.
fn the_operator_keeps_the_directory(place: &Place) {
    let centre = place.run(&["centre", "add", "--name", "Krisecenter Rosenly"]);
    let centre = centre.trim();
    let worker = |arguments: &[&str]| place.run(&[&["worker"], arguments, &["--centre", centre]].concat());
    worker(&["add", "karen", "--name", "Karen Holm", "--role", "leader"]);
    let told = worker(&["list"]);
    assert!(told.starts_with("karen ") && told.contains("leader") && told.trim_end().ends_with("Karen Holm"), "{told}");
    refused(&place.start(&["worker", "add", "karen", "--name", "K", "--centre", centre]), "works there already");
    refused(&place.start(&["worker", "end", "nobody", "--centre", centre]), "does not hold nobody");
    worker(&["change", "karen", "--name", "Karen Lind"]);
    worker(&["end", "karen", "--last-day", "2099-12-31"]);
    let told = worker(&["list"]);
    assert!(told.contains("2099-12-31") && told.contains("Karen Lind"), "{told}");
    place.run(&["centre", "rename", centre, "--name", "Rosenly"]);
    place.run(&["centre", "close", centre]);
    let told = place.run(&["centre", "list"]);
    assert!(told.contains(&format!("{centre}  Rosenly  (closed)")), "{told}");
    refused(&place.start(&["centre", "add", "--name", "Krisecenter Rosenly"]), "registered already");
}

async fn what_is_held_back_is_shown_and_tried_again(place: &Place) {
    assert_eq!(place.run(&["quarantine", "list"]), "Nothing is held back.\n");
    let admin = place.admin("livline_timeline");
    let broken = "ALTER TABLE entries ADD CONSTRAINT broken CHECK (body->>'type' NOT LIKE '%HousingOfferMade%')";
    sql(&admin, broken).await.unwrap();
    let woman = place.registered("another woman").await;
    let case = place.case("housing", &woman, "another").await;
    for rent in [1, 2] {
        let (path, key) = (format!("cases/{case}/make-offer"), format!("rent {rent}"));
        place.post("housing", &path, &key, &json!({ "facts": { "rent": rent } })).await;
    }
    let list = place.eventually(&["quarantine", "list"], |list| list.contains("1 event waits"));
    assert!(list.starts_with("timeline") && list.contains("HousingOfferMade") && !list.contains(&woman), "{list}");
    let position = list.split_whitespace().nth(1).unwrap();
    assert!(place.run(&["quarantine", "show", position]).contains("held back by timeline: the event does not fit"));
    refused(&place.start(&["quarantine", "show", "housing:1"]), "Nothing is held back under housing:1.");
    assert!(place.run(&["timeline", &woman]).contains("Ufuldstændigt"));
    let still = place.start(&["quarantine", "retry"]);
    assert!(
        still.code == Some(1) && still.complained.starts_with("Still held back:\ntimeline"),
        "{}",
        still.complained
    );
    sql(&admin, "ALTER TABLE entries DROP CONSTRAINT broken").await.unwrap();
    assert_eq!(place.run(&["quarantine", "retry", position]), "Applied: 2 of 2 events.\n");
    assert_eq!(place.run(&["quarantine", "retry"]), "Nothing is held back.\n");
    assert!(!place.run(&["timeline", &woman]).contains("Ufuldstændigt"));
}

async fn sql(url: &str, statement: &str) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(url).await?;
    sqlx::raw_sql(statement).execute(&mut connection).await.map(drop)
}

fn code(result: &Result<(), sqlx::Error>) -> String {
    let Err(sqlx::Error::Database(error)) = result else { panic!("it was allowed: {result:?}") };
    error.code().unwrap_or_default().into_owned()
}

async fn roles_may_do_what_they_need_and_nothing_else(place: &Place) {
    const INSUFFICIENT_PRIVILEGE: &str = "42501";
    let url = place.secret("housing-database-url");
    sql(&url, "SELECT count(*) FROM events").await.unwrap();
    for statement in [
        "UPDATE events SET subject = '_'",
        "DELETE FROM events",
        "TRUNCATE events",
        "INSERT INTO events SELECT number + 1000, aggregate_type, aggregate_id, sequence + 1000, event_type, event_version, subject, key, fingerprint, warnings, body, chain FROM events",
        "INSERT INTO claims VALUES ('a', 'b', 'c')",
        "DELETE FROM aggregates",
        "INSERT INTO epochs (epoch, head) VALUES (gen_random_uuid(), 0)",
        "UPDATE _sqlx_migrations SET success = false",
        "DROP TABLE events",
        "CREATE TABLE mine (a int)",
        "CREATE TEMP TABLE mine (a int)",
        "SET ROLE livline_admin",
        "COPY events TO PROGRAM 'cat'",
    ] {
        assert_eq!(code(&sql(&url, statement).await), INSUFFICIENT_PRIVILEGE, "{statement}");
    }
    for database in ["livline_aftercare", "livline_timeline", "postgres", "template1"] {
        let other = url.replace("livline_housing", database);
        assert_eq!(code(&sql(&other, "SELECT 1").await), INSUFFICIENT_PRIVILEGE, "{database}");
    }
    let keys = place.secret("housing-keys-url");
    let asked =
        "SELECT k.* FROM master_check c, key_for(gen_random_uuid(), 'location', gen_random_uuid(), 'x', c.master) k";
    sql(&keys, asked).await.unwrap();
    assert_eq!(
        code(&sql(&keys, "SELECT * FROM key_for(gen_random_uuid(), 'other', gen_random_uuid(), 'x', '')").await),
        INSUFFICIENT_PRIVILEGE
    );
    for statement in [
        "SELECT * FROM data_keys",
        "DELETE FROM tombstones",
        "INSERT INTO grants VALUES ('housing', 'other')",
        "DELETE FROM master_check",
        "SELECT erase(gen_random_uuid(), 'woman', now())",
        "SELECT let_the_log_go()",
        "SELECT * FROM erasure_of(gen_random_uuid())",
        "SELECT * FROM erasures",
    ] {
        assert_eq!(code(&sql(&keys, statement).await), INSUFFICIENT_PRIVILEGE, "{statement}");
    }
    let timeline = place.secret("timeline-database-url");
    sql(&timeline, "SELECT count(*) FROM entries").await.unwrap();
    for statement in ["TRUNCATE entries", "DELETE FROM _sqlx_migrations", "ALTER TABLE entries ADD a int"] {
        assert_eq!(code(&sql(&timeline, statement).await), INSUFFICIENT_PRIVILEGE, "{statement}");
    }
}

async fn nobody_touches_the_stream_of_another(place: &Place) {
    let options = async_nats::ConnectOptions::with_user_and_password("housing".into(), place.secret("housing-nats"));
    let client = options.connect(place.nats()).await.unwrap();
    let mut context = async_nats::jetstream::new(client);
    // What it may: look at another's stream, and at its own.
    context.set_timeout(std::time::Duration::from_secs(10));
    context.get_stream("CARE_HOUSING").await.unwrap();
    context.get_stream("CARE_AFTERCARE").await.unwrap();
    // What is forbidden gets no answer: there is nothing to wait for.
    context.set_timeout(std::time::Duration::from_millis(300));
    assert!(context.delete_stream("CARE_AFTERCARE").await.is_err());
    let forged = context.publish("care.aftercare._", "{}".into()).await.unwrap();
    forged.await.unwrap_err();
    context.set_timeout(std::time::Duration::from_secs(10));
    assert_eq!(context.get_stream("CARE_AFTERCARE").await.unwrap().cached_info().state.messages, 0);
}

async fn one_service_runs_alone_beside_it(place: &Place) {
    let settings = fs::read_to_string(place.folder().join("config/housing.toml")).unwrap();
    let (own, other) = (place.port("housing"), place.port("housing") + 20);
    let file = place.folder().with_file_name("housing.toml");
    // Where it listens, and where its operations do.
    let moved = [0, 100].iter().fold(settings, |settings, operations| {
        settings.replacen(&format!(":{}\"", own + operations), &format!(":{}\"", other + operations), 1)
    });
    fs::write(&file, moved).unwrap();
    let alone = Livline::spawn(place, &["serve", "housing", "--config", file.to_str().unwrap()]);
    alone.wait_for("housing listens on");
    ready(&format!("http://127.0.0.1:{other}"), "housing").await;
    ready(&format!("http://127.0.0.1:{}", other + 100), "housing").await;
    assert_eq!(alone.stop(), Some(0));
    // Its log stands on the same side as the complaint.
    let own = place.folder().join("config/housing.toml");
    let taken = place.start(&["serve", "housing", "--config", own.to_str().unwrap(), "--log", "off"]);
    refused(&taken, "cannot be listened on");
    fs::write(&file, "unknown = 1").unwrap();
    refused(
        &place.start(&["serve", "housing", "--config", file.to_str().unwrap(), "--log", "off"]),
        "The configuration of housing cannot be used: the configuration has an unknown key",
    );
}

fn the_tables_are_brought_up_to_date_again(place: &Place) {
    let file = place.folder().with_file_name("admin-url");
    let master = Some(place.folder().join("keys/master"));
    for (what, which, more) in
        [("housing", Which::Data, None), ("timeline", Which::Data, None), ("keys", Which::Keys, master)]
    {
        let running = which.running(place.folder()).unwrap();
        fs::write(&file, running.admin_url(&format!("livline_{what}"))).unwrap();
        let mut arguments = vec!["migrate", what, "--database-file", file.to_str().unwrap()];
        arguments.extend(more.as_ref().map(|file| ["--master-key-file", file.to_str().unwrap()]).into_iter().flatten());
        assert!(place.run(&arguments).contains("is up to date"));
    }
}

fn the_demo_is_there_once(place: &Place) {
    let first = place.run(&["demo"]);
    assert!(first.contains("40 made-up women: ") && !first.contains(" 0 of them new"), "{first}");
    let line = first.lines().find(|line| line.contains(" timeline ")).unwrap();
    let woman = line.split_whitespace().nth(2).unwrap();
    // What follows from the last of it may be on its way.
    let mut before = String::new();
    let last = |now: &str| std::mem::replace(&mut before, now.to_owned()) == now && !now.contains("Skjult");
    let course = place.eventually(&["timeline", woman], last);
    for expected in ["Overskredet med", "I dag", "Om 3 dage", "Rettet nr.", "Fejlregistreret nr."] {
        assert!(course.contains(expected), "{expected}: {course}");
    }
    let again = place.run(&["demo"]);
    assert!(again.contains("nothing was added"), "{again}");
    assert_eq!(place.course(woman), course);
}

async fn a_server_that_ends_is_started_again(place: &Place, running: &Livline, housing: &str) {
    let postmaster = fs::read_to_string(place.folder().join("postgres/postmaster.pid")).unwrap();
    livline::kill(postmaster.lines().next().unwrap().parse().unwrap());
    running.wait_for("PostgreSQL stopped by itself");
    ready(housing, "housing").await;
    place.case("housing", &woman(), "open").await;
}

fn without_its_own_master_key_it_refuses(place: &Place) {
    let file = place.folder().join("keys/master");
    let own = fs::read_to_string(&file).unwrap();
    fs::write(&file, engine::keys::FileMasterKey::generate().unwrap().as_str()).unwrap();
    refused(&place.start_up(&[]), "the master key is not the one that these data were sealed with");
    fs::remove_file(&file).unwrap();
    refused(&place.start_up(&[]), "is missing, and without it the data cannot be opened");
    assert!(!file.exists(), "no other key takes its place");
    fs::write(&file, own).unwrap();
    refused(&place.start_up(&[]), "may be read by others");
    livline::set_mode(&file, 0o600);
}

fn the_files_are_ours_alone(folder: &Path) {
    for file in ["keys", "secrets", "config"].iter().flat_map(|name| fs::read_dir(folder.join(name)).unwrap()) {
        let file = file.unwrap().path();
        assert_eq!(livline::mode(&file), 0o600, "{}", file.display());
    }
}

/// It ended with a failure and said why in one sentence.
#[track_caller]
fn refused(ended: &livline::Ended, sentence: &str) {
    assert_eq!(ended.code, Some(1), "{}", ended.complained);
    // The log stands on the same side: what a slow machine made it warn of is no part of the sentence.
    let said: Vec<&str> = ended.complained.lines().filter(|line| !line.starts_with('{')).collect();
    assert!(said.len() == 1 && said[0].contains(sentence), "{}", ended.complained);
}

#[test]
fn what_is_missing_or_taken_is_told_before_anything_starts() {
    let place = Place::new();
    let empty = tempfile::tempdir().unwrap();
    let missing = place.start_up_with(&[("LIVLINE_POSTGRES_BIN", empty.path())]);
    refused(
        &missing,
        "PostgreSQL was not found: install the Debian package postgresql-15, or name the place in LIVLINE_POSTGRES_BIN.",
    );
    assert!(!place.folder().join("postgres").exists());

    let port = place.port("timeline");
    let stranger = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let taken = format!(
        "Port {port} on 127.0.0.1, meant for timeline, is used by another program; stop that one, or choose other ports with --offset."
    );
    refused(&place.start_up(&[]), &taken);
    assert!(!place.folder().join("postgres").exists());
    drop(stranger);

    fs::write(place.folder().join("format"), "99\n").unwrap();
    refused(&place.start_up(&[]), "holds data of a newer version (format 99, this program knows 4).");
    refused(&place.start(&["token"]), "start `livline up` first");
    refused(&place.start(&["timeline", &woman()]), "start `livline up` first");
    refused(&place.start(&["demo"]), "start `livline up` first");
}

#[tokio::test]
async fn what_differs_is_named_and_healed() {
    let place = Place::new();
    refused(&place.start(&["verify"]), "start `livline up` first");
    let running = place.up(&[]);
    a_command_shows_on_the_timeline(&place).await;
    let course = place.course(&woman());
    // Whoever has yet to hear something is told of beside it.
    let whole = place.eventually(&["verify"], |said| said.contains("chain whole") && !said.contains(" behind "));
    for service in ["people", "housing", "legal", "financial", "safety", "aftercare"] {
        let line = whole.lines().find(|line| line.trim_start().starts_with(service)).unwrap();
        assert!(line.contains("events  chain whole  stream equal  timeline equal"), "{whole}");
    }
    let rebuilt = place.run(&["rebuild", "timeline"]);
    assert!(rebuilt.contains("housing from NATS") && rebuilt.contains("is the same as the live one was"), "{rebuilt}");
    Livline::spawn(&place, &["rebuild", "timeline"]).kill();
    // Until Postgres has noticed that the one before is gone, it refuses.
    place.eventually(&["rebuild", "timeline", "--from", "feeds"], |rebuilt| {
        rebuilt.contains("housing from its feed") && rebuilt.contains("is the same as the live one was")
    });
    assert_eq!(place.course(&woman()), course, "the service's own role reads the new tables");

    let options = async_nats::ConnectOptions::with_user_and_password("housing".into(), place.secret("housing-nats"));
    let context = async_nats::jetstream::new(options.connect(place.nats()).await.unwrap());
    let admin = place.admin("livline_timeline");
    let spoilt = async |arguments: &[&str]| {
        let changed = "UPDATE entries SET standing = 'in_error' WHERE (service, number) = ('housing', 2)";
        sql(&admin, changed).await.unwrap();
        let _none_already = context.delete_stream("CARE_HOUSING").await;
        place.start(arguments)
    };
    let found = |part: &str, what: &str| json!({ "service": "housing", "part": part, "what": what });
    let expected =
        json!([found("stream", "there is none"), found("timeline", "the entry housing:2 differs in standing")]);
    // The relay looks every minute, and makes the stream again: then it is missing once more.
    livline::until("what differs is named, and nothing else", async || {
        let differs = spoilt(&["verify", "--json"]).await;
        let report: Value = serde_json::from_str(&differs.said).unwrap();
        differs.code == Some(1)
            && differs.complained.contains("`livline verify --heal`")
            && report["findings"] == expected
    })
    .await;
    livline::until("it is healed", async || {
        let healed = spoilt(&["verify", "--heal"]).await;
        healed.code == Some(0)
            && healed.said.contains("Publishing housing again")
            && healed.said.contains("housing:2 differs in standing")
    })
    .await;
    place.eventually(&["verify"], |said| said == whole);
    assert_eq!(place.course(&woman()), course);
    place.case("housing", &woman(), "another").await;
    place.eventually(&["verify"], |said| said.contains("3 events"));

    sql(&place.admin("livline_housing"), "UPDATE events SET event_version = '7' WHERE number = 1").await.unwrap();
    let broken = place.start(&["verify", "--heal"]);
    assert_eq!(broken.code, Some(1));
    assert!(
        broken.said.contains("CHAIN BROKEN") && broken.said.contains("the chain breaks at number 1"),
        "{}",
        broken.said
    );
    assert!(broken.complained.contains("Nothing was changed") && broken.complained.contains("`livline restore`"));
    assert_eq!(running.stop(), Some(0));
    refused(&place.start(&["verify"]), "is `livline up` running on this data folder?");
}
