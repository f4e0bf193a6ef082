//! The trace of one HTTP request: its own, or that of the caller who named one in `traceparent`.

use bus::TraceId;
use http::{HeaderMap, Request};
use std::fmt;

/// Under which trace a request is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RequestTrace {
    /// That of its errors, its commands and their log lines.
    pub(super) trace: TraceId,
    /// The caller's span, when the caller named one.
    pub(super) parent: Option<ParentSpan>,
}

/// A caller's span; shown as the last two parts of a `traceparent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ParentSpan {
    span: u64,
    flags: u8,
}

impl RequestTrace {
    /// The request with its trace in it, where [`RequestTrace::of`] finds it.
    pub(super) fn named<B>(mut request: Request<B>) -> Request<B> {
        let traced = Self::by(request.headers());
        request.extensions_mut().insert(traced);
        request
    }

    /// Of a request that has been through [`RequestTrace::named`]; otherwise a new one.
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

    /// What is not a `traceparent` as the standard has it counts as none.
    fn by(headers: &HeaderMap) -> Self {
        let mut lines = headers.get_all("traceparent").iter();
        let (Some(line), None) = (lines.next(), lines.next()) else {
            return Self::new();
        };
        line.to_str()
            .ok()
            .and_then(Self::read)
            .unwrap_or_else(Self::new)
    }

    /// `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`; later versions may have more parts.
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

/// So many digits, lower case.
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

    fn asked(lines: &[&str]) -> RequestTrace {
        let mut request = Request::new(());
        for line in lines {
            let line = line.parse().unwrap();
            request.headers_mut().append("traceparent", line);
        }
        RequestTrace::of(&RequestTrace::named(request))
    }

    #[test]
    fn a_caller_may_name_the_trace() {
        for more in ["", "-later"] {
            let version = if more.is_empty() { "00" } else { "01" };
            let line =
                format!("{version}-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01{more}");
            let traced = asked(&[&line]);
            assert_eq!(traced.trace.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
            assert_eq!(traced.parent.unwrap().to_string(), "00f067aa0ba902b7-01");
        }
    }

    #[test]
    fn what_is_no_traceparent_counts_as_none() {
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
            let traced = asked(lines);
            assert_eq!(traced.parent, None, "{lines:?}");
            let named = TraceId(0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736);
            assert_ne!(traced.trace, named, "{lines:?}");
        }
    }
}
