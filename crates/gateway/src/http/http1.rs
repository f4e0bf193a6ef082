//! Serves one HTTP/1.1 connection within its time limits.

use super::request_clock::{ClockedStream, Expired, RequestClock};
use super::stay_open::StayOpen;
use super::unread_body::UnreadBody;
use crate::Settings;
use crate::connection::Stream;
use http::{HeaderValue, Request, Response, StatusCode, header};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::BoxError;

/// Time for a request that was on its way when the server began to stop.
const LAST_REQUEST_WITHIN: Duration = Duration::from_millis(250);
/// hyper's minimum for its read buffer, bytes.
const BUFFER_MIN: usize = 8 * 1024;

/// Returns how many bytes of a head a connection may hold.
pub(super) fn read_buffer_max(settings: &Settings) -> usize {
    settings.header_bytes_max.max(BUFFER_MIN)
}

/// What one connection needs besides its stream.
pub(super) struct Http1 {
    pub(super) settings: Arc<Settings>,
    /// Time that a running request has left when its connection has to end.
    pub(super) drain_timeout: Duration,
    pub(super) stop: CancellationToken,
    /// Counts the connections that have had a request.
    pub(super) requests: TaskTracker,
    pub(super) stay_open: StayOpen,
}

impl Http1 {
    /// Serves a connection until it ends, is upgraded, exceeds a time limit, or `stop` comes. A
    /// response after which no further request is read says `Connection: close`.
    pub(super) async fn serve<A, F, B>(self, stream: Stream, answer: A)
    where
        A: Fn(Request<Incoming>) -> F,
        F: Future<Output = Response<B>> + Send + 'static,
        B: Body<Error: Into<BoxError>, Data: Send> + Send + 'static,
    {
        let clock = RequestClock::new(&self.settings, self.stay_open.is_proxy());
        // Held from the first request until the connection has ended and its responses are sent.
        let request_token = OnceLock::new();
        let service = service_fn(|mut request| {
            let is_repeated = request_token.get().is_some();
            request_token.get_or_init(|| self.requests.token());
            clock.requested();
            let unread = UnreadBody::attach(&mut request);
            let answered = answer(request);
            let (clock, this) = (&clock, &self);
            async move {
                // Otherwise a client that sends requests without pause would own a thread: all ready
                // tasks, sockets and timers go first.
                if is_repeated {
                    tokio::task::yield_now().await;
                }
                let mut response = answered.await;
                this.say_if_last(&mut response, &unread);
                clock.answered();
                Ok::<_, Infallible>(response)
            }
        });
        let connection = http1::Builder::new()
            // The clock has its own.
            .header_read_timeout(None)
            .max_buf_size(read_buffer_max(&self.settings))
            .serve_connection(
                TokioIo::new(ClockedStream::new(stream, clock.clone())),
                service,
            )
            .with_upgrades();
        let mut connection = std::pin::pin!(connection);
        match self.until_over(connection.as_mut(), &clock).await {
            // Closing while a request may be on its way costs a proxy a 502.
            Over::Stopped => {
                let last = tokio::time::timeout(LAST_REQUEST_WITHIN, connection.as_mut());
                if last.await.is_ok() {
                    return;
                }
            }
            Over::Expired(Expired::Idle) => {}
            // A client that disconnects or violates HTTP is not worth a log line.
            Over::Ended | Over::Expired(Expired::Head) => return,
        }
        connection.as_mut().graceful_shutdown();
        let _ = tokio::time::timeout(self.drain_timeout, connection).await;
    }

    /// Drives the connection until something ends it.
    async fn until_over<C: Future>(
        &self,
        mut connection: Pin<&mut C>,
        clock: &RequestClock,
    ) -> Over {
        let mut stopped = std::pin::pin!(self.stop.cancelled());
        let mut timer = std::pin::pin!(tokio::time::sleep(self.settings.header_timeout));
        poll_fn(|cx| {
            if connection.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Over::Ended);
            }
            if stopped.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Over::Stopped);
            }
            clock.poll_expired(timer.as_mut(), cx).map(Over::Expired)
        })
        .await
    }

    /// Says `Connection: close` if no further request will be read.
    fn say_if_last<B>(&self, response: &mut Response<B>, unread: &UnreadBody) {
        let is_upgrade = response.status() == StatusCode::SWITCHING_PROTOCOLS;
        let is_last = self.stop.is_cancelled() || unread.is_unread() || !self.stay_open.may_stay();
        if is_last && !is_upgrade {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
    }
}

/// Why a connection is over.
enum Over {
    Ended,
    Stopped,
    Expired(Expired),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::pair;
    use crate::http::stay_open::OpenConnections;
    use bytes::Bytes;
    use http_body_util::Full;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;
    use tokio::time::Instant;

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";
    const S: Duration = Duration::from_secs(1);

    fn http1(stay_open: StayOpen) -> Http1 {
        Http1 {
            settings: Arc::default(),
            drain_timeout: 5 * S,
            stop: CancellationToken::new(),
            requests: TaskTracker::new(),
            stay_open,
        }
    }

    async fn hello(_: Request<Incoming>) -> Response<Full<Bytes>> {
        Response::new(Full::new(Bytes::from_static(b"hello")))
    }

    /// Serves a connection while its client does this.
    async fn beside<F: Future>(http1: Http1, client: impl FnOnce(TcpStream) -> F) -> F::Output {
        let (stream, other) = pair().await;
        other.set_nonblocking(true).unwrap();
        let client = client(TcpStream::from_std(other).unwrap());
        tokio::join!(http1.serve(stream, hello), client).1
    }

    /// Returns the head of the response; empty if the connection ended instead.
    async fn asked(client: &mut TcpStream, request: &[u8]) -> String {
        client.write_all(request).await.unwrap();
        let mut response = Vec::new();
        while !response.ends_with(b"hello") {
            if !matches!(client.read_buf(&mut response).await, Ok(1..)) {
                return String::new();
            }
        }
        String::from_utf8(response).unwrap().to_lowercase()
    }

    async fn ended(mut client: TcpStream) -> Duration {
        let began = Instant::now();
        let mut rest = Vec::new();
        let _ = client.read_to_end(&mut rest).await;
        assert!(rest.is_empty());
        began.elapsed()
    }

    fn stranger() -> StayOpen {
        OpenConnections::of(100, 64).stranger(crate::connection::Peer::of([192, 0, 2, 1].into()))
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_connection_outlasts_every_proxys() {
        for stay_open in [stranger(), StayOpen::Proxy] {
            beside(http1(stay_open), |mut client| async move {
                for minutes in [0, 1, 2, 10, 60] {
                    tokio::time::sleep(60 * S * minutes).await;
                    let head = asked(&mut client, REQUEST).await;
                    assert!(head.starts_with("http/1.1 200 "), "after {minutes} minutes");
                    assert!(!head.contains("connection: close"));
                }
                let took = ended(client).await;
                assert!(took >= 3620 * S && took < 3625 * S, "{took:?}");
            })
            .await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_response_is_sent_to_its_end_whatever_comes_meanwhile() {
        const LARGE: usize = 16 << 20;
        let large = Bytes::from(vec![b'x'; LARGE]);
        // What comes meanwhile, the responses to it, and how long the rest of a request is waited for.
        for (meanwhile, responses, least, most) in
            [(&b""[..], 0, 1, 2), (b"G", 0, 5, 7), (REQUEST, 1, 1, 2)]
        {
            let mut http1 = http1(stranger());
            Arc::make_mut(&mut http1.settings).keep_alive = S;
            let (stream, other) = pair().await;
            other.set_nonblocking(true).unwrap();
            let mut client = TcpStream::from_std(other).unwrap();
            let answer = |_| std::future::ready(Response::new(Full::new(large.clone())));
            let client = async {
                client.write_all(REQUEST).await.unwrap();
                client.readable().await.unwrap();
                client.write_all(meanwhile).await.unwrap();
                tokio::time::sleep(10 * S).await;
                // The paused clock would run on while the kernel transfers.
                let (transferred, transferring) = std::sync::mpsc::channel::<()>();
                let clock_held = tokio::task::spawn_blocking(move || transferring.recv());
                let mut buffer = vec![0; 1 << 20];
                let mut received = 0;
                while received < LARGE * (1 + responses) {
                    let count = client.read(&mut buffer).await.unwrap();
                    assert!(count > 0, "cut after {received} bytes");
                    let body = buffer[..count]
                        .iter()
                        .map(|byte| usize::from(*byte == b'x'));
                    received += body.sum::<usize>();
                }
                drop(transferred);
                let _ = clock_held.await;
                let took = ended(client).await;
                assert!(took >= least * S && took < most * S, "{took:?}");
            };
            tokio::join!(http1.serve(stream, answer), client);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_has_five_seconds_however_long_the_connection_was_idle() {
        beside(http1(stranger()), |mut client| async move {
            asked(&mut client, REQUEST).await;
            tokio::time::sleep(100 * S).await;
            for drop in REQUEST.chunks(1).take(4) {
                client.write_all(drop).await.unwrap();
                tokio::time::sleep(S).await;
            }
            let took = ended(client).await;
            assert!(took <= 2 * S, "{took:?}");
        })
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_on_a_slow_line_has_the_time_that_its_bytes_take() {
        for stay_open in [stranger(), StayOpen::Proxy] {
            beside(http1(stay_open), |mut client| async move {
                let cookie = "x".repeat(7_000);
                let head = format!("GET / HTTP/1.1\r\nhost: x\r\ncookie: {cookie}\r\n\r\n");
                // 400 bytes a second.
                for drop in head.as_bytes().chunks(40) {
                    client.write_all(drop).await.unwrap();
                    tokio::time::sleep(S / 10).await;
                }
                let head = asked(&mut client, b"").await;
                assert!(head.starts_with("http/1.1 200 "), "{head}");
            })
            .await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_stranger_has_five_seconds_and_a_silent_proxy_an_hour() {
        for (stay_open, least, most) in [(stranger(), 5, 6), (StayOpen::Proxy, 3620, 3625)] {
            let took = beside(http1(stay_open), ended).await;
            assert!(took >= least * S && took < most * S, "{took:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_finds_no_room_is_answered_and_closed() {
        let open = OpenConnections::of(2, 4);
        let network = crate::connection::Peer::of([192, 0, 2, 1].into());
        let staying = open.stranger(network);
        assert!(staying.may_stay());
        beside(http1(open.stranger(network)), |mut client| async move {
            let head = asked(&mut client, REQUEST).await;
            assert!(head.contains("connection: close"), "{head}");
            assert!(ended(client).await < S);
        })
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_before_the_end_of_the_body_is_the_last() {
        beside(http1(stranger()), |mut client| async move {
            let unread = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n12345";
            let head = asked(&mut client, unread).await;
            assert!(head.contains("connection: close"), "{head}");
            assert!(ended(client).await < S);
        })
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_on_its_way_at_a_stop_is_answered_and_is_the_last() {
        let http1 = http1(StayOpen::Proxy);
        let (stop, requests) = (http1.stop.clone(), http1.requests.clone());
        beside(http1, |mut client| async move {
            asked(&mut client, REQUEST).await;
            stop.cancel();
            assert_eq!(requests.len(), 1, "the stop waits for it");
            tokio::time::sleep(LAST_REQUEST_WITHIN / 2).await;
            let head = asked(&mut client, REQUEST).await;
            assert!(head.contains("connection: close"), "{head}");
            assert!(ended(client).await < S);
        })
        .await;
    }
}
