//! Ids.

/// Who someone is, for ever. Sixteen bytes (UUIDv7), stored as BLOB or BYTEA; on the wire 22
/// characters of URL-safe base64 without padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(pub [u8; 16]);

/// One session: a device that can come back with a token. Same form as a [`UserId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub [u8; 16]);

/// One live connection of one server process; never stored, unique across nodes by chance
/// (random upper half, counter below).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub u64);
