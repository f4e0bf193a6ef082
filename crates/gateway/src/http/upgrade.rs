//! Upgrades a request at `/ws` to a socket, or refuses it with a reason.

use super::allowed_origin::AllowedOrigin;
use super::origin::{self, Sender};
use super::request_clock::ClockedStream;
use super::response::{HttpResponse, set, text};
use crate::connection::Stream;
use crate::rejections::Rejections;
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;

/// The only supported subprotocol.
const PROTOCOL: &str = "parlor.v1";

/// Checks the request and returns 101, or an error with a text for people.
pub(super) fn answer<B>(
    request: &Request<B>,
    allowed_origins: &[AllowedOrigin],
    rejections: &Rejections,
) -> HttpResponse {
    let headers = request.headers();
    if let Sender::ForeignPage(origin) = origin::sender(headers, allowed_origins) {
        rejections.foreign_origin(&origin);
        return refuse_origin(&origin);
    }
    let offer = offered(headers);
    if offer == SubprotocolOffer::OnlyUnknown {
        let line = format!("The only supported subprotocol is {PROTOCOL}.\n");
        return text(StatusCode::BAD_REQUEST, line);
    }
    match create_response_with_body(request, || ()) {
        Ok(response) => switching(response, offer),
        Err(error) => not_a_handshake(headers, &error.to_string()),
    }
}

/// The subprotocols that the client offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SubprotocolOffer {
    Nothing,
    Ours,
    OnlyUnknown,
}

fn offered(headers: &HeaderMap) -> SubprotocolOffer {
    let mut lines = headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .peekable();
    if lines.peek().is_none() {
        return SubprotocolOffer::Nothing;
    }
    let ours = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|protocol| protocol.trim() == PROTOCOL);
    if ours {
        SubprotocolOffer::Ours
    } else {
        SubprotocolOffer::OnlyUnknown
    }
}

fn switching(response: Response<()>, offer: SubprotocolOffer) -> HttpResponse {
    let mut answer = response.map(|()| Full::new(Bytes::new()));
    if offer == SubprotocolOffer::Ours {
        set(&mut answer, header::SEC_WEBSOCKET_PROTOCOL, PROTOCOL);
    }
    answer
}

fn refuse_origin(origin: &str) -> HttpResponse {
    let line = format!(
        "Pages of {origin} may not connect. The operator of this server can add the origin to \
         allowed_origins (PARLOR_ALLOWED_ORIGINS).\n"
    );
    text(StatusCode::FORBIDDEN, line)
}

fn not_a_handshake(headers: &HeaderMap, why: &str) -> HttpResponse {
    let status = if headers.contains_key(header::SEC_WEBSOCKET_KEY) {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::UPGRADE_REQUIRED
    };
    let mut answer = text(
        status,
        format!("This address is for WebSockets, version 13, and the chat is at /. ({why})\n"),
    );
    set(&mut answer, header::UPGRADE, "websocket");
    set(&mut answer, header::SEC_WEBSOCKET_VERSION, "13");
    answer
}

/// Returns the stream after the 101 response, and what hyper had already read of it; `None` if the client
/// is gone.
pub(super) async fn stream(upgrade: OnUpgrade) -> Option<(Stream, Bytes)> {
    let upgraded = upgrade.await.ok()?;
    let parts = upgraded.downcast::<TokioIo<ClockedStream>>().ok()?;
    // A copy: a slice would keep hyper's whole read buffer alive.
    let read_ahead = Bytes::copy_from_slice(&parts.read_buf);
    Some((parts.io.into_inner().into_stream(), read_ahead))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt as _;

    fn request(extra: &[(&str, &str)]) -> Request<()> {
        let mut request = Request::builder()
            .uri("/ws")
            .header("host", "parlor.example")
            .header("connection", "Upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        for (name, value) in extra {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap()
    }

    fn answer(request: &Request<()>) -> HttpResponse {
        super::answer(request, &[], &Rejections::default())
    }

    fn protocol(answer: &HttpResponse) -> Option<&str> {
        answer
            .headers()
            .get("sec-websocket-protocol")?
            .to_str()
            .ok()
    }

    #[test]
    fn our_protocol_is_echoed_and_none_is_accepted() {
        let ours = answer(&request(&[("sec-websocket-protocol", "chat, parlor.v1")]));
        assert_eq!(ours.status(), StatusCode::SWITCHING_PROTOCOLS);
        assert_eq!(protocol(&ours), Some("parlor.v1"));
        assert_eq!(
            ours.headers()["sec-websocket-accept"],
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        );

        let none = answer(&request(&[]));
        assert_eq!(none.status(), StatusCode::SWITCHING_PROTOCOLS);
        assert_eq!(protocol(&none), None);
    }

    #[test]
    fn only_unknown_protocols_are_refused() {
        let unknown = answer(&request(&[("sec-websocket-protocol", "parlor.v2")]));
        assert_eq!(unknown.status(), StatusCode::BAD_REQUEST);
    }

    #[tokio::test]
    async fn a_foreign_page_gets_the_name_of_the_setting_that_would_allow_it() {
        let refused = answer(&request(&[("origin", "https://evil.example")]));
        assert_eq!(refused.status(), StatusCode::FORBIDDEN);
        let body = refused.into_body().collect().await.unwrap().to_bytes();
        let body = String::from_utf8_lossy(&body).into_owned();
        assert!(body.contains("https://evil.example") && body.contains("allowed_origins"));
    }

    #[test]
    fn a_request_that_is_no_handshake_gets_what_is_expected() {
        let mut plain = request(&[]);
        plain.headers_mut().remove("upgrade");
        plain.headers_mut().remove("sec-websocket-key");
        assert_eq!(answer(&plain).status(), StatusCode::UPGRADE_REQUIRED);

        let mut old = request(&[]);
        old.headers_mut()
            .insert("sec-websocket-version", http::HeaderValue::from_static("8"));
        let answer = answer(&old);
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        assert_eq!(answer.headers()["sec-websocket-version"], "13");
    }
}
