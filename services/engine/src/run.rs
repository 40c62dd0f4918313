//! From settings to a running service: pools, checks, tasks, routes.
//!
//! One way for every service, whether it runs alone or beside the others in one process; nothing is process-wide. Deliberately
//! absent: the program's arguments and its other processes (livline).

mod service;

pub use service::{Bound, Died, Service};

use crate::{
    clock::Clock,
    config::Settings,
    database,
    erasure::Eraser,
    executor::Executor,
    feed::Feed,
    heard::Listening,
    http::{self, Advice, App, Auth, openapi},
    integrity::Integrity,
    journal::{Journal, error_kind},
    keepers,
    keys::{FileMasterKey, KeyError, Keyring},
    metrics::Metrics,
    nats,
    policies::PolicyRunner,
    reader::{Apply, Reader},
    relations::{Lease, Relations},
    relay::{self, Relay},
    seal::Seal,
    store,
    tokens::{Issuer, TokenError, Verifier},
};
use axum::Router;
use kit::{Decider, Policy, contract::Contract, deadlines::DeadlineError};
use secrecy::ExposeSecret;
use serde_json::{Map, Value};
use sqlx::PgPool;
use std::{
    marker::PhantomData,
    net::SocketAddr,
    sync::{Arc, OnceLock},
};
use tokio_util::sync::CancellationToken;

/// Why a service does not start, in one sentence.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Not a Postgres address.
    #[error("the database's address in the configuration cannot be read")]
    DatabaseUrl,
    /// The database does not answer, or not as it should.
    #[error("the database did not answer ({0})")]
    Database(String),
    /// A setting that durability rests on is off.
    #[error("Postgres runs with {0} off: what it acknowledges could be lost, so nothing is started on it")]
    NotDurable(&'static str),
    /// Older tables.
    #[error("the database is older than this program; run livline migrate first")]
    NotMigrated,
    /// Events of a version that did not sign them.
    #[error("the events in the database are not signed yet; run livline migrate with --integrity-key-file first")]
    NotSigned,
    /// Newer tables.
    #[error("the data were written by a newer version of this program; use that version")]
    NewerData,
    /// Keys.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Token keys.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// Deadlines.
    #[error(transparent)]
    Deadlines(#[from] DeadlineError),
    /// The port is taken or the address is not ours.
    #[error("port {0} cannot be listened on; something else may be using it")]
    Port(SocketAddr),
    /// A service that is to be read has no address.
    #[error("the configuration names no address for the service {0}")]
    NoAddress(String),
    /// An old NATS server beyond loopback.
    #[error(
        "nats-server {0} lets one account reach into another (CVE-2025-30215); beyond loopback at least 2.10.27 or 2.11.1 is needed"
    )]
    OldNats(String),
    /// What a service needs and does not have.
    #[error("{0}")]
    Other(String),
}

/// What every service is given.
#[derive(Debug, Clone)]
pub struct Host {
    /// Its name.
    pub service: &'static str,
    /// Its settings.
    pub settings: Settings,
    /// The clock.
    pub clock: Clock,
    /// Its database.
    pub pool: PgPool,
    /// The same database, for readers: their transactions must not keep requests waiting.
    pub readers: PgPool,
    /// What it counts.
    pub metrics: Metrics,
    /// Who calls.
    pub auth: Auth,
    /// Signs its own tokens.
    pub issuer: Issuer,
    /// Its seal.
    pub seal: Seal,
    /// What it shows something of women under.
    pub lease: Lease,
}

impl Host {
    /// Opens and checks what a service stands on.
    pub async fn open(
        service: &'static str,
        settings: Settings,
        clock: Clock,
        tables: &sqlx::migrate::Migrator,
    ) -> Result<Self, StartError> {
        let metrics = Metrics::default();
        let pool = database::pool(&settings.database, settings.pool).await?;
        database::check(&pool, tables).await?;
        let readers = database::pool(&settings.database, settings.pool).await?;
        let keys = database::pool(&settings.keys, settings.pool).await?;
        let master = Arc::new(FileMasterKey::read(&settings.master_key_file)?);
        let integrity = Integrity::read(&settings.integrity_key_file)?.counting(&metrics);
        let seal = Seal::new(Keyring::open(keys, master).await?, integrity);
        let auth = Auth::new(Verifier::new(&settings.issuers)?.by(clock.clone()), settings.limits);
        let issuer = Issuer::new(service, settings.signing_key.expose_secret())?.by(clock.clone());
        refuse_old_nats(&settings).await?;
        Ok(Self { service, settings, clock, pool, readers, metrics, auth, issuer, seal, lease: Lease::default() })
    }

    /// A client of another service's feed.
    pub fn feed(&self, service: &str) -> Result<Feed, StartError> {
        let address = self.settings.services.get(service).ok_or_else(|| StartError::NoAddress(service.to_owned()))?;
        Ok(Feed::new(address, self.issuer.clone()))
    }

    /// What ties women to centres and staff, as this service has heard.
    #[must_use]
    pub fn relations(&self) -> Relations {
        Relations::new(self.service, self.pool.clone(), self.seal.clone(), self.clock.clone(), self.lease.clone())
    }

    /// A reader of another service's events on this service's database.
    pub fn reader<A: Apply>(&self, service: &str, apply: Arc<A>) -> Result<Reader<A>, StartError> {
        Ok(Reader {
            service: service.to_owned(),
            apply,
            pool: self.readers.clone(),
            nats: self.settings.nats.clone(),
            feed: self.feed(service)?,
            signer: self.seal.signer(service),
            metrics: self.metrics.clone(),
        })
    }
}

/// Below these versions one account can reach into another. On loopback there is nobody to reach in.
async fn refuse_old_nats(settings: &Settings) -> Result<(), StartError> {
    let url = reqwest::Url::parse(&settings.nats.url).ok();
    if url
        .as_ref()
        .and_then(reqwest::Url::host_str)
        .is_some_and(|host| ["127.0.0.1", "localhost", "[::1]"].contains(&host))
    {
        return Ok(());
    }
    // A server that is not there now is no reason to stop: Postgres is the truth, and the relay waits.
    let Ok(client) = nats::connect(&settings.nats, "start").await else { return Ok(()) };
    let version = client.server_info().version;
    let numbers: Vec<u32> = version.split(['.', '-']).filter_map(|part| part.parse().ok()).collect();
    let safe = numbers >= vec![2, 11, 1] || (numbers >= vec![2, 10, 27] && numbers < vec![2, 11]);
    if safe { Ok(()) } else { Err(StartError::OldNats(version)) }
}

/// A domain service being set up: its journal runs, its policies are added.
#[derive(Debug)]
pub struct Domain<D: Decider> {
    /// What it stands on.
    pub host: Host,
    executor: Executor<D>,
    contract: Arc<Contract>,
    service: Service,
    router: Router,
    paths: Map<String, Value>,
    advice: Arc<OnceLock<Advice>>,
}

impl<D: Decider> Domain<D> {
    /// Sets a domain service up: executor, journal, relay, announcements, routes.
    pub async fn open(
        contract: Contract,
        name: &'static str,
        settings: Settings,
        clock: Clock,
    ) -> Result<Self, StartError> {
        Self::on(&database::SERVICE, contract, name, settings, clock).await
    }

    /// The same for a service with tables of its own beside.
    pub async fn on(
        tables: &sqlx::migrate::Migrator,
        contract: Contract,
        name: &'static str,
        settings: Settings,
        clock: Clock,
    ) -> Result<Self, StartError> {
        let host = Host::open(name, settings, clock, tables).await?;
        host.settings.deadlines.require(D::deadlines().iter().copied())?;
        if store::was_never_signed(&host.pool).await.map_err(|error| StartError::Database(error_kind(&error)))? {
            return Err(StartError::NotSigned);
        }
        let signer = host.seal.signer(name);
        let (journal, writer) = Journal::start(host.pool.clone(), signer.clone());
        let executor = Executor {
            service: name,
            pool: host.pool.clone(),
            journal: journal.clone(),
            seal: host.seal.clone(),
            deadlines: Arc::new(host.settings.deadlines.clone()),
            clock: host.clock.clone(),
            secret: host
                .seal
                .secret(name)
                .await
                .map_err(|_| StartError::Other("the service's own key cannot be had".into()))?,
            policies: Arc::default(),
            decider: PhantomData,
        };
        executor.retake().await.map_err(|error| StartError::Database(error_kind(&error)))?;
        let contract = Arc::new(contract);
        let app = Arc::new(app(&host, executor.clone(), &contract));
        let advice = app.advice.clone();
        let router = http::routes(app.clone()).merge(http::feed(app));
        let paths = openapi::paths::<D>(&contract);
        let mut service = Service::new(&host).hearing_relations(&host)?;
        service.tasks.spawn(async move {
            // Ends when the last handle on the journal is gone.
            let _ = writer.await;
        });
        let relay = Relay {
            service: name,
            pool: host.pool.clone(),
            signer,
            nats: host.settings.nats.clone(),
            replicas: host.settings.replicas,
            written: journal.head(),
            metrics: host.metrics.clone(),
        };
        service.tasks.spawn(relay.run(service.drained.clone()));
        service.tasks.spawn(keepers::warn(executor.clone(), journal.head(), service.stop.clone()));
        let announcing = relay::announce(
            name,
            host.pool.clone(),
            host.seal.signer(name),
            host.clock.clone(),
            host.settings.nats.clone(),
            service.stop.clone(),
        );
        service.tasks.spawn(announcing);
        Ok(Self { host, executor, contract, service, router, paths, advice })
    }

    /// Adds another kind of aggregate: the same journal, stream and words.
    #[must_use]
    pub fn beside<E: Decider>(self) -> Self {
        let executor = self.executor.of::<E>();
        let paths = openapi::paths::<E>(&self.contract);
        let app = app(&self.host, executor, &self.contract);
        self.with(http::routes(Arc::new(app)), paths)
    }

    /// Adds routes of the service's own, and their description.
    #[must_use]
    pub fn with(mut self, router: Router, paths: Map<String, Value>) -> Self {
        self.router = self.router.merge(router);
        openapi::merge(&mut self.paths, paths);
        self
    }

    /// Adds what the service itself warns of beside the rules.
    #[must_use]
    pub fn advising(self, advice: Advice) -> Self {
        // Said once.
        let _ = self.advice.set(advice);
        self
    }

    /// Adds a task that runs until the service stops.
    #[must_use]
    pub fn running<F: Future<Output = ()> + Send + 'static>(
        mut self,
        task: impl FnOnce(CancellationToken) -> F,
    ) -> Self {
        self.service = self.service.with(task);
        self
    }

    /// Its words.
    #[must_use]
    pub fn contract(&self) -> &Contract {
        &self.contract
    }

    /// Executes its commands.
    #[must_use]
    pub fn executor(&self) -> &Executor<D> {
        &self.executor
    }

    /// Adds a policy: a reader of each service it hears, and its calendar.
    pub fn policy<P: Policy<Decider = D>>(mut self) -> Result<Self, StartError> {
        self.host.settings.deadlines.require(P::deadlines().iter().copied())?;
        let feeds = P::HEARS
            .iter()
            .map(|heard| Ok((*heard, self.host.feed(heard)?)))
            .collect::<Result<Vec<_>, StartError>>()?;
        let listening = Listening { policy: P::NAME, feeds: feeds.clone() };
        self.executor.policies.write().unwrap_or_else(std::sync::PoisonError::into_inner).push(listening);
        let runner = PolicyRunner::<P>::new(self.executor.clone(), self.host.readers.clone(), feeds);
        let runner = Arc::new(runner);
        for heard in P::HEARS {
            let reader = self.host.reader(heard, runner.clone())?;
            self.service.tasks.spawn(reader.run(self.service.stop.clone()));
        }
        let (watching, stop) = (runner.clone(), self.service.stop.clone());
        self.service.tasks.spawn(async move { watching.watch(stop).await });
        let stop = self.service.stop.clone();
        let metrics = self.host.metrics.clone();
        self.service.tasks.spawn(async move { runner.calendar(metrics, stop).await });
        Ok(self)
    }

    /// Lets its own events that say so destroy keys; its role in the keys database must be the one that may.
    pub fn erasing(mut self) -> Result<Self, StartError> {
        let policies = self.executor.policies.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        let own = |listening: &&Listening| listening.feeds.iter().any(|(service, _)| *service == self.host.service);
        let policies: Vec<_> = policies.iter().filter(own).map(|listening| listening.policy).collect();
        let eraser = Arc::new(Eraser::new(self.host.seal.keys().clone(), self.host.readers.clone(), policies));
        let reader = self.host.reader(self.host.service, eraser)?;
        self.service.tasks.spawn(reader.run(self.service.stop.clone()));
        Ok(self)
    }

    /// The service, complete.
    #[must_use]
    pub fn service(self) -> Service {
        let document = openapi::domain(&self.contract, self.paths);
        self.service.serving(&self.host, self.router, &document)
    }
}

fn app<D>(host: &Host, executor: Executor<D>, contract: &Arc<Contract>) -> App<D> {
    let (auth, metrics, relations) = (host.auth.clone(), host.metrics.clone(), host.relations());
    App { executor, contract: contract.clone(), auth, metrics, relations, advice: Arc::default() }
}

/// Logs as JSON lines to standard error, by the filter (`info` and the like).
pub fn log(filter: &str) {
    use tracing_subscriber::{EnvFilter, fmt};
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    // A second call finds a subscriber and leaves it.
    let _ = fmt().json().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}
