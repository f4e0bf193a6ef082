//! From a request's body or query to the fields of a command.

use crate::wire::{self, Command, Error, Fields, TOO_LARGE};
use http::Uri;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

const OBJECT: &str = "expected a JSON object";

/// The whole body as text.
pub(super) async fn text(body: Incoming, bytes_max: usize) -> Result<String, Error> {
    let collected = Limited::new(body, bytes_max)
        .collect()
        .await
        .map_err(|error| {
            if error.is::<LengthLimitError>() {
                Error::new(&TOO_LARGE)
            } else {
                Error::field("body", "ended before it was complete")
            }
        })?;
    String::from_utf8(collected.to_bytes().into()).map_err(|_| Error::field("body", "not UTF-8"))
}

/// The fields of a body.
pub(super) fn fields(text: &str) -> Result<Fields<'_>, Error> {
    let raw: &RawValue = serde_json::from_str(text).map_err(|_| Error::field("body", OBJECT))?;
    Fields::read(Some(raw)).map_err(|_| Error::field("body", OBJECT))
}

/// The body as an object, for a command that takes a part of its fields from elsewhere.
pub(super) fn object(text: &str) -> Result<Map<String, Value>, Error> {
    serde_json::from_str(text).map_err(|_| Error::field("body", OBJECT))
}

/// The query as an object: text, but for the fields in `typed`, which are what they look like.
pub(super) fn query(uri: &Uri, typed: &[&str]) -> Map<String, Value> {
    form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
        .map(|(name, text)| {
            let scalar = typed
                .contains(&name.as_ref())
                .then(|| serde_json::from_str(&text));
            let value = match scalar {
                Some(Ok(value)) => value,
                _ => Value::String(text.into_owned()),
            };
            (name.into_owned(), value)
        })
        .collect()
}

/// The command `op` with these fields, read as if it had come in a frame.
pub(super) fn command(op: &str, d: &Map<String, Value>) -> Result<Command, Error> {
    let frame = json!({ "id": 0, "op": op, "d": d }).to_string();
    Ok(wire::read(&frame)?.command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_becomes_the_fields_of_the_command() {
        let uri: Uri = "/api/v1/rooms/general/history?before=12&limit=5"
            .parse()
            .unwrap();
        let mut d = query(&uri, &["before", "limit"]);
        d.insert("room".to_owned(), "general".into());
        assert!(matches!(
            command("history", &d).unwrap(),
            Command::History { limit: Some(5), .. }
        ));
    }

    #[test]
    fn a_field_of_the_wrong_type_is_named() {
        let uri: Uri = "/?before=yesterday".parse().unwrap();
        let mut d = query(&uri, &["before"]);
        d.insert("room".to_owned(), "general".into());
        assert_eq!(command("history", &d).unwrap_err().about, Some("before"));
        assert_eq!(query(&"/?after=12".parse().unwrap(), &[])["after"], "12");
        assert_eq!(fields("[]").err().unwrap().about, Some("body"));
        assert_eq!(object("3").unwrap_err().about, Some("body"));
    }
}
