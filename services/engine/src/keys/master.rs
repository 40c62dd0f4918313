//! The master key: what data keys are wrapped with.
//!
//! A file holds one, and while keys are wrapped anew two: whatever is wrapped opens with one of them. Which one new keys are wrapped with
//! the keys database says. The file is read again when something does not open, so whoever runs need not be told. Deliberately absent:
//! making a new one take the place of an old one ([`super::Rotation`]).

use super::{KeyError, decrypt, encrypt, fresh};
use aws_lc_rs::{
    aead::{AES_256_GCM, RandomizedNonceKey},
    hmac,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::{
    fmt,
    fmt::Write as _,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{PoisonError, RwLock},
};
use zeroize::Zeroizing;

/// Wraps data keys: a file's key here, a key management service elsewhere.
pub trait MasterKey: Send + Sync + fmt::Debug {
    /// The codes of the master keys there are, the newest last.
    fn codes(&self) -> Vec<String>;
    /// Encrypts a data key with the master key of this code, bound to `context`.
    fn wrap(&self, code: &str, context: &[u8], key: &[u8]) -> Result<Vec<u8>, KeyError>;
    /// Decrypts a data key, whichever of the master keys it was wrapped with.
    fn unwrap(&self, context: &[u8], wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError>;
}

/// Master keys from a file, readable by its owner alone: on each line 32 bytes in base64, the newest last.
pub struct FileMasterKey {
    path: PathBuf,
    keys: RwLock<Vec<Named>>,
}

struct Named {
    code: String,
    key: RandomizedNonceKey,
}

impl fmt::Debug for FileMasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileMasterKey")
    }
}

impl FileMasterKey {
    /// Reads the file; its mode must be 0600 or stricter.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        Ok(Self { path: path.to_owned(), keys: RwLock::new(named(&lines(path)?)?) })
    }

    /// A new key in the file's form.
    pub fn generate() -> Result<Zeroizing<String>, KeyError> {
        Ok(Zeroizing::new(STANDARD.encode(fresh()?.as_slice())))
    }

    /// The file's text with a new key behind those it holds.
    pub fn with_another(path: &Path) -> Result<Zeroizing<String>, KeyError> {
        let mut lines = lines(path)?;
        lines.push(Self::generate()?);
        Ok(text(&lines))
    }

    /// The file's text with the key of this code alone.
    pub fn with_only(path: &Path, code: &str) -> Result<Zeroizing<String>, KeyError> {
        let mut kept = lines(path)?;
        let codes: Vec<String> = named(&kept)?.into_iter().map(|named| named.code).collect();
        let mut codes = codes.iter();
        kept.retain(|_| codes.next().is_some_and(|it| it == code));
        if kept.is_empty() { Err(KeyError::WrongMasterKey) } else { Ok(text(&kept)) }
    }

    /// The lines of two such files, each once: what was wrapped while the one became the other opens with one of them.
    #[must_use]
    pub fn united(one: &str, other: &str) -> Zeroizing<String> {
        let mut lines: Vec<&str> = Vec::new();
        for line in one.lines().chain(other.lines()).map(str::trim).filter(|line| !line.is_empty()) {
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        Zeroizing::new(lines.join("\n") + "\n")
    }

    /// What `look` finds; where it finds nothing, what it finds in the file as it is now.
    fn found<T>(&self, look: impl Fn(&[Named]) -> Option<T>) -> Result<T, KeyError> {
        if let Some(found) = look(&self.keys.read().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(found);
        }
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        *keys = named(&lines(&self.path)?)?;
        look(&keys).ok_or(KeyError::WrongMasterKey)
    }
}

impl MasterKey for FileMasterKey {
    fn codes(&self) -> Vec<String> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).iter().map(|named| named.code.clone()).collect()
    }
    fn wrap(&self, code: &str, context: &[u8], key: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.found(|keys| keys.iter().find(|named| named.code == code).map(|named| encrypt(&named.key, context, key)))?
    }
    fn unwrap(&self, context: &[u8], wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        self.found(|keys| keys.iter().rev().find_map(|named| decrypt(&named.key, context, wrapped)))
    }
}

/// A file's keys as they are written.
fn lines(path: &Path) -> Result<Vec<Zeroizing<String>>, KeyError> {
    lines_of(path).map_err(KeyError::MasterKeyFile)
}

/// The lines of a file that its owner alone may read; else why they cannot be had.
pub(crate) fn lines_of(path: &Path) -> Result<Vec<Zeroizing<String>>, &'static str> {
    let metadata = std::fs::metadata(path).map_err(|_| "cannot be read")?;
    if metadata.permissions().mode() & 0o077 != 0 {
        return Err("may be read by others; set its mode to 0600");
    }
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(|_| "cannot be read")?);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    Ok(lines.map(|line| Zeroizing::new(line.to_owned())).collect())
}

fn text(lines: &[Zeroizing<String>]) -> Zeroizing<String> {
    lines.iter().fold(Zeroizing::new(String::new()), |mut text, line| {
        let _ = writeln!(text, "{}", line.as_str());
        text
    })
}

fn named(lines: &[Zeroizing<String>]) -> Result<Vec<Named>, KeyError> {
    let wrong = || KeyError::MasterKeyFile("does not hold 32 bytes in base64");
    let read = lines.iter().map(|line| {
        let bytes =
            Zeroizing::new(STANDARD.decode(line.as_str()).map_err(|_| KeyError::MasterKeyFile("is not base64"))?);
        let key = RandomizedNonceKey::new(&AES_256_GCM, &bytes).map_err(|_| wrong())?;
        Ok(Named { code: code(&bytes), key })
    });
    let keys: Vec<Named> = read.collect::<Result<_, KeyError>>()?;
    if keys.is_empty() { Err(wrong()) } else { Ok(keys) }
}

/// Tells a master key from others, and nothing about it.
fn code(bytes: &[u8]) -> String {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, bytes), b"livline master key code 1");
    tag.as_ref().iter().take(8).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::{io::Write as _, os::unix::fs::OpenOptionsExt};

    fn put(path: &Path, content: &[u8]) {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600).open(path).unwrap().write_all(content).unwrap();
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..Default::default() })]

        #[test]
        fn a_master_key_file_is_read_or_refused(text in prop_oneof![any::<String>(), "[A-Za-z0-9+/=\n ]{0,60}"], bits in any::<[u8; 32]>()) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("master");
            let put = |content: &[u8]| {
                put(&path, content);
                FileMasterKey::read(&path)
            };
            let key = |line: &str| STANDARD.decode(line).is_ok_and(|bytes| bytes.len() == 32);
            let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).peekable();
            let whole = lines.peek().is_some() && lines.all(key);
            match put(text.as_bytes()) {
                Ok(_) => prop_assert!(whole),
                Err(error) => prop_assert!(!whole && (text.len() < 9 || !error.to_string().contains(text.trim()))),
            }
            prop_assert!(put(&bits).is_err());
            let key = STANDARD.encode(bits) + "\n";
            prop_assert!(put(key.as_bytes()).is_ok());
            let two = |end: &str| format!("{key}\n{key}{end}");
            prop_assert!(put(two("").as_bytes()).is_ok());
            prop_assert!(put(two("x").as_bytes()).is_err());
        }
    }

    #[test]
    fn a_file_with_two_keys_opens_what_either_wrapped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master");
        put(&path, FileMasterKey::generate().unwrap().as_bytes());
        let running = FileMasterKey::read(&path).unwrap();
        let old = running.codes();
        let by_old = running.wrap(&old[0], b"it", b"key").unwrap();
        let with_both = FileMasterKey::with_another(&path).unwrap();
        put(&path, with_both.as_bytes());
        let tool = FileMasterKey::read(&path).unwrap();
        let both = tool.codes();
        assert_eq!((both.len(), &both[0]), (2, &old[0]), "the newest last");
        let by_new = tool.wrap(&both[1], b"it", b"key").unwrap();
        assert_eq!(*tool.unwrap(b"it", &by_old).unwrap(), b"key");
        // Whoever runs reads the file again.
        assert_eq!(running.codes(), old);
        assert_eq!(*running.unwrap(b"it", &by_new).unwrap(), b"key");
        assert_eq!(running.codes(), both);
        // Bound to its place and to its key, with two as with one.
        assert!(matches!(running.unwrap(b"elsewhere", &by_new), Err(KeyError::WrongMasterKey)));
        let with_new = FileMasterKey::with_only(&path, &both[1]).unwrap();
        assert_eq!(*FileMasterKey::united(&with_both, &with_new), *with_both);
        put(&path, with_new.as_bytes());
        let later = FileMasterKey::read(&path).unwrap();
        assert_eq!(*later.unwrap(b"it", &by_new).unwrap(), b"key");
        assert!(matches!(later.unwrap(b"it", &by_old), Err(KeyError::WrongMasterKey)));
        assert!(matches!(later.wrap(&both[0], b"it", b"key"), Err(KeyError::WrongMasterKey)));
        assert!(matches!(FileMasterKey::with_only(&path, "another"), Err(KeyError::WrongMasterKey)));
    }
}
