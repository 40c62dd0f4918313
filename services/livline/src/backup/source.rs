//! One running cluster as a backup sees it: its base, and what it has written since.
//!
//! A replication slot named after the chain keeps what was written and is not in the chain yet; how much it keeps at most stands in
//! the cluster's settings. Without a backup there is no slot, and nothing is kept. A cluster that was restored has none either, so it
//! begins a chain of its own. Deliberately absent: an archive command; it would copy on the same disk what the slot keeps there anyway.

use super::{
    ledger,
    place::{self, BASE, Chain, FOLDER, Known, Manifest, following},
    sealed::seal,
};
use crate::{
    cluster::{self, ClusterError, Running, Which, programs::PostgresPrograms},
    failure::Failure,
    provision::{self, connect},
    secrets, services,
};
use age::x25519::Recipient;
use engine::{keys::FileMasterKey, store};
use flate2::{Compression, write::GzEncoder};
use secrecy::ExposeSecret;
use sqlx::{PgConnection, PgPool};
use std::{
    fs,
    io::{self, Read, Write},
    iter,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use time::OffsetDateTime;
use zeroize::Zeroizing;

const DATABASE: &str = "postgres";
/// How long a segment is, as initdb makes them.
const SEGMENT: i64 = 16 * 1024 * 1024;
const SLOT: &str = "livline_";

/// A cluster that runs.
#[derive(Debug)]
pub(super) struct Source {
    /// Which one.
    pub(super) which: Which,
    running: Running,
    admin: PgConnection,
    folder: PathBuf,
    recipient: Recipient,
    /// Whom it was sealed for the time before.
    former: Option<Recipient>,
}

/// How far a cluster had come.
struct Mark {
    /// The file of the master key as it was before.
    master: Option<Zeroizing<String>>,
    at: OffsetDateTime,
    /// The last segment that is finished, and where it ends.
    last: String,
    lsn: String,
}

impl Source {
    /// Finds the cluster of a data folder; what is taken from it is sealed for `recipient`, but for the rest of a chain for `former`.
    pub(super) async fn find(
        folder: &Path,
        which: Which,
        recipient: Recipient,
        former: Option<Recipient>,
    ) -> Result<Self, Failure> {
        let silent = || {
            Failure::Other(format!(
                "`livline up` is not running on the data folder {}: a backup is made beside it.",
                folder.display()
            ))
        };
        let running = which.running(folder).ok_or_else(silent)?;
        let admin = connect(&running.admin_url(DATABASE)).await.map_err(|_| silent())?;
        Ok(Self { which, running, admin, folder: folder.to_owned(), recipient, former })
    }

    /// What tells this cluster from every other one, and those restored from it from none.
    pub(super) async fn system(&mut self) -> Result<String, Failure> {
        self.ask("SELECT system_identifier::text FROM pg_control_system()").await
    }

    /// Writes whose keys were destroyed beside the chains.
    pub(super) async fn save_ledger(&self, place: &Path) -> Result<(), Failure> {
        let mut keys = connect(&self.running.admin_url(provision::KEYS)).await.map_err(failed)?;
        ledger::save(&mut keys, place, &self.recipient).await
    }

    /// Whether it has that database.
    pub(super) async fn has(&mut self, database: &str) -> Result<bool, Failure> {
        let there = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)").bind(database);
        there.fetch_one(&mut self.admin).await.map_err(failed)
    }

    /// Whether a chain is sealed for whom it is sealed now.
    pub(super) fn seals(&self, chain: &Chain) -> bool {
        self.recipient.to_string() == chain.manifest.recipient
    }

    /// Whom the rest of a chain is sealed for. Only for somebody this folder knows: anybody may have written to the place.
    fn recipient_of(&self, chain: &Chain) -> Option<Recipient> {
        let known = iter::once(&self.recipient).chain(&self.former);
        known.into_iter().find(|known| known.to_string() == chain.manifest.recipient).cloned()
    }

    /// The chain of the place that goes on with this cluster, if one does.
    pub(super) async fn present(&mut self, chains: &[Chain]) -> Result<Option<Chain>, Failure> {
        let slots: Vec<String> = sqlx::query_scalar(
            "SELECT slot_name::text FROM pg_replication_slots WHERE slot_name LIKE 'livline\\_%' AND wal_status <> 'lost'",
        )
        .fetch_all(&mut self.admin)
        .await
        .map_err(failed)?;
        let mut latest = chains.iter().rev().filter(|chain| self.recipient_of(chain).is_some());
        Ok(latest.find(|chain| slots.contains(&slot(&chain.id()))).cloned())
    }

    /// Begins a chain. What is written until then goes to the one before as well, so that no moment lies between them.
    pub(super) async fn begin(&mut self, place: &Path, id: &str, before: Option<&mut Chain>) -> Result<Chain, Failure> {
        let folder = place::of(place, self.which).join(id);
        cluster::create_folder(&folder.join("wal"))?;
        let begun = match self.first(id).await {
            Ok(first) => self.whole(&folder, first).await,
            Err(failure) => Err(failure),
        };
        let mut chain = match begun {
            Ok(chain) => chain,
            Err(failure) => {
                // What cannot be taken away now is by the next run.
                let _ =
                    sqlx::query("SELECT pg_drop_replication_slot($1)").bind(slot(id)).execute(&mut self.admin).await;
                let _ = place::remove(&folder);
                return Err(failure);
            }
        };
        let known = self.known().await?;
        let mark = self.mark().await?;
        if let Some(before) = before {
            self.ship(before, &mark, known.clone()).await?;
        }
        self.ship(&mut chain, &mark, known).await?;
        Ok(chain)
    }

    /// Makes a chain's slot, and tells the first segment that it keeps.
    async fn first(&mut self, id: &str) -> Result<String, Failure> {
        // A segment of its own, with nothing from before; and the slot keeps from here on, not from the checkpoint before.
        for statement in ["SELECT pg_switch_wal()", "CHECKPOINT"] {
            sqlx::raw_sql(statement).execute(&mut self.admin).await.map_err(failed)?;
        }
        let first = sqlx::query_scalar(
            "SELECT pg_walfile_name(lsn + 1) FROM pg_create_physical_replication_slot($1, true) AS s(name, lsn)",
        )
        .bind(slot(id));
        first.fetch_one(&mut self.admin).await.map_err(failed)
    }

    /// The whole cluster as it is, as a chain without WAL.
    async fn whole(&mut self, folder: &Path, first: String) -> Result<Chain, Failure> {
        let base = tokio::task::block_in_place(|| self.base(&folder.join(BASE)))?;
        let rest = tokio::task::block_in_place(|| self.rest(&folder.join(FOLDER), &self.recipient, None))?;
        let version = self.ask("SELECT current_setting('server_version')").await?;
        let from = sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(&mut self.admin).await;
        let system = self.system().await?;
        let mut manifest = Manifest::new(self.which, version, system, from.map_err(failed)?, first);
        (manifest.base, manifest.folder) = (base, rest);
        manifest.recipient = self.recipient.to_string();
        Ok(Chain { folder: folder.to_owned(), manifest })
    }

    /// Brings a chain to the present moment.
    pub(super) async fn go_on(&mut self, chain: &mut Chain) -> Result<(), Failure> {
        let known = self.known().await?;
        let mark = self.mark().await?;
        self.ship(chain, &mark, known).await
    }

    /// Nothing is kept for other chains: those that ended, and those that never were complete.
    pub(super) async fn keep_only(&mut self, chain: Option<&Chain>) -> Result<(), Failure> {
        sqlx::query(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
             WHERE slot_name LIKE 'livline\\_%' AND slot_name IS DISTINCT FROM $1",
        )
        .bind(chain.map(|chain| slot(&chain.id())))
        .execute(&mut self.admin)
        .await
        .map_err(failed)?;
        Ok(())
    }

    /// How far each service is.
    async fn known(&self) -> Result<Vec<Known>, Failure> {
        let mut known = Vec::new();
        let domains = if self.which == Which::Data { services::domains() } else { Vec::new() };
        for service in domains {
            let database = service.database();
            let pool = PgPool::connect(&self.running.admin_url(&database)).await.map_err(failed)?;
            let head = store::head(&pool).await.map_err(failed)?;
            pool.close().await;
            known.push(Known { service: service.name.to_owned(), epoch: head.epoch, head: head.number });
        }
        Ok(known)
    }

    /// Ends the present segment behind a transaction of its own: a restore to any moment before finds one after it to stop at.
    async fn mark(&mut self) -> Result<Mark, Failure> {
        let master = self.master()?;
        let at = sqlx::query_scalar("SELECT clock_timestamp() FROM pg_current_xact_id()").fetch_one(&mut self.admin);
        let at = at.await.map_err(failed)?;
        let switched = sqlx::query_as("SELECT pg_walfile_name(lsn), lsn::text FROM pg_switch_wal() AS lsn");
        let (last, lsn) = switched.fetch_one(&mut self.admin).await.map_err(failed)?;
        Ok(Mark { master, at, last, lsn })
    }

    /// Every segment up to the mark, and then the manifest that says so.
    async fn ship(&mut self, chain: &mut Chain, mark: &Mark, known: Vec<Known>) -> Result<(), Failure> {
        let recipient = self.recipient_of(chain).ok_or_else(|| {
            Failure::Other(
                "The backup is sealed for somebody that this data folder does not know: begin anew with --base.".into(),
            )
        })?;
        while chain.manifest.next <= mark.last {
            let segment = chain.manifest.next.clone();
            let bytes: Option<Vec<u8>> = sqlx::query_scalar("SELECT pg_read_binary_file('pg_wal/' || $1, 0, $2, true)")
                .bind(&segment)
                .bind(SEGMENT)
                .fetch_one(&mut self.admin)
                .await
                .map_err(failed)?;
            let (Some(bytes), Some(next)) = (bytes, following(&segment)) else {
                return Err(Failure::Other(format!(
                    "PostgreSQL no longer has {segment}, which is not in the backup yet: begin anew with --base."
                )));
            };
            let file = place::wal_file(&chain.folder, &format!("{segment}.gz.age"));
            let stored = tokio::task::block_in_place(|| {
                seal(&file, &recipient, |to| {
                    let mut to = GzEncoder::new(to, Compression::fast());
                    to.write_all(&bytes)?;
                    to.finish().map(drop)
                })
            });
            chain.manifest.wal.push(stored.map_err(ClusterError::at(&file))?);
            chain.manifest.next = next;
        }
        chain.manifest.until = mark.at;
        chain.manifest.services = known;
        if self.which == Which::Keys {
            // Keys may have been wrapped anew since the chain began, and then those in it open with what the file holds now.
            let name = format!("folder-{}.tar.gz.age", engine::clock::random_id().simple());
            let rest = || self.rest(&chain.folder.join(&name), &recipient, mark.master.as_ref());
            chain.manifest.folder = tokio::task::block_in_place(rest)?;
        }
        chain.write()?;
        chain.keep_one_folder()?;
        // What is in the chain need not be kept here. Where that is not possible it is kept longer.
        let _ = sqlx::query("SELECT pg_replication_slot_advance($1, $2::pg_lsn)")
            .bind(slot(&chain.id()))
            .bind(&mark.lsn)
            .execute(&mut self.admin)
            .await;
        Ok(())
    }

    fn base(&self, file: &Path) -> Result<place::Stored, Failure> {
        let program = PostgresPrograms::find()?.program("pg_basebackup");
        let mut command = Command::new(&program);
        command.args(["-D", "-", "-F", "tar", "-X", "none", "-c", "fast", "-Z", "1", "-w", "-h", "127.0.0.1", "-U"]);
        command.args([Running::USER, "-p", &self.running.port.to_string()]);
        command.env_clear().env("PGPASSWORD", self.running.password.expose_secret());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|source| ClusterError::Spawn { program, source })?;
        let sealed = seal(file, &self.recipient, |to| {
            let mut from = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
            io::copy(&mut from, to)?;
            // Half a cluster never gets the file's name.
            if child.wait()?.success() { Ok(()) } else { Err(io::Error::other("pg_basebackup")) }
        });
        let _ = child.kill();
        let _ = child.wait();
        sealed.map_err(|_| {
            Failure::Other("PostgreSQL's pg_basebackup did not come to its end, or the disk is full.".into())
        })
    }

    /// The file of the master key; none with the data.
    fn master(&self) -> Result<Option<Zeroizing<String>>, Failure> {
        if self.which == Which::Data {
            return Ok(None);
        }
        let file = secrets::master_key_file(&self.folder);
        match fs::read_to_string(&file) {
            Ok(text) => Ok(Some(Zeroizing::new(text))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(ClusterError::at(&file)(error).into()),
        }
    }

    /// What a restore needs beside the cluster. With the data is nothing that opens more than their own cluster; every other secret is
    /// with the keys. `before` is the file of the master key as it was before: what was wrapped in between opens with the one or the other.
    fn rest(
        &self,
        file: &Path,
        recipient: &Recipient,
        before: Option<&Zeroizing<String>>,
    ) -> Result<place::Stored, Failure> {
        let master = self.master()?;
        let none = Zeroizing::default();
        let masters = FileMasterKey::united(before.unwrap_or(&none), master.as_ref().unwrap_or(&none));
        let own = format!("secrets/{}", Which::Data.secret());
        let with_data = |name: &str| ["format", "demo-day", &own].contains(&name);
        let mut names: Vec<String> = ["format", "demo-day", secrets::INTEGRITY_KEY].map(str::to_owned).into();
        let secrets = self.folder.join("secrets");
        for entry in fs::read_dir(&secrets).map_err(ClusterError::at(&secrets))? {
            let name = entry.map_err(ClusterError::at(&secrets))?.file_name();
            names.push(format!("secrets/{}", name.to_string_lossy()));
        }
        names.retain(|name| with_data(name) == (self.which == Which::Data) && self.folder.join(name).is_file());
        let sealed = seal(file, recipient, |to| {
            let mut tar = tar::Builder::new(GzEncoder::new(to, Compression::fast()));
            if master.is_some() {
                let mut header = tar::Header::new_gnu();
                header.set_mode(0o600);
                header.set_size(masters.len() as u64);
                tar.append_data(&mut header, secrets::MASTER_KEY, masters.as_bytes())?;
            }
            for name in &names {
                tar.append_path_with_name(self.folder.join(name), name)?;
            }
            tar.into_inner()?.finish().map(drop)
        });
        Ok(sealed.map_err(ClusterError::at(file))?)
    }

    async fn ask(&mut self, query: &str) -> Result<String, Failure> {
        sqlx::query_scalar(query).fetch_one(&mut self.admin).await.map_err(failed)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "what map_err hands over")]
fn failed(error: sqlx::Error) -> Failure {
    let kind = engine::journal::error_kind(&error);
    Failure::Other(format!("PostgreSQL did not do what a backup needs ({kind})."))
}

fn slot(chain: &str) -> String {
    format!("{SLOT}{chain}")
}

/// What a segment's file holds.
pub fn unpacked(mut from: impl Read, to: &mut impl Write) -> io::Result<()> {
    io::copy(&mut flate2::read::MultiGzDecoder::new(&mut from), to).map(drop)
}
