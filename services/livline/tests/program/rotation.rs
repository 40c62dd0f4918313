//! A new master key, beside services that go on working, stopped in the middle.

use crate::{
    backup::{Drill, PLACE, Staff, found, moving},
    livline::{Livline, until, woman_of},
    refused,
};
use ::livline::cluster::Which;
use engine::keys::{FileMasterKey, MasterKey};
use sqlx::{Connection, PgConnection, Postgres, Transaction};
use std::fs;

/// As many keys as ten thousand women have, so that there is a middle.
const MANY: usize = 30_000;

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_wrapped_anew_beside_everything() {
    let drill = Drill::new();
    let place = &drill.place;
    refused(&place.start(&["keys", "rotate"]), "`livline up` is not running on the data folder");
    let running = place.up(&[]);
    let staff = Staff(place);
    staff.log("housing", "Asta", &moving()).await;
    let events = drill.settled().await;
    let course = place.course(&woman_of("Asta"));
    assert!(course.contains(PLACE));
    let file = place.folder().join("keys/master");
    let (before, old) = (fs::read_to_string(&file).unwrap(), FileMasterKey::read(&file).unwrap());
    let mut keys = drill.connect(Which::Keys, "livline_keys").await;
    let wrapped: Vec<Vec<u8>> = sqlx::query_scalar("SELECT wrapped FROM data_keys").fetch_all(&mut keys).await.unwrap();
    fill(&mut keys, &old).await;
    let code = old.codes().remove(0);
    let said = place.run(&["keys", "status"]);
    assert!(said.contains(&format!("Master key     {code}")) && !said.contains("rotate"), "{said}");

    // Killed in the middle, with work going on all the while. It cannot come to its end before.
    let mut held = drill.connect(Which::Keys, "livline_keys").await;
    let last = hold_last(&mut held).await;
    let rotating = Livline::spawn(place, &["keys", "rotate"]);
    let mut names = (0..).map(|number| format!("Nr. {number}"));
    let mut anew = 0;
    until("some are wrapped anew", async || {
        anew = count(&mut keys, &code, false).await;
        anew > 0
    })
    .await;
    staff.log("housing", &names.next().unwrap(), &moving()).await;
    rotating.kill();
    last.rollback().await.unwrap();
    until("its session is over", async || {
        let sessions = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'";
        sqlx::query_scalar::<_, i64>(sessions).fetch_one(&mut keys).await.unwrap() == 0
    })
    .await;
    let left = count(&mut keys, &code, true).await;
    assert!(anew > 0 && left > 0, "{anew} {left}");
    let in_between = fs::read_to_string(&file).unwrap();
    assert!(in_between.starts_with(before.trim()) && in_between.lines().count() == 2);
    assert_eq!(place.course(&woman_of("Asta")), course);
    staff.log("housing", &names.next().unwrap(), &moving()).await;
    let said = place.eventually(&["keys", "status"], |said| said.contains(&code));
    assert!(said.contains("A rotation was begun and is not at its end"), "{said}");

    // Who begins in between reads the same; and the rotation goes on, by one at a time.
    assert_eq!(running.stop(), Some(0));
    let running = place.up(&[]);
    assert_eq!(place.course(&woman_of("Asta")), course);
    let mut keys = drill.connect(Which::Keys, "livline_keys").await;
    let mut held = drill.connect(Which::Keys, "livline_keys").await;
    let last = hold_last(&mut held).await;
    let rotating = Livline::spawn(place, &["keys", "rotate"]);
    rotating.wait_for("Going on with the rotation");
    refused(&place.start(&["keys", "rotate"]), "are being wrapped anew by another");
    staff.log("housing", &names.next().unwrap(), &moving()).await;
    last.rollback().await.unwrap();
    while count(&mut keys, &code, true).await > 0 {
        staff.log("housing", &names.next().unwrap(), &moving()).await;
    }
    rotating.wait_for("the old one is gone from");
    staff.log("housing", &names.next().unwrap(), &moving()).await;
    let after = fs::read_to_string(&file).unwrap();
    assert!(after.lines().count() == 1 && after.trim() != before.trim() && in_between.contains(after.trim()));
    assert_eq!(crate::livline::mode(&file), 0o600);
    assert_eq!(count(&mut keys, &code, true).await, 0);

    // Everything opens, with the new one alone, for those that ran all the while and for those that begin; and no event is another.
    assert_eq!(place.course(&woman_of("Asta")), course);
    assert_eq!(running.stop(), Some(0));
    let running = place.up(&[]);
    assert_eq!(place.course(&woman_of("Asta")), course);
    for name in (0..4).map(|number| format!("Nr. {number}")) {
        assert!(place.course(&woman_of(&name)).contains(PLACE), "{name}");
    }
    let now = drill.settled().await;
    assert!(events.iter().all(|(service, events)| now[service].starts_with(events)));
    let plain = |part: &&[u8]| !part.iter().any(|byte| matches!(byte, 0 | b'\n'));
    let pieces: Vec<Vec<u8>> =
        wrapped.iter().filter_map(|key| key.windows(16).find(plain)).map(<[u8]>::to_vec).collect();
    let cluster = Which::Keys.dir(place.folder());
    assert_eq!(found(&cluster, &pieces), 0, "what the old one wrapped is gone from the cluster's files");
    assert_eq!(running.stop(), Some(0));
}

/// How many keys are wrapped with the master key of this code, or with another.
async fn count(keys: &mut PgConnection, code: &str, with_it: bool) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM data_keys WHERE (master = $1) = $2")
        .bind(code)
        .bind(with_it)
        .fetch_one(keys)
        .await
        .unwrap()
}

/// Keeps the key that a rotation comes to last from being wrapped anew.
async fn hold_last(keys: &mut PgConnection) -> Transaction<'_, Postgres> {
    let mut transaction = keys.begin().await.unwrap();
    let last = "SELECT key_id FROM data_keys ORDER BY key_id DESC LIMIT 1 FOR UPDATE";
    sqlx::query(last).execute(&mut *transaction).await.unwrap();
    transaction
}

async fn fill(keys: &mut PgConnection, master: &FileMasterKey) {
    let code = master.codes().remove(0);
    let (mut ids, mut subjects, mut wrapped) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..MANY {
        let (id, subject) = (engine::clock::random_id(), engine::clock::random_id());
        let place = [id.as_bytes().as_slice(), subject.as_bytes(), b"personal"].concat();
        wrapped.push(master.wrap(&code, &place, &[7; 32]).unwrap());
        ids.push(id);
        subjects.push(subject);
    }
    sqlx::query(
        "INSERT INTO data_keys (key_id, subject, class, wrapped, master)
         SELECT id, subject, 'personal', wrapped, $4 FROM unnest($1::uuid[], $2::uuid[], $3::bytea[]) AS n(id, subject, wrapped)",
    )
    .bind(ids)
    .bind(subjects)
    .bind(wrapped)
    .bind(code)
    .execute(keys)
    .await
    .unwrap();
}
