//! Gives the gateway the commands of extensions. Neither knows the other.

use bus::TraceId;
use extension::{Declined, Input, WireCall, WireOp};
use futures_util::future::BoxFuture;
use gateway::{Cost, ForeignCall, ForeignInput, ForeignOp, ForeignRefusal, InvalidField};
use rooms::api::RoomKey;
use serde_json::value::RawValue;
use sessions::api::Caller;
use std::borrow::Cow;
use std::time::Duration;

/// Returns an op as the gateway takes it.
pub(super) fn foreign(op: WireOp) -> ForeignOp {
    ForeignOp {
        // A server is built once, or a few times in a test.
        name: op.name.clone().leak(),
        writes: op.writes,
        cost: match op.cost {
            extension::Cost::Other => Cost::Other,
            extension::Cost::Page => Cost::Page,
            extension::Cost::Send => Cost::Send,
        },
        read: Box::new(move |input| {
            let input = match input {
                ForeignInput::Json(d) => Input::Json(d),
                ForeignInput::Query(query) => Input::Query(query),
            };
            match op.read(input) {
                Ok(call) => Ok(Box::new(BridgedCall(call))),
                Err(Declined::BadField { field, expected }) => Err(InvalidField {
                    field: field.into_owned(),
                    expected: expected.into_owned(),
                }),
                Err(_) => Err(InvalidField {
                    field: "d".to_owned(),
                    expected: "is not valid".to_owned(),
                }),
            }
        }),
    }
}

struct BridgedCall(Box<dyn WireCall>);

impl ForeignCall for BridgedCall {
    fn room(&self) -> Option<&RoomKey> {
        self.0.room()
    }

    fn call(
        self: Box<Self>,
        caller: Caller,
        trace: TraceId,
        within: Duration,
    ) -> BoxFuture<'static, Result<Box<RawValue>, ForeignRefusal>> {
        let answer = self.0.call(caller, trace, within);
        Box::pin(async move { answer.await.map_err(refusal) })
    }
}

fn refusal(declined: Declined) -> ForeignRefusal {
    use ForeignRefusal as R;
    let owned = |text: Option<Cow<'static, str>>| text.map(Cow::into_owned);
    match declined {
        Declined::BadField { field, expected } => R::BadRequest {
            field: field.into_owned(),
            expected: expected.into_owned(),
        },
        Declined::BadText { field, why } => R::BadText {
            field: field.into_owned(),
            why: why.into_owned(),
        },
        Declined::NotMember => R::NotMember,
        Declined::Forbidden(text) => R::Forbidden(owned(text)),
        Declined::Muted => R::Muted,
        Declined::Banned => R::Banned,
        Declined::NotAllowedForGuests => R::NotAllowedForGuests,
        Declined::LimitReached { limit, message } => R::LimitReached {
            limit: limit.into_owned(),
            message: owned(message),
        },
        Declined::NoSuchRoom => R::NoSuchRoom,
        Declined::NoSuchMessage => R::NoSuchMessage,
        Declined::NoSuchUser => R::NoSuchUser,
        Declined::NotFound(text) => R::NotFound(owned(text)),
        Declined::Conflict(text) => R::Conflict(owned(text)),
        Declined::RateLimited { retry_after } => R::RateLimited { retry_after },
        Declined::Overloaded => R::Overloaded,
        Declined::Unavailable { retry_after } => R::StorageUnavailable { retry_after },
        Declined::OutcomeUnknown => R::OutcomeUnknown,
        Declined::Draining => R::Draining,
        Declined::Internal => R::Internal,
    }
}
