//! Data keys: one per subject and class, wrapped by the master key, kept in memory for at most a minute.
//!
//! Deliberately absent: what is sealed with them ([`crate::seal`]), who may ask for which class (the keys database decides by role).

mod erasure;
mod master;
mod rotation;

pub use erasure::{Erasure, Kind};
pub(crate) use master::lines_of as lines;
pub use master::{FileMasterKey, MasterKey};
pub use rotation::{Rotation, Standing};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey},
    hmac, rand,
};
use kit::Class;
use sqlx::{PgPool, Row, postgres::PgRow};
use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use uuid::Uuid;
use zeroize::Zeroizing;

/// How long a data key stays in memory. An erasure is acknowledged after this time.
pub const CACHE: Duration = Duration::from_secs(60);
const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 12;

/// What can go wrong with keys. Nothing in it is secret.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The keys database did not answer as it should.
    #[error("the keys database did not answer")]
    Database(#[from] sqlx::Error),
    /// A key is not there and was never erased: the keys database lost it, or was set back.
    #[error("a key is missing that was never erased; the keys database is not whole")]
    Missing,
    /// The subject's key was erased.
    #[error("the key was erased")]
    Erased,
    /// A stored key does not open with this master key.
    #[error("the master key is not the one that these data were sealed with")]
    WrongMasterKey,
    /// The master key's file cannot be used; the text says why.
    #[error("the master key file {0}")]
    MasterKeyFile(&'static str),
    /// The integrity key's file cannot be used; the text says why.
    #[error("the integrity key file {0}")]
    IntegrityKeyFile(&'static str),
    /// The cryptographic library refused.
    #[error("encryption failed")]
    Cryptography,
}

fn fresh() -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let mut key = Zeroizing::new(vec![0; KEY_BYTES]);
    rand::fill(&mut key).map_err(|_| KeyError::Cryptography)?;
    Ok(key)
}

/// Nonce, ciphertext and tag.
fn encrypt(key: &RandomizedNonceKey, associated: &[u8], clear: &[u8]) -> Result<Vec<u8>, KeyError> {
    let mut sealed = clear.to_vec();
    let nonce = key.seal_in_place_append_tag(Aad::from(associated), &mut sealed).map_err(|_| KeyError::Cryptography)?;
    Ok([nonce.as_ref().as_slice(), &sealed].concat())
}

fn decrypt(key: &RandomizedNonceKey, associated: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, ciphertext) = sealed.split_at_checked(NONCE_BYTES)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut clear = Zeroizing::new(ciphertext.to_vec());
    let length = key.open_in_place(nonce, Aad::from(associated), &mut clear).ok()?.len();
    clear.truncate(length);
    Some(clear)
}

/// A subject's key for one class.
pub struct DataKey {
    /// Its id, as envelopes name it.
    pub id: Uuid,
    /// Whose it is.
    pub subject: Uuid,
    cipher: RandomizedNonceKey,
    fingerprint: hmac::Key,
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataKey({})", self.id)
    }
}

impl DataKey {
    fn new(id: Uuid, subject: Uuid, bytes: &[u8]) -> Result<Self, KeyError> {
        let cipher = RandomizedNonceKey::new(&AES_256_GCM, bytes).map_err(|_| KeyError::Cryptography)?;
        // A key of its own for fingerprints, derived so that it tells nothing about the cipher's.
        let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, bytes), b"livline fingerprint 1");
        Ok(Self { id, subject, cipher, fingerprint: hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()) })
    }

    /// Nonce, ciphertext and tag of `clear`, bound to `associated`.
    pub fn seal(&self, associated: &[u8], clear: &[u8]) -> Result<Vec<u8>, KeyError> {
        encrypt(&self.cipher, associated, clear)
    }

    /// The clear bytes; `None` where they were not sealed by this key for this place.
    #[must_use]
    pub fn open(&self, associated: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        decrypt(&self.cipher, associated, sealed)
    }

    /// A keyed fingerprint: tells whether two commands are the same, to nobody without the key.
    #[must_use]
    pub fn fingerprint(&self, bytes: &[u8]) -> Vec<u8> {
        hmac::sign(&self.fingerprint, bytes).as_ref().to_vec()
    }
}

/// Whether the keys database was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    Yes,
    No,
}

/// What is known of a key's id.
#[derive(Debug, Clone)]
pub enum Held {
    /// The key.
    Key(Arc<DataKey>),
    /// It was erased.
    Erased,
    /// It is there, and not for this service.
    NotGranted,
}

/// The keys a service may use.
#[derive(Clone, Debug)]
pub struct Keyring {
    pool: PgPool,
    master: Arc<dyn MasterKey>,
    /// The code of the master key that new keys are wrapped with.
    present: Arc<RwLock<String>>,
    by_subject: moka::sync::Cache<(Uuid, Class), Arc<DataKey>>,
    by_id: moka::sync::Cache<Uuid, Arc<DataKey>>,
}

impl Keyring {
    /// A keyring on a keys database; checks that the master key is the one its keys were wrapped with.
    pub async fn open(pool: PgPool, master: Arc<dyn MasterKey>) -> Result<Self, KeyError> {
        let newest = master.codes().pop().unwrap_or_default();
        let present = Arc::new(RwLock::new(newest));
        let keyring = Self { pool, master, present, by_subject: cache(), by_id: cache() };
        keyring.look_again().await?;
        Ok(keyring)
    }

    /// Asks which master key new keys are wrapped with, and that it is here.
    async fn look_again(&self) -> Result<(), KeyError> {
        let check = sqlx::query_as("SELECT master, wrapped FROM master_check").fetch_optional(&self.pool).await?;
        let Some((master, check)): Option<(Option<String>, Vec<u8>)> = check else { return Ok(()) };
        self.master.unwrap(MASTER_CHECK, &check)?;
        if let Some(master) = master {
            *self.present.write().unwrap_or_else(PoisonError::into_inner) = master;
        }
        Ok(())
    }

    /// Writes the value that a wrong master key fails on, and says that it is the one for new keys; done once, by whoever sets the
    /// database up.
    pub async fn set_up(pool: &PgPool, master: &dyn MasterKey) -> Result<(), KeyError> {
        let newest = master.codes().pop().unwrap_or_default();
        let wrapped = master.wrap(&newest, MASTER_CHECK, MASTER_CHECK)?;
        sqlx::query("INSERT INTO master_check (wrapped, master) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(wrapped)
            .bind(&newest)
            .execute(pool)
            .await?;
        let (check, code): (Vec<u8>, Option<String>) =
            sqlx::query_as("SELECT wrapped, master FROM master_check").fetch_one(pool).await?;
        master.unwrap(MASTER_CHECK, &check)?;
        if code.is_none() {
            // From before there were codes, and so from before a file could hold two.
            sqlx::query("UPDATE master_check SET master = $1 WHERE master IS NULL").bind(&newest).execute(pool).await?;
        }
        Ok(())
    }

    /// The key of a subject and class, made where there is none.
    pub async fn of(&self, subject: Uuid, class: Class) -> Result<Arc<DataKey>, KeyError> {
        if let Some(key) = self.by_subject.get(&(subject, class)) {
            return Ok(key);
        }
        let row = match self.offer(subject, class).await {
            // There is a newer one: the database says so, or the one that was the newest is gone from the file already.
            Err(error) if of_another_master(&error) => {
                self.look_again().await?;
                self.offer(subject, class).await
            }
            offered => offered,
        };
        let row = row?.ok_or(KeyError::Erased)?;
        let (id, wrapped): (Uuid, Vec<u8>) = (row.try_get("key_id")?, row.try_get("wrapped")?);
        let key =
            Arc::new(DataKey::new(id, subject, &self.master.unwrap(&context(id, subject, class.code()), &wrapped)?)?);
        self.by_subject.insert((subject, class), key.clone());
        self.by_id.insert(id, key.clone());
        Ok(key)
    }

    /// Asks for a key and offers one for where there is none.
    async fn offer(&self, subject: Uuid, class: Class) -> Result<Option<PgRow>, KeyError> {
        let master = self.present.read().unwrap_or_else(PoisonError::into_inner).clone();
        let offered_id = crate::clock::random_id();
        let offered = self.master.wrap(&master, &context(offered_id, subject, class.code()), &fresh()?)?;
        let row = sqlx::query("SELECT key_id, wrapped FROM key_for($1, $2, $3, $4, $5)")
            .bind(subject)
            .bind(class.code())
            .bind(offered_id)
            .bind(offered)
            .bind(master);
        Ok(row.fetch_optional(&self.pool).await?)
    }

    /// Keys by their ids. One that nobody knows is not in the answer.
    pub async fn by_id(&self, ids: impl IntoIterator<Item = Uuid>) -> Result<BTreeMap<Uuid, Held>, KeyError> {
        Ok(self.asked_by_id(ids).await?.0)
    }

    /// The same, and whether the keys database was asked: it is not where all are in memory, or none is wanted.
    pub(crate) async fn asked_by_id(
        &self,
        ids: impl IntoIterator<Item = Uuid>,
    ) -> Result<(BTreeMap<Uuid, Held>, Asked), KeyError> {
        let mut found = BTreeMap::new();
        let mut wanted = Vec::new();
        for id in ids {
            match self.by_id.get(&id) {
                Some(key) => drop(found.insert(id, Held::Key(key))),
                None => wanted.push(id),
            }
        }
        if wanted.is_empty() {
            return Ok((found, Asked::No));
        }
        for row in self.ask_by_id(wanted).await? {
            let (id, subject): (Uuid, Uuid) = (row.try_get("key_id")?, row.try_get("subject")?);
            let (class, wrapped): (String, Option<Vec<u8>>) = (row.try_get("class")?, row.try_get("wrapped")?);
            let Some(wrapped) = wrapped else {
                let erased = row.try_get("erased")?;
                found.insert(id, if erased { Held::Erased } else { Held::NotGranted });
                continue;
            };
            let key =
                Arc::new(DataKey::new(id, subject, &self.master.unwrap(&context(id, subject, &class), &wrapped)?)?);
            self.by_id.insert(id, key.clone());
            found.insert(id, Held::Key(key));
        }
        Ok((found, Asked::Yes))
    }

    async fn ask_by_id(&self, wanted: Vec<Uuid>) -> Result<Vec<PgRow>, sqlx::Error> {
        sqlx::query("SELECT key_id, subject, class, wrapped, erased FROM keys_by_id($1)")
            .bind(wanted)
            .fetch_all(&self.pool)
            .await
    }

    /// Asks for a key that nobody has: what is not shown must cost what is not there.
    pub(crate) async fn ask_for_nobodys(&self) -> Result<(), KeyError> {
        self.ask_by_id(vec![crate::clock::random_id()]).await?;
        Ok(())
    }
}

/// New keys are not made under this master key any more.
fn of_another_master(error: &KeyError) -> bool {
    match error {
        KeyError::Database(error) => {
            error.as_database_error().is_some_and(|error| error.code().as_deref() == Some("LV001"))
        }
        KeyError::WrongMasterKey => true,
        _ => false,
    }
}

fn cache<K: std::hash::Hash + Eq + Send + Sync + 'static>() -> moka::sync::Cache<K, Arc<DataKey>> {
    moka::sync::Cache::builder().max_capacity(50_000).time_to_live(CACHE).build()
}

const MASTER_CHECK: &[u8] = b"livline master key check 1";

/// What a wrapped key is bound to: moved to another subject or class, it does not open.
fn context(id: Uuid, subject: Uuid, class: &str) -> Vec<u8> {
    [id.as_bytes().as_slice(), subject.as_bytes(), class.as_bytes()].concat()
}
