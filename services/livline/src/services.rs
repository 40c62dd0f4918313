//! The one list of services. A new one is a line here.
//!
//! Deliberately absent: anything a service is made of; this names how each is opened and described.

use engine::{
    clock::Clock,
    config::Settings,
    http::openapi,
    run::{Domain, Service, StartError},
};
use futures::future::BoxFuture;
use kit::{
    Decider,
    contract::{Contract, ContractError, EntryDescription},
    decider::Commands,
};
use people::{centre::Centre, duty::Duty, enquiry::Enquiry, staff::Staff, woman::Woman};
use serde_json::Value;
use sqlx::migrate::Migrator;

/// Every service, domains first.
#[must_use]
pub fn all() -> Vec<Listed> {
    let mut services = vec![
        Listed {
            entries: people_entries,
            tables: &engine::vault::TABLES,
            open: Box::new(|settings, clock| {
                Box::pin(async move { people(settings, clock).await.map(Domain::service) })
            }),
            document: Box::new(|| {
                let contract = people::contract()?;
                let mut paths = openapi::paths::<Woman>(&contract);
                paths.extend(openapi::paths::<Enquiry>(&contract));
                paths.extend(openapi::paths::<Duty>(&contract));
                paths.extend(openapi::paths::<Staff>(&contract));
                paths.extend(openapi::paths::<Centre>(&contract));
                openapi::merge(&mut paths, people::shown::paths());
                Ok(openapi::domain(&contract, paths))
            }),
            ..domain::<Woman>(people::SERVICE, people::contract, Ok)
        },
        domain::<housing::case::Housing>(housing::SERVICE, housing::contract, |service| {
            service.policy::<housing::policy::LapseOffers>()
        }),
        domain::<legal::case::Legal>(legal::SERVICE, legal::contract, Ok),
        domain::<financial::case::Financial>(financial::SERVICE, financial::contract, Ok),
        domain::<safety::case::Safety>(safety::SERVICE, safety::contract, |service| {
            service.policy::<safety::policy::RaiseAlerts>()
        }),
        domain::<aftercare::case::Aftercare>(aftercare::SERVICE, aftercare::contract, |service| {
            service.policy::<aftercare::policy::OfferAftercare>()?.policy::<aftercare::heard::KnowCourse>()
        }),
    ];
    services.push(timeline(services.iter().filter_map(|service| service.contract).collect()));
    services
}

/// The people service: women, and what is about nobody.
pub async fn people(settings: Settings, clock: Clock) -> Result<Domain<Woman>, StartError> {
    let contract = people::contract().map_err(unreadable)?;
    let domain = Domain::<Woman>::on(&engine::vault::TABLES, contract, people::SERVICE, settings, clock).await?;
    let domain = domain.policy::<people::policy::ReceiveRelocations>()?.policy::<people::heard::KnowProtection>()?;
    let (routes, advice) = people::shown::routes(&domain.host, domain.executor(), domain.contract());
    let domain = domain.beside::<Enquiry>().beside::<Duty>().beside::<Staff>().beside::<Centre>();
    domain.with(routes, people::shown::paths()).advising(advice).erasing()
}

fn people_entries() -> Vec<EntryDescription> {
    let all = [
        <Woman as Decider>::Command::describe,
        <Enquiry as Decider>::Command::describe,
        <Duty as Decider>::Command::describe,
        <Staff as Decider>::Command::describe,
        <Centre as Decider>::Command::describe,
    ];
    all.into_iter().flat_map(|describe| describe()).collect()
}

/// Those that decide, and write streams of their own.
#[must_use]
pub fn domains() -> Vec<Listed> {
    all().into_iter().filter(|service| service.kind == Kind::Domain).collect()
}

/// A service by its name.
#[must_use]
pub fn find(name: &str) -> Option<Listed> {
    all().into_iter().find(|service| service.name == name)
}

/// What every service can say of itself in one line of help.
#[must_use]
pub fn names() -> Vec<&'static str> {
    all().iter().map(|service| service.name).collect()
}

/// What a service's role may do in its database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Decides, and writes its own stream.
    Domain,
    /// Only reads the others'.
    Projection,
}

type Open = dyn Fn(Settings, Clock) -> BoxFuture<'static, Result<Service, StartError>> + Send + Sync;
type Document = dyn Fn() -> Result<Value, ContractError> + Send + Sync;

/// A service of the list.
pub struct Listed {
    /// Its name: of its role, its stream, its file of settings.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// The tables of its database.
    pub tables: &'static Migrator,
    /// Its contract, where others read it by one.
    pub contract: Option<fn() -> Result<Contract, ContractError>>,
    /// Its own entries.
    pub entries: fn() -> Vec<EntryDescription>,
    open: Box<Open>,
    document: Box<Document>,
}

impl Listed {
    /// Opens it: checks what it stands on, starts its tasks.
    pub async fn open(&self, settings: Settings, clock: Clock) -> Result<Service, StartError> {
        (self.open)(settings, clock).await
    }

    /// Its OpenAPI document.
    pub fn document(&self) -> Result<Value, ContractError> {
        (self.document)()
    }

    /// Its database.
    #[must_use]
    pub fn database(&self) -> String {
        database(self.name)
    }
}

/// A service's database.
#[must_use]
pub fn database(service: &str) -> String {
    format!("livline_{service}")
}

/// What a domain service adds to the engine's: its policies.
type Policies<D> = fn(Domain<D>) -> Result<Domain<D>, StartError>;

fn domain<D: Decider>(
    name: &'static str,
    contract: fn() -> Result<Contract, ContractError>,
    policies: Policies<D>,
) -> Listed {
    Listed {
        name,
        kind: Kind::Domain,
        tables: &engine::database::SERVICE,
        contract: Some(contract),
        entries: D::Command::describe,
        open: Box::new(move |settings, clock| {
            Box::pin(async move {
                let contract = contract().map_err(unreadable)?;
                policies(Domain::<D>::open(contract, name, settings, clock).await?).map(Domain::service)
            })
        }),
        document: Box::new(move || Ok(openapi::document::<D>(&contract()?))),
    }
}

/// The timeline follows every service with a contract.
fn timeline(contracts: Vec<fn() -> Result<Contract, ContractError>>) -> Listed {
    Listed {
        name: timeline::SERVICE,
        kind: Kind::Projection,
        tables: &timeline::TABLES,
        contract: None,
        entries: Vec::new,
        open: Box::new(move |settings, clock| {
            let contracts: Result<Vec<Contract>, _> = contracts.iter().map(|contract| contract()).collect();
            Box::pin(async move { timeline::open(settings, clock, contracts.map_err(unreadable)?).await })
        }),
        document: Box::new(|| Ok(timeline::document())),
    }
}

/// Only a program that was built wrong has no contract; a test holds that.
fn unreadable(error: impl std::fmt::Display) -> StartError {
    StartError::Other(format!("its contract cannot be made: {error}"))
}

impl std::fmt::Debug for Listed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listed").field("name", &self.name).field("kind", &self.kind).finish_non_exhaustive()
    }
}
