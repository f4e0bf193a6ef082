//! What the standard `OTEL_` variables say: whether, where to and how much is traced.

use super::ConfigError;
use super::value::{Value, quoted};
use http::{HeaderName, HeaderValue, Uri};
use percent_encoding::percent_decode_str;
use std::time::Duration;

/// Of the traces that no caller has decided upon, so many are kept unless told otherwise.
const RATIO: f64 = 0.01;

/// Where the spans of commands go, and which.
#[derive(Debug, Clone)]
pub(crate) struct TraceSettings {
    /// The collector; without one nothing is traced.
    pub(crate) endpoint: Option<Endpoint>,
    /// Off in spite of an endpoint.
    pub(crate) disabled: bool,
    /// How it is spoken to.
    pub(crate) protocol: Protocol,
    /// What it wants to be sent along.
    pub(crate) headers: Vec<Header>,
    /// Time for one request.
    pub(crate) timeout: Duration,
    /// Who says all this.
    pub(crate) service_name: Option<String>,
    /// What else is said of that.
    pub(crate) resource: Vec<Attribute>,
    /// Which traces are kept.
    pub(crate) sampler: SamplerName,
    /// What share of them.
    pub(crate) ratio: Option<Ratio>,
}

impl Default for TraceSettings {
    fn default() -> Self {
        Self {
            endpoint: None,
            disabled: false,
            protocol: Protocol,
            headers: Vec::new(),
            timeout: Duration::from_secs(10),
            service_name: None,
            resource: Vec::new(),
            sampler: SamplerName::ParentBasedRatio,
            ratio: None,
        }
    }
}

impl TraceSettings {
    /// The share of traces that is kept.
    pub(crate) fn ratio(&self) -> f64 {
        self.ratio.as_ref().map_or(RATIO, |ratio| ratio.0)
    }

    /// What is said of the process by this name.
    pub(crate) fn resource_of(&self, key: &str) -> Option<String> {
        let found = self.resource.iter().rev().find(|one| one.key == key)?;
        Some(found.value.clone())
    }

    /// A share beside a sampler that has none.
    pub(super) fn contradictions(&self) -> Result<(), ConfigError> {
        let shares = [SamplerName::Ratio, SamplerName::ParentBasedRatio];
        match &self.ratio {
            Some(ratio) if !shares.contains(&self.sampler) => Err(ConfigError::new(
                "OTEL_TRACES_SAMPLER_ARG",
                ratio.0.to_string(),
                "OTEL_TRACES_SAMPLER to be traceidratio or parentbased_traceidratio beside it",
            )),
            _ => Ok(()),
        }
    }
}

/// `http://host:port`, perhaps with a path; `/v1/traces` is put behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// A name or an address.
    pub(crate) host: String,
    /// Where it listens.
    pub(crate) port: u16,
    /// What spans are posted to.
    pub(crate) path: String,
}

impl Endpoint {
    /// What may be given.
    pub(crate) const EXPECTED: &'static str =
        "http://host:port of a collector that takes OTLP as protobuf over plain HTTP";
    const SIGNAL: &'static str = "/v1/traces";

    /// Host and port as HTTP writes them.
    pub(crate) fn authority(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') {
            return format!("[{host}]:{port}");
        }
        format!("{host}:{port}")
    }
}

impl Value for Endpoint {
    fn parse(given: &str) -> Option<Self> {
        let uri: Uri = given.parse().ok()?;
        let authority = uri.authority()?;
        let plain = uri.scheme_str() == Some("http") && uri.query().is_none();
        let base = uri.path().trim_end_matches('/');
        (plain && !authority.as_str().contains('@')).then(|| Self {
            host: authority.host().trim_matches(['[', ']']).to_owned(),
            port: authority.port_u16().unwrap_or(80),
            path: format!("{base}{}", Self::SIGNAL),
        })
    }
    fn show(&self) -> String {
        let base = self.path.trim_end_matches(Self::SIGNAL);
        quoted(&format!("http://{}{base}", self.authority()))
    }
}

/// The one way that is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Protocol;

impl Value for Protocol {
    fn parse(given: &str) -> Option<Self> {
        (given == "http/protobuf").then_some(Self)
    }
    fn show(&self) -> String {
        quoted("http/protobuf")
    }
}

/// A header of each request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    /// Its name.
    pub(crate) name: HeaderName,
    /// Its value, marked as sensitive.
    pub(crate) value: HeaderValue,
}

impl Value for Header {
    fn parse(given: &str) -> Option<Self> {
        let Attribute { key, value } = Attribute::parse(given)?;
        let mut value = HeaderValue::from_str(&value).ok()?;
        value.set_sensitive(true);
        let name = key.parse().ok()?;
        Some(Self { name, value })
    }
    fn show(&self) -> String {
        quoted(&format!("{}=…", self.name))
    }
}

/// `key=value`, the value percent-encoded where need be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attribute {
    /// What.
    pub(crate) key: String,
    /// How it is.
    pub(crate) value: String,
}

impl Value for Attribute {
    fn parse(given: &str) -> Option<Self> {
        let (key, value) = given.split_once('=')?;
        let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
        let key = key.trim().to_owned();
        (!key.is_empty()).then(|| Self {
            key,
            value: value.into_owned(),
        })
    }
    fn show(&self) -> String {
        quoted(&format!("{}={}", self.key, self.value))
    }
}

/// The standard's samplers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SamplerName {
    /// All.
    AlwaysOn,
    /// None.
    AlwaysOff,
    /// A share.
    Ratio,
    /// All but what a caller has decided not to keep.
    ParentBasedAlwaysOn,
    /// None but what a caller has decided to keep.
    ParentBasedAlwaysOff,
    /// A share of those that no caller has decided upon.
    ParentBasedRatio,
}

impl SamplerName {
    /// What may be given.
    pub(crate) const EXPECTED: &'static str = "always_on, always_off, traceidratio, parentbased_always_on, \
         parentbased_always_off or parentbased_traceidratio";
    const ALL: [(Self, &'static str); 6] = [
        (Self::AlwaysOn, "always_on"),
        (Self::AlwaysOff, "always_off"),
        (Self::Ratio, "traceidratio"),
        (Self::ParentBasedAlwaysOn, "parentbased_always_on"),
        (Self::ParentBasedAlwaysOff, "parentbased_always_off"),
        (Self::ParentBasedRatio, "parentbased_traceidratio"),
    ];
}

impl Value for SamplerName {
    fn parse(given: &str) -> Option<Self> {
        let mut all = Self::ALL.iter();
        all.find(|(_, name)| *name == given).map(|(one, _)| *one)
    }
    fn show(&self) -> String {
        let mut all = Self::ALL.iter();
        let name = all.find(|(one, _)| one == self).map(|(_, name)| *name);
        quoted(name.unwrap_or_default())
    }
}

/// A share from nought to one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ratio(pub(crate) f64);

impl Value for Ratio {
    fn parse(given: &str) -> Option<Self> {
        let ratio: f64 = given.parse().ok()?;
        (0.0..=1.0).contains(&ratio).then_some(Self(ratio))
    }
    fn show(&self) -> String {
        quoted(&self.0.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_base_to_which_the_signal_is_added() {
        for (given, authority, path) in [
            ("http://localhost:4318", "localhost:4318", "/v1/traces"),
            ("http://[::1]:4318/", "[::1]:4318", "/v1/traces"),
            ("http://collector/otlp", "collector:80", "/otlp/v1/traces"),
        ] {
            let endpoint = Endpoint::parse(given).unwrap();
            assert_eq!((&*endpoint.authority(), &*endpoint.path), (authority, path));
        }
        for wrong in [
            "localhost:4318",
            "https://collector:4318",
            "http://me:secret@collector:4318",
            "http://collector:4318?a=b",
        ] {
            assert_eq!(Endpoint::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_values_of_headers_and_attributes_are_percent_decoded() {
        let headers = Vec::<Header>::parse("api-key=a%2Cb, x-team = chat").unwrap();
        let headers: Vec<_> = headers
            .iter()
            .map(|one| (one.name.as_str(), one.value.to_str().unwrap()))
            .collect();
        assert_eq!(headers, [("api-key", "a,b"), ("x-team", "chat")]);
        assert_eq!(Vec::<Header>::parse("no value"), None);
        assert_eq!(Vec::<Header>::parse("a b=c"), None);
    }
}
