//! The requests at `/socket.io/`.

use crate::engine::{
    ClientSocket, EngineError, EngineQuery, Session, SessionRequest, Sessions, TransportName,
};
use crate::figures::Figures;
use crate::namespace::Namespace;
use crate::settings::SocketIoSettings;
use bytes::Bytes;
use extension::{Cx, HttpRequest, HttpResponse, Serve};
use http::{HeaderValue, Method, Response, header};
use std::sync::Arc;
use tokio::sync::oneshot;

/// Answers the requests of Engine.IO.
pub(crate) struct SocketIo {
    settings: Arc<SocketIoSettings>,
    sessions: Sessions,
    figures: Arc<Figures>,
}

impl SocketIo {
    pub(crate) fn new(settings: Arc<SocketIoSettings>, figures: Arc<Figures>) -> Self {
        let sessions = Sessions::new(&settings, Arc::clone(&figures));
        Self {
            settings,
            sessions,
            figures,
        }
    }

    async fn answer(&self, mut request: HttpRequest) -> Result<HttpResponse, EngineError> {
        let query = EngineQuery::read(request.head.uri.query())?;
        let Some(sid) = query.sid else {
            return match (query.transport, &request.head.method) {
                (_, method) if method != Method::GET => Err(EngineError::BadMethod),
                (TransportName::Polling, _) => self.open(&request),
                (TransportName::WebSocket, _) => self.open_socket(&mut request),
            };
        };
        let session = self.sessions.find(&sid, request.from)?;
        let (answer, answered) = oneshot::channel();
        let session_request = match (query.transport, &request.head.method) {
            (TransportName::WebSocket, _) => {
                let upgraded = request.upgrade(None, async move |socket| {
                    let (socket, ended) = ClientSocket::watched(socket);
                    // Fails if the session has ended meanwhile; then the socket has, too.
                    let _ = session.send(SessionRequest::Upgrade(socket)).await;
                    let _ = ended.await;
                });
                return upgraded.ok_or(EngineError::BadRequest);
            }
            (TransportName::Polling, &Method::GET) => SessionRequest::Poll(answer),
            (TransportName::Polling, &Method::POST) => {
                let body = String::from_utf8(request.body.to_vec());
                SessionRequest::Post(body.map_err(|_| EngineError::BadRequest)?, answer)
            }
            _ => return Err(EngineError::BadMethod),
        };
        let sent = session.send(session_request).await;
        sent.map_err(|_| EngineError::UnknownSid)?;
        drop(session);
        // A session that has ended drops the requests that it has not answered.
        let answered = answered.await.unwrap_or(Err(EngineError::UnknownSid));
        answered.map(text)
    }

    fn open(&self, request: &HttpRequest) -> Result<HttpResponse, EngineError> {
        let slot = self.sessions.enter(request.from)?;
        let namespace = self.namespace(request);
        let (settings, figures) = (Arc::clone(&self.settings), Arc::clone(&self.figures));
        let (session, open) = Session::new(slot, None, namespace, settings, figures);
        request.spawn("session", session.run());
        Ok(text(open))
    }

    fn open_socket(&self, request: &mut HttpRequest) -> Result<HttpResponse, EngineError> {
        let slot = self.sessions.enter(request.from)?;
        let namespace = self.namespace(request);
        let (settings, figures) = (Arc::clone(&self.settings), Arc::clone(&self.figures));
        let upgraded = request.upgrade(None, async move |socket| {
            let socket = Some(ClientSocket::new(socket));
            let (session, open) = Session::new(slot, socket, namespace, settings, figures);
            session.run_from(open).await;
        });
        upgraded.ok_or(EngineError::BadRequest)
    }

    fn namespace(&self, request: &HttpRequest) -> Namespace {
        let (settings, figures) = (&self.settings, Arc::clone(&self.figures));
        Namespace::new(request.door(), settings.connect_timeout, figures)
    }
}

impl Serve for SocketIo {
    /// Each client of long polling has a poll that waits; sessions have limits of their own.
    const AT_ONCE: usize = 30_000;

    async fn serve(&self, request: HttpRequest, _cx: &Cx) -> HttpResponse {
        let answered = self.answer(request).await;
        answered.unwrap_or_else(|error| {
            let mut response = response(
                Bytes::from_static(error.body().as_bytes()),
                "application/json",
            );
            *response.status_mut() = error.status();
            response
        })
    }
}

fn text(payload: String) -> HttpResponse {
    response(payload.into(), "text/plain; charset=UTF-8")
}

fn response(body: Bytes, content_type: &'static str) -> HttpResponse {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
