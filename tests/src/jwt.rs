//! Creates signed identities as an issuer does.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use serde::Serialize;
use serde_json::{Map, Value, json};
use sha2::{Sha256, Sha384, Sha512};
use std::time::{SystemTime, UNIX_EPOCH};

/// The secret that the tests share with the server.
pub const SECRET: &str = "a-secret-of-the-tests-32-bytes-or-more";

/// The claims of a `jwt`.
#[derive(Debug, Clone)]
pub struct Claims(Map<String, Value>);

impl Claims {
    /// Returns the claims of a person of the test's issuer, valid for so many seconds (negative:
    /// expired that long ago).
    #[must_use]
    pub fn of(subject: &str, name: &str, valid_s: i64) -> Self {
        let claims = json!({"sub": subject, "name": name, "exp": now_s() + valid_s});
        Self(claims.as_object().expect("claims are an object").clone())
    }

    /// Returns the claims with one more.
    #[must_use]
    pub fn with(mut self, claim: &str, value: Value) -> Self {
        self.0.insert(claim.to_owned(), value);
        self
    }

    /// Returns the claims signed with HS256 and the test's secret.
    #[must_use]
    pub fn jwt(&self) -> String {
        sign(self, Algorithm::HS256, SECRET)
    }
}

/// An algorithm to sign with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC with SHA-256, the one that the server accepts.
    HS256,
    /// HMAC with SHA-384.
    HS384,
    /// HMAC with SHA-512.
    HS512,
}

macro_rules! mac {
    ($hash:ty, $secret:expr, $message:expr) => {
        Hmac::<$hash>::new_from_slice($secret)
            .expect("any key will do")
            .chain_update($message)
            .finalize()
            .into_bytes()
            .to_vec()
    };
}

/// Signs with an algorithm of the HS family.
#[must_use]
pub fn sign(claims: &Claims, algorithm: Algorithm, secret: &str) -> String {
    let header = json!({"typ": "JWT", "alg": format!("{algorithm:?}")});
    sign_with(&header, claims, algorithm, secret)
}

/// Signs with this header.
#[must_use]
pub fn sign_with(header: &Value, claims: &Claims, algorithm: Algorithm, secret: &str) -> String {
    let message = format!("{}.{}", part(header), part(&claims.0));
    let (secret, bytes) = (secret.as_bytes(), message.as_bytes());
    let signature = match algorithm {
        Algorithm::HS256 => mac!(Sha256, secret, bytes),
        Algorithm::HS384 => mac!(Sha384, secret, bytes),
        Algorithm::HS512 => mac!(Sha512, secret, bytes),
    };
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn part(value: &impl Serialize) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(value).expect("a part of a token is JSON"))
}

fn now_s() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("the clock is set");
    i64::try_from(since.as_secs()).expect("the clock is set")
}
