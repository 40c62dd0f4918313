//! Who was erased stays erased, whichever backup comes back; and keys that were wrapped anew open with what the backup holds.

use crate::{
    backup::{Drill, PLACE, Staff, found, moving},
    livline::woman_of,
};
use ::livline::cluster::Which;
use std::{fs, path::Path, process::Command};

/// As far as an erasure knows the vault of people.
const VAULT: &str =
    "CREATE TABLE vault (reference uuid PRIMARY KEY DEFAULT gen_random_uuid(), woman uuid NOT NULL, child uuid)";

#[tokio::test]
async fn nobody_erased_comes_back_with_an_older_backup() {
    let drill = Drill::new();
    let place = &drill.place;
    let (recipient, keys_recipient) = drill.recipients();
    let to = drill.backup.to_str().unwrap();
    let running = place.up(&[]);
    let staff = Staff(place);
    for name in ["Asta", "Bodil"] {
        staff.log("housing", name, &moving()).await;
    }
    let mut housing = drill.connect(Which::Data, "livline_housing").await;
    sqlx::raw_sql(VAULT).execute(&mut housing).await.unwrap();
    for name in ["Asta", "Bodil"] {
        let kept = format!("INSERT INTO vault (woman) VALUES ('{}')", woman_of(name));
        sqlx::raw_sql(&kept).execute(&mut housing).await.unwrap();
    }
    let events = drill.settled().await;
    drill.backup(&["--to", to, "--recipient", &recipient, "--keys-recipient", &keys_recipient]);
    let older = drill.backup.with_file_name("older");
    copy(&drill.backup, &older);
    let mut keys = drill.connect(Which::Keys, "livline_keys").await;
    let hers = format!("SELECT wrapped FROM data_keys WHERE subject = '{}'", woman_of("Asta"));
    let wrapped: Vec<Vec<u8>> = sqlx::query_scalar(&hers).fetch_all(&mut keys).await.unwrap();
    assert!(wrapped.len() >= 2);

    let erasing = format!("SELECT erase('{}', 'woman', now())", woman_of("Asta"));
    sqlx::raw_sql(&erasing).execute(&mut keys).await.unwrap();
    let destroyed = "SELECT subject::text, destroyed FROM erasures";
    let ledger: Vec<(String, time::OffsetDateTime)> = sqlx::query_as(destroyed).fetch_all(&mut keys).await.unwrap();
    let said = place.run(&["keys", "rotate"]);
    assert!(said.contains("keys are wrapped with the new master key"), "{said}");
    staff.open("housing", "Clara").await;
    // Into the chain that began before both.
    assert!(!drill.backup(&[]).contains("a whole copy"));
    let ledgers = |place: &Path| -> Vec<String> {
        let entries = fs::read_dir(place.join("ledger")).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let counts =
        |place: &Path| ledgers(place).iter().map(|name| name.split('-').next().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!((counts(&older), counts(&drill.backup)), (vec!["0".to_owned()], vec!["1".to_owned()]));
    assert_eq!(found(&drill.backup, &[woman_of("Asta").into_bytes()]), 0, "it tells nobody who was erased");
    drill.backup(&["--check"]);
    drop((housing, keys));
    drill.lose_everything(running).await;

    // The data and the keys of before, the ledger of a later run.
    copy(&drill.backup.join("ledger"), &older.join("ledger"));
    let said = place.run(&from(&drill, &older));
    assert!(said.contains("erased        1; of 1 keys had come back, and were destroyed again"), "{said}");
    let running = place.up(&[]);
    assert_eq!(drill.settled().await, events);
    nothing_of_her_is_there(&drill, &wrapped).await;
    let mut keys = drill.connect(Which::Keys, "livline_keys").await;
    let again: Vec<(String, time::OffsetDateTime)> = sqlx::query_as(destroyed).fetch_all(&mut keys).await.unwrap();
    assert_eq!(again, ledger, "the day on which she was erased stays what it was");
    drop(keys);
    drill.lose_everything(running).await;

    // The data of before, with the keys as they were last: her keys are not in them, and what the vault has of her goes all the same.
    let moment = events_end(&drill);
    let said = place.run(&[&from(&drill, &drill.backup)[..], &["--to", &moment]].concat());
    assert!(said.contains("erased        1, and nothing of them came back"), "{said}");
    let running = place.up(&[]);
    nothing_of_her_is_there(&drill, &wrapped).await;
    assert_eq!(running.stop(), Some(0));
}

/// The moment at which the first whole copies were complete.
fn events_end(drill: &Drill) -> String {
    let chain = ::livline::backup::place::chains(&drill.backup, Which::Data).unwrap().remove(0);
    chain.manifest.from.format(&time::format_description::well_known::Rfc3339).unwrap()
}

async fn nothing_of_her_is_there(drill: &Drill, wrapped: &[Vec<u8>]) {
    let course = |name: &str| drill.place.course(&woman_of(name));
    let (hers, anothers) = (course("Asta"), course("Bodil"));
    assert!(hers.contains("Slettet") && !hers.contains(PLACE), "{hers}");
    assert!(anothers.contains(PLACE), "{anothers}");
    let mut keys = drill.connect(Which::Keys, "livline_keys").await;
    let left = format!("SELECT count(*) FROM data_keys WHERE subject = '{}'", woman_of("Asta"));
    let left: i64 = sqlx::query_scalar(&left).fetch_one(&mut keys).await.unwrap();
    assert_eq!(left, 0);
    let plain = |part: &&[u8]| !part.iter().any(|byte| matches!(byte, 0 | b'\n'));
    let pieces: Vec<Vec<u8>> =
        wrapped.iter().filter_map(|key| key.windows(16).find(plain)).map(<[u8]>::to_vec).collect();
    assert!(!pieces.is_empty());
    assert_eq!(found(&Which::Keys.dir(drill.place.folder()), &pieces), 0);
    let mut housing = drill.connect(Which::Data, "livline_housing").await;
    let vault: Vec<String> = sqlx::query_scalar("SELECT woman::text FROM vault").fetch_all(&mut housing).await.unwrap();
    assert_eq!(vault, [woman_of("Bodil")]);
}

fn from<'a>(drill: &'a Drill, backup: &'a Path) -> Vec<&'a str> {
    let mut arguments = drill.restore_arguments(drill.place.folder(), &[]);
    let at = arguments.iter().position(|argument| *argument == "--from").unwrap() + 1;
    arguments[at] = backup.to_str().unwrap();
    arguments
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").args(["-rT"]).args([from, to]).status().unwrap();
    assert!(copied.success());
}
