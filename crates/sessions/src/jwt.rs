//! Signed identities: who is trusted to say who someone is.

use crate::api::Refusal;
use crate::name::Name;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;
use std::collections::HashSet;

/// How far the issuer's clock may be from ours.
const SKEW_MS: i64 = 60_000;
/// The shortest secret that HS256 is worth something with (RFC 7518, 3.2), in bytes.
const SECRET_MIN: usize = 32;
/// The longest `iss` or `sub`, in bytes.
const CLAIM_MAX: usize = 255;

/// Whose signatures are trusted.
#[derive(Debug, Clone)]
pub struct JwtSettings {
    /// A signature by any of these counts, and no algorithm but theirs does. Default none. More
    /// than one only while a key is being replaced.
    pub keys: Vec<JwtKey>,
    /// What `iss` must be. Default: anything. Unset, everyone who holds a key speaks for everyone.
    pub issuer: Option<String>,
    /// What `aud` must hold. Default: anything. Unset, identities meant for other services count.
    pub audience: Option<String>,
}

/// A key that signatures are checked with; `Debug` shows none of it.
#[derive(Clone)]
pub struct JwtKey {
    algorithm: Algorithm,
    key: DecodingKey,
}

/// A secret that can be guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an HS256 secret has at least {SECRET_MIN} bytes")]
pub struct WeakSecret;

impl JwtKey {
    /// HMAC with SHA-256 and this secret.
    pub fn hs256(secret: &[u8]) -> Result<Self, WeakSecret> {
        if secret.len() < SECRET_MIN {
            return Err(WeakSecret);
        }
        Ok(Self {
            algorithm: Algorithm::HS256,
            key: DecodingKey::from_secret(secret),
        })
    }
}

impl std::fmt::Debug for JwtKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "JwtKey({:?}, …)", self.algorithm)
    }
}

/// Who someone is, by the word of an issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) name: Name,
    /// Until when, ms since 1970.
    pub(crate) expires_at: i64,
}

/// The claims that count. Times are numbers of seconds, perhaps with a fraction.
#[derive(Deserialize)]
struct Claims {
    #[serde(default)]
    iss: String,
    sub: String,
    name: String,
    exp: f64,
    nbf: Option<f64>,
}

/// Reads an identity and checks that it holds now.
pub(crate) fn verify(settings: &JwtSettings, jwt: &str, now_ms: i64) -> Result<Identity, Refusal> {
    let mut checked = settings.keys.iter().map(|key| check(settings, key, jwt));
    let claims = checked
        .find_map(Result::ok)
        .ok_or(Refusal::BadCredentials)?;
    let expires_at = until(&claims, now_ms)?;
    if !is_claim(&claims.sub) || (!claims.iss.is_empty() && !is_claim(&claims.iss)) {
        return Err(Refusal::BadCredentials);
    }
    let name = name_of(&claims.name).ok_or(Refusal::BadRequest {
        field: "jwt",
        expected: "a name claim of 1 to 32 letters, digits or - _ .",
    })?;
    Ok(Identity {
        issuer: claims.iss,
        subject: claims.sub,
        name,
        expires_at,
    })
}

/// The signature and whom it is meant for. Time is checked against our own clock, later.
fn check(
    settings: &JwtSettings,
    key: &JwtKey,
    jwt: &str,
) -> Result<Claims, jsonwebtoken::errors::Error> {
    let mut validation = Validation::new(key.algorithm);
    validation.validate_exp = false;
    validation.validate_aud = settings.audience.is_some();
    let mut required = HashSet::from(["exp".to_owned(), "sub".to_owned()]);
    if let Some(issuer) = &settings.issuer {
        validation.set_issuer(&[issuer]);
        required.insert("iss".to_owned());
    }
    if let Some(audience) = &settings.audience {
        validation.set_audience(&[audience]);
        required.insert("aud".to_owned());
    }
    validation.required_spec_claims = required;
    Ok(decode::<Claims>(jwt, &key.key, &validation)?.claims)
}

/// Until when the identity holds. One that is accepted only for the skew's sake holds to the
/// skew's end: its issuer's clock says that it is good.
fn until(claims: &Claims, now_ms: i64) -> Result<i64, Refusal> {
    let expires_at = as_ms(claims.exp);
    let grace_ends = expires_at.saturating_add(SKEW_MS);
    if grace_ends <= now_ms {
        return Err(Refusal::TokenExpired);
    }
    if claims
        .nbf
        .is_some_and(|nbf| as_ms(nbf) > now_ms.saturating_add(SKEW_MS))
    {
        return Err(Refusal::BadCredentials);
    }
    Ok(if expires_at > now_ms {
        expires_at
    } else {
        grace_ends
    })
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the cast saturates; nobody lives that long"
)]
fn as_ms(seconds: f64) -> i64 {
    (seconds * 1000.0) as i64
}

fn is_claim(text: &str) -> bool {
    (1..=CLAIM_MAX).contains(&text.len()) && !text.contains('\0')
}

/// Issuers know full names and addresses: what cannot be in a name becomes a hyphen.
fn name_of(claim: &str) -> Option<Name> {
    Name::parse(claim).or_else(|| {
        let parts = claim.split(|c: char| c.is_whitespace() || c.is_ascii_punctuation());
        let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
        Name::parse(&parts.join("-"))
    })
}
