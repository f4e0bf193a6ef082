//! What a server's certificate has to prove: nothing, who signed it, or also whose it is.

use super::certificate_name::check_name;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{
    WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
    verify_tls13_signature_with_raw_key,
};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use x509_cert::der::{Decode as _, Encode as _};

/// Accepts every certificate whose key the server has, even one of a form that rustls cannot read.
///
/// That the server has the key proves nothing about who it is, but channel binding relies on it:
/// otherwise somebody in the middle could show the certificate of the real server and pass on its
/// proof of the password.
#[derive(Debug)]
pub(super) struct AnyCertificate(pub(super) WebPkiSupportedAlgorithms);

/// Accepts a certificate that one of the roots has signed, or that is one of them itself.
#[derive(Debug)]
pub(super) struct TrustedCertificate {
    pub(super) roots: RootCertStore,
    /// The roots as they are in their file. A self-signed certificate of a server is its own root,
    /// which rustls alone would not accept.
    pub(super) listed: Vec<CertificateDer<'static>>,
    /// Whether it must name the host.
    pub(super) names_host: bool,
    pub(super) algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if ParsedCertificate::try_from(certificate).is_ok() {
            return verify_tls12_signature(message, certificate, signature, &self.0);
        }
        // It knows every scheme that OpenSSL prefers.
        verify_tls13_signature_with_raw_key(message, &key_of(certificate)?, signature, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature_with_raw_key(message, &key_of(certificate)?, signature, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}

impl ServerCertVerifier for TrustedCertificate {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let certificate = ParsedCertificate::try_from(end_entity)?;
        if self.listed.contains(end_entity) {
            check_time(end_entity, now)?;
        } else {
            verify_server_cert_signed_by_trust_anchor(
                &certificate,
                &self.roots,
                intermediates,
                now,
                self.algorithms.all,
            )?;
        }
        if self.names_host {
            check_name(&certificate, end_entity, server_name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Returns the key of a certificate of any version; rustls reads no others than version 3.
fn key_of(certificate: &CertificateDer<'_>) -> Result<SubjectPublicKeyInfoDer<'static>, Error> {
    let parsed = x509_cert::Certificate::from_der(certificate);
    let key = parsed.and_then(|parsed| parsed.tbs_certificate.subject_public_key_info.to_der());
    Ok(key.map_err(|_| CertificateError::BadEncoding)?.into())
}

fn check_time(certificate: &CertificateDer<'_>, now: UnixTime) -> Result<(), Error> {
    let parsed = x509_cert::Certificate::from_der(certificate);
    let validity = parsed
        .map_err(|_| CertificateError::BadEncoding)?
        .tbs_certificate
        .validity;
    if now.as_secs() < validity.not_before.to_unix_duration().as_secs() {
        return Err(CertificateError::NotValidYet.into());
    }
    if now.as_secs() > validity.not_after.to_unix_duration().as_secs() {
        return Err(CertificateError::Expired.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::AnyCertificate;
    use fixtures::Certificate;
    use rustls::crypto::ring;
    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use rustls::sign::{CertifiedKey, SingleCertAndKey};
    use rustls::version::{TLS12, TLS13};
    use rustls::{
        CertificateError, ClientConfig, ClientConnection, Error, ServerConfig, ServerConnection,
        SupportedProtocolVersion,
    };
    use std::sync::Arc;
    use x509_cert::der::{Decode as _, Encode as _};

    /// A server that shows a certificate and signs with a key, which may be another's.
    fn server(
        shown: CertificateDer<'static>,
        key: &Certificate,
        version: &'static SupportedProtocolVersion,
    ) -> ServerConnection {
        let provider = Arc::new(ring::default_provider());
        let key = PrivateKeyDer::from_pem_slice(key.key_pem().as_bytes()).unwrap();
        let key = provider.key_provider.load_private_key(key).unwrap();
        let shown = SingleCertAndKey::from(CertifiedKey::new(vec![shown], key));
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(shown));
        ServerConnection::new(Arc::new(config)).unwrap()
    }

    fn client(version: &'static SupportedProtocolVersion) -> ClientConnection {
        let provider = Arc::new(ring::default_provider());
        let verifier = AnyCertificate(provider.signature_verification_algorithms);
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap()
    }

    /// Returns what the client makes of the handshake.
    fn handshake(mut client: ClientConnection, mut server: ServerConnection) -> Result<(), Error> {
        while client.is_handshaking() {
            let mut sent = Vec::new();
            client.write_tls(&mut sent).unwrap();
            server.read_tls(&mut sent.as_slice()).unwrap();
            server.process_new_packets().unwrap();
            let mut answer = Vec::new();
            server.write_tls(&mut answer).unwrap();
            client.read_tls(&mut answer.as_slice()).unwrap();
            client.process_new_packets()?;
        }
        Ok(())
    }

    fn of(certificate: &Certificate) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(certificate.pem().as_bytes()).unwrap()
    }

    /// Returns the certificate in the form of X.509 version 1, which has no extensions.
    fn of_version_1(certificate: &Certificate) -> CertificateDer<'static> {
        let mut parsed = x509_cert::Certificate::from_der(&of(certificate)).unwrap();
        parsed.tbs_certificate.version = x509_cert::Version::V1;
        parsed.tbs_certificate.extensions = None;
        parsed.to_der().unwrap().into()
    }

    #[test]
    fn a_certificate_counts_only_with_its_key() {
        let own = Certificate::self_signed("localhost");
        let impostor = Certificate::self_signed("localhost");
        for version in [&TLS12, &TLS13] {
            for shown in [of(&own), of_version_1(&own)] {
                let honest = server(shown.clone(), &own, version);
                handshake(client(version), honest).unwrap();
                let refused = handshake(client(version), server(shown, &impostor, version));
                assert_eq!(
                    refused,
                    Err(CertificateError::BadSignature.into()),
                    "{version:?}"
                );
            }
        }
    }
}
