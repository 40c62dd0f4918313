//! What signatures hold against, with the program's own data folder and its own users of NATS.

use crate::livline::{Place, mode, until};
use ::livline::{
    cluster::{DataFolder, Postgres},
    services::{self, Kind},
};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use std::{collections::BTreeMap, fs, time::Duration};

/// What was heard of access goes in the migrations that brought signatures, and what stays of it has none.
const NOT_HEARD: &str = "DELETE FROM relations; DELETE FROM duties; DELETE FROM progress WHERE reader = 'relations';
    UPDATE progress SET counter = 0, sum = NULL, mac = NULL";
const NOT_SIGNED: &str = "UPDATE events SET mac = NULL; UPDATE aggregates SET mac = NULL; DELETE FROM checkpoints";
const VAULT_NOT_SIGNED: &str =
    "UPDATE vault SET mac = NULL; UPDATE vault_history SET mac = NULL; DELETE FROM vault_signed";

/// A folder from before anything was signed is signed by the first `livline up`, once: what is put there unsigned later stays so.
#[tokio::test]
async fn a_folder_of_before_signatures_is_signed_once() {
    let place = Place::new();
    let running = place.up(&[]);
    let woman = place.registered("woman").await;
    let case = place.case("housing", &woman, "open").await;
    let need = json!({ "facts": { "excluded_municipalities": ["Eksempelby"] } });
    place.post("housing", &format!("cases/{case}/assess-need"), "need", &need).await;
    place.post("people", &format!("women/{woman}/start-stay"), "stay", &json!({})).await;
    let contact = json!({ "facts": { "channel": "phone" }, "value": "20 30 40 50", "code_word": "blå cykel" });
    place.post("people", &format!("women/{woman}/contacts"), "contact", &contact).await;
    clean(&place);
    let course = place.course(&woman);
    assert_eq!(running.stop(), Some(0));
    as_it_was(&place).await;

    let running = place.up(&[]);
    assert_eq!(fs::read_to_string(place.folder().join("format")).unwrap(), "4\n");
    assert_eq!(mode(&place.folder().join("keys/integrity")), 0o600);
    clean(&place);
    assert_eq!(place.course(&woman), course);
    let signed = signatures(&place).await;
    for (service, rows) in &signed {
        assert!(rows.iter().all(|(_, mac)| mac.is_some()), "{service}: {rows:?}");
    }
    let kept = async || -> Vec<(String, Option<Vec<u8>>)> {
        let mut connection = PgConnection::connect(&place.admin("livline_people")).await.unwrap();
        let rows = "SELECT slot, mac FROM vault ORDER BY slot";
        sqlx::query_as(rows).fetch_all(&mut connection).await.unwrap()
    };
    let values = kept().await;
    assert!(values.len() == 2 && values.iter().all(|(_, mac)| mac.is_some()), "{values:?}");
    assert!(signed["housing"].len() >= 3 && signed["people"].len() >= 4, "events, and whose they are: {signed:?}");
    // And all goes on.
    place.post("housing", &format!("cases/{case}/keep-tenancy"), "keep", &json!({})).await;
    clean(&place);
    let before = signatures(&place).await;
    assert_eq!(running.stop(), Some(0));

    // Neither is a row signed a second time, nor another key made; what has no signature now is named.
    let key = fs::read(place.folder().join("keys/integrity")).unwrap();
    let folder = DataFolder::open(Some(place.folder())).unwrap();
    let data = Postgres::start(&folder, 0).await.unwrap();
    run(&data, "livline_housing", "UPDATE events SET mac = NULL WHERE number = 2").await;
    run(&data, "livline_people", VAULT_NOT_SIGNED).await;
    data.stop().await.unwrap();
    drop(folder);
    let running = place.up(&[]);
    assert_eq!(fs::read(place.folder().join("keys/integrity")).unwrap(), key);
    let after = signatures(&place).await;
    let changed: Vec<_> = after["housing"].iter().filter(|row| !before["housing"].contains(row)).collect();
    assert_eq!(changed, [&("2".to_owned(), None)]);
    place.eventually(&["verify"], |said| said.contains("number 2") && said.contains("VAULT DIFFERS"));
    assert!(kept().await.iter().all(|(_, mac)| mac.is_none()), "whatever a table says, it was done");
    assert_eq!(running.stop(), Some(0));
}

/// All is as it was stored, and everybody has heard it.
fn clean(place: &Place) {
    place.eventually(&["verify"], |said| said.contains("chain whole") && !said.contains(" behind "));
    place.run(&["verify"]);
}

/// Makes the folder one of format 2: nothing in it is signed, and there is no key to sign with.
async fn as_it_was(place: &Place) {
    let folder = DataFolder::open(Some(place.folder())).unwrap();
    let data = Postgres::start(&folder, 0).await.unwrap();
    for service in services::all() {
        let database = service.database();
        run(&data, &database, NOT_HEARD).await;
        let own = if service.kind == Kind::Domain { NOT_SIGNED } else { "UPDATE follow_ups SET mac = NULL" };
        run(&data, &database, own).await;
        if engine::vault::within(service.tables) {
            run(&data, &database, VAULT_NOT_SIGNED).await;
        }
    }
    data.stop().await.unwrap();
    fs::remove_file(place.folder().join("keys/integrity")).unwrap();
    fs::write(place.folder().join("format"), "2\n").unwrap();
}

async fn run(cluster: &Postgres, database: &str, statements: &str) {
    let mut connection = PgConnection::connect(&cluster.admin_url(database)).await.unwrap();
    sqlx::raw_sql(statements).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// The signatures of events, by number, and of whose each aggregate is.
async fn signatures(place: &Place) -> BTreeMap<&'static str, Vec<(String, Option<Vec<u8>>)>> {
    let mut all = BTreeMap::new();
    for service in services::domains() {
        let mut connection = PgConnection::connect(&place.admin(&service.database())).await.unwrap();
        let rows = "SELECT number::text, mac FROM events UNION ALL SELECT aggregate_id, mac FROM aggregates ORDER BY 1";
        all.insert(service.name, sqlx::query_as(rows).fetch_all(&mut connection).await.unwrap());
    }
    all
}

/// A consumer delivers where its request's body says, and permissions see the request's subject alone. So one service may have another's
/// events delivered where a third announces itself, or into its stream; it is without effect. Whatever subject tells is forbidden.
#[tokio::test]
async fn a_consumer_that_delivers_elsewhere_is_without_effect() {
    let place = Place::new();
    let running = place.up(&[]);
    let woman = place.registered("woman").await;
    let case = place.case("housing", &woman, "open").await;
    let need = json!({ "facts": { "excluded_municipalities": ["Eksempelby"] } });
    place.post("housing", &format!("cases/{case}/assess-need"), "need", &need).await;
    clean(&place);
    let course = place.course(&woman);
    let connect = async |user: &str| {
        let password = place.secret(&format!("{user}-nats"));
        async_nats::ConnectOptions::with_user_and_password(user.to_owned(), password)
            .connect(place.nats())
            .await
            .unwrap()
    };
    let (timeline, listener) = (connect("timeline").await, connect("legal").await);
    let mut heads = listener.subscribe("head.people").await.unwrap();
    listener.flush().await.unwrap();
    let ask = async |subject: &str, body: Value| {
        let asked = timeline.request(format!("$JS.API.CONSUMER.{subject}"), body.to_string().into());
        let answer = tokio::time::timeout(Duration::from_secs(3), asked).await.ok()?.ok()?;
        serde_json::from_slice::<Value>(&answer.payload).ok()
    };
    let config = |name: Option<&str>, durable: bool, to: &str| {
        let mut config = json!({ "deliver_subject": to, "deliver_policy": "all", "ack_policy": "none" });
        if let Some(name) = name {
            config[if durable { "durable_name" } else { "name" }] = name.into();
        }
        json!({ "stream_name": "CARE_HOUSING", "config": config })
    };
    // What a request's subject tells is refused: that of durable consumers, and whatever others publish.
    ask("DURABLE.CREATE.CARE_HOUSING.lasting", config(Some("lasting"), true, "head.people")).await;
    let there = ask("INFO.CARE_HOUSING.lasting", json!({})).await.expect("it may be asked");
    assert_eq!(there["error"]["err_code"], 10014, "there is none: {there}");
    for (subject, said) in [("head.people", "said by timeline"), ("care.people._", "{}")] {
        timeline.publish(subject, said.into()).await.unwrap();
    }
    timeline.flush().await.unwrap();

    // nats-server 2.9.10 makes all of these, and delivers to where people speaks; into the stream it delivers nothing. Other versions may do
    // otherwise.
    for to in ["head.people", "care.people._"] {
        for (subject, name) in [
            ("CREATE.CARE_HOUSING".to_owned(), None),
            (format!("CREATE.CARE_HOUSING.to-{}", to.len()), Some(format!("to-{}", to.len()))),
            (format!("CREATE.CARE_HOUSING.at-{}.care.housing.*", to.len()), Some(format!("at-{}", to.len()))),
        ] {
            let mut body = config(name.as_deref(), false, to);
            if subject.ends_with('*') {
                body["config"]["filter_subject"] = "care.housing.*".into();
            }
            ask(&subject, body).await;
        }
    }
    // Until people itself has announced what came after: whatever was to be delivered was.
    for _ in 0..3 {
        loop {
            let message = futures::StreamExt::next(&mut heads).await.unwrap();
            let said = String::from_utf8_lossy(&message.payload).into_owned();
            assert_ne!(said, "said by timeline", "nobody announces another service");
            if said.contains("\"mac\"") && !said.contains("specversion") {
                break;
            }
        }
    }
    until("ten in a row see the place", async || {
        (0..10).all(|_| place.run(&["timeline", &woman]).contains("Eksempelby"))
    })
    .await;
    assert_eq!(place.course(&woman), course);
    until("people's stream is people's", async || place.start(&["verify"]).code == Some(0)).await;
    assert_eq!(running.stop(), Some(0));
}
