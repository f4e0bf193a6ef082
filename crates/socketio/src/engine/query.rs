//! What a request says in its query.

use super::EngineError;

/// How a request is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TransportName {
    Polling,
    WebSocket,
}

/// The query of a request; what else it has, such as a cache buster, is ignored.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct EngineQuery {
    pub(crate) transport: TransportName,
    /// The session; none for a handshake.
    pub(crate) sid: Option<String>,
}

impl EngineQuery {
    pub(crate) fn read(query: Option<&str>) -> Result<Self, EngineError> {
        let (mut version, mut transport, mut sid) = (None, None, None);
        let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        for (name, value) in pairs {
            match &*name {
                "EIO" => version = Some(value),
                "transport" => transport = Some(value),
                "sid" => sid = Some(value.into_owned()),
                _ => {}
            }
        }
        let transport = match transport.as_deref() {
            Some("polling") => TransportName::Polling,
            Some("websocket") => TransportName::WebSocket,
            _ => return Err(EngineError::UnknownTransport),
        };
        if version.as_deref() != Some("4") {
            return Err(EngineError::UnsupportedProtocol);
        }
        Ok(Self { transport, sid })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_names_protocol_transport_and_session() {
        let read = |query| EngineQuery::read(Some(query));
        let query = read("EIO=4&transport=polling&t=abc&sid=a%2Db").unwrap();
        assert_eq!(query.transport, TransportName::Polling);
        assert_eq!(query.sid.as_deref(), Some("a-b"));
        assert_eq!(
            read("transport=websocket&EIO=4").unwrap().transport,
            TransportName::WebSocket
        );
        for (query, error) in [
            ("", EngineError::UnknownTransport),
            ("EIO=4", EngineError::UnknownTransport),
            ("EIO=4&transport=carrier", EngineError::UnknownTransport),
            (
                "EIO=4&transport=webtransport",
                EngineError::UnknownTransport,
            ),
            ("transport=polling", EngineError::UnsupportedProtocol),
            ("EIO=3&transport=polling", EngineError::UnsupportedProtocol),
            ("EIO=44&transport=polling", EngineError::UnsupportedProtocol),
        ] {
            assert_eq!(read(query), Err(error), "{query}");
        }
        assert_eq!(EngineQuery::read(None), Err(EngineError::UnknownTransport));
    }
}
