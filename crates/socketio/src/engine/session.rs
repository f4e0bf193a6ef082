//! The task of one session: one owner of all its state, from the handshake to its end.

use super::engine_packet::{self, EnginePacket, SEPARATOR};
use super::heartbeat::{Beat, Heartbeat};
use super::outbox::Outbox;
use super::sessions::SessionSlot;
use super::transport::recv_offered;
use super::{ClientSocket, EngineError, SessionRequest, Transport};
use crate::figures::Figures;
use crate::namespace::{Namespace, NamespaceEvent, Verdict};
use crate::settings::SocketIoSettings;
use extension::SocketFrame;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until, timeout_at};

/// Time for a WebSocket to take the place of polls.
const UPGRADE_WITHIN: Duration = Duration::from_secs(10);
/// How long the last packets wait for the poll that fetches them.
const LAST_POLL_WITHIN: Duration = Duration::from_secs(5);

/// The codes of a WebSocket that the server closes (RFC 6455).
const NORMAL: u16 = 1000;
const PROTOCOL: u16 = 1002;

/// A session, which outlives the requests of its polls.
pub(crate) struct Session {
    slot: SessionSlot,
    settings: Arc<SocketIoSettings>,
    figures: Arc<Figures>,
    transport: Transport,
    offered: Option<OfferedSocket>,
    inbound: InboundPackets,
    outbox: Outbox,
    heartbeat: Heartbeat,
    namespace: Namespace,
}

/// A WebSocket that may take the place of polls.
struct OfferedSocket {
    socket: ClientSocket,
    /// It has carried a packet in both directions.
    is_probed: bool,
    until: Instant,
}

/// Packets of the client that wait for their turn.
#[derive(Default)]
struct InboundPackets {
    packets: VecDeque<String>,
    /// The request that brought them.
    post: Option<oneshot::Sender<Result<String, EngineError>>>,
}

/// What the task was waiting for.
enum SessionEvent {
    Request(Option<SessionRequest>),
    Message(SocketFrame),
    Offered(SocketFrame),
    Namespace(NamespaceEvent),
    Due,
}

/// How a session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SessionEnd {
    /// The client has closed it; with `true` it does not come back.
    ByClient(bool),
    /// The client is gone.
    Lost,
    /// The server closes it.
    ByServer,
    /// The client has violated the protocol.
    Malformed,
}

type Step = Result<(), SessionEnd>;

impl Session {
    /// Returns a session and the packet that answers the handshake.
    pub(crate) fn new(
        slot: SessionSlot,
        transport: Option<ClientSocket>,
        namespace: Namespace,
        settings: Arc<SocketIoSettings>,
        figures: Arc<Figures>,
    ) -> (Self, String) {
        let upgrades: &[&str] = if transport.is_some() {
            &[]
        } else {
            &["websocket"]
        };
        let open = engine_packet::open(&slot.sid, upgrades, &settings);
        let session = Self {
            slot,
            transport: transport.map_or(Transport::Polling(None), Transport::WebSocket),
            offered: None,
            inbound: InboundPackets::default(),
            outbox: Outbox::default(),
            heartbeat: Heartbeat::new(Instant::now(), &settings),
            namespace,
            settings,
            figures,
        };
        (session, open)
    }

    /// Runs a session that began with a WebSocket, which carries the answer to the handshake, too.
    pub(crate) async fn run_from(mut self, open: String) {
        self.outbox.packet(open);
        self.run().await;
    }

    /// Runs until the session has ended.
    pub(crate) async fn run(mut self) {
        let end = loop {
            if let Err(end) = self.turn().await {
                break end;
            }
        };
        if end == SessionEnd::Malformed {
            self.figures.malformed.fetch_add(1, Relaxed);
        }
        self.finish(end).await;
    }

    async fn turn(&mut self) -> Step {
        self.read_packets()?;
        self.deliver().await?;
        let event = self.wait().await;
        self.handle(event).await
    }

    async fn wait(&mut self) -> SessionEvent {
        let receives = self.outbox.has_room();
        let reads = self.inbound.packets.is_empty();
        let offered_until = self.offered.as_ref().map(|offered| offered.until);
        let due = offered_until.map_or(self.heartbeat.due(), |at| at.min(self.heartbeat.due()));
        let offered = self.offered.as_mut().map(|offered| &mut offered.socket);
        tokio::select! {
            request = self.slot.requests.recv() => SessionEvent::Request(request),
            message = self.transport.recv(reads) => SessionEvent::Message(message),
            message = recv_offered(offered) => SessionEvent::Offered(message),
            event = self.namespace.next(receives) => SessionEvent::Namespace(event),
            () = sleep_until(due) => SessionEvent::Due,
        }
    }

    async fn handle(&mut self, event: SessionEvent) -> Step {
        match event {
            SessionEvent::Request(request) => self.requested(request),
            SessionEvent::Message(message) => self.received(message),
            SessionEvent::Offered(message) => {
                self.offered(message).await;
                Ok(())
            }
            SessionEvent::Namespace(event) => {
                let verdict = self.namespace.handle(event, &mut self.outbox);
                follow(verdict)
            }
            SessionEvent::Due => self.beat(),
        }
    }

    fn beat(&mut self) -> Step {
        let now = Instant::now();
        if self
            .offered
            .as_ref()
            .is_some_and(|offered| offered.until <= now)
        {
            self.offered = None;
        }
        match self.heartbeat.beat(now) {
            Some(Beat::Lost) => return Err(SessionEnd::Lost),
            Some(Beat::Ping) => self.outbox.packet(engine_packet::PING.to_owned()),
            None => {}
        }
        Ok(())
    }

    fn requested(&mut self, request: Option<SessionRequest>) -> Step {
        match (request, &mut self.transport) {
            (Some(SessionRequest::Poll(answer)), Transport::Polling(poll)) => {
                let Some(earlier) = poll.take() else {
                    *poll = Some(answer);
                    return Ok(());
                };
                if earlier.is_closed() {
                    return Err(SessionEnd::Lost);
                }
                // Two at once: nobody could say in which order they arrive.
                for overlapping in [earlier, answer] {
                    // Fails if the client does not wait any more.
                    let _ = overlapping.send(Err(EngineError::BadRequest));
                }
                Err(SessionEnd::Malformed)
            }
            (Some(SessionRequest::Post(body, answer)), Transport::Polling(_)) => {
                self.posted(&body, answer)
            }
            (Some(SessionRequest::Poll(answer) | SessionRequest::Post(_, answer)), _) => {
                // Fails if the client does not wait any more.
                let _ = answer.send(Err(EngineError::BadRequest));
                Ok(())
            }
            (Some(SessionRequest::Upgrade(socket)), Transport::Polling(_))
                if self.offered.is_none() =>
            {
                self.offered = Some(OfferedSocket {
                    socket,
                    is_probed: false,
                    until: Instant::now() + UPGRADE_WITHIN,
                });
                Ok(())
            }
            // A second WebSocket is closed.
            (Some(SessionRequest::Upgrade(_)), _) => Ok(()),
            (None, _) => Err(SessionEnd::Lost),
        }
    }

    fn posted(&mut self, body: &str, answer: oneshot::Sender<Result<String, EngineError>>) -> Step {
        if let Some(earlier) = &self.inbound.post {
            if earlier.is_closed() {
                return Err(SessionEnd::Lost);
            }
            // Fails if the client does not wait any more.
            let _ = answer.send(Err(EngineError::BadRequest));
            return Err(SessionEnd::Malformed);
        }
        if body.len() > self.settings.max_payload {
            // Fails if the client does not wait any more.
            let _ = answer.send(Err(EngineError::TooLarge));
            return Err(SessionEnd::Malformed);
        }
        let packets = body.split(SEPARATOR).map(str::to_owned);
        self.inbound.packets.extend(packets);
        self.inbound.post = Some(answer);
        Ok(())
    }

    fn received(&mut self, message: SocketFrame) -> Step {
        match message {
            SocketFrame::Text(text) if text.len() > self.settings.max_payload => {
                return Err(SessionEnd::Malformed);
            }
            SocketFrame::Text(text) => self.inbound.packets.push_back(text),
            SocketFrame::Binary(_) => return follow(self.namespace.receive_binary()),
            SocketFrame::Closed { code, .. } => {
                return Err(SessionEnd::ByClient(matches!(code, 1000 | 1001)));
            }
        }
        Ok(())
    }

    /// Carries on the upgrade; a WebSocket that says anything else is closed, and the polls go on.
    async fn offered(&mut self, message: SocketFrame) {
        let Some(mut offered) = self.offered.take() else {
            return;
        };
        match message {
            SocketFrame::Text(text) if text == engine_packet::PROBE && !offered.is_probed => {
                let answer = engine_packet::PROBE_ANSWER.to_owned();
                if offered.socket.send(answer).await {
                    offered.is_probed = true;
                    self.offered = Some(offered);
                }
            }
            SocketFrame::Text(text) if text == engine_packet::UPGRADE && offered.is_probed => {
                self.answer_poll(engine_packet::NOOP);
                self.transport = Transport::WebSocket(offered.socket);
            }
            _ => {}
        }
    }

    /// Reads packets while the chat takes what they say.
    fn read_packets(&mut self) -> Step {
        while self.namespace.may_receive()
            && let Some(packet) = self.inbound.packets.pop_front()
        {
            match engine_packet::read(&packet) {
                Some(EnginePacket::Message(text)) => {
                    follow(self.namespace.receive(text, &mut self.outbox))?;
                }
                Some(EnginePacket::Binary) => follow(self.namespace.receive_binary())?,
                Some(EnginePacket::Pong) if self.heartbeat.pong(Instant::now()) => {}
                Some(EnginePacket::Close) => return Err(SessionEnd::ByClient(false)),
                _ => return Err(SessionEnd::Malformed),
            }
        }
        if self.inbound.packets.is_empty() {
            self.answer_post(Ok("ok".to_owned()));
        }
        Ok(())
    }

    /// Gives the client what waits for it, if it can be reached.
    async fn deliver(&mut self) -> Step {
        let is_probed = self
            .offered
            .as_ref()
            .is_some_and(|offered| offered.is_probed);
        match &mut self.transport {
            Transport::WebSocket(socket) => {
                while let Some(packet) = self.outbox.pop() {
                    if !socket.send(packet).await {
                        return Err(SessionEnd::Lost);
                    }
                }
            }
            Transport::Polling(poll @ Some(_)) if !self.outbox.is_empty() => {
                let payload = self.outbox.payload();
                let poll = poll.take();
                let sent = poll.is_some_and(|poll| poll.send(Ok(payload)).is_ok());
                return if sent { Ok(()) } else { Err(SessionEnd::Lost) };
            }
            // The client waits for its poll to end before it upgrades.
            Transport::Polling(Some(_)) if is_probed => self.answer_poll(engine_packet::NOOP),
            Transport::Polling(_) => {}
        }
        Ok(())
    }

    fn answer_poll(&mut self, payload: &str) {
        if let Transport::Polling(poll) = &mut self.transport
            && let Some(poll) = poll.take()
        {
            // Fails if the client does not wait any more.
            let _ = poll.send(Ok(payload.to_owned()));
        }
    }

    fn answer_post(&mut self, answer: Result<String, EngineError>) {
        if let Some(post) = self.inbound.post.take() {
            // Fails if the client does not wait any more.
            let _ = post.send(answer);
        }
    }

    async fn finish(mut self, end: SessionEnd) {
        self.namespace.end(end == SessionEnd::ByClient(true));
        self.offered = None;
        match end {
            SessionEnd::Lost => return,
            SessionEnd::Malformed => self.answer_post(Err(EngineError::BadRequest)),
            SessionEnd::ByClient(_) => {
                self.answer_post(Ok("ok".to_owned()));
                self.answer_poll(engine_packet::NOOP);
                return;
            }
            SessionEnd::ByServer => self.answer_post(Ok("ok".to_owned())),
        }
        if let Transport::WebSocket(_) = &self.transport {
            // Fails if the client is gone, or reads nothing.
            let _ = self.deliver().await;
            if let Transport::WebSocket(socket) = &mut self.transport {
                let is_malformed = end == SessionEnd::Malformed;
                socket
                    .close(if is_malformed { PROTOCOL } else { NORMAL })
                    .await;
            }
        } else {
            self.last_polls().await;
        }
    }

    /// Waits for the polls that fetch the last packets. The close comes in a payload of its own: a stock
    /// client handles it before the messages that came with it.
    async fn last_polls(&mut self) {
        let until = Instant::now() + LAST_POLL_WITHIN;
        let mut says_close = false;
        loop {
            if self.outbox.is_empty() && !std::mem::replace(&mut says_close, true) {
                self.outbox.packet(engine_packet::CLOSE.to_owned());
            }
            if self.deliver().await.is_err() || (self.outbox.is_empty() && says_close) {
                return;
            }
            if self.outbox.is_empty() {
                continue;
            }
            match timeout_at(until, self.slot.requests.recv()).await {
                Ok(Some(SessionRequest::Poll(answer))) => {
                    self.transport = Transport::Polling(Some(answer));
                }
                Ok(Some(SessionRequest::Post(body, answer))) => {
                    // Fails if the client does not wait any more.
                    let _ = answer.send(Ok("ok".to_owned()));
                    if body == engine_packet::CLOSE {
                        return;
                    }
                }
                Ok(Some(SessionRequest::Upgrade(_))) => {}
                Ok(None) | Err(_) => return,
            }
        }
    }
}

fn follow(verdict: Verdict) -> Step {
    match verdict {
        Verdict::GoOn => Ok(()),
        Verdict::Close => Err(SessionEnd::ByServer),
        Verdict::Malformed => Err(SessionEnd::Malformed),
    }
}
