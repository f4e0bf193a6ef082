//! HTTP that an extension serves.

use crate::Cx;
use crate::cancel_on_drop::CancelOnDrop;
use crate::socket::{Door, DoorError, Socket, Upgrade};
use bus::Tasks;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Where an extension serves HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mount {
    /// Below `/api/v1/x/EXTENSION/`, at every path that is no command.
    Prefix,
    /// At a path of its own and everything below it, such as `/socket.io/`.
    At(&'static str),
}

/// Answers requests over HTTP.
pub trait Serve: Send + Sync + 'static {
    /// Answers a request. It is dropped when the client is gone, or after a minute.
    fn serve(&self, request: HttpRequest, cx: &Cx) -> impl Future<Output = HttpResponse> + Send;
}

/// The response of an extension.
pub type HttpResponse = http::Response<Bytes>;

/// A request to an extension, whose host, origin and network the server has checked.
pub struct HttpRequest {
    /// Method, URI and headers.
    pub head: http::request::Parts,
    /// The body, read completely.
    pub body: Bytes,
    /// The client's address.
    pub from: IpAddr,
    door: Arc<dyn Door>,
    upgrade: Option<Box<dyn Upgrade>>,
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HttpRequest").field(&self.head.uri).finish()
    }
}

impl HttpRequest {
    /// Returns a request, for the server.
    #[must_use]
    pub fn new(
        head: http::request::Parts,
        body: Bytes,
        from: IpAddr,
        door: Arc<dyn Door>,
        upgrade: Option<Box<dyn Upgrade>>,
    ) -> Self {
        Self {
            head,
            body,
            from,
            door,
            upgrade,
        }
    }

    /// Opens a connection to the chat for this client, as `/ws` does: it speaks `parlor.v1`, counts
    /// for the client's network, and has every limit of a socket.
    pub fn open(&self) -> Result<Box<dyn Socket>, DoorError> {
        self.door.open()
    }

    /// Returns what opens further connections for this client after the request has been answered.
    #[must_use]
    pub fn door(&self) -> Arc<dyn Door> {
        Arc::clone(&self.door)
    }

    /// Accepts a WebSocket, if the client asks for one with a valid handshake: the response must be
    /// returned, and the socket opens once it is sent.
    pub fn upgrade(
        &mut self,
    ) -> Option<(
        HttpResponse,
        BoxFuture<'static, anyhow::Result<Box<dyn Socket>>>,
    )> {
        self.upgrade.take().map(|upgrade| upgrade.accept())
    }
}

/// A handler and where it is.
pub struct Served {
    /// Where it is.
    pub at: Mount,
    /// The extension that it belongs to.
    pub extension: &'static str,
    handler: Arc<dyn Handler>,
}

impl Served {
    pub(crate) fn new<H: Serve>(at: Mount, handler: H, cx: Cx, tasks: Tasks) -> Self {
        Self {
            at,
            extension: cx.name(),
            handler: Arc::new(Serving {
                handler: Arc::new(handler),
                cx,
                tasks,
            }),
        }
    }

    /// Answers a request in a task on the runtime of extensions. Returns `None` if the handler
    /// panicked or the server stops.
    pub fn serve(&self, request: HttpRequest) -> BoxFuture<'static, Option<HttpResponse>> {
        self.handler.serve(request)
    }
}

trait Handler: Send + Sync {
    fn serve(&self, request: HttpRequest) -> BoxFuture<'static, Option<HttpResponse>>;
}

struct Serving<H> {
    handler: Arc<H>,
    cx: Cx,
    tasks: Tasks,
}

impl<H: Serve> Handler for Serving<H> {
    fn serve(&self, request: HttpRequest) -> BoxFuture<'static, Option<HttpResponse>> {
        let (handler, cx, tasks) = (
            Arc::clone(&self.handler),
            self.cx.clone(),
            self.tasks.clone(),
        );
        Box::pin(async move {
            let (sender, response) = oneshot::channel();
            let owner = cx.name();
            let task = tasks.once(owner, "request", async move {
                // Fails only if the client is gone.
                let _ = sender.send(handler.serve(request, &cx).await);
            });
            let _cancel = CancelOnDrop(task);
            response.await.ok()
        })
    }
}
