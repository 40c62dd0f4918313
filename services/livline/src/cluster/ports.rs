//! Loopback ports: is one free, and which one when the caller does not care.
//!
//! Deliberately absent: ports from the system's own range (bind to 0). Those are handed to outgoing connections too, so
//! a server that was killed in a test could find its port taken when it starts again.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};

use super::ClusterError;

/// Below the range Linux gives to outgoing connections (32768 and up), away from Livline's own 7342–7371.
const FIRST: u32 = 20_000;
const COUNT: u32 = 12_000;
/// How far apart the searches of two processes begin.
const STRIDE: u32 = 97;

static TRIED: AtomicU32 = AtomicU32::new(0);

/// Whether nobody listens on 127.0.0.1:`port`.
pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// `asked` if it is free, and for 0 a free port that this process was not given before.
pub(crate) fn choose(asked: u16, server: &'static str) -> Result<u16, ClusterError> {
    match asked {
        0 => (0..COUNT).find_map(|_| candidate().filter(|port| is_free(*port))).ok_or(ClusterError::NoPort),
        port if is_free(port) => Ok(port),
        port => Err(ClusterError::PortTaken { server, port }),
    }
}

fn candidate() -> Option<u16> {
    let step = TRIED.fetch_add(1, Ordering::Relaxed);
    let offset = std::process::id().wrapping_mul(STRIDE).wrapping_add(step) % COUNT;
    u16::try_from(FIRST + offset).ok()
}
