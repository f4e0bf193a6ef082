//! Reads a request's body or query into the fields of a command.

use crate::limits::on_a_slow_line;
use crate::wire::{Error, Fields, TOO_LARGE};
use bytes::Bytes;
use http::Uri;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Body;
use serde_json::value::RawValue;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use tower::BoxError;

/// Time for a body, in addition to what its bytes take on a slow line.
const WITHIN: Duration = Duration::from_secs(5);

const OBJECT: &str = "must be a JSON object";

/// Reads the whole body as text.
pub(super) async fn text<B>(body: B, bytes_max: usize) -> Result<String, Error>
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Unpin,
{
    let bytes = read(body, bytes_max).await?;
    String::from_utf8(bytes).map_err(|_| Error::field("body", "is not UTF-8"))
}

/// Reads the whole body.
pub(super) async fn bytes<B>(body: B, bytes_max: usize) -> Result<Bytes, Error>
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Unpin,
{
    read(body, bytes_max).await.map(Bytes::from)
}

/// Every received byte extends the deadline, so a slow line succeeds and a body sent byte by byte fails
/// soon.
async fn read<B>(body: B, bytes_max: usize) -> Result<Vec<u8>, Error>
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Unpin,
{
    let began = Instant::now();
    let mut body = Limited::new(body, bytes_max);
    let mut bytes = Vec::new();
    loop {
        let received = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let by = began + WITHIN + on_a_slow_line(received);
        match timeout_at(by, body.frame()).await {
            Ok(Some(Ok(frame))) => bytes.extend(frame.into_data().unwrap_or_default()),
            Ok(Some(Err(error))) if error.is::<LengthLimitError>() => {
                return Err(Error::new(&TOO_LARGE));
            }
            Ok(Some(Err(_))) => return Err(Error::field("body", "ended before it was complete")),
            Ok(None) => return Ok(bytes),
            Err(_) => return Err(Error::field("body", "did not come in time")),
        }
    }
}

/// Parses the body as the fields of a JSON object.
pub(super) fn fields(text: &str) -> Result<Fields<'_>, Error> {
    let raw: &RawValue = serde_json::from_str(text).map_err(|_| Error::field("body", OBJECT))?;
    Fields::read(Some(raw)).map_err(|_| Error::field("body", OBJECT))
}

/// Parses the body like [`fields`]; an empty one has none.
pub(super) fn optional_fields(text: &str) -> Result<Fields<'_>, Error> {
    if text.trim().is_empty() {
        return Ok(Fields::default());
    }
    fields(text)
}

/// Returns the body as one JSON object; `None` if it is empty.
pub(super) fn object(text: &str) -> Result<Option<&RawValue>, Error> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let raw = serde_json::from_str(text).map_err(|_| Error::field("body", OBJECT))?;
    Fields::object(Some(raw)).map_err(|_| Error::field("body", OBJECT))
}

/// Reads the query as fields of strings, except for those in `numeric`, which are parsed as JSON.
pub(super) fn query(uri: &Uri, numeric: &[&str]) -> Fields<'static> {
    let mut fields = Fields::default();
    for (name, text) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        if numeric.contains(&name.as_ref()) {
            fields.set_json(&name, &text);
        } else {
            fields.set_string(&name, &text);
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;
    use http_body_util::StreamBody;
    use hyper::body::Frame;
    use std::convert::Infallible;

    /// A body of `pieces` pieces of `bytes` bytes, with a pause before each.
    fn dripped(
        pieces: usize,
        bytes: usize,
        pause: Duration,
    ) -> impl Body<Data = Bytes, Error = Infallible> + Unpin {
        let drops = stream::unfold(0, move |sent| async move {
            if sent == pieces {
                return None;
            }
            tokio::time::sleep(pause).await;
            let drop = Frame::data(Bytes::from("x".repeat(bytes)));
            Some((Ok(drop), sent + 1))
        });
        StreamBody::new(Box::pin(drops))
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_body_is_waited_for_and_a_dripped_one_is_not() {
        let tenth = Duration::from_millis(100);
        let slow = text(dripped(1000, 40, tenth), 1 << 20).await.unwrap();
        assert_eq!(slow.len(), 40_000);
        let began = Instant::now();
        let dripped = text(dripped(1000, 1, tenth), 1 << 20).await;
        assert_eq!(dripped.unwrap_err().about(), Some("body"));
        assert!(began.elapsed() < 2 * WITHIN, "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_is_read_up_to_its_limit() {
        let much = dripped(1000, 1000, Duration::ZERO);
        assert_eq!(text(much, 64_000).await.unwrap_err().kind, &TOO_LARGE);
    }

    #[test]
    fn a_query_becomes_the_fields_of_a_command() {
        let uri: Uri = "/api/v1/rooms/general/history?before=12&name=5"
            .parse()
            .unwrap();
        let mut d = query(&uri, &["before", "limit"]);
        d.set_string("room", "general");
        assert_eq!(&*d.room().unwrap().0, "general");
        assert_eq!(d.optional_integer("before").unwrap(), Some(12));
        assert_eq!(d.optional_string("name").unwrap().as_deref(), Some("5"));
        assert_eq!(d.optional_integer("limit").unwrap(), None);
    }

    #[test]
    fn a_field_of_the_wrong_type_is_named() {
        let uri: Uri = "/?before=yesterday".parse().unwrap();
        let d = query(&uri, &["before"]);
        assert_eq!(
            d.optional_integer("before").unwrap_err().about(),
            Some("before")
        );
        assert_eq!(fields("[]").err().unwrap().about(), Some("body"));
        assert_eq!(fields("3").err().unwrap().about(), Some("body"));
        for no_object in ["[]", "3", "{", "{}{}"] {
            let error = object(no_object).unwrap_err();
            assert_eq!(error.about(), Some("body"), "{no_object}");
        }
        for empty in ["", " \n", "null"] {
            assert!(object(empty).unwrap().is_none(), "{empty:?}");
        }
        assert_eq!(object(" {\"n\":1}\n").unwrap().unwrap().get(), "{\"n\":1}");
    }
}
