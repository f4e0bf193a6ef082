//! The ids of users, sessions and connections.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Binary;
use std::fmt;
use std::str::FromStr;

/// The permanent id of a user: sixteen bytes (`UUIDv7`), stored as BLOB or BYTEA; on the wire 22
/// characters of URL-safe base64 without padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = Binary)]
pub struct UserId(pub [u8; 16]);

/// The id of a session, which a device resumes with a token. Same form as a [`UserId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = Binary)]
pub struct SessionId(pub [u8; 16]);

impl SessionId {
    /// No session: of callers that no client speaks for. No session has this id.
    pub const NONE: Self = Self([0; 16]);
}

/// The id of a live connection. Never stored. Unique across nodes with high probability: the upper
/// half is random, the lower half a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub u64);

/// The text is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id, expected 22 characters of URL-safe base64")]
pub struct NotAnId;

/// Implements the wire form and the column form of a sixteen-byte id.
macro_rules! sixteen_bytes {
    ($id:ident) => {
        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut text = [0; 22];
                URL_SAFE_NO_PAD
                    .encode_slice(self.0, &mut text)
                    .map_err(|_| fmt::Error)?;
                f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
            }
        }

        impl FromStr for $id {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| NotAnId)?;
                bytes.try_into().map(Self).map_err(|_| NotAnId)
            }
        }

        impl<DB: Backend> ToSql<Binary, DB> for $id
        where
            [u8]: ToSql<Binary, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                <[u8] as ToSql<Binary, DB>>::to_sql(&self.0, out)
            }
        }

        impl<DB: Backend> FromSql<Binary, DB> for $id
        where
            Vec<u8>: FromSql<Binary, DB>,
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
                let bytes = Vec::<u8>::from_sql(bytes)?;
                Ok(Self(bytes.try_into().map_err(|_| NotAnId)?))
            }
        }
    };
}

sixteen_bytes!(UserId);
sixteen_bytes!(SessionId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_the_wire() {
        let id = UserId(*b"0123456789abcde\xff");
        let text = id.to_string();
        assert_eq!(text.len(), 22);
        assert_eq!(text.parse(), Ok(id));
    }

    #[test]
    fn anything_else_is_no_id() {
        for text in [
            "",
            "@alice",
            "alice",
            "AAAAAAAAAAAAAAAAAAAAA",
            "AAAAAAAAAAAAAAAAAAAAAAA",
        ] {
            assert_eq!(text.parse::<UserId>(), Err(NotAnId), "{text}");
        }
        // The last character has four spare bits, which must be zero, so that an id has only one
        // text.
        assert_eq!("AAAAAAAAAAAAAAAAAAAAAB".parse::<UserId>(), Err(NotAnId));
    }
}
