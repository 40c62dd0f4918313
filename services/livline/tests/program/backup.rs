//! A drill: everything is lost, and comes back from the backup as it was at a moment.

use crate::{
    livline::{Livline, PAUSE, Place, kill, mode, until, woman_of as woman},
    refused,
};
use ::livline::{
    backup::{
        self,
        place::{self, Chain},
    },
    cluster::{
        DataFolder, Which,
        programs::{POSTGRES_VARIABLE, PostgresPrograms},
    },
    services::{self, Kind},
};
use kit::Policy;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    os::unix::{ffi::OsStrExt, fs::symlink},
    path::{Path, PathBuf},
    process::Command,
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

pub(crate) const PLACE: &str = "Kanariby";
const SECRET: &str = "kanarie-fortrolig";

/// What the drill is about: the data folder, the backup, the two identities.
pub(crate) struct Drill {
    pub(crate) place: Place,
    pub(crate) backup: PathBuf,
    identity: PathBuf,
    keys_identity: PathBuf,
}

/// What is compared: every event of every service, and what the women's pages say.
pub(crate) type Events = BTreeMap<&'static str, Vec<(i64, String)>>;
type Courses = Vec<Value>;

/// Somebody who works at a centre.
pub(crate) struct Staff<'a>(pub(crate) &'a Place);

impl Staff<'_> {
    pub(crate) async fn open(&self, service: &str, name: &str) -> String {
        let woman = self.0.registered(name).await;
        self.0.case(service, &woman, &format!("open {service} for {name}")).await
    }

    /// She has lived at the centre, and moves into a home of her own.
    async fn moves(&self, name: &str) -> Vec<Value> {
        let woman = self.0.registered(name).await;
        let of_people = async |action: &str| {
            let (path, key) = (format!("women/{woman}/{action}"), format!("{action} for {name}"));
            self.0.post("people", &path, &key, &json!({})).await
        };
        let began = of_people("start-stay").await;
        let mut answers = self.log("housing", name, &moving()).await;
        answers.extend([began, of_people("end-stay").await]);
        answers
    }

    /// What a woman's course is made of, a case in one service.
    pub(crate) async fn log(&self, service: &str, name: &str, actions: &[(&str, Value)]) -> Vec<Value> {
        let case = self.open(service, name).await;
        let mut answers = Vec::new();
        for (action, body) in actions {
            let key = format!("{action} for {name}");
            answers.push(self.0.post(service, &format!("cases/{case}/{action}"), &key, body).await);
        }
        answers
    }
}

/// Two alerts and an offer of aftercare follow from it, once her stay ends.
pub(crate) fn moving() -> Vec<(&'static str, Value)> {
    let need = json!({ "facts": { "persons": 3, "excluded_municipalities": [PLACE] }, "note": SECRET });
    let nothing = json!({ "facts": {} });
    vec![("assess-need", need), ("sign-lease", nothing.clone()), ("move-in", nothing)]
}

fn breach() -> Vec<(&'static str, Value)> {
    let order = json!({ "facts": { "order": woman("order"), "until": "2099-01-01" } });
    vec![("issue-restraining-order", order), ("report-order-breach", json!({ "facts": {} }))]
}

impl Drill {
    pub(crate) fn new() -> Self {
        let place = Place::new();
        let beside = |name: &str| place.folder().with_file_name(name);
        Self { backup: beside("backup"), identity: beside("identity"), keys_identity: beside("keys-identity"), place }
    }

    /// Makes the identities.
    pub(crate) fn recipients(&self) -> (String, String) {
        let make = |file: &Path| self.place.run(&["backup", "--new-identity", file.to_str().unwrap()]);
        let [data, keys] = [&self.identity, &self.keys_identity].map(|file| make(file).trim().to_owned());
        (data, keys)
    }

    pub(crate) fn backup(&self, more: &[&str]) -> String {
        self.place.run(&[&["backup"], more].concat())
    }

    pub(crate) fn restore_arguments<'a>(&'a self, folder: &'a Path, more: &[&'a str]) -> Vec<&'a str> {
        let offset: &'static str = self.place.offset().to_string().leak();
        let [from, one, two, data] =
            [&self.backup, &self.identity, &self.keys_identity, folder].map(|path| path.to_str().unwrap());
        let usual = ["restore", "--offset", offset, "--data", data, "--from", from, "--identity", one];
        [&usual, &["--keys-identity", two] as &[&str], more].concat()
    }

    pub(crate) async fn connect(&self, which: Which, database: &str) -> PgConnection {
        let running = which.running(self.place.folder()).unwrap();
        PgConnection::connect(&running.admin_url(database)).await.unwrap()
    }

    async fn events(&self) -> Events {
        let mut all = Events::new();
        for service in services::all().into_iter().filter(|service| service.kind == Kind::Domain) {
            let mut connection = self.connect(Which::Data, &service.database()).await;
            let events = sqlx::query_as("SELECT number, body::text FROM events ORDER BY number");
            all.insert(service.name, events.fetch_all(&mut connection).await.unwrap());
        }
        all
    }

    /// Until everything that follows has followed, and everybody has heard of it. Who has no place yet hears nothing of what is before.
    pub(crate) async fn settled(&self) -> Events {
        until("everybody has heard of everything", async || {
            let mut progress: Vec<(String, String, i64)> = Vec::new();
            for service in services::all() {
                let mut connection = self.connect(Which::Data, &service.database()).await;
                let rows = sqlx::query_as("SELECT service, epoch::text, number FROM progress");
                progress.extend(rows.fetch_all(&mut connection).await.unwrap());
            }
            let (epochs, events) = (self.epochs().await, self.events().await);
            let in_front = |(service, epoch, number): &(String, String, i64)| {
                let service = service.as_str();
                epochs[service] == *epoch && events[service].len() == usize::try_from(*number).unwrap()
            };
            progress.len() == readings() && progress.iter().all(in_front)
        })
        .await;
        self.events().await
    }

    fn courses(&self, names: &[&str]) -> Courses {
        // Until the timeline has heard how far people is, it hides places.
        let whole = |said: &str| said.contains("entries") && !said.contains("\"masked\": true");
        let course = |name: &&str| self.place.eventually(&["timeline", &woman(name), "--json"], whole);
        names.iter().map(|name| serde_json::from_str(&course(name)).unwrap()).collect()
    }

    async fn now(&self) -> OffsetDateTime {
        let mut connection = self.connect(Which::Data, "postgres").await;
        sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(&mut connection).await.unwrap()
    }

    async fn epochs(&self) -> BTreeMap<&'static str, String> {
        let mut epochs = BTreeMap::new();
        for service in services::all().into_iter().filter(|service| service.kind == Kind::Domain) {
            let mut connection = self.connect(Which::Data, &service.database()).await;
            let epoch = sqlx::query_scalar("SELECT epoch::text FROM epochs ORDER BY ordinal DESC LIMIT 1");
            epochs.insert(service.name, epoch.fetch_one(&mut connection).await.unwrap());
        }
        epochs
    }

    /// As when the machine is gone.
    pub(crate) async fn lose_everything(&self, running: Livline) {
        running.kill();
        for which in Which::BOTH {
            let file = which.dir(self.place.folder()).join("postmaster.pid");
            kill(fs::read_to_string(file).unwrap().lines().next().unwrap().parse().unwrap());
        }
        kill(pid_of(&self.place.folder().join("nats.conf")).unwrap());
        // What the servers have started may write for a moment more.
        until("the folder is gone", async || {
            let _written_to_meanwhile = fs::remove_dir_all(self.place.folder());
            !self.place.folder().exists()
        })
        .await;
    }
}

/// How many readings there are: every policy's of whom it hears, people's of its own erasures, the timeline's of every domain, and every
/// service's of what access follows from.
fn readings() -> usize {
    fn of<P: Policy>() -> usize {
        P::HEARS.len()
    }
    of::<housing::policy::LapseOffers>()
        + of::<safety::policy::RaiseAlerts>()
        + of::<aftercare::policy::OfferAftercare>()
        + of::<aftercare::heard::KnowCourse>()
        + of::<people::policy::ReceiveRelocations>()
        + of::<people::heard::KnowProtection>()
        + 1
        + services::domains().len()
        + services::all().len() * kit::relation::HEARS.len()
}

/// Whoever was started with that file.
fn pid_of(file: &Path) -> Option<i32> {
    let numbers = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.into_iter().find(|pid: &i32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0).any(|part| part == file.as_os_str().as_bytes())
    })
}

#[tokio::test]
async fn everything_is_lost_and_comes_back_as_it_was() {
    let drill = Drill::new();
    let place = &drill.place;
    refused(&place.start(&["backup"]), "Say where the backup goes to, with --to.");
    let (recipient, keys_recipient) = drill.recipients();
    let to = drill.backup.to_str().unwrap();
    let usual = ["--to", to, "--recipient", &recipient, "--keys-recipient", &keys_recipient];
    refused(&place.start(&[&["backup"], &usual[..]].concat()), "`livline up` is not running on the data folder");

    let running = place.up(&[]);
    // Aftercare offers itself for what it hears of, and it begins with what comes.
    drill.settled().await;
    let staff = Staff(place);
    let first = staff.moves("Asta").await;
    let same = ["backup", "--to", to, "--recipient", &recipient, "--keys-recipient", &recipient];
    refused(&place.start(&same), "need recipients of their own");
    assert_eq!(drill.backup(&usual).matches("a whole copy was taken").count(), 2);
    assert!(place.run(&["backup"]).lines().count() == 2, "it knows the way by now");

    // The moment that is gone back to.
    staff.log("legal", "Bodil", &breach()).await;
    let events = drill.settled().await;
    let followed = |service: &str, event: &str| {
        let mark = format!("dk.livline.{service}.{event}.v");
        events[service].iter().filter(|(_, body)| body.contains(&mark)).count()
    };
    assert_eq!((followed("safety", "SafetyAlertRaised"), followed("aftercare", "AftercareOffered")), (3, 1));
    let courses = drill.courses(&["Asta", "Bodil"]);
    assert!(courses[0].to_string().contains(PLACE) && courses[0].to_string().contains(SECRET));
    let epochs = drill.epochs().await;
    let moment = drill.now().await.format(&Rfc3339).unwrap();

    // What comes later: in the backup, and not even there.
    let later = staff.open("housing", "Clara").await;
    staff.log("financial", "Asta", &[]).await;
    let latest = drill.settled().await;
    let wrapped = wrapped_keys(&drill).await;
    let said = drill.backup(&[]);
    assert!(said.starts_with("data: saved up to 2") && !said.contains("a whole copy"), "{said}");
    a_whole_copy_that_fails_leaves_nothing(&drill).await;
    refused(&place.start(&["backup", "--check"]), "The keys are saved up to 2");
    assert!(!drill.backup(&[]).contains("a whole copy"));
    staff.open("housing", "Dagny").await;
    assert!(drill.backup(&["--check"]).contains("all of it is as it was written"));
    nothing_in_it_tells_or_opens_anything(&drill, &wrapped);

    let secrets = fs::read_dir(place.folder().join("secrets")).unwrap().count();
    let integrity = fs::read(place.folder().join("keys/integrity")).unwrap();
    drill.lose_everything(running).await;
    what_cannot_be_restored_is_said(&drill);
    let to_the_moment = drill.restore_arguments(place.folder(), &["--to", &moment]);
    an_interrupted_restore_is_begun_afresh(&drill, &to_the_moment);
    let said = place.run(&to_the_moment);
    let told = format!("housing       {} events, 1 later lost", events["housing"].len());
    assert!(said.contains(&told), "{said}");
    assert_eq!(fs::read_dir(place.folder().join("secrets")).unwrap().count(), secrets);
    // What was signed is checked with the key that signed it.
    let file = place.folder().join("keys/integrity");
    assert_eq!((fs::read(&file).unwrap(), mode(&file)), (integrity, 0o600));

    let running = place.up(&[]);
    // Everything of before, once; nothing of after; and nothing followed twice.
    assert_eq!(drill.settled().await, events);
    place.eventually(&["verify"], |said| said.contains("chain whole") && !said.contains(" behind "));
    place.run(&["verify"]);
    assert_eq!(drill.courses(&["Asta", "Bodil"]), courses);
    refused(&place.start(&["timeline", &woman("Clara")]), "There is nothing about");
    let anew = drill.epochs().await;
    assert!(epochs.iter().all(|(service, epoch)| anew[service] != *epoch), "{epochs:?} {anew:?}");
    streams_are_of_the_new_epoch(&drill, &events, &anew).await;

    // Commands that were answered are answered the same, what was lost can be sent again, and all goes on.
    assert_eq!(staff.moves("Asta").await, first);
    assert_eq!(drill.settled().await, events, "a repeated command adds nothing");
    for _ in 0..2 {
        assert_eq!(staff.open("housing", "Clara").await, later);
    }
    staff.moves("Clara").await;
    let more = drill.settled().await;
    let of_clara = more["housing"].iter().filter(|(_, body)| body.contains(&woman("Clara")));
    assert_eq!(of_clara.count(), events["housing"].len());
    assert_eq!(more["safety"].len() - events["safety"].len(), 3, "her case and two alerts, and nobody else's");
    assert!(more["housing"].starts_with(&events["housing"]));
    // It goes into the same place, as a history of its own.
    assert_eq!(drill.backup(&usual).matches("a whole copy was taken").count(), 2);
    let chains = sealed_for_another_and_broken(&drill, running).await;

    // To the last that the first history has: nothing that was in it is missing.
    fs::remove_dir_all(&chains[1].folder).unwrap();
    let elsewhere = place.folder().with_file_name("latest");
    let said = place.run(&drill.restore_arguments(&elsewhere, &[]));
    assert!(said.contains("lost          nothing up to"), "{said}");
    for (service, events) in latest {
        assert!(said.contains(&format!("{service:<14}{} events\n", events.len())), "{service}: {said}");
    }
    drop(DataFolder::open(Some(&elsewhere)).unwrap());
}

/// Neither it nor what earlier runs left; and what is little is safe before it.
async fn a_whole_copy_that_fails_leaves_nothing(drill: &Drill) {
    let programs = tempfile::tempdir().unwrap();
    for name in ["postgres", "initdb", "pg_ctl"] {
        symlink(PostgresPrograms::find().unwrap().program(name), programs.path().join(name)).unwrap();
    }
    symlink("/bin/false", programs.path().join("pg_basebackup")).unwrap();
    let data = place::of(&drill.backup, Which::Data);
    fs::create_dir(data.join("half")).unwrap();
    let mut admin = drill.connect(Which::Data, "postgres").await;
    let stale = "SELECT FROM pg_create_physical_replication_slot('livline_stale', true)";
    sqlx::query(stale).execute(&mut admin).await.unwrap();
    let before = place::chains(&drill.backup, Which::Data).unwrap().remove(0);

    let ended = drill.place.start_with(&["backup", "--base"], &[(POSTGRES_VARIABLE, programs.path())]);
    refused(&ended, "pg_basebackup did not come to its end");
    let after = place::chains(&drill.backup, Which::Data).unwrap().remove(0);
    assert!(after.manifest.until > before.manifest.until && after.manifest.wal.len() > before.manifest.wal.len());
    assert_eq!(fs::read_dir(&data).unwrap().count(), 1);
    let slots = sqlx::query_scalar("SELECT slot_name::text FROM pg_replication_slots");
    let slots: Vec<String> = slots.fetch_all(&mut admin).await.unwrap();
    assert_eq!(slots, [format!("livline_{}", after.id())]);
}

/// Each of the data's chains is opened by its own identity alone, to its last file.
fn chains_open_for(drill: &Drill, owners: &[&PathBuf]) -> Vec<Chain> {
    let chains = place::chains(&drill.backup, Which::Data).unwrap();
    assert_eq!(chains.len(), owners.len());
    for (chain, owner) in chains.iter().zip(owners) {
        for (file, _) in chain.files() {
            for identity in owners {
                let opened = backup::open(&file, &backup::identity(identity).unwrap(), "it").is_ok();
                assert_eq!(opened, identity == owner, "{}", file.display());
            }
        }
    }
    chains
}

/// Two more things that may happen to the second history, and what a restore of it says.
async fn sealed_for_another_and_broken(drill: &Drill, running: Livline) -> Vec<Chain> {
    let place = &drill.place;
    // For somebody else from now on: a chain of its own; what the one before still gets is for whom it was.
    let other = place.folder().with_file_name("other-identity");
    let mut housing = drill.connect(Which::Data, "livline_housing").await;
    sqlx::raw_sql(
        "UPDATE events SET fingerprint = set_byte(fingerprint, 0, get_byte(fingerprint, 0) # 1) WHERE number = 1",
    )
    .execute(&mut housing)
    .await
    .unwrap();
    let said = drill.backup(&["--recipient", place.run(&["backup", "--new-identity", other.to_str().unwrap()]).trim()]);
    assert_eq!(said.matches("a whole copy was taken").count(), 1, "{said}");
    assert!(!drill.backup(&[]).contains("a whole copy"));
    let owners = [&drill.identity, &drill.identity, &other];
    let chains = chains_open_for(drill, &owners);
    assert!(chains[1].manifest.until >= chains[2].manifest.from, "no moment lies between");
    assert_eq!(running.stop(), Some(0));

    // What was broken before the backup comes back as it was, and is told.
    fs::remove_dir_all(&chains[2].folder).unwrap();
    let broken = place.folder().with_file_name("broken");
    let ended = place.start(&drill.restore_arguments(&broken, &[]));
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.complained.contains("with events that were broken before the backup was made"),
        "{}",
        ended.complained
    );
    let said = ended.said;
    assert!(said.contains("Restored.") && said.contains("housing, journal: the chain breaks at number 1"), "{said}");
    drop(DataFolder::open(Some(&broken)).unwrap());
    chains
}

/// Nothing is started for any of them, and nothing is left.
fn what_cannot_be_restored_is_said(drill: &Drill) {
    let place = &drill.place;
    let exchange = |from: &'static str, with: &Path| {
        let mut arguments = drill.restore_arguments(place.folder(), &[]);
        let at = arguments.iter().position(|argument| *argument == from).unwrap() + 1;
        arguments[at] = with.to_str().unwrap().to_owned().leak();
        place.start(&arguments)
    };
    refused(
        &exchange("--identity", &drill.keys_identity),
        "The identity is not the one that the backup of the data was sealed for.",
    );
    refused(
        &exchange("--keys-identity", &drill.identity),
        "The identity is not the one that the backup of the keys was sealed for.",
    );
    let early = drill.restore_arguments(place.folder(), &["--to", "2020-01-01 00:00"]);
    refused(&place.start(&early), "The backup does not go back that far");
    refused(&place.start(&drill.restore_arguments(&drill.backup, &[])), "is not empty");

    let chain = backup::place::chains(&drill.backup, Which::Data).unwrap().remove(0);
    let (file, _) = chain.files().last().unwrap();
    let whole = fs::read(&file).unwrap();
    let mut damaged = whole.clone();
    *damaged.last_mut().unwrap() ^= 1;
    fs::write(&file, damaged).unwrap();
    let said = place.start(&drill.restore_arguments(place.folder(), &[]));
    assert!(said.complained.contains(&format!("The file {} is damaged", file.display())), "{}", said.complained);
    refused(&place.start(&["backup", "--check", "--to", drill.backup.to_str().unwrap()]), "is damaged");
    fs::write(&file, whole).unwrap();
    assert!(!place.folder().exists());
}

fn an_interrupted_restore_is_begun_afresh(drill: &Drill, arguments: &[&str]) {
    let place = &drill.place;
    let interrupted = (0..10).any(|_| {
        let restoring = Livline::spawn(place, arguments);
        restoring.wait_for("Making again");
        let caught = restoring.kill_while(|| place.folder().join("restoring").exists());
        if !caught {
            fs::remove_dir_all(place.folder()).unwrap();
        }
        caught
    });
    assert!(interrupted, "it was over each time");
    refused(&place.start_up(&[]), "is being restored, or a restore into it was interrupted");
}

async fn streams_are_of_the_new_epoch(drill: &Drill, events: &Events, epochs: &BTreeMap<&'static str, String>) {
    let password = drill.place.secret("housing-nats");
    let options = async_nats::ConnectOptions::with_user_and_password("housing".into(), password);
    let client = options.connect(drill.place.nats()).await.unwrap();
    let context = async_nats::jetstream::new(client);
    for (service, events) in events {
        let stream = context.get_stream(engine::nats::stream_name(service)).await.unwrap();
        let info = stream.cached_info();
        assert_eq!(info.state.last_sequence, events.len() as u64, "{service}");
        assert_eq!(info.state.messages, events.len() as u64, "{service}");
        assert_eq!(engine::nats::epoch_of(&info.config).unwrap().to_string(), epochs[service], "{service}");
    }
}

/// A piece of every data key, as the keys database has them: what a search takes for one line of text.
async fn wrapped_keys(drill: &Drill) -> Vec<Vec<u8>> {
    let mut connection = drill.connect(Which::Keys, "livline_keys").await;
    let keys: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT wrapped FROM data_keys").fetch_all(&mut connection).await.unwrap();
    let plain = |part: &&[u8]| !part.iter().any(|byte| matches!(byte, 0 | b'\n'));
    let pieces: Vec<Vec<u8>> = keys.iter().filter_map(|key| key.windows(16).find(plain)).map(<[u8]>::to_vec).collect();
    assert!(pieces.len() > 5, "{} of {}", pieces.len(), keys.len());
    pieces
}

fn nothing_in_it_tells_or_opens_anything(drill: &Drill, wrapped: &[Vec<u8>]) {
    let folder = drill.place.folder();
    let read = |name: &str| fs::read(folder.join(name)).unwrap().trim_ascii().to_vec();
    let (master, integrity) = (read("keys/master"), read("keys/integrity"));
    let housing = read("secrets/housing-postgres");
    let signing = fs::read_dir(folder.join("secrets")).unwrap().map(|entry| entry.unwrap().file_name());
    let signing = signing.map(|name| name.into_string().unwrap()).filter(|name| name.ends_with("-signing-key"));
    let signing: Vec<Vec<u8>> = signing.map(|name| read(&format!("secrets/{name}"))).collect();
    assert!(signing.len() > 5, "{}", signing.len());
    let secrets = || signing.iter().cloned().chain([housing.clone(), read("secrets/keys-postgres-admin")]);
    let canaries = || [PLACE.as_bytes().to_vec(), SECRET.as_bytes().to_vec(), woman("Asta").into_bytes()];
    let all: Vec<Vec<u8>> = canaries()
        .into_iter()
        .chain([master.clone(), integrity.clone(), read("secrets/postgres-admin")])
        .chain(secrets())
        .chain(wrapped.to_vec())
        .collect();
    assert_eq!(found(&drill.backup, &all), 0, "as it lies there");

    // Opened with the data's identity: opaque ids and their own cluster's password, no key of any kind, and nothing that a key is needed
    // for.
    let data = opened(drill, Which::Data, &drill.identity);
    assert_eq!(found(data.path(), &[woman("Asta").into_bytes()]), 1, "the search finds what is there");
    assert_eq!(found(data.path(), &[read("secrets/postgres-admin")]), 1);
    let [place, secret, _] = canaries();
    let no_keys = || wrapped.iter().cloned().chain([master.clone(), integrity.clone()]).chain(secrets());
    assert_eq!(found(data.path(), &no_keys().chain([place, secret]).collect::<Vec<_>>()), 0);
    let keys = opened(drill, Which::Keys, &drill.keys_identity);
    for key in no_keys() {
        assert_eq!(found(keys.path(), &[key]), 1, "the search finds what is there");
    }
}

/// What an identity makes of a chain, in files of a folder.
fn opened(drill: &Drill, which: Which, identity: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let identity = backup::identity(identity).unwrap();
    let chain = backup::place::chains(&drill.backup, which).unwrap().remove(0);
    for (file, stored) in chain.files() {
        let mut clear = fs::File::create(folder.path().join(&stored.name)).unwrap();
        let mut sealed = backup::open(&file, &identity, "it").unwrap();
        backup::unpacked(&mut sealed, &mut clear).unwrap();
        clear.flush().unwrap();
    }
    folder
}

/// Whether one of the needles occurs below a folder: 1, or 0. The system's own search is quick where a debug build is not.
pub(crate) fn found(folder: &Path, needles: &[Vec<u8>]) -> usize {
    let mut search = Command::new("grep");
    search.env("LC_ALL", "C").args(["-rqaF"]);
    for needle in needles {
        search.arg("-e").arg(std::ffi::OsStr::from_bytes(needle));
    }
    search.arg(folder);
    // A file may go while it is read.
    for _ in 0..50 {
        match search.status().unwrap().code() {
            Some(0) => return 1,
            Some(1) => return 0,
            _ => std::thread::sleep(PAUSE),
        }
    }
    panic!("grep does not come to an end in {}", folder.display());
}
