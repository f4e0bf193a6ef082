//! The settings of OpenTelemetry's standard `OTEL_` variables.

use super::ConfigError;
use http::{HeaderName, HeaderValue, Uri};
use percent_encoding::percent_decode_str;
use settings::{Value, quoted};
use std::time::Duration;

/// Default share of sampled traces.
const DEFAULT_RATIO: f64 = 0.01;

/// Settings of the OpenTelemetry export.
#[derive(Debug, Clone)]
pub(crate) struct TraceSettings {
    /// The collector; without one nothing is traced.
    pub(crate) endpoint: Option<Endpoint>,
    /// Disables tracing even if there is an endpoint.
    pub(crate) disabled: bool,
    /// The protocol of the collector.
    pub(crate) protocol: Protocol,
    /// Headers of each request to the collector.
    pub(crate) headers: Vec<Header>,
    /// Time limit of one request.
    pub(crate) timeout: Duration,
    /// The `service.name` of this server.
    pub(crate) service_name: Option<String>,
    /// Further resource attributes of this server.
    pub(crate) resource: Vec<Attribute>,
    /// Decides which traces are kept.
    pub(crate) sampler: SamplerName,
    /// The share of traces that are kept; `None` means 0.01.
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
    /// Returns the share of traces that are kept.
    pub(crate) fn ratio(&self) -> f64 {
        self.ratio.as_ref().map_or(DEFAULT_RATIO, |ratio| ratio.0)
    }

    /// Returns the last resource attribute of this name.
    pub(crate) fn resource_attribute(&self, key: &str) -> Option<String> {
        let found = self.resource.iter().rev().find(|one| one.key == key)?;
        Some(found.value.clone())
    }

    /// Rejects a ratio together with a sampler that has none.
    pub(super) fn contradictions(&self) -> Result<(), ConfigError> {
        let with_ratio = [SamplerName::Ratio, SamplerName::ParentBasedRatio];
        match &self.ratio {
            Some(ratio) if !with_ratio.contains(&self.sampler) => Err(ConfigError::new(
                "OTEL_TRACES_SAMPLER_ARG",
                ratio.0.to_string(),
                "OTEL_TRACES_SAMPLER to be traceidratio or parentbased_traceidratio",
            )),
            _ => Ok(()),
        }
    }
}

/// `http://host:port`, perhaps with a path, to which `/v1/traces` is appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// A host name or an IP address, without brackets.
    pub(crate) host: String,
    /// The TCP port; 80 by default.
    pub(crate) port: u16,
    /// The path for spans, which ends with `/v1/traces`.
    pub(crate) path: String,
}

impl Endpoint {
    /// Describes the valid values.
    pub(crate) const EXPECTED: &'static str =
        "http://host:port of a collector that accepts OTLP as protobuf over plain HTTP";
    const SIGNAL: &'static str = "/v1/traces";

    /// Returns host and port in the format of HTTP's `Host` header.
    pub(crate) fn authority(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') {
            return format!("[{host}]:{port}");
        }
        format!("{host}:{port}")
    }
}

impl Value for Endpoint {
    fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
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

/// The only supported protocol, `http/protobuf`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Protocol;

impl Value for Protocol {
    fn parse(text: &str) -> Option<Self> {
        (text == "http/protobuf").then_some(Self)
    }
    fn show(&self) -> String {
        quoted("http/protobuf")
    }
}

/// A header of each request to the collector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    /// Parsed and thereby lower-cased.
    pub(crate) name: HeaderName,
    /// Marked as sensitive, so that debug output hides it.
    pub(crate) value: HeaderValue,
}

impl Value for Header {
    fn parse(text: &str) -> Option<Self> {
        let Attribute { key, value } = Attribute::parse(text)?;
        let mut value = HeaderValue::from_str(&value).ok()?;
        value.set_sensitive(true);
        let name = key.parse().ok()?;
        Some(Self { name, value })
    }
    fn show(&self) -> String {
        quoted(&format!("{}=…", self.name))
    }
}

/// `key=value`, the value percent-encoded where necessary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attribute {
    /// The trimmed key, never empty.
    pub(crate) key: String,
    /// The decoded value.
    pub(crate) value: String,
}

impl Value for Attribute {
    fn parse(text: &str) -> Option<Self> {
        let (key, value) = text.split_once('=')?;
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

/// The samplers that OpenTelemetry's specification names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SamplerName {
    /// Keeps all traces.
    AlwaysOn,
    /// Keeps no traces.
    AlwaysOff,
    /// Keeps a share of all traces.
    Ratio,
    /// Keeps all traces except those that the caller decided to drop.
    ParentBasedAlwaysOn,
    /// Keeps only traces that the caller decided to keep.
    ParentBasedAlwaysOff,
    /// Keeps a share of the traces on which no caller decided.
    ParentBasedRatio,
}

impl SamplerName {
    /// Describes the valid values.
    pub(crate) const EXPECTED: &'static str = "always_on, always_off, traceidratio, \
                                               parentbased_always_on, parentbased_always_off or \
                                               parentbased_traceidratio";
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
    fn parse(text: &str) -> Option<Self> {
        let mut all = Self::ALL.iter();
        all.find(|(_, name)| *name == text).map(|(one, _)| *one)
    }
    fn show(&self) -> String {
        let mut all = Self::ALL.iter();
        let name = all.find(|(one, _)| one == self).map(|(_, name)| *name);
        quoted(name.unwrap_or_default())
    }
}

/// A share from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ratio(pub(crate) f64);

impl Value for Ratio {
    fn parse(text: &str) -> Option<Self> {
        let ratio: f64 = text.parse().ok()?;
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
        for (text, authority, path) in [
            ("http://localhost:4318", "localhost:4318", "/v1/traces"),
            ("http://[::1]:4318/", "[::1]:4318", "/v1/traces"),
            ("http://collector/otlp", "collector:80", "/otlp/v1/traces"),
        ] {
            let endpoint = Endpoint::parse(text).unwrap();
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
