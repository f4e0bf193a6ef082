//! The parameters of a URL that concern TLS, as they are written.

use super::tls_settings::{Roots, SslMode, TlsSettings};
use super::url::UrlError;
use rustls::SupportedProtocolVersion;
use rustls::version::{TLS12, TLS13};
use std::path::PathBuf;

const MODES: [(&str, SslMode); 6] = [
    ("disable", SslMode::Disable),
    ("allow", SslMode::Allow),
    ("prefer", SslMode::Prefer),
    ("require", SslMode::Require),
    ("verify-ca", SslMode::VerifyCa),
    ("verify-full", SslMode::VerifyFull),
];

/// The parameters that concern TLS, as they are written.
#[derive(Debug, Default)]
pub(super) struct TlsParameters {
    mode: Option<SslMode>,
    root: Option<String>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    no_sni: bool,
    oldest: Option<u8>,
    newest: Option<u8>,
}

impl TlsParameters {
    /// Takes a parameter; returns false if it does not concern TLS.
    pub(super) fn take(&mut self, key: &str, value: &str) -> Result<bool, UrlError> {
        match key {
            "sslmode" => self.mode = Some(mode(value)?),
            "ssl" => match value {
                "true" => self.mode = Some(SslMode::Require),
                _ => return Err(UrlError::new("ssl=true, or sslmode instead of ssl")),
            },
            "sslrootcert" => self.root = Some(value.to_owned()),
            "sslcert" => self.certificate = Some(value.into()),
            "sslkey" => self.key = Some(value.into()),
            "sslsni" => self.no_sni = !switch(key, value)?,
            "sslcompression" if switch(key, value)? => {
                return Err(UrlError::new(
                    "sslcompression=0: TLS 1.3 has no compression",
                ));
            }
            "sslcompression" => {}
            "ssl_min_protocol_version" => self.oldest = version(key, value)?,
            "ssl_max_protocol_version" => self.newest = version(key, value)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Returns what the parameters mean together. The files that they name must be readable.
    pub(super) fn settings(self) -> Result<TlsSettings, UrlError> {
        let versions = self.versions()?;
        let (mode, roots) = self.trust()?;
        let client = match (self.certificate, self.key) {
            (None, None) => None,
            (Some(certificate), Some(key)) => Some((certificate, key)),
            _ => return Err(UrlError::new("sslcert and sslkey together")),
        };
        let settings = TlsSettings {
            mode,
            roots,
            client,
            sni: !self.no_sni,
            versions,
        };
        settings.check_files()?;
        Ok(settings)
    }

    fn trust(&self) -> Result<(SslMode, Roots), UrlError> {
        let root = self.root.as_deref();
        let usual = match root {
            Some("system") => SslMode::VerifyFull,
            _ => SslMode::Prefer,
        };
        let mode = self.mode.unwrap_or(usual);
        let roots = match (mode, root) {
            (SslMode::Disable, _) => Roots::Any,
            (SslMode::VerifyFull, None | Some("system")) => Roots::System,
            (_, Some("system")) => {
                return Err(UrlError::new(
                    "sslmode=verify-full beside sslrootcert=system: anyone can get a certificate \
                     that the system trusts, for a name of their own",
                ));
            }
            (_, Some(file)) => Roots::File(file.into()),
            (SslMode::VerifyCa, None) => {
                return Err(UrlError::new(
                    "sslrootcert beside sslmode=verify-ca: the file of the certificates to trust",
                ));
            }
            (_, None) => Roots::Any,
        };
        Ok((mode, roots))
    }

    fn versions(&self) -> Result<Vec<&'static SupportedProtocolVersion>, UrlError> {
        let (oldest, newest) = (self.oldest.unwrap_or(2), self.newest.unwrap_or(3));
        let known = [(2, &TLS12), (3, &TLS13)];
        let asked = known
            .into_iter()
            .filter(|(minor, _)| (oldest..=newest).contains(minor));
        let versions: Vec<_> = asked.map(|(_, version)| version).collect();
        if versions.is_empty() {
            return Err(UrlError::new(
                "ssl_min_protocol_version and ssl_max_protocol_version to include TLSv1.2 or \
                 TLSv1.3",
            ));
        }
        Ok(versions)
    }
}

fn mode(word: &str) -> Result<SslMode, UrlError> {
    let mode = MODES.iter().find(|(name, _)| *name == word);
    let names = MODES.map(|(name, _)| name).join(", ");
    mode.map(|(_, mode)| *mode)
        .ok_or_else(|| UrlError::new(format!("sslmode to be one of {names}, not {word:?}")))
}

fn switch(key: &str, value: &str) -> Result<bool, UrlError> {
    match value {
        "0" => Ok(false),
        "1" => Ok(true),
        _ => Err(UrlError::new(format!("{key} to be 0 or 1"))),
    }
}

/// Returns the minor number of a version of TLS; `None` for no limit.
fn version(key: &str, value: &str) -> Result<Option<u8>, UrlError> {
    match value {
        "" => Ok(None),
        "TLSv1" => Ok(Some(0)),
        "TLSv1.1" => Ok(Some(1)),
        "TLSv1.2" => Ok(Some(2)),
        "TLSv1.3" => Ok(Some(3)),
        _ => Err(UrlError::new(format!("{key} to be TLSv1.2 or TLSv1.3"))),
    }
}
