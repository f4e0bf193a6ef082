//! The endpoints of `/api/v1`, known from path and method before anything is read or charged.

use super::response::{self, HttpResponse, method_not_allowed};
use crate::rate_limit::Cost;
use crate::wire::{Error, NO_SUCH_PATH};
use http::Method;
use percent_encoding::percent_decode_str;

/// An endpoint of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Endpoint {
    Register,
    Login,
    Logout,
    Password,
    DeleteAccount,
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
    pub(super) fn of(method: &Method, path: &str) -> Result<Self, RouteError> {
        let segments: Vec<_> = path.split('/').skip(1).collect();
        let (allowed, endpoint) = match segments.as_slice() {
            ["register"] => (Method::POST, Self::Register),
            ["login"] => (Method::POST, Self::Login),
            ["logout"] => (Method::POST, Self::Logout),
            ["password"] => (Method::POST, Self::Password),
            ["delete-account"] => (Method::POST, Self::DeleteAccount),
            ["me"] => (Method::GET, Self::Me),
            ["rooms"] => (Method::GET, Self::Rooms),
            ["rooms", room, "history"] => (Method::GET, Self::History(key(room))),
            ["rooms", room, "messages"] => (Method::POST, Self::Send(key(room))),
            ["rooms", room, "join"] => (Method::POST, Self::Join(key(room))),
            ["rooms", room, "leave"] => (Method::POST, Self::Leave(key(room))),
            _ => return Err(RouteError::NotFound),
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

    /// Returns the cost for the caller's network, charged before authentication.
    pub(super) fn cost_before(&self) -> Cost {
        match self {
            Self::Register | Self::Login => Cost::Hello,
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
        ["me"] => "/api/v1/me",
        ["rooms"] => "/api/v1/rooms",
        ["rooms", _, "history"] => "/api/v1/rooms/{room}/history",
        ["rooms", _, "messages"] => "/api/v1/rooms/{room}/messages",
        ["rooms", _, "join"] => "/api/v1/rooms/{room}/join",
        ["rooms", _, "leave"] => "/api/v1/rooms/{room}/leave",
        _ => "/api/v1/{unknown}",
    }
}

fn key(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{StatusCode, header};

    #[test]
    fn a_path_and_its_method_name_an_endpoint() {
        let of = |method, path| Endpoint::of(&method, path).ok();
        assert_eq!(of(Method::GET, "/me"), Some(Endpoint::Me));
        let history = of(Method::GET, "/rooms/%7Eroom/history");
        assert_eq!(history, Some(Endpoint::History("~room".to_owned())));
        let wrong = Endpoint::of(&Method::DELETE, "/login")
            .unwrap_err()
            .answer();
        assert_eq!(wrong.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(wrong.headers()[header::ALLOW], "POST");
        for path in ["", "/", "/nothing", "/rooms/general/nothing", "/me/"] {
            assert_eq!(
                Endpoint::of(&Method::GET, path),
                Err(RouteError::NotFound),
                "{path}"
            );
        }
    }
}
