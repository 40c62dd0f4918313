//! A service's configuration: documented defaults, then a TOML file, then `LIVLINE_…` (two underscores between levels).
//!
//! Unknown keys are errors. Each secret can be given by the path of a file that holds it (`database_file`). Deliberately absent: any
//! other reading of the environment by a service.

use crate::{
    http::{Bounds, Limits},
    nats::NatsConfig,
};
use figment::{
    Figment,
    providers::{Env, Format, Toml},
};
use kit::deadlines::Deadlines;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

/// Ports that others rely on.
pub const PORTS: &[(&str, u16)] = &[
    ("desk", 7360),
    ("people", 7361),
    ("intervention", 7362),
    ("housing", 7363),
    ("legal", 7364),
    ("financial", 7365),
    ("safety", 7366),
    ("aftercare", 7367),
    ("everyday", 7368),
    ("partners", 7369),
    ("network", 7370),
    ("timeline", 7371),
];

/// The port a service listens on unless configured.
#[must_use]
pub fn port(service: &str) -> u16 {
    PORTS.iter().find(|(name, _)| *name == service).map_or(0, |(_, port)| *port)
}

/// Built-in deadlines; a file may take their place.
pub const DEADLINES: &str = include_str!("../../../deploy/deadlines.toml");

/// A configuration that cannot be used, in one sentence.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    listen: Option<SocketAddr>,
    #[serde(default)]
    operations_listen: Option<SocketAddr>,
    database: Option<SecretString>,
    database_file: Option<PathBuf>,
    keys: Option<SecretString>,
    keys_file: Option<PathBuf>,
    master_key_file: PathBuf,
    integrity_key_file: PathBuf,
    signing_key: Option<SecretString>,
    signing_key_file: Option<PathBuf>,
    nats: WrittenNats,
    /// Issuers' public keys, base64url.
    issuers: BTreeMap<String, String>,
    /// Where the services are.
    #[serde(default)]
    services: BTreeMap<String, String>,
    deadlines_file: Option<PathBuf>,
    schemas: Option<PathBuf>,
    #[serde(default)]
    limits: Limits,
    #[serde(default)]
    bounds: Bounds,
    #[serde(default = "connections")]
    pool: u32,
    #[serde(default = "key_backup_days")]
    key_backup_days: u16,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenNats {
    url: String,
    user: String,
    password: Option<SecretString>,
    password_file: Option<PathBuf>,
    #[serde(default = "replicas")]
    replicas: usize,
}

fn connections() -> u32 {
    5
}

fn replicas() -> usize {
    1
}

fn key_backup_days() -> u16 {
    8
}

/// What a service runs with.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where it listens; loopback unless configured.
    pub listen: SocketAddr,
    /// Where health, metrics and the document are answered with room of their own, besides where it listens; none: there alone.
    pub operations_listen: Option<SocketAddr>,
    /// Its database.
    pub database: SecretString,
    /// The keys database, as this service's role there.
    pub keys: SecretString,
    /// Connections to each database at most.
    pub pool: u32,
    /// The master key's file.
    pub master_key_file: PathBuf,
    /// The file of the key that what access follows from is signed with: the same for all services.
    pub integrity_key_file: PathBuf,
    /// For how many days a backup of the keys may hold a key that was destroyed: what an erasure's letter says. `livline backup` keeps them
    /// for 7 days, and takes away what is older when it runs the next time; it is taken to run every day.
    pub key_backup_days: u16,
    /// The key that signs this service's own tokens.
    pub signing_key: SecretString,
    /// NATS.
    pub nats: NatsConfig,
    /// Copies that streams keep.
    pub replicas: usize,
    /// Whose tokens it trusts.
    pub issuers: BTreeMap<String, String>,
    /// Where the other services are, by name.
    pub services: BTreeMap<String, String>,
    /// The deadlines.
    pub deadlines: Deadlines,
    /// A folder of contracts; none: those built in.
    pub schemas: Option<PathBuf>,
    /// How often one principal may ask.
    pub limits: Limits,
    /// How much it takes on at once, and how long it waits for clients.
    pub bounds: Bounds,
}

impl Settings {
    /// Reads a service's configuration from a file and the environment.
    pub fn read(service: &str, file: Option<&Path>) -> Result<Self, ConfigError> {
        let figment = file.map_or_else(Figment::new, |file| Figment::from(Toml::file_exact(file)));
        // These name programs and folders for `up`; they are no settings of a service.
        let environment = Env::prefixed("LIVLINE_").ignore(&["nats_server", "postgres_bin", "data", "log"]).split("__");
        let written: Written = figment.merge(environment).extract().map_err(|error| ConfigError(sentence(&error)))?;
        Self::from_written(service, written)
    }

    fn from_written(service: &str, written: Written) -> Result<Self, ConfigError> {
        let deadlines = match &written.deadlines_file {
            Some(path) => {
                std::fs::read_to_string(path).map_err(|error| ConfigError(format!("{}: {error}", path.display())))?
            }
            None => DEADLINES.to_owned(),
        };
        let services = PORTS.iter().map(|(name, port)| ((*name).to_owned(), format!("http://127.0.0.1:{port}")));
        let mut services: BTreeMap<_, _> = services.collect();
        services.extend(written.services);
        let local = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port(service));
        Ok(Self {
            listen: written.listen.unwrap_or(local),
            operations_listen: written.operations_listen,
            database: secret("database", written.database, written.database_file)?,
            keys: secret("keys", written.keys, written.keys_file)?,
            pool: written.pool,
            master_key_file: written.master_key_file,
            integrity_key_file: written.integrity_key_file,
            key_backup_days: written.key_backup_days,
            signing_key: secret("signing_key", written.signing_key, written.signing_key_file)?,
            nats: NatsConfig {
                url: written.nats.url,
                user: written.nats.user,
                password: secret("nats.password", written.nats.password, written.nats.password_file)?,
            },
            replicas: written.nats.replicas,
            issuers: written.issuers,
            services,
            deadlines: Deadlines::parse(&deadlines).map_err(|error| ConfigError(error.to_string()))?,
            schemas: written.schemas,
            limits: written.limits,
            bounds: written.bounds,
        })
    }
}

/// A secret given directly or by a file, and not both ways.
fn secret(name: &str, given: Option<SecretString>, file: Option<PathBuf>) -> Result<SecretString, ConfigError> {
    match (given, file) {
        (Some(given), None) => Ok(SecretString::from(given.expose_secret().trim())),
        (None, Some(path)) => {
            let text =
                std::fs::read_to_string(&path).map_err(|error| ConfigError(format!("{}: {error}", path.display())))?;
            Ok(SecretString::from(text.trim()))
        }
        (None, None) => Err(ConfigError(format!("the configuration lacks {name} or {name}_file"))),
        (Some(_), Some(_)) => Err(ConfigError(format!("the configuration gives both {name} and {name}_file"))),
    }
}

/// The first of figment's complaints, with its place and without the value.
fn sentence(error: &figment::Error) -> String {
    use figment::error::Kind;
    let path = error.path.join(".");
    match &error.kind {
        Kind::UnknownField(field, _) => format!("the configuration has an unknown key {field}"),
        Kind::MissingField(field) => format!(
            "the configuration lacks {}{field}",
            if path.is_empty() { String::new() } else { format!("{path}.") }
        ),
        Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) => {
            format!("the configuration's {path} should be {expected}")
        }
        // The parser's own text quotes the line, and a line may hold a password.
        Kind::Message(_) if path.is_empty() => {
            "the configuration is not valid TOML, or its file cannot be read".to_owned()
        }
        _ => format!("the configuration's {path} cannot be read"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = include_str!("../../../deploy/housing.example.toml");

    fn read(text: &str) -> Result<Settings, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let (file, secret) = (folder.path().join("housing.toml"), folder.path().join("secret"));
        std::fs::write(&secret, "a secret\n").unwrap();
        let text = text.lines().map(|line| match line.split_once("_file = \"") {
            // Every secret of the sample is there.
            Some((name, _)) if !line.starts_with('#') => format!("{name}_file = {:?}", secret.to_str().unwrap()),
            _ => line.to_owned(),
        });
        std::fs::write(&file, text.collect::<Vec<_>>().join("\n")).unwrap();
        Settings::read("housing", Some(&file))
    }

    #[test]
    fn the_sample_is_what_a_service_reads() {
        let settings = read(SAMPLE).unwrap();
        assert_eq!(settings.database.expose_secret(), "a secret");
        assert_eq!(settings.operations_listen.map(|address| address.port()), Some(7463));
        assert_eq!((settings.listen.port(), settings.replicas, settings.issuers.len()), (7363, 3, 2));
        assert_eq!(settings.services["aftercare"], "http://127.0.0.1:7367");
    }

    #[test]
    fn a_mistake_is_one_sentence_and_quotes_no_value() {
        let wrong = |text: &str| read(text).unwrap_err().to_string();
        assert_eq!(wrong(&format!("databse = \"x\"\n{SAMPLE}")), "the configuration has an unknown key databse");
        assert_eq!(
            wrong(&SAMPLE.replace("\nlisten =", "\n# listen =").replace("[nats]", "[nats]\nport = 1")),
            "the configuration has an unknown key port"
        );
        assert_eq!(
            wrong(&format!("database = \"x\"\n{SAMPLE}")),
            "the configuration gives both database and database_file"
        );
        assert_eq!(wrong(&SAMPLE.replace("pool = 5", "pool = \"hemmelig\"")), "the configuration's pool should be u32");
        let broken = wrong(&format!("database = \"postgres://u:hemmelig\n{SAMPLE}"));
        assert!(!broken.contains("hemmelig"), "{broken}");
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { cases: 128, failure_persistence: None, ..Default::default() })]

        #[test]
        fn no_setting_that_is_wrong_is_quoted(line in 0..SAMPLE.lines().count(), with in 0..6_usize, noise in ".{0,20}") {
            const CANARY: &str = "hemmelig117";
            let values = [
                format!("{CANARY:?}"),
                format!("[{CANARY:?}]"),
                CANARY.to_owned(),
                format!("\"{CANARY}"),
                format!("'''{CANARY}{noise}"),
                format!("{CANARY:?} {noise}"),
            ];
            let lines = SAMPLE.lines().enumerate().map(|(number, text)| match text.split_once(" = ") {
                Some((name, _)) if number == line => format!("{name} = {}", values[with]),
                _ => text.to_owned(),
            });
            if let Err(error) = read(&lines.collect::<Vec<_>>().join("\n")) {
                proptest::prop_assert!(!error.to_string().contains(CANARY), "{}", error);
            }
        }
    }
}
