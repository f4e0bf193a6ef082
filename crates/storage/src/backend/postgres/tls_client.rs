//! Makes rustls' configuration from the settings of a URL.

use super::certificate_check::{AnyCertificate, TrustedCertificate};
use super::connect_error::ConnectError;
use super::tls_settings::{Roots, SslMode, TlsSettings};
use super::url::PostgresUrl;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;
use tokio_postgres::config::SslNegotiation;

/// The name of PostgreSQL's protocol in a handshake that nothing precedes.
const ALPN: &[u8] = b"postgresql";

/// Reads the certificates and makes the configuration. Blocks. Done for each connection, so that a
/// renewed file counts at once.
pub(super) fn client_config(url: &PostgresUrl) -> Result<ClientConfig, ConnectError> {
    let failed = |why: &dyn std::fmt::Display| ConnectError::lasting(url, why);
    let provider = Arc::new(ring::default_provider());
    let verifier = verifier(url.tls(), &provider).map_err(|why| failed(&why))?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&url.tls().versions)
        .map_err(|error| failed(&error))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let client = url.tls().client_certificate();
    let mut config = match client.map_err(|expected| failed(&format!("expected {expected}")))? {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => builder
            .with_client_auth_cert(chain, key)
            .map_err(|error| failed(&format!("sslcert and sslkey: {error}")))?,
    };
    config.enable_sni = url.tls().sni;
    if url.config().get_ssl_negotiation() == SslNegotiation::Direct {
        config.alpn_protocols = vec![ALPN.to_vec()];
    }
    Ok(config)
}

fn verifier(
    tls: &TlsSettings,
    provider: &CryptoProvider,
) -> Result<Arc<dyn ServerCertVerifier>, String> {
    let algorithms = provider.signature_verification_algorithms;
    let listed = tls
        .root_certificates()
        .map_err(|expected| format!("expected {expected}"))?;
    Ok(match tls.roots {
        Roots::Any => Arc::new(AnyCertificate(algorithms)),
        Roots::File(_) => Arc::new(trusted(listed.clone(), listed, tls.mode, algorithms)),
        Roots::System => Arc::new(trusted(of_the_system()?, Vec::new(), tls.mode, algorithms)),
    })
}

fn trusted(
    anchors: Vec<CertificateDer<'static>>,
    listed: Vec<CertificateDer<'static>>,
    mode: SslMode,
    algorithms: WebPkiSupportedAlgorithms,
) -> TrustedCertificate {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(anchors);
    TrustedCertificate {
        roots,
        listed,
        names_host: mode == SslMode::VerifyFull,
        algorithms,
    }
}

fn of_the_system() -> Result<Vec<CertificateDer<'static>>, String> {
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        let why = "this system has no root certificates: install ca-certificates, or name a file \
                   in sslrootcert";
        return Err(why.to_owned());
    }
    Ok(found.certs)
}
