//! The endpoints of `/api/v1`, known from path and method before anything is read or charged.

use super::response::{self, HttpResponse, method_not_allowed};
use crate::commands::{Op, Ops, reserved_path};
use crate::rate_limit::Cost;
use crate::wire::{Error, NO_SUCH_PATH};
use http::Method;
use percent_encoding::percent_decode_str;
use std::sync::Arc;

/// The route template of a path where nothing is.
pub(super) const UNKNOWN: &str = "/api/v1/{unknown}";

/// An endpoint of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Endpoint {
    Register,
    Login,
    Logout,
    Password,
    DeleteAccount,
    /// Makes an account of a guest.
    Upgrade,
    Me,
    Rooms,
    /// `history` of this room.
    History(String),
    /// `send` to this room.
    Send(String),
    /// `join` of this room.
    Join(String),
    /// `leave` of this room.
    Leave(String),
    /// The upload of one's own picture.
    SetPicture,
    /// The picture with this hash.
    Picture(String),
    /// `link.info`, for people who have no session yet.
    Link,
    /// A command that is carried out outside the gateway.
    Foreign(Arc<Op>),
}

/// Why there is no endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RouteError {
    /// There is nothing at this path.
    NotFound,
    /// The path allows only this method.
    MethodNotAllowed(&'static str),
}

impl RouteError {
    pub(super) fn answer(self) -> HttpResponse {
        match self {
            Self::NotFound => response::error(&Error::new(&NO_SUCH_PATH)),
            Self::MethodNotAllowed(allowed) => method_not_allowed(allowed),
        }
    }
}

impl Endpoint {
    /// Returns the endpoint at `path`, which begins after `/api/v1`.
    pub(super) fn of(method: &Method, path: &str, ops: &Ops) -> Result<Self, RouteError> {
        let segments: Vec<_> = path.split('/').skip(1).collect();
        let (allowed, endpoint) = match segments.as_slice() {
            ["register"] => (Method::POST, Self::Register),
            ["login"] => (Method::POST, Self::Login),
            ["logout"] => (Method::POST, Self::Logout),
            ["password"] => (Method::POST, Self::Password),
            ["delete-account"] => (Method::POST, Self::DeleteAccount),
            ["upgrade"] => (Method::POST, Self::Upgrade),
            ["me"] => (Method::GET, Self::Me),
            ["rooms"] => (Method::GET, Self::Rooms),
            ["link"] => (Method::POST, Self::Link),
            ["picture"] => (Method::POST, Self::SetPicture),
            ["pictures", hash] => (Method::GET, Self::Picture(key(hash))),
            ["rooms", room, "history"] => (Method::GET, Self::History(key(room))),
            ["rooms", room, "messages"] => (Method::POST, Self::Send(key(room))),
            ["rooms", room, "join"] => (Method::POST, Self::Join(key(room))),
            ["rooms", room, "leave"] => (Method::POST, Self::Leave(key(room))),
            other => return Self::foreign(method, other, ops),
        };
        if *method == allowed {
            return Ok(endpoint);
        }
        let get = allowed == Method::GET;
        Err(RouteError::MethodNotAllowed(if get {
            "GET"
        } else {
            "POST"
        }))
    }

    /// Returns the endpoint of a command from outside: `/x/{extension}/{command}`, or its reserved name. One
    /// that writes takes no GET, which any page may send.
    fn foreign(method: &Method, segments: &[&str], ops: &Ops) -> Result<Self, RouteError> {
        let op = match segments {
            ["x", extension, command] => ops.foreign(&format!("x.{extension}.{command}")),
            [name] if reserved_path(name).is_some() => ops.foreign(name),
            _ => None,
        };
        let op = op.ok_or(RouteError::NotFound)?;
        match *method {
            Method::POST => Ok(Self::Foreign(Arc::clone(op))),
            Method::GET if !op.lane.writes() => Ok(Self::Foreign(Arc::clone(op))),
            _ if op.lane.writes() => Err(RouteError::MethodNotAllowed("POST")),
            _ => Err(RouteError::MethodNotAllowed("GET, POST")),
        }
    }

    /// Returns the cost for the caller's network, charged before authentication.
    pub(super) fn cost_before(&self) -> Cost {
        match self {
            Self::Register | Self::Login | Self::Upgrade | Self::Link => Cost::Hello,
            _ => Cost::Other,
        }
    }
}

/// Returns the route template of a path that begins after `/api/v1`, without any text of the client.
pub(super) fn route(path: &str) -> &'static str {
    match path.split('/').skip(1).collect::<Vec<_>>().as_slice() {
        ["register"] => "/api/v1/register",
        ["login"] => "/api/v1/login",
        ["logout"] => "/api/v1/logout",
        ["password"] => "/api/v1/password",
        ["delete-account"] => "/api/v1/delete-account",
        ["upgrade"] => "/api/v1/upgrade",
        ["me"] => "/api/v1/me",
        ["rooms"] => "/api/v1/rooms",
        ["link"] => "/api/v1/link",
        ["picture"] => "/api/v1/picture",
        ["pictures", _] => "/api/v1/pictures/{hash}",
        ["rooms", _, "history"] => "/api/v1/rooms/{room}/history",
        ["rooms", _, "messages"] => "/api/v1/rooms/{room}/messages",
        ["rooms", _, "join"] => "/api/v1/rooms/{room}/join",
        ["rooms", _, "leave"] => "/api/v1/rooms/{room}/leave",
        ["x", _, _] => "/api/v1/x/{extension}/{command}",
        [name] => reserved_path(name).unwrap_or(UNKNOWN),
        _ => UNKNOWN,
    }
}

fn key(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::sample_ops;
    use http::{StatusCode, header};

    #[test]
    fn a_path_and_its_method_name_an_endpoint() {
        let ops = Ops::builtin();
        let of = |method, path| Endpoint::of(&method, path, &ops).ok();
        assert_eq!(of(Method::GET, "/me"), Some(Endpoint::Me));
        let history = of(Method::GET, "/rooms/%7Eroom/history");
        assert_eq!(history, Some(Endpoint::History("~room".to_owned())));
        let wrong = Endpoint::of(&Method::DELETE, "/login", &ops)
            .unwrap_err()
            .answer();
        assert_eq!(wrong.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(wrong.headers()[header::ALLOW], "POST");
        for path in ["", "/", "/nothing", "/rooms/general/nothing", "/me/"] {
            assert_eq!(
                Endpoint::of(&Method::GET, path, &ops),
                Err(RouteError::NotFound),
                "{path}"
            );
        }
    }

    #[test]
    fn a_command_from_outside_has_a_path() {
        let ops = sample_ops(&[
            ("x.karma.give", true),
            ("x.karma.top", false),
            ("search", false),
        ]);
        let of = |method, path| match Endpoint::of(&method, path, &ops) {
            Ok(Endpoint::Foreign(op)) => Ok(op.name),
            Ok(other) => panic!("{path} is {other:?}"),
            Err(error) => Err(error),
        };
        assert_eq!(of(Method::GET, "/x/karma/top"), Ok("x.karma.top"));
        assert_eq!(of(Method::POST, "/x/karma/top"), Ok("x.karma.top"));
        assert_eq!(of(Method::POST, "/x/karma/give"), Ok("x.karma.give"));
        assert_eq!(of(Method::GET, "/search"), Ok("search"));
        let not_allowed = |methods| Err(RouteError::MethodNotAllowed(methods));
        assert_eq!(of(Method::GET, "/x/karma/give"), not_allowed("POST"));
        assert_eq!(of(Method::PUT, "/x/karma/top"), not_allowed("GET, POST"));
        for path in [
            "/x",
            "/x/karma",
            "/x/karma/",
            "/x/karma/none",
            "/x/karma/top/",
            "/x.karma.top",
            "/send",
            "/x//",
        ] {
            assert_eq!(of(Method::GET, path), Err(RouteError::NotFound), "{path}");
        }
    }

    #[test]
    fn a_route_has_no_text_of_the_client() {
        for (path, expected) in [
            ("/x/karma/top", "/api/v1/x/{extension}/{command}"),
            ("/search", "/api/v1/search"),
            ("/searched", "/api/v1/{unknown}"),
            ("/x/karma/top/more", "/api/v1/{unknown}"),
        ] {
            assert_eq!(route(path), expected, "{path}");
        }
    }
}
