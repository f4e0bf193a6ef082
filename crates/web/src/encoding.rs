//! Which form of a file a client takes, by `Accept-Encoding` (RFC 9110, section 12.5.3).

use http::{HeaderMap, header};

/// The form in which a file travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// As it is.
    Plain,
    Gzip,
    Brotli,
}

impl Encoding {
    /// Returns its name in headers; the plain form has none.
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
        }
    }

    /// Returns whether the headers of a request take this form.
    pub(crate) fn is_taken(self, headers: &HeaderMap) -> bool {
        let Some(name) = self.name() else {
            return true;
        };
        let lines = headers.get_all(header::ACCEPT_ENCODING).iter();
        let offers = lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(','));
        let mut any = false;
        for offer in offers {
            let mut parts = offer.split(';').map(str::trim);
            let coding = parts.next().unwrap_or_default();
            let refused = parts.any(is_zero);
            if coding.eq_ignore_ascii_case(name) {
                return !refused;
            }
            any |= coding == "*" && !refused;
        }
        any
    }
}

/// Returns whether a parameter is a weight of zero.
fn is_zero(parameter: &str) -> bool {
    let weight = parameter
        .strip_prefix("q=")
        .or_else(|| parameter.strip_prefix("Q="));
    weight.is_some_and(|weight| weight.trim().parse() == Ok(0.0_f32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn taken(lines: &[&'static str]) -> (bool, bool) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::ACCEPT_ENCODING, HeaderValue::from_static(line));
        }
        assert!(Encoding::Plain.is_taken(&headers));
        (
            Encoding::Brotli.is_taken(&headers),
            Encoding::Gzip.is_taken(&headers),
        )
    }

    #[test]
    fn what_a_client_names_it_takes() {
        for (lines, expected) in [
            (&["gzip, deflate, br, zstd"][..], (true, true)),
            (&["gzip;q=1.0, br;q=0.5"], (true, true)),
            (&["gzip", "br"], (true, true)),
            (&["GZIP"], (false, true)),
            (&["*"], (true, true)),
            (&[], (false, false)),
            (&[""], (false, false)),
            (&["identity"], (false, false)),
            (&["brotli, gzipped"], (false, false)),
        ] {
            assert_eq!(taken(lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn a_weight_of_zero_refuses() {
        for (lines, expected) in [
            (&["br;q=0, gzip"][..], (false, true)),
            (&["br; q=0.000, gzip; q=0.001"], (false, true)),
            (&["*, br;q=0"], (false, true)),
            (&["br;q=0, *"], (false, true)),
            (&["*;q=0"], (false, false)),
            (&["gzip;q=nonsense"], (false, true)),
        ] {
            assert_eq!(taken(lines), expected, "{lines:?}");
        }
    }
}
