//! How another service's event sounds to whoever hears it: read into the hearer's own struct, with the classes it may know opened.
//!
//! Deliberately absent: what is done with it ([`crate::policies`], [`crate::relations`]).

use crate::{
    quarantine::NOT_GENUINE,
    reader::{Event, ReadError},
    seal::{Opening, Place, Seal, SealError},
};
use kit::{
    Class, WomanId,
    policy::{Heard, Whole},
};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// How an event sounds.
pub(crate) enum Sound<F> {
    /// None of the hearer's business.
    Nothing,
    /// Something it understands.
    Heard(Box<Heard<F>>),
    /// It may be its business, and cannot be read: a code.
    Unreadable(&'static str),
}

/// An event as it is heard. One about nobody has [`WomanId::NOBODY`] in a woman's place.
pub(crate) async fn hear<F: DeserializeOwned>(
    seal: &Seal,
    service: &str,
    event: &Event,
    opens: &[Class],
) -> Result<Sound<F>, ReadError> {
    if !event.genuine {
        return Ok(Sound::Unreadable(NOT_GENUINE));
    }
    let Some(body) = &event.body else { return Ok(Sound::Unreadable("does_not_read")) };
    let Some(place) = Place::of(service, body) else { return Ok(Sound::Unreadable("another_service")) };
    let Some(centre) = place.centre else { return Ok(Sound::Nothing) };
    let woman = place.woman.unwrap_or(WomanId::NOBODY);
    let (event, facets) = (place.event.to_owned(), body.data.facets.clone());
    let whole = |facts: Value| Whole { event: event.clone(), facts, facets: facets.clone() };
    // Most events are none of its business: they are told by their names, with nothing opened.
    match whole(body.data.facts.clone()).read::<F>(body.version) {
        Ok(Some(_)) => {}
        Ok(None) => return Ok(Sound::Nothing),
        Err(_) => return Ok(Sound::Unreadable("does_not_read")),
    }
    let mut facts = body.data.facts.clone();
    let opening = |class| if opens.contains(&class) { Opening::Value } else { Opening::Leave };
    match seal.open(place, &mut facts, opening).await {
        Ok(()) => {}
        Err(SealError::Foreign | SealError::Malformed) => return Ok(Sound::Unreadable("does_not_open")),
        Err(error) => return Err(ReadError::Effect(error.to_string())),
    }
    let (Ok(Some((entry, said))), Ok(happened)) = (whole(facts).read::<F>(body.version), body.happened()) else {
        return Ok(Sound::Unreadable("does_not_read"));
    };
    // The moment of its recording tells it from another event that had the same id before a restore.
    let id = format!("{} {}", body.id, body.recordedtime.unix_timestamp_nanos());
    let (aggregate, actor) = (body.aggregate, body.actor.clone());
    let service = service.to_owned();
    let heard = Heard { id, service, aggregate, entry, actor, woman, centre, happened, facets, said };
    Ok(Sound::Heard(Box::new(heard)))
}
