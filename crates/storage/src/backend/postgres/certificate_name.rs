//! Whether a certificate names the host that the client means.

use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error};
use x509_cert::der::Decode as _;
use x509_cert::der::oid::db::rfc4519::COMMON_NAME;

/// Checks that the certificate names the host. One without any alternative name, as PostgreSQL's own
/// manual makes it, counts for its common name, which rustls alone would not look at.
pub(super) fn check_name(
    certificate: &ParsedCertificate<'_>,
    encoded: &CertificateDer<'_>,
    host: &ServerName<'_>,
) -> Result<(), Error> {
    let Err(error) = verify_server_name(certificate, host) else {
        return Ok(());
    };
    match &error {
        Error::InvalidCertificate(CertificateError::NotValidForNameContext {
            presented, ..
        }) if presented.is_empty() && has_common_name(encoded, &host.to_str()) => Ok(()),
        _ => Err(error),
    }
}

fn has_common_name(encoded: &CertificateDer<'_>, host: &str) -> bool {
    let Ok(parsed) = x509_cert::Certificate::from_der(encoded) else {
        return false;
    };
    let parts = parsed.tbs_certificate.subject.0.iter();
    let mut parts = parts.flat_map(|part| part.0.iter());
    parts.any(|part| {
        let name = std::str::from_utf8(part.value.value()).unwrap_or_default();
        part.oid == COMMON_NAME && is_name_of(name, host)
    })
}

/// Whether a common name means this host; a `*` at its beginning stands for one part of a name.
fn is_name_of(name: &str, host: &str) -> bool {
    match name.strip_prefix("*.") {
        Some(parent) => host
            .split_once('.')
            .is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(parent)),
        None => name.eq_ignore_ascii_case(host),
    }
}

#[cfg(test)]
mod tests {
    use super::is_name_of;

    #[test]
    fn a_common_name_may_stand_for_the_hosts_of_one_domain() {
        assert!(is_name_of("db.example.org", "DB.example.org"));
        assert!(is_name_of("*.example.org", "db.example.org"));
        for (name, host) in [
            ("*.example.org", "example.org"),
            ("*.example.org", "a.db.example.org"),
            ("*", "db"),
            ("db.example.org", "db.example.com"),
            ("", "db"),
        ] {
            assert!(!is_name_of(name, host), "{name} {host}");
        }
    }
}
