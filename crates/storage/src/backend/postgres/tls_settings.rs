//! What a URL says about TLS, with libpq's words and meanings.

use super::url::UrlError;
use rustls::SupportedProtocolVersion;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::PathBuf;

/// When a connection is encrypted, and what the server's certificate has to prove.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SslMode {
    Disable,
    Allow,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

/// The certificates that a server's certificate must come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Roots {
    /// Any certificate will do.
    Any,
    /// Those that the operating system trusts.
    System,
    /// Those in a PEM file.
    File(PathBuf),
}

/// The parameters of a URL that concern TLS.
#[derive(Debug, Clone)]
pub(super) struct TlsSettings {
    pub(super) mode: SslMode,
    pub(super) roots: Roots,
    /// The files of the client's certificate and of its key.
    pub(super) client: Option<(PathBuf, PathBuf)>,
    /// Whether the handshake names the host that the client means.
    pub(super) sni: bool,
    pub(super) versions: Vec<&'static SupportedProtocolVersion>,
}

impl TlsSettings {
    /// Reads the certificates that the client trusts, if they are in a file.
    pub(super) fn root_certificates(&self) -> Result<Vec<CertificateDer<'static>>, UrlError> {
        match &self.roots {
            Roots::File(file) => certificates("sslrootcert", file),
            Roots::Any | Roots::System => Ok(Vec::new()),
        }
    }

    /// Reads the client's certificate and its key.
    pub(super) fn client_certificate(&self) -> Result<Option<ClientCertificate>, UrlError> {
        let Some((certificate, key)) = &self.client else {
            return Ok(None);
        };
        let chain = certificates("sslcert", certificate)?;
        let key = PrivateKeyDer::from_pem_file(key).map_err(|error| {
            let path = key.display();
            UrlError::new(format!(
                "a key without a password in sslkey, {path}: {error}"
            ))
        })?;
        Ok(Some((chain, key)))
    }

    /// Fails if a file that will be needed cannot be read.
    pub(super) fn check_files(&self) -> Result<(), UrlError> {
        if self.mode != SslMode::Disable {
            self.root_certificates()?;
            self.client_certificate()?;
        }
        Ok(())
    }
}

/// A client's certificate, with those that vouch for it, and its key.
type ClientCertificate = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn certificates(parameter: &str, file: &PathBuf) -> Result<Vec<CertificateDer<'static>>, UrlError> {
    let problem = |why: String| {
        let path = file.display();
        UrlError::new(format!(
            "a file of PEM certificates in {parameter}, {path}: {why}"
        ))
    };
    let text = std::fs::read(file).map_err(|error| problem(error.to_string()))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(found) if found.is_empty() => Err(problem("it contains no certificate".to_owned())),
        Ok(found) => Ok(found),
        Err(error) => Err(problem(error.to_string())),
    }
}
