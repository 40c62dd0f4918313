//! A data folder as it was before the keys had a cluster of their own.

use crate::{livline::Place, refused, woman};
use ::livline::cluster::{DataFolder, Postgres, Which, programs::PostgresPrograms};
use serde_json::json;
use sqlx::{Connection, PgConnection};
use std::{
    fs,
    process::{Command, Stdio},
};

const KEYS: &str = "livline_keys";

#[tokio::test]
async fn keys_that_lay_with_the_data_are_moved_once() {
    let place = Place::new();
    let running = place.up(&[]);
    let case = place.case("housing", &place.registered("woman").await, "open").await;
    let need = json!({ "facts": { "excluded_municipalities": ["Eksempelby"] } });
    place.post("housing", &format!("cases/{case}/assess-need"), "need", &need).await;
    let course = place.eventually(&["timeline", &woman()], |course| course.contains("Eksempelby"));
    assert_eq!(running.stop(), Some(0));
    let keys = as_it_was(&place, true).await;
    assert!(keys.lines().count() > 3, "{keys}");

    let running = place.up(&[]);
    assert!(running.said().contains("moved to a cluster of their own"), "{}", running.said());
    assert_eq!(place.course(&woman()), course);
    assert_eq!(fs::read_to_string(place.folder().join("format")).unwrap(), "4\n");
    no_backup_has_keys_with_the_data(&place).await;
    assert_eq!(running.stop(), Some(0));

    // Killed while they were taken away: what is left goes, and what was copied is what counts.
    let running = place.up(&[]);
    assert_eq!(place.course(&woman()), course);
    assert_eq!(running.stop(), Some(0));
    assert_eq!(moved(&place).await, keys);

    // Killed while copying: the copy is begun afresh, whatever there is of it.
    assert_eq!(as_it_was(&place, false).await, keys);
    let running = place.up(&[]);
    assert_eq!(place.course(&woman()), course);
    assert_eq!(running.stop(), Some(0));

    // Killed after it: what was copied is what counts.
    fs::write(place.folder().join("format"), "1\n").unwrap();
    let running = place.up(&[]);
    assert_eq!(place.course(&woman()), course);
    assert_eq!(running.stop(), Some(0));
    assert_eq!(moved(&place).await, keys);

    // An earlier version was killed while it took them away: they had arrived, and nobody touches them.
    half_gone(&place, &[]).await;
    let running = place.up(&[]);
    assert_eq!(place.course(&woman()), course);
    assert_eq!(running.stop(), Some(0));
    assert_eq!(moved(&place).await, keys);

    // And where they have not, what is left stays.
    half_gone(&place, &["ALTER DATABASE livline_keys RENAME TO elsewhere"]).await;
    for _ in 0..2 {
        refused(&place.start_up(&[]), "Nothing was taken away.");
    }
}

/// While they are moved, or what is left of them is taken away.
async fn no_backup_has_keys_with_the_data(place: &Place) {
    let identity = |name: &str| {
        let file = place.folder().with_file_name(name);
        place.run(&["backup", "--new-identity", file.to_str().unwrap()]).trim().to_owned()
    };
    let (recipient, keys_recipient) = (identity("identity"), identity("keys-identity"));
    let to = place.folder().with_file_name("backup");
    let to = to.to_str().unwrap();
    let backup = ["backup", "--to", to, "--recipient", &recipient, "--keys-recipient", &keys_recipient];
    let sentence = "are still with the data";
    fs::write(place.folder().join("format"), "1\n").unwrap();
    refused(&place.start(&backup), sentence);
    fs::write(place.folder().join("format"), "2\n").unwrap();
    let mut connection = PgConnection::connect(&place.admin("postgres")).await.unwrap();
    sqlx::raw_sql("CREATE DATABASE livline_keys").execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    refused(&place.start(&backup), sentence);
    assert!(!fs::exists(to).unwrap());
}

/// Makes the folder one that an earlier version left in the middle of taking the keys away from the data.
async fn half_gone(place: &Place, to_the_keys: &[&str]) {
    let folder = DataFolder::open(Some(place.folder())).unwrap();
    let data = Postgres::start(&folder, 0).await.unwrap();
    let keys = Postgres::start_keys(&folder, 0).await.unwrap();
    run(&data, "postgres", "CREATE DATABASE livline_keys").await;
    run(&data, "postgres", "UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'livline_keys'").await;
    for statement in to_the_keys {
        run(&keys, "postgres", statement).await;
    }
    data.stop().await.unwrap();
    keys.stop().await.unwrap();
    fs::write(place.folder().join("format"), "1\n").unwrap();
}

/// Makes the folder one of format 1, and tells its keys. `clean`: nothing is left of the cluster for keys; else half a copy is.
async fn as_it_was(place: &Place, clean: bool) -> String {
    let folder = DataFolder::open(Some(place.folder())).unwrap();
    let data = Postgres::start(&folder, 0).await.unwrap();
    let keys = Postgres::start_keys(&folder, 0).await.unwrap();
    run(&data, "postgres", "CREATE DATABASE livline_keys").await;
    let programs = PostgresPrograms::find().unwrap();
    let dump = Command::new(programs.program("pg_dump")).arg(keys.admin_url(KEYS)).output().unwrap();
    let file = place.folder().with_file_name("dump.sql");
    fs::write(&file, dump.stdout).unwrap();
    let mut psql = Command::new(programs.program("psql"));
    psql.args([&data.admin_url(KEYS), "-v", "ON_ERROR_STOP=1", "-qf"]).arg(&file).stdout(Stdio::null());
    assert!(psql.status().unwrap().success());
    let told = all(&data).await;
    assert_eq!(told, all(&keys).await);
    run(
        &keys,
        KEYS,
        "DELETE FROM data_keys; INSERT INTO tombstones (subject, class) VALUES (gen_random_uuid(), 'other')",
    )
    .await;
    data.stop().await.unwrap();
    keys.stop().await.unwrap();
    if clean {
        fs::remove_dir_all(Which::Keys.dir(folder.path())).unwrap();
    }
    fs::write(place.folder().join("format"), "1\n").unwrap();
    told
}

/// The keys, where they belong, and nowhere else.
async fn moved(place: &Place) -> String {
    let folder = DataFolder::open(Some(place.folder())).unwrap();
    let data = Postgres::start(&folder, 0).await.unwrap();
    let keys = Postgres::start_keys(&folder, 0).await.unwrap();
    let mut connection = PgConnection::connect(&data.admin_url("postgres")).await.unwrap();
    let there: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(KEYS)
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert!(!there, "they are still with the data");
    connection.close().await.unwrap();
    let told = all(&keys).await;
    data.stop().await.unwrap();
    keys.stop().await.unwrap();
    told
}

async fn all(cluster: &Postgres) -> String {
    let mut connection = PgConnection::connect(&cluster.admin_url(KEYS)).await.unwrap();
    let rows = "SELECT string_agg(row, E'\\n' ORDER BY row) FROM (
        SELECT 'k' || k::text AS row FROM data_keys k UNION ALL SELECT 't' || t::text FROM tombstones t
        UNION ALL SELECT 'g' || g::text FROM grants g UNION ALL SELECT 'm' || m::text FROM master_check m) all_of_it";
    sqlx::query_scalar(rows).fetch_one(&mut connection).await.unwrap()
}

async fn run(cluster: &Postgres, database: &str, statements: &str) {
    let mut connection = PgConnection::connect(&cluster.admin_url(database)).await.unwrap();
    sqlx::raw_sql(statements).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}
