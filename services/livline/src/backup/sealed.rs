//! Files that only whoever has the other half of a key can open, in age's own format: `age -d` reads them too.
//!
//! A file gets its name when all of it is on the disk, and is known by the digest of what was written. Compressed before it is sealed:
//! afterwards nothing can be. Deliberately absent: passphrases, and who wrote a file; whoever can write to a backup's folder can put
//! another one there.

use super::place::Stored;
use crate::{cluster::ClusterError, failure::Failure};
use age::{
    DecryptError, Decryptor, Encryptor,
    x25519::{Identity, Recipient},
};
use aws_lc_rs::digest::{Context, SHA256};
use secrecy::ExposeSecret;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufReader, BufWriter, Read, Write},
    iter,
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// For the command line.
pub(super) fn recipient(text: &str) -> Result<Recipient, String> {
    text.parse().map_err(|_| "not a recipient; it begins with age1".to_owned())
}

/// Makes an identity in a file of its own, and tells its recipient.
pub(super) fn new_identity(file: &Path) -> Result<Recipient, Failure> {
    let identity = Identity::generate();
    let recipient = identity.to_public();
    let text = format!("# public key: {recipient}\n{}\n", identity.to_string().expose_secret());
    let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    written
        .and_then(|mut written| written.write_all(text.as_bytes()).and_then(|()| written.sync_all()))
        .map_err(ClusterError::at(file))?;
    Ok(recipient)
}

/// The identity that a file holds.
pub fn identity(file: &Path) -> Result<Identity, Failure> {
    let text = fs::read_to_string(file).map(zeroize::Zeroizing::new).map_err(ClusterError::at(file))?;
    let line = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    let identity = line.and_then(|line| line.parse().ok());
    identity.ok_or_else(|| Failure::Other(format!("{} holds no age identity.", file.display())))
}

/// Writes a sealed file: what `fill` writes.
pub(super) fn seal(
    file: &Path,
    recipient: &Recipient,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<Stored> {
    let draft = file.with_added_extension("part");
    let opened = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    let mut counted = Counted { inner: BufWriter::new(opened), context: Context::new(&SHA256), size: 0 };
    let encryptor =
        Encryptor::with_recipients(iter::once::<&dyn age::Recipient>(recipient)).map_err(io::Error::other)?;
    let mut sealing = encryptor.wrap_output(&mut counted)?;
    fill(&mut sealing)?;
    sealing.finish()?;
    counted.flush()?;
    counted.inner.get_ref().sync_all()?;
    fs::rename(&draft, file)?;
    file.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())?;
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Stored { name, size: counted.size, sha256: hex(counted.context.finish().as_ref()) })
}

/// Opens a sealed file. `what` is what the sentences call it.
pub fn open(file: &Path, identity: &Identity, what: &str) -> Result<impl Read + use<>, Failure> {
    let opened = File::open(file).map_err(ClusterError::at(file))?;
    let decryptor = Decryptor::new(BufReader::new(opened)).map_err(|_| damaged(file))?;
    decryptor.decrypt(iter::once::<&dyn age::Identity>(identity)).map_err(|error| match error {
        DecryptError::NoMatchingKeys => {
            Failure::Other(format!("The identity is not the one that the backup of {what} was sealed for."))
        }
        _ => damaged(file),
    })
}

/// For a file that is not as it was written.
pub(super) fn damaged(file: &Path) -> Failure {
    Failure::Other(format!("The file {} is damaged: it is not as it was written.", file.display()))
}

/// Size and digest of a file.
pub(super) fn digest(file: &Path) -> io::Result<(u64, String)> {
    let mut counted = Counted { inner: io::sink(), context: Context::new(&SHA256), size: 0 };
    io::copy(&mut File::open(file)?, &mut counted)?;
    Ok((counted.size, hex(counted.context.finish().as_ref())))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Counts and digests what goes through it.
struct Counted<W> {
    inner: W,
    context: Context,
    size: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.context.update(bytes.get(..written).unwrap_or_default());
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_other_half_opens_what_was_sealed() {
        let folder = tempfile::tempdir().unwrap();
        let [own, other] = ["own", "other"].map(|name| folder.path().join(name));
        let recipient = new_identity(&own).unwrap();
        new_identity(&other).unwrap();
        let file = folder.path().join("sealed.age");
        let stored = seal(&file, &recipient, |to| to.write_all(b"Karen Blixen")).unwrap();
        assert_eq!((stored.size, stored.sha256), digest(&file).unwrap());
        assert!(!fs::read(&file).unwrap().windows(5).any(|part| part == b"Karen"));

        let mut clear = String::new();
        open(&file, &identity(&own).unwrap(), "the data").unwrap().read_to_string(&mut clear).unwrap();
        assert_eq!(clear, "Karen Blixen");
        let refused = open(&file, &identity(&other).unwrap(), "the data").err().unwrap().to_string();
        assert_eq!(refused, "The identity is not the one that the backup of the data was sealed for.");
        let refused = identity(&file).err().unwrap().to_string();
        assert!(!refused.contains("AGE-SECRET"), "{refused}");
        assert!(new_identity(&own).is_err(), "an identity is never written over");
    }

    #[test]
    fn half_a_file_never_has_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let recipient = Identity::generate().to_public();
        let file = folder.path().join("sealed.age");
        seal(&file, &recipient, |to| to.write_all(&vec![1; 100_000]).and(Err(io::Error::other("the disk is full"))))
            .unwrap_err();
        assert!(!file.exists());
        seal(&file, &recipient, |to| to.write_all(b"again")).unwrap();
        assert!(file.exists());
    }
}
