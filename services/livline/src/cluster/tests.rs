//! The module with real processes, each test in a folder of its own.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use futures::StreamExt;
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

use super::*;

/// User postgres must be able to enter it.
fn temporary() -> TempDir {
    tempfile::Builder::new().prefix("livline-").permissions(Permissions::from_mode(0o755)).tempdir().expect("a folder")
}

fn open(place: &TempDir) -> DataFolder {
    DataFolder::open(Some(&place.path().join("data"))).expect("the folder opens")
}

fn mode(path: &Path) -> u32 {
    path.metadata().expect("it is there").permissions().mode() & 0o777
}

async fn ask(postgres: &Postgres, query: &str) -> String {
    let mut connection = PgConnection::connect(&postgres.admin_url("postgres")).await.expect("it accepts connections");
    sqlx::query_scalar(query).fetch_one(&mut connection).await.expect("an answer")
}

async fn run(postgres: &Postgres, statement: &str) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(&postgres.admin_url("postgres")).await?;
    sqlx::raw_sql(statement).execute(&mut connection).await.map(|_| ())
}

/// A session that computes for minutes; here once it does.
async fn busy(postgres: &Postgres) -> tokio::task::JoinHandle<std::io::Result<std::process::Output>> {
    let mut psql = tokio::process::Command::new(programs::PostgresPrograms::find().expect("found").program("psql"));
    psql.arg(postgres.admin_url("postgres")).args(["-c", "select count(*) from generate_series(1, 1e10) as busy"]);
    let running = tokio::spawn(psql.output());
    let seen =
        "select exists (select from pg_stat_activity where pid <> pg_backend_pid() and query like '%as busy')::text";
    while ask(postgres, seen).await != "true" {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    running
}

#[test]
fn a_second_livline_is_refused_until_the_first_ends() {
    let place = temporary();
    let first = open(&place);
    let refused = DataFolder::open(Some(first.path())).expect_err("it is held").to_string();
    assert_eq!(refused, format!("Livline is already running on the data folder {}.", first.path().display()));
    drop(first);
    open(&place);
}

#[test]
fn a_format_is_written_and_a_newer_one_refused() {
    let place = temporary();
    let format = open(&place).path().join("format");
    assert_eq!(std::fs::read_to_string(&format).expect("a format"), "4\n");
    for (content, sentence) in [
        ("5\n", "holds data of a newer version (format 5, this program knows 4)."),
        ("one", "as a whole number, and does not."),
    ] {
        std::fs::write(&format, content).expect("written");
        let refused = DataFolder::open(format.parent()).expect_err("it is not ours").to_string();
        assert!(refused.ends_with(sentence), "{refused}");
    }
}

#[test]
fn secrets_stay_and_are_for_us_alone() {
    let place = temporary();
    let folder = open(&place);
    let secret = folder.secret("a").expect("a secret");
    assert_eq!(secret.len(), 43);
    assert_eq!(folder.secret("a").expect("the same"), secret);
    assert_ne!(folder.secret("b").expect("another"), secret);
    assert_eq!((mode(&folder.secrets_dir()), mode(&folder.secrets_dir().join("a"))), (0o700, 0o600));
    drop(folder);
    assert_eq!(open(&place).secret("a").expect("still the same"), secret);
}

#[test]
fn a_folder_that_user_postgres_cannot_reach_is_put_elsewhere() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let place = tempfile::Builder::new().permissions(Permissions::from_mode(0o700)).tempdir().expect("a folder");
    let asked = place.path().join("data");
    let folder = DataFolder::open(Some(&asked)).expect("the folder opens");
    assert_eq!(folder.moved(), Some(asked.as_path()));
    assert_eq!(folder.path().parent(), Some(Path::new("/var/lib/livline")));
    assert!(!asked.exists());
    std::fs::remove_dir_all(folder.path()).expect("removed");
}

#[tokio::test]
async fn postgres_keeps_its_data_and_tells_its_log_nothing() {
    let place = temporary();
    let folder = open(&place);
    std::fs::create_dir(folder.path().join("postgres.new")).expect("what a killed creation leaves");
    std::fs::write(folder.path().join("postgres.new/PG_VERSION"), "15\n").expect("written");

    let mut postgres = Postgres::start(&folder, 0).await.expect("it starts");
    run(&postgres, "create table t (name text unique); insert into t values ('Karen Blixen')").await.expect("created");
    run(&postgres, "insert into t values ('Karen Blixen')").await.expect_err("the name is taken");
    run(&postgres, "select 'Karen Blixen'::int").await.expect_err("not a number");
    assert_eq!(
        ask(&postgres, "select current_setting('data_checksums') || current_setting('server_encoding')").await,
        "onUTF8"
    );

    postgres.restart().await.expect("it starts again");
    assert_eq!(ask(&postgres, "select name from t").await, "Karen Blixen");

    let port = postgres.port();
    postgres.stop().await.expect("it stops");
    let postgres = Postgres::start(&folder, port).await.expect("it starts with the port it had");
    assert_eq!(ask(&postgres, "select name from t").await, "Karen Blixen");
    postgres.stop().await.expect("it stops");

    let log = std::fs::read_to_string(folder.path().join("postgres.log")).expect("a log");
    assert!(log.contains("ready to accept connections") && !log.contains("Karen"), "{log}");
    assert!(!folder.path().join("postgres.password").exists());
    assert!(!folder.path().join("postgres.new").exists());
}

#[tokio::test]
async fn postgres_recovers_when_killed_and_is_taken_over_when_left() {
    let place = temporary();
    let folder = open(&place);
    let mut postgres = Postgres::start(&folder, 0).await.expect("it starts");
    let port = postgres.port();
    run(&postgres, "create table t as select 'kept' as word").await.expect("created");

    postgres.kill().await.expect("killed");
    assert!(ports::is_free(port));
    assert_eq!(postgres.pid(), None);
    assert!(matches!(postgres.exited().await, ClusterError::Exited { .. }));
    postgres.start_again().await.expect("it recovers");
    assert_eq!(ask(&postgres, "select word from t").await, "kept");

    // As when we are killed: nobody stops it, nobody reaps it.
    let left = postgres.pid();
    std::mem::forget(postgres);
    let postgres = Postgres::start(&folder, port).await.expect("it starts in the place of the one left");
    assert_ne!(postgres.pid(), left);
    assert_eq!(ask(&postgres, "select word from t").await, "kept");

    // As when the system ends the postmaster for its memory: a backend that computes does not notice.
    let busy = busy(&postgres).await;
    let pid = postgres.pid().and_then(|pid| rustix::process::Pid::from_raw(pid.cast_signed())).expect("it runs");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("killed");
    let postgres = Postgres::start(&folder, port).await.expect("it starts though a backend computes");
    assert!(!busy.await.expect("it ended").expect("psql ran").status.success());

    // Our own number in its pid file, as after the restart of a container.
    postgres.stop().await.expect("it stops");
    std::fs::write(folder.postgres_dir().join("postmaster.pid"), format!("{}\n", std::process::id())).expect("written");
    let postgres = Postgres::start(&folder, port).await.expect("it starts");
    postgres.stop().await.expect("it stops");

    std::fs::write(folder.secrets_dir().join("postgres-admin"), "another").expect("written");
    let refused = Postgres::start(&folder, port).await.expect_err("the password is another").to_string();
    assert!(refused.starts_with("PostgreSQL does not accept the password in"), "{refused}");
}

#[tokio::test]
async fn the_cluster_of_the_keys_is_one_of_its_own() {
    let place = temporary();
    let folder = open(&place);
    assert!(Which::Keys.running(folder.path()).is_none());
    let data = Postgres::start(&folder, 0).await.expect("it starts");
    let keys = Postgres::start_keys(&folder, 0).await.expect("it starts beside it");
    run(&keys, "create table t as select 'kept' as word").await.expect("created");
    run(&data, "select from t").await.expect_err("the data have no such table");
    for (which, cluster) in [(Which::Data, &data), (Which::Keys, &keys)] {
        let running = which.running(folder.path()).expect("it runs");
        assert_eq!(running.admin_url("postgres"), cluster.admin_url("postgres"));
    }
    let other = folder.secret(Which::Data.secret()).expect("a secret");
    assert!(!keys.admin_url("postgres").contains(&other), "whoever has the one password has not the other");

    // Taking over what was left of the one leaves the other alone.
    let (port, pid) = (keys.port(), data.pid());
    std::mem::forget(keys);
    let keys = Postgres::start_keys(&folder, port).await.expect("it starts in the place of the one left");
    assert_eq!((ask(&keys, "select word from t").await.as_str(), data.pid()), ("kept", pid));
    assert_eq!(ask(&data, "select 'it runs'").await, "it runs");
    data.stop().await.expect("it stops");
    keys.stop().await.expect("it stops");
}

#[tokio::test]
async fn a_restore_has_a_folder_of_its_own_until_it_ends() {
    let place = temporary();
    let path = place.path().join("data");
    drop(open(&place));
    let refused = DataFolder::open_for_restore(&path).await.expect_err("it is in use").to_string();
    assert_eq!(refused, format!("{} is not empty: a restore needs a folder of its own.", path.display()));
    std::fs::remove_dir_all(&path).expect("removed");
    std::fs::create_dir(&path).and_then(|()| std::fs::write(path.join("lock"), "")).expect("held once, and no more");

    let folder = DataFolder::open_for_restore(&path).await.expect("it is empty");
    std::fs::create_dir(folder.postgres_dir()).expect("half a cluster");
    drop(folder);
    let refused = DataFolder::open(Some(&path)).expect_err("half of it is there").to_string();
    assert!(refused.contains("is being restored, or a restore into it was interrupted"), "{refused}");
    let folder = DataFolder::open_for_restore(&path).await.expect("it begins afresh");
    assert!(!folder.postgres_dir().exists());
    folder.restored().expect("it ends");
    drop(folder);
    open(&place);
}

/// Begins to make a cluster and ends it soon, twice. Where we were held up, it may be there: then it was not interrupted.
async fn interrupted(folder: &DataFolder) -> bool {
    for after in [50, 150] {
        let started = tokio::time::timeout(Duration::from_millis(after), Postgres::start(folder, 0)).await;
        if started.is_ok() || folder.postgres_dir().exists() {
            return false;
        }
    }
    true
}

#[tokio::test]
async fn an_interrupted_creation_starts_over() {
    let mut again = 0..10;
    let (_place, folder) = loop {
        assert!(again.next().is_some(), "none was interrupted");
        let place = temporary();
        let folder = open(&place);
        if interrupted(&folder).await {
            break (place, folder);
        }
    };
    let postgres = tokio::spawn(async move { Postgres::start(&folder, 0).await }).await.expect("it can be spawned");
    postgres.expect("it starts").stop().await.expect("it stops");
}

#[tokio::test]
async fn a_port_in_use_and_a_server_that_fails_are_told_in_a_sentence() {
    let place = temporary();
    let folder = open(&place);
    let stranger = std::net::TcpListener::bind("127.0.0.1:0").expect("a listener");
    let port = stranger.local_addr().expect("an address").port();
    let refused = Postgres::start(&folder, port).await.expect_err("the port is taken").to_string();
    assert_eq!(refused, format!("Port {port} on 127.0.0.1, meant for PostgreSQL, is used by another program."));
    let refused = Nats::start(&folder, port, &[]).await.expect_err("the port is taken").to_string();
    assert_eq!(refused, format!("Port {port} on 127.0.0.1, meant for NATS, is used by another program."));
    std::fs::create_dir(folder.postgres_dir()).expect("a folder that is no cluster");
    let refused = Postgres::start(&folder, 0).await.expect_err("it is no cluster").to_string();
    assert!(refused.starts_with("PostgreSQL stopped by itself") && refused.contains("postgres.log"), "{refused}");
}

fn user(name: &str, publish: &[&str], subscribe: &[&str]) -> NatsUser {
    let list = |subjects: &[&str]| subjects.iter().map(ToString::to_string).collect();
    NatsUser {
        name: name.into(),
        password: format!("\"{name}\" $x"),
        publish: list(publish),
        subscribe: list(subscribe),
    }
}

async fn connect(nats: &Nats, user: &NatsUser) -> async_nats::Client {
    let options = async_nats::ConnectOptions::with_user_and_password(user.name.clone(), user.password.clone());
    options.connect(nats.url()).await.expect("it accepts the user")
}

#[tokio::test]
async fn nats_lets_users_do_what_they_may() {
    let place = temporary();
    let folder = open(&place);
    let users = [user("desk", &["fact.>", "$JS.API.>"], &["_INBOX.>"]), user("reader", &[], &["fact.>"])];
    let mut nats = Nats::start(&folder, 0, &users).await.expect("it starts");
    assert_eq!(mode(&folder.path().join("nats.conf")), 0o600);
    let anonymous = async_nats::connect(nats.url()).await;
    assert!(anonymous.is_err(), "nobody connects without a name");

    let [desk, reader] = [connect(&nats, &users[0]).await, connect(&nats, &users[1]).await];
    let mut heard = reader.subscribe("fact.>").await.expect("it may");
    reader.publish("fact.forged", "1".into()).await.expect("refused only at the server");
    desk.publish("other", "2".into()).await.expect("refused only at the server");
    // Nothing tells when the server has the subscription: say it until it is heard.
    let repeating = async {
        loop {
            desk.publish("fact.true", "3".into()).await.expect("sent");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let first = tokio::select! { first = heard.next() => first, () = repeating => None }.expect("a message");
    assert_eq!(first.subject.as_str(), "fact.true");

    let jetstream = async_nats::jetstream::new(desk.clone());
    let stream = async_nats::jetstream::stream::Config {
        name: "F".into(),
        subjects: vec!["fact.>".into()],
        ..Default::default()
    };
    jetstream.create_stream(stream).await.expect("created");
    jetstream.publish("fact.true", "4".into()).await.expect("sent").await.expect("stored");
    assert!(nats.store_dir().join("jetstream").is_dir());

    nats.kill().await.expect("killed");
    assert!(matches!(nats.exited().await, ClusterError::Exited { .. }));
    nats.start_again().await.expect("it starts again");
    let left = nats.pid();
    let port = nats.port();
    std::mem::forget(nats);
    let mut nats = Nats::start(&folder, port, &users).await.expect("it starts in the place of the one left");
    assert_ne!(nats.pid(), left);
    nats.restart().await.expect("it stops and starts");
    let jetstream = async_nats::jetstream::new(connect(&nats, &users[0]).await);
    let mut stream = jetstream.get_stream("F").await.expect("it is kept");
    assert_eq!(stream.info().await.expect("known").state.messages, 1);
    nats.stop().await.expect("it stops");
}
