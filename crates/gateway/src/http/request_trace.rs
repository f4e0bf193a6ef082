//! The trace of an HTTP request: the one in its `traceparent`, or a new one.

use bus::TraceId;
use http::{HeaderMap, Request};
use std::fmt;

/// The trace of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RequestTrace {
    /// Stands in the request's errors, commands and log lines.
    pub(super) trace: TraceId,
    /// The caller's span, if `traceparent` names one.
    pub(super) parent: Option<ParentSpan>,
}

/// The caller's span; shown as the last two parts of a `traceparent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ParentSpan {
    span: u64,
    flags: u8,
}

impl RequestTrace {
    /// Adds the trace to the request's extensions, for [`RequestTrace::of`].
    pub(super) fn attach<B>(mut request: Request<B>) -> Request<B> {
        let trace = Self::from_headers(request.headers());
        request.extensions_mut().insert(trace);
        request
    }

    /// Returns the trace that [`RequestTrace::attach`] has added, or a new one.
    pub(super) fn of<B>(request: &Request<B>) -> Self {
        let named = request.extensions().get().copied();
        named.unwrap_or_else(Self::new)
    }

    fn new() -> Self {
        Self {
            trace: TraceId::random(),
            parent: None,
        }
    }

    /// Ignores a `traceparent` that violates the W3C standard.
    fn from_headers(headers: &HeaderMap) -> Self {
        let mut lines = headers.get_all("traceparent").iter();
        let (Some(line), None) = (lines.next(), lines.next()) else {
            return Self::new();
        };
        line.to_str()
            .ok()
            .and_then(Self::read)
            .unwrap_or_else(Self::new)
    }

    /// Parses `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`; later versions may have more
    /// parts.
    fn read(line: &str) -> Option<Self> {
        let mut parts = line.split('-');
        let version = hex(parts.next()?, 2)?;
        let trace = hex(parts.next()?, 32)?;
        let span = hex(parts.next()?, 16)?;
        let flags = hex(parts.next()?, 2)?;
        let whole = version < 0xff && (version > 0 || parts.next().is_none());
        (whole && trace != 0 && span != 0).then_some(Self {
            trace: TraceId(trace),
            parent: Some(ParentSpan {
                span: span.try_into().ok()?,
                flags: flags.try_into().ok()?,
            }),
        })
    }
}

/// Parses exactly this many lower-case hexadecimal digits.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let right =
        text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    right.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

impl fmt::Display for ParentSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}-{:02x}", self.span, self.flags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace_of(lines: &[&str]) -> RequestTrace {
        let mut request = Request::new(());
        for line in lines {
            let line = line.parse().unwrap();
            request.headers_mut().append("traceparent", line);
        }
        RequestTrace::of(&RequestTrace::attach(request))
    }

    #[test]
    fn a_caller_may_name_the_trace() {
        for more in ["", "-later"] {
            let version = if more.is_empty() { "00" } else { "01" };
            let line =
                format!("{version}-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01{more}");
            let trace = trace_of(&[&line]);
            assert_eq!(trace.trace.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
            assert_eq!(trace.parent.unwrap().to_string(), "00f067aa0ba902b7-01");
        }
    }

    #[test]
    fn an_invalid_traceparent_is_ignored() {
        let right = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        for lines in [
            &[][..],
            &[right, right],
            &["ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"],
            &["00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"],
            &["00-00000000000000000000000000000000-00f067aa0ba902b7-01"],
            &["00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"],
            &["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more"],
            &["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"],
            &["00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"],
            &["mine"],
        ] {
            let trace = trace_of(lines);
            assert_eq!(trace.parent, None, "{lines:?}");
            let named = TraceId(0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736);
            assert_ne!(trace.trace, named, "{lines:?}");
        }
    }
}
