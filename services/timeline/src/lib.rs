//! Each woman's course: what happened, what is open, what is late, who holds it, from the events of every service.
//!
//! It knows services by their contracts alone: a new service needs its name among the contracts and nothing here. Deliberately
//! absent: any domain's types, rules and words; opened facts in the database (they are opened for a reader who may see them).

mod api;
pub mod beside;
mod document;
mod follow_ups;
mod live;
mod preview;
mod project;
mod read;
mod render;
mod signed;

pub use document::document;
pub use project::Projection;
pub use signed::sign_again;

use engine::{
    clock::Clock,
    config::Settings,
    run::{Host, Service, StartError},
};
use kit::contract::Contract;
use std::{collections::BTreeMap, sync::Arc};

/// The service's name.
pub const SERVICE: &str = "timeline";

/// Its tables.
pub static TABLES: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// The services it follows, by name.
pub type Contracts = BTreeMap<String, Contract>;

/// Sets the timeline up: a reader for each contract, and the routes.
pub async fn open(settings: Settings, clock: Clock, contracts: Vec<Contract>) -> Result<Service, StartError> {
    let host = Host::open(SERVICE, settings, clock, &TABLES).await?;
    let contracts: Contracts = contracts.into_iter().map(|contract| (contract.service.clone(), contract)).collect();
    let projection = Arc::new(Projection(host.seal.signer(SERVICE)));
    let app = api::App::new(&host, contracts.clone());
    let live = app.live.clone();
    let mut service = Service::new(&host).serving(&host, api::routes(Arc::new(app)), &document());
    for followed in contracts.keys() {
        let reader = host.reader(followed, projection.clone())?;
        service = service.with(|stop| reader.run(stop));
    }
    let service = service.hearing_relations(&host)?;
    let pool = host.pool.clone();
    let ending = live.clone();
    Ok(service.with(|stop| live.listen(pool, stop)).with(|stop| ending.end(stop)))
}
