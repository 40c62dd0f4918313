//! The files of a chain, opened and laid out below a new data folder.
//!
//! Deliberately absent: looking at digests, which is done before anything is laid out; starting anything.

use crate::{
    backup::{
        self,
        place::{self, BASE, Chain},
    },
    cluster::{self, ClusterError, DataFolder, Which},
    failure::Failure,
};
use age::x25519::Identity;
use flate2::read::MultiGzDecoder;
use std::{
    fs::OpenOptions,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// Whether the identity opens the chain, before anything is written.
pub(super) fn opens(chain: &Chain, identity: &Identity) -> Result<(), Failure> {
    backup::open(&chain.folder.join(&chain.manifest.folder.name), identity, what(chain)).map(drop)
}

/// Lays out one cluster with all that happened since, and what else of the data folder is kept with it.
pub(super) fn lay_out(chain: &Chain, identity: &Identity, folder: &DataFolder) -> Result<(), Failure> {
    let which = chain.manifest.cluster;
    cluster::create_folder(&folder.path().join("keys"))?;
    unpack(&chain.folder.join(&chain.manifest.folder.name), identity, what(chain), folder.path())?;
    let cluster = which.dir(folder.path());
    cluster::create_folder(&cluster)?;
    unpack(&chain.folder.join(BASE), identity, what(chain), &cluster)?;
    for stored in &chain.manifest.wal {
        let file = place::wal_file(&chain.folder, &stored.name);
        let mut from = backup::open(&file, identity, what(chain))?;
        let to = cluster.join("pg_wal").join(stored.name.split('.').next().unwrap_or_default());
        let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&to);
        opened
            .and_then(|mut opened| backup::unpacked(&mut from, &mut opened).and_then(|()| opened.flush()))
            .map_err(ClusterError::at(&to))?;
    }
    Ok(folder.hand_over(&cluster)?)
}

fn unpack(file: &Path, identity: &Identity, what: &str, to: &Path) -> Result<(), Failure> {
    let from = backup::open(file, identity, what)?;
    let mut archive = tar::Archive::new(MultiGzDecoder::new(from));
    let unpacked: io::Result<()> = archive.unpack(to).and_then(|()| {
        // To the end: what was sealed tells only there that it is whole.
        io::copy(&mut archive.into_inner(), &mut io::sink()).map(drop)
    });
    Ok(unpacked.map_err(ClusterError::at(file))?)
}

fn what(chain: &Chain) -> &'static str {
    match chain.manifest.cluster {
        Which::Data => "the data",
        Which::Keys => "the keys",
    }
}
