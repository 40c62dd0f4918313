//! Sealing facts on their way to the store and opening them on their way to somebody who may read.
//!
//! It walks JSON: on the way in every mark of an open fact becomes an envelope, on the way out every envelope becomes its value, a
//! mask, or the mark of an erased fact. An envelope opens only in the place it was sealed for. Deliberately absent: who may read
//! ([`kit::access`]) and where keys come from ([`crate::keys`]).

use crate::{
    integrity::{Integrity, Signer},
    keys::{Asked, DataKey, Held, KeyError, Keyring},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use kit::{
    AggregateId, CentreId, Class, WomanId,
    ids::Secret,
    published::Body,
    sealed::{ERASED, Envelope, MASKED, SEALED, Stored},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};
use uuid::Uuid;

/// Where a fact stands: an envelope is bound to all of it.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The service.
    pub service: &'a str,
    /// The woman, whose facts they are unless they are a child's.
    pub woman: Option<WomanId>,
    /// The centre that holds it: whoever could change it could show it to another centre.
    pub centre: Option<CentreId>,
    /// `case` and the like.
    pub aggregate_type: &'a str,
    /// The aggregate.
    pub aggregate: AggregateId,
    /// Which of its events.
    pub version: u64,
    /// The event type's name.
    pub event: &'a str,
}

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// A key could not be had.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// An envelope does not belong where it stands: somebody changed the store.
    #[error("an envelope does not belong where it stands")]
    Foreign,
    /// The mark of an open fact is not as the kit writes it.
    #[error("a marked fact is malformed")]
    Malformed,
}

/// What a reader gets of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// The value.
    Value,
    /// That there is one.
    Mask,
    /// That there was one: of somebody who was forgotten.
    Erased,
    /// The envelope as it stands: for state that rules treat as unknown.
    Leave,
}

/// Whom access was granted for: what is opened is opened as theirs, whatever a body says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Granted {
    /// The woman; none where it is about none.
    pub woman: Option<WomanId>,
    /// The centre that holds it.
    pub centre: Option<CentreId>,
    /// The aggregate; none where all of hers there were granted.
    pub aggregate: Option<AggregateId>,
}

impl<'a> Place<'a> {
    /// Where a body's facts stand whose woman, centre and aggregate access was granted for. `None`: it is none of theirs, or not one of ours.
    #[must_use]
    pub fn granted(service: &'a str, body: &'a Body, granted: Granted) -> Option<Self> {
        let Granted { woman, centre, aggregate } = granted;
        let place = Self::of(service, body)?;
        let theirs = (place.woman, place.centre) == (woman, centre) && aggregate.is_none_or(|id| id == place.aggregate);
        theirs.then_some(place)
    }

    /// The same of a body that is known to be as the service stored or published it, for whoever reads on behalf of nobody.
    #[must_use]
    pub(crate) fn of(service: &'a str, body: &'a Body) -> Option<Self> {
        let event = body.event().filter(|event| event.service == service)?.name;
        let Body { subject: woman, centre, aggregatetype, aggregate, version, .. } = body;
        Some(Self {
            service,
            woman: *woman,
            centre: *centre,
            aggregate_type: aggregatetype,
            aggregate: *aggregate,
            version: *version,
            event,
        })
    }

    /// Whose facts they are.
    fn subject(&self) -> Uuid {
        self.woman.map_or_else(Uuid::nil, |woman| woman.0)
    }

    /// What every fact of it is bound to.
    fn bound(&self) -> Bound {
        let (aggregate, version) = (self.aggregate.to_string(), self.version.to_string());
        let woman = self.woman.map(|woman| woman.to_string()).unwrap_or_default();
        let centre = self.centre.map(|centre| centre.to_string()).unwrap_or_default();
        let parts = [self.service, &woman, &centre, self.aggregate_type, &aggregate, &version, self.event];
        let mut bound = Bound(Vec::with_capacity(256));
        for part in parts {
            bound.push(part);
        }
        bound
    }
}

/// Length-prefixed parts, so that no two places give the same bytes.
struct Bound(Vec<u8>);

impl Bound {
    fn push(&mut self, part: &str) {
        self.0.extend_from_slice(&(part.len() as u64).to_be_bytes());
        self.0.extend_from_slice(part.as_bytes());
    }

    /// What one fact is bound to.
    fn with(&self, pointer: &str, class: Class) -> Vec<u8> {
        let mut fact = Self(Vec::with_capacity(self.0.len() + 64));
        fact.0.extend_from_slice(&self.0);
        fact.push(pointer);
        fact.push(class.code());
        fact.0
    }
}

/// Ends a fingerprint that was not made under her own key, so that the two kinds are never taken for each other.
const AFTER_ERASURE: u8 = 0;

/// Tells a command from another one under the same idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// What is stored with the events.
    pub bytes: Vec<u8>,
    /// Her key was erased.
    erased: bool,
}

impl Fingerprint {
    /// Whether what is stored, in hexadecimal, may be of the same command. What was stored before her key was erased can be compared by
    /// nobody: there the idempotency key alone decides, or a repeated command would be refused although it was carried out.
    #[must_use]
    pub fn fits(&self, stored: &str) -> bool {
        let own = crate::executor::hex(&self.bytes);
        own == stored || (self.erased && own.len() != stored.len())
    }
}

/// Seals and opens with a keyring, and has what checks where sealed facts stand.
#[derive(Clone, Debug)]
pub struct Seal {
    keys: Keyring,
    integrity: Integrity,
}

impl Seal {
    /// A seal on a keyring, and the key of all signatures.
    #[must_use]
    pub fn new(keys: Keyring, integrity: Integrity) -> Self {
        Self { keys, integrity }
    }

    /// What signs for a service, and checks what it signed.
    #[must_use]
    pub fn signer(&self, service: &str) -> Signer {
        self.integrity.of(service)
    }

    /// Replaces every open fact in `facts` by an envelope. Facts are hers, but those of an `OfChild` are the child's.
    pub async fn seal(&self, place: Place<'_>, facts: &mut Value) -> Result<(), SealError> {
        let subject = place.subject();
        let (mut needed, mut closed) = (Vec::new(), false);
        visit(facts, subject, &mut |found, subject| match found {
            Found::Open(class) => needed.push((subject, class)),
            Found::Envelope(..) => closed = true,
        });
        if closed {
            // Copied from elsewhere, it would never open here.
            return Err(SealError::Malformed);
        }
        needed.sort_unstable();
        needed.dedup();
        let mut keys = BTreeMap::new();
        for (subject, class) in needed {
            keys.insert((subject, class), self.keys.of(subject, class).await?);
        }
        let bound = place.bound();
        replace(facts, subject, "", &mut |value, subject, pointer| match Stored::of(value) {
            Some(Stored::Open(mark)) => {
                let class = class_of(mark)?;
                let key: &Arc<DataKey> = keys.get(&(subject, class)).ok_or(SealError::Malformed)?;
                let clear = serde_json::to_vec(mark.get("value").ok_or(SealError::Malformed)?)
                    .map_err(|_| SealError::Malformed)?;
                let sealed = key.seal(&bound.with(pointer, class), &clear)?;
                let envelope = Envelope { class, key: key.id, sealed: URL_SAFE_NO_PAD.encode(sealed) };
                Ok(Some(json!({ SEALED: envelope })))
            }
            _ => Ok(None),
        })
    }

    /// Replaces envelopes as `opening` says for their class. A fact whose key is gone becomes the mark of an erased one.
    pub async fn open(
        &self,
        place: Place<'_>,
        facts: &mut Value,
        opening: impl Fn(Class) -> Opening,
    ) -> Result<(), SealError> {
        let mut wanted = Vec::new();
        needed(facts, &opening, &mut wanted);
        let (keys, _) = self.keys_of(wanted).await?;
        opened(place, facts, &opening, &keys)
    }

    /// The same for many at once, with one question for all their keys: whose facts do not open is told of each.
    pub async fn open_all<O: Fn(Class) -> Opening>(
        &self,
        many: impl Iterator<Item = (Place<'_>, &mut Value, O)>,
    ) -> Result<Vec<Result<(), SealError>>, SealError> {
        Ok(self.asked_open_all(many).await?.0)
    }

    /// The same, and whether the keys database was asked for it.
    pub(crate) async fn asked_open_all<O: Fn(Class) -> Opening>(
        &self,
        many: impl Iterator<Item = (Place<'_>, &mut Value, O)>,
    ) -> Result<(Vec<Result<(), SealError>>, Asked), SealError> {
        let mut many: Vec<_> = many.collect();
        let mut wanted = Vec::new();
        for (_, facts, opening) in &many {
            needed(facts, opening, &mut wanted);
        }
        let (keys, asked) = self.keys_of(wanted).await?;
        Ok((many.iter_mut().map(|(place, facts, opening)| opened(*place, facts, &*opening, &keys)).collect(), asked))
    }

    async fn keys_of(&self, mut wanted: Vec<Uuid>) -> Result<(BTreeMap<Uuid, Held>, Asked), SealError> {
        wanted.sort_unstable();
        wanted.dedup();
        Ok(self.keys.asked_by_id(wanted).await?)
    }

    /// A service's own secret: from a key that is nobody's, the same as long as that key lives.
    pub async fn secret(&self, service: &str) -> Result<Secret, SealError> {
        let key = self.keys.of(Uuid::nil(), Class::Personal).await?;
        let fingerprint = key.fingerprint(format!("the secret of {service}").as_bytes());
        fingerprint.first_chunk().map(|bytes| Secret::new(Uuid::from_bytes(*bytes))).ok_or(SealError::Malformed)
    }

    /// The keyed fingerprint of a command: under her key, and where that was erased under one that is nobody's.
    pub async fn fingerprint(&self, woman: WomanId, command: &[u8]) -> Result<Fingerprint, SealError> {
        match self.keys.of(woman.0, Class::Personal).await {
            Ok(key) => Ok(Fingerprint { bytes: key.fingerprint(command), erased: false }),
            Err(KeyError::Erased) => {
                let key = self.keys.of(Uuid::nil(), Class::Personal).await?;
                let mut bytes = key.fingerprint(&[woman.0.as_bytes(), command].concat());
                bytes.push(AFTER_ERASURE);
                Ok(Fingerprint { bytes, erased: true })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The keys it works with.
    #[must_use]
    pub fn keys(&self) -> &Keyring {
        &self.keys
    }
}

/// The keys of what is to be opened.
fn needed(facts: &Value, opening: impl Fn(Class) -> Opening, wanted: &mut Vec<Uuid>) {
    visit(facts, Uuid::nil(), &mut |found, _| {
        if let Found::Envelope(class, key) = found
            && opening(class) == Opening::Value
        {
            wanted.push(key);
        }
    });
}

fn opened(
    place: Place<'_>,
    facts: &mut Value,
    opening: impl Fn(Class) -> Opening,
    keys: &BTreeMap<Uuid, Held>,
) -> Result<(), SealError> {
    let bound = place.bound();
    replace(facts, place.subject(), "", &mut |value, subject, pointer| {
        let Some(Stored::Envelope(envelope)) = Stored::of(value) else { return Ok(None) };
        // Nothing of it is copied.
        let envelope = Envelope::<&str>::deserialize(envelope).map_err(|_| SealError::Foreign)?;
        match opening(envelope.class) {
            Opening::Leave => Ok(None),
            Opening::Mask => Ok(Some(json!({ MASKED: envelope.class }))),
            Opening::Erased => Ok(Some(json!({ ERASED: envelope.class }))),
            Opening::Value => match keys.get(&envelope.key) {
                None => Err(SealError::Key(KeyError::Missing)),
                Some(Held::Erased) => Ok(Some(json!({ ERASED: envelope.class }))),
                Some(Held::NotGranted) => Ok(Some(json!({ MASKED: envelope.class }))),
                Some(Held::Key(key)) if key.subject != subject => Err(SealError::Foreign),
                Some(Held::Key(key)) => {
                    let sealed = URL_SAFE_NO_PAD.decode(envelope.sealed).map_err(|_| SealError::Foreign)?;
                    let bound = bound.with(pointer, envelope.class);
                    let clear = key.open(&bound, &sealed).ok_or(SealError::Foreign)?;
                    serde_json::from_slice(&clear).map(Some).map_err(|_| SealError::Foreign)
                }
            },
        }
    })
}

/// Replaces the marks of open facts in a state that was folded for somebody: shown or masked, never both unasked.
pub fn reveal(state: &mut Value, opening: impl Fn(Class) -> Opening) -> Result<(), SealError> {
    replace(state, Uuid::nil(), "", &mut |value, _, _| match Stored::of(value) {
        Some(Stored::Open(mark) | Stored::Envelope(mark)) if opening(class_of(mark)?) == Opening::Erased => {
            Ok(Some(json!({ ERASED: class_of(mark)? })))
        }
        Some(Stored::Open(mark)) if opening(class_of(mark)?) == Opening::Value => Ok(mark.get("value").cloned()),
        Some(Stored::Open(mark)) => Ok(Some(json!({ MASKED: class_of(mark)? }))),
        Some(Stored::Envelope(envelope)) => Ok(Some(json!({ MASKED: class_of(envelope)? }))),
        _ => Ok(None),
    })
}

fn class_of(mark: &Value) -> Result<Class, SealError> {
    mark.get("class").and_then(Value::as_str).and_then(|class| class.parse().ok()).ok_or(SealError::Malformed)
}

enum Found {
    Open(Class),
    Envelope(Class, Uuid),
}

/// Calls `see` for every stored form in `value`, with its subject.
fn visit(value: &Value, subject: Uuid, see: &mut impl FnMut(Found, Uuid)) {
    match Stored::of(value) {
        Some(Stored::Open(mark)) => {
            if let Ok(class) = class_of(mark) {
                see(Found::Open(class), subject);
            }
            return;
        }
        Some(Stored::Envelope(envelope)) => {
            if let Ok(Envelope { class, key, .. }) = Envelope::<&str>::deserialize(envelope) {
                see(Found::Envelope(class, key), subject);
            }
            return;
        }
        Some(Stored::Erased) => return,
        None => {}
    }
    let subject = child_of(value).unwrap_or(subject);
    match value {
        Value::Object(members) => members.values().for_each(|value| visit(value, subject, see)),
        Value::Array(items) => items.iter().for_each(|value| visit(value, subject, see)),
        _ => {}
    }
}

/// Puts what `change` answers in the place of stored forms.
fn replace(
    value: &mut Value,
    subject: Uuid,
    pointer: &str,
    change: &mut impl FnMut(&Value, Uuid, &str) -> Result<Option<Value>, SealError>,
) -> Result<(), SealError> {
    if Stored::of(value).is_some() {
        if let Some(new) = change(value, subject, pointer)? {
            *value = new;
        }
        return Ok(());
    }
    let subject = child_of(value).unwrap_or(subject);
    let below = |token: &str| format!("{pointer}{}", kit::facts::pointer(&[token]));
    match value {
        Value::Object(members) => {
            members.iter_mut().try_for_each(|(name, value)| replace(value, subject, &below(name), change))
        }
        Value::Array(items) => items
            .iter_mut()
            .enumerate()
            .try_for_each(|(index, value)| replace(value, subject, &below(&index.to_string()), change)),
        _ => Ok(()),
    }
}

/// The child whose fact an object holds: exactly `{ "child", "value" }` with a sealed value, as [`kit::OfChild`] writes it.
fn child_of(value: &Value) -> Option<Uuid> {
    let members = value.as_object().filter(|members| members.len() == 2)?;
    Stored::of(members.get("value")?)?;
    members.get("child")?.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::{
        Facets,
        published::{EventType, Heading},
    };

    #[test]
    fn a_body_opens_for_whom_access_was_granted_and_as_what_it_is() {
        let (woman, centre, aggregate) = (Some(WomanId(Uuid::from_u128(1))), Some(CentreId(Uuid::from_u128(2))), 3);
        let heading = Heading {
            event: EventType { service: "housing", name: "PetPlaced", version: 1 },
            aggregate_type: "case",
            aggregate: AggregateId(Uuid::from_u128(aggregate)),
            version: 2,
            woman,
            centre,
            actor: "w-1".parse().unwrap(),
            happened: "2026-11-20".parse().unwrap(),
            recorded: time::OffsetDateTime::UNIX_EPOCH,
        };
        let body = Body::new(heading, json!({}), Facets::default());
        let granted = Granted { woman, centre, aggregate: Some(AggregateId(Uuid::from_u128(aggregate))) };
        let opens = |service, granted| Place::granted(service, &body, granted).is_some();
        assert!(opens("housing", granted) && opens("housing", Granted { aggregate: None, ..granted }));
        let another = Uuid::from_u128(9);
        for granted in [
            Granted { woman: Some(WomanId(another)), ..granted },
            Granted { woman: None, ..granted },
            Granted { centre: Some(CentreId(another)), ..granted },
            Granted { centre: None, ..granted },
            Granted { aggregate: Some(AggregateId(another)), ..granted },
        ] {
            assert!(!opens("housing", granted), "{granted:?}");
        }
        assert!(!opens("people", granted));
    }
}
