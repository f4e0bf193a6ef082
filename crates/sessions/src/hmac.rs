//! The crypto provider for jsonwebtoken: HMAC with SHA-256 and nothing else.
//!
//! Its `rust_crypto` feature would add RSA and elliptic curves, which this server does not accept;
//! the `rsa` crate has an open advisory (RUSTSEC-2023-0071). So jsonwebtoken parses and validates
//! tokens, and checks signatures through this provider, as its documentation describes.

use ::hmac::digest::KeyInit;
use ::hmac::{Hmac, Mac};
use jsonwebtoken::crypto::{CryptoProvider, JwkUtils, JwtSigner, JwtVerifier};
use jsonwebtoken::errors::{Error, ErrorKind, new_error};
use jsonwebtoken::signature::{self, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use sha2::Sha256;

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| signer(*algorithm, key),
    verifier_factory: |algorithm, key| verifier(*algorithm, key),
    jwk_utils: JwkUtils::new_unimplemented(),
};

/// Makes jsonwebtoken use this provider in the whole process. Idempotent.
pub(crate) fn install() {
    // An error means that it is already installed; nothing else installs one.
    let _ = PROVIDER.install_default();
}

struct HmacKey<M> {
    algorithm: Algorithm,
    mac: M,
}

impl<M: Mac + KeyInit> HmacKey<M> {
    fn new(algorithm: Algorithm, secret: &[u8]) -> Result<Self, Error> {
        let mac = <M as KeyInit>::new_from_slice(secret);
        let mac = mac.map_err(|_| new_error(ErrorKind::InvalidKeyFormat))?;
        Ok(Self { algorithm, mac })
    }
}

impl<M: Mac + Clone> Verifier<Vec<u8>> for HmacKey<M> {
    fn verify(&self, message: &[u8], given: &Vec<u8>) -> Result<(), signature::Error> {
        let expected = self.mac.clone().chain_update(message);
        expected
            .verify_slice(given)
            .map_err(signature::Error::from_source)
    }
}

impl<M: Mac + Clone> JwtVerifier for HmacKey<M> {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

fn verifier(algorithm: Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
    match algorithm {
        Algorithm::HS256 => {
            let secret = key.try_get_hmac_secret()?;
            Ok(Box::new(HmacKey::<Hmac<Sha256>>::new(algorithm, secret)?))
        }
        _ => Err(new_error(ErrorKind::InvalidAlgorithm)),
    }
}

/// Fails: the server signs nothing.
#[cfg(not(test))]
fn signer(_: Algorithm, _: &EncodingKey) -> Result<Box<dyn JwtSigner>, Error> {
    Err(new_error(ErrorKind::InvalidAlgorithm))
}

#[cfg(test)]
use for_tests::signer;

#[cfg(test)]
mod for_tests {
    use super::{Algorithm, EncodingKey, JwtSigner};
    use super::{Error, ErrorKind, Hmac, HmacKey, Mac, Sha256, new_error, signature};
    use jsonwebtoken::signature::Signer;
    use sha2::Sha512;

    impl<M: Mac + Clone> Signer<Vec<u8>> for HmacKey<M> {
        fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
            let mac = self.mac.clone().chain_update(message).finalize();
            Ok(mac.into_bytes().to_vec())
        }
    }

    impl<M: Mac + Clone> JwtSigner for HmacKey<M> {
        fn algorithm(&self) -> Algorithm {
            self.algorithm
        }
    }

    /// Signs as an issuer; one of the algorithms is not accepted by the server.
    pub(super) fn signer(
        algorithm: Algorithm,
        key: &EncodingKey,
    ) -> Result<Box<dyn JwtSigner>, Error> {
        let secret = key.try_get_hmac_secret()?;
        Ok(match algorithm {
            Algorithm::HS256 => Box::new(HmacKey::<Hmac<Sha256>>::new(algorithm, secret)?),
            Algorithm::HS512 => Box::new(HmacKey::<Hmac<Sha512>>::new(algorithm, secret)?),
            _ => return Err(new_error(ErrorKind::InvalidAlgorithm)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2.
    #[test]
    fn a_signature_is_that_of_the_standard() {
        let key = DecodingKey::from_secret(b"Jefe");
        let hs256 = verifier(Algorithm::HS256, &key).ok().unwrap();
        let expected = [
            0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e, 0x6a, 0x04, 0x24, 0x26, 0x08, 0x95,
            0x75, 0xc7, 0x5a, 0x00, 0x3f, 0x08, 0x9d, 0x27, 0x39, 0x83, 0x9d, 0xec, 0x58, 0xb9,
            0x64, 0xec, 0x38, 0x43,
        ];
        let message = b"what do ya want for nothing?";
        assert!(hs256.verify(message, &expected.to_vec()).is_ok());
        for wrong in [&expected[..31], &[0; 32], &[]] {
            assert!(hs256.verify(message, &wrong.to_vec()).is_err());
        }
    }

    #[test]
    fn no_other_algorithm_is_checked() {
        let key = DecodingKey::from_secret(b"Jefe");
        for algorithm in [Algorithm::HS384, Algorithm::HS512, Algorithm::RS256] {
            assert!(verifier(algorithm, &key).is_err(), "{algorithm:?}");
        }
    }
}
