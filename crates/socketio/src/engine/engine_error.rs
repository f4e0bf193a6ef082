//! The errors of Engine.IO over HTTP.

use http::StatusCode;

/// Why a request is refused, with the codes that clients know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EngineError {
    UnknownTransport,
    UnknownSid,
    BadMethod,
    BadRequest,
    /// There are as many sessions as there may be.
    Full,
    UnsupportedProtocol,
    /// The body is longer than `maxPayload`.
    TooLarge,
}

impl EngineError {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Full => StatusCode::TOO_MANY_REQUESTS,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// Returns the body, as npm's server writes it.
    pub(crate) fn body(self) -> &'static str {
        match self {
            Self::UnknownTransport => r#"{"code":0,"message":"Transport unknown"}"#,
            Self::UnknownSid => r#"{"code":1,"message":"Session ID unknown"}"#,
            Self::BadMethod => r#"{"code":2,"message":"Bad handshake method"}"#,
            Self::BadRequest => r#"{"code":3,"message":"Bad request"}"#,
            Self::Full => r#"{"code":4,"message":"Too many sessions, try again later"}"#,
            Self::UnsupportedProtocol => r#"{"code":5,"message":"Unsupported protocol version"}"#,
            Self::TooLarge => r#"{"code":3,"message":"Payload too large"}"#,
        }
    }
}
