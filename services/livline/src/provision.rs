//! Roles, databases, tables and grants inside the two clusters. Done at every start; what is there already is left or set right, so a kill
//! at any point is made up for by the next start.
//!
//! Deliberately absent: the cluster itself ([`crate::cluster`]), dropping anything.
//!
//! | Role | May |
//! |---|---|
//! | the administrator | owns everything; no service connects as it |
//! | a domain service | in its own database: read the journal, append through the function, keep its policies' progress |
//! | a service with a vault | in its own database too: write the vault's tables |
//! | timeline | in its own database: write its own tables |
//! | each service | in the keys database: get keys of the classes granted to it, through two functions |
//! | people | there also: have somebody's keys destroyed, and read what the ledger says of them |

use crate::{
    cluster::{DataFolder, Postgres},
    failure::Failure,
    secrets,
    services::{self, Kind, Listed},
};
use engine::{
    database,
    keys::{KeyError, Keyring},
    run::StartError,
    vault,
};
use kit::Class;
use sqlx::{Connection, PgConnection, PgPool, migrate::Migrator};

/// The keys database.
pub const KEYS: &str = "livline_keys";
/// Connections of one role at once: two pools of five and the relay's own, for two replicas, and room for those that are ending.
const CONNECTIONS: u32 = 30;
/// What every service gets keys for. A partners service would never be granted `location`.
const CLASSES: [Class; 4] = [Class::Personal, Class::Narrative, Class::Identity, Class::Location];

/// The one role that may have keys destroyed.
const ERASER: &str = "people";

/// Sets everything up for every service: its database in the cluster of the data, its way to the keys in theirs.
pub async fn provision(postgres: &Postgres, keys: &Postgres, folder: &DataFolder) -> Result<(), Failure> {
    let services = services::all();
    let names = services::names();
    let databases: Vec<String> = services.iter().map(Listed::database).collect();
    let own: Vec<(&str, &[&str])> =
        databases.iter().zip(&names).map(|(database, name)| (database.as_str(), std::slice::from_ref(name))).collect();
    set_up_cluster(postgres, folder, &names, &own).await?;
    set_up_cluster(keys, folder, &names, &[(KEYS, &names)]).await?;
    for service in &services {
        set_up_service(service, service.name, &postgres.admin_url(&service.database())).await?;
    }
    let keys = keys.admin_url(KEYS);
    set_up_keys(&names, &keys).await?;
    set_up_master_key(&keys, folder).await
}

/// Roles, and databases with those who may connect to each.
async fn set_up_cluster(
    cluster: &Postgres,
    folder: &DataFolder,
    roles: &[&str],
    databases: &[(&str, &[&str])],
) -> Result<(), Failure> {
    let name = "postgres";
    let mut admin = connect(&cluster.admin_url(name)).await.map_err(failed(name))?;
    run(&mut admin, "REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC").await.map_err(failed(name))?;
    for role in roles {
        let password = secrets::postgres_password(folder, role)?;
        make_role(&mut admin, role, &password).await.map_err(failed(name))?;
    }
    for (database, roles) in databases {
        make_database(&mut admin, database, roles).await.map_err(failed(database))?;
    }
    let _ = admin.close().await;
    Ok(())
}

/// Tables and grants of a service's database; `role` must exist.
pub async fn set_up_service(service: &Listed, role: &str, admin_url: &str) -> Result<(), Failure> {
    let database = service.database();
    database::migrate(admin_url, service.tables).await.map_err(unusable(&database))?;
    grant(admin_url, &grants(service.kind, service.tables, role)).await.map_err(failed(&database))
}

/// Tables and grants of the keys database; the roles must exist.
pub async fn set_up_keys(roles: &[&str], admin_url: &str) -> Result<(), Failure> {
    database::migrate(admin_url, &database::KEYS).await.map_err(unusable(KEYS))?;
    let grants: String = roles.iter().map(|role| keys_grants(role)).collect();
    grant(admin_url, &grants).await.map_err(failed(KEYS))
}

/// The check value that another master key fails on.
async fn set_up_master_key(admin_url: &str, folder: &DataFolder) -> Result<(), Failure> {
    let pool = PgPool::connect(admin_url).await.map_err(failed(KEYS))?;
    let used =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM master_check)").fetch_one(&pool).await.map_err(failed(KEYS))?;
    let master = secrets::master_key(folder, used)?;
    let written = Keyring::set_up(&pool, &master).await;
    pool.close().await;
    written.map_err(|error: KeyError| {
        let file = secrets::master_key_file(folder.path());
        Failure::Other(format!("The data cannot be opened: {error} ({}).", file.display()))
    })
}

async fn make_role(admin: &mut PgConnection, role: &str, password: &str) -> Result<(), sqlx::Error> {
    let there: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)")
        .bind(role)
        .fetch_one(&mut *admin)
        .await?;
    let verb = if there { "ALTER" } else { "CREATE" };
    let (role, password) = (identifier(role), literal(password));
    run(
        admin,
        &format!(
            "{verb} ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION NOBYPASSRLS
             CONNECTION LIMIT {CONNECTIONS} PASSWORD {password}"
        ),
    )
    .await
}

async fn make_database(admin: &mut PgConnection, database: &str, roles: &[&str]) -> Result<(), sqlx::Error> {
    let there: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(database)
        .fetch_one(&mut *admin)
        .await?;
    let database = identifier(database);
    if !there {
        run(admin, &format!("CREATE DATABASE {database}")).await?;
    }
    run(admin, &format!("REVOKE ALL ON DATABASE {database} FROM PUBLIC")).await?;
    for role in roles {
        run(admin, &format!("GRANT CONNECT ON DATABASE {database} TO {}", identifier(role))).await?;
    }
    Ok(())
}

/// What held before is taken away first: the grants are exactly these.
fn from_nothing(role: &str) -> String {
    format!(
        "REVOKE ALL ON SCHEMA public FROM PUBLIC, {role};
         REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, {role};
         REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM PUBLIC, {role};
         REVOKE ALL ON ALL ROUTINES IN SCHEMA public FROM PUBLIC, {role};
         GRANT USAGE ON SCHEMA public TO {role};
         GRANT SELECT ON _sqlx_migrations TO {role};"
    )
}

/// What a service's role may do in its database, and nothing else.
#[must_use]
pub fn grants(kind: Kind, tables: &Migrator, role: &str) -> String {
    match kind {
        Kind::Domain if vault::within(tables) => domain_grants(role) + &vault_grants(role),
        Kind::Domain => domain_grants(role),
        Kind::Projection => projection_grants(role),
    }
}

/// What stands in a vault may change and go; what was counted may not.
fn vault_grants(role: &str) -> String {
    let (written, counted, old_go, role) =
        (vault::WRITTEN.join(", "), vault::COUNTED.join(", "), vault::OLD_GO, identifier(role));
    format!(
        "GRANT SELECT, INSERT, UPDATE, DELETE ON {written} TO {role};
         GRANT SELECT, INSERT ON {counted} TO {role};
         GRANT EXECUTE ON FUNCTION {old_go} TO {role};"
    )
}

fn domain_grants(role: &str) -> String {
    let role = identifier(role);
    format!(
        "{}
         GRANT SELECT ON events, serialized_events, epochs, aggregates, claims, checkpoints, claims_to_retake, keepers_to_warn TO {role};
         GRANT INSERT ON checkpoints TO {role};
         GRANT DELETE ON keepers_to_warn TO {role};
         GRANT EXECUTE ON FUNCTION append, take_epoch, retake TO {role};
         GRANT SELECT, INSERT, UPDATE, DELETE ON progress, heard, policies, orders, held_back, relations, duties, directory, heard_by TO {role};
         GRANT EXECUTE ON FUNCTION ties, micros TO {role};",
        from_nothing(&role)
    )
}

fn projection_grants(role: &str) -> String {
    let role = identifier(role);
    format!(
        "{}
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
         REVOKE INSERT, UPDATE, DELETE ON _sqlx_migrations FROM {role};
         GRANT EXECUTE ON FUNCTION ties, micros TO {role};",
        from_nothing(&role)
    )
}

fn keys_grants(name: &str) -> String {
    let role = identifier(name);
    let classes: Vec<String> = CLASSES.iter().map(|class| literal(class.code())).collect();
    let erasing = if name == ERASER {
        format!("GRANT EXECUTE ON FUNCTION erase, erasure_of, let_the_log_go TO {role};")
    } else {
        String::new()
    };
    let (name, classes) = (literal(name), classes.join(", "));
    format!(
        "{}
         GRANT SELECT ON master_check TO {role};
         GRANT EXECUTE ON FUNCTION key_for, keys_by_id TO {role};
         {erasing}
         DELETE FROM grants WHERE role_name = {name} AND class <> ALL (ARRAY[{classes}]);
         INSERT INTO grants (role_name, class) SELECT {name}, unnest(ARRAY[{classes}]) ON CONFLICT DO NOTHING;",
        from_nothing(&role)
    )
}

pub(crate) async fn connect(url: &str) -> Result<PgConnection, sqlx::Error> {
    PgConnection::connect(url).await
}

pub(crate) async fn run(connection: &mut PgConnection, statement: &str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(statement).execute(connection).await.map(drop)
}

/// All of it or none: several statements sent at once are one transaction.
async fn grant(admin_url: &str, statements: &str) -> Result<(), sqlx::Error> {
    let mut admin = connect(admin_url).await?;
    run(&mut admin, statements).await?;
    admin.close().await
}

pub(crate) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

pub(crate) fn unusable(database: &str) -> impl FnOnce(StartError) -> Failure {
    move |source| Failure::Database { database: database.to_owned(), source }
}

/// Postgres' own words may quote a statement with a password: its code is enough.
pub(crate) fn failed(database: &str) -> impl Fn(sqlx::Error) -> Failure {
    move |error| {
        let source = StartError::Database(engine::journal::error_kind(&error));
        Failure::Database { database: database.to_owned(), source }
    }
}
