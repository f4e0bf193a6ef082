//! Signed identities (JWT): which issuers are trusted, and how their tokens are verified.

use crate::api::Refusal;
use crate::jws::{self, Members};
use crate::name::Name;
use serde_json::Value;

/// How far the issuer's clock may differ from ours.
const SKEW_MS: i64 = 60_000;
/// The shortest secure secret for HS256 (RFC 7518, 3.2), in bytes.
const SECRET_MIN: usize = 32;
/// The longest `iss` or `sub`, in bytes.
const CLAIM_MAX: usize = 255;

/// Whose signatures are trusted: nobody's by default.
#[derive(Debug, Clone, Default)]
pub struct JwtSettings {
    /// The keys to verify signatures with. Default none, with which no identity is trusted. Use more
    /// than one only while replacing a key.
    pub keys: Vec<JwtKey>,
    /// The required `iss`. Default: any. If unset, everyone with a key can vouch for anyone.
    pub issuer: Option<String>,
    /// The required `aud`. Default: any. If unset, identities meant for other services are
    /// accepted.
    pub audience: Option<String>,
}

/// A key to verify signatures with HMAC and SHA-256 (HS256). `Debug` hides it.
#[derive(Clone)]
pub struct JwtKey(Vec<u8>);

/// A secret is too short to be secure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an HS256 secret must have at least {SECRET_MIN} bytes")]
pub struct WeakSecret;

impl JwtKey {
    /// Creates a key for HMAC with SHA-256. Fails if `secret` has fewer than 32 bytes.
    pub fn hs256(secret: &[u8]) -> Result<Self, WeakSecret> {
        if secret.len() < SECRET_MIN {
            return Err(WeakSecret);
        }
        Ok(Self(secret.to_vec()))
    }
}

impl std::fmt::Debug for JwtKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JwtKey(HS256, …)")
    }
}

/// A verified identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) name: Name,
    /// Milliseconds since 1970.
    pub(crate) expires_at: i64,
}

/// The claims that are used (RFC 7519). Times are seconds, possibly with a fraction.
struct Claims {
    iss: String,
    sub: String,
    name: String,
    exp: f64,
    nbf: Option<f64>,
}

impl Claims {
    /// Returns the claims, unless one is missing or of the wrong type.
    fn of(members: &Members) -> Option<Self> {
        let text = |name: &str| Some(members.get(name)?.as_str()?.to_owned());
        Some(Self {
            iss: match members.get("iss") {
                Some(issuer) => issuer.as_str()?.to_owned(),
                None => String::new(),
            },
            sub: text("sub")?,
            name: text("name")?,
            exp: numeric_date(members.get("exp")?)?,
            nbf: match members.get("nbf") {
                Some(Value::Null) | None => None,
                Some(time) => Some(numeric_date(time)?),
            },
        })
    }
}

/// Returns seconds since 1970, unless they are absurd.
fn numeric_date(value: &Value) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "it is only a bound")]
    const MOST: f64 = u64::MAX as f64;
    value.as_f64().filter(|seconds| seconds.abs() <= MOST)
}

/// Verifies an identity and checks that it is valid now.
pub(crate) fn verify(settings: &JwtSettings, jwt: &str, now_ms: i64) -> Result<Identity, Refusal> {
    let keys = settings.keys.iter().map(|key| key.0.as_slice());
    let members = jws::verify(jwt, keys).ok_or(Refusal::BadCredentials)?;
    let claims = Claims::of(&members).ok_or(Refusal::BadCredentials)?;
    if !is_meant_for_us(settings, &members) {
        return Err(Refusal::BadCredentials);
    }
    let expires_at = valid_until(&claims, now_ms)?;
    if !is_claim(&claims.sub) || (!claims.iss.is_empty() && !is_claim(&claims.iss)) {
        return Err(Refusal::BadCredentials);
    }
    let name = name_of(&claims.name).ok_or(Refusal::BadRequest {
        field: "jwt",
        expected: "must have a name claim of 1 to 32 letters, digits or - _ .",
    })?;
    Ok(Identity {
        issuer: claims.iss,
        subject: claims.sub,
        name,
        expires_at,
    })
}

/// Checks issuer and audience, which is one text or a list of them.
fn is_meant_for_us(settings: &JwtSettings, members: &Members) -> bool {
    let is = |found: &Value, wanted: &String| found.as_str() == Some(wanted);
    let issuer = settings.issuer.as_ref().is_none_or(|wanted| {
        let issuer = members.get("iss");
        issuer.is_some_and(|found| is(found, wanted))
    });
    let audience = settings.audience.as_ref().is_none_or(|wanted| {
        members.get("aud").is_some_and(|audience| match audience {
            Value::Array(all) => all.iter().any(|one| is(one, wanted)),
            one => is(one, wanted),
        })
    });
    issuer && audience
}

/// Returns until when the identity is valid. One accepted only because of the skew is valid until
/// the skew ends, since it is still valid by its issuer's clock.
fn valid_until(claims: &Claims, now_ms: i64) -> Result<i64, Refusal> {
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
    reason = "the cast saturates, far in the future"
)]
fn as_ms(seconds: f64) -> i64 {
    (seconds * 1000.0) as i64
}

fn is_claim(text: &str) -> bool {
    (1..=CLAIM_MAX).contains(&text.len()) && !text.contains('\0')
}

/// Makes a name of a claim. Issuers may send full names or addresses: characters that are invalid
/// in a name become hyphens.
fn name_of(claim: &str) -> Option<Name> {
    Name::parse(claim).or_else(|| {
        let parts = claim.split(|c: char| c.is_whitespace() || c.is_ascii_punctuation());
        let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
        Name::parse(&parts.join("-"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
    const NOW_S: i64 = 1_795_176_000;
    const NOW_MS: i64 = NOW_S * 1000;

    fn settings() -> JwtSettings {
        let keys = vec![JwtKey::hs256(SECRET).unwrap()];
        JwtSettings {
            keys,
            issuer: None,
            audience: None,
        }
    }

    fn sign(algorithm: &str, secret: &[u8], claims: &Value) -> String {
        let header = json!({"typ": "JWT", "alg": algorithm});
        jws::sign(&header.to_string(), &claims.to_string(), secret)
    }

    /// Claims for Alice, valid for an hour, with `more` added; null removes a claim.
    fn claims(more: &Value) -> Value {
        let mut claims = json!({"sub": "u1", "name": "alice", "exp": NOW_S + 3600});
        let all = claims.as_object_mut().unwrap();
        for (name, value) in more.as_object().unwrap().clone() {
            if value.is_null() {
                all.remove(&name);
            } else {
                all.insert(name, value);
            }
        }
        claims
    }

    fn read(settings: &JwtSettings, more: &Value) -> Result<Identity, Refusal> {
        verify(settings, &sign("HS256", SECRET, &claims(more)), NOW_MS)
    }

    #[test]
    fn a_good_signature_says_who_someone_is() {
        let identity = read(&settings(), &json!({"iss": "https://id.example"})).unwrap();
        assert_eq!(identity.issuer, "https://id.example");
        assert_eq!(identity.subject, "u1");
        assert_eq!(identity.name.text(), "alice");
        assert_eq!(identity.expires_at, NOW_MS + 3_600_000);
    }

    #[test]
    fn another_key_or_algorithm_counts_for_nothing() {
        let claims = claims(&json!({}));
        let other_key = sign("HS256", b"another key of thirty-two bytes!", &claims);
        let other_algorithm = sign("HS512", SECRET, &claims);
        let unsigned =
            "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1MSIsIm5hbWUiOiJhbGljZSIsImV4cCI6OTk5OTk5OTk5OX0.";
        for jwt in [
            other_key.as_str(),
            &other_algorithm,
            unsigned,
            "",
            "a.b.c",
            "…",
        ] {
            let refused = verify(&settings(), jwt, NOW_MS);
            assert_eq!(refused, Err(Refusal::BadCredentials), "{jwt}");
        }
    }

    #[test]
    fn any_of_several_keys_will_do() {
        let mut settings = settings();
        let newer = JwtKey::hs256(b"another key of thirty-two bytes!").unwrap();
        settings.keys.insert(0, newer);
        assert!(read(&settings, &json!({})).is_ok());
    }

    #[test]
    fn what_is_needed_must_be_there() {
        for missing in ["sub", "name", "exp"] {
            let refused = read(&settings(), &json!({missing: null}));
            assert_eq!(refused, Err(Refusal::BadCredentials), "{missing}");
        }
        for bad in [
            json!({"sub": ""}),
            json!({"sub": "a\0b"}),
            json!({"exp": "soon"}),
            json!({"exp": (NOW_S + 60).to_string()}),
            json!({"nbf": "now"}),
            json!({"nbf": [NOW_S]}),
            json!({"iss": 7}),
            json!({"name": ["alice"]}),
        ] {
            assert_eq!(
                read(&settings(), &bad),
                Err(Refusal::BadCredentials),
                "{bad}"
            );
        }
    }

    #[test]
    fn clocks_may_differ_by_a_minute() {
        let exp = |by: i64| read(&settings(), &json!({"exp": NOW_S + by}));
        assert_eq!(exp(1).unwrap().expires_at, NOW_MS + 1000);
        // Accepted because of the skew, it is valid until the skew ends, not until a time in the
        // past.
        assert_eq!(exp(-59).unwrap().expires_at, NOW_MS + 1000);
        assert_eq!(exp(-60), Err(Refusal::TokenExpired));
        let fraction = read(
            &settings(),
            &json!({"exp": 1_795_176_000.75, "nbf": 1_795_175_999.5}),
        );
        assert_eq!(fraction.unwrap().expires_at, NOW_MS + 750);
        let nbf = |by: i64| read(&settings(), &json!({"nbf": NOW_S + by}));
        assert!(nbf(60).is_ok());
        assert_eq!(nbf(61), Err(Refusal::BadCredentials));
    }

    #[test]
    fn absurd_times_do_no_harm() {
        let exp = |exp: Value| read(&settings(), &json!({"exp": exp}));
        assert_eq!(exp(json!(u64::MAX)).unwrap().expires_at, i64::MAX);
        assert_eq!(exp(json!(0)), Err(Refusal::TokenExpired));
        for absurd in [json!(1e300), json!(-1e300), json!(i64::MIN)] {
            assert!(exp(absurd.clone()).is_err(), "{absurd}");
        }
    }

    #[test]
    fn issuer_and_audience_are_checked_when_they_are_set() {
        let issuer = Some("https://id.example".to_owned());
        let audience = Some("parlor".to_owned());
        let strict = JwtSettings {
            issuer,
            audience,
            ..settings()
        };
        let good = json!({"iss": "https://id.example", "aud": ["parlor", "mail"]});
        assert!(read(&strict, &good).is_ok());
        for (claim, value) in [
            ("iss", json!("https://evil.example")),
            ("iss", json!(null)),
            ("aud", json!("mail")),
            ("aud", json!(null)),
        ] {
            let mut bad = good.clone();
            bad[claim] = value;
            assert_eq!(read(&strict, &bad), Err(Refusal::BadCredentials), "{bad}");
        }
        for aud in [json!("parlor"), json!(["mail", "parlor"])] {
            let mut good = good.clone();
            good["aud"] = aud;
            assert!(read(&strict, &good).is_ok(), "{good}");
        }
        for aud in [
            json!([]),
            json!(["Parlor"]),
            json!({"parlor": 1}),
            json!([["parlor"]]),
            json!(7),
        ] {
            let mut bad = good.clone();
            bad["aud"] = aud;
            assert_eq!(read(&strict, &bad), Err(Refusal::BadCredentials), "{bad}");
        }
        // Unset, they may be anything.
        assert!(read(&settings(), &good).is_ok());
    }

    #[test]
    fn a_full_name_becomes_a_name() {
        let named = |name: &str| read(&settings(), &json!({"name": name}));
        assert_eq!(
            named("Alice B. Smith").unwrap().name.text(),
            "alice-b-smith"
        );
        assert_eq!(
            named("alice@example.com").unwrap().name.text(),
            "alice-example-com"
        );
        let field = |refused| match refused {
            Err(Refusal::BadRequest { field, .. }) => field,
            other => panic!("{other:?}"),
        };
        assert_eq!(field(named("☃")), "jwt");
        assert_eq!(field(named("")), "jwt");
    }

    #[test]
    fn a_secret_that_can_be_guessed_is_refused() {
        assert_eq!(JwtKey::hs256(b"secret").unwrap_err(), WeakSecret);
        let shown = format!("{:?}", settings());
        assert!(!shown.contains("0123"), "{shown}");
    }
}
