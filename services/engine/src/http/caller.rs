//! Who calls: the bearer token checked, the rate of the principal bounded.
//!
//! Deliberately absent: what the caller may do ([`kit::access`]).

use super::{Problem, body::once};
use crate::tokens::Verifier;
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use governor::{Quota, RateLimiter, clock::DefaultClock, state::keyed::DashMapStateStore};
use kit::{
    ActorId,
    access::{About, Act, Principal, Role, Verdict, decide},
};
use serde::Deserialize;
use std::{
    collections::HashMap,
    convert::Infallible,
    fmt,
    num::NonZeroU32,
    ops::Deref,
    sync::{Arc, Mutex, PoisonError},
};

/// How often one principal may ask. Agencies and centres share addresses, so the address does not count.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Requests a second, over time.
    pub per_second: NonZeroU32,
    /// Requests at once, after a pause.
    pub burst: NonZeroU32,
    /// Requests at the same time, until their answers are taken.
    #[serde(default = "at_once")]
    pub at_once: NonZeroU32,
}

fn at_once() -> NonZeroU32 {
    Limits::default().at_once
}

impl Default for Limits {
    fn default() -> Self {
        let number = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        Self { per_second: number(50), burst: number(200), at_once: number(16) }
    }
}

type Limiter = RateLimiter<ActorId, DashMapStateStore<ActorId>, DefaultClock>;

/// Checks who calls.
#[derive(Clone)]
pub struct Auth {
    verifier: Verifier,
    limiter: Arc<Limiter>,
    turns: Arc<Turns>,
}

/// How many requests of each principal are under way.
#[derive(Debug)]
struct Turns {
    at_once: NonZeroU32,
    taken: Mutex<HashMap<ActorId, u32>>,
}

/// One request of a principal's, until its answer is taken.
#[derive(Debug)]
struct Turn(Arc<Turns>, ActorId);

/// What a request holds until its answer is taken. The serving loop keeps it.
#[derive(Debug, Clone, Default)]
pub(super) struct Held(Arc<Mutex<Option<Turn>>>);

/// A request's headers, and what it holds.
#[derive(Debug)]
pub struct Asked {
    headers: HeaderMap,
    held: Option<Held>,
}

#[cfg(test)]
impl Asked {
    pub(super) fn of(headers: HeaderMap) -> Self {
        Self { headers, held: None }
    }
}

impl Deref for Asked {
    type Target = HeaderMap;
    fn deref(&self) -> &HeaderMap {
        &self.headers
    }
}

impl<S: Sync> FromRequestParts<S> for Asked {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self { headers: parts.headers.clone(), held: parts.extensions.get().cloned() })
    }
}

impl Turns {
    fn take(self: &Arc<Self>, actor: &ActorId) -> Option<Turn> {
        let mut all = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = all.entry(actor.clone()).or_default();
        (*taken < self.at_once.get()).then(|| {
            *taken += 1;
            Turn(self.clone(), actor.clone())
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut all = self.0.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = all.get_mut(&self.1) {
            *taken -= 1;
            if *taken == 0 {
                all.remove(&self.1);
            }
        }
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Auth")
    }
}

/// Who calls, and until when that is known (seconds since 1970).
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who.
    pub principal: Principal,
    /// Until when.
    pub until: i64,
}

impl Auth {
    /// Checks tokens with a verifier, and bounds rates.
    #[must_use]
    pub fn new(verifier: Verifier, limits: Limits) -> Self {
        let quota = Quota::per_second(limits.per_second).allow_burst(limits.burst);
        let turns = Arc::new(Turns { at_once: limits.at_once, taken: Mutex::default() });
        Self { verifier, limiter: Arc::new(RateLimiter::dashmap(quota)), turns }
    }

    /// Who calls.
    pub fn caller(&self, headers: &Asked) -> Result<Caller, Problem> {
        let token = once(headers, header::AUTHORIZATION.as_str())?
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "));
        let verified = token.and_then(|token| self.verifier.verify(token).ok());
        let (principal, until) = verified.ok_or_else(|| Problem::common("unauthorized"))?;
        // Our own services are few and read in pages.
        if principal.role != Role::Service {
            let allowed = self.limiter.check_key(&principal.actor).is_ok();
            let turn = allowed.then(|| self.turns.take(&principal.actor)).flatten();
            let turn = turn.ok_or_else(|| Problem::common("too_many_requests"))?;
            if let Some(Held(held)) = &headers.held {
                *held.lock().unwrap_or_else(PoisonError::into_inner) = Some(turn);
            }
        }
        Ok(Caller { principal, until })
    }
}

impl Caller {
    /// Whether the caller may do this at its own centre at all.
    pub fn may(&self, act: Act) -> Result<(), Problem> {
        match decide(&self.principal, About::Anything, act) {
            Verdict::Allow => Ok(()),
            Verdict::Mask | Verdict::Deny => Err(Problem::common("forbidden")),
        }
    }
}
