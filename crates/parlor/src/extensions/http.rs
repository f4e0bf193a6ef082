//! Gives the gateway what extensions serve over HTTP.

use bytes::Bytes;
use extension::{
    ChatHalves, ChatReceiver, ChatSender, Door, DoorError, HttpRequest, HttpResponse, Mount,
    ServeSocket, Served, Socket, SocketFrame, Upgrade,
};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use gateway::{
    HttpMount, LocalConnection, LocalMessage, LocalOpenError, LocalReceiver, LocalSender,
    MessageSocket, MountHandler, MountRequest, MountResponse, MountUpgrade, SocketMessage,
};
use http::{Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use std::sync::Arc;

/// The close code of a connection that ended without one (RFC 6455).
const ABNORMAL: u16 = 1006;

/// Below this each extension has a path of its name.
const PREFIXES: &str = "/api/v1/x/";

/// Returns a mount as the gateway takes it.
///
/// # Errors
/// If the path is below the prefix of another extension.
pub(super) fn mount(served: Served) -> Result<HttpMount, String> {
    let path = match served.at {
        Mount::At(path) => path,
        // A server is built once, or a few times in a test.
        Mount::Prefix => format!("{PREFIXES}{}/", served.extension).leak(),
    };
    let below = path.strip_prefix(PREFIXES);
    if below.is_some_and(|below| below.split('/').next() != Some(served.extension)) {
        let own = served.extension;
        return Err(format!(
            "cannot mount {path}: only {PREFIXES}{own}/ is its own there"
        ));
    }
    let at_once = served.at_once;
    Ok(HttpMount {
        at_once,
        ..HttpMount::new(path, Arc::new(BridgedHandler(served)))
    })
}

struct BridgedHandler(Served);

impl MountHandler for BridgedHandler {
    fn answer(&self, request: MountRequest) -> BoxFuture<'static, MountResponse> {
        let MountRequest {
            head,
            body,
            address,
            door,
            upgrade,
            ..
        } = request;
        let upgrade = upgrade.map(|upgrade| Box::new(BridgedUpgrade(upgrade)) as Box<dyn Upgrade>);
        let request = HttpRequest::new(head, body, address, Arc::new(BridgedDoor(door)), upgrade);
        let answer = self.0.serve(request);
        Box::pin(async move {
            let answer = answer.await.unwrap_or_else(|| {
                let mut failed = Response::new(Bytes::from_static(b"internal error"));
                *failed.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                failed
            });
            answer.map(Full::new)
        })
    }
}

struct BridgedUpgrade(MountUpgrade);

impl Upgrade for BridgedUpgrade {
    fn accept(self: Box<Self>, protocol: Option<&str>, serve: ServeSocket) -> HttpResponse {
        let response = self
            .0
            .accept(protocol, |socket| serve(Box::new(Websocket(socket))));
        let (head, body) = response.into_parts();
        let body = body.collect().now_or_never();
        let body = body.expect("the body is complete");
        let Ok(body) = body;
        Response::from_parts(head, body.to_bytes())
    }
}

/// A WebSocket of a client.
struct Websocket(MessageSocket);

impl Socket for Websocket {
    fn recv(&mut self) -> BoxFuture<'_, Option<SocketFrame>> {
        Box::pin(async move {
            Some(match self.0.recv().await? {
                SocketMessage::Text(text) => SocketFrame::Text(text),
                SocketMessage::Binary(bytes) => SocketFrame::Binary(bytes),
                SocketMessage::Closed(code) => SocketFrame::Closed {
                    code,
                    reason: String::new(),
                },
            })
        })
    }

    fn send(&mut self, message: SocketFrame) -> BoxFuture<'_, bool> {
        Box::pin(async move {
            let message = match message {
                SocketFrame::Text(text) => SocketMessage::Text(text),
                SocketFrame::Binary(bytes) => SocketMessage::Binary(bytes),
                SocketFrame::Closed { code, reason } => {
                    self.0.close(code, &reason).await;
                    return false;
                }
            };
            self.0.send(message).await.is_ok()
        })
    }

    fn close(&mut self, code: u16, reason: &str) -> BoxFuture<'_, ()> {
        let reason = reason.to_owned();
        Box::pin(async move { self.0.close(code, &reason).await })
    }
}

struct BridgedDoor(gateway::MountDoor);

impl Door for BridgedDoor {
    fn open(&self) -> Result<Box<dyn Socket>, DoorError> {
        Ok(Box::new(Chat(self.connection()?)))
    }

    fn open_halves(&self) -> Result<ChatHalves, DoorError> {
        let (sender, receiver) = self.connection()?.split();
        Ok((
            Box::new(BridgedSender(sender)),
            Box::new(BridgedReceiver(receiver)),
        ))
    }
}

impl BridgedDoor {
    fn connection(&self) -> Result<LocalConnection, DoorError> {
        self.0.open().map_err(|error| match error {
            LocalOpenError::Draining => DoorError::Draining,
            LocalOpenError::NetworkFull | LocalOpenError::ServerFull => DoorError::Full,
        })
    }
}

struct BridgedSender(LocalSender);

impl ChatSender for BridgedSender {
    fn send<'a>(&'a mut self, frame: &'a str) -> BoxFuture<'a, bool> {
        Box::pin(async move { self.0.send(frame).await.is_ok() })
    }

    fn close(&mut self, code: u16) {
        self.0.close(code);
    }
}

struct BridgedReceiver(LocalReceiver);

impl ChatReceiver for BridgedReceiver {
    fn recv(&mut self) -> BoxFuture<'_, Option<SocketFrame>> {
        Box::pin(async move { self.0.recv().await.map(frame) })
    }
}

fn frame(message: LocalMessage) -> SocketFrame {
    match message {
        LocalMessage::Text(text) => SocketFrame::Text(text),
        LocalMessage::Closed { code, reason } => SocketFrame::Closed { code, reason },
    }
}

/// A connection to the chat.
struct Chat(LocalConnection);

impl Socket for Chat {
    fn recv(&mut self) -> BoxFuture<'_, Option<SocketFrame>> {
        Box::pin(async move { self.0.recv().await.map(frame) })
    }

    fn send(&mut self, message: SocketFrame) -> BoxFuture<'_, bool> {
        Box::pin(async move {
            match message {
                SocketFrame::Text(text) => self.0.send(&text).await.is_ok(),
                // The protocol has none: the connection ends, as a socket's would.
                SocketFrame::Binary(_) => {
                    self.0.close(ABNORMAL);
                    false
                }
                SocketFrame::Closed { code, .. } => {
                    self.0.close(code);
                    false
                }
            }
        })
    }

    fn close(&mut self, code: u16, _reason: &str) -> BoxFuture<'_, ()> {
        self.0.close(code);
        Box::pin(std::future::ready(()))
    }
}
