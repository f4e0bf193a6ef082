//! Signed identities as an issuer makes them.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Map, Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// The secret the tests share with the server.
pub const SECRET: &str = "a-secret-of-the-tests-32-bytes-or-more";

/// What a `jwt` claims.
#[derive(Debug, Clone)]
pub struct Claims(Map<String, Value>);

impl Claims {
    /// A person of the test's issuer, with a token that is valid for so many seconds (negative:
    /// that ended so long ago).
    #[must_use]
    pub fn of(subject: &str, name: &str, valid_s: i64) -> Self {
        let claims = json!({"sub": subject, "name": name, "exp": now_s() + valid_s});
        Self(claims.as_object().expect("claims are an object").clone())
    }

    /// The same with another claim.
    #[must_use]
    pub fn with(mut self, claim: &str, value: Value) -> Self {
        self.0.insert(claim.to_owned(), value);
        self
    }

    /// Signed with HS256 and the test's secret.
    #[must_use]
    pub fn jwt(&self) -> String {
        sign(self, Algorithm::HS256, SECRET)
    }
}

/// Signs with an algorithm of the HS family.
#[must_use]
pub fn sign(claims: &Claims, algorithm: Algorithm, secret: &str) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&Header::new(algorithm), &claims.0, &key).expect("claims can be signed")
}

fn now_s() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("the clock is set");
    i64::try_from(since.as_secs()).expect("the clock is set")
}
