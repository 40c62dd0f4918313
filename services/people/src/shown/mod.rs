//! What people stores and shows besides its entries: the vault, search, the check for duplicates, letters.
//!
//! Each route asks [`reach`] for a woman before it looks at anything of hers, and what is not the caller's is answered like what does
//! not exist. Deliberately absent: an index over names or numbers, women of other centres, writing entries.

mod agree;
mod alias;
mod arrivals;
mod compare;
mod contacts;
mod directory;
mod document;
mod entries;
mod erasure;
mod letter;
mod letters;
pub mod reach;
mod record;
mod search;
mod vault;

pub use document::paths;

use crate::woman::Woman;
use axum::{
    Router,
    routing::{get, post, put},
};
use engine::{
    clock::Clock,
    executor::Executor,
    http::{Advice, Auth, Problem},
    keys::Keyring,
    run::Host,
    vault::{Unrecognised, Vault, VaultError},
};
use kit::{contract::Contract, entry::ENTRY_CORRECTED};
use reach::Reach;
use std::{collections::BTreeMap, sync::Arc};

/// What the routes share.
pub(crate) struct App {
    auth: Auth,
    clock: Clock,
    reach: Reach,
    vault: Vault,
    keys: Keyring,
    /// For how many days backups of the keys live.
    key_backup_days: u16,
    /// What the grounds of a stay are called in Danish, by code.
    grounds: BTreeMap<String, String>,
    /// The words of what is refused and warned of.
    contract: Contract,
}

/// Warns whoever records who somebody is of those who most likely are the same.
fn advice(app: &Arc<App>) -> Advice {
    let app = app.clone();
    Advice(Box::new(move |caller, woman, events| {
        let app = app.clone();
        Box::pin(async move {
            let says = |event: &String| search::WHO_SHE_IS.contains(&event.as_str()) || event == ENTRY_CORRECTED;
            if events.iter().any(says) { search::known_already(&app, &caller, woman).await } else { Ok(Vec::new()) }
        })
    }))
}

/// The routes, to be mounted beside those of the aggregates, and what is warned of beside the rules.
pub fn routes(host: &Host, executor: &Executor<Woman>, contract: &Contract) -> (Router, Advice) {
    let app = Arc::new(App {
        auth: host.auth.clone(),
        clock: host.clock.clone(),
        reach: Reach {
            pool: host.pool.clone(),
            seal: host.seal.clone(),
            relations: host.relations(),
            executor: executor.clone(),
        },
        vault: Vault::new(crate::SERVICE, host.pool.clone(), host.seal.clone()),
        keys: host.seal.keys().clone(),
        key_backup_days: host.settings.key_backup_days,
        grounds: letters::grounds(contract),
        contract: contract.clone(),
    });
    let advice = advice(&app);
    let router = Router::new()
        .route("/v1/women/search", post(search::search))
        .route("/v1/women/duplicates", post(search::duplicates))
        .route("/v1/women/{id}/alias", get(alias::alias))
        .route("/v1/women/{id}/contacts", get(contacts::list).post(agree::agree))
        .route("/v1/women/{id}/vault", get(vault::list))
        .route("/v1/women/{id}/vault/address", put(vault::put_address))
        .route("/v1/women/{id}/vault/code-word", put(vault::put_code_word))
        .route("/v1/women/{id}/vault/{slot}", get(vault::value))
        .route("/v1/women/{id}/vault/{slot}/history", get(vault::history).delete(vault::forget))
        .route("/v1/women/{id}/vault/contact/{contact}", put(vault::put_contact))
        .route("/v1/women/{id}/vault/code-word/check", post(vault::check))
        .route("/v1/women/{id}/vault/code-word/unlock", post(vault::unlock))
        .route("/v1/women/{id}/letters/{kind}", get(letters::letter))
        .route("/v1/women/{id}/erasure", get(erasure::status))
        .route("/v1/staff", get(directory::staff))
        .route("/v1/centres", get(directory::centres))
        .route("/v1/arrivals", get(arrivals::list))
        .route("/v1/arrivals/{arrival}/accept", post(arrivals::accept))
        .route("/v1/arrivals/{arrival}/decline", post(arrivals::decline))
        .with_state(app);
    (router, advice)
}

/// Nobody said how she was recognised who gets another code word.
const UNRECOGNISED: &str = "recognition_missing";
/// Whoever says that she was by her code word has not checked it.
const UNCHECKED: &str = "not_recognised";
/// What was said for her code word is another one.
const WRONG_WORD: &str = "code_word_wrong";

/// What stands in the vault is not what was kept there last, or is gone.
const NOT_AS_KEPT: &str = "not_as_kept";

/// What went wrong, without what it was about.
fn problem(error: VaultError) -> Problem {
    match error {
        VaultError::Database(error) => error.into(),
        VaultError::KeyReused => Problem::common("key_reused"),
        VaultError::Unrecognised(Unrecognised::Unsaid) => Problem::refused(UNRECOGNISED, "Say how she was recognised."),
        VaultError::Unrecognised(Unrecognised::Unchecked) => {
            Problem::refused(UNCHECKED, "Check her code word first: it counts for ten minutes, for whoever checked it.")
        }
        VaultError::Unrecognised(Unrecognised::WrongWord) => Problem::refused(WRONG_WORD, "It is not her code word."),
        VaultError::Unrecognised(Unrecognised::TooMany) => Problem::common("too_many_requests"),
        VaultError::Seal(error) => engine::executor::ExecuteError::from(error).into(),
        VaultError::NotAsKept => Problem::common(NOT_AS_KEPT),
        VaultError::Unreadable => {
            tracing::error!(%error, "the vault could not be read");
            Problem::common("unavailable")
        }
    }
}
