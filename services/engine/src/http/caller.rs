//! Who calls: the bearer token checked, the rate of the principal bounded.
//!
//! Deliberately absent: what the caller may do ([`kit::access`]).

use super::Problem;
use crate::tokens::Verifier;
use axum::http::{HeaderMap, header};
use governor::{Quota, RateLimiter, clock::DefaultClock, state::keyed::DashMapStateStore};
use kit::{
    ActorId,
    access::{Act, Principal, Role, Verdict, decide},
};
use serde::Deserialize;
use std::{fmt, num::NonZeroU32, sync::Arc};

/// How often one principal may ask. Agencies and centres share addresses, so the address does not count.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Requests a second, over time.
    pub per_second: NonZeroU32,
    /// Requests at once.
    pub burst: NonZeroU32,
}

impl Default for Limits {
    fn default() -> Self {
        let number = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        Self { per_second: number(50), burst: number(200) }
    }
}

type Limiter = RateLimiter<ActorId, DashMapStateStore<ActorId>, DefaultClock>;

/// Checks who calls.
#[derive(Clone)]
pub struct Auth {
    verifier: Verifier,
    limiter: Arc<Limiter>,
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
        Self { verifier, limiter: Arc::new(RateLimiter::dashmap(quota)) }
    }

    /// Who calls.
    pub fn caller(&self, headers: &HeaderMap) -> Result<Caller, Problem> {
        let token = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "));
        let verified = token.and_then(|token| self.verifier.verify(token).ok());
        let (principal, until) = verified.ok_or_else(|| Problem::common("unauthorized"))?;
        // Our own services are few and read in pages.
        if principal.role != Role::Service && self.limiter.check_key(&principal.actor).is_err() {
            return Err(Problem::common("too_many_requests"));
        }
        Ok(Caller { principal, until })
    }
}

impl Caller {
    /// Whether the caller may do this at its own centre at all.
    pub fn may(&self, act: Act) -> Result<(), Problem> {
        match decide(&self.principal, self.principal.centre, act) {
            Verdict::Allow => Ok(()),
            Verdict::Mask | Verdict::Deny => Err(Problem::common("forbidden")),
        }
    }
}
