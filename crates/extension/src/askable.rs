//! What an extension may ask the server, and what it may state.

use crate::{Asked, Command};
use bus::{Event, Request};
use messaging::api as messaging;
use rooms::api as rooms;

/// A request that an extension may make. Its own requests become askable with one line,
/// `impl Askable for Mine {}`; those of the server are listed here, and an extension cannot add to
/// them.
pub trait Askable: Request {}

/// A fact that an extension may state: `impl Stated for Mine {}`. Facts of the server are stated by
/// the crate that they belong to.
pub trait Stated: Event {}

macro_rules! askable {
    ($($request:ty),* $(,)?) => {$( impl Askable for $request {} )*};
}

// Everything here names the caller on whose behalf it happens, or reveals nothing that a member may
// not know. `ReadLog` without a reader, `FollowLog` and `Heads` are the follower's alone.
askable! {
    messaging::SendMessage,
    messaging::EditMessage,
    messaging::DeleteMessage,
    messaging::React,
    messaging::MarkRead,
    messaging::ReadHistory,
    messaging::ReadMessages,
    rooms::CreateRoom,
    rooms::JoinRoom,
    rooms::LeaveRoom,
    rooms::UpdateRoom,
    rooms::OpenDirect,
    rooms::AnswerDirect,
    rooms::Moderate,
    rooms::Members,
    rooms::Memberships,
    rooms::ReadableRooms,
    rooms::StandingOf,
}

impl<C: Command> Askable for Asked<C> {}
