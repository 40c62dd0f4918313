//! Signatures under a key that no database holds: whoever may write to a database can neither make nor change what access follows from.
//!
//! One key for all services, in a file of its own beside the master key; what is signed stays signed when the master key is changed. A
//! signature is an HMAC-SHA-256 over a label, which says what it is for, the service that speaks, and the parts, each with its length.
//! Deliberately absent: keeping a row of before from being put back (the chain, checkpoints and [`crate::relations`] do), and telling one
//! service's hand from another's: whoever holds the key can speak for every service.

use crate::{
    keys::{self, KeyError},
    metrics::{Metrics, Named},
    nats,
};
use aws_lc_rs::{constant_time::verify_slices_are_equal, digest, hmac};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use kit::{CentreId, Epoch, WomanId, published::Signed};
use prometheus_client::metrics::{counter::Counter, family::Family};
use serde::{Deserialize, Serialize};
use std::{fmt, path::Path, sync::Arc};
use uuid::Uuid;
use zeroize::Zeroizing;

const KEY_BYTES: usize = 32;

/// Signs and checks, and counts what was not as it was signed.
#[derive(Clone)]
pub struct Integrity {
    key: hmac::Key,
    forged: Family<Named, Counter>,
}

impl fmt::Debug for Integrity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Integrity")
    }
}

impl Integrity {
    /// Reads the key's file: 32 bytes in base64, mode 0600 or stricter.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let wrong = || KeyError::IntegrityKeyFile("does not hold 32 bytes in base64");
        let lines = keys::lines(path).map_err(KeyError::IntegrityKeyFile)?;
        let [line] = lines.as_slice() else { return Err(wrong()) };
        let bytes = Zeroizing::new(STANDARD.decode(line.as_str()).map_err(|_| wrong())?);
        bytes.as_slice().try_into().map(Self::made_of).map_err(|_| wrong())
    }

    /// With a key's bytes.
    #[must_use]
    pub fn made_of(bytes: [u8; KEY_BYTES]) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, &bytes), forged: Family::default() }
    }

    /// The same, counting among these metrics.
    #[must_use]
    pub fn counting(self, metrics: &Metrics) -> Self {
        Self { forged: metrics.forged.clone(), ..self }
    }

    /// A new key in the file's form.
    pub fn generate() -> Result<Zeroizing<String>, KeyError> {
        keys::FileMasterKey::generate()
    }

    /// What signs for a service.
    #[must_use]
    pub fn of(&self, service: &str) -> Signer {
        Signer { service: service.into(), integrity: self.clone() }
    }
}

/// Signs for one service, and checks what it signed.
#[derive(Debug, Clone)]
pub struct Signer {
    service: Arc<str>,
    integrity: Integrity,
}

/// Everything that an event's row says but its number: what came of it is in the chain.
#[derive(Debug, Clone, Copy)]
pub struct EventRow<'a> {
    /// `case` and the like.
    pub aggregate_type: &'a str,
    /// The aggregate.
    pub aggregate: &'a str,
    /// Which of its events.
    pub version: u64,
    /// The event type's name.
    pub event: &'a str,
    /// The version of its schema.
    pub event_version: &'a str,
    /// The last token of its subject.
    pub subject: &'a str,
    /// The command's key.
    pub key: Uuid,
    /// The command's fingerprint.
    pub fingerprint: &'a [u8],
    /// The codes it was answered with, as stored.
    pub warnings: &'a str,
    /// The body, as stored.
    pub body: &'a str,
}

impl Signer {
    /// The service that it signs for.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }

    /// The same for another service.
    #[must_use]
    pub fn of(&self, service: &str) -> Self {
        self.integrity.of(service)
    }

    /// Tells of something that is not as it was signed: a row of a kind, by what tells it from others and nobody from anybody.
    pub fn refuse(&self, kind: &str, which: &dyn fmt::Display) {
        tracing::error!(service = &*self.service, kind, %which, "not as it was signed: nothing comes of it");
        self.integrity.forged.get_or_create(&Named { name: kind.to_owned() }).inc();
    }

    /// A signature over parts that are told apart by their lengths, for one use.
    #[must_use]
    pub fn sign(&self, label: &str, parts: &[&[u8]]) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.integrity.key);
        for part in [label.as_bytes(), self.service.as_bytes()].iter().chain(parts) {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        context.sign().as_ref().to_vec()
    }

    /// Whether a signature is the one over these parts, in a time that does not tell how nearly.
    #[must_use]
    pub fn fits(&self, label: &str, parts: &[&[u8]], mac: &[u8]) -> bool {
        verify_slices_are_equal(&self.sign(label, parts), mac).is_ok()
    }

    fn parts<T>(row: &EventRow<'_>, with: impl FnOnce(&[&[u8]]) -> T) -> T {
        let EventRow { aggregate_type, aggregate, event, event_version, subject, fingerprint, warnings, body, .. } =
            row;
        with(&[
            aggregate_type.as_bytes(),
            aggregate.as_bytes(),
            &row.version.to_be_bytes(),
            event.as_bytes(),
            event_version.as_bytes(),
            subject.as_bytes(),
            row.key.as_bytes(),
            fingerprint,
            warnings.as_bytes(),
            body.as_bytes(),
        ])
    }

    /// An event's, as it is stored with it.
    #[must_use]
    pub fn event(&self, row: &EventRow<'_>) -> Vec<u8> {
        Self::parts(row, |parts| self.sign("event", parts))
    }

    /// Whether an event is as it was stored.
    #[must_use]
    pub fn event_fits(&self, row: &EventRow<'_>, mac: &[u8]) -> bool {
        Self::parts(row, |parts| self.fits("event", parts, mac))
    }

    /// That the service has published these bytes under this number.
    #[must_use]
    pub fn published(&self, epoch: Epoch, number: u64, digest: &[u8]) -> String {
        let parts: [&[u8]; 3] = [epoch.0.as_bytes(), &number.to_be_bytes(), digest];
        URL_SAFE_NO_PAD.encode(self.sign("published", &parts))
    }

    /// Whether the service has published something of this digest under this number.
    #[must_use]
    pub fn published_fits(&self, epoch: Epoch, number: u64, digest: &[u8], mac: &str) -> bool {
        let parts: [&[u8]; 3] = [epoch.0.as_bytes(), &number.to_be_bytes(), digest];
        URL_SAFE_NO_PAD.decode(mac).is_ok_and(|mac| self.fits("published", &parts, &mac))
    }

    /// Whether published bytes are as the service published them, and of which epoch and number.
    #[must_use]
    pub fn genuine(&self, published: &str) -> Option<(Epoch, u64)> {
        let Signed { epoch, number, mac, rest } = Signed::of(published)?;
        self.published_fits(epoch, number, &digest_of(rest), mac).then_some((epoch, number))
    }

    /// Whose an aggregate is.
    #[must_use]
    pub fn aggregate(&self, kind: &str, id: &str, woman: Option<WomanId>, centre: Option<CentreId>) -> Vec<u8> {
        let (woman, centre) = (optional(woman.map(|woman| woman.0)), optional(centre.map(|centre| centre.0)));
        self.sign("aggregate", &[kind.as_bytes(), id.as_bytes(), &woman, &centre])
    }

    /// Whether an aggregate is whose its row says.
    #[must_use]
    pub fn aggregate_fits(
        &self,
        (kind, id): (&str, &str),
        (woman, centre): (Option<WomanId>, Option<CentreId>),
        mac: &[u8],
    ) -> bool {
        verify_slices_are_equal(&self.aggregate(kind, id, woman, centre), mac).is_ok()
    }

    /// What the chain was at a number.
    #[must_use]
    pub fn checkpoint(&self, number: u64, chain: &[u8]) -> Vec<u8> {
        self.sign("checkpoint", &[&number.to_be_bytes(), chain])
    }

    /// Whether the chain was that at a number.
    #[must_use]
    pub fn checkpoint_fits(&self, number: u64, chain: &[u8], mac: &[u8]) -> bool {
        self.fits("checkpoint", &[&number.to_be_bytes(), chain], mac)
    }
}

/// What a service announces of itself: how far it is, and when it said so by its own clock, signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announced {
    /// The present epoch.
    pub epoch: Epoch,
    /// The last number.
    pub number: u64,
    /// When, in milliseconds; of two announcements the later one counts.
    pub at: i64,
    mac: String,
}

impl Signer {
    /// An announcement.
    #[must_use]
    pub fn announce(&self, epoch: Epoch, number: u64, at: i64) -> Announced {
        let parts: [&[u8]; 3] = [epoch.0.as_bytes(), &number.to_be_bytes(), &at.to_be_bytes()];
        Announced { epoch, number, at, mac: URL_SAFE_NO_PAD.encode(self.sign("head", &parts)) }
    }

    /// What came on a subject, where this service announced it there.
    #[must_use]
    pub fn announced(&self, subject: &str, payload: &[u8]) -> Option<Announced> {
        let said: Announced = serde_json::from_slice(payload).ok()?;
        let own = subject == nats::head_subject(&self.service);
        let fits = || {
            verify_slices_are_equal(self.announce(said.epoch, said.number, said.at).mac.as_bytes(), said.mac.as_bytes())
        };
        (own && fits().is_ok()).then_some(said)
    }
}

/// The digest that a published event's signature is over.
#[must_use]
pub fn digest_of(rest: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, rest.as_bytes()).as_ref().to_vec()
}

/// One that is there, apart from one that is not.
pub(crate) fn optional(id: Option<Uuid>) -> Vec<u8> {
    id.map(|id| id.as_bytes().to_vec()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: EventRow<'_> = EventRow {
        aggregate_type: "case",
        aggregate: "a",
        version: 2,
        event: "PetPlaced",
        event_version: "1",
        subject: "w",
        key: Uuid::from_u128(3),
        fingerprint: b"f",
        warnings: "[]",
        body: "{}",
    };

    #[test]
    fn an_event_is_what_was_signed_in_every_column() {
        let signer = Integrity::made_of([7; 32]).of("housing");
        let mac = signer.event(&ROW);
        assert!(signer.event_fits(&ROW, &mac));
        let changed = [
            EventRow { aggregate_type: "woman", ..ROW },
            EventRow { aggregate: "b", ..ROW },
            EventRow { version: 3, ..ROW },
            EventRow { event: "MovedIn", ..ROW },
            EventRow { event_version: "2", ..ROW },
            EventRow { subject: "v", ..ROW },
            EventRow { key: Uuid::from_u128(4), ..ROW },
            EventRow { fingerprint: b"g", ..ROW },
            EventRow { warnings: "[1]", ..ROW },
            EventRow { body: "{ }", ..ROW },
            // Moved from one column into the next.
            EventRow { aggregate_type: "cas", aggregate: "ea", ..ROW },
        ];
        for row in changed {
            assert!(!signer.event_fits(&row, &mac), "{row:?}");
        }
        for (other, mac) in [
            (signer.of("people"), mac.clone()),
            (Integrity::made_of([8; 32]).of("housing"), mac.clone()),
            (signer, Vec::new()),
        ] {
            assert!(!other.event_fits(&ROW, &mac));
        }
    }

    #[test]
    fn an_aggregate_is_whose_it_was_made_for() {
        let signer = Integrity::made_of([7; 32]).of("housing");
        let (her, here) = (Some(WomanId(Uuid::from_u128(1))), Some(CentreId(Uuid::from_u128(2))));
        let (another, elsewhere) = (Some(WomanId(Uuid::from_u128(2))), Some(CentreId(Uuid::from_u128(1))));
        let mac = signer.aggregate("case", "a", her, here);
        let fits = |kind, id, woman, centre| signer.aggregate_fits((kind, id), (woman, centre), &mac);
        assert!(fits("case", "a", her, here));
        for (woman, centre) in [(another, here), (her, elsewhere), (another, elsewhere), (None, here), (her, None)] {
            assert!(!fits("case", "a", woman, centre));
        }
        assert!(!fits("woman", "a", her, here) && !fits("case", "b", her, here));
    }
}
