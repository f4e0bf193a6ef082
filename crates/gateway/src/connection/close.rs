//! The codes and reasons with which the server closes a socket.

/// A WebSocket close code of the protocol and its reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Close {
    pub(crate) code: u16,
    pub(crate) reason: &'static str,
}

impl Close {
    const fn of(code: u16, reason: &'static str) -> Self {
        Self { code, reason }
    }

    pub(crate) const LOGOUT: Self = Self::of(1000, "logged out");
    pub(crate) const PROTOCOL: Self = Self::of(1002, "protocol error");
    pub(crate) const BINARY: Self = Self::of(1003, "binary frames are not understood");
    pub(crate) const NOT_UTF8: Self = Self::of(1007, "not UTF-8");
    pub(crate) const TOO_BIG: Self = Self::of(1009, "frame too big");
    pub(crate) const INTERNAL: Self = Self::of(1011, "something went wrong here");
    pub(crate) const RESTART: Self = Self::of(1012, "restart");
    pub(crate) const NO_PONG: Self = Self::of(4002, "no pong");
    pub(crate) const UNFINISHED: Self = Self::of(4003, "message not finished in time");
    pub(crate) const SLOW: Self = Self::of(4008, "slow consumer");
    pub(crate) const ORDER_LOST: Self = Self::of(4009, "order lost");
    pub(crate) const EXPIRED: Self = Self::of(4011, "token expired");
    pub(crate) const NO_HELLO: Self = Self::of(4501, "no hello in time");
    pub(crate) const SESSION_ENDED: Self = Self::of(4502, "token invalid or session ended");
    pub(crate) const TAKEN_OVER: Self = Self::of(4503, "taken over");
    pub(crate) const CONNECTIONS: Self = Self::of(4505, "connection limit");
    pub(crate) const FLOOD: Self = Self::of(4508, "flood");
}
