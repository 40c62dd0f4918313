//! The ground that tests and the bench stand on: a real Postgres and a real nats-server of their own, services in this process.
//!
//! Deliberately absent: mocks of anything that can be run; roles with few rights (the program's own tests have them).

pub mod alike;
pub mod bench;
pub mod faults;
pub mod golden;
pub mod history;
pub mod madeup;
mod midnight;
pub mod process;
pub mod raw;
pub mod runs;
pub mod women;

use async_nats::jetstream;
use engine::{
    clock::Clock,
    config::{DEADLINES, Settings},
    database,
    executor::{Executor, Request},
    feed::Feed,
    http::{AT_LEAST, Bounds, Limits},
    integrity::{Integrity, Signer},
    keys::{FileMasterKey, Keyring, MasterKey},
    nats::NatsConfig,
    run::Service,
    seal::Seal,
    store,
    tokens::{self, DESK, Issuer},
};
use kit::{
    AggregateId, CentreId, Decider, WomanId,
    access::{Principal, Right, Role},
    case::Ask,
    contract::Contract,
    deadlines::Deadlines,
    decider::Commands,
    entry::CaseOpened,
    ids::derive_id,
};
use livline::{
    cluster::{DataFolder, Nats, NatsUser, Postgres},
    installation::Domain,
};
use people::{centre::Centre, staff::Staff, woman::Woman};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection, PgPool, Row};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    num::NonZeroU32,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// A Postgres, a nats-server and the secrets of a made-up installation, gone when it is dropped.
pub struct Ground {
    /// The Postgres cluster.
    pub postgres: Postgres,
    /// The nats-server.
    pub nats: Nats,
    /// Below which everything lies.
    pub folder: DataFolder,
    /// Where the services are.
    pub services: BTreeMap<String, String>,
    /// The services' clock.
    pub clock: Clock,
    people: Arc<OnceCell<People>>,
    desk: Issuer,
    issuers: BTreeMap<String, String>,
    signing: BTreeMap<String, String>,
    // Last: the folder goes when the servers are gone.
    directory: tempfile::TempDir,
}

/// The centre that tests work at unless they say otherwise.
pub const CENTRE: CentreId = CentreId(Uuid::from_u128(0xc1));
/// Another centre.
pub const OTHER_CENTRE: CentreId = CentreId(Uuid::from_u128(0xc2));
/// How long anything is waited for: what never comes shows late, and a busy machine is no failure.
pub const PATIENCE: Duration = Duration::from_secs(180);
/// How long a leader is shown less than there is, before that is how it is.
const BEHIND: Duration = Duration::from_secs(20);
/// How long one answer is waited for.
const ANSWER: Duration = Duration::from_secs(120);

impl Ground {
    /// Starts the servers and makes the keys.
    pub async fn start() -> Self {
        Self::prepared(|_| ()).await
    }

    /// The same, with something done to the data folder before the servers start on it.
    pub async fn prepared(prepare: impl FnOnce(&DataFolder)) -> Self {
        midnight::waited_for();
        // What the services say shows with the output of a test that fails.
        engine::run::log(&std::env::var("LIVLINE_LOG").unwrap_or_else(|_| "off".into()));
        let directory = tempfile::Builder::new().prefix("livline-test-").tempdir_in("/tmp").unwrap();
        std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let folder = DataFolder::open(Some(&directory.path().join("data"))).unwrap();
        prepare(&folder);
        let postgres = Postgres::start(&folder, 0).await.unwrap();
        let everything = vec![">".to_owned()];
        let user = NatsUser {
            name: "test".into(),
            password: "test".into(),
            publish: everything.clone(),
            subscribe: everything,
        };
        let nats = Nats::start(&folder, 0, &[user]).await.unwrap();
        let (private, public) = tokens::generate().unwrap();
        let mut ground = Self {
            desk: Issuer::new(DESK, &private).unwrap(),
            issuers: [(DESK.to_owned(), public)].into(),
            signing: BTreeMap::new(),
            services: BTreeMap::new(),
            clock: Clock::system(),
            people: Arc::default(),
            postgres,
            nats,
            folder,
            directory,
        };
        for name in livline::services::names().into_iter().chain(["madeup"]) {
            let (private, public) = tokens::generate().unwrap();
            ground.issuers.insert(name.to_owned(), public);
            ground.signing.insert(name.to_owned(), private.to_string());
            let port = livline::cluster::free_port().unwrap();
            ground.services.insert(name.to_owned(), format!("http://127.0.0.1:{port}"));
        }
        let master = ground.master_key_file();
        std::fs::write(&master, FileMasterKey::generate().unwrap().as_bytes()).unwrap();
        std::fs::set_permissions(&master, std::fs::Permissions::from_mode(0o600)).unwrap();
        let integrity = ground.integrity_key_file();
        std::fs::write(&integrity, Integrity::generate().unwrap().as_bytes()).unwrap();
        std::fs::set_permissions(&integrity, std::fs::Permissions::from_mode(0o600)).unwrap();
        ground.create_database("keys").await;
        let keys = ground.postgres.admin_url("keys");
        database::migrate(&keys, &database::KEYS).await.unwrap();
        let pool = PgPool::connect(&keys).await.unwrap();
        Keyring::set_up(&pool, &FileMasterKey::read(&master).unwrap()).await.unwrap();
        sqlx::query(
            "INSERT INTO grants SELECT session_user, unnest(ARRAY['personal', 'narrative', 'identity', 'location'])",
        )
        .execute(&pool)
        .await
        .unwrap();
        pool.close().await;
        ground
    }

    /// The master key's file.
    #[must_use]
    pub fn master_key_file(&self) -> PathBuf {
        self.directory.path().join("master.key")
    }

    /// The integrity key's file.
    #[must_use]
    pub fn integrity_key_file(&self) -> PathBuf {
        self.directory.path().join("integrity.key")
    }

    /// Signs for a service.
    #[must_use]
    pub fn signer(&self, service: &str) -> Signer {
        Integrity::read(&self.integrity_key_file()).unwrap().of(service)
    }

    /// Changes a service's rows as the service itself might have stored them: they are signed as they are then.
    pub async fn altered(&self, service: &str, statements: &str) {
        let pool = self.pool(&format!("livline_{service}")).await;
        sqlx::raw_sql(statements).execute(&pool).await.unwrap();
        self.sign_again(service).await;
        pool.close().await;
    }

    /// Signs every event of a service as it stands.
    pub async fn sign_again(&self, service: &str) {
        let (pool, signer) = (self.pool(&format!("livline_{service}")).await, self.signer(service));
        let rows = sqlx::query(&format!("SELECT e.number, {} FROM events e", store::SIGNED)).fetch_all(&pool).await;
        for row in rows.unwrap() {
            let (number, mac): (i64, _) = (row.get("number"), signer.event(&store::event_row(&row).unwrap()));
            let update = sqlx::query("UPDATE events SET mac = $2 WHERE number = $1 AND mac IS DISTINCT FROM $2");
            update.bind(number).bind(mac).execute(&pool).await.unwrap();
        }
        pool.close().await;
    }

    /// The master key, as the file has it now.
    #[must_use]
    pub fn master_key(&self) -> FileMasterKey {
        FileMasterKey::read(&self.master_key_file()).unwrap()
    }

    /// Every key of a subject: as it is stored, and as it is in memory.
    pub async fn key_bytes(&self, subject: Uuid) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
        let rows: Vec<(Uuid, String, Vec<u8>)> =
            sqlx::query_as("SELECT key_id, class, wrapped FROM data_keys WHERE subject = $1")
                .bind(subject)
                .fetch_all(&self.pool("keys").await)
                .await
                .unwrap();
        let master = self.master_key();
        let plain = rows.iter().map(|(id, class, wrapped)| {
            let place = [id.as_bytes().as_slice(), subject.as_bytes(), class.as_bytes()].concat();
            master.unwrap(&place, wrapped).unwrap().to_vec()
        });
        (rows.iter().map(|row| row.2.clone()).collect(), plain.collect())
    }

    /// A folder of the test's own.
    #[must_use]
    pub fn path(&self) -> &std::path::Path {
        self.directory.path()
    }

    /// Makes an empty database.
    pub async fn create_database(&self, name: &str) {
        let mut admin = PgConnection::connect(&self.postgres.admin_url("postgres")).await.unwrap();
        sqlx::query(&format!("CREATE DATABASE {name}")).execute(&mut admin).await.unwrap();
        admin.close().await.unwrap();
    }

    /// A pool on one of the databases, as the administrator.
    pub async fn pool(&self, database: &str) -> PgPool {
        sqlx::postgres::PgPoolOptions::new()
            .max_connections(20)
            .connect(&self.postgres.admin_url(database))
            .await
            .unwrap()
    }

    /// NATS, allowed everything.
    #[must_use]
    pub fn nats_config(&self) -> NatsConfig {
        NatsConfig { url: self.nats.url(), user: "test".into(), password: "test".into() }
    }

    /// JetStream, allowed everything, with the patience of a test.
    pub async fn jetstream(&self) -> jetstream::Context {
        let connected = eventually("NATS takes a connection", async || {
            engine::nats::connect(&self.nats_config(), "test").await.ok()
        });
        let mut context = engine::nats::jetstream(connected.await);
        context.set_timeout(PATIENCE);
        context
    }

    /// A service's settings; its database is made and migrated where it is not there yet.
    pub async fn settings(&self, service: &str, tables: &sqlx::migrate::Migrator) -> Settings {
        let database = format!("livline_{service}");
        let mut admin = PgConnection::connect(&self.postgres.admin_url("postgres")).await.unwrap();
        let there: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)")
            .bind(&database)
            .fetch_one(&mut admin)
            .await
            .unwrap();
        if !there {
            self.create_database(&database).await;
        }
        database::migrate(&self.postgres.admin_url(&database), tables).await.unwrap();
        let many = NonZeroU32::new(1_000_000).unwrap();
        Settings {
            listen: self.address(service),
            operations_listen: None,
            database: self.postgres.admin_url(&database).into(),
            keys: self.postgres.admin_url("keys").into(),
            pool: 5,
            master_key_file: self.master_key_file(),
            integrity_key_file: self.integrity_key_file(),
            key_backup_days: 8,
            signing_key: self.signing.get(service).unwrap().clone().into(),
            nats: self.nats_config(),
            replicas: 1,
            issuers: self.issuers.clone(),
            services: self.services.clone(),
            deadlines: Deadlines::parse(DEADLINES).unwrap(),
            schemas: None,
            limits: Limits { per_second: many, burst: many, at_once: many },
            bounds: Bounds::default(),
        }
    }

    /// Where a service listens.
    #[must_use]
    pub fn address(&self, service: &str) -> SocketAddr {
        self.services.get(service).unwrap().trim_start_matches("http://").parse().unwrap()
    }

    /// The people service, which runs beside every other one: nobody may do anything for a woman whom it does not know.
    pub async fn people(&self) -> &People {
        let start = async || {
            let settings = self.settings(people::SERVICE, &engine::vault::TABLES).await;
            let domain = Box::pin(livline::services::people(settings, self.clock.clone())).await.unwrap();
            let executor = domain.executor().clone();
            People { executor, _running: Running::start(domain.service()).await }
        };
        self.people.get_or_init(start).await
    }

    /// A domain service as the program opens it, with its policies.
    pub async fn serve(&self, service: &str) -> Running {
        self.people().await;
        let listed = livline::services::find(service).unwrap();
        let settings = self.settings(service, listed.tables).await;
        Running::start(Box::pin(listed.open(settings, self.clock.clone())).await.unwrap()).await
    }

    /// The housing service.
    pub async fn housing(&self) -> Running {
        self.serve("housing").await
    }

    /// The aftercare service.
    pub async fn aftercare(&self) -> Running {
        self.serve("aftercare").await
    }

    /// The timeline of these services.
    pub async fn timeline(&self, contracts: Vec<Contract>) -> Running {
        self.people().await;
        let settings = self.settings("timeline", &timeline::TABLES).await;
        Running::start(Box::pin(timeline::open(settings, self.clock.clone(), contracts)).await.unwrap()).await
    }

    /// Somebody at the usual centre who may read everything.
    #[must_use]
    pub fn leader(&self) -> Client {
        self.client(Role::Leader, Some(CENTRE))
    }

    /// Somebody.
    #[must_use]
    pub fn client(&self, role: Role, centre: Option<CentreId>) -> Client {
        let actor = "w-1".parse().unwrap();
        Client {
            http: http(),
            // By the services' clock: where a test moves theirs, who signs lives on the same day.
            issuer: self.desk.clone().by(self.clock.clone()),
            principal: Principal { actor, role, centre },
            services: self.services.clone(),
            people: self.people.clone(),
            known: Arc::default(),
        }
    }

    /// A client that speaks as one of the services.
    #[must_use]
    pub fn service_client(&self, service: &str) -> Client {
        let issuer = Issuer::new(service, self.signing.get(service).unwrap()).unwrap().by(self.clock.clone());
        let principal = Principal { actor: kit::ActorId::service(service), role: Role::Service, centre: None };
        let (people, known) = (self.people.clone(), Arc::default());
        Client { http: http(), issuer, principal, services: self.services.clone(), people, known }
    }

    /// Signs as one of the services.
    #[must_use]
    pub fn service_issuer(&self, service: &str) -> Issuer {
        Issuer::new(service, self.signing.get(service).unwrap()).unwrap()
    }

    /// A domain service as the tools that work beside it see it.
    pub async fn domain(&self, service: &'static str) -> Domain {
        Domain {
            name: service,
            journal: self.pool(&format!("livline_{service}")).await,
            nats: self.nats_config(),
            signer: self.signer(service),
            seal: Seal::new(
                Keyring::open(self.pool("keys").await, Arc::new(self.master_key())).await.unwrap(),
                Integrity::read(&self.integrity_key_file()).unwrap(),
            ),
            replicas: 1,
            feed: Feed::new(self.services.get(service).unwrap(), self.service_issuer(timeline::SERVICE)),
        }
    }

    /// Signs as the desk.
    #[must_use]
    pub fn desk(&self) -> &Issuer {
        &self.desk
    }
}

/// A body as a service publishes it under a number, in an epoch of its own.
#[must_use]
pub fn published(signer: &Signer, number: u64, body: &str) -> String {
    let epoch = kit::Epoch(Uuid::new_v4());
    let unsigned = kit::published::publish(epoch, number, "", body);
    let rest = kit::published::Signed::of(&unsigned).unwrap().rest;
    let mac = signer.published(epoch, number, &engine::integrity::digest_of(rest));
    kit::published::publish(epoch, number, &mac, body)
}

fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().timeout(ANSWER).build().unwrap()
}

/// A service running in this process.
pub struct Running {
    stop: CancellationToken,
    task: tokio::task::JoinHandle<Result<(), engine::run::Died>>,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Running {
    /// Listens and serves.
    pub async fn start(service: Service) -> Self {
        let bound = service.bind().await.unwrap();
        let (address, stop) = (bound.address, CancellationToken::new());
        Self { task: tokio::spawn(bound.serve(stop.clone())), stop, address }
    }

    /// Stops it as SIGTERM does.
    pub async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap().unwrap();
    }
}

/// The people service, running.
pub struct People {
    /// Executes commands about women as the service itself does.
    pub executor: Executor<Woman>,
    _running: Running,
}

impl People {
    /// Registers a woman under an id that a test has chosen: by HTTP it would come from the key. Where she stands in people's numbers.
    pub async fn know(&self, woman: Uuid, principal: &Principal) -> String {
        let id = derive_id(&["known", &woman.to_string(), &principal.centre.unwrap().to_string()]);
        self.begin::<Woman>((id, WomanId(woman)), principal, "register-woman", json!({})).await
    }

    /// Puts somebody into the directory of the principal's centre.
    pub async fn employ(&self, worker: &str, role: &str, principal: &Principal) -> String {
        let id = derive_id(&["employed", worker, &principal.centre.unwrap().to_string()]);
        let facts = json!({ "worker": worker, "name": format!("Navn {worker}"), "role": role });
        self.begin::<Staff>((id, WomanId::NOBODY), principal, "register-worker", facts).await
    }

    /// Puts the principal's centre into the directory.
    pub async fn found(&self, principal: &Principal) -> String {
        let centre = principal.centre.unwrap().to_string();
        let id = derive_id(&["founded", &centre]);
        let facts = json!({ "name": format!("Krisecenter {centre}") });
        self.begin::<Centre>((id, WomanId::NOBODY), principal, "register-centre", facts).await
    }

    /// Begins an aggregate as the service itself does, once; where it stands in people's numbers.
    async fn begin<D: Decider>(
        &self,
        (id, woman): (Uuid, WomanId),
        principal: &Principal,
        action: &str,
        facts: Value,
    ) -> String {
        let centre = principal.centre.unwrap();
        let command = D::Command::read(action, facts).unwrap().unwrap();
        let request = Request {
            aggregate: AggregateId(id),
            opening: Some(CaseOpened { woman, centre, before_us: false }),
            ask: Some(Ask::Record(command)),
            note: None,
            when: None,
            due: None,
            responsible: None,
            actor: principal.actor.clone(),
            role: principal.role,
            right: if woman == WomanId::NOBODY { Right::Leader } else { Right::default() },
            conflicts: std::collections::BTreeSet::new(),
            centre,
            key: id,
            if_match: None,
            bytes: Vec::new(),
            heard: None,
        };
        self.executor.of::<D>().execute(&request).await.expect("it begins").position
    }
}

/// Somebody who calls the services.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    issuer: Issuer,
    principal: Principal,
    services: BTreeMap<String, String>,
    people: Arc<OnceCell<People>>,
    /// What the services must have heard of people before they decide.
    known: Arc<Mutex<String>>,
}

/// What was answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: reqwest::header::HeaderMap,
    /// The body; null where it is no JSON.
    pub body: Value,
}

impl Answer {
    /// The problem's code.
    #[must_use]
    pub fn code(&self) -> &str {
        self.body.get("code").and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether nothing is shown for the moment.
    #[must_use]
    pub fn is_not_heard(&self) -> bool {
        self.code() == "not_heard"
    }

    /// Whether something in it is there and not shown.
    fn is_masked(&self) -> bool {
        let text = self.body.to_string();
        text.contains("\"$masked\"") || text.contains("\"masked\":true")
    }

    /// A text member.
    #[must_use]
    pub fn text(&self, name: &str) -> String {
        self.body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// The answer, where it is a success.
    #[expect(
        clippy::return_self_not_must_use,
        clippy::must_use_candidate,
        reason = "often called for its assertion alone"
    )]
    pub fn ok(self) -> Self {
        assert!(self.status.is_success(), "{} {}", self.status, self.body);
        self
    }
}

impl Client {
    /// The same person under another name.
    #[must_use]
    pub fn named(mut self, actor: &str) -> Self {
        self.principal.actor = actor.parse().unwrap();
        self
    }

    /// The centre they work at.
    #[must_use]
    pub fn centre(&self) -> CentreId {
        self.principal.centre.unwrap()
    }

    /// The header that says who it is, for requests that are written by hand.
    #[must_use]
    pub fn authorization(&self) -> String {
        format!("authorization: Bearer {}", self.issuer.issue(&self.principal).unwrap())
    }

    /// Where a service is.
    #[must_use]
    pub fn address(&self, service: &str) -> &str {
        self.services.get(service).unwrap()
    }

    /// The same person by other ways: where the services are, and how long an answer is waited for.
    #[must_use]
    pub fn through(mut self, services: BTreeMap<String, String>, patience: Duration) -> Self {
        self.http = reqwest::Client::builder().no_proxy().timeout(patience).build().unwrap();
        self.services = services;
        self
    }

    /// Sends a request as it stands; `None` where there was no answer.
    pub async fn try_send(
        &self,
        method: Method,
        service: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> Option<Answer> {
        let url = format!("{}{path}", self.services.get(service).unwrap());
        let mut request = self.http.request(method, url).bearer_auth(self.issuer.issue(&self.principal).unwrap());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body);
        }
        let response = request.send().await.ok()?;
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.bytes().await.ok()?;
        Some(Answer { status, headers, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) })
    }

    /// Reads. Whoever leads a house sees nearly all, but for the moments in which a service is behind people or does not know whether it
    /// is: those are waited out, and a busy machine makes them long.
    pub async fn get(&self, service: &str, path: &str) -> Answer {
        let until = Instant::now() + BEHIND;
        loop {
            let answer = self.get_once(service, path).await;
            let whole = self.principal.role != Role::Leader || !answer.is_masked();
            if (whole && !answer.is_not_heard()) || Instant::now() > until {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Reads what is shown at this moment.
    pub async fn get_once(&self, service: &str, path: &str) -> Answer {
        self.try_send(Method::GET, service, path, &[], None).await.expect("an answer")
    }

    /// Sends a command under a key.
    pub async fn post(&self, service: &str, path: &str, key: &str, body: Value) -> Answer {
        let known = self.known.lock().unwrap().clone();
        let mut headers = vec![("idempotency-key", key)];
        if !known.is_empty() {
            headers.push((AT_LEAST, &known));
        }
        let body = body.to_string().into_bytes();
        let until = Instant::now() + BEHIND;
        loop {
            let answer =
                self.try_send(Method::POST, service, path, &headers, Some(body.clone())).await.expect("an answer");
            // What is asked by POST, and shows something (a search), waits as reading does.
            if !answer.is_not_heard() || Instant::now() > until {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Puts a value where there may be one, under a key.
    pub async fn put(&self, service: &str, path: &str, key: &str, body: Value) -> Answer {
        let body = Some(body.to_string().into_bytes());
        self.try_send(Method::PUT, service, path, &[("idempotency-key", key)], body).await.expect("an answer")
    }

    /// Makes a woman known to this client's centre, where she is not yet.
    pub async fn know(&self, woman: Uuid) {
        let position = self.people().know(woman, &self.principal).await;
        self.knows(position);
    }

    /// Puts people into the directory of this client's centre, as workers, where they are not yet.
    pub async fn employ(&self, workers: &[&str]) {
        for worker in workers {
            let position = self.people().employ(worker, "worker", &self.principal).await;
            self.knows(position);
        }
    }

    /// Puts this client's centre into the directory, where it is not yet.
    pub async fn found(&self) {
        let position = self.people().found(&self.principal).await;
        self.knows(position);
    }

    fn people(&self) -> &People {
        self.people.get().expect("people runs once a service does")
    }

    /// What is sent from now on is decided once that was heard.
    fn knows(&self, position: String) {
        let number = |position: &str| position.rsplit(':').next().and_then(|number| number.parse::<u64>().ok());
        // Many may be made known at once: the latest of them counts.
        let mut known = self.known.lock().unwrap();
        if number(&position) > number(&known) {
            *known = position;
        }
    }

    /// Opens a case for a woman; its id.
    pub async fn open(&self, service: &str, woman: Uuid) -> String {
        self.know(woman).await;
        let key = Uuid::new_v4().to_string();
        // Under load a service hears later than a command waits for.
        let heard = eventually("the service has heard of her", async || {
            let answer = self.post(service, "/v1/cases", &key, json!({ "woman": woman })).await;
            (answer.status != StatusCode::NOT_FOUND).then_some(answer)
        });
        heard.await.ok().text("id")
    }

    /// Sends an action with facts.
    pub async fn act(&self, service: &str, case: &str, action: &str, facts: Value) -> Answer {
        self.post(
            service,
            &format!("/v1/cases/{case}/{action}"),
            &Uuid::new_v4().to_string(),
            json!({ "facts": facts }),
        )
        .await
    }

    /// Records something of a woman herself, at people.
    pub async fn act_for(&self, woman: Uuid, action: &str, facts: Value) -> Answer {
        let path = format!("/v1/women/{woman}/{action}");
        self.post(people::SERVICE, &path, &Uuid::new_v4().to_string(), json!({ "facts": facts })).await
    }

    /// Moves her to the centre of somebody who answers for it, and who accepts; the position of the move.
    pub async fn hand_over(&self, woman: Uuid, to: &Self, facts: Value) -> String {
        to.found().await;
        let offered = self.act_for(woman, "offer-relocation", facts).await.ok();
        let arrival = offered.body["events"][0]["facts"]["arrival"].as_str().unwrap().to_owned();
        eventually("she is offered there", async || {
            let path = format!("/v1/arrivals/{arrival}/accept");
            let answer = to.post("people", &path, &Uuid::new_v4().to_string(), json!({})).await;
            (answer.status != 404).then(|| answer.ok().text("position"))
        })
        .await
    }

    /// A woman's timeline, once it has reached a position.
    pub async fn course(&self, woman: Uuid, at_least: &str) -> Value {
        let until = Instant::now() + PATIENCE;
        loop {
            let answer = self.get("timeline", &format!("/v1/women/{woman}/timeline?at_least={at_least}")).await;
            if answer.status.is_success() && !answer.headers.contains_key("livline-behind") {
                return answer.body;
            }
            assert!(Instant::now() < until, "the timeline did not reach {at_least}: {} {}", answer.status, answer.body);
        }
    }
}

/// Asks again until it is so.
pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(Instant::now() < until, "did not happen: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
