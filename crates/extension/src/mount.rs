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
    /// At a path of its own and everything below it, such as `/socket.io/`. `/` is everything that neither
    /// another mount has nor the server itself (`/ws`, `/health`, `/api`).
    At(&'static str),
}

/// Answers requests over HTTP.
pub trait Serve: Send + Sync + 'static {
    /// Most requests that it answers at once; further ones get 503. Too low: clients that wait in long polls
    /// shut others out. Too high: memory of requests and responses.
    const AT_ONCE: usize = 1024;

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
    spawner: Option<Spawner>,
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
            spawner: None,
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

    /// Runs work that goes on after the response, such as a client's session of several requests: as a task of
    /// the extension, which is dropped at its next await when the server stops. Whoever spawns bounds how
    /// much runs at once.
    ///
    /// # Panics
    /// If the request did not come through [`Served::serve`].
    pub fn spawn(&self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        let spawner = self.spawner.as_ref();
        let spawner = spawner.expect("a request that is served has a spawner");
        spawner.tasks.once(spawner.owner, name, work);
    }

    /// Accepts a WebSocket, if the client asks for one with a valid handshake: returns the response, which
    /// the handler must return, and has `serve` serve the socket afterwards. `protocol` is one of the
    /// subprotocols that the client offers. Returns `None` if the client asks for no WebSocket.
    pub fn upgrade<S, F>(&mut self, protocol: Option<&str>, serve: S) -> Option<HttpResponse>
    where
        S: FnOnce(Box<dyn Socket>) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let (upgrade, spawner) = (self.upgrade.take()?, self.spawner.clone()?);
        let serve = move |socket| {
            Box::pin(async move {
                // `serve` itself is the extension's code: it runs in the task, too.
                let served = async move { serve(socket).await };
                spawner.run("socket", served).await;
            }) as BoxFuture<'static, ()>
        };
        Some(upgrade.accept(protocol, Box::new(serve)))
    }
}

/// Runs work as tasks of one extension.
#[derive(Clone)]
struct Spawner {
    owner: &'static str,
    tasks: Tasks,
}

impl Spawner {
    /// Runs work in a task on the extension's runtime, until it has ended.
    async fn run<T: Send + 'static>(
        self,
        name: &'static str,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let (sender, result) = oneshot::channel();
        let task = self.tasks.once(self.owner, name, async move {
            // Fails only if nobody waits any more.
            let _ = sender.send(work.await);
        });
        let _cancel = CancelOnDrop(task);
        result.await.ok()
    }
}

/// A handler and where it is.
pub struct Served {
    /// Where it is.
    pub at: Mount,
    /// The extension that it belongs to.
    pub extension: &'static str,
    /// Most requests that it answers at once.
    pub at_once: usize,
    handler: Arc<dyn Handler>,
}

impl Served {
    pub(crate) fn new<H: Serve>(at: Mount, handler: H, cx: Cx, tasks: Tasks) -> Self {
        Self {
            at,
            extension: cx.name(),
            at_once: H::AT_ONCE,
            handler: Arc::new(Serving {
                spawner: Spawner {
                    owner: cx.name(),
                    tasks,
                },
                handler: Arc::new(handler),
                cx,
            }),
        }
    }

    /// Answers a request in a task on the extension's runtime. Returns `None` if the handler
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
    spawner: Spawner,
}

impl<H: Serve> Handler for Serving<H> {
    fn serve(&self, mut request: HttpRequest) -> BoxFuture<'static, Option<HttpResponse>> {
        let (handler, cx) = (Arc::clone(&self.handler), self.cx.clone());
        request.spawner = Some(self.spawner.clone());
        let answering = async move { handler.serve(request, &cx).await };
        Box::pin(self.spawner.clone().run("request", answering))
    }
}
