//! Verifies signed tokens (JWS, RFC 7515) in the compact form, with HMAC and SHA-256.
//!
//! Of the header only `alg` and `crit` are read: `alg` must be the algorithm of our keys, and `crit` names
//! extensions, and we understand none. Other members are ignored, as the RFC says, above all those
//! that name keys (`jku`, `jwk`, `x5u`): only the operator chooses keys.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::{Map, Value};
use sha2::Sha256;
use std::fmt;

const ALGORITHM: &str = "HS256";

/// A JSON object without repeated names, which readers could take differently.
pub(crate) struct Members(Map<String, Value>);

impl Members {
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    fn read(part: &str) -> Option<Self> {
        let json = URL_SAFE_NO_PAD.decode(part).ok()?;
        serde_json::from_slice(&json).ok()
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Members, A::Error> {
        let mut members = Map::new();
        while let Some((name, value)) = access.next_entry()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a repeated name"));
            }
        }
        Ok(Members(members))
    }
}

/// Returns the members of the payload if one of the keys has signed it.
pub(crate) fn verify<'k>(token: &str, keys: impl IntoIterator<Item = &'k [u8]>) -> Option<Members> {
    let (message, signature) = token.rsplit_once('.')?;
    let (header, payload) = message.split_once('.')?;
    if !is_understood(&Members::read(header)?) {
        return None;
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    let is_signed = keys
        .into_iter()
        .any(|key| is_signed(message, &signature, key));
    is_signed.then(|| Members::read(payload)).flatten()
}

fn is_understood(header: &Members) -> bool {
    let is_ours = header.get("alg").is_some_and(|alg| alg == ALGORITHM);
    is_ours && header.get("crit").is_none()
}

/// Compares in constant time.
fn is_signed(message: &str, signature: &[u8], key: &[u8]) -> bool {
    Hmac::<Sha256>::new_from_slice(key)
        .is_ok_and(|mac| mac.chain_update(message).verify_slice(signature).is_ok())
}

/// Signs a header and a payload, however odd they are.
#[cfg(test)]
pub(crate) fn sign(header: &str, payload: &str, key: &[u8]) -> String {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let message = format!("{}.{}", part(header), part(payload));
    let mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    let signature = mac.chain_update(&message).finalize().into_bytes();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";

    fn is_accepted(header: &str) -> bool {
        verify(&sign(header, r#"{"sub":"u1"}"#, KEY), [KEY]).is_some()
    }

    #[test]
    fn members_that_we_do_not_know_are_ignored() {
        for header in [
            r#"{"alg":"HS256"}"#,
            r#"{"typ":"JWT","alg":"HS256"}"#,
            r#"{"typ":"at+jwt","cty":"x","alg":"HS256","kid":"2026-11"}"#,
            r#"{"alg":"HS256","ver":1,"flags":[true,null],"more":{"a":1}}"#,
            r#"{"alg":"HS256","kid":7,"typ":null}"#,
            r#"{"alg":"HS256","jku":"https://evil.example/keys","jwk":{"kty":"oct","k":"AAAA"},"x5c":[]}"#,
            r#"{"alg":"HS256","b64":false}"#,
        ] {
            assert!(is_accepted(header), "{header}");
        }
    }

    #[test]
    fn what_must_be_understood_is_refused() {
        for header in [
            r#"{"alg":"HS256","crit":["urn:x"],"urn:x":1}"#,
            r#"{"alg":"HS256","crit":["urn:x"]}"#,
            r#"{"alg":"HS256","crit":["b64"],"b64":false}"#,
            r#"{"alg":"HS256","crit":["exp"],"exp":1}"#,
            r#"{"alg":"HS256","crit":["alg"]}"#,
            r#"{"alg":"HS256","crit":[]}"#,
            r#"{"alg":"HS256","crit":null}"#,
            r#"{"alg":"HS256","crit":"urn:x"}"#,
        ] {
            assert!(!is_accepted(header), "{header}");
        }
    }

    #[test]
    fn only_our_algorithm_counts() {
        for header in [
            "{}",
            "[]",
            "",
            "\"HS256\"",
            r#"{"alg":"none"}"#,
            r#"{"alg":"hs256"}"#,
            r#"{"alg":"HS512"}"#,
            r#"{"alg":"RS256"}"#,
            r#"{"alg":["HS256"]}"#,
            r#"{"alg":"HS256","alg":"HS256"}"#,
            r#"{"alg":"none","alg":"HS256"}"#,
            r#"{"alg":"HS256","kid":"a","kid":"b"}"#,
            r#"{"alg":"HS256"}{}"#,
        ] {
            assert!(!is_accepted(header), "{header}");
        }
    }

    #[test]
    fn a_token_has_three_parts_in_base64url_without_padding() {
        let good = sign(r#"{"alg":"HS256"}"#, "{}", KEY);
        assert!(verify(&good, [KEY]).is_some());
        let (message, signature) = good.rsplit_once('.').unwrap();
        for bad in [
            String::new(),
            ".".to_owned(),
            "..".to_owned(),
            message.to_owned(),
            format!("{message}."),
            format!("{good}="),
            format!("{good} "),
            format!(" {good}"),
            format!("{good}."),
            format!("{message}.{signature}.{signature}"),
            format!("{good}\n"),
        ] {
            assert!(verify(&bad, [KEY]).is_none(), "{bad:?}");
        }
        assert!(verify(&good, [&b"another key"[..]]).is_none());
        assert!(verify(&good, []).is_none());
    }

    #[test]
    fn a_repeated_claim_is_refused() {
        let twice = r#"{"sub":"u1","sub":"u2"}"#;
        assert!(verify(&sign(r#"{"alg":"HS256"}"#, twice, KEY), [KEY]).is_none());
    }
}
