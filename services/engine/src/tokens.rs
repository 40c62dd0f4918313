//! Who asks: Ed25519 tokens of a minute, and the keys they are signed and checked with.
//!
//! The desk's key speaks for people, and never in a service's name; a service's own key speaks for that service alone. Deliberately absent: sign-in (the desk) and
//! what a principal may do ([`kit::access`]).

use crate::clock::Clock;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use kit::{
    ActorId, CentreId,
    access::{Principal, Role},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, sync::Arc};
use zeroize::Zeroizing;

/// How long a token is good for, in seconds.
pub const LIFETIME: i64 = 60;
/// How far clocks may be apart, in seconds.
const LEEWAY: i64 = 2;
/// The issuer that speaks for people.
pub const DESK: &str = "desk";
const AUDIENCE: &str = "livline";

/// A key file or token that cannot be used. Says nothing of its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The signing key's file does not hold a key.
    #[error("the signing key is not an Ed25519 key in base64")]
    SigningKey,
    /// A public key does not parse.
    #[error("a public key for tokens is not 32 bytes in base64url")]
    PublicKey,
    /// The token is not ours, not valid now, or says what its issuer may not say.
    #[error("the token is not valid")]
    Invalid,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    sub: ActorId,
    role: Role,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    centre: Option<CentreId>,
    iat: i64,
    exp: i64,
}

/// A new key pair: the private key as base64 (PKCS#8), the public key as base64url.
pub fn generate() -> Result<(Zeroizing<String>, String), TokenError> {
    let pair = Ed25519KeyPair::generate().map_err(|_| TokenError::SigningKey)?;
    let private = pair.to_pkcs8v1().map_err(|_| TokenError::SigningKey)?;
    Ok((Zeroizing::new(STANDARD.encode(private.as_ref())), URL_SAFE_NO_PAD.encode(pair.public_key())))
}

/// Signs tokens as one issuer.
#[derive(Clone)]
pub struct Issuer {
    name: String,
    key: Arc<EncodingKey>,
    clock: Clock,
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Issuer({})", self.name)
    }
}

impl Issuer {
    /// An issuer from its private key in base64.
    pub fn new(name: &str, private: &str) -> Result<Self, TokenError> {
        let der = Zeroizing::new(STANDARD.decode(private.trim()).map_err(|_| TokenError::SigningKey)?);
        Ed25519KeyPair::from_pkcs8(&der).map_err(|_| TokenError::SigningKey)?;
        Ok(Self { name: name.to_owned(), key: Arc::new(EncodingKey::from_ed_der(&der)), clock: Clock::system() })
    }

    /// The same issuer by another clock.
    #[must_use]
    pub fn by(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// A token for somebody, good for [`LIFETIME`].
    pub fn issue(&self, principal: &Principal) -> Result<String, TokenError> {
        let now = self.clock.now().unix_timestamp();
        let claims = Claims {
            iss: self.name.clone(),
            aud: AUDIENCE.to_owned(),
            sub: principal.actor.clone(),
            role: principal.role,
            centre: principal.centre,
            iat: now,
            exp: now + LIFETIME,
        };
        let header = Header { kid: Some(self.name.clone()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, &claims, &self.key).map_err(|_| TokenError::SigningKey)
    }

    /// A token for the service this key belongs to.
    pub fn issue_own(&self) -> Result<String, TokenError> {
        self.issue(&Principal { actor: ActorId::service(&self.name), role: Role::Service, centre: None })
    }
}

/// Checks tokens against the issuers a service trusts.
#[derive(Clone)]
pub struct Verifier {
    keys: Arc<BTreeMap<String, DecodingKey>>,
    clock: Clock,
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.keys.keys()).finish()
    }
}

impl Verifier {
    /// A verifier from issuers' names and public keys in base64url.
    pub fn new(public: &BTreeMap<String, String>) -> Result<Self, TokenError> {
        let key = |(name, key): (&String, &String)| {
            let bytes = URL_SAFE_NO_PAD.decode(key.trim()).map_err(|_| TokenError::PublicKey)?;
            let fits = bytes.len() == 32;
            let key = DecodingKey::from_ed_components(key.trim()).map_err(|_| TokenError::PublicKey)?;
            fits.then_some((name.clone(), key)).ok_or(TokenError::PublicKey)
        };
        Ok(Self { keys: Arc::new(public.iter().map(key).collect::<Result<_, _>>()?), clock: Clock::system() })
    }

    /// The same verifier by another clock.
    #[must_use]
    pub fn by(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Who the token speaks for, and until when (seconds since 1970).
    pub fn verify(&self, token: &str) -> Result<(Principal, i64), TokenError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Invalid)?;
        let issuer = header.kid.ok_or(TokenError::Invalid)?;
        let key = self.keys.get(&issuer).ok_or(TokenError::Invalid)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[&issuer]);
        validation.set_audience(&[AUDIENCE]);
        // By this service's own clock, which need not be the machine's.
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &validation).map_err(|_| TokenError::Invalid)?.claims;
        let speaks_for = if issuer == DESK {
            claims.role != Role::Service && !claims.sub.is_service()
        } else {
            claims.role == Role::Service && claims.sub == ActorId::service(&issuer)
        };
        // A token says neither when it begins nor how long it lives beyond what it may: one that was dated ahead would outlive a refusal.
        let now = self.clock.now().unix_timestamp();
        let begun = claims.iat <= now.saturating_add(LEEWAY);
        let short = claims.exp.checked_sub(claims.iat).is_some_and(|life| (0..=LIFETIME).contains(&life));
        let over = claims.exp.saturating_add(LEEWAY) < now;
        if over || !(speaks_for && begun && short) {
            return Err(TokenError::Invalid);
        }
        let until = claims.exp.min(now.saturating_add(LIFETIME));
        Ok((Principal { actor: claims.sub, role: claims.role, centre: claims.centre }, until))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::OffsetDateTime;

    fn issuer(name: &str) -> (Issuer, String) {
        let (private, public) = generate().unwrap();
        (Issuer::new(name, &private).unwrap(), public)
    }

    #[test]
    fn an_issuer_speaks_for_its_own_and_nobody_else() {
        let (desk, desk_key) = issuer("desk");
        let (timeline, timeline_key) = issuer("timeline");
        let (stranger, _) = issuer("desk");
        let verifier = Verifier::new(&[("desk".into(), desk_key), ("timeline".into(), timeline_key)].into()).unwrap();
        let worker = Principal { actor: "w-1".parse().unwrap(), role: Role::Worker, centre: Some(CentreId::default()) };
        let service = Principal { actor: ActorId::service("timeline"), role: Role::Service, centre: None };
        assert_eq!(verifier.verify(&desk.issue(&worker).unwrap()).unwrap().0, worker);
        assert_eq!(verifier.verify(&timeline.issue_own().unwrap()).unwrap().0, service);
        let other = Principal { actor: ActorId::service("housing"), ..service.clone() };
        for wrong in [desk.issue(&service), timeline.issue(&worker), timeline.issue(&other), stranger.issue(&worker)] {
            assert_eq!(verifier.verify(&wrong.unwrap()), Err(TokenError::Invalid));
        }
        assert_eq!(verifier.verify("not a token"), Err(TokenError::Invalid));
    }

    #[test]
    fn a_changed_or_old_token_is_nobody() {
        let (mut desk, key) = issuer("desk");
        let verifier = Verifier::new(&[("desk".into(), key)].into()).unwrap();
        let worker = Principal { actor: "w-1".parse().unwrap(), role: Role::Worker, centre: None };
        let token = desk.issue(&worker).unwrap();
        let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
        let claims = String::from_utf8(URL_SAFE_NO_PAD.decode(&parts[1]).unwrap()).unwrap();
        parts[1] = URL_SAFE_NO_PAD.encode(claims.replace("worker", "leader"));
        assert_eq!(verifier.verify(&parts.join(".")), Err(TokenError::Invalid));
        let ago = |minutes| Clock::of(move || Clock::system().now() - time::Duration::minutes(minutes));
        desk.clock = ago(2);
        assert_eq!(verifier.verify(&desk.issue(&worker).unwrap()), Err(TokenError::Invalid));
        // Both by one clock, whatever it says.
        assert!(verifier.by(ago(2)).verify(&desk.issue(&worker).unwrap()).is_ok());
    }

    #[test]
    fn a_token_dated_ahead_is_nobody_and_none_lives_longer_than_a_minute_from_now() {
        let (desk, key) = issuer("desk");
        let verifier = Verifier::new(&[("desk".into(), key)].into()).unwrap();
        let now = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
        let at = |seconds| Clock::of(move || now + time::Duration::seconds(seconds));
        let worker = Principal { actor: "w-1".parse().unwrap(), role: Role::Worker, centre: None };
        let verify = |ahead: i64| {
            let token = desk.clone().by(at(ahead)).issue(&worker).unwrap();
            verifier.clone().by(at(0)).verify(&token).map(|(_, until)| until - now.unix_timestamp())
        };
        for (ahead, until) in [(-60, 0), (-1, 59), (0, 60), (1, 60), (LEEWAY, 60)] {
            assert_eq!(verify(ahead), Ok(until), "{ahead}");
        }
        for ahead in [LEEWAY + 1, 90, 3_600, 10 * 365 * 86_400] {
            assert_eq!(verify(ahead), Err(TokenError::Invalid), "{ahead}");
        }
    }

    #[test]
    fn nobody_is_called_a_service_by_the_desk() {
        let (desk, key) = issuer("desk");
        let verifier = Verifier::new(&[("desk".into(), key)].into()).unwrap();
        for role in [Role::Leader, Role::Worker, Role::Temp, Role::Volunteer, Role::Secretariat, Role::Service] {
            for actor in ["service:people", "service:nobody", "service:"] {
                let token = desk.issue(&Principal { actor: actor.parse().unwrap(), role, centre: None }).unwrap();
                assert_eq!(verifier.verify(&token), Err(TokenError::Invalid), "{actor} as {role:?}");
            }
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { cases: 128, failure_persistence: None, ..Default::default() })]

        #[test]
        fn what_is_no_token_or_key_is_refused(text in proptest::prelude::any::<String>(), at in 0..400_usize, byte in 0x20..0x7f_u8) {
            let (desk, key) = issuer("desk");
            let verifier = Verifier::new(&[("desk".into(), key)].into()).unwrap();
            proptest::prop_assert_eq!(verifier.verify(&text), Err(TokenError::Invalid));
            proptest::prop_assert!(Verifier::new(&[("desk".into(), text.clone())].into()).is_err());
            proptest::prop_assert!(Issuer::new("desk", &text).is_err());
            // Any one character of a token changed.
            let worker = Principal { actor: "w-1".parse().unwrap(), role: Role::Worker, centre: None };
            let token = desk.issue(&worker).unwrap();
            let mut changed = token.clone().into_bytes();
            let at = at % changed.len();
            changed[at] = byte;
            let changed = String::from_utf8(changed).unwrap();
            proptest::prop_assert_eq!(verifier.verify(&changed).is_ok(), changed == token);
        }
    }
}
